//! A link as a QR code on a page.

use std::fmt::Write;

use qrcodegen::{QrCode, QrCodeEcc, QrSegment};

/// White around the symbol, in modules.
const QUIET: i32 = 4;

/// A symbol, drawn as one path in a square of so many modules.
#[derive(Debug)]
pub struct Symbol {
    /// The side of the square.
    pub side: i32,
    /// The dark modules.
    pub path: String,
}

/// The symbol of a link in capitals, which make it small. `None`: the link is too long for one.
#[must_use]
pub fn symbol(link: &str) -> Option<Symbol> {
    let capitals = link.to_ascii_uppercase();
    let segment = if QrSegment::is_alphanumeric(&capitals) {
        QrSegment::make_alphanumeric(&capitals)
    } else {
        QrSegment::make_bytes(link.as_bytes())
    };
    let symbol = QrCode::encode_segments(&[segment], QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for row in 0..symbol.size() {
        for column in (0..symbol.size()).filter(|column| symbol.get_module(*column, row)) {
            // Writing to a string does not fail.
            let _ = write!(path, "M{} {}h1v1h-1z", column + QUIET, row + QUIET);
        }
    }
    Some(Symbol { side: symbol.size() + 2 * QUIET, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_becomes_a_small_square() {
        let found = symbol("https://join.oakridgehoa.org/j/7KWM3RTX9CHR").unwrap();
        assert_eq!(found.side, 29 + 2 * QUIET);
        assert!(found.path.starts_with("M4 4h1v1h-1z"));
        assert!(symbol(&"x".repeat(5_000)).is_none());
    }
}

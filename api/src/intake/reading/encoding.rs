//! From bytes to text: what spreadsheets and editors write, told apart by its bytes.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Bytes that are looked at to guess an encoding.
const SAMPLE: usize = 256 * 1024;

/// Bytes that are no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotText {
    /// An `.xlsx`, `.ods` or `.numbers` file.
    Spreadsheet,
    /// An `.xls` file.
    OldSpreadsheet,
    /// A PDF file.
    Pdf,
}

impl NotText {
    /// The same in words: what it is, and what to do.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Spreadsheet => say!("invite-file-spreadsheet"),
            Self::OldSpreadsheet => say!("invite-file-old-spreadsheet"),
            Self::Pdf => say!("invite-file-pdf"),
        }
    }
}

/// The text that the bytes stand for, and the name of the encoding that it was read in. A byte order mark decides;
/// then `declared`, where the bytes fit it; then the bytes themselves.
///
/// # Errors
/// When the bytes are a file of a kind that is no text.
pub fn decode<'a>(bytes: &'a [u8], declared: Option<&str>) -> Result<(Cow<'a, str>, &'static str), NotText> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return Ok(decoded(encoding, &bytes[mark..]));
    }
    match bytes {
        [b'P', b'K', 3, 4, ..] => return Err(NotText::Spreadsheet),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => return Err(NotText::OldSpreadsheet),
        [b'%', b'P', b'D', b'F', b'-', ..] => return Err(NotText::Pdf),
        _ => {}
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.is_ascii()
    {
        // Nobody writes this by accident, whatever was declared.
        return Ok((Cow::Borrowed(text), UTF_8.name()));
    }
    if let Some(encoding) = declared.and_then(|label| Encoding::for_label(label.as_bytes()))
        && let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes)
    {
        return Ok((text, encoding.name()));
    }
    if let Some(encoding) = wide(bytes) {
        return Ok(decoded(encoding, bytes));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok((Cow::Borrowed(text), UTF_8.name()));
    }
    if is_nearly_utf8(bytes) {
        return Ok((String::from_utf8_lossy(bytes), UTF_8.name()));
    }
    Ok(decoded(guess(bytes), bytes))
}

/// Whether a few bytes of a text that is UTF-8 otherwise got lost: they cost the rows in which they stand.
fn is_nearly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > 4 * bad
}

fn decoded<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> (Cow<'a, str>, &'static str) {
    (encoding.decode_without_bom_handling(bytes).0, encoding.name())
}

/// UTF-16 without its mark: in a list every second byte is zero, or nearly so.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(4096) & !1];
    let zeros = |at: usize| sample.iter().skip(at).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), sample.len() / 2);
    let nearly_all = |count: usize| half > 1 && count * 10 > half * 7;
    if nearly_all(odd) && even * 10 < half {
        Some(UTF_16LE)
    } else if nearly_all(even) && odd * 10 < half {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// One of the old single-byte encodings, most often Windows-1252.
fn guess(bytes: &[u8]) -> &'static Encoding {
    let first = bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or(0);
    // From a little before the first letter that tells something.
    let sample = &bytes[first.saturating_sub(64)..];
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(&sample[..sample.len().min(SAMPLE)], true);
    detector.guess(None, Utf8Detection::Deny)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (String, &'static str) {
        let (text, encoding) = decode(bytes, None).unwrap();
        (text.into_owned(), encoding)
    }

    #[test]
    fn what_spreadsheets_write_is_read() {
        let text = "Name;E-mail\r\nJürgen Müller;jm@example.org\r\n";
        let utf16 = |to: fn(u16) -> [u8; 2]| -> Vec<u8> { text.encode_utf16().flat_map(to).collect() };
        let windows: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        let marked = |mark: &[u8], bytes: Vec<u8>| [mark, &bytes].concat();
        for (bytes, encoding) in [
            (text.as_bytes().to_vec(), "UTF-8"),
            (marked(b"\xef\xbb\xbf", text.as_bytes().to_vec()), "UTF-8"),
            (marked(b"\xff\xfe", utf16(u16::to_le_bytes)), "UTF-16LE"),
            (marked(b"\xfe\xff", utf16(u16::to_be_bytes)), "UTF-16BE"),
            (utf16(u16::to_le_bytes), "UTF-16LE"),
            (utf16(u16::to_be_bytes), "UTF-16BE"),
            (windows, "windows-1252"),
        ] {
            assert_eq!(read(&bytes), (text.to_owned(), encoding));
        }
    }

    #[test]
    fn a_declared_encoding_is_used_where_the_bytes_fit_it() {
        assert_eq!(decode(b"\xb3", Some("iso-8859-2")).unwrap(), ("ł".into(), "ISO-8859-2"));
        assert_eq!(decode("ł".as_bytes(), Some("iso-8859-1")).unwrap(), ("ł".into(), "UTF-8"), "it is not");
        let (text, _) = decode(b"Jos\xe9, jose@example.org", Some("utf-8")).unwrap();
        assert_eq!(text, "José, jose@example.org", "what says utf-8 and is not");
        assert_eq!(decode(b"x", Some("klingon")).unwrap().0, "x");
    }

    #[test]
    fn a_lost_byte_costs_its_own_row() {
        let mut bytes = "Jürgen, Zoë, Renée, Łukasz, José, Ångström\n".repeat(3).into_bytes();
        bytes.extend(b"Ren\xe9\n");
        let (text, encoding) = decode(&bytes, None).unwrap();
        assert_eq!((text.lines().last(), encoding), (Some("Ren\u{fffd}"), "UTF-8"));
    }

    #[test]
    fn files_that_are_no_text_are_told_apart() {
        assert_eq!(decode(b"PK\x03\x04rest", None), Err(NotText::Spreadsheet));
        assert_eq!(decode(b"\xd0\xcf\x11\xe0rest", None), Err(NotText::OldSpreadsheet));
        assert_eq!(decode(b"%PDF-1.7", None), Err(NotText::Pdf));
    }

    #[test]
    fn short_and_odd_bytes_are_no_surprise() {
        for bytes in [&b""[..], b"\0", b"\0\0", b"a\0", b"\xff", b"\xff\xfe", b"\xff\xfea", b"\xef\xbb\xbf"] {
            let _ = read(bytes);
        }
    }
}

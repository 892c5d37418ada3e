//! A community's colour, and the ink that can be read on it.

use std::{fmt, str::FromStr};

/// A colour as `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

/// A text that is no colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a colour looks like #1a56c4")]
pub struct ColourError;

impl Colour {
    /// The colour of a community that has none.
    pub const DEFAULT: Self = Self { red: 0x1a, green: 0x56, blue: 0xc4 };
    const WHITE: Self = Self { red: 0xff, green: 0xff, blue: 0xff };
    const INK: Self = Self { red: 0x11, green: 0x13, blue: 0x16 };

    /// White or near-black: whichever stands out more on this colour.
    #[must_use]
    pub fn ink(self) -> Self {
        if self.contrast(Self::WHITE) >= self.contrast(Self::INK) { Self::WHITE } else { Self::INK }
    }

    /// The contrast with `other` as WCAG counts it: 1 to 21.
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }
}

impl FromStr for Colour {
    type Err = ColourError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix('#').ok_or(ColourError)?;
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(ColourError);
        }
        let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| ColourError);
        Ok(Self { red: part(0)?, green: part(2)?, blue: part(4)? })
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chooses_ink_that_can_be_read() {
        for text in ["#ffffff", "#000000", "#ffd400", "#1a56c4", "#808080", "#767676", "#2e7d32"] {
            let colour: Colour = text.parse().unwrap();
            assert_eq!(colour.to_string(), text);
            assert!(colour.contrast(colour.ink()) >= 4.5, "{text}");
        }
    }

    #[test]
    fn takes_nothing_else() {
        for text in ["", "red", "#fff", "#12345g", "#1a56c4;x", "1a56c4", "#é1234"] {
            assert_eq!(text.parse::<Colour>(), Err(ColourError), "{text}");
        }
    }
}

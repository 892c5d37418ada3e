//! Everything printed that comes from outside, parsed at the door. `Debug` shows none of it.

use std::{fmt, str::FromStr};

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::{error::Error, fonts, qr};

/// The longest text that is accepted, in characters as given. What fits of it is the position's affair.
pub const MAX_TEXT: usize = 300;
/// The longest short address, in characters: three lines on the narrowest card, whatever its letters.
pub const MAX_ADDRESS: usize = 48;

/// A text of one line, in characters that the fonts have.
///
/// Noto Sans holds Latin, Greek and Cyrillic. What it lacks is written in Latin letters (`deunicode`: 東京 becomes
/// "Dong Jing"), and what has no such form as `?`. Invisible characters, direction marks among them, and all but the
/// first of several accents that pile up on a letter are dropped; line breaks are spaces. All text therefore runs from left to right.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Text(String);

impl Text {
    /// Cleans a text.
    ///
    /// # Errors
    /// When nothing is left, or it has more than [`MAX_TEXT`] characters.
    pub fn new(given: &str) -> Result<Self, Error> {
        let found = given.chars().count();
        if found > MAX_TEXT {
            return Err(Error::TextTooLong { found, limit: MAX_TEXT });
        }
        let mut after_mark = false;
        let mut written = String::with_capacity(given.len());
        for c in given.nfc() {
            let is_mark = is_combining_mark(c);
            if is_mark && after_mark {
                continue;
            }
            after_mark = is_mark;
            match c {
                _ if c.is_whitespace() || c.is_control() => written.push(' '),
                _ if is_invisible(c) => {}
                _ if fonts::have(c) => written.push(c),
                _ => written.push_str(deunicode::deunicode_char(c).unwrap_or("?")),
            }
        }
        let words: Vec<&str> = written.split_whitespace().collect();
        if words.is_empty() { Err(Error::TextEmpty) } else { Ok(Self(words.join(" "))) }
    }

    /// The text as it is printed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Soft hyphens, joiners, direction marks, variation selectors and the byte order mark.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// An access code as it is printed: `XXXX-XXXX-XXXX`. Whether it is a right one is not known here.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Code(String);

impl Code {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Code {
    type Err = Error;

    fn from_str(given: &str) -> Result<Self, Error> {
        let is_group = |group: &str| {
            group.len() == 4 && group.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        };
        if given.split('-').count() == 3 && given.split('-').all(is_group) {
            Ok(Self(given.to_owned()))
        } else {
            Err(Error::Code)
        }
    }
}

/// What a pass's QR says, in capitals so that the QR is small; the installation answers links in any case.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Link(String);

impl Link {
    /// The link in capitals, as the QR has it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Link {
    type Err = Error;

    fn from_str(given: &str) -> Result<Self, Error> {
        let capitals = given.to_ascii_uppercase();
        let may_stand = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b"$%*+-./:".contains(&b);
        if !["HTTPS://", "HTTP://"]
            .iter()
            .find_map(|scheme| capitals.strip_prefix(scheme))
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(may_stand))
        {
            return Err(Error::Link);
        }
        if capitals.len() > qr::MAX_LINK {
            return Err(Error::LinkTooLong { found: capitals.len(), limit: qr::MAX_LINK });
        }
        Ok(Self(capitals))
    }
}

/// Where the code is typed instead, without a scheme: `join.oakridgehoa.org/join`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ShortAddress(String);

impl ShortAddress {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ShortAddress {
    type Err = Error;

    fn from_str(given: &str) -> Result<Self, Error> {
        let may_stand = |b: u8| b.is_ascii_alphanumeric() || b"-./:".contains(&b);
        if given.is_empty() || given.contains("://") || !given.bytes().all(may_stand) {
            return Err(Error::Address);
        }
        if given.len() > MAX_ADDRESS {
            return Err(Error::AddressTooLong { found: given.len(), limit: MAX_ADDRESS });
        }
        Ok(Self(given.to_ascii_lowercase()))
    }
}

/// A community's colour. It colours rules and marks, never text nor a QR, so its contrast does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Accent(pub(super) [u8; 3]);

impl FromStr for Accent {
    type Err = Error;

    fn from_str(given: &str) -> Result<Self, Error> {
        let digits = given.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(Error::Accent)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Error::Accent);
        }
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).map_err(|_| Error::Accent)?.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

macro_rules! hidden {
    ($($word:ident),*) => {$(
        impl fmt::Debug for $word {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($word), "(***)"))
            }
        }
    )*};
}

hidden!(Text, Code, Link, ShortAddress);

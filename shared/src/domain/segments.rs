//! How many parts carriers cut a text into.
//!
//! A text whose every character is in the alphabet of GSM 03.38 travels in septets: 160 of them in one part, 153 in each
//! of several, because a header takes the place of seven. Any other travels as UCS-2: 70 units, or 67. What is coded as
//! a pair (an escaped septet, a surrogate) is never cut in two, so a part may stay one unit short.

/// What the alphabet has beyond line breaks, `_`, and ASCII from the space to `Z` and from `a` to `z`.
const BEYOND_ASCII: &str = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà";
/// Its extension: each takes an escape and a septet.
const PAIRS: &str = "\u{c}^{}\\[~]|€";

/// How a text travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Septets of GSM 03.38, default alphabet and its extension.
    Gsm7,
    /// UTF-16 code units.
    Ucs2,
}

/// What a text comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segments {
    /// How it travels.
    pub encoding: Encoding,
    /// Parts; zero when there is nothing to say.
    pub count: usize,
    /// Septets or UTF-16 code units of the text, headers and gaps left out.
    pub units: usize,
}

impl Segments {
    /// Counts.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let encoding = if is_gsm7(text) { Encoding::Gsm7 } else { Encoding::Ucs2 };
        let units: usize = text.chars().map(|c| encoding.units(c)).sum();
        let count = if units <= encoding.alone() { usize::from(units > 0) } else { parts(text, encoding) };
        Self { encoding, count, units }
    }
}

impl Encoding {
    /// Units of a text that goes in one part.
    const fn alone(self) -> usize {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }

    /// Units of each part when there are several.
    const fn of_several(self) -> usize {
        match self {
            Self::Gsm7 => 153,
            Self::Ucs2 => 67,
        }
    }

    fn units(self, c: char) -> usize {
        match self {
            Self::Gsm7 => septets(c).unwrap_or_default(),
            Self::Ucs2 => c.len_utf16(),
        }
    }
}

/// Fills part after part; a character that does not fit begins the next.
fn parts(text: &str, encoding: Encoding) -> usize {
    let (mut parts, mut filled) = (1, 0);
    for units in text.chars().map(|c| encoding.units(c)) {
        if filled + units > encoding.of_several() {
            parts += 1;
            filled = 0;
        }
        filled += units;
    }
    parts
}

/// Whether the whole text is in the alphabet.
#[must_use]
pub fn is_gsm7(text: &str) -> bool {
    text.chars().all(|c| septets(c).is_some())
}

/// Septets of a character of the alphabet; `None` for any other.
#[must_use]
pub fn septets(c: char) -> Option<usize> {
    match c {
        '\n' | '\r' | ' '..='Z' | '_' | 'a'..='z' => Some(1),
        _ if BEYOND_ASCII.contains(c) => Some(1),
        _ if PAIRS.contains(c) => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pieces of a text, each so many times.
    type Pieces = &'static [(&'static str, usize)];
    /// Encoding, parts and units.
    type Counted = (Encoding, usize, usize);

    fn counted(pieces: Pieces) -> Counted {
        let text: String = pieces.iter().map(|(piece, times)| piece.repeat(*times)).collect();
        let segments = Segments::of(&text);
        (segments.encoding, segments.count, segments.units)
    }

    #[test]
    fn counts_as_carriers_do() {
        use Encoding::{Gsm7, Ucs2};
        let cases: &[(Pieces, Counted)] = &[
            (&[], (Gsm7, 0, 0)),
            (&[("a", 1)], (Gsm7, 1, 1)),
            (&[("a", 160)], (Gsm7, 1, 160)),
            (&[("a", 161)], (Gsm7, 2, 161)),
            (&[("a", 306)], (Gsm7, 2, 306)),
            (&[("a", 307)], (Gsm7, 3, 307)),
            (&[("a", 459)], (Gsm7, 3, 459)),
            (&[("a", 460)], (Gsm7, 4, 460)),
            (&[("€", 80)], (Gsm7, 1, 160)),
            (&[("€", 81)], (Gsm7, 2, 162)),
            (&[("a", 158), ("€", 1)], (Gsm7, 1, 160)),
            (&[("a", 159), ("€", 1)], (Gsm7, 2, 161)),
            // The pair would lie on septets 153 and 154 of a part: it begins the next one.
            (&[("a", 151), ("€", 1), ("a", 153)], (Gsm7, 2, 306)),
            (&[("a", 152), ("€", 1), ("a", 151)], (Gsm7, 2, 305)),
            (&[("a", 152), ("€", 1), ("a", 152)], (Gsm7, 3, 306)),
            // 76 pairs to a part, and one septet of each stays empty.
            (&[("€", 152)], (Gsm7, 2, 304)),
            (&[("€", 153)], (Gsm7, 3, 306)),
            (&[("\n", 160)], (Gsm7, 1, 160)),
            (&[("\u{c}", 1)], (Gsm7, 1, 2)),
            (&[("ж", 70)], (Ucs2, 1, 70)),
            (&[("ж", 71)], (Ucs2, 2, 71)),
            (&[("ж", 134)], (Ucs2, 2, 134)),
            (&[("ж", 135)], (Ucs2, 3, 135)),
            (&[("a", 69), ("ж", 1)], (Ucs2, 1, 70)),
            (&[("a", 70), ("ж", 1)], (Ucs2, 2, 71)),
            (&[("😀", 35)], (Ucs2, 1, 70)),
            (&[("😀", 36)], (Ucs2, 2, 72)),
            // A surrogate pair would lie on units 67 and 68.
            (&[("ж", 65), ("😀", 1), ("ж", 67)], (Ucs2, 2, 134)),
            (&[("ж", 66), ("😀", 1), ("ж", 65)], (Ucs2, 2, 133)),
            (&[("ж", 66), ("😀", 1), ("ж", 66)], (Ucs2, 3, 134)),
            (&[("😀", 66)], (Ucs2, 2, 132)),
            (&[("😀", 67)], (Ucs2, 3, 134)),
            // Look as if they were in the alphabet.
            (&[("ç", 1)], (Ucs2, 1, 1)),
            (&[("Ç", 1)], (Gsm7, 1, 1)),
            (&[("`", 1)], (Ucs2, 1, 1)),
            (&[("\t", 1)], (Ucs2, 1, 1)),
            (&[("’", 1)], (Ucs2, 1, 1)),
            (&[("\u{a0}", 1)], (Ucs2, 1, 1)),
        ];
        for (pieces, expected) in cases {
            assert_eq!(counted(pieces), *expected, "{pieces:?}");
        }
    }

    #[test]
    fn the_alphabet_has_its_size() {
        let size = |wanted: usize| ('\0'..=char::MAX).filter(|c| septets(*c) == Some(wanted)).count();
        // 128 places, one of them the escape.
        assert_eq!((size(1), size(2)), (127, 10));
    }

    proptest! {
        #[test]
        fn plain_text_is_divided_evenly(length in 0..2_000_usize) {
            let expected = if length <= 160 { length.min(1) } else { length.div_ceil(153) };
            prop_assert_eq!(Segments::of(&"a".repeat(length)).count, expected);
        }

        #[test]
        fn parts_are_full_but_for_a_gap_before_a_pair(text in "[ab€ж😀]{0,500}") {
            let Segments { encoding, count, units } = Segments::of(&text);
            if count > 1 {
                prop_assert!(units > encoding.alone());
                prop_assert!(units <= count * encoding.of_several());
                prop_assert!(units > (count - 1) * (encoding.of_several() - 1));
            }
        }

        #[test]
        fn more_text_never_needs_fewer_parts(text: String, more: char) {
            let before = Segments::of(&text).count;
            prop_assert!(Segments::of(&(text + &more.to_string())).count >= before);
        }
    }
}

//! Text brought into the alphabet of GSM 03.38, where that loses little.
//!
//! One letter outside the alphabet makes the whole message UCS-2, which has less than half the room. So marks that a
//! reader does not miss are dropped or written plainly: `Zürich – „Łąka“` becomes `Zürich - "Laka"`. A text that cannot
//! be brought over as a whole is left as it was, for then its own letters cost nothing more.

use std::borrow::Cow;

use unicode_normalization::{
    UnicodeNormalization as _,
    char::{decompose_compatible, is_combining_mark},
};

use crate::domain::segments::{is_gsm7, septets};

/// `text` in the alphabet; or as it was, when it is there already or has no Latin form.
#[must_use]
pub fn transliterate(text: &str) -> Cow<'_, str> {
    if is_gsm7(text) {
        return Cow::Borrowed(text);
    }
    let mut latin = String::with_capacity(text.len());
    // Composed first: `e` and an accent of its own are `é`, which the alphabet has.
    for c in text.nfc() {
        if !push_plain(&mut latin, c) && !push_parts(&mut latin, c) {
            return Cow::Borrowed(text);
        }
    }
    Cow::Owned(latin)
}

/// Writes a character that the alphabet has or that has a stand-in; a mark that belongs to the letter before is dropped.
fn push_plain(latin: &mut String, c: char) -> bool {
    if septets(c).is_some() {
        latin.push(c);
        return true;
    }
    if let Some(stand_in) = stand_in(c) {
        latin.push_str(stand_in);
        return true;
    }
    is_combining_mark(c)
}

/// Writes what a character is made of: a letter without its marks, the letters of a ligature, the digits of a fraction.
fn push_parts(latin: &mut String, c: char) -> bool {
    let mut all = true;
    decompose_compatible(c, |part| all = all && push_plain(latin, part));
    all
}

/// What is written for characters that are not made of others.
fn stand_in(c: char) -> Option<&'static str> {
    Some(match c {
        '‘' | '’' | '‚' | '‛' | '′' | '´' | '`' | 'ʹ' | 'ʻ' | 'ʼ' | 'ʽ' | '‹' | '›' => "'",
        '“' | '”' | '„' | '‟' | '″' | '«' | '»' => "\"",
        // Hyphens, dashes, the bar, a bullet that looks like one, minus, and the round bullet.
        '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '•' => "-",
        '·' | '‧' => ".",
        '⁄' | '∕' | '÷' => "/",
        '×' => "x",
        '©' => "(c)",
        '®' => "(R)",
        '\t' | '\u{2028}' | '\u{2029}' => " ",
        // The soft hyphen and what has no width: joiners, marks of direction, the byte order mark.
        '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{2069}'
        | '\u{feff}' => "",
        'Ł' => "L",
        'ł' => "l",
        'Đ' | 'Ð' => "D",
        'đ' | 'ð' => "d",
        'Þ' => "Th",
        'þ' => "th",
        'Œ' => "Oe",
        'œ' => "oe",
        'Ħ' => "H",
        'ħ' => "h",
        'Ŧ' => "T",
        'ŧ' => "t",
        'Ŋ' => "Ng",
        'ŋ' => "ng",
        'Ə' => "E",
        'ə' => "e",
        'ı' => "i",
        'ĸ' => "k",
        'ẞ' => "SS",
        'µ' => "u",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};

    use super::*;

    #[test]
    fn loses_marks_and_keeps_letters() {
        for (text, latin) in [
            ("", ""),
            ("Oakridge HOA", "Oakridge HOA"),
            ("Résidence Élysée", "Résidence Élysée"),
            ("Re\u{301}sidence", "Résidence"),
            ("São João", "Sao Joao"),
            ("Ibáñez", "Ibañez"),
            ("Çeşme façade", "Çesme facade"),
            ("Zürich – „Łąka“", "Zürich - \"Laka\""),
            ("Dvořákova čtvrť", "Dvorakova ctvrt"),
            ("Đorđe Ðð Þþ Œœ ıİ", "Dorde Dd Thth Oeoe iI"),
            ("Gradiška", "Gradiska"),
            ("Nguyễn Thị Ngọc", "Nguyen Thi Ngoc"),
            ("Őrség ŵ ŷ ğ ș ț ů", "Orség w y g s t u"),
            ("O’Brien’s “Place”…", "O'Brien's \"Place\"..."),
            ("a\u{a0}b\u{202f}c\u{2009}d\u{3000}e", "a b c d e"),
            ("a—b–c‑d−e", "a-b-c-d-e"),
            ("soft\u{ad}hyphen\u{200b}\u{feff}", "softhyphen"),
            ("ﬁne ½ № ™ Ｗｉｄｅ", "fine 1/2 No TM Wide"),
            ("x\u{30c}\u{301}y", "xy"),
            ("\u{2126} \u{212b} µ", "Ω Å u"),
            ("tab\there", "tab here"),
            // No Latin form: nothing is gained by losing half of it.
            ("Жуковка", "Жуковка"),
            ("Café – Жуковка", "Café – Жуковка"),
            ("Ελλάδα", "Ελλάδα"),
            ("桜ヶ丘", "桜ヶ丘"),
            ("Pine 🌲 Court’s", "Pine 🌲 Court’s"),
            ("bell\u{7}", "bell\u{7}"),
        ] {
            assert_eq!(transliterate(text), latin, "{text:?}");
        }
    }

    #[test]
    fn what_stands_in_is_in_the_alphabet() {
        for c in '\0'..=char::MAX {
            assert!(stand_in(c).is_none_or(is_gsm7), "{c:?}");
        }
    }

    #[test]
    fn what_is_in_the_alphabet_is_not_copied() {
        assert!(matches!(transliterate("Élysée {€}"), Cow::Borrowed("Élysée {€}")));
    }

    /// Every character of the alphabet.
    fn alphabet() -> Vec<char> {
        ('\0'..='€').filter(|c| septets(*c).is_some()).collect()
    }

    proptest! {
        #[test]
        fn twice_is_once(text: String) {
            let once = transliterate(&text);
            prop_assert_eq!(transliterate(&once), &*once);
        }

        #[test]
        fn twice_is_once_for_latin_text(text in "[a-zA-Zà-žȘ-ț–’…\u{300}-\u{32f} ]{0,40}") {
            let once = transliterate(&text);
            prop_assert!(is_gsm7(&once), "{}", once);
            prop_assert_eq!(transliterate(&once), &*once);
        }

        #[test]
        fn the_alphabet_stays_as_it_is(chars in proptest::collection::vec(select(alphabet()), 0..200)) {
            let text: String = chars.into_iter().collect();
            prop_assert_eq!(transliterate(&text), text.as_str());
        }

        #[test]
        fn it_is_brought_over_whole_or_not_at_all(text: String) {
            let after = transliterate(&text);
            prop_assert!(is_gsm7(&after) || after == text);
        }
    }
}

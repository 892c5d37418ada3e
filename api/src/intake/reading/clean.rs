//! What nobody meant to write: characters that cannot be seen, odd spaces, quotes, `mailto:`, a comma at the end.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// Characters that show nothing and change what a text is equal to, or the order in which it is read.
const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Joins letters of some scripts and emoji; in an address it is as good as invisible.
const fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')
}

/// Whether a text would change: anything but plain words with single spaces between them.
fn is_tidy(text: &str) -> bool {
    let mut before = ' ';
    for c in text.chars() {
        let odd = if c == ' ' { before == ' ' } else { c.is_whitespace() || is_invisible(c) };
        if odd {
            return false;
        }
        before = c;
    }
    before != ' ' || text.is_empty()
}

/// A text on one line: nothing invisible, every space a plain one, none doubled, none at the ends. Control characters
/// that are no space stay, to be found fault with.
#[must_use]
pub fn tidy(text: &str) -> Cow<'_, str> {
    if is_tidy(text) {
        return Cow::Borrowed(text);
    }
    let mut tidy = String::with_capacity(text.len());
    for word in text.split(char::is_whitespace) {
        let gap = usize::from(!tidy.is_empty());
        let before = tidy.len();
        tidy.extend(std::iter::repeat_n(' ', gap));
        tidy.extend(word.chars().filter(|c| !is_invisible(*c)));
        if tidy.len() == before + gap {
            tidy.truncate(before);
        }
    }
    Cow::Owned(tidy)
}

/// The address in a cell, and the name beside it in `Name <address>`.
#[must_use]
pub fn address(cell: &str) -> (Cow<'_, str>, Option<String>) {
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"@.-_+".contains(&b));
    if plain(cell) && !cell.ends_with(['.', '-']) {
        return (Cow::Borrowed(cell), None);
    }
    let text = tidy(cell);
    let text = formula(&text).unwrap_or(&text);
    let (inner, name) = bracketed(text);
    let mut inner: String = inner.chars().filter(|c| !is_joiner(*c)).collect();
    if !inner.is_ascii() {
        inner = inner.nfkc().map(|c| if matches!(c, '‘' | '’') { '\'' } else { c }).collect();
    }
    (Cow::Owned(bare(&inner).to_owned()), name)
}

/// What a spreadsheet shows of `="text"` and `=HYPERLINK("mailto:text", …)`.
fn formula(text: &str) -> Option<&str> {
    text.strip_prefix('=')?.split('"').nth(1)
}

/// `Name <address>`, taken apart.
fn bracketed(text: &str) -> (&str, Option<String>) {
    let Some((before, rest)) = text.rsplit_once('<') else { return (text, None) };
    let (inner, behind) = rest.split_once('>').unwrap_or((rest, ""));
    // A second address in the cell is not to be lost, and not to be shown as the name of the first.
    if !inner.contains('@') || before.contains('@') || behind.contains('@') {
        return (text, None);
    }
    (inner, display_name(before))
}

/// A name without what surrounds it in a header or a list; nothing, if that was all.
#[must_use]
pub fn display_name(text: &str) -> Option<String> {
    let surrounding = |c: char| c.is_whitespace() || "\"'“”„‟«»‹›,;:<>()[]".contains(c);
    let name = text.trim_matches(surrounding).replace(['"', '“', '”'], "");
    (!name.is_empty() && !name.contains('@')).then_some(name)
}

/// An address without `mailto:`, quotes, brackets, and what a sentence puts behind it.
fn bare(text: &str) -> &str {
    let mut text = text;
    loop {
        let before = text.len();
        text = text.trim_matches(|c: char| c.is_whitespace() || "\"'`“”„‟«»‹›<>()[]{}".contains(c));
        text = text.trim_end_matches(['.', ',', ';', ':', '!']).trim_start_matches([',', ';', ':']);
        for scheme in ["mailto:", "e-mail:", "email:", "mail:", "tel:", "sms:"] {
            if text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)) {
                text = &text[scheme.len()..];
                // `mailto:ada@example.org?subject=…`
                text = text.split_once('?').map_or(text, |(address, _)| address);
            }
        }
        if text.len() == before {
            return text;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_put_on_one_line() {
        for (given, tidied) in [
            ("Ada Lovelace", "Ada Lovelace"),
            ("  Ada\u{a0}\u{2003}Lovelace\t", "Ada Lovelace"),
            ("\u{feff}Ada\u{200b} \u{202e}Lovelace", "Ada Lovelace"),
            ("12 Elm St\r\nApt 4", "12 Elm St Apt 4"),
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            (" \u{200b} ", ""),
            ("a\u{7}b", "a\u{7}b"),
        ] {
            assert_eq!(tidy(given), tidied);
        }
    }

    #[test]
    fn an_address_is_taken_out_of_what_surrounds_it() {
        for (given, address_in_it, name) in [
            ("ada@example.org", "ada@example.org", None),
            (" ada@example.org. ", "ada@example.org", None),
            ("<ada@example.org>,", "ada@example.org", None),
            ("mailto:ada@example.org?subject=Hello", "ada@example.org", None),
            ("MAILTO:ada@example.org", "ada@example.org", None),
            ("“ada@example.org”", "ada@example.org", None),
            ("'ada@example.org", "ada@example.org", None),
            ("o’brien@example.org", "o'brien@example.org", None),
            ("ada\u{200b}@exam\u{ad}ple.org", "ada@example.org", None),
            ("ａｄａ＠example.org", "ada@example.org", None),
            ("Ada Lovelace <ada@example.org>", "ada@example.org", Some("Ada Lovelace")),
            ("\"Lovelace, Ada\" <ada@example.org>;", "ada@example.org", Some("Lovelace, Ada")),
            ("Ada <mailto:ada@example.org>", "ada@example.org", Some("Ada")),
            ("=\"ada@example.org\"", "ada@example.org", None),
            ("=HYPERLINK(\"mailto:ada@example.org\",\"write\")", "ada@example.org", None),
            ("tel:+1-202-555-0143", "+1-202-555-0143", None),
            ("a@example.org b@example.org", "a@example.org b@example.org", None),
            ("<>", "", None),
            ("Ada <a@example.org>, Bo <b@example.org>", "Ada <a@example.org>, Bo <b@example.org", None),
        ] {
            let (found, display) = address(given);
            assert_eq!((&*found, display.as_deref()), (address_in_it, name), "{given:?}");
        }
    }

    proptest! {
        #[test]
        fn cleaning_is_done_once(text in "\\PC{0,40}|[ \\t\u{a0}\u{200b}\u{feff}a-z@.,<>\"']{0,40}") {
            let once = tidy(&text).into_owned();
            prop_assert_eq!(tidy(&once), once.as_str());
            prop_assert!(!once.starts_with(' ') && !once.ends_with(' ') && !once.contains("  "));
            let (bare, _) = address(&text);
            let (again, _) = address(&bare);
            prop_assert!(again.len() <= bare.len());
        }
    }
}

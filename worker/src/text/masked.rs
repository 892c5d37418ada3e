//! A provider's words, fit to be kept: no phone number, and what [`outcome::masked`](fn@crate::email::outcome::masked)
//! takes out of a mail server's words.

use crate::email::outcome;

const MASK: &str = "<number>";
/// Digits from which on a group of them is taken for a phone number.
const FEWEST: usize = 7;
/// Characters that are looked at: more than are kept, because masks may be shorter than what they replace.
const MOST: usize = 2_000;

/// `text` without phone numbers, addresses, codes and control characters; at most 500 characters are left.
pub(super) fn masked(text: &str, to: &str) -> String {
    let text: String = text.chars().take(MOST).collect();
    let text = text.replace("%2B", "+").replace("%2b", "+").replace("&#43;", "+");
    let kept = outcome::masked(&without_numbers(&without_recipient(&text, to)), "");
    match kept.rfind('<') {
        // A mask cut in two is cut off.
        Some(at) if kept.len() - at < MASK.len() && MASK.starts_with(&kept[at..]) => {
            kept[..at].trim_end().to_owned()
        }
        _ => kept,
    }
}

/// The recipient's digits are replaced wherever they stand, in a word too.
fn without_recipient(text: &str, to: &str) -> String {
    let digits = to.trim_start_matches('+');
    if digits.len() < FEWEST { text.to_owned() } else { text.replace(to, MASK).replace(digits, MASK) }
}

/// Any seven digits or more, grouped as people group them. Not within a word: a SID has digits too.
fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit() || matches!(c, '+' | '(')) {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let run = &from[..from.find(|c: char| !may_be_in_number(c)).unwrap_or(from.len())];
        let is_in_word = run.starts_with(|c: char| c.is_ascii_digit()) && out.ends_with(char::is_alphabetic);
        let digits = run.bytes().filter(u8::is_ascii_digit).count();
        let end = match run.rfind(|c: char| c.is_ascii_digit()) {
            Some(last) if digits >= FEWEST && !is_in_word => {
                out.push_str(MASK);
                last + 1
            }
            _ => {
                out.push_str(run);
                run.len()
            }
        };
        rest = &from[end..];
    }
    out.push_str(rest);
    out
}

fn may_be_in_number(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '+' | '(' | ')' | ' ' | '-' | '.' | '/' | '\u{a0}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_no_number() {
        for (text, kept) in [
            ("The 'To' number +15551234567 is not valid", "The 'To' number <number> is not valid"),
            ("To: 15551234567.", "To: <number>."),
            ("whatsapp15551234567x", "whatsapp<number>x"),
            ("?To=%2B15551234567&x", "?To=<number>&x"),
            ("(555) 765-4321 and +44 20 7946 0958 too", "<number> and <number> too"),
            ("from +1.555.765.4321", "from <number>"),
            ("+15557654321", "<number>"),
            (
                "exceeds the 1600 character limit, error 21617",
                "exceeds the 1600 character limit, error 21617",
            ),
            ("account AC0123456789abcdef0123456789abcdef", "account AC0123456789abcdef0123456789abcdef"),
            ("blocked https://join.example/j/7KWM3RTX9CHR now", "blocked https://join.example/j/*** now"),
            ("ask jane@example.org", "ask <recipient>"),
            ("line\r\nbreak", "line break"),
            ("", ""),
            ("( and + alone", "( and + alone"),
        ] {
            assert_eq!(masked(text, "+15551234567"), kept, "{text}");
        }
    }

    #[test]
    fn is_bounded() {
        assert_eq!(masked(&"é".repeat(10_000), "+15551234567").chars().count(), 500);
        let cut = masked(&format!("{} +15557654321", "x".repeat(495)), "+15551234567");
        assert_eq!(cut, "x".repeat(495));
        assert_eq!(masked("x", ""), "x");
    }

    proptest! {
        #[test]
        fn no_number_is_left(before in "[ -~é\\r\\n]{0,40}", after in "[ -~é]{0,40}", digits in "[1-9][0-9]{9,13}") {
            let kept = masked(&format!("{before}+{digits}{after}"), &format!("+{digits}"));
            prop_assert!(!kept.contains(&digits), "{}", kept);
            prop_assert!(kept.chars().count() <= 500);
        }

        #[test]
        fn anything_is_answered(text: String, to: String) {
            prop_assert!(masked(&text, &to).chars().count() <= 500);
        }
    }
}

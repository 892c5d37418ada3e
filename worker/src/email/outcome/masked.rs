//! A server's words, fit to be kept: nobody's address, no code, no control character, and not too many of them.

/// The longest text that is kept, in characters.
const MAX: usize = 500;
const MASK: &str = "<recipient>";

/// `text` with every address replaced by `<recipient>`, the recipient's own also where it is written in pieces; links
/// that hold a code or a token are cut; control characters become spaces; at most 500 characters are left.
#[must_use]
pub fn masked(text: &str, recipient: &str) -> String {
    // Bounded before it is worked on, generously, because masks may be shorter than what they replace.
    let text: String = text.chars().take(MAX * 4).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = text.replace("%40", "@").replace("&#64;", "@");
    let text = without_recipient(&text, recipient);
    let text = without_addresses(&text).replace("<recipient><recipient>", MASK);
    let text = without_secrets(&text);
    let mut kept = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.push_str(word);
    }
    match kept.char_indices().nth(MAX) {
        Some((end, _)) => {
            kept.truncate(end);
            // A mask cut in two is cut off.
            if let Some(at) = kept.rfind('<')
                && MASK.starts_with(&kept[at..])
            {
                kept.truncate(at);
            }
            kept.trim_end().to_owned()
        }
        None => kept,
    }
}

/// The recipient in the forms that bounces use: whole, `local=domain`, and the local part alone as a word.
fn without_recipient(text: &str, recipient: &str) -> String {
    let Some((local, domain)) = recipient.rsplit_once('@') else { return text.to_owned() };
    let text = replaced(text, &format!("{local}={domain}"), false);
    let text = replaced(&text, recipient, false);
    if local.chars().count() >= 3 { replaced(&text, local, true) } else { text }
}

/// `text` with every `needle`, in any case, replaced by the mask; `word` asks for a word of its own.
fn replaced(text: &str, needle: &str, word: bool) -> String {
    let (lower, needle) = (text.to_ascii_lowercase(), needle.to_ascii_lowercase());
    if needle.is_empty() || !lower.contains(&needle) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in lower.match_indices(&needle) {
        let end = at + needle.len();
        let touches = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '@');
        if word && (touches(text[..at].chars().next_back()) || touches(text[end..].chars().next())) {
            continue;
        }
        out.push_str(&text[done..at]);
        push_mask(&mut out);
        done = end;
    }
    out.push_str(&text[done..]);
    out.replace("<recipient>>", MASK)
}

/// `text` with everything around an `@` that could belong to an address replaced by the mask.
fn without_addresses(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        let start = if let Some(quoted) = before.strip_suffix('"') {
            quoted.rfind('"').unwrap_or(0)
        } else {
            let kept =
                before.trim_end_matches(|c: char| c.is_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c));
            kept.len()
        };
        let domain_end = if after.starts_with('[') {
            after.find(']').map_or(after.len(), |end| end + 1)
        } else {
            after
                .find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '_')))
                .unwrap_or(after.len())
        };
        let domain = after[..domain_end].trim_end_matches('.');
        if domain.is_empty() {
            out.push_str(&rest[..=at]);
            rest = after;
            continue;
        }
        out.push_str(&before[..start]);
        push_mask(&mut out);
        rest = &after[domain.len()..];
        rest = rest.strip_prefix('>').unwrap_or(rest);
    }
    out.push_str(rest);
    out
}

/// An opening bracket before the mask is part of it already.
fn push_mask(out: &mut String) {
    if out.ends_with('<') {
        out.pop();
    }
    out.push_str(MASK);
}

/// A filter may quote the link it dislikes, or the code: what follows `/j/` and `/u/` is cut, and so is a code in groups.
fn without_secrets(text: &str) -> String {
    let mut out = text.to_owned();
    for mark in ["/j/", "/u/", "/J/", "/U/"] {
        let mut from = 0;
        while let Some(at) = out.get(from..).and_then(|rest| rest.find(mark)) {
            let start = from + at + mark.len();
            let length = out[start..]
                .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
                .unwrap_or(out.len() - start);
            out.replace_range(start..start + length, "***");
            from = start + 3;
        }
    }
    let is_group = |group: &str| group.len() == 4 && group.bytes().all(|b| b.is_ascii_alphanumeric());
    out.split(' ')
        .map(|word| {
            let code = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            let groups: Vec<&str> = code.split('-').collect();
            if groups.len() == 3 && groups.iter().all(|group| is_group(group)) {
                word.replace(code, "***")
            } else {
                word.to_owned()
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_nobody() {
        for (text, kept) in [
            ("<Jane.Doe@Example.org>: unknown", "<recipient>: unknown"),
            ("mailbox jane.doe@example.org. Sorry", "mailbox <recipient>. Sorry"),
            ("user JANE.DOE unknown", "user <recipient> unknown"),
            ("bounce+jane.doe=example.org@relay.example", "bounce+<recipient>"),
            ("see http://x.example/?a=jane.doe%40example.org", "see http://x.example/?a=<recipient>"),
            ("sent by other+tag@some.example; bye", "sent by <recipient>; bye"),
            ("\"odd one\"@x.example is wrong", "<recipient> is wrong"),
            ("a@[127.0.0.1] no", "<recipient> no"),
            ("jürgen@exämple.org no", "<recipient> no"),
            ("@ alone", "@ alone"),
            ("line\r\nbreak\u{7}", "line break"),
            ("blocked https://join.example/j/7KWM3RTX9CHR now", "blocked https://join.example/j/*** now"),
            ("blocked https://join.example/u/abc_DEF-1", "blocked https://join.example/u/***"),
            ("code 7KWM-3RTX-9CHR.", "code ***."),
            ("janedoe is kept", "janedoe is kept"),
        ] {
            assert_eq!(masked(text, "jane.doe@example.org"), kept, "{text}");
        }
    }

    #[test]
    fn is_bounded() {
        let long = masked(&"é".repeat(10_000), "jane@example.org");
        assert_eq!(long.chars().count(), MAX);
        let cut = masked(&format!("{} a@example.org", "x".repeat(495)), "jane@example.org");
        assert_eq!(cut, "x".repeat(495));
    }

    proptest! {
        #[test]
        fn no_address_is_left(before in "[ -~é\\r\\n]{0,40}", after in "[ -~é]{0,40}", local in "[a-z]{3,8}") {
            let recipient = format!("{local}@example.org");
            let kept = masked(&format!("{before}<{recipient}>{after}"), &recipient);
            prop_assert!(!kept.contains(&recipient), "{}", kept);
            prop_assert!(!kept.chars().any(char::is_control));
            prop_assert!(kept.chars().count() <= MAX);
        }
    }
}

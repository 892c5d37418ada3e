//! The name under which a provider keeps a message, as its answer after the body says it.

use crate::email::session::Reply;

/// The longest name that is kept.
const MAX: usize = 128;

/// The provider's name for an accepted message, when its answer is in one of the usual forms: `queued as X`, `id=X`,
/// `OK X`, `X Message accepted`.
pub(super) fn provider_id(reply: &Reply) -> Option<String> {
    let text = reply.text();
    let lower = text.to_ascii_lowercase();
    let after = |mark: &str| lower.find(mark).and_then(|at| text.get(at + mark.len()..)).and_then(first_word);
    let found = after("queued as ").or_else(|| after("id=")).or_else(|| {
        let mut words = text.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some(ok), Some(id), None) if ok.eq_ignore_ascii_case("ok") && id.len() >= 8 => Some(id),
            (Some(id), Some(message), Some(accepted))
                if message.eq_ignore_ascii_case("message") && accepted.eq_ignore_ascii_case("accepted") =>
            {
                Some(id)
            }
            _ => None,
        }
    });
    found
        .map(|id| id.trim_matches(['<', '>', '.', ',', ';', ')', '(', '"']))
        .filter(|id| !id.is_empty() && id.len() <= MAX)
        .filter(|id| {
            id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'+' | b'='))
        })
        .map(str::to_owned)
}

fn first_word(text: &str) -> Option<&str> {
    text.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_usual_forms() {
        for (reply, id) in [
            ("250 2.0.0 Ok: queued as 4F2A9B", Some("4F2A9B")),
            ("250 Queued as <abc-1>.", Some("abc-1")),
            ("250 OK id=1tXyz-00000-2B", Some("1tXyz-00000-2B")),
            ("250 Ok 0102018f-abc-000000", Some("0102018f-abc-000000")),
            ("250 2.0.0 4AM8-x Message accepted for delivery", Some("4AM8-x")),
            ("250 2.0.0 Ok", None),
            ("250 Ok thanks", None),
            ("250 queued as someone@example.org", None),
            ("250 queued as", None),
            ("250", None),
        ] {
            assert_eq!(provider_id(&Reply::of(reply)).as_deref(), id, "{reply}");
        }
    }
}

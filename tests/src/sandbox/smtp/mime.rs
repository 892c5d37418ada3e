//! As much MIME as messages of ours and their like are made of: nested multiparts, quoted-printable,
//! base64, encoded words in headers; text is taken for UTF-8. A mail library would bring a tree of
//! its own for one page of a sandbox.

use base64::{Engine, alphabet, engine::DecodePaddingMode, engine::general_purpose};
use quoted_printable::ParseMode;

/// How deep multiparts may be nested before we stop looking.
const DEEPEST: usize = 8;

/// Padding is what senders disagree about.
const BASE64: general_purpose::GeneralPurpose = general_purpose::GeneralPurpose::new(
    &alphabet::STANDARD,
    general_purpose::GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Headers as they came, and the body behind them.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) headers: String,
    body: String,
}

impl Part {
    pub(super) fn parse(source: &str) -> Self {
        let (headers, body) = match source.strip_prefix("\r\n") {
            Some(body) => ("", body),
            None => source.split_once("\r\n\r\n").unwrap_or((source, "")),
        };
        Self { headers: headers.to_owned(), body: body.to_owned() }
    }

    /// A header's value on one line, with encoded words decoded.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        Some(decode_words(&self.raw_header(name)?))
    }

    /// The first text of this subtype, here or in a part of ours.
    pub(super) fn text(&self, subtype: &str) -> Option<String> {
        self.text_within(subtype, DEEPEST)
    }

    fn text_within(&self, subtype: &str, depth: usize) -> Option<String> {
        let content = self.raw_header("Content-Type").unwrap_or_else(|| "text/plain".into());
        let kind = content.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if kind.starts_with("multipart/") {
            let depth = depth.checked_sub(1)?;
            let boundary = parameter(&content, "boundary")?;
            return parts(&self.body, &boundary)
                .find_map(|part| Self::parse(part).text_within(subtype, depth));
        }
        (kind == format!("text/{subtype}")).then(|| self.decoded_body())
    }

    fn decoded_body(&self) -> String {
        let encoding = self.raw_header("Content-Transfer-Encoding").unwrap_or_default();
        let bytes = match encoding.trim().to_ascii_lowercase().as_str() {
            "quoted-printable" => quoted_printable::decode(&self.body, ParseMode::Robust).ok(),
            "base64" => {
                let letters: String = self.body.split_ascii_whitespace().collect();
                BASE64.decode(letters).ok()
            }
            _ => None,
        };
        bytes.map_or_else(|| self.body.clone(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A header's value, unfolded.
    fn raw_header(&self, name: &str) -> Option<String> {
        let mut lines = self.headers.split("\r\n");
        let value = lines.by_ref().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })?;
        let folded = lines.take_while(|line| line.starts_with([' ', '\t']));
        Some(folded.fold(value, |value, line| format!("{value} {}", line.trim())).trim().to_owned())
    }
}

/// What lies between the boundaries.
fn parts<'a>(body: &'a str, boundary: &str) -> impl Iterator<Item = &'a str> {
    let delimiter = format!("--{boundary}");
    let mut pieces: Vec<&str> = body.split(delimiter.as_str()).skip(1).collect();
    if let Some(end) = pieces.iter().position(|piece| piece.starts_with("--")) {
        pieces.truncate(end);
    }
    pieces.into_iter().map(|piece| {
        let piece = piece.split_once("\r\n").map_or(piece, |(_, piece)| piece);
        piece.strip_suffix("\r\n").unwrap_or(piece)
    })
}

/// `boundary="x"` or `boundary=x` among a header's parameters.
fn parameter(header: &str, name: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|parameter| {
        let (found, value) = parameter.trim().split_once('=')?;
        found.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// Decodes `=?utf-8?Q?…?=` and `=?utf-8?B?…?=`; white space between two of them is none.
fn decode_words(value: &str) -> String {
    let mut decoded = String::new();
    let mut after_word = false;
    let mut rest = value;
    while let Some(start) = rest.find("=?") {
        let before = &rest[..start];
        let Some((text, length)) = encoded_word(&rest[start..]) else {
            decoded.push_str(&rest[..start + 2]);
            rest = &rest[start + 2..];
            after_word = false;
            continue;
        };
        if !(after_word && before.trim().is_empty()) {
            decoded.push_str(before);
        }
        decoded.push_str(&text);
        rest = &rest[start + length..];
        after_word = true;
    }
    decoded + rest
}

/// The word at the beginning of `value`, and how long it was.
fn encoded_word(value: &str) -> Option<(String, usize)> {
    let mut fields = value.get(2..)?.splitn(4, '?');
    let (charset, encoding, text) = (fields.next()?, fields.next()?, fields.next()?);
    fields.next()?.strip_prefix('=')?;
    let bytes = match encoding {
        "B" | "b" => BASE64.decode(text).ok()?,
        "Q" | "q" => quoted_printable::decode(text.replace('_', " "), ParseMode::Robust).ok()?,
        _ => return None,
    };
    let length = "=?".len() + charset.len() + 1 + encoding.len() + 1 + text.len() + "?=".len();
    Some((String::from_utf8_lossy(&bytes).into_owned(), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_decoded() {
        for (value, expected) in [
            ("plain", "plain"),
            ("=?utf-8?B?RsO8cg==?= Anna", "Für Anna"),
            ("=?utf-8?Q?F=C3=BCr_Anna?=", "Für Anna"),
            ("=?utf-8?B?RsO8cg==?= =?utf-8?Q?_Anna?= =", "Für Anna ="),
            ("what =? is =?this", "what =? is =?this"),
        ] {
            assert_eq!(decode_words(value), expected, "{value}");
        }
    }

    #[test]
    fn headers_unfold() {
        let part = Part::parse("A: one\r\n two\r\n\tthree\r\nB: four\r\n\r\nbody");
        assert_eq!(part.header("a").as_deref(), Some("one two three"));
        assert_eq!(part.header("B").as_deref(), Some("four"));
        assert_eq!(part.header("C"), None);
    }

    #[test]
    fn nested_parts_are_found() {
        let source = "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\
            Content-Type: multipart/alternative;\r\n boundary=\"i\"\r\n\r\n--i\r\n\r\ntext\r\n--i\r\n\
            Content-Type: text/html\r\n\r\n<p>\r\n--i--\r\n--o--\r\n";
        let part = Part::parse(source);
        assert_eq!(part.text("plain").as_deref(), Some("text"));
        assert_eq!(part.text("html").as_deref(), Some("<p>"));
        assert_eq!(part.text("calendar"), None);
    }
}

//! A message as its reader would see it.

use super::mime::Part;
use crate::sandbox::frame::first_link;

/// What the inbox shows of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) subject: String,
    pub(super) from: String,
    pub(super) headers: String,
    pub(super) text: Option<String>,
    pub(super) html: Option<String>,
    /// The first link of the text part.
    pub(super) link: Option<String>,
}

/// Reads a source; one that is no message at all has an empty subject.
pub(super) fn read(source: &[u8]) -> Reading {
    let message = Part::parse(&String::from_utf8_lossy(source));
    let text = message.text("plain");
    let html = message.text("html");
    Reading {
        subject: message.header("Subject").unwrap_or_default(),
        from: message.header("From").unwrap_or_default(),
        link: text.as_deref().or(html.as_deref()).and_then(first_link),
        headers: message.headers,
        text,
        html,
    }
}

#[cfg(test)]
pub(super) const SAMPLE: &str = "From: \"Elm Court\" <board@elm.example>\r\nTo: anna@example.org\r\n\
    Subject: =?utf-8?B?RsO8ciBBbm5h?=\r\nMessage-ID: <1@elm.example>\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/alternative; boundary=\"b\"\r\n\r\n\
    --b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
    Gr=C3=BC=C3=9Fe & <welcome>: https://elm.example/j/ABC=\r\n-DEF.\r\n\
    --b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n\
    PHA+R3LDvMOfZTwvcD4=\r\n--b--\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_are_read() {
        let reading = read(SAMPLE.as_bytes());
        assert_eq!(reading.subject, "Für Anna");
        assert_eq!(reading.from, "\"Elm Court\" <board@elm.example>");
        assert_eq!(
            reading.text.as_deref().map(str::trim),
            Some("Grüße & <welcome>: https://elm.example/j/ABC-DEF.")
        );
        assert_eq!(reading.html.as_deref(), Some("<p>Grüße</p>"));
        assert_eq!(reading.link.as_deref(), Some("https://elm.example/j/ABC-DEF"));
        assert!(reading.headers.ends_with("boundary=\"b\""));
    }

    #[test]
    fn a_plain_message_has_text_only() {
        let reading = read(b"Subject: hello\r\n\r\nJust text.\r\n");
        assert_eq!((reading.subject.as_str(), reading.html, reading.link), ("hello", None, None));
        assert_eq!(reading.text.as_deref().map(str::trim), Some("Just text."));
    }

    #[test]
    fn nonsense_is_survived() {
        assert_eq!(read(b"\xff\x00").subject, "");
        assert_eq!(read(b"").text.as_deref(), Some(""));
    }
}

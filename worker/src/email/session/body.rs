//! A message as it travels after 354: lines end in CRLF, a leading dot is doubled, a lone dot ends it.

use memchr::memchr2;

/// The bytes to write after 354: `message`, dot-stuffed, and the closing dot.
///
/// A bare carriage return or line feed becomes a full line end: what one server takes for the end of a message and
/// another does not must never leave this machine.
#[must_use]
pub fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + message.len() / 64 + 16);
    let mut rest = message;
    while !rest.is_empty() {
        if rest[0] == b'.' {
            out.push(b'.');
        }
        let end = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        out.extend_from_slice(&rest[..end]);
        out.extend_from_slice(b"\r\n");
        let skip = match rest.get(end..) {
            Some([b'\r', b'\n', ..]) => end + 2,
            Some([_, ..]) => end + 1,
            _ => end,
        };
        rest = &rest[skip..];
    }
    out.extend_from_slice(b".\r\n");
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn doubles_leading_dots_and_closes() {
        for (message, sent) in [
            (&b""[..], &b".\r\n"[..]),
            (b"a\r\nb\r\n", b"a\r\nb\r\n.\r\n"),
            (b"a", b"a\r\n.\r\n"),
            (b".\r\n..\r\na.b\r\n", b"..\r\n...\r\na.b\r\n.\r\n"),
            (b"a\n.\nRSET\n", b"a\r\n..\r\nRSET\r\n.\r\n"),
            (b"a\r.\rb", b"a\r\n..\r\nb\r\n.\r\n"),
            (b"\r\n\r\n", b"\r\n\r\n.\r\n"),
            (b"\n\r.", b"\r\n\r\n..\r\n.\r\n"),
        ] {
            assert_eq!(stuffed(message), sent, "{:?}", String::from_utf8_lossy(message));
        }
    }

    proptest! {
        #[test]
        fn ends_once_and_only_at_its_end(message in prop::collection::vec(prop::sample::select(b".\r\nab".to_vec()), 0..60)) {
            let sent = stuffed(&message);
            let text = String::from_utf8(sent).unwrap();
            let lines: Vec<&str> = text.split("\r\n").collect();
            prop_assert!(lines.iter().all(|line| !line.contains(['\r', '\n'])));
            let dots = lines.iter().filter(|line| **line == ".").count();
            prop_assert_eq!(dots, 1);
            prop_assert!(text.ends_with(".\r\n"));
        }
    }
}

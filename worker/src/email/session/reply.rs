//! A server's reply: parsed strictly enough to trust, forgivingly enough to talk to everybody.
//!
//! Bounds: a line of at most [`MAX_LINE`] bytes, a reply of at most [`MAX_REPLY`]. Forgiven: a bare line feed, a missing
//! text, bytes that are not UTF-8, white space at the end. Not forgiven: anything but three digits at the start of a
//! line, another code within one reply, a code outside 200–599.

use std::fmt;

/// The longest line we read, its end included.
pub(super) const MAX_LINE: usize = 2 * 1024;
/// The longest reply we read.
pub(super) const MAX_REPLY: usize = 64 * 1024;

/// An enhanced status code (RFC 3463): class, subject, detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Enhanced {
    /// 2, 4 or 5, always that of the reply.
    pub class: u8,
    /// What it is about: 1 the address, 2 the mailbox, 3 the system, 4 routing, 5 protocol, 6 content, 7 policy.
    pub subject: u16,
    /// The detail.
    pub detail: u16,
}

impl Enhanced {
    /// The code at the beginning of `text`, if it is one of class `class`, and what follows it.
    fn parse(text: &str, class: u8) -> Option<(Self, &str)> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let mut parts = word.split('.');
        let mut number = || {
            let part = parts.next()?;
            let is_number = (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
            if is_number { part.parse::<u16>().ok() } else { None }
        };
        let (first, subject, detail) = (number()?, number()?, number()?);
        if parts.next().is_some() || first != u16::from(class) {
            return None;
        }
        Some((Self { class, subject, detail }, rest.trim_start()))
    }
}

impl fmt::Display for Enhanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// A whole reply.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    code: u16,
    enhanced: Option<Enhanced>,
    lines: Vec<String>,
}

impl Reply {
    /// The three digits.
    #[must_use]
    pub const fn code(&self) -> u16 {
        self.code
    }

    /// The enhanced status code, when the first line begins with one of the reply's class.
    #[must_use]
    pub const fn enhanced(&self) -> Option<Enhanced> {
        self.enhanced
    }

    /// The lines without codes. The server's own words: they may hold addresses.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The lines without codes in one. The server's own words: they may hold addresses.
    #[must_use]
    pub fn text(&self) -> String {
        self.lines.join(" ")
    }

    /// 2yz.
    #[must_use]
    pub const fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }

    /// 4yz.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        self.code / 100 == 4
    }

    /// 5yz.
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        self.code / 100 == 5
    }

    /// 421: the server closes the connection, whatever we asked.
    #[must_use]
    pub const fn is_closing(&self) -> bool {
        self.code == 421
    }

    /// The reply `text` stands for, for tests: one line, or several with their separators.
    #[cfg(test)]
    pub(crate) fn of(text: &str) -> Self {
        let text = format!("{text}\r\n");
        let (reply, used) = parse(text.as_bytes()).unwrap().unwrap();
        assert_eq!(used, text.len());
        reply
    }
}

/// Shows the codes only: the text may hold an address.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({}", self.code)?;
        if let Some(enhanced) = self.enhanced {
            write!(f, " {enhanced}")?;
        }
        f.write_str(")")
    }
}

/// Takes one reply from the front of `bytes`: the reply and its length, `None` when it is not all there yet, or what is
/// wrong with it.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Reply, usize)>, &'static str> {
    let mut lines = Vec::new();
    let mut first: Option<(u16, Option<Enhanced>)> = None;
    let mut at = 0;
    loop {
        let rest = &bytes[at..];
        let Some(end) = rest.iter().take(MAX_LINE).position(|&b| b == b'\n') else {
            return if rest.len() >= MAX_LINE {
                Err("a reply line is too long")
            } else if bytes.len() >= MAX_REPLY {
                Err("a reply is too long")
            } else {
                Ok(None)
            };
        };
        at += end + 1;
        if at > MAX_REPLY {
            return Err("a reply is too long");
        }
        let (code, last, text) = line(&rest[..end])?;
        let text = String::from_utf8_lossy(text);
        let mut text = text.trim_end();
        match first {
            Some((expected, _)) if expected != code => return Err("a reply changes its code between lines"),
            Some((_, enhanced)) => {
                if let Some((again, rest)) = Enhanced::parse(text, class(code))
                    && enhanced.is_some()
                    && enhanced == Some(again)
                {
                    text = rest;
                }
            }
            None => {
                let parsed = Enhanced::parse(text, class(code));
                if let Some((_, rest)) = parsed {
                    text = rest;
                }
                first = Some((code, parsed.map(|(enhanced, _)| enhanced)));
            }
        }
        lines.push(text.to_owned());
        if let (true, Some((code, enhanced))) = (last, first) {
            return Ok(Some((Reply { code, enhanced, lines }, at)));
        }
    }
}

fn class(code: u16) -> u8 {
    u8::try_from(code / 100).unwrap_or(0)
}

/// Code, whether it is the last line, and text.
fn line(line: &[u8]) -> Result<(u16, bool, &[u8]), &'static str> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let Some((digits, rest)) = line.split_first_chunk::<3>() else {
        return Err("a reply line has no code");
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err("a reply line has no code");
    }
    let code = digits.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    if !(200..600).contains(&code) {
        return Err("a reply code is outside 200 to 599");
    }
    match rest.split_first() {
        None => Ok((code, true, rest)),
        Some((b' ' | b'\t', text)) => Ok((code, true, text)),
        Some((b'-', text)) => Ok((code, false, text)),
        Some(_) => Err("a reply code is not followed by a space"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_one_line_and_many() {
        let (reply, used) = parse(b"250 2.0.0 Ok: queued as 4F2\r\n354 go").unwrap().unwrap();
        assert_eq!((reply.code(), used), (250, 29));
        assert_eq!(reply.enhanced().unwrap().to_string(), "2.0.0");
        assert_eq!(reply.text(), "Ok: queued as 4F2");

        let reply = Reply::of("550-5.1.1 No such user.\r\n550-5.1.1 Look again\r\n550 5.1.1 bye");
        assert_eq!(reply.text(), "No such user. Look again bye");
        assert_eq!(format!("{reply:?}"), "Reply(550 5.1.1)");
    }

    #[test]
    fn forgives_bare_line_feeds_and_missing_texts() {
        assert_eq!(parse(b"250\n").unwrap().unwrap().0.text(), "");
        assert_eq!(parse(b"250-a\n250\n").unwrap().unwrap().0.lines(), ["a", ""]);
        assert_eq!(parse(b"250 \xff\r\n").unwrap().unwrap().0.text(), "\u{fffd}");
    }

    #[test]
    fn ignores_an_enhanced_code_of_another_class() {
        assert_eq!(Reply::of("550 4.2.2 full").enhanced(), None);
        assert_eq!(Reply::of("550 5.1.1.1 x").enhanced(), None);
        assert_eq!(Reply::of("550 5.1000.1 x").enhanced(), None);
        assert_eq!(Reply::of("550 5.7.133").enhanced().map(|e| e.detail), Some(133));
    }

    #[test]
    fn refuses_what_is_no_reply() {
        for bytes in [
            &b"\r\n"[..],
            b"25\r\n",
            b"abc hello\r\n",
            b"150 x\r\n",
            b"650 x\r\n",
            b"250x\r\n",
            b"250-a\r\n251 b\r\n",
            b"HTTP/1.1 400 Bad Request\r\n",
        ] {
            assert!(parse(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn stops_at_its_bounds() {
        assert!(parse(&[b'2'; MAX_LINE - 1]).unwrap().is_none());
        assert!(parse(&[b'2'; MAX_LINE]).is_err());
        let line = b"250-abcdefgh\r\n";
        let many = line.repeat(MAX_REPLY / line.len() + 1);
        assert!(parse(&many).is_err());
        assert!(parse(&many[..MAX_REPLY - line.len()]).unwrap().is_none());
    }

    proptest! {
        #[test]
        fn never_panics_and_never_reads_past_the_end(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(Some((_, used))) = parse(&bytes) {
                prop_assert!(used <= bytes.len());
            }
        }

        #[test]
        fn what_was_written_is_read_however_it_is_split(
            code in 200_u16..600,
            texts in prop::collection::vec("[ -~]{0,60}", 1..6),
            bare in any::<bool>(),
        ) {
            let mut bytes = Vec::new();
            for (at, text) in texts.iter().enumerate() {
                let separator = if at + 1 == texts.len() { ' ' } else { '-' };
                let end = if bare { "\n" } else { "\r\n" };
                bytes.extend_from_slice(format!("{code}{separator}{text}{end}").as_bytes());
            }
            for cut in 0..bytes.len() {
                prop_assert!(parse(&bytes[..cut]).unwrap().is_none());
            }
            let length = bytes.len();
            bytes.extend_from_slice(b"250 next\r\n");
            let (reply, used) = parse(&bytes).unwrap().unwrap();
            prop_assert_eq!(used, length);
            prop_assert_eq!(reply.code(), code);
            prop_assert_eq!(reply.lines().len(), texts.len());
        }
    }
}

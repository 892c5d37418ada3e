//! From whom and to whom, as the server sees it.

use std::fmt;

/// Sender and recipient of one message. What is in it is safe to put on a command line of SMTP.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    from: String,
    to: String,
}

/// An address that must not be put on a command line of SMTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the {0} address cannot be used in SMTP: it must be ASCII, without spaces, brackets and line breaks, at most 254 characters"
)]
pub struct EnvelopeError(&'static str);

impl Envelope {
    /// An envelope, if both addresses can be sent. Whether they make sense was decided where they were parsed.
    pub fn new(from: impl Into<String>, to: impl Into<String>) -> Result<Self, EnvelopeError> {
        let (from, to) = (from.into(), to.into());
        for (what, address) in [("sender", &from), ("recipient", &to)] {
            if !is_sendable(address) {
                return Err(EnvelopeError(what));
            }
        }
        Ok(Self { from, to })
    }

    /// The sender: bounces go there.
    #[must_use]
    pub fn from(&self) -> &str {
        &self.from
    }

    /// The recipient.
    #[must_use]
    pub fn to(&self) -> &str {
        &self.to
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Envelope(…)")
    }
}

fn is_sendable(address: &str) -> bool {
    let parts = address.rsplit_once('@');
    parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
        && address.len() <= 254
        && address.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_no_command_through() {
        assert!(Envelope::new("a@example.org", "b+c@example.net").is_ok());
        for bad in [
            "",
            "a",
            "@example.org",
            "a@",
            "a@example.org>\r\nRSET",
            "a@example.org> SIZE=1",
            "a b@example.org",
            "<a@example.org",
            "jürgen@example.org",
            "a@example.org\0",
        ] {
            assert!(Envelope::new("a@example.org", bad).is_err(), "{bad:?}");
            assert!(Envelope::new(bad, "a@example.org").is_err(), "{bad:?}");
        }
    }
}

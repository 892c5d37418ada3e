//! Where the provider is, and how long each stage of a session may take.
//!
//! Plain values: the layer that reads the environment builds them. What is said about the provider in a log line or an
//! error is its host and port, never a user or a password.

mod url;

use std::time::Duration;

pub use self::url::{Credentials, SmtpUrl, SmtpUrlError, Tls};

/// Everything a [`Mailer`](super::Mailer) needs to know.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// The provider.
    pub url: SmtpUrl,
    /// How we introduce ourselves: a full domain name, or an address in brackets.
    pub ehlo_name: String,
    /// How long each stage may take.
    pub timeouts: Timeouts,
    /// The most connections this process opens at a time.
    pub connections: usize,
    /// How connections are kept, renewed and re-opened.
    pub keeping: Keeping,
}

impl SmtpSettings {
    /// The most connections when nothing else is said.
    pub const DEFAULT_CONNECTIONS: usize = 8;

    /// Settings for `url` with the defaults; `from_domain` is the domain of the From address, by which we introduce
    /// ourselves.
    #[must_use]
    pub fn new(url: SmtpUrl, from_domain: &str) -> Self {
        Self {
            url,
            ehlo_name: ehlo_name(from_domain),
            timeouts: Timeouts::default(),
            connections: Self::DEFAULT_CONNECTIONS,
            keeping: Keeping::default(),
        }
    }

    /// The same with another number of connections (at least one).
    #[must_use]
    pub fn with_connections(mut self, connections: usize) -> Self {
        self.connections = connections.max(1);
        self
    }
}

/// A name fit for EHLO: `domain` when it is a domain name, else the address literal of the loopback, which every server
/// must accept as syntax.
fn ehlo_name(domain: &str) -> String {
    let is_name = !domain.is_empty()
        && domain.len() <= 253
        && domain.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    if is_name { domain.to_ascii_lowercase() } else { "[127.0.0.1]".to_owned() }
}

/// How long each stage may take before it counts as failed.
///
/// RFC 5321 would allow minutes everywhere; an attempt of ours has five in all, so only the answer that decides between
/// *accepted* and *unknown* is given the time that the RFC grants to slow content filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Name look-up and TCP connect.
    pub connect: Duration,
    /// TLS handshake.
    pub tls: Duration,
    /// The server's first line.
    pub greeting: Duration,
    /// Each answer to EHLO, STARTTLS, AUTH, MAIL, RCPT and RSET.
    pub command: Duration,
    /// The answer to DATA.
    pub data: Duration,
    /// Handing the whole body to the connection.
    pub body: Duration,
    /// The answer after the closing dot. Less than two minutes would turn slow acceptance into *unknown*.
    pub after_body: Duration,
    /// Saying goodbye.
    pub quit: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            tls: Duration::from_secs(15),
            greeting: Duration::from_secs(30),
            command: Duration::from_secs(30),
            data: Duration::from_mins(1),
            body: Duration::from_mins(1),
            after_body: Duration::from_mins(2),
            quit: Duration::from_secs(2),
        }
    }
}

/// How the pool treats its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// Messages after which a connection is closed and a new one opened.
    pub max_messages: u32,
    /// How long a connection may wait unused before it is closed.
    pub max_idle: Duration,
    /// While the server is in trouble: connections opened in a second, at most. A connection that is renewed because
    /// it served its messages is not held back.
    pub reopen_per_second: std::num::NonZeroU32,
}

impl Default for Keeping {
    fn default() -> Self {
        Self {
            max_messages: 100,
            max_idle: Duration::from_secs(30),
            reopen_per_second: std::num::NonZeroU32::new(4).unwrap_or(std::num::NonZeroU32::MIN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn introduces_itself_by_the_from_domain() {
        assert_eq!(ehlo_name("Mail.Example.ORG"), "mail.example.org");
        assert_eq!(ehlo_name("bad name\r\nRSET"), "[127.0.0.1]");
        assert_eq!(ehlo_name(""), "[127.0.0.1]");
    }

    #[test]
    fn waits_at_least_two_minutes_after_the_dot() {
        assert!(Timeouts::default().after_body >= Duration::from_mins(2));
    }
}

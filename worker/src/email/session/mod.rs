//! SMTP over one connection.
//!
//! A [`Session`] is opened with [`Session::open`] (greeting, EHLO, TLS, AUTH), sends any number of messages one after
//! the other with [`Session::send`], and says goodbye with [`Session::quit`]. It promises:
//!
//! * Every failure says its [`Stage`]. Before [`Stage::AfterBody`] it is certain that the message did not go.
//! * Nothing that was said before TLS is believed after it.
//! * A password goes out only under TLS, unless the settings say `tls=none`.
//! * A connection whose conversation is in doubt is never used again ([`Session::is_usable`]).

mod auth;
mod body;
mod envelope;
mod failure;
mod open;
mod reply;
mod send;
#[cfg(test)]
mod tests;
mod tls;
mod wire;

use std::{fmt, time::Duration};

pub use self::{
    body::stuffed,
    envelope::{Envelope, EnvelopeError},
    failure::{Cause, Failure, Stage},
    open::Introduction,
    reply::{Enhanced, Reply},
    tls::{TlsError, connector, connector_without_roots},
    wire::Io,
};
use super::settings::Timeouts;
use wire::Wire;

/// What the server offered in its answer to EHLO.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a keyword of its own, there or not")]
struct Offers {
    pipelining: bool,
    starttls: bool,
    eight_bit: bool,
    /// SIZE was offered.
    size: bool,
    /// The number it came with: larger messages are refused.
    most: Option<usize>,
    plain: bool,
    login: bool,
}

/// A conversation with a server that is ready for a message.
pub struct Session {
    wire: Wire,
    offers: Offers,
    timeouts: Timeouts,
    sent: u32,
    /// A transaction was begun and not finished: RSET goes first.
    dirty: bool,
    /// The conversation is in step and the connection open.
    usable: bool,
}

impl Session {
    /// Whether another message may be sent over this connection.
    #[must_use]
    pub const fn is_usable(&self) -> bool {
        self.usable
    }

    /// How many messages were begun over this connection.
    #[must_use]
    pub const fn sent(&self) -> u32 {
        self.sent
    }

    /// Whether the server has neither hung up nor spoken while nobody asked. Waits for nothing.
    pub fn is_alive(&mut self) -> bool {
        self.usable && self.wire.is_quiet()
    }

    /// Says goodbye, politely but not for long; then the connection is closed.
    pub async fn quit(mut self) {
        if !self.usable {
            return;
        }
        let goodbye = async {
            let limit = Duration::MAX;
            self.wire.write(Stage::Mail, limit, b"QUIT\r\n").await?;
            self.wire.reply(Stage::Mail, limit).await
        };
        // Nothing depends on the answer.
        let _ = tokio::time::timeout(self.timeouts.quit, goodbye).await;
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("sent", &self.sent)
            .field("usable", &self.usable)
            .finish_non_exhaustive()
    }
}

//! Where a session failed, and how.

use std::{fmt, io};

use super::reply::Reply;

/// The stage of a session. Everything before [`Stage::AfterBody`] is certain: the message did not go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Name look-up and TCP connect.
    Connect,
    /// The TLS handshake.
    Tls,
    /// The server's first line.
    Greeting,
    /// EHLO or HELO, before and after TLS.
    Ehlo,
    /// The STARTTLS command, and what must not follow its answer.
    StartTls,
    /// AUTH.
    Auth,
    /// MAIL FROM, and the RSET that may precede it.
    Mail,
    /// RCPT TO.
    Rcpt,
    /// DATA, up to the decision to write the body.
    Data,
    /// Writing the body: not all of its bytes were taken.
    Body,
    /// All bytes of the body were taken: whatever goes wrong now, the message may have been accepted.
    AfterBody,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 11] = [
        Self::Connect,
        Self::Tls,
        Self::Greeting,
        Self::Ehlo,
        Self::StartTls,
        Self::Auth,
        Self::Mail,
        Self::Rcpt,
        Self::Data,
        Self::Body,
        Self::AfterBody,
    ];

    /// The word used in logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Greeting => "greeting",
            Self::Ehlo => "ehlo",
            Self::StartTls => "starttls",
            Self::Auth => "auth",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
            Self::Data => "data",
            Self::Body => "body",
            Self::AfterBody => "after_body",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The stage took longer than it may.
    Timeout,
    /// The server closed the connection.
    Closed,
    /// The connection broke.
    Io(io::ErrorKind),
    /// The server answered, and the answer was no.
    Reply(Reply),
    /// The server did what no server may do, or does not offer what we insist on.
    Protocol(&'static str),
    /// The server takes no message as large as this one, and said so beforehand.
    TooLarge,
    /// The caller withdrew the message before its body was written.
    NoTimeLeft,
    /// The pool was closed before a connection was free.
    ShuttingDown,
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Closed,
            kind => Self::Io(kind),
        }
    }
}

/// A failure: where, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Where.
    pub stage: Stage,
    /// How.
    pub cause: Cause,
}

impl Failure {
    /// A failure at `stage`.
    pub fn new(stage: Stage, cause: impl Into<Cause>) -> Self {
        Self { stage, cause: cause.into() }
    }

    /// The server broke the protocol at `stage`.
    pub(crate) const fn protocol(stage: Stage, what: &'static str) -> Self {
        Self { stage, cause: Cause::Protocol(what) }
    }

    /// The reply, if the server gave one.
    #[must_use]
    pub const fn reply(&self) -> Option<&Reply> {
        match &self.cause {
            Cause::Reply(reply) => Some(reply),
            _ => None,
        }
    }
}

/// Says stage and cause for a log line. Of a reply only the code is shown: its text may repeat an address.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.stage)?;
        match &self.cause {
            Cause::Timeout => f.write_str("no answer in time"),
            Cause::Closed => f.write_str("the server closed the connection"),
            Cause::Io(kind) => write!(f, "{kind}"),
            Cause::Reply(reply) => write!(f, "answered {}", reply.code()),
            Cause::Protocol(what) => f.write_str(what),
            Cause::TooLarge => f.write_str("the message is larger than the server takes"),
            Cause::NoTimeLeft => f.write_str("no time left for the body"),
            Cause::ShuttingDown => f.write_str("shutting down"),
        }
    }
}

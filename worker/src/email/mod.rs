//! E-mail: from a letter to an outcome that the ledger can trust.
//!
//! A delivery passes through these rooms in order; each knows only the one before it:
//!
//! * [`compose`] turns a [`Letter`] into the bytes that travel: the same letter always gives the same bytes, so that a
//!   repeat is recognisably the same message.
//! * [`pool`] hands out connections, at most so many at a time, in community order.
//! * [`session`] speaks SMTP over one connection and knows the stage of every failure.
//! * [`outcome`] turns an answer or a failure into one of four words: accepted, refused, not sent, unknown.
//! * [`settings`] says where the provider is and how long each stage may take.
//!
//! [`Mailer`] is the face of the room. What it promises: a failure before the whole body, its closing dot included,
//! was handed over is *not sent*; after that a missing or unreadable answer is *unknown*; an answer is what it says.
//! No address, code, body or password reaches a log line.

pub mod compose;
mod mailer;
pub mod outcome;
#[cfg(test)]
mod peer;
pub mod pool;
pub mod session;
pub mod settings;

pub use compose::{ComposeError, Composed, Letter};
pub use mailer::Mailer;
pub use outcome::{Outcome, Reason, Refusal};
pub use session::Envelope;
pub use settings::{SmtpSettings, SmtpUrl, Timeouts};

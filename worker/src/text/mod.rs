//! Text messages: from an invitation to an outcome that the ledger can trust, through Twilio's Messages API.
//!
//! * [`message::text`](porchlight_shared::message::text) writes the message, in one part wherever it can.
//! * [`segments`](porchlight_shared::domain::segments) counts parts as carriers do, and [`transliterate`](porchlight_shared::message::transliterate) keeps their number down.
//! * [`settings`] says whose account is used, in whose name, and how long a request may take.
//! * [`outcome`] turns an answer, or none, into one of four words; its codes are those of
//!   [`text_codes`](porchlight_shared::domain::text_codes).
//! * [`listed`] is what the provider says it has, for resolving what is unknown.
//!
//! [`Twilio`] is the face of the room. What it promises: a request for which there was no connection is *not sent*;
//! once it may have been written, a missing or unreadable answer and a failure of the provider's own are *unknown*; any
//! other answer is what it says. Nothing is sent twice, redirected or told to a proxy by itself. No number, text, link,
//! code or password reaches a log line, and the words that are kept of an answer name nobody.
//!
//! Its neighbours: `deliver` decides what an outcome means for a delivery, [`email`](crate::email) does the same for
//! mail, and the API receives what the provider calls back.

mod answer;
mod failure;
pub mod listed;
mod masked;
pub mod outcome;
#[cfg(test)]
mod peer;
mod retry_after;
pub mod settings;
mod twilio;

pub use listed::{ListError, Listed};
pub use outcome::{Outcome, Reason, Refusal};
pub use porchlight_shared::message::text::Composed;
pub use settings::TwilioSettings;
pub use twilio::{Twilio, TwilioError};

//! Messages: what an invitation says, by e-mail and as a text.
//!
//! The worker addresses, encodes and sends these words; the board shows them to the leader before. Both render them here,
//! so that a preview and what arrives cannot differ.

mod letter;
pub mod text;
mod transliterate;

use jiff::{Timestamp, tz::TimeZone};

pub use letter::{Invitation, Sender, Words, WordsError, lines, link, one_line};
pub use transliterate::transliterate;

/// Who is invited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guest {
    /// A household.
    Household,
    /// Somebody of a household that joined already.
    Member,
}

/// The subject of a household's invitation, pinned on its batch.
#[must_use]
pub fn subject(community: &str) -> String {
    format!("Your household is invited to {community}")
}

/// A day as messages tell it: `22 December 2026`.
#[must_use]
pub fn day(instant: Timestamp, zone: &TimeZone) -> String {
    instant.to_zoned(zone.clone()).strftime("%-d %B %Y").to_string()
}

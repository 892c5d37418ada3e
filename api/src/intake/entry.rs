//! What stands in each row, and the verdict on it: ready, or declined with a stable reason, words, and what to do.

use std::collections::{HashMap, hash_map::Entry as Slot};

use jiff::Timestamp;
use porchlight_shared::domain::{Channel, EmailAddress, Keyring};
use serde::Serialize;
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;

use super::{
    SuppressionReason,
    request::{Cell, Row},
};

const NAME_CHARACTERS: usize = 200;

/// An entry that can be written to, as far as the entry alone tells.
#[derive(Debug)]
pub struct Draft {
    /// Place in the list, from 1.
    pub position: i32,
    /// Where the message goes.
    pub address: EmailAddress,
    /// The keyed hash by which the address is compared.
    pub hash: [u8; 32],
    /// How the message greets the reader.
    pub name: Option<String>,
    /// Where they live.
    pub unit: Option<Unit>,
    /// What the household is called.
    pub household: Option<String>,
}

/// A property as the leader names it.
#[derive(Debug)]
pub struct Unit {
    /// As it was written.
    pub label: String,
    /// As it is compared.
    pub key: String,
}

/// An entry that does not go, and why.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Declined {
    /// Place in the list, from 1.
    pub position: i32,
    /// `fix`: mend it and send it again. `skip`: nothing to do.
    pub verdict: Verdict,
    /// Stable code.
    pub reason: &'static str,
    /// The same in words.
    pub message: String,
}

/// What is to be done about an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It cannot be written to as it stands.
    Fix,
    /// It must not, or need not, be written to.
    Skip,
}

impl Declined {
    fn fix(position: i32, reason: &'static str, message: impl Into<String>) -> Self {
        Self { position, verdict: Verdict::Fix, reason, message: message.into() }
    }

    fn skip(position: i32, reason: &'static str, message: impl Into<String>) -> Self {
        Self { position, verdict: Verdict::Skip, reason, message: message.into() }
    }

    /// The household is in already.
    #[must_use]
    pub fn joined(position: i32) -> Self {
        Self::skip(position, "already_joined", "this household has joined already")
    }

    /// The household has a live invitation.
    #[must_use]
    pub fn invited(position: i32, since: Timestamp) -> Self {
        let day = since.strftime("%Y-%m-%d");
        let message = format!(
            "this household was invited on {day}; send with already_invited \"resend\" to write again"
        );
        Self::skip(position, "already_invited", message)
    }

    /// Somebody else is inviting the household at this very moment.
    #[must_use]
    pub fn overtaken(position: i32) -> Self {
        Self::skip(position, "already_invited", "another list invited this household a moment ago")
    }

    /// A message of this invitation is still under way to the same contact.
    #[must_use]
    pub fn under_way(position: i32) -> Self {
        Self::skip(position, "under_way", "a message to this address is on its way")
    }

    /// The contact heard from us a short while ago.
    #[must_use]
    pub fn too_soon(position: i32) -> Self {
        Self::skip(position, "too_soon", "this address was written to within the last 24 hours")
    }

    /// The contact heard from us often enough.
    #[must_use]
    pub fn too_often(position: i32) -> Self {
        Self::skip(position, "too_often", "this address was written to five times for this invitation")
    }

    /// Whoever read the address asked us to forget it.
    #[must_use]
    pub fn erased(position: i32) -> Self {
        Self::skip(position, "erased", "whoever reads this address asked to be forgotten")
    }

    /// The address must not be written to.
    #[must_use]
    pub fn suppressed(position: i32, reason: SuppressionReason) -> Self {
        let (reason, message) = match reason {
            SuppressionReason::Unsubscribed | SuppressionReason::OptedOut => {
                ("opted_out", "whoever reads this address asked not to be written to")
            }
            SuppressionReason::Complained => {
                ("complained", "an earlier message to this address was reported as unwanted")
            }
            SuppressionReason::HardBounced => {
                ("hard_bounced", "an earlier message to this address came back for good")
            }
            SuppressionReason::NotMe => {
                ("not_me", "whoever reads this address said that it is not this household's")
            }
            SuppressionReason::Leader => ("suppressed", "a leader asked not to write to this address"),
        };
        Self::skip(position, reason, message)
    }
}

/// Reads all rows; an address that came before is declined in favour of its first row.
#[must_use]
pub fn read(rows: Vec<Row>, keyring: &Keyring) -> (Vec<Draft>, Vec<Declined>) {
    let (mut drafts, mut declined) = (Vec::with_capacity(rows.len()), Vec::new());
    let mut seen: HashMap<[u8; 32], i32> = HashMap::with_capacity(rows.len());
    for (row, position) in rows.into_iter().zip(1_i32..) {
        match draft(row, position, keyring) {
            Err(verdict) => declined.push(verdict),
            Ok(draft) => match seen.entry(draft.hash) {
                Slot::Occupied(first) => {
                    let message = format!("the same address as entry {}", first.get());
                    declined.push(Declined::skip(position, "duplicate", message));
                }
                Slot::Vacant(slot) => {
                    slot.insert(position);
                    drafts.push(draft);
                }
            },
        }
    }
    (drafts, declined)
}

fn draft(row: Row, position: i32, keyring: &Keyring) -> Result<Draft, Declined> {
    if !row.is_object {
        return Err(Declined::fix(
            position,
            "not_an_object",
            "an entry is an object such as {\"email\": \"…\"}",
        ));
    }
    if row.has_unknown_field {
        let message = "an entry has email, phone, name, unit, household and accept, and nothing else";
        return Err(Declined::fix(position, "unknown_field", message));
    }
    let email = match row.email {
        Cell::Text(text) => text,
        Cell::Missing if row.phone != Cell::Missing => {
            return Err(Declined::fix(
                position,
                "no_email",
                "this entry has a phone number and no e-mail address",
            ));
        }
        Cell::Missing => return Err(Declined::fix(position, "no_email", "this entry has no e-mail address")),
        Cell::NotText => return Err(Declined::fix(position, "not_text", "email must be a text")),
    };
    let address: EmailAddress =
        email.parse().map_err(|error: porchlight_shared::domain::EmailAddressError| {
            Declined::fix(position, error.code(), error.to_string())
        })?;
    let name = line(row.name, position, "name")?;
    let household = line(row.household, position, "household")?;
    let unit = line(row.unit, position, "unit")?.map(|label| Unit { key: comparable(&label), label });
    let hash = keyring.address_hash(Channel::Email, &address.key());
    Ok(Draft { position, address, hash, name, unit, household })
}

/// A text that must fit one line of a header or an envelope window.
fn line(cell: Cell, position: i32, field: &'static str) -> Result<Option<String>, Declined> {
    let text = match cell {
        Cell::Missing => return Ok(None),
        Cell::NotText => return Err(Declined::fix(position, "not_text", format!("{field} must be a text"))),
        Cell::Text(text) => text,
    };
    let trimmed = text.trim();
    if trimmed.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        let message =
            format!("{field} holds a line break or another control character; write it on one line");
        return Err(Declined::fix(position, "control_character", message));
    }
    let length = trimmed.chars().count();
    if length > NAME_CHARACTERS {
        let message = format!("{field} has {length} characters; at most {NAME_CHARACTERS} fit");
        return Err(Declined::fix(position, "too_long", message));
    }
    Ok((!trimmed.is_empty()).then(|| trimmed.to_owned()))
}

/// How names of properties and households are compared: NFKC, lower case, single spaces, no final dot.
#[must_use]
pub fn comparable(label: &str) -> String {
    let label: String = label.nfkc().collect();
    let words: Vec<_> = label.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ").trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::request::BatchRequest;
    use rand::{SeedableRng, rngs::StdRng};

    fn verdicts(rows: &str) -> (Vec<String>, Vec<String>) {
        let keys = Keyring::parse(&Keyring::generate(&mut StdRng::seed_from_u64(1))).unwrap();
        let request =
            BatchRequest::parse(format!(r#"{{"channel": "email", "rows": {rows}}}"#).as_bytes()).unwrap();
        let (drafts, declined) = read(request.rows, &keys);
        let drafts =
            drafts.iter().map(|draft| format!("{} {}", draft.position, draft.address.as_str())).collect();
        let declined =
            declined.iter().map(|no| format!("{} {:?} {}", no.position, no.verdict, no.reason)).collect();
        (drafts, declined)
    }

    #[test]
    fn a_bad_row_costs_only_itself() {
        let (drafts, declined) = verdicts(
            r#"[{"email": "a@example.org", "name": "Ada", "unit": "Lot 1", "accept": true}, 7, "b@example.org", null, ["x"],
                {"email": 5}, {"phone": "+1"}, {}, {"email": "c@example.org", "nmae": "C"},
                {"email": "A@Example.org"}, {"email": "d@example.org", "name": "D\r\nBcc: x"},
                {"email": "e@example.org", "name": "\u0000"}, {"email": "f@example.org", "name": null, "unit": {}},
                {"email": "g@example.org", "household": 1.5}, {"email": "h@example.org", "name": "  "}]"#,
        );
        assert_eq!(drafts, ["1 a@example.org", "15 h@example.org"]);
        assert_eq!(
            declined,
            [
                "2 Fix not_an_object",
                "3 Fix not_an_object",
                "4 Fix not_an_object",
                "5 Fix not_an_object",
                "6 Fix not_text",
                "7 Fix no_email",
                "8 Fix no_email",
                "9 Fix unknown_field",
                "10 Skip duplicate",
                "11 Fix control_character",
                "12 Fix control_character",
                "13 Fix not_text",
                "14 Fix not_text",
            ]
        );
    }

    #[test]
    fn units_are_compared_by_their_words() {
        assert_eq!(comparable("12  Elm\u{a0}St."), comparable("12 elm st"));
        assert_ne!(comparable("12 Elm St"), comparable("12A Elm St"));
    }
}

//! What a form says of an entry that was seen, so that nobody decides about what somebody else wrote meanwhile.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::mending::Asked;
use crate::intake::{
    drafts::change::{Change, Fields},
    ledger::drafts::DraftEntry,
};

/// What stands in an entry, and whether it is on the list, in short.
pub(super) fn seen(entry: &DraftEntry) -> String {
    in_short(&(entry.stands(), entry.removed))
}

/// Which entries are meant, in short: a button for several does nothing once it would be about others.
pub(super) fn which(positions: &[i32]) -> String {
    in_short(&positions)
}

fn in_short(what: &impl Serialize) -> String {
    let written = serde_json::to_vec(what).expect("cells serialise");
    Sha256::digest(written).iter().take(8).fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// Whether what is asked of an entry is asked of what stood there before. What is pressed twice is asked once: it would
/// write what stands there already.
pub(super) fn is_stale(entry: &DraftEntry, asked: &Asked) -> bool {
    let is_other = asked.seen.as_ref().is_some_and(|was| *was != seen(entry));
    match &*asked.act {
        // These can be taken back, and send nothing.
        "remove" | "put_back" | "leave_out" => false,
        "again" => is_other || entry.removed,
        "undo" => is_other && entry.pasted.is_some(),
        _ => is_other && (entry.removed || !asked.has_fields() || would_change(entry, asked)),
    }
}

fn would_change(entry: &DraftEntry, asked: &Asked) -> bool {
    let mut mended = entry.clone();
    Change::of(0, asked.fields(), None).mend(&mut mended);
    mended.stands() != entry.stands()
}

/// What somebody wrote in a form that came too late.
#[derive(Debug, Default)]
pub(super) struct Typed(Fields);

impl Typed {
    /// What was written, if anything was: a suggestion is a button with one field.
    pub(super) fn of(asked: &Asked) -> Option<Self> {
        asked.name.is_some().then(|| Self(asked.fields()))
    }

    /// What was written in a field.
    pub(super) fn take(&mut self, field: &str) -> Option<String> {
        match field {
            "email" => self.0.email.take(),
            "phone" => self.0.phone.take(),
            "name" => self.0.name.take(),
            "unit" => self.0.unit.take(),
            _ => self.0.household.take(),
        }
    }
}

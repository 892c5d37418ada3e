//! Drafts: what a leader still has to look at, kept for 30 days to be fetched, mended and sent.
//!
//! A draft keeps entries as they were written and is judged anew whenever it is looked at, because the ledger goes on.
//! What could not be kept as text is remembered as missing until the entry is changed. An entry that is removed stays,
//! unjudged, to be put back.
//! `POST …/batches` with `draft` sends its good entries; the others stay.
//!
//! [`look`](mod@look) reads and judges one, [`change`] mends it, [`verdicts`] is what is said of its entries without what
//! stands in them, of which [`memory`] keeps long ones for a while; [`endpoint`] and [`view`] are for programs.

use std::borrow::Cow;

use jiff::Timestamp;
use porchlight_shared::domain::{BatchId, Channel, CommunityId, DraftId};
use rand::Rng;
use sqlx::PgConnection;

use super::{
    judging::{Address, Judged, Judging, Reason, Rules, Verdict},
    ledger::{
        drafts::{self, DraftEntry},
        plans,
    },
    reading::{Cells, Entry, Place},
    request,
};
use crate::{
    audit::By,
    problem::{Kind, Problem},
};

pub mod change;
pub mod endpoint;
pub mod look;
pub mod memory;
pub mod verdicts;
pub mod view;

/// Characters of a cell that are kept; a longer one has to be mended anyway.
const MOST_CHARACTERS: usize = 1_000;

/// Where what is left of a list goes.
#[derive(Debug)]
pub struct Kept {
    /// How the list is to be sent.
    pub channel: Channel,
    /// The draft that the list was, if it was one.
    pub from: Option<DraftId>,
    /// The batch that took the rest.
    pub batch: Option<BatchId>,
    /// Who sent it in.
    pub by: By,
}

/// Keeps the entries of a list that have to be looked at or mended. Returns the draft, unless nothing is left for one.
///
/// # Errors
/// When the ledger does not answer.
pub async fn keep(
    tx: &mut PgConnection,
    community: CommunityId,
    now: Timestamp,
    rng: &mut impl Rng,
    kept: &Kept,
    left: &[&Judged],
) -> sqlx::Result<Option<DraftId>> {
    let open = left.iter().filter(|entry| matches!(entry.verdict(), Verdict::Check | Verdict::Fix));
    if let Some(draft) = kept.from {
        let positions: Vec<i32> = open.map(|entry| position(entry.place.position)).collect();
        if positions.is_empty() {
            drafts::delete_draft(tx, community, draft).await?;
            return Ok(None);
        }
        drafts::keep_only(tx, draft, &positions).await?;
        drafts::touch(tx, draft, kept.batch).await?;
        plans::settle(tx, draft).await?;
        return Ok(Some(draft));
    }
    let entries: Vec<_> = open.map(|entry| as_written(entry)).collect();
    if entries.is_empty() {
        return Ok(None);
    }
    let draft = DraftId::new(now, rng);
    drafts::insert_draft(tx, community, draft, kept.channel, kept.batch, kept.by).await?;
    drafts::put_entries(tx, draft, entries).await?;
    Ok(Some(draft))
}

/// Reads and judges a draft that is to be sent, and locks it until the commit.
///
/// # Errors
/// When there is none, or nothing in it.
pub async fn take(
    tx: &mut PgConnection,
    community: CommunityId,
    draft: DraftId,
    rules: Rules<'_>,
) -> Result<Vec<Judged>, Problem> {
    if !drafts::lock_draft(tx, community, draft).await? {
        let detail = "Nothing was stored. A draft is kept for 30 days after its last change.";
        return Err(Problem::new(Kind::InvalidField, detail).at("/draft", "is not a draft of this community"));
    }
    let found = drafts::drafts(tx, community, Some(draft), 1).await?;
    if found.first().is_some_and(|found| found.channel != rules.channel) {
        return Err(request::invalid("/channel", "is not the channel of this draft"));
    }
    let mut entries = drafts::entries(tx, draft, None).await?;
    entries.retain(|entry| !entry.removed);
    if entries.is_empty() {
        return Err(Problem::new(Kind::EmptyList, "Send at least one entry.").at("/draft", "has no entry"));
    }
    Ok(tokio::task::block_in_place(|| judge(&entries, rules)))
}

fn judge(entries: &[DraftEntry], rules: Rules<'_>) -> Vec<Judged> {
    let mut judging = Judging::new(rules);
    for entry in entries {
        judging.add(entry.as_entry());
    }
    let mut judged = judging.finish();
    for (judged, entry) in judged.iter_mut().zip(entries) {
        judged.again = entry.again;
    }
    judged
}

impl DraftEntry {
    fn as_entry(&self) -> Entry<'_> {
        let number = |number: i32| u32::try_from(number).unwrap_or_default();
        Entry {
            place: Place { line: number(self.line), position: number(self.position), by_line: self.by_line },
            cells: Cells {
                email: self.email.as_deref().map(Cow::Borrowed),
                phone: self.phone.as_deref().map(Cow::Borrowed),
                name: self.name.as_deref().map(Cow::Borrowed),
                unit: self.unit.as_deref().map(Cow::Borrowed),
                household: self.household.as_deref().map(Cow::Borrowed),
            },
            accept: self.accept,
            fault: self.incomplete.then_some(Reason::Incomplete),
        }
    }
}

/// An entry as it was written; where that was not kept, what was read.
pub(crate) fn as_written(entry: &Judged) -> DraftEntry {
    let (mut email, mut phone) = (None, None);
    let (name, unit, household);
    if let Some(cells) = &entry.written {
        let cell = |cell: &Option<Cow<'_, str>>| cell.as_deref().map(kept_cell);
        (email, phone) = (cell(&cells.email), cell(&cells.phone));
        name = cell(&cells.name);
        unit = cell(&cells.unit);
        household = cell(&cells.household);
    } else {
        let slot = match entry.contact.as_ref().map(|contact| &contact.address) {
            Some(Address::Phone(_)) => &mut phone,
            _ => &mut email,
        };
        *slot = entry.contact.as_ref().map(|contact| contact.address.as_str().to_owned());
        name = entry.name.clone();
        unit = entry.unit.as_ref().map(|unit| unit.label.clone());
        household = entry.household.clone();
    }
    DraftEntry {
        position: position(entry.place.position),
        line: position(entry.place.line),
        by_line: entry.place.by_line,
        email,
        phone,
        name,
        unit,
        household,
        accept: entry.accept,
        incomplete: matches!(
            entry.reason,
            Reason::NotAnObject
                | Reason::UnknownField
                | Reason::NotText(_)
                | Reason::NotAFlag
                | Reason::TooManyCells { .. }
                | Reason::Incomplete
        ),
        again: None,
        removed: false,
        pasted: None,
    }
}

/// A text as Postgres can hold it.
pub(crate) fn kept_text(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// A cell as Postgres can hold it.
fn kept_cell(cell: &str) -> String {
    cell.chars()
        .map(|c| if c == '\0' { char::REPLACEMENT_CHARACTER } else { c })
        .take(MOST_CHARACTERS)
        .collect()
}

fn position(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

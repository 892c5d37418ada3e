//! Drafts as they are told.

use jiff::Timestamp;
use porchlight_shared::domain::{BatchId, Channel, DraftId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::intake::{
    judging::{Counts, EntryReport, Judged},
    ledger::drafts::{Draft, DraftEntry},
};

/// A draft in a list of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct DraftSummary {
    /// Its id.
    #[schema(value_type = Uuid)]
    id: DraftId,
    /// How it is to be sent.
    #[schema(value_type = String)]
    channel: Channel,
    /// The batch that took the good entries, if there is one.
    #[schema(value_type = Option<Uuid>)]
    batch: Option<BatchId>,
    /// How many entries it has.
    total: i64,
    /// When it was saved.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last mended.
    #[schema(value_type = String, format = DateTime)]
    changed_at: Timestamp,
    /// When it is dropped: 30 days after the last change.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// The drafts of a community.
#[derive(Debug, Serialize, ToSchema)]
pub struct Drafts {
    /// The newest 100, newest first.
    pub drafts: Vec<DraftSummary>,
}

/// A draft, judged as it is now.
#[derive(Debug, Serialize, ToSchema)]
pub struct DraftView<'a> {
    /// What it is.
    #[serde(flatten)]
    summary: DraftSummary,
    /// How many of its entries got each verdict.
    counts: Counts,
    /// Its entries.
    entries: Vec<DraftEntryView<'a>>,
}

/// An entry of a draft, judged as it is now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DraftEntry)]
pub struct DraftEntryView<'a> {
    #[serde(flatten)]
    report: EntryReport<'a>,
    /// What was written.
    written: Written<'a>,
    /// Whether it is sent although it calls for a second look.
    accept: bool,
}

/// What was written in an entry.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EntryCells)]
pub struct Written<'a> {
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    /// Phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
    /// How the message greets the reader.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    /// Where they live.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'a str>,
    /// What the household is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    household: Option<&'a str>,
}

impl From<Draft> for DraftSummary {
    fn from(draft: Draft) -> Self {
        let Draft { id, channel, batch, entries, kept: _, created_at, changed_at, expires_at } = draft;
        Self { id, channel, batch, total: entries, created_at, changed_at, expires_at }
    }
}

impl<'a> DraftView<'a> {
    /// A draft and what is to be said of its entries.
    #[must_use]
    pub fn new(draft: Draft, entries: &'a [DraftEntry], judged: &'a [Judged]) -> Self {
        let view = |(judged, entry): (&'a Judged, &'a DraftEntry)| DraftEntryView {
            report: EntryReport::of(judged),
            written: Written {
                email: entry.email.as_deref(),
                phone: entry.phone.as_deref(),
                name: entry.name.as_deref(),
                unit: entry.unit.as_deref(),
                household: entry.household.as_deref(),
            },
            accept: entry.accept,
        };
        Self {
            summary: draft.into(),
            counts: Counts::of(judged.iter().map(Judged::verdict)),
            entries: judged.iter().zip(entries).map(view).collect(),
        }
    }
}

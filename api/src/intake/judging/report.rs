//! Verdicts as they are told.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Serialize, Serializer, ser::SerializeSeq};
use utoipa::ToSchema;

use super::{Judged, Reason, Verdict};

/// What is said of an entry.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntryReport<'a> {
    /// Line of the text on which it stands, from 1; of a list that came as rows, the position.
    pub line: u32,
    /// Which entry of the list, from 1.
    pub position: u32,
    /// What is to be done.
    pub verdict: Verdict,
    /// Why: a stable code.
    #[schema(value_type = String)]
    pub reason: &'a Reason,
    /// The same in words.
    #[schema(value_type = String)]
    pub message: Cow<'static, str>,
    /// How the address may have been meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<&'a str>,
    /// The address as it is written to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalised: Option<&'a str>,
    /// Position of the earlier entry that the reason is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<u32>,
    /// Since when the household has its live invitation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub invited_at: Option<Timestamp>,
}

impl<'a> EntryReport<'a> {
    /// What is said of this one.
    #[must_use]
    pub fn of(judged: &'a Judged) -> Self {
        let reason = &judged.reason;
        Self {
            line: judged.place.line,
            position: judged.place.position,
            verdict: reason.verdict(),
            reason,
            message: reason.words(),
            suggestion: judged.suggestion.as_deref(),
            normalised: judged.contact.as_ref().map(|contact| contact.address.as_str()),
            of: reason.other().map(|of| of.position),
            invited_at: match reason {
                Reason::AlreadyInvited { at, .. } => Some(*at),
                _ => None,
            },
        }
    }
}

/// Writes entries one after the other, without a list of reports between.
pub fn all<S: Serializer>(judged: &[Judged], serializer: S) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(Some(judged.len()))?;
    for entry in judged {
        list.serialize_element(&EntryReport::of(entry))?;
    }
    list.end()
}

/// How many entries got each verdict; they sum to the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = VerdictCounts)]
pub struct Counts {
    /// They go.
    pub ready: usize,
    /// They call for a second look.
    pub check: usize,
    /// They have to be mended.
    pub fix: usize,
    /// They need not, or must not, be written to.
    pub skip: usize,
}

impl Counts {
    /// Counts verdicts.
    pub fn of(verdicts: impl Iterator<Item = Verdict>) -> Self {
        let mut counts = Self::default();
        for verdict in verdicts {
            *match verdict {
                Verdict::Ready => &mut counts.ready,
                Verdict::Check => &mut counts.check,
                Verdict::Fix => &mut counts.fix,
                Verdict::Skip => &mut counts.skip,
            } += 1;
        }
        counts
    }
}

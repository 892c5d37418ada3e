//! What is said of each entry of a draft, without what stands in it: what a page of it is chosen from, and counted by.

use porchlight_shared::domain::InvitationId;

use super::look::Looked;
use crate::intake::{
    judging::{Reason, Verdict},
    ledger::drafts::DraftEntry,
    reading::Place,
};

/// How an entry stands. Each stands in one way, so that their counts sum to the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It goes: it is in order, or a leader took a second look.
    Ready,
    /// It calls for a second look.
    Check,
    /// It has to be mended.
    Fix,
    /// It need not, or must not, be written to.
    Skip,
    /// The leader took it out.
    Removed,
}

impl Standing {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 5] = [Self::Ready, Self::Check, Self::Fix, Self::Skip, Self::Removed];
}

impl From<Verdict> for Standing {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Ready => Self::Ready,
            Verdict::Check => Self::Check,
            Verdict::Fix => Self::Fix,
            Verdict::Skip => Self::Skip,
        }
    }
}

/// What is said of one entry.
#[derive(Clone, Debug)]
pub struct Told {
    /// Which entry.
    pub position: i32,
    /// Where the leader finds it.
    pub place: Place,
    /// How it stands.
    pub stands: Standing,
    /// What is said of it.
    pub reason: Reason,
    /// How it may have been meant.
    pub suggestion: Option<Box<str>>,
    /// Whether the leader wants it sent although it calls for a second look.
    pub accept: bool,
    /// Whether the leader said of it alone whether it is sent once more.
    pub again: Option<bool>,
    /// Whether its household is sent its invitation once more.
    pub is_again: bool,
    /// Whether its household is invited and its contact new: it goes if the leader accepts it.
    pub is_addition: bool,
    /// The live invitation of its household, where somebody was written to.
    pub invited: Option<InvitationId>,
}

impl Told {
    fn removed(entry: &DraftEntry) -> Self {
        let place = entry.as_entry().place;
        let stands = Standing::Removed;
        Self {
            position: entry.position,
            place,
            stands,
            reason: Reason::Ready,
            suggestion: None,
            accept: entry.accept,
            again: entry.again,
            is_again: false,
            is_addition: false,
            invited: None,
        }
    }
}

/// What is said of each entry of a draft, in the order of the list.
#[derive(Debug)]
pub struct Verdicts(Vec<Told>);

impl Verdicts {
    /// Those of a draft that was looked at.
    #[must_use]
    pub fn of(looked: &Looked) -> Self {
        let told = looked.judged.iter().zip(&looked.entries).enumerate().map(|(at, (judged, entry))| Told {
            position: entry.position,
            place: judged.place,
            stands: if judged.goes(false) { Standing::Ready } else { judged.verdict().into() },
            reason: judged.reason.clone(),
            suggestion: judged.suggestion.as_deref().map(Box::from),
            accept: judged.accept,
            again: judged.again,
            is_again: looked.foreseen.again.contains(&at),
            is_addition: looked.foreseen.additions.contains(&at),
            invited: looked.foreseen.invited.get(&at).copied(),
        });
        let mut told: Vec<_> = told.chain(looked.removed.iter().map(Told::removed)).collect();
        told.sort_unstable_by_key(|told| told.position);
        Self(told)
    }

    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Told> {
        self.0.iter()
    }

    /// What is said of the entry at a position.
    #[must_use]
    pub fn at(&self, position: i32) -> Option<&Told> {
        self.0.binary_search_by_key(&position, |told| told.position).ok().map(|at| &self.0[at])
    }

    /// How many entries stand so.
    #[must_use]
    pub fn count(&self, standing: Standing) -> usize {
        self.iter().filter(|told| told.stands == standing).count()
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a Verdicts {
    type Item = &'a Told;
    type IntoIter = std::slice::Iter<'a, Told>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

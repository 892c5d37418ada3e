//! The same at many households: a step that a leader takes for all whom they chose.
//!
//! [`mod@facts`] says beforehand at whom it can be done, and why not at the others. Doing it is one transaction for each
//! household, by the step that its own page takes, which has the last word; what was seen comes along, so that whoever
//! asks twice does it once: what the first time did counts as done the second time.

pub mod facts;

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use jiff::Timestamp;
use porchlight_shared::domain::{HouseholdId, InvitationId};

use super::steps::{Step, carry_out};
use crate::{audit::Actor, problem::Problem, state::AppState};
use facts::{Fact, facts};

/// Households at which something is done at once.
pub const MOST: usize = 500;

/// What is done at them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A step on the code of each.
    Step(Step),
    /// A pass is printed for each.
    Pass,
}

impl Deed {
    /// Every deed that is done at many, as pages list them.
    pub const ALL: [Self; 4] =
        [Self::Step(Step::Resend), Self::Pass, Self::Step(Step::Extend), Self::Step(Step::Revoke)];

    /// The word in addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Step(step) => step.as_str(),
            Self::Pass => "pass",
        }
    }

    /// The deed of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.as_str() == word)
    }
}

/// Why nothing is done at a household.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It has joined.
    Joined,
    /// It was written to within a day, or a message is on its way.
    Lately,
    /// Its invitation was sent as often as it may be.
    Often,
    /// No address is known that may be written to.
    Nobody,
    /// Its invitation was cancelled: whoever wants to invite it anew says so on its own page.
    Cancelled,
    /// It has no valid access code.
    NoCode,
    /// Its code holds that long already.
    LongEnough,
    /// Something else became of it in the meantime.
    Changed,
}

impl Why {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::Joined,
        Self::Lately,
        Self::Often,
        Self::Nobody,
        Self::Cancelled,
        Self::NoCode,
        Self::LongEnough,
        Self::Changed,
    ];

    /// The word in addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::Lately => "lately",
            Self::Often => "often",
            Self::Nobody => "nobody",
            Self::Cancelled => "cancelled",
            Self::NoCode => "no_code",
            Self::LongEnough => "long_enough",
            Self::Changed => "changed",
        }
    }
}

/// How many households nothing is done at, by why.
pub type Left = BTreeMap<Why, usize>;

/// A household at which something is to be done, and its live invitation as the leader saw it; `None`: it had none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meant {
    /// Which household.
    pub household: HouseholdId,
    /// Which invitation.
    pub invitation: Option<InvitationId>,
}

/// As a form carries it, short: a page carries hundreds.
impl fmt::Display for Meant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.household.uuid().simple())?;
        self.invitation.map_or(Ok(()), |invitation| write!(f, ".{}", invitation.uuid().simple()))
    }
}

impl FromStr for Meant {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        let (household, invitation) = match text.split_once('.') {
            Some((household, invitation)) => (household, Some(invitation.parse::<uuid::Uuid>()?.into())),
            None => (text, None),
        };
        Ok(Self { household: household.parse::<uuid::Uuid>()?.into(), invitation })
    }
}

/// What became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Households at which it is done, now or since the leader looked.
    pub did: usize,
    /// The others.
    pub left: Left,
}

impl Done {
    /// Counts a household at which nothing was done now: unless that was done since `seen`.
    fn leave(&mut self, step: Step, meant: &Meant, fact: Option<&Fact>, seen: Timestamp) {
        match fact.map(|fact| (fact, fact.stands_in_the_way(Deed::Step(step)))) {
            Some((fact, _)) if fact.is_done(step, meant, seen) => self.did += 1,
            Some((_, Some(why))) => *self.left.entry(why).or_default() += 1,
            Some((_, None)) | None => *self.left.entry(Why::Changed).or_default() += 1,
        }
    }
}

/// Takes a step at these households, one after the other. `seen` is when the leader looked. What was done stays done when
/// the ledger goes away in between; the same request does the rest.
///
/// # Errors
/// When none of them is the community's, or the ledger does not answer.
pub async fn all(
    state: &Arc<AppState>,
    actor: Actor,
    step: Step,
    meant: &[Meant],
    seen: Timestamp,
) -> Result<Done, Problem> {
    let texts = state.texts.is_some();
    let households: Vec<_> = meant.iter().map(|meant| meant.household).collect();
    let known = facts(&state.pool, actor.community, texts, &households).await?;
    if known.is_empty() {
        return Err(Problem::not_found());
    }
    let mut done = Done::default();
    let mut refused = Vec::new();
    for one in meant {
        match known.iter().find(|fact| fact.household == one.household) {
            Some(fact) if fact.stands_in_the_way(Deed::Step(step)).is_none() => {
                match carry_out(state, actor, one.household, one.invitation, step).await {
                    Ok(_) => done.did += 1,
                    Err(problem) if problem.is_ours() => return Err(problem),
                    Err(_) => refused.push(*one),
                }
            }
            fact => done.leave(step, one, fact, seen),
        }
    }
    // Why it was refused, the ledger knows by now.
    let households: Vec<_> = refused.iter().map(|meant| meant.household).collect();
    let known = facts(&state.pool, actor.community, texts, &households).await?;
    for one in &refused {
        done.leave(step, one, known.iter().find(|fact| fact.household == one.household), seen);
    }
    let left: usize = done.left.values().sum();
    tracing::info!(community = %actor.community, step = step.as_str(), did = done.did, left, "a leader chased many");
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_comes_back_as_it_was() {
        let (household, invitation) = (uuid::Uuid::from_u128(7).into(), uuid::Uuid::from_u128(8).into());
        for meant in
            [Meant { household, invitation: Some(invitation) }, Meant { household, invitation: None }]
        {
            assert_eq!(meant.to_string().parse(), Ok(meant));
        }
        for wrong in ["", ".", "7", "7.8", "00000000000000000000000000000007."] {
            assert!(wrong.parse::<Meant>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_deed_has_its_word() {
        for deed in Deed::ALL {
            assert_eq!(Deed::from_word(deed.as_str()), Some(deed));
        }
        assert_eq!(Deed::from_word("replace"), None);
    }
}

//! What became of an attempt, in four words that the ledger knows: accepted, refused, not sent, unknown.
//!
//! [`fn@classify`] holds the one table from a session's failure to an [`Outcome`]; [`fn@masked`] makes a server's words fit to
//! be kept.

mod classify;
mod masked;
mod provider_id;
mod refused;

pub use porchlight_shared::domain::{AttemptReason as Reason, Refusal};

pub use self::{
    classify::{accepted, classify},
    masked::masked,
};
use super::session::{Enhanced, Stage};

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server took the message over.
    Accepted {
        /// The name under which the provider keeps it, when its answer says one.
        provider_id: Option<String>,
        /// The answer, masked.
        text: String,
    },
    /// The server answered, and the answer was no. Certainly not accepted.
    Refused {
        /// Whose matter it is, and whether trying again helps.
        refusal: Refusal,
        /// What is wrong.
        reason: Reason,
        /// The answer's code.
        code: u16,
        /// The answer's enhanced code.
        enhanced: Option<Enhanced>,
        /// The answer's words, masked.
        text: String,
        /// The provider is being asked for too much: everybody should slow down, not only this recipient.
        slow_down: bool,
    },
    /// It certainly did not go, and nobody is to blame for it but the way there.
    NotSent {
        /// Why.
        reason: Reason,
        /// Where it ended.
        stage: Stage,
        /// The answer's words, masked, or what we saw.
        text: String,
        /// The provider asked us to come back later.
        slow_down: bool,
    },
    /// It may have gone: everything was handed over and no readable answer came.
    Unknown {
        /// Why.
        reason: Reason,
    },
}

impl Outcome {
    /// Why it was not accepted.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::Accepted { .. } => None,
            Self::Refused { reason, .. } | Self::NotSent { reason, .. } | Self::Unknown { reason } => {
                Some(*reason)
            }
        }
    }

    /// Whether the provider's gate should close for a while, for everybody.
    #[must_use]
    pub const fn asks_to_slow_down(&self) -> bool {
        matches!(self, Self::Refused { slow_down: true, .. } | Self::NotSent { slow_down: true, .. })
    }
}

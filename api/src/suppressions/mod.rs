//! Who must not be written to: the list, and what leaders do about it. [`ledger`] has the statements, [`endpoint`] the HTTP API.
//!
//! Whoever asked not to be contacted can only take that back themselves. A leader lifts what a leader said, and what came
//! back for good once the mailbox works again. What a whole installation keeps back is shown to a community only where the
//! address is of one of its contacts.

pub mod endpoint;
pub mod ledger;

use porchlight_shared::domain::{Channel, SuppressionReason};

/// Whether leaders may lift it.
#[must_use]
pub const fn may_be_lifted(reason: SuppressionReason) -> bool {
    match reason {
        SuppressionReason::Leader | SuppressionReason::HardBounced => true,
        SuppressionReason::Unsubscribed
        | SuppressionReason::OptedOut
        | SuppressionReason::Complained
        | SuppressionReason::NotMe => false,
    }
}

/// What a leader reads of a reason.
#[must_use]
pub fn told(reason: SuppressionReason) -> &'static str {
    match reason {
        SuppressionReason::Unsubscribed => say!("stopped-why-unsubscribed"),
        SuppressionReason::OptedOut => say!("stopped-why-opted-out"),
        SuppressionReason::Complained => say!("stopped-why-complained"),
        SuppressionReason::HardBounced => say!("stopped-why-hard-bounced"),
        SuppressionReason::NotMe => say!("stopped-why-not-me"),
        SuppressionReason::Leader => say!("stopped-why-leader"),
    }
}

/// How they can be written to again.
#[must_use]
pub fn way_back(reason: SuppressionReason, channel: Channel) -> &'static str {
    match (reason, channel) {
        (SuppressionReason::Leader, _) => say!("stopped-back-leader"),
        (SuppressionReason::HardBounced, _) => say!("stopped-back-hard-bounced"),
        (SuppressionReason::OptedOut, Channel::Text) => say!("stopped-back-opted-out"),
        _ => say!("stopped-back-theirs"),
    }
}

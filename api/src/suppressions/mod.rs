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
pub const fn told(reason: SuppressionReason) -> &'static str {
    match reason {
        SuppressionReason::Unsubscribed => "Stopped messages with the link in one",
        SuppressionReason::OptedOut => "Answered STOP",
        SuppressionReason::Complained => "Reported a message as unwanted",
        SuppressionReason::HardBounced => "A message came back for good",
        SuppressionReason::NotMe => "Said that they are not of the household",
        SuppressionReason::Leader => "A leader said so",
    }
}

/// How they can be written to again.
#[must_use]
pub const fn way_back(reason: SuppressionReason, channel: Channel) -> &'static str {
    match (reason, channel) {
        (SuppressionReason::Leader, _) => "You can lift this.",
        (SuppressionReason::HardBounced, _) => "Lift this if you know that the mailbox works again.",
        (SuppressionReason::OptedOut, Channel::Text) => "Only they can lift this: by answering START.",
        _ => "Only they can change that. Print an access pass, or talk to them in person.",
    }
}

//! Where a delivery stands, and the legal ways on from there.
//!
//! The database refuses every other way by itself (`deliveries_legal_transition`); a test walks all pairs through
//! both.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! states {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)+) => {
        /// The state of a delivery.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
        #[serde(rename_all = "snake_case")]
        #[sqlx(type_name = "delivery_state", rename_all = "snake_case")]
        pub enum DeliveryState {
            $($(#[$doc])* $name,)+
        }

        impl DeliveryState {
            /// Every state, in the order in which a delivery may meet them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word used in the API, in Postgres and in metrics.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

states! {
    /// It could go, and something says "not yet"; see [`HoldReason`].
    Held = "held",
    /// It may go as soon as a worker has a slot.
    Queued = "queued",
    /// An attempt is running.
    Sending = "sending",
    /// An attempt ended without success; the schedule says when the next begins.
    RetryWait = "retry_wait",
    /// The provider may have it; we are finding out.
    Checking = "checking",
    /// The provider may have it, and only a person can say what to do.
    NeedsDecision = "needs_decision",
    /// The provider took it.
    Accepted = "accepted",
    /// The provider says that it arrived.
    Delivered = "delivered",
    /// It came back.
    Bounced = "bounced",
    /// It arrived and was reported as unwanted.
    Complained = "complained",
    /// Refused for good, or the schedule ran out.
    Failed = "failed",
    /// A leader took it back before it began.
    Cancelled = "cancelled",
    /// The address must not be written to.
    Suppressed = "suppressed",
    /// Its invitation, or its batch's last moment, passed before it began.
    Expired = "expired",
    /// The household joined before it began.
    NotNeeded = "not_needed",
}

impl DeliveryState {
    /// Whether a delivery may go from here to `next` in one step.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        use DeliveryState::{
            Accepted, Bounced, Cancelled, Checking, Complained, Delivered, Expired, Failed, Held,
            NeedsDecision, NotNeeded, Queued, RetryWait, Sending, Suppressed,
        };
        const NEVER_BEGUN: [DeliveryState; 4] = [Cancelled, Suppressed, Expired, NotNeeded];
        match self {
            // What waits for another attempt may still learn how the one before it really ended.
            Queued | RetryWait => {
                matches!(next, Sending | Held | Failed | Accepted) || NEVER_BEGUN.contains(&next)
            }
            Held => matches!(next, Queued | Failed | Accepted) || NEVER_BEGUN.contains(&next),
            Sending => matches!(next, Accepted | RetryWait | Checking | Failed | NeedsDecision),
            Checking => {
                matches!(
                    next,
                    Accepted | Delivered | Bounced | Failed | RetryWait | NeedsDecision | NotNeeded
                )
            }
            NeedsDecision => matches!(next, Accepted | Delivered | Bounced | Failed | NotNeeded | Cancelled),
            Accepted => matches!(next, Delivered | Bounced | Complained),
            Delivered => matches!(next, Bounced | Complained),
            Bounced | Complained | Failed | Cancelled | Suppressed | Expired | NotNeeded => false,
        }
    }
}

impl fmt::Display for DeliveryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a delivery that could go does not go yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "hold_reason", rename_all = "snake_case")]
pub enum HoldReason {
    /// The community's sending window is shut.
    Window,
    /// The batch starts later.
    Scheduled,
    /// A leader paused the batch.
    Paused,
    /// The community's daily limit is used up.
    CommunityLimit,
    /// The provider refuses us; the operator is told.
    ChannelClosed,
    /// A leader has to approve it.
    Approval,
}

//! The failure dictionary: what a leader reads about a delivery, who has to act, and what the next step is.
//!
//! Web pages and the HTTP API say the same because both take it from here. Every state and every reason has
//! words: a new one does not compile without. They hold nothing of a household, blame nobody, and promise nothing
//! that cannot be done today. A problem always names who has to act; what may have arrived is never called a
//! failure. The sentences stand in the catalogue (`dictionary.ftl`); here is which is said when.

mod bucket;
mod group;
#[cfg(test)]
mod tests;

pub use bucket::Bucket;
pub use group::Group;

use porchlight_shared::domain::{AttemptReason, Channel, DeliveryState, HoldReason};
use serde::Serialize;
use utoipa::ToSchema;

use Channel::{Email, Text};
use DeliveryState::{
    Accepted, Bounced, Cancelled, Checking, Complained, Delivered, Expired, Failed, Held, NeedsDecision,
    NotNeeded, Queued, RetryWait, Sending, Suppressed,
};
use HoldReason::{Approval, ChannelClosed, CommunityLimit, Paused, Scheduled, Window};
use Who::{Household, Leader, Nobody, Operator};

/// The word for a household that joined, which counts for more than where its message stands.
pub const JOINED: &str = "joined";

/// Who has to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// It goes on by itself, or is over and well.
    Nobody,
    /// Whoever reads this.
    Leader,
    /// Whoever runs the installation.
    Operator,
    /// Whoever is invited.
    Household,
}

impl Who {
    /// What a leader reads.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Nobody => say!("who-nobody"),
            Self::Leader => say!("who-leader"),
            Self::Operator => say!("who-operator"),
            Self::Household => say!("who-household"),
        }
    }
}

/// What a leader reads about a delivery that does not simply go well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Words {
    /// What is so.
    pub what: &'static str,
    /// Who has to act.
    pub who: Who,
    /// What to do, or what happens by itself.
    pub next_step: &'static str,
}

fn words(what: &'static str, who: Who, next_step: &'static str) -> Words {
    Words { what, who, next_step }
}

fn by(channel: Channel, email: &'static str, text: &'static str) -> &'static str {
    match channel {
        Email => email,
        Text => text,
    }
}

/// The words for where a delivery stands; `None` for what needs none: delivered.
///
/// What is queued or waits to be tried again can have a reason to be held as well: behind a closed channel.
#[must_use]
pub fn of(
    channel: Channel,
    state: DeliveryState,
    held_reason: Option<HoldReason>,
    reason: Option<AttemptReason>,
) -> Option<Words> {
    if let (Bucket::Waiting, Some(hold)) = (Bucket::of(state), held_reason) {
        return Some(held(channel, hold));
    }
    let unexplained = (Remedy::NothingKnown, "", say!("words-failed"));
    let (remedy, _, what) = reason.map_or(unexplained, |reason| entry(channel, reason));
    Some(match state {
        Held => words(say!("words-held"), Nobody, say!("words-goes")),
        Queued => words(say!("words-queued"), Nobody, say!("words-goes")),
        Sending => words(say!("words-sending"), Nobody, say!("words-nothing-to-do")),
        RetryWait => remedy.while_it_is_tried(what),
        Checking => words(say!("words-checking"), Nobody, say!("words-finding-out")),
        NeedsDecision => words(say!("words-nobody-can-say"), Leader, say!("words-decide")),
        Accepted => words(
            say!("words-accepted"),
            Nobody,
            by(channel, say!("words-may-be-junk"), say!("words-news-comes")),
        ),
        Delivered => return None,
        Failed | Bounced => remedy.once_it_is_over(channel, what),
        Complained => words(say!("words-complained"), Leader, say!("words-leave-alone")),
        Cancelled if remedy == Remedy::Unclear => {
            words(say!("words-left-at-that"), Nobody, say!("words-invite-again"))
        }
        Cancelled => words(say!("words-cancelled"), Nobody, say!("words-invite-again")),
        Suppressed => words(
            by(channel, say!("words-not-this-address"), say!("words-not-this-number")),
            Leader,
            say!("words-leave-alone"),
        ),
        Expired => words(say!("words-expired"), Leader, say!("words-invite-again")),
        NotNeeded => words(say!("words-joined"), Nobody, say!("words-nothing-to-do")),
    })
}

/// The words for a delivery that was sent again, as long as nobody can say whether it arrived.
#[must_use]
pub fn sent_again() -> Words {
    words(say!("words-nobody-can-say"), Nobody, say!("words-sent-again"))
}

/// Whether a message whose newest attempt ended so may have arrived.
#[must_use]
pub fn may_have_arrived(reason: AttemptReason) -> bool {
    matches!(entry(Email, reason).0, Remedy::Unclear)
}

/// Why an attempt ended as it did, as a clause that follows a colon.
#[must_use]
pub fn clause(reason: AttemptReason) -> &'static str {
    entry(Email, reason).1
}

fn held(channel: Channel, hold: HoldReason) -> Words {
    let closed = by(channel, say!("held-no-email"), say!("held-no-text"));
    match hold {
        Window => words(say!("held-window"), Nobody, say!("words-goes-then")),
        Scheduled => words(say!("held-scheduled"), Nobody, say!("words-goes-then")),
        Paused => words(say!("held-paused"), Leader, say!("held-paused-next")),
        CommunityLimit => words(say!("held-limit"), Nobody, say!("words-goes-then")),
        ChannelClosed => words(closed, Operator, say!("words-goes-when-mended")),
        Approval => words(say!("held-approval"), Leader, say!("held-approval-next")),
    }
}

/// What helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remedy {
    /// The right address or number.
    FixAddress,
    OtherChannel,
    /// Room in the mailbox, a phone that is on.
    AskHousehold,
    /// Time.
    Later,
    /// The operator, who alone can mend it.
    Operator,
    LeaveAlone,
    /// Nobody says: perhaps another address.
    NothingKnown,
    /// Nobody says whether anything has to help.
    Unclear,
    /// Mostly time: it is between us and the provider.
    Ours,
}

impl Remedy {
    fn while_it_is_tried(self, what: &'static str) -> Words {
        match self {
            Self::Operator => words(what, Operator, say!("words-operator-mends")),
            Self::Unclear => words(what, Nobody, say!("words-once-more")),
            _ => words(what, Nobody, say!("words-again")),
        }
    }

    fn once_it_is_over(self, channel: Channel, what: &'static str) -> Words {
        let (who, next_step) = match (self, channel) {
            (Self::FixAddress, Email) => (Leader, say!("next-fix-email")),
            (Self::FixAddress, Text) => (Leader, say!("next-fix-text")),
            (Self::OtherChannel, _) => (Leader, say!("next-other-channel")),
            (Self::AskHousehold, Email) => (Household, say!("next-ask-email")),
            (Self::AskHousehold, Text) => (Household, say!("next-ask-text")),
            (Self::Later, Email) => (Leader, say!("next-later-email")),
            (Self::Later, Text) => (Leader, say!("next-later-text")),
            (Self::Operator | Self::Ours, _) => (Operator, say!("words-mended")),
            (Self::LeaveAlone, _) => (Leader, say!("words-leave-alone")),
            (Self::NothingKnown, Email) => (Leader, say!("next-another-email")),
            (Self::NothingKnown, Text) => (Leader, say!("next-another-text")),
            (Self::Unclear, _) => (Leader, say!("words-ask-or-repeat")),
        };
        words(what, who, next_step)
    }
}

macro_rules! table {
    ($channel:ident: $($reason:ident => $remedy:ident, $clause:expr, $what:expr;)+) => {
        /// What helps, the clause, and the sentence.
        fn entry($channel: Channel, reason: AttemptReason) -> (Remedy, &'static str, &'static str) {
            match reason { $(AttemptReason::$reason => (Remedy::$remedy, $clause, $what),)+ }
        }
    };
}

table! { channel:
    ConnectFailed => Ours, say!("reason-connect-failed-clause"), say!("words-not-handed-over");
    TlsFailed => Ours, say!("reason-tls-failed-clause"), say!("words-not-handed-over");
    HandshakeFailed => Ours, say!("reason-handshake-failed-clause"), say!("words-not-handed-over");
    AuthFailed => Ours, say!("reason-auth-failed-clause"), say!("words-not-handed-over");
    ConnectionLost => Ours, say!("reason-connection-lost-clause"), say!("words-not-handed-over");
    BodyNotWritten => Ours, say!("reason-body-not-written-clause"), say!("words-not-handed-over");
    NoTimeLeft => Ours, say!("reason-no-time-left-clause"), say!("words-not-handed-over");
    ShuttingDown => Ours, say!("reason-shutting-down-clause"), say!("words-not-handed-over");
    ProtocolViolation => Ours, say!("reason-protocol-violation-clause"), say!("words-not-handed-over");
    Internal => Ours, say!("reason-internal-clause"), say!("reason-internal");

    GreetingRefused => Operator, say!("reason-greeting-refused-clause"), say!("reason-greeting-refused");
    QuotaUsedUp => Operator, say!("reason-quota-used-up-clause"), say!("reason-quota-used-up");
    AccountRefused => Operator, say!("reason-account-refused-clause"), say!("reason-account-refused");
    RequestRefused => Operator, say!("reason-request-refused-clause"), say!("reason-request-refused");
    AuthRefused => Operator, say!("reason-auth-refused-clause"), say!("reason-auth-refused");
    SenderRefused => Operator, say!("reason-sender-refused-clause"), say!("reason-sender-refused");
    BlockedByPolicy => Operator, say!("reason-blocked-by-policy-clause"), say!("reason-blocked-by-policy");
    TooLarge => Operator, say!("reason-too-large-clause"), say!("reason-too-large");

    MailboxUnknown => FixAddress, say!("reason-mailbox-unknown-clause"), say!("reason-mailbox-unknown");
    MailboxDisabled => FixAddress, say!("reason-mailbox-disabled-clause"), say!("reason-mailbox-disabled");
    DomainUnknown => FixAddress, say!("reason-domain-unknown-clause"), say!("reason-domain-unknown");
    AddressInvalid => FixAddress, say!("reason-address-invalid-clause"), by(channel, say!("reason-address-invalid-email"), say!("reason-address-invalid-text"));
    NumberUnknown => FixAddress, say!("reason-number-unknown-clause"), say!("reason-number-unknown");
    NumberNotMobile => OtherChannel, say!("reason-number-not-mobile-clause"), say!("reason-number-not-mobile");
    NumberOutOfReach => OtherChannel, say!("reason-number-out-of-reach-clause"), say!("reason-number-out-of-reach");
    MailboxFull => AskHousehold, say!("reason-mailbox-full-clause"), say!("reason-mailbox-full");
    PhoneUnreachable => AskHousehold, say!("reason-phone-unreachable-clause"), say!("reason-phone-unreachable");
    OptedOut => LeaveAlone, say!("reason-opted-out-clause"), say!("reason-opted-out");
    RecipientRefused => NothingKnown, say!("reason-recipient-refused-clause"),
        by(channel, say!("reason-recipient-refused-email"), say!("reason-recipient-refused-text"));
    MessageRefused => NothingKnown, say!("reason-message-refused-clause"), say!("reason-message-refused");

    Throttled => Later, say!("reason-throttled-clause"), say!("reason-throttled");
    Greylisted => Later, say!("reason-greylisted-clause"), say!("reason-greylisted");
    TemporarilyRefused => Later, say!("reason-temporarily-refused-clause"), say!("reason-temporarily-refused");

    TimeoutAfterBody => Unclear, say!("reason-timeout-after-body-clause"), say!("words-no-clear-answer");
    ClosedAfterBody => Unclear, say!("reason-closed-after-body-clause"), say!("words-no-clear-answer");
    UnreadableAfterBody => Unclear, say!("reason-unreadable-after-body-clause"), say!("words-no-clear-answer");
    ProviderFailed => Unclear, say!("reason-provider-failed-clause"), say!("words-no-clear-answer");
    WorkerLost => Unclear, say!("reason-worker-lost-clause"), say!("words-no-clear-answer");
    WorkerStopped => Unclear, say!("reason-worker-stopped-clause"), say!("words-no-clear-answer");
}

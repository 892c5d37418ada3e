//! The failure dictionary: what a leader reads about a delivery, who has to act, and what the next step is.
//!
//! Web pages and the HTTP API say the same because both take it from here. Every state and every reason has
//! words: a new one does not compile without. They hold nothing of a household, blame nobody, and promise nothing
//! that cannot be done today. A problem always names who has to act; what may have arrived is never called a
//! failure.

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

macro_rules! buckets {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $title:literal: $($state:ident)|+;)+) => {
        /// What a leader reads of a state.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Bucket {
            $($(#[$doc])* $name,)+
        }

        impl Bucket {
            /// Every bucket, in the order in which they are shown.
            pub const ALL: [Self; 7] = [$(Self::$name),+];

            /// Where a state belongs.
            #[must_use]
            pub const fn of(state: DeliveryState) -> Self {
                match state { $($($state)|+ => Self::$name,)+ }
            }

            /// The word used in the API, in addresses of pages and in style sheets.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// What a leader reads.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }
        }
    };
}

buckets! {
    /// It has not gone yet.
    Waiting = "waiting", "Waiting": Held | Queued | RetryWait;
    /// It is going.
    Sending = "sending", "Sending": Sending;
    /// The provider took it.
    Sent = "sent", "Sent": Accepted;
    /// It arrived.
    Delivered = "delivered", "Delivered": Delivered;
    /// It may have gone; we are finding out.
    Checking = "checking", "Checking": Checking;
    /// Somebody has to act.
    Problem = "problem", "Problem": Failed | Bounced | Complained | NeedsDecision;
    /// It does not go any more.
    NotSent = "not_sent", "Not sent": Cancelled | Suppressed | Expired | NotNeeded;
}

impl Bucket {
    /// The bucket of a word, as [`as_str`](Self::as_str) gives it.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bucket| bucket.as_str() == word)
    }

    /// The states in it.
    pub fn states(self) -> impl Iterator<Item = DeliveryState> {
        DeliveryState::ALL.iter().copied().filter(move |state| Self::of(*state) == self)
    }
}

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
    pub const fn title(self) -> &'static str {
        match self {
            Self::Nobody => "Nobody",
            Self::Leader => "You",
            Self::Operator => "The operator",
            Self::Household => "The household",
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

const fn words(what: &'static str, who: Who, next_step: &'static str) -> Words {
    Words { what, who, next_step }
}

const fn by(channel: Channel, email: &'static str, text: &'static str) -> &'static str {
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
    let unexplained = (Remedy::NothingKnown, "", "It did not get through.");
    let (remedy, _, what) = reason.map_or(unexplained, |reason| entry(channel, reason));
    Some(match state {
        Held => words("It waits.", Nobody, "It goes out by itself."),
        Queued => words("It waits for its turn.", Nobody, "It goes out by itself."),
        Sending => words("It is being sent right now.", Nobody, "Nothing to do."),
        RetryWait => remedy.while_it_is_tried(what),
        Checking => words("The message may have arrived.", Nobody, FINDING_OUT),
        NeedsDecision => words(NOBODY_CAN_SAY, Leader, DECIDE),
        Accepted => words("The provider took it.", Nobody, by(channel, MAY_BE_JUNK, NEWS_COMES)),
        Delivered => return None,
        Failed | Bounced => remedy.once_it_is_over(channel, what),
        Complained => words("It arrived and was reported as unwanted.", Leader, LEAVE_ALONE),
        Cancelled if remedy == Remedy::Unclear => words(LEFT_AT_THAT, Nobody, INVITE_AGAIN),
        Cancelled => words("It was cancelled.", Nobody, INVITE_AGAIN),
        Suppressed => words(by(channel, NOT_THIS_ADDRESS, NOT_THIS_NUMBER), Leader, LEAVE_ALONE),
        Expired => words("It could not go out in time.", Leader, INVITE_AGAIN),
        NotNeeded => words("The household has joined meanwhile.", Nobody, "Nothing to do."),
    })
}

/// The words for a delivery that was sent again, as long as nobody can say whether it arrived.
#[must_use]
pub const fn sent_again() -> Words {
    words(NOBODY_CAN_SAY, Nobody, "It was sent again: look at the newer message.")
}

/// Whether a message whose newest attempt ended so may have arrived.
#[must_use]
pub const fn may_have_arrived(reason: AttemptReason) -> bool {
    matches!(entry(Email, reason).0, Remedy::Unclear)
}

/// Why an attempt ended as it did, as a clause that follows a colon.
#[must_use]
pub const fn clause(reason: AttemptReason) -> &'static str {
    entry(Email, reason).1
}

const AGAIN: &str = "It is tried again by itself; if that does not help, we will say so here.";
const ASK_OR_REPEAT: &str = "Ask the household, or send the invitation again; it may then arrive twice.";
const DECIDE: &str = "Ask the household whether it came; then send it again, or leave it.";
const FINDING_OUT: &str = "We are finding out; this takes at most 20 minutes.";
const GOES_THEN: &str = "It then goes out by itself.";
const GOES_WHEN_MENDED: &str = "The operator has been told. Once this works again, it goes out by itself.";
const INVITE_AGAIN: &str = "If the household is still to be invited, invite it again.";
const LEAVE_ALONE: &str = "Please do not write there again; talk to the household in person.";
const LEFT_AT_THAT: &str = "The message may have arrived and was left at that.";
const MAY_BE_JUNK: &str = "Nothing to do. If the household does not find it, it may be among the junk mail.";
const MENDED: &str = "Tell the operator; once this is mended, the invitation can be sent again.";
const NEWS_COMES: &str = "Nothing to do. As a rule we soon hear whether it arrived, and say so here.";
const NOBODY_CAN_SAY: &str = "The message may have arrived: nobody can say.";
const NOT_HANDED_OVER: &str = "The message could not be handed to the provider.";
const NOT_THIS_ADDRESS: &str = "We were asked not to write to this address.";
const NOT_THIS_NUMBER: &str = "We were asked not to write to this number.";
const NO_CLEAR_ANSWER: &str = "The message may have arrived: we got no clear answer.";
const ONCE_MORE: &str = "It is sent once more by itself; it may then arrive twice.";
const OPERATOR_MENDS: &str = "It is tried again by itself; the operator can mend the cause.";

const fn held(channel: Channel, hold: HoldReason) -> Words {
    let closed = by(channel, "No e-mail can go out at the moment.", "No text can go out at the moment.");
    match hold {
        Window => words("It waits until your community's sending window opens.", Nobody, GOES_THEN),
        Scheduled => words("It waits for the time that was chosen for it.", Nobody, GOES_THEN),
        Paused => words("The batch is paused.", Leader, "It goes out once you resume the batch."),
        CommunityLimit => words("It waits until your community's daily limit allows it.", Nobody, GOES_THEN),
        ChannelClosed => words(closed, Operator, GOES_WHEN_MENDED),
        Approval => words("It waits for approval.", Leader, "It goes out once a leader has approved it."),
    }
}

macro_rules! groups {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $title:literal, $said:literal;)+) => {
        /// Problems that the same thing helps against: how a leader chases them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Group { $($(#[$doc])* $name,)+ }

        impl Group {
            /// Every group, in the order in which they are shown.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word in addresses.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// What a leader reads above it.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// What is so, and what to do.
            #[must_use]
            pub const fn said(self) -> &'static str {
                match self { $(Self::$name => $said,)+ }
            }
        }
    };
}

groups! {
    /// Nobody can say whether it arrived.
    Decide = "decide", "It may have arrived: you decide",
        "Ask the household whether it came. If you cannot, send it again: it may then arrive twice.";
    /// There is no such address or number.
    FixAddress = "fix_address", "The address is wrong",
        "Ask the household for the right one and type it in, or hand it an access pass.";
    /// The number takes no texts.
    OtherChannel = "other_channel", "The number takes no texts",
        "Type in an e-mail address or a mobile number instead, or hand the household an access pass.";
    /// Time, or the household, helps.
    TryAgain = "try_again", "It was not taken this time",
        "A full mailbox, a phone that is off, a provider that was busy: it often works the next day.";
    /// The operator has to mend something first.
    Operator = "operator", "It was blocked, or a fault of ours",
        "The operator has to mend the cause. Once that is done, send these again.";
    /// Not to be written to.
    LeaveAlone = "leave_alone", "They do not want these messages",
        "Please do not write there again; talk to the household in person.";
}

impl Group {
    /// Where a delivery in the bucket of problems belongs.
    #[must_use]
    pub fn of(channel: Channel, state: DeliveryState, reason: Option<AttemptReason>) -> Self {
        match (state, reason.map(|reason| entry(channel, reason).0)) {
            (NeedsDecision, _) => Self::Decide,
            (Complained, _) | (_, Some(Remedy::LeaveAlone)) => Self::LeaveAlone,
            (_, Some(Remedy::FixAddress | Remedy::NothingKnown) | None) => Self::FixAddress,
            (_, Some(Remedy::OtherChannel)) => Self::OtherChannel,
            (_, Some(Remedy::AskHousehold | Remedy::Later | Remedy::Unclear)) => Self::TryAgain,
            (_, Some(Remedy::Operator | Remedy::Ours)) => Self::Operator,
        }
    }

    /// The group of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|group| group.as_str() == word)
    }

    /// Whether its messages can be sent again as they are.
    #[must_use]
    pub const fn is_tried_again(self) -> bool {
        matches!(self, Self::Decide | Self::TryAgain | Self::Operator)
    }

    /// Whether another address is what helps.
    #[must_use]
    pub const fn wants_address(self) -> bool {
        matches!(self, Self::FixAddress | Self::OtherChannel)
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
    const fn while_it_is_tried(self, what: &'static str) -> Words {
        match self {
            Self::Operator => words(what, Operator, OPERATOR_MENDS),
            Self::Unclear => words(what, Nobody, ONCE_MORE),
            _ => words(what, Nobody, AGAIN),
        }
    }

    const fn once_it_is_over(self, channel: Channel, what: &'static str) -> Words {
        let (who, next_step) = match (self, channel) {
            (Self::FixAddress, Email) => {
                (Leader, "Ask the household for its e-mail address; invite it there.")
            }
            (Self::FixAddress, Text) => (Leader, "Ask the household for its mobile number; invite it there."),
            (Self::OtherChannel, _) => (Leader, "Invite the household by e-mail or on a mobile phone."),
            (Self::AskHousehold, Email) => (Household, "Ask the household to make room; then invite again."),
            (Self::AskHousehold, Text) => (Household, "Ask the household to turn it on; then invite again."),
            (Self::Later, Email) => (Leader, "Invite again after a day, or ask for another address."),
            (Self::Later, Text) => (Leader, "Invite again after a day, or ask for another number."),
            (Self::Operator | Self::Ours, _) => (Operator, MENDED),
            (Self::LeaveAlone, _) => (Leader, LEAVE_ALONE),
            (Self::NothingKnown, Email) => (Leader, "Ask for another e-mail address and invite again."),
            (Self::NothingKnown, Text) => (Leader, "Ask for another mobile number and invite again."),
            (Self::Unclear, _) => (Leader, ASK_OR_REPEAT),
        };
        words(what, who, next_step)
    }
}

macro_rules! table {
    ($channel:ident: $($reason:ident => $remedy:ident, $clause:literal, $what:expr;)+) => {
        /// What helps, the clause, and the sentence.
        const fn entry($channel: Channel, reason: AttemptReason) -> (Remedy, &'static str, &'static str) {
            match reason { $(AttemptReason::$reason => (Remedy::$remedy, $clause, $what),)+ }
        }
    };
}

table! { channel:
    ConnectFailed => Ours, "the provider could not be reached", NOT_HANDED_OVER;
    TlsFailed => Ours, "no secure connection could be made", NOT_HANDED_OVER;
    HandshakeFailed => Ours, "the connection broke off at the start", NOT_HANDED_OVER;
    AuthFailed => Ours, "the connection broke off while we signed in", NOT_HANDED_OVER;
    ConnectionLost => Ours, "the connection broke off before the message", NOT_HANDED_OVER;
    BodyNotWritten => Ours, "the connection broke off halfway through the message", NOT_HANDED_OVER;
    NoTimeLeft => Ours, "too little time was left to send it", NOT_HANDED_OVER;
    ShuttingDown => Ours, "sending was stopped on our side before it went", NOT_HANDED_OVER;
    ProtocolViolation => Ours, "the provider's answers made no sense", NOT_HANDED_OVER;
    Internal => Ours, "a fault of ours", "Something went wrong on our side.";

    GreetingRefused => Operator, "the provider refuses our connection", "The provider takes nothing from us.";
    QuotaUsedUp => Operator, "our sending limit is used up", "Our limit with the provider is used up.";
    AccountRefused => Operator, "our account may not send", "The provider does not let our account send.";
    RequestRefused => Operator, "the provider refuses our requests", "The provider refuses our requests.";
    AuthRefused => Operator, "the provider refuses our sign-in", "The provider does not accept our sign-in.";
    SenderRefused => Operator, "we are refused as the sender", "The provider refuses us as the sender.";
    BlockedByPolicy => Operator, "a filter blocked it", "The message was blocked by a filter.";
    TooLarge => Operator, "the message is too large", "The message is too large.";

    MailboxUnknown => FixAddress, "there is no such mailbox", "There is no mailbox with this address.";
    MailboxDisabled => FixAddress, "the mailbox is closed", "The mailbox with this address is closed.";
    DomainUnknown => FixAddress, "the part after the @ takes no mail", "The part after the @ takes no mail.";
    AddressInvalid => FixAddress, "the address or number cannot be right",
        by(channel, "This e-mail address cannot be right.", "This phone number cannot be right.");
    NumberUnknown => FixAddress, "nobody has this number", "Nobody has this phone number.";
    NumberNotMobile => OtherChannel, "the number takes no texts", "It takes no texts; perhaps it is a landline.";
    NumberOutOfReach => OtherChannel, "we cannot text this number", "Our texts cannot reach this number.";
    MailboxFull => AskHousehold, "the mailbox is full", "The mailbox is full.";
    PhoneUnreachable => AskHousehold, "the phone is off or has no signal", "The phone is off or has no signal.";
    OptedOut => LeaveAlone, "asked not to be contacted", "The recipient asked not to be contacted.";
    RecipientRefused => NothingKnown, "the recipient was refused; nobody says why",
        by(channel, "This address was refused; nobody says why.", "This number was refused; nobody says why.");
    MessageRefused => NothingKnown, "refused; nobody says why", "The message was refused; nobody says why.";

    Throttled => Later, "the provider asks us to slow down", "The provider asks us to send more slowly.";
    Greylisted => Later, "try again later (greylisting)", "The provider asks us to try again later.";
    TemporarilyRefused => Later, "refused for the time being", "The message was refused for the time being.";

    TimeoutAfterBody => Unclear, "handed over, and no answer came in time", NO_CLEAR_ANSWER;
    ClosedAfterBody => Unclear, "handed over, and the connection broke off", NO_CLEAR_ANSWER;
    UnreadableAfterBody => Unclear, "handed over, and the answer made no sense", NO_CLEAR_ANSWER;
    ProviderFailed => Unclear, "handed over, and the provider had a fault", NO_CLEAR_ANSWER;
    WorkerLost => Unclear, "we were cut off in the middle of it", NO_CLEAR_ANSWER;
    WorkerStopped => Unclear, "we were stopped while waiting for the answer", NO_CLEAR_ANSWER;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const HOLDS: [HoldReason; 6] = [Window, Scheduled, Paused, CommunityLimit, ChannelClosed, Approval];

    /// Beginnings of words that a leader need not know.
    const JARGON: &str = "4xx 5xx api auth bounc config dns domain error greylist handshake http policy \
                          protocol queue server smtp tls";

    fn is_plain(said: &str) -> bool {
        let lower = said.to_lowercase();
        let mut each = lower.split(|letter: char| !letter.is_alphanumeric());
        !each.any(|word| JARGON.split_whitespace().any(|jargon| word.starts_with(jargon)))
    }

    #[test]
    fn whatever_becomes_of_a_delivery_has_plain_words() {
        let reasons: Vec<_> = AttemptReason::ALL.iter().copied().map(Some).chain([None]).collect();
        let holds: Vec<_> = HOLDS.into_iter().map(Some).chain([None]).collect();
        let states =
            DeliveryState::ALL.iter().flat_map(|state| Channel::ALL.map(|channel| (channel, *state)));
        for (channel, state) in states {
            for (hold, reason) in holds.iter().flat_map(|hold| reasons.iter().map(|reason| (*hold, *reason)))
            {
                let about = format!("{channel}, {state}, {hold:?}, {reason:?}");
                let Some(words) = of(channel, state, hold, reason) else {
                    assert_eq!(state, Delivered, "{about}");
                    continue;
                };
                for said in [words.what, words.next_step] {
                    assert!(said.starts_with(char::is_uppercase) && said.ends_with('.'), "{about}: {said}");
                    assert!(is_plain(said), "{about}: {said}");
                }
                assert!(words.who != Nobody || Bucket::of(state) != Bucket::Problem, "{about}");
            }
        }
    }

    #[test]
    fn what_may_have_arrived_is_not_simply_called_cancelled() {
        for &reason in AttemptReason::ALL {
            let said = of(Text, Cancelled, None, Some(reason)).unwrap().what;
            assert_eq!(said.contains("may have arrived"), may_have_arrived(reason), "{reason}: {said}");
        }
        assert!(may_have_arrived(AttemptReason::WorkerLost) && !may_have_arrived(AttemptReason::Greylisted));
        assert_eq!(of(Email, Cancelled, None, None).unwrap().what, "It was cancelled.");
    }

    #[test]
    fn clauses_follow_a_colon_and_tell_reasons_apart() {
        for &reason in AttemptReason::ALL {
            let said = clause(reason);
            assert!(said.starts_with(char::is_lowercase) && !said.ends_with('.'), "{reason}: {said}");
            assert!(is_plain(&said.replace("(greylisting)", "")), "{reason}: {said}");
        }
        let different: BTreeSet<_> = AttemptReason::ALL.iter().map(|reason| clause(*reason)).collect();
        assert_eq!(different.len(), AttemptReason::ALL.len());
    }

    #[test]
    fn the_operator_is_named_for_what_only_the_operator_can_mend() {
        use AttemptReason::{
            AccountRefused, AuthRefused, GreetingRefused, QuotaUsedUp, RequestRefused, SenderRefused,
        };
        for reason in
            [AccountRefused, AuthRefused, GreetingRefused, QuotaUsedUp, RequestRefused, SenderRefused]
        {
            for state in [RetryWait, Failed, Bounced] {
                assert_eq!(of(Text, state, None, Some(reason)).unwrap().who, Operator, "{state}, {reason}");
            }
        }
    }

    #[test]
    fn a_reason_to_be_held_comes_first_and_only_while_it_waits() {
        for &state in DeliveryState::ALL {
            let paused = of(Email, state, Some(Paused), None) == Some(held(Email, Paused));
            assert_eq!(paused, Bucket::of(state) == Bucket::Waiting, "{state}");
        }
    }

    #[test]
    fn buckets_part_the_states_and_are_found_by_their_words() {
        let mut states: Vec<_> = Bucket::ALL.into_iter().flat_map(Bucket::states).collect();
        states.sort_unstable();
        assert_eq!(states, DeliveryState::ALL);
        for bucket in Bucket::ALL {
            assert_eq!(Bucket::from_word(bucket.as_str()), Some(bucket));
            assert_eq!(serde_json::to_value(bucket).unwrap(), bucket.as_str());
        }
        assert_eq!(Bucket::from_word("Not sent"), None);
    }
}

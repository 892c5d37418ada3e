//! One try at a delivery: how it ended, and the stable code for why.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How an attempt ended, which decides whether the provider may have the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "attempt_outcome", rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// The provider took responsibility.
    Accepted,
    /// The provider will never take this message to this address.
    RefusedPermanent,
    /// Not now; the schedule says when again.
    RefusedTemporary,
    /// The provider refused *us*: nobody's address is to blame, no attempt is used up.
    RefusedConfiguration,
    /// The message certainly did not leave.
    NotSent,
    /// The message may have left. Never repeated lightly.
    Unknown,
}

impl AttemptOutcome {
    /// Whether an attempt that ended so counts against the retry schedule.
    #[must_use]
    pub const fn counts(self) -> bool {
        matches!(self, Self::RefusedTemporary | Self::Unknown)
    }
}

/// Whose matter a refusal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The address or the message: trying again is no use.
    Permanent,
    /// Later it may be taken.
    Temporary,
    /// Ours or the operator's: the recipient is not to blame, and the channel closes until it is mended.
    Configuration,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)+) => {
        /// Why an attempt ended as it did: the stable code behind the words that a leader reads.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
        #[serde(rename_all = "snake_case")]
        #[sqlx(type_name = "attempt_reason", rename_all = "snake_case")]
        pub enum AttemptReason {
            $($(#[$doc])* $name,)+
        }

        impl AttemptReason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word used in the API, in Postgres and in metrics.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }

        impl fmt::Display for AttemptReason {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

reasons! {
    /// The provider could not be found or reached.
    ConnectFailed = "connect_failed",
    /// TLS could not be begun, or the certificate is not trusted.
    TlsFailed = "tls_failed",
    /// The connection was lost before the message was begun.
    HandshakeFailed = "handshake_failed",
    /// The connection was lost while proving who we are.
    AuthFailed = "auth_failed",
    /// The connection was lost between the envelope and the body.
    ConnectionLost = "connection_lost",
    /// The connection was lost while the body was written.
    BodyNotWritten = "body_not_written",
    /// Too little of the attempt's time was left before the body.
    NoTimeLeft = "no_time_left",
    /// The worker was stopping before the body went out.
    ShuttingDown = "shutting_down",
    /// The provider's answers do not belong to our commands.
    ProtocolViolation = "protocol_violation",
    /// The provider will have nothing to do with us.
    GreetingRefused = "greeting_refused",
    /// The provider asks everybody to slow down.
    Throttled = "throttled",
    /// The account's quota is used up.
    QuotaUsedUp = "quota_used_up",
    /// The account may not send: suspended, closed, or on trial.
    AccountRefused = "account_refused",
    /// The provider, or somebody in its place, refuses our requests, whatever they say.
    RequestRefused = "request_refused",
    /// User or password are wrong, or missing.
    AuthRefused = "auth_refused",
    /// The From address, or the number in whose name we write, may not be used.
    SenderRefused = "sender_refused",
    /// No such mailbox.
    MailboxUnknown = "mailbox_unknown",
    /// No such domain, or it takes no mail.
    DomainUnknown = "domain_unknown",
    /// The address is not one.
    AddressInvalid = "address_invalid",
    /// The mailbox exists and is closed.
    MailboxDisabled = "mailbox_disabled",
    /// The mailbox is full.
    MailboxFull = "mailbox_full",
    /// Nobody has this number.
    NumberUnknown = "number_unknown",
    /// The number is a landline, or no mobile phone's for another reason.
    NumberNotMobile = "number_not_mobile",
    /// There is no way to the number from our account or in our name.
    NumberOutOfReach = "number_out_of_reach",
    /// The phone is switched off, or without a network.
    PhoneUnreachable = "phone_unreachable",
    /// The recipient asked not to be written to.
    OptedOut = "opted_out",
    /// The recipient is refused and nobody says why.
    RecipientRefused = "recipient_refused",
    /// A filter or a policy refuses it.
    BlockedByPolicy = "blocked_by_policy",
    /// An unknown sender is asked to come again.
    Greylisted = "greylisted",
    /// Not now.
    TemporarilyRefused = "temporarily_refused",
    /// The message is refused and nobody says why.
    MessageRefused = "message_refused",
    /// The message is too large.
    TooLarge = "too_large",
    /// The message was handed over whole and no answer came in time.
    TimeoutAfterBody = "timeout_after_body",
    /// The message was handed over whole and the connection was lost.
    ClosedAfterBody = "closed_after_body",
    /// The message was handed over whole and the answer cannot be read.
    UnreadableAfterBody = "unreadable_after_body",
    /// The message was handed over whole, and the provider says that it failed itself.
    ProviderFailed = "provider_failed",
    /// The worker did not come back before the attempt's deadline.
    WorkerLost = "worker_lost",
    /// The worker was stopped while the answer was awaited.
    WorkerStopped = "worker_stopped",
    /// A fault of ours.
    Internal = "internal",
}

/// What a reason says of the address or number that the message was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressVerdict {
    /// Nobody gets anything there, now or later: a list with many such is old, or bought.
    Dead,
    /// It was refused for its own sake, and may be somebody's all the same.
    Refused,
    /// Nothing: it is about the message, about us, or about now.
    Unsaid,
}

impl AttemptReason {
    /// What it says of the address or number.
    #[must_use]
    pub const fn verdict_on_address(self) -> AddressVerdict {
        match self {
            Self::MailboxUnknown
            | Self::DomainUnknown
            | Self::AddressInvalid
            | Self::MailboxDisabled
            | Self::NumberUnknown
            | Self::NumberNotMobile => AddressVerdict::Dead,
            Self::MailboxFull
            | Self::NumberOutOfReach
            | Self::PhoneUnreachable
            | Self::OptedOut
            | Self::RecipientRefused => AddressVerdict::Refused,
            Self::ConnectFailed
            | Self::TlsFailed
            | Self::HandshakeFailed
            | Self::AuthFailed
            | Self::ConnectionLost
            | Self::BodyNotWritten
            | Self::NoTimeLeft
            | Self::ShuttingDown
            | Self::ProtocolViolation
            | Self::GreetingRefused
            | Self::Throttled
            | Self::QuotaUsedUp
            | Self::AccountRefused
            | Self::RequestRefused
            | Self::AuthRefused
            | Self::SenderRefused
            | Self::BlockedByPolicy
            | Self::Greylisted
            | Self::TemporarilyRefused
            | Self::MessageRefused
            | Self::TooLarge
            | Self::TimeoutAfterBody
            | Self::ClosedAfterBody
            | Self::UnreadableAfterBody
            | Self::ProviderFailed
            | Self::WorkerLost
            | Self::WorkerStopped
            | Self::Internal => AddressVerdict::Unsaid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_serialised_ones() {
        for reason in AttemptReason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
    }
}

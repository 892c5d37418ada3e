//! One try at a delivery: how it ended, and the stable code for why.

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
    };
}

reasons! {
    /// The provider's name has no address.
    DnsFailed = "dns_failed",
    /// No connection came about.
    ConnectFailed = "connect_failed",
    /// The encrypted session did not come about.
    TlsFailed = "tls_failed",
    /// The provider greeted with a refusal.
    GreetingRefused = "greeting_refused",
    /// The connection broke before or in the greeting.
    GreetingFailed = "greeting_failed",
    /// The connection broke in EHLO, or EHLO was refused.
    HelloFailed = "hello_failed",
    /// User name or password were refused.
    AuthenticationRefused = "authentication_refused",
    /// The connection broke while signing in.
    AuthenticationFailed = "authentication_failed",
    /// The provider does not let us send from this address.
    SenderRefused = "sender_refused",
    /// The connection broke between MAIL and the go-ahead for the body.
    EnvelopeFailed = "envelope_failed",
    /// The connection broke with part of the body unwritten.
    BodyNotWritten = "body_not_written",
    /// Too little of the attempt's time was left to send the body.
    NoTimeLeft = "no_time_left",
    /// The provider asked everybody to slow down.
    Throttled = "throttled",
    /// The recipient's server asks unknown senders to come back later.
    Greylisted = "greylisted",
    /// Any other "not now".
    TemporarilyRefused = "temporarily_refused",
    /// The address does not exist.
    MailboxUnknown = "mailbox_unknown",
    /// The mailbox takes no more.
    MailboxFull = "mailbox_full",
    /// The mailbox is switched off.
    MailboxDisabled = "mailbox_disabled",
    /// The domain does not exist or takes no mail.
    DomainUnknown = "domain_unknown",
    /// A policy of the recipient's server blocks the message.
    BlockedByPolicy = "blocked_by_policy",
    /// The message is larger than the server takes.
    TooLarge = "too_large",
    /// The message itself was refused.
    MessageRefused = "message_refused",
    /// Any other refusal of this recipient.
    RecipientRefused = "recipient_refused",
    /// The message was handed over whole and no answer came in time.
    NoAnswerAfterBody = "no_answer_after_body",
    /// The message was handed over whole and the connection broke.
    ClosedAfterBody = "closed_after_body",
    /// The message was handed over whole and the answer made no sense.
    UnreadableAnswer = "unreadable_answer",
    /// The worker did not come back before the attempt's deadline.
    WorkerLost = "worker_lost",
    /// The worker was stopped while the provider's answer was still awaited.
    WorkerStopped = "worker_stopped",
    /// A fault of ours.
    Internal = "internal",
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

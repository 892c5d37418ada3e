//! What became of an attempt, in four words that the ledger knows: accepted, refused, not sent, unknown.
//!
//! [`classify`] holds the one table from a session's failure to an [`Outcome`]; [`masked`] makes a server's words fit to
//! be kept.

mod classify;
mod masked;
mod provider_id;
mod refused;

use std::fmt;

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
        /// Why a message was not accepted: stable words from which what a leader reads is made.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason {$(
            $(#[$doc])*
            $name,
        )+}

        impl Reason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word kept in the ledger and shown in metrics.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}

reasons! {
    /// The server could not be found or reached.
    ConnectFailed = "connect_failed",
    /// TLS could not be begun, or the certificate is not trusted.
    TlsFailed = "tls_failed",
    /// The connection was lost before the message was begun.
    HandshakeFailed = "handshake_failed",
    /// The connection was lost while proving who we are.
    AuthFailed = "auth_failed",
    /// The connection was lost at MAIL, RCPT or DATA.
    ConnectionLost = "connection_lost",
    /// The connection was lost while the body was written.
    BodyNotWritten = "body_not_written",
    /// The attempt's time ended before the body.
    NoTimeLeft = "no_time_left",
    /// The worker is stopping.
    ShuttingDown = "shutting_down",
    /// The server's answers do not belong to our commands.
    ProtocolViolation = "protocol_violation",
    /// The server will have nothing to do with us.
    GreetingRefused = "greeting_refused",
    /// The provider asks us to slow down.
    Throttled = "throttled",
    /// The account's quota is used up.
    QuotaUsedUp = "quota_used_up",
    /// User or password are wrong, or missing.
    AuthRefused = "auth_refused",
    /// The From address may not be used.
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
    /// The recipient is refused and the server does not say why.
    RecipientRefused = "recipient_refused",
    /// A filter or a policy refuses it.
    BlockedByPolicy = "blocked_by_policy",
    /// An unknown sender is asked to come again.
    Greylisted = "greylisted",
    /// Not now.
    TemporarilyRefused = "temporarily_refused",
    /// The message is refused and the server does not say why.
    MessageRefused = "message_refused",
    /// The message is too large.
    TooLarge = "too_large",
    /// No answer came after the body.
    TimeoutAfterBody = "timeout_after_body",
    /// The connection was lost after the body.
    ClosedAfterBody = "closed_after_body",
    /// The answer after the body cannot be read.
    UnreadableAfterBody = "unreadable_after_body",
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn reasons_are_distinct_snake_case_words() {
        let words: HashSet<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(words.len(), Reason::ALL.len());
        assert!(words.iter().all(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
    }
}

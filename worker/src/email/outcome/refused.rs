//! The half of the table that reads answers: codes, enhanced codes, and, only where a server gives no more, its words.

use super::{Outcome, Reason, Refusal, masked::masked};
use crate::email::session::{Reply, Stage};

/// What an answer of 4yz or 5yz at `stage` means.
pub(super) fn classify(stage: Stage, reply: &Reply, recipient: &str) -> Outcome {
    let text = masked(&reply.text(), recipient);
    let Some((refusal, reason)) = meaning(stage, reply) else {
        let reason = if stage == Stage::StartTls { Reason::TlsFailed } else { Reason::ProtocolViolation };
        return Outcome::NotSent {
            reason,
            stage,
            text: format!("{} {text}", reply.code()),
            slow_down: false,
        };
    };
    Outcome::Refused {
        refusal,
        reason,
        code: reply.code(),
        enhanced: reply.enhanced(),
        text,
        slow_down: reason == Reason::Throttled,
    }
}

/// `None` where the answer says nothing about message, recipient or account.
fn meaning(stage: Stage, reply: &Reply) -> Option<(Refusal, Reason)> {
    if stage == Stage::StartTls || reply.code() == 503 {
        return None;
    }
    let meaning = if reply.is_transient() { transient(stage, reply) } else { permanent(stage, reply) };
    Some(meaning)
}

fn transient(stage: Stage, reply: &Reply) -> (Refusal, Reason) {
    let words = reply.text().to_ascii_lowercase();
    // Amazon's words for its own limits, at whatever command they are met.
    if reply.code() == 454 && words.contains("throttling failure") {
        return if words.contains("quota") {
            (Refusal::Configuration, Reason::QuotaUsedUp)
        } else {
            (Refusal::Temporary, Reason::Throttled)
        };
    }
    let reason = match stage {
        Stage::Connect | Stage::Tls | Stage::Greeting | Stage::Ehlo | Stage::StartTls | Stage::Auth => {
            Reason::Throttled
        }
        Stage::Mail if reply.is_closing() => Reason::Throttled,
        Stage::Mail => Reason::TemporarilyRefused,
        Stage::Rcpt | Stage::Data | Stage::Body | Stage::AfterBody => {
            let about = reply.enhanced().map(|enhanced| (enhanced.subject, enhanced.detail));
            if words.contains("greylist") || words.contains("graylist") || about == Some((7, 1)) {
                Reason::Greylisted
            } else if about == Some((2, 2)) {
                Reason::MailboxFull
            } else {
                Reason::TemporarilyRefused
            }
        }
    };
    (Refusal::Temporary, reason)
}

fn permanent(stage: Stage, reply: &Reply) -> (Refusal, Reason) {
    let about = reply.enhanced().map(|enhanced| (enhanced.subject, enhanced.detail));
    match stage {
        Stage::Connect | Stage::Tls | Stage::Greeting | Stage::Ehlo | Stage::StartTls => {
            (Refusal::Configuration, Reason::GreetingRefused)
        }
        Stage::Auth => (Refusal::Configuration, Reason::AuthRefused),
        _ if reply.code() == 530 => (Refusal::Configuration, Reason::AuthRefused),
        Stage::Mail if reply.code() == 552 || matches!(about, Some((3, 4) | (2, 3))) => {
            (Refusal::Permanent, Reason::TooLarge)
        }
        Stage::Mail => (Refusal::Configuration, Reason::SenderRefused),
        Stage::Rcpt | Stage::Data | Stage::Body | Stage::AfterBody => {
            let reason =
                about.and_then(by_enhanced).unwrap_or_else(|| by_code(stage, reply, about.is_some()));
            (Refusal::Permanent, reason)
        }
    }
}

/// What an enhanced code says about address or message; `None` when it says nothing in particular.
fn by_enhanced(about: (u16, u16)) -> Option<Reason> {
    Some(match about {
        (1, 1 | 6) => Reason::MailboxUnknown,
        (1, 2 | 10) => Reason::DomainUnknown,
        (1, 3) => Reason::AddressInvalid,
        (2, 1) => Reason::MailboxDisabled,
        (2, 2) => Reason::MailboxFull,
        (2, 3) | (3, 4) => Reason::TooLarge,
        (7, _) => Reason::BlockedByPolicy,
        _ => return None,
    })
}

fn by_code(stage: Stage, reply: &Reply, has_enhanced: bool) -> Reason {
    let at_recipient = stage == Stage::Rcpt;
    if !has_enhanced && speaks_of_policy(&reply.text()) {
        return Reason::BlockedByPolicy;
    }
    match reply.code() {
        550 | 551 if at_recipient && !has_enhanced => Reason::MailboxUnknown,
        501 | 553 if at_recipient => Reason::AddressInvalid,
        552 if at_recipient => Reason::MailboxFull,
        552 => Reason::TooLarge,
        _ if at_recipient => Reason::RecipientRefused,
        _ => Reason::MessageRefused,
    }
}

/// A server that gives no enhanced code still tells a filter from a missing mailbox in its words.
fn speaks_of_policy(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["spam", "block", "policy", "reputation", "blacklist", "denylist", "dmarc", "spf"]
        .iter()
        .any(|word| text.contains(word))
}

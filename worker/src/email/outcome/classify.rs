//! The table from (stage, cause) to an outcome.
//!
//! | | answer 4yz | answer 5yz | no readable answer |
//! | --- | --- | --- | --- |
//! | connect, TLS | | | not sent |
//! | greeting, EHLO | temporary, slow down | configuration | not sent |
//! | STARTTLS | not sent | not sent | not sent |
//! | AUTH | temporary, slow down | configuration | not sent |
//! | MAIL | temporary; 421: slow down | configuration; too large: permanent | not sent |
//! | RCPT, DATA | temporary | permanent | not sent |
//! | body | | | not sent |
//! | after the body | temporary | permanent | **unknown** |
//!
//! No time left and shutting down are *not sent* wherever they are met.

use super::{Outcome, Reason, Refusal, masked::masked, provider_id::provider_id, refused};
use crate::email::session::{Cause, Failure, Reply, Stage};

/// The outcome of an acceptance.
#[must_use]
pub fn accepted(reply: &Reply, recipient: &str) -> Outcome {
    Outcome::Accepted { provider_id: provider_id(reply), text: masked(&reply.text(), recipient) }
}

/// The outcome of a failure.
#[must_use]
pub fn classify(failure: &Failure, recipient: &str) -> Outcome {
    let stage = failure.stage;
    match &failure.cause {
        Cause::NoTimeLeft => not_sent(Reason::NoTimeLeft, failure),
        Cause::ShuttingDown => not_sent(Reason::ShuttingDown, failure),
        Cause::TooLarge => Outcome::Refused {
            refusal: Refusal::Permanent,
            reason: Reason::TooLarge,
            code: 552,
            enhanced: None,
            text: "the message is larger than the server takes".to_owned(),
            slow_down: false,
        },
        Cause::Reply(reply) => refused::classify(stage, reply, recipient),
        Cause::Timeout | Cause::Closed | Cause::Io(_) | Cause::Protocol(_) => unanswered(failure),
    }
}

/// No answer, or none that can be understood.
fn unanswered(failure: &Failure) -> Outcome {
    let reason = match (failure.stage, &failure.cause) {
        (Stage::AfterBody, Cause::Timeout) => return Outcome::Unknown { reason: Reason::TimeoutAfterBody },
        (Stage::AfterBody, Cause::Protocol(_)) => {
            return Outcome::Unknown { reason: Reason::UnreadableAfterBody };
        }
        (Stage::AfterBody, _) => return Outcome::Unknown { reason: Reason::ClosedAfterBody },
        (Stage::Connect, _) => Reason::ConnectFailed,
        (Stage::Tls | Stage::StartTls, _) => Reason::TlsFailed,
        (Stage::Auth, _) => Reason::AuthFailed,
        (Stage::Body, _) => Reason::BodyNotWritten,
        (_, Cause::Protocol(_)) => Reason::ProtocolViolation,
        (Stage::Greeting | Stage::Ehlo, _) => Reason::HandshakeFailed,
        (Stage::Mail | Stage::Rcpt | Stage::Data, _) => Reason::ConnectionLost,
    };
    not_sent(reason, failure)
}

fn not_sent(reason: Reason, failure: &Failure) -> Outcome {
    Outcome::NotSent { reason, stage: failure.stage, text: failure.to_string(), slow_down: false }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    /// One line a case: class, reason, and whether to slow down.
    fn shown(stage: Stage, cause: Cause) -> String {
        let outcome = classify(&Failure { stage, cause }, "jane@example.org");
        let class = match &outcome {
            Outcome::Accepted { .. } => "accepted".to_owned(),
            Outcome::Refused { refusal, .. } => format!("{refusal:?}").to_lowercase(),
            Outcome::NotSent { .. } => "not_sent".to_owned(),
            Outcome::Unknown { .. } => "unknown".to_owned(),
        };
        let slow = if outcome.asks_to_slow_down() { " slow" } else { "" };
        format!("{class} {}{slow}", outcome.reason().unwrap())
    }

    fn answered(stage: Stage, reply: &str) -> String {
        shown(stage, Cause::Reply(Reply::of(reply)))
    }

    #[test]
    fn silence_is_certain_before_the_body_and_unknown_after() {
        for stage in Stage::ALL {
            let causes =
                [Cause::Timeout, Cause::Closed, Cause::Io(ErrorKind::ConnectionReset), Cause::Protocol("x")];
            for cause in causes {
                let class = shown(stage, cause);
                let expected = if stage == Stage::AfterBody { "unknown " } else { "not_sent " };
                assert!(class.starts_with(expected), "{stage}: {class}");
            }
            assert_eq!(shown(stage, Cause::ShuttingDown), "not_sent shutting_down");
        }
        assert_eq!(shown(Stage::Data, Cause::NoTimeLeft), "not_sent no_time_left");
    }

    #[test]
    fn every_silence_has_its_reason() {
        for (stage, closed, garbage) in [
            (Stage::Connect, "connect_failed", "connect_failed"),
            (Stage::Tls, "tls_failed", "tls_failed"),
            (Stage::Greeting, "handshake_failed", "protocol_violation"),
            (Stage::Ehlo, "handshake_failed", "protocol_violation"),
            (Stage::StartTls, "tls_failed", "tls_failed"),
            (Stage::Auth, "auth_failed", "auth_failed"),
            (Stage::Mail, "connection_lost", "protocol_violation"),
            (Stage::Rcpt, "connection_lost", "protocol_violation"),
            (Stage::Data, "connection_lost", "protocol_violation"),
            (Stage::Body, "body_not_written", "body_not_written"),
        ] {
            assert_eq!(shown(stage, Cause::Closed), format!("not_sent {closed}"));
            assert_eq!(shown(stage, Cause::Timeout), format!("not_sent {closed}"));
            assert_eq!(shown(stage, Cause::Protocol("x")), format!("not_sent {garbage}"));
        }
        assert_eq!(shown(Stage::AfterBody, Cause::Timeout), "unknown timeout_after_body");
        assert_eq!(shown(Stage::AfterBody, Cause::Closed), "unknown closed_after_body");
        assert_eq!(
            shown(Stage::AfterBody, Cause::Io(ErrorKind::ConnectionReset)),
            "unknown closed_after_body"
        );
        assert_eq!(shown(Stage::AfterBody, Cause::Protocol("x")), "unknown unreadable_after_body");
    }

    #[test]
    fn answers_are_what_they_say() {
        use Stage::{AfterBody, Auth, Data, Ehlo, Greeting, Mail, Rcpt, StartTls};
        for (stage, reply, expected) in [
            (Greeting, "421 4.3.2 too many connections", "temporary throttled slow"),
            (Greeting, "450 busy", "temporary throttled slow"),
            (Greeting, "554 5.7.1 you are listed", "configuration greeting_refused"),
            (Ehlo, "421 bye", "temporary throttled slow"),
            (Ehlo, "550 bad name", "configuration greeting_refused"),
            (StartTls, "454 TLS not available", "not_sent tls_failed"),
            (StartTls, "501 no", "not_sent tls_failed"),
            (Auth, "454 4.7.0 later", "temporary throttled slow"),
            (Auth, "421 4.7.0 later", "temporary throttled slow"),
            (Auth, "535 5.7.8 wrong", "configuration auth_refused"),
            (Auth, "534 5.7.9 weak", "configuration auth_refused"),
            (Auth, "530 5.7.0 TLS first", "configuration auth_refused"),
            (Auth, "504 unknown", "configuration auth_refused"),
            (Mail, "421 4.7.0 slow down", "temporary throttled slow"),
            (Mail, "450 4.7.1 try later", "temporary temporarily_refused"),
            (Mail, "451 4.3.0 disk", "temporary temporarily_refused"),
            (Mail, "550 5.7.1 not your address", "configuration sender_refused"),
            (Mail, "553 5.1.8 domain", "configuration sender_refused"),
            (Mail, "530 5.7.0 authenticate first", "configuration auth_refused"),
            (Mail, "552 5.3.4 too big", "permanent too_large"),
            (Mail, "552 too big", "permanent too_large"),
            (Mail, "503 5.5.1 nested MAIL", "not_sent protocol_violation"),
            (Rcpt, "421 4.7.0 bye", "temporary temporarily_refused"),
            (Rcpt, "450 4.2.0 Greylisted, see http", "temporary greylisted"),
            (Rcpt, "451 4.7.1 try again later", "temporary greylisted"),
            (Rcpt, "450 4.1.1 busy", "temporary temporarily_refused"),
            (Rcpt, "452 4.2.2 over quota", "temporary mailbox_full"),
            (Rcpt, "452 4.5.3 too many", "temporary temporarily_refused"),
            (Rcpt, "550 5.1.1 no such user", "permanent mailbox_unknown"),
            (Rcpt, "550 no such user", "permanent mailbox_unknown"),
            (Rcpt, "550 5.1.10 null mx", "permanent domain_unknown"),
            (Rcpt, "550 5.1.2 no such host", "permanent domain_unknown"),
            (Rcpt, "501 5.1.3 bad", "permanent address_invalid"),
            (Rcpt, "553 bad", "permanent address_invalid"),
            (Rcpt, "551 moved", "permanent mailbox_unknown"),
            (Rcpt, "550 5.2.1 disabled", "permanent mailbox_disabled"),
            (Rcpt, "552 5.2.2 full", "permanent mailbox_full"),
            (Rcpt, "552 over storage", "permanent mailbox_full"),
            (Rcpt, "554 5.7.1 spam", "permanent blocked_by_policy"),
            (Rcpt, "550 Blocked by policy", "permanent blocked_by_policy"),
            (Rcpt, "554 no", "permanent recipient_refused"),
            (Rcpt, "550 5.5.0 no", "permanent recipient_refused"),
            (Rcpt, "530 5.7.0 authenticate first", "configuration auth_refused"),
            (Rcpt, "503 5.5.1 need MAIL", "not_sent protocol_violation"),
            (Data, "451 4.3.0 later", "temporary temporarily_refused"),
            (Data, "554 5.5.1 no valid recipients", "permanent message_refused"),
            (Data, "550 5.7.26 unauthenticated", "permanent blocked_by_policy"),
            (AfterBody, "421 4.3.0 bye", "temporary temporarily_refused"),
            (AfterBody, "451 4.7.1 Greylisting in action", "temporary greylisted"),
            (AfterBody, "452 4.3.1 disk", "temporary temporarily_refused"),
            (AfterBody, "552 5.3.4 too big", "permanent too_large"),
            (AfterBody, "552 too big", "permanent too_large"),
            (AfterBody, "554 5.6.0 malformed", "permanent message_refused"),
            (AfterBody, "550 no", "permanent message_refused"),
            (AfterBody, "550 5.1.1 no such user", "permanent mailbox_unknown"),
            (AfterBody, "550 5.7.1 content", "permanent blocked_by_policy"),
            (AfterBody, "554 Message rejected: spam", "permanent blocked_by_policy"),
            (AfterBody, "454 Throttling failure: Maximum sending rate exceeded.", "temporary throttled slow"),
            (
                AfterBody,
                "454 Throttling failure: Daily message quota exceeded.",
                "configuration quota_used_up",
            ),
            (Rcpt, "550 5.7.1 account suspended", "permanent blocked_by_policy"),
        ] {
            assert_eq!(answered(stage, reply), expected, "{stage}: {reply}");
        }
    }

    #[test]
    fn what_is_kept_names_nobody() {
        let reply = Reply::of("550 5.1.1 <jane@example.org>: Recipient address rejected");
        let outcome = classify(&Failure::new(Stage::Rcpt, Cause::Reply(reply)), "jane@example.org");
        let Outcome::Refused { text, code, enhanced, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(text, "<recipient>: Recipient address rejected");
        assert_eq!((code, enhanced.unwrap().to_string().as_str()), (550, "5.1.1"));
    }

    #[test]
    fn an_acceptance_keeps_the_providers_name_for_it() {
        let outcome = accepted(&Reply::of("250 2.0.0 Ok: queued as 4F2A9"), "jane@example.org");
        let expected = Outcome::Accepted {
            provider_id: Some("4F2A9".to_owned()),
            text: "Ok: queued as 4F2A9".to_owned(),
        };
        assert_eq!(outcome, expected);
    }
}

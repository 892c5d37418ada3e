//! What became of an attempt, in four words that the ledger knows: accepted, refused, not sent, unknown.
//!
//! | answer | body | outcome |
//! | --- | --- | --- |
//! | 2xx | a message with its SID | accepted; refused as its code says when the message has failed already |
//! | 2xx | any other, or none | **unknown** |
//! | 3xx | | configuration: it does not come from the Messages API |
//! | 4xx | a code that [`codes`](porchlight_shared::domain::text_codes) knows | as that says |
//! | 401, 403 | any other | configuration |
//! | 429 | any other | temporary, slow down |
//! | 4xx | any other code | permanent |
//! | 408 | no code that is known | **unknown**: somebody between us may have passed it on before they gave up |
//! | 4xx | none, because it broke off | temporary: certainly refused, and the next answer says why |
//! | 4xx | none that can be read | configuration: somebody between us and Twilio answers, whatever the number |
//! | 5xx | a code documented as a throttle | temporary, slow down |
//! | 5xx | any other, or none | **unknown** |
//!
//! Without an answer it is *not sent* while there was no connection, and unknown from then on.

use std::time::Duration;

pub use porchlight_shared::domain::AttemptReason as Reason;

use porchlight_shared::domain::{is_message_sid, text_codes::meaning};

use super::{answer::Answer, masked::masked};
pub use crate::email::Refusal;

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The provider took the message over.
    Accepted {
        /// The SID under which it keeps it.
        provider_id: String,
    },
    /// The provider answered, and the answer was no. Certainly not sent.
    Refused {
        /// Whose matter it is, and whether trying again helps.
        refusal: Refusal,
        /// What is wrong.
        reason: Reason,
        /// The HTTP status.
        code: u16,
        /// The provider's own code.
        provider_code: Option<u32>,
        /// The provider's words, masked.
        text: String,
        /// The provider is being asked for too much: everybody should slow down, not only this recipient.
        slow_down: bool,
        /// How long the provider wants to be left alone, a quarter of an hour at most.
        retry_after: Option<Duration>,
    },
    /// It certainly did not go, and nobody is to blame for it but the way there.
    NotSent {
        /// Why.
        reason: Reason,
        /// What we saw.
        text: String,
    },
    /// It may have gone: the request was handed over and no readable answer came.
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
        matches!(self, Self::Refused { slow_down: true, .. })
    }

    /// How long the provider wants to be left alone.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            Self::Accepted { .. } | Self::NotSent { .. } | Self::Unknown { .. } => None,
        }
    }
}

/// The outcome of an answer to a message for `to`.
pub(super) fn classify(answer: &Answer, to: &str) -> Outcome {
    let known = answer.code().and_then(meaning);
    match (answer.status, known) {
        (200..=299, _) => created(answer, to),
        // Whoever waited may have passed the request on before.
        (408, None) => Outcome::Unknown { reason: Reason::TimeoutAfterBody },
        (300..=499, _) => refused(answer, known.unwrap_or_else(|| by_status(answer)), to),
        (_, Some(throttled @ (_, Reason::Throttled))) => refused(answer, throttled, to),
        _ => Outcome::Unknown { reason: Reason::ProviderFailed },
    }
}

fn created(answer: &Answer, to: &str) -> Outcome {
    let message = match &answer.body {
        Ok(message) => message,
        Err(unread) => return Outcome::Unknown { reason: unread.reason() },
    };
    let Some(sid) = message["sid"].as_str().filter(|sid| is_message_sid(sid)) else {
        return Outcome::Unknown { reason: Reason::UnreadableAfterBody };
    };
    if matches!(message["status"].as_str(), Some("failed" | "undelivered" | "canceled")) {
        let meaning = answer.code().and_then(meaning);
        return refused(answer, meaning.unwrap_or((Refusal::Permanent, Reason::MessageRefused)), to);
    }
    Outcome::Accepted { provider_id: sid.to_owned() }
}

fn refused(answer: &Answer, (refusal, reason): (Refusal, Reason), to: &str) -> Outcome {
    Outcome::Refused {
        refusal,
        reason,
        code: answer.status,
        provider_code: answer.code(),
        text: answer.words().map(|words| masked(words, to)).unwrap_or_default(),
        slow_down: reason == Reason::Throttled,
        retry_after: answer.retry_after.filter(|_| refusal == Refusal::Temporary),
    }
}

/// What a refusal means whose code is not known.
fn by_status(answer: &Answer) -> (Refusal, Reason) {
    match answer.status {
        401 => (Refusal::Configuration, Reason::AuthRefused),
        403 => (Refusal::Configuration, Reason::AccountRefused),
        429 => (Refusal::Temporary, Reason::Throttled),
        400..=499 if answer.code().is_some() => (Refusal::Permanent, Reason::MessageRefused),
        400..=499 if answer.broke_off() => (Refusal::Temporary, Reason::TemporarilyRefused),
        _ => (Refusal::Configuration, Reason::RequestRefused),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::text::answer::Unread;

    const TO: &str = "+15551234567";

    fn classified(status: u16, body: Result<Value, Unread>) -> Outcome {
        classify(&Answer { status, retry_after: Some(Duration::from_secs(30)), body }, TO)
    }

    /// One line a case: class, reason, and whether to slow down.
    fn shown(status: u16, body: Result<Value, Unread>) -> String {
        let outcome = classified(status, body);
        let class = match &outcome {
            Outcome::Accepted { .. } => return "accepted".to_owned(),
            Outcome::Refused { refusal, .. } => format!("{refusal:?}").to_lowercase(),
            Outcome::NotSent { .. } => "not_sent".to_owned(),
            Outcome::Unknown { .. } => "unknown".to_owned(),
        };
        let slow = if outcome.asks_to_slow_down() { " slow" } else { "" };
        format!("{class} {}{slow}", outcome.reason().unwrap())
    }

    #[expect(clippy::unnecessary_wraps, reason = "as a body is read")]
    fn message(status: &str, code: Option<u32>) -> Result<Value, Unread> {
        let sid = "SM0123456789abcdef0123456789abcdef";
        Ok(json!({"sid": sid, "status": status, "error_code": code, "error_message": null}))
    }

    #[expect(clippy::unnecessary_wraps, reason = "as a body is read")]
    fn problem(code: u32) -> Result<Value, Unread> {
        Ok(json!({"code": code, "message": "no", "more_info": "https://example.org", "status": 400}))
    }

    #[test]
    fn answers_are_what_they_say() {
        for (status, body, expected) in [
            (201, message("queued", None), "accepted"),
            (201, message("accepted", None), "accepted"),
            (200, message("sent", None), "accepted"),
            (201, message("something new", None), "accepted"),
            (201, message("failed", Some(21610)), "permanent opted_out"),
            (201, message("failed", Some(14107)), "temporary throttled slow"),
            (201, message("undelivered", None), "permanent message_refused"),
            (201, Ok(json!({"sid": "SM1", "status": "queued"})), "unknown unreadable_after_body"),
            (201, Ok(json!({"status": "queued"})), "unknown unreadable_after_body"),
            (200, Ok(json!("queued")), "unknown unreadable_after_body"),
            (200, Err(Unread::Foreign), "unknown unreadable_after_body"),
            (201, Err(Unread::Late), "unknown timeout_after_body"),
            (201, Err(Unread::Lost), "unknown closed_after_body"),
            (302, Err(Unread::Foreign), "configuration request_refused"),
            (307, Err(Unread::Lost), "configuration request_refused"),
            (400, problem(21211), "permanent address_invalid"),
            (400, problem(21217), "permanent address_invalid"),
            (400, problem(21614), "permanent number_not_mobile"),
            (400, problem(30006), "permanent number_not_mobile"),
            (400, problem(30005), "permanent number_unknown"),
            (400, problem(21612), "permanent number_out_of_reach"),
            (400, problem(21408), "permanent number_out_of_reach"),
            (400, problem(21610), "permanent opted_out"),
            (400, problem(30007), "permanent blocked_by_policy"),
            (400, problem(21617), "permanent too_large"),
            (400, problem(30003), "temporary phone_unreachable"),
            (400, problem(30008), "temporary temporarily_refused"),
            (429, problem(20429), "temporary throttled slow"),
            (400, problem(14107), "temporary throttled slow"),
            (400, problem(30022), "temporary throttled slow"),
            (503, problem(20429), "temporary throttled slow"),
            (429, problem(99999), "temporary throttled slow"),
            (429, Err(Unread::Foreign), "temporary throttled slow"),
            (429, Err(Unread::Lost), "temporary throttled slow"),
            (429, problem(63038), "configuration quota_used_up"),
            (401, problem(20003), "configuration auth_refused"),
            (401, problem(99999), "configuration auth_refused"),
            (401, Err(Unread::Foreign), "configuration auth_refused"),
            (403, problem(99999), "configuration account_refused"),
            (403, Err(Unread::Foreign), "configuration account_refused"),
            (404, problem(20404), "configuration auth_refused"),
            (400, problem(21606), "configuration sender_refused"),
            (400, problem(21603), "configuration sender_refused"),
            (400, problem(21660), "configuration sender_refused"),
            (400, problem(30034), "configuration sender_refused"),
            (400, problem(21608), "configuration account_refused"),
            (400, problem(30002), "configuration account_refused"),
            (400, problem(21609), "configuration request_refused"),
            (400, problem(99999), "permanent message_refused"),
            (400, Ok(json!({"code": "21211"})), "permanent address_invalid"),
            (400, Ok(json!({"message": "no"})), "configuration request_refused"),
            (404, Err(Unread::Foreign), "configuration request_refused"),
            (400, Err(Unread::Lost), "temporary temporarily_refused"),
            (400, Err(Unread::Late), "temporary temporarily_refused"),
            (408, Err(Unread::Foreign), "unknown timeout_after_body"),
            (408, problem(99999), "unknown timeout_after_body"),
            (500, problem(20500), "unknown provider_failed"),
            (503, problem(20503), "unknown provider_failed"),
            (500, problem(21211), "unknown provider_failed"),
            (502, Err(Unread::Foreign), "unknown provider_failed"),
            (504, Err(Unread::Lost), "unknown provider_failed"),
            (101, Err(Unread::Foreign), "unknown provider_failed"),
        ] {
            assert_eq!(shown(status, body.clone()), expected, "{status} {body:?}");
        }
    }

    #[test]
    fn a_refusal_keeps_what_was_said_and_names_nobody() {
        let words = "The 'To' number +15551234567 is not a valid phone number.";
        let outcome = classified(400, Ok(json!({"code": 21211, "message": words})));
        let expected = Outcome::Refused {
            refusal: Refusal::Permanent,
            reason: Reason::AddressInvalid,
            code: 400,
            provider_code: Some(21211),
            text: "The 'To' number <number> is not a valid phone number.".to_owned(),
            slow_down: false,
            retry_after: None,
        };
        assert_eq!(outcome, expected);
    }

    #[test]
    fn only_what_may_be_tried_again_says_when() {
        let asked = Some(Duration::from_secs(30));
        assert_eq!(classified(429, Err(Unread::Foreign)).retry_after(), asked);
        assert_eq!(classified(400, problem(30003)).retry_after(), asked);
        for code in [21211, 20003] {
            assert_eq!(classified(400, problem(code)).retry_after(), None);
        }
        assert_eq!(classified(201, message("queued", None)).retry_after(), None);
        assert_eq!(classified(500, Err(Unread::Foreign)).retry_after(), None);
    }
}

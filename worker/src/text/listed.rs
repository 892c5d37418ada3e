//! What the provider says it has: how an unknown outcome is resolved.

use std::fmt;

use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use porchlight_shared::domain::{ReceiptKind, is_message_sid, text_codes};
use serde_json::Value;

use super::answer::{Answer, code};

/// A message that the provider took over.
#[derive(Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its SID.
    pub sid: String,
    /// What became of it.
    pub fate: ReceiptKind,
    /// The provider's code for what went wrong with it; [`meaning`](porchlight_shared::domain::text_codes::meaning) knows it.
    pub provider_code: Option<u32>,
    /// When the provider took it over, to the second.
    pub created_at: Timestamp,
    body: String,
}

impl Listed {
    /// Whether these words stand in its text.
    #[must_use]
    pub fn says(&self, words: &str) -> bool {
        self.body.contains(words)
    }
}

/// Shows neither text nor code.
impl fmt::Debug for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listed")
            .field("sid", &self.sid)
            .field("fate", &self.fate)
            .field("provider_code", &self.provider_code)
            .field("created_at", &self.created_at)
            .finish_non_exhaustive()
    }
}

/// Why there is no list. It says nothing about any message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// No answer.
    #[error("the provider could not be asked: {0}")]
    Unreachable(String),
    /// The answer was no.
    #[error("the provider does not list messages: HTTP status {status}, code {provider_code:?}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The provider's own code.
        provider_code: Option<u32>,
    },
    /// The answer is not a list.
    #[error("the provider's list of messages cannot be read")]
    Unreadable,
}

/// The messages of a list that were created at `after` or later. The list knows whole seconds only, so those of the
/// second in which `after` lies are all in.
pub(super) fn listed(answer: &Answer, after: Timestamp) -> Result<Vec<Listed>, ListError> {
    if !(200..=299).contains(&answer.status) {
        let (status, provider_code) = (answer.status, answer.code());
        return Err(ListError::Refused { status, provider_code });
    }
    let messages = answer.body.as_ref().ok().and_then(|body| body["messages"].as_array());
    let messages = messages.ok_or(ListError::Unreadable)?;
    let outbound = messages.iter().filter(|message| is_outbound(message));
    let read: Option<Vec<Listed>> = outbound.map(message).collect();
    let mut found = read.ok_or(ListError::Unreadable)?;
    found.retain(|message| message.created_at.as_second() >= after.as_second());
    Ok(found)
}

fn is_outbound(message: &Value) -> bool {
    message["direction"].as_str().is_none_or(|direction| direction.starts_with("outbound"))
}

fn message(message: &Value) -> Option<Listed> {
    let created_at = DateTimeParser::new().parse_timestamp(message["date_created"].as_str()?).ok()?;
    Some(Listed {
        sid: message["sid"].as_str().filter(|sid| is_message_sid(sid))?.to_owned(),
        // A word that is not known here: it is on its way, or nobody says that it arrived.
        fate: text_codes::reached(message["status"].as_str()?).unwrap_or(ReceiptKind::Accepted),
        provider_code: code(&message["error_code"]),
        created_at,
        body: message["body"].as_str()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::text::answer::Unread;

    fn answer(status: u16, body: Result<Value, Unread>) -> Answer {
        Answer { status, retry_after: None, body }
    }

    fn entry(number: u32, status: &str, created: &str) -> Value {
        json!({
            "sid": format!("SM{number:032x}"), "status": status, "direction": "outbound-api", "body": "Hello",
            "date_created": created, "error_code": (status == "undelivered").then_some(30006),
        })
    }

    #[test]
    fn messages_since_the_attempt_began_are_found() {
        let mut inbound = entry(6, "received", "Tue, 24 Nov 2026 08:00:06 +0000");
        inbound["direction"] = json!("inbound");
        let list = json!({"messages": [
            entry(1, "queued", "Tue, 24 Nov 2026 08:00:06 +0000"),
            entry(2, "delivered", "Tue, 24 Nov 2026 08:00:05 +0000"),
            entry(3, "undelivered", "Tue, 24 Nov 2026 10:00:05 +0200"),
            entry(4, "sent", "Tue, 24 Nov 2026 08:00:04 +0000"),
            entry(5, "a new word", "Tue, 24 Nov 2026 08:10:00 +0000"),
            inbound,
        ]});
        let after = "2026-11-24T08:00:05.9Z".parse().unwrap();
        let found = listed(&answer(200, Ok(list)), after).unwrap();
        let told: Vec<_> =
            found.iter().map(|found| (&found.sid[33..], found.fate, found.provider_code)).collect();
        assert_eq!(
            told,
            [
                ("1", ReceiptKind::Accepted, None),
                ("2", ReceiptKind::Delivered, None),
                ("3", ReceiptKind::Bounced, Some(30006)),
                ("5", ReceiptKind::Accepted, None),
            ]
        );
        assert!(found[0].says("Hello") && found[0].says("ell") && !found[0].says("Hello you"));
        assert!(!format!("{found:?}").contains("Hello"));
    }

    #[test]
    fn what_is_not_a_list_says_nothing() {
        let after = Timestamp::UNIX_EPOCH;
        let mut odd = entry(1, "queued", "yesterday");
        for body in
            [Ok(json!({})), Ok(json!({"messages": [odd.clone()]})), Err(Unread::Foreign), Err(Unread::Lost)]
        {
            assert_eq!(listed(&answer(200, body), after), Err(ListError::Unreadable));
        }
        odd["date_created"] = json!("Tue, 24 Nov 2026 08:00:06 +0000");
        odd["sid"] = json!("../x");
        assert_eq!(listed(&answer(200, Ok(json!({"messages": [odd]}))), after), Err(ListError::Unreadable));
        assert_eq!(
            listed(&answer(401, Ok(json!({"code": 20003}))), after),
            Err(ListError::Refused { status: 401, provider_code: Some(20003) })
        );
        assert_eq!(listed(&answer(200, Ok(json!({"messages": []}))), after), Ok(Vec::new()));
    }
}

//! What the provider answered, read to its end and no further than makes sense.

use std::time::Duration;

use reqwest::Response;
use serde_json::Value;

use super::{outcome::Reason, retry_after::retry_after};

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    /// Its HTTP status.
    pub(super) status: u16,
    /// When we may come back.
    pub(super) retry_after: Option<Duration>,
    /// Its body, as far as it is JSON.
    pub(super) body: Result<Value, Unread>,
}

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It did not come in time.
    Late,
    /// The connection broke.
    Lost,
    /// It is not JSON, or far too long.
    Foreign,
}

impl Answer {
    /// Reads an answer whose body has no more than `most` bytes.
    pub(super) async fn read(response: Response, most: usize) -> Self {
        let (status, retry_after) = (response.status().as_u16(), retry_after(response.headers()));
        Self { status, retry_after, body: body(response, most).await }
    }

    /// The code that it names, be it an error's or a message's.
    pub(super) fn code(&self) -> Option<u32> {
        let body = self.body.as_ref().ok()?;
        code(&body["code"]).or_else(|| code(&body["error_code"]))
    }

    /// Whether its body did not come to an end.
    pub(super) const fn broke_off(&self) -> bool {
        matches!(self.body, Err(Unread::Late | Unread::Lost))
    }

    /// What it says about that, in words.
    pub(super) fn words(&self) -> Option<&str> {
        let body = self.body.as_ref().ok()?;
        body["message"].as_str().or_else(|| body["error_message"].as_str())
    }
}

impl Unread {
    /// Why it is unknown what became of the message of a request that was answered so.
    pub(super) const fn reason(self) -> Reason {
        match self {
            Self::Late => Reason::TimeoutAfterBody,
            Self::Lost => Reason::ClosedAfterBody,
            Self::Foreign => Reason::UnreadableAfterBody,
        }
    }
}

/// A code, written as a number or as its digits.
pub(super) fn code(value: &Value) -> Option<u32> {
    match value {
        Value::Number(number) => number.as_u64().and_then(|number| number.try_into().ok()),
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    }
}

async fn body(mut response: Response, most: usize) -> Result<Value, Unread> {
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > most => return Err(Unread::Foreign),
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return serde_json::from_slice(&bytes).map_err(|_| Unread::Foreign),
            Err(error) if error.is_timeout() => return Err(Unread::Late),
            Err(_) => return Err(Unread::Lost),
        }
    }
}

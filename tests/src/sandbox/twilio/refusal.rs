//! Answers that take nothing.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

/// An error as Twilio says it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    code: u32,
    words: String,
    /// Seconds.
    retry_after: Option<u64>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: u32, words: impl Into<String>) -> Self {
        Self { status, code, words: words.into(), retry_after: None }
    }

    /// About a request that lacks something, or says it wrong.
    pub(super) fn bad(code: u32, words: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, words)
    }

    /// What is said to a text from `from` to `to` with this code.
    pub(super) fn of_code(code: u32, to: &str, from: &str) -> Self {
        match code {
            20003 => Self::unauthorised(),
            20429 => Self::throttled(None),
            20500 => Self::broken(),
            21211 => Self::bad(code, format!("Invalid 'To' Phone Number: {to}")),
            21606 => Self::bad(
                code,
                format!(
                    "The 'From' phone number {from} is not a valid, SMS-capable inbound phone number or short code \
                     for your account."
                ),
            ),
            21608 => Self::bad(
                code,
                format!(
                    "The number {to} is unverified. Trial accounts cannot send messages to unverified numbers."
                ),
            ),
            21610 => Self::bad(code, "Attempt to send to unsubscribed recipient"),
            21614 => Self::bad(code, format!("'To' number: {to}, is not a mobile number")),
            _ => Self::bad(code, format!("The message to {to} was not taken")),
        }
    }

    pub(super) fn unauthorised() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, 20003, "Authenticate")
    }

    pub(super) fn throttled(retry_after: Option<u64>) -> Self {
        Self { retry_after, ..Self::new(StatusCode::TOO_MANY_REQUESTS, 20429, "Too Many Requests") }
    }

    pub(super) fn broken() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, 20500, "An internal server error has occurred")
    }

    pub(super) fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, 20503, "Service unavailable")
    }

    #[cfg(test)]
    pub(super) fn code(&self) -> u32 {
        self.code
    }

    pub(super) fn missing(path: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, 20404, format!("The requested resource {path} was not found"))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({
            "code": self.code,
            "message": self.words,
            "more_info": format!("https://www.twilio.com/docs/errors/{}", self.code),
            "status": self.status.as_u16(),
        });
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = header::HeaderValue::from_static("Basic realm=\"Twilio API\"");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

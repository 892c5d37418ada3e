//! Every error that leaves the building: `application/problem+json` (RFC 9457) with a stable `type`.
//!
//! An endpoint names what went wrong; this file knows how it is told. `detail` says what to do; `errors` says where,
//! by JSON pointer or by the position of an entry. Nothing of the input is repeated, and of an inner fault only that
//! there was one: the log has the rest.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use porchlight_shared::store::Unquoted;
use serde::Serialize;
use utoipa::ToSchema;

/// Postgres' code for a lock that was not to be had in time.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// An error answer.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: Kind,
    detail: String,
    errors: Vec<FieldError>,
    rows: Option<Box<serde_json::Value>>,
    retry_after_seconds: Option<u32>,
}

/// An error answer as it is written.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// What sort of problem: a stable reference, the same for every occurrence.
    #[serde(rename = "type")]
    kind: String,
    /// The sort in words.
    title: &'static str,
    /// The HTTP status, once more.
    status: u16,
    /// What is wrong here, and what to do about it.
    detail: String,
    /// Where the input is at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// Entries that cannot go, if a whole list could not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    rows: Option<Box<serde_json::Value>>,
}

/// One fault of the input.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldError {
    /// Where, as a JSON pointer into the request's body.
    pub pointer: String,
    /// What is wrong there.
    pub detail: String,
}

macro_rules! kinds {
    ($($name:ident => $status:ident, $slug:literal, $title:literal;)+) => {
        /// The sorts of problems.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind { $(#[doc = $title] $name,)+ }

        impl Kind {
            /// Every sort.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Status, last part of the type's reference, and title.
            #[must_use]
            pub const fn parts(self) -> (StatusCode, &'static str, &'static str) {
                match self { $(Self::$name => (StatusCode::$status, $slug, $title),)+ }
            }
        }
    };
}

kinds! {
    MalformedJson => BAD_REQUEST, "malformed-json", "The body is not JSON";
    InvalidParameter => BAD_REQUEST, "invalid-parameter", "A query parameter does not fit";
    InvalidHeader => BAD_REQUEST, "invalid-header", "A header does not fit";
    Unauthorized => UNAUTHORIZED, "unauthorized", "A bearer token is needed";
    Forbidden => FORBIDDEN, "forbidden", "This token may not do that";
    BadSignature => FORBIDDEN, "bad-signature", "The signature does not fit";
    NotFound => NOT_FOUND, "not-found", "There is nothing here";
    MethodNotAllowed => METHOD_NOT_ALLOWED, "method-not-allowed", "This cannot be done here";
    SameList => CONFLICT, "same-list", "This list was sent within the last day";
    CodeUsed => CONFLICT, "code-used", "This access code was used";
    WaitingForApproval => CONFLICT, "waiting-for-approval", "A leader is asked about this access code";
    HouseholdExists => CONFLICT, "household-exists", "The household has joined already";
    MemberAlready => CONFLICT, "member-already", "They belong to this household already";
    NothingToAnswer => CONFLICT, "nothing-to-answer", "This request was answered already";
    TwinInFlight => CONFLICT, "twin-in-flight", "The same request is being answered right now";
    NotReady => CONFLICT, "community-not-ready", "The community is not ready to send";
    NothingToDecide => CONFLICT, "nothing-to-decide", "There is nothing to decide about this delivery";
    NothingToPrint => CONFLICT, "nothing-to-print", "There is nobody to print passes for";
    CannotBeSent => CONFLICT, "cannot-be-sent", "This message may not be sent again";
    NotOursToLift => CONFLICT, "not-ours-to-lift", "They asked not to be contacted";
    UnknownCode => NOT_FOUND, "unknown-code", "This access code is not known";
    CodeExpired => GONE, "code-expired", "This access code has expired";
    CodeRevoked => GONE, "code-revoked", "This access code was cancelled";
    CodeReplaced => GONE, "code-replaced", "This access code was replaced by another";
    BodyTooSlow => REQUEST_TIMEOUT, "body-too-slow", "The body took too long";
    BodyTooLarge => PAYLOAD_TOO_LARGE, "body-too-large", "The body is too large";
    UnsupportedMediaType => UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "The body is not of a type that is read here";
    TypingMistake => UNPROCESSABLE_ENTITY, "typing-mistake", "There is a typing mistake in the access code";
    InvalidField => UNPROCESSABLE_ENTITY, "invalid-field", "A field does not fit";
    EmptyList => UNPROCESSABLE_ENTITY, "empty-list", "The list is empty";
    TooManyEntries => UNPROCESSABLE_ENTITY, "too-many-entries", "The list is too long";
    CannotBePrinted => UNPROCESSABLE_ENTITY, "cannot-be-printed", "The passes cannot be printed";
    NothingToSend => UNPROCESSABLE_ENTITY, "nothing-to-send", "No entry of the list can go";
    ChannelNotSetUp => UNPROCESSABLE_ENTITY, "channel-not-set-up", "This channel is not set up here";
    KeyReused => UNPROCESSABLE_ENTITY, "idempotency-key-reused", "This Idempotency-Key was used for another request";
    TooManyRequests => TOO_MANY_REQUESTS, "too-many-requests", "Too many requests";
    Internal => INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side";
    Busy => SERVICE_UNAVAILABLE, "busy", "There is too much to do right now";
    Unavailable => SERVICE_UNAVAILABLE, "unavailable", "The ledger cannot be reached";
}

impl Problem {
    /// A problem of this sort; `detail` says what is wrong here and what to do.
    #[must_use]
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), errors: Vec::new(), rows: None, retry_after_seconds: None }
    }

    /// Adds where the input is at fault.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(FieldError { pointer: pointer.into(), detail: detail.into() });
        self
    }

    /// Adds the entries that cannot go.
    #[must_use]
    pub fn with_rows(mut self, rows: serde_json::Value) -> Self {
        self.rows = Some(Box::new(rows));
        self
    }

    /// Says what is wrong in other words.
    #[must_use]
    pub fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Adds when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// Our fault; the log has the rest.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(Kind::Internal, "The operator's log says more.")
    }

    /// Nothing that this caller may know of.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Kind::NotFound, "Check the path and the ids in it; a token sees its own community only.")
    }

    /// What a page tells of it: the sort, and what to do.
    #[must_use]
    pub fn told(&self) -> String {
        format!("{}. {}", self.kind.parts().2, self.detail)
    }

    /// Whether the fault is ours, and may pass.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.kind.parts().0.is_server_error()
    }

    /// The status that it is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.kind.parts().0
    }

    /// What sort of problem it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What is wrong with the first field at fault.
    #[must_use]
    pub fn field(&self) -> Option<(&str, &str)> {
        self.errors.first().map(|error| (&*error.pointer, &*error.detail))
    }

    /// Whether it says that there is nothing.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.kind == Kind::NotFound
    }
}

impl From<sqlx::Error> for Problem {
    /// Logs the fault here, where it is handled, and tells the caller only whether trying again may help.
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        if code.as_deref() == Some(LOCK_NOT_AVAILABLE) {
            let detail = "The same request is still being answered. Send it again in a few seconds.";
            return Self::new(Kind::TwinInFlight, detail).retry_after(5);
        }
        let unreachable = match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => true,
            // 57: the server is going down, starting or was asked to stop us. 40: we lost against somebody; both pass.
            sqlx::Error::Database(error) => error
                .code()
                .is_some_and(|code| code.starts_with("57") || code.starts_with("40") || code == "53300"),
            _ => false,
        };
        if unreachable {
            tracing::error!(error = %Unquoted(&error), "the ledger cannot be reached");
            Self::new(Kind::Unavailable, "Nothing was stored. Try again in a few seconds.").retry_after(2)
        } else {
            tracing::error!(error = %Unquoted(&error), "a statement failed");
            Self::new(Kind::Internal, "Nothing was stored. The operator's log says more.")
        }
    }
}

/// A commit whose answer was lost may have happened.
#[must_use]
pub fn commit_unclear(error: sqlx::Error) -> Problem {
    Problem::from(error).because("It is not known whether this was stored. Look before you send it again.")
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, slug, title) = self.kind.parts();
        let body = ProblemBody {
            kind: format!("/problems/{slug}"),
            title,
            status: status.as_u16(),
            detail: self.detail,
            errors: self.errors,
            rows: self.rows,
        };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_has_a_reference_of_its_own() {
        let slugs: BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.parts().1).collect();
        assert_eq!(slugs.len(), Kind::ALL.len());
    }
}

//! Refusals that many endpoints share, for the OpenAPI document: each is named where it may be answered.

use utoipa::IntoResponses;

use crate::problem::ProblemBody;

macro_rules! refusals {
    ($($name:ident => $status:literal, $words:literal;)+) => {$(
        #[doc = $words]
        #[derive(Debug, IntoResponses)]
        #[response(status = $status, description = $words, content_type = "application/problem+json")]
        pub struct $name(pub ProblemBody);
    )+};
}

refusals! {
    NotJson => 400, "Not JSON";
    NotJsonOrParameter => 400, "Not JSON, or a parameter does not fit";
    UnfitParameter => 400, "A parameter does not fit";
    NoToken => 401, "No valid token";
    ServiceToken => 403, "A service's token";
    NotTheirs => 404, "Not this token's community";
    NoBatch => 404, "No such batch of this token's community";
    NoDelivery => 404, "No such delivery of this token's community";
    NoPrinting => 404, "No such printing of this token's community";
    NoDraft => 404, "No such draft";
    TooSlow => 408, "The body took too long";
    TooLarge => 413, "More than 16 MiB";
    NotJsonType => 415, "Not JSON";
    NotApplicationJson => 415, "Not application/json";
    NoListType => 415, "No list in a form that is read here";
    UnfitField => 422, "A field does not fit";
    UnfitList => 422, "A field does not fit, or the list is empty or too long";
    TooMany => 429, "Too many requests";
    LedgerAway => 503, "The ledger cannot be reached";
    LedgerAwayRepeat => 503, "The ledger cannot be reached; the same request may be sent again";
    LedgerAwayOrBusy => 503, "The ledger cannot be reached, or many large lists are being read";
}

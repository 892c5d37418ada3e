//! `GET …/requests`, `POST …/requests/{request}/grant|decline`.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State, rejection::BytesRejection},
    http::HeaderMap,
};
use porchlight_shared::domain::{HouseholdId, RequestId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answering::{Answer, Outcome, answer},
    ledger::{self, Request},
};
use crate::{
    access::{Caller, Role},
    intake::{body::require_json, request},
    problem::{Kind, Problem, ProblemBody},
    refusals::{
        LedgerAway, LedgerAwayRepeat, NoToken, NotJson, NotJsonType, NotTheirs, ServiceToken, UnfitField,
    },
    state::AppState,
};

/// What residents ask for.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestsListed {
    /// The open ones, the oldest first, at most 200.
    pub items: Vec<Request>,
}

/// The answer to an answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestAnswered {
    /// What was done.
    pub outcome: Outcome,
}

/// Where whoever wants to join belongs.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantRequest {
    /// For `join`: the household that they belong to; left out, they get one of their own at the place that they named.
    #[schema(value_type = Option<uuid::Uuid>)]
    household: Option<HouseholdId>,
    /// Whether they are the one who joined there with this address, and use another browser now: it is theirs then, with
    /// the role that they have.
    #[serde(default)]
    again: bool,
}

fn may_answer(caller: &Caller) -> Result<(), Problem> {
    if caller.role == Role::Service {
        return Err(Problem::new(Kind::Forbidden, "Only leaders answer residents. Use a leader's token."));
    }
    Ok(())
}

/// List what residents ask for
///
/// Whoever wants to join with a blank pass and cannot be matched with a household, who asks for a new code, and who says
/// that an invitation is not theirs. Closed to a service's token.
#[utoipa::path(
    get, path = "/v1/communities/{community}/requests", tag = "Residents",
    params(("community" = String, Path, format = Uuid, description = "The community")),
    responses(
        (status = 200, description = "The open requests", body = RequestsListed),
        NoToken, ServiceToken, NotTheirs, LedgerAway,
    ),
    security(("bearer" = [])),
)]
pub async fn list_requests(
    State(state): State<Arc<AppState>>,
    caller: Caller,
) -> Result<Json<RequestsListed>, Problem> {
    may_answer(&caller)?;
    Ok(Json(RequestsListed { items: ledger::list(&state.pool, caller.community).await? }))
}

/// Grant what a resident asks for
///
/// `join`: they are let in, into the household that is named or one of their own. `new_code`: a new invitation goes to the
/// household's contacts. `not_me`: the code ends.
#[utoipa::path(
    post, path = "/v1/communities/{community}/requests/{request}/grant", tag = "Residents",
    params(
        ("community" = String, Path, format = Uuid, description = "The community"),
        ("request" = String, Path, format = Uuid, description = "The request"),
    ),
    request_body = Option<GrantRequest>,
    responses(
        (status = 200, description = "It is done", body = RequestAnswered),
        NotJson, NoToken, ServiceToken,
        (status = 404, description = "No such request, or household, of this token's community", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It was answered before, or nobody can be written to", body = ProblemBody, content_type = "application/problem+json"),
        NotJsonType, UnfitField, LedgerAwayRepeat,
    ),
    security(("bearer" = [])),
)]
pub async fn grant_request(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path((_, request)): Path<(String, String)>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<RequestAnswered>, Problem> {
    may_answer(&caller)?;
    let id: RequestId = request.parse().map_err(|_| Problem::not_found())?;
    let bytes = body.map_err(|_| Problem::new(Kind::BodyTooLarge, "At most 16 MiB are read."))?;
    let said = if bytes.is_empty() {
        GrantRequest::default()
    } else {
        require_json(&headers, "where they belong")?;
        request::parse(&bytes, &["household", "again"], "may name the household")?
    };
    let said = Answer::Grant { household: said.household, again: said.again };
    Ok(Json(RequestAnswered { outcome: answer(&state, caller.actor(), id, said).await? }))
}

/// Decline what a resident asks for
///
/// `join`: their pass ends. Otherwise nothing changes.
#[utoipa::path(
    post, path = "/v1/communities/{community}/requests/{request}/decline", tag = "Residents",
    params(
        ("community" = String, Path, format = Uuid, description = "The community"),
        ("request" = String, Path, format = Uuid, description = "The request"),
    ),
    responses(
        (status = 200, description = "Nothing more is done", body = RequestAnswered),
        NoToken, ServiceToken,
        (status = 404, description = "No such request of this token's community", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It was answered before", body = ProblemBody, content_type = "application/problem+json"),
        LedgerAwayRepeat,
    ),
    security(("bearer" = [])),
)]
pub async fn decline_request(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path((_, request)): Path<(String, String)>,
) -> Result<Json<RequestAnswered>, Problem> {
    may_answer(&caller)?;
    let id: RequestId = request.parse().map_err(|_| Problem::not_found())?;
    Ok(Json(RequestAnswered { outcome: answer(&state, caller.actor(), id, Answer::Decline).await? }))
}

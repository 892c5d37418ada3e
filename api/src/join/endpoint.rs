//! `POST /v1/join`: a household joins, for the portal of a community that has pages of its own.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode},
};
use jiff::Timestamp;
use porchlight_shared::domain::{HouseholdId, MemberId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Closed, Invitation, find, ledger, newcomer::Newcomer};
use crate::{
    intake::{body::require_json, request},
    problem::{Kind, Problem, ProblemBody, commit_unclear},
    state::AppState,
    visitor::Visitor,
};

/// Who joins, and with which code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinRequest {
    /// The access code, in any case, with or without dashes.
    code: String,
    /// The name of whoever becomes Head of Household.
    name: String,
    /// E-mail address; give one of this and `phone`.
    email: Option<String>,
    /// Phone number; without a country code it is one of the community's country.
    phone: Option<String>,
}

impl std::fmt::Debug for JoinRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JoinRequest(***)")
    }
}

/// A household that joined.
#[derive(Debug, Serialize, ToSchema)]
pub struct HouseholdJoined {
    /// Which household.
    #[schema(value_type = uuid::Uuid)]
    pub household: HouseholdId,
    /// Its head.
    #[schema(value_type = uuid::Uuid)]
    pub member: MemberId,
    /// The community's name.
    pub community: String,
    /// Whether a message with this code reached the address; another one stays unverified until it is confirmed.
    pub verified: bool,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub joined_at: Timestamp,
}

/// Join
///
/// Uses an access code up: the household joins, and whoever sends this becomes its head. No token is needed; the code is
/// the right to join. A typing mistake is answered without a look-up. Ten wrong codes in ten minutes from one address
/// are answered with 429.
#[utoipa::path(
    post, path = "/v1/join", tag = "Joining",
    request_body = JoinRequest,
    responses(
        (status = 201, description = "Joined", body = HouseholdJoined),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nobody has this code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The code was used", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "The code has expired, or was cancelled or replaced", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 8 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A typing mistake in the code, or a field does not fit", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong codes from there", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The ledger cannot be reached", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub async fn join(
    State(state): State<Arc<AppState>>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<HouseholdJoined>), Problem> {
    let bytes = body.map_err(|_| Problem::new(Kind::BodyTooLarge, "Who joins needs no more than 8 KiB."))?;
    require_json(&headers, "the code and who joins")?;
    let known = ["code", "name", "email", "phone"];
    let request: JoinRequest = request::parse(&bytes, &known, "needs code, name and one of email and phone")?;
    let (pointer, contact) = match (&request.email, &request.phone) {
        (Some(email), None) => ("/email", email),
        (None, Some(phone)) => ("/phone", phone),
        _ => return Err(request::invalid("", "needs one of email and phone")),
    };
    let invitation = find(&state, visitor, &request.code).await?;
    let newcomer = Newcomer::read(&request.name, contact, &invitation.brand.country, &state.keyring);
    let newcomer = newcomer.map_err(|misfits| {
        let problem = Problem::new(Kind::InvalidField, "Nothing was changed, and the code still works.");
        misfits.into_iter().fold(problem, |problem, misfit| {
            problem.at(if misfit.field == "name" { "/name" } else { pointer }, misfit.mend)
        })
    })?;
    let joined = enter(&state, visitor, &request.code, invitation, &newcomer).await?;
    Ok((StatusCode::CREATED, Json(joined)))
}

/// One transaction: whoever comes second is told how the code stands then.
pub(super) async fn enter(
    state: &AppState,
    visitor: Visitor,
    code: &str,
    invitation: Invitation,
    newcomer: &Newcomer,
) -> Result<HouseholdJoined, Closed> {
    let member = MemberId::new(state.clock.now(), &mut AppState::rng());
    let mut tx = state.pool.begin().await?;
    // A long list may hold the invitation; its household is asked to come again before all connections wait for it.
    sqlx::query("SET LOCAL lock_timeout = '3s'").execute(&mut *tx).await?;
    let Some(joined) = ledger::join(&mut tx, &invitation, member, newcomer).await? else {
        tx.rollback().await?;
        return Err(match find(state, visitor, code).await {
            Err(closed) => closed,
            Ok(invitation) => Closed::Used(invitation.brand),
        });
    };
    tx.commit().await.map_err(|error| Closed::Unavailable(commit_unclear(error)))?;
    let (community, household) = (invitation.community, invitation.household);
    state.metrics.households_joined.inc();
    tracing::info!(%community, %household, invitation = %invitation.id, spared = joined.spared, "a household joined");
    Ok(HouseholdJoined {
        household,
        member,
        community: invitation.brand.name,
        verified: joined.verified,
        joined_at: joined.at,
    })
}

impl From<Closed> for Problem {
    fn from(closed: Closed) -> Self {
        let ask = |brand: super::Brand| match brand.contact {
            Some(contact) => format!(" {} knows more: {contact}.", brand.name),
            None => String::new(),
        };
        match closed {
            Closed::Typing(error) => {
                Self::new(Kind::TypingMistake, "Compare it with the invitation, letter by letter.")
                    .at("/code", error.to_string())
            }
            Closed::Unknown => Self::new(Kind::UnknownCode, "It is well-formed, and no invitation has it.")
                .at("/code", "is not known"),
            Closed::Used(brand) => Self::new(
                Kind::CodeUsed,
                format!("A household joins once; ask the others at home to invite you.{}", ask(brand)),
            ),
            Closed::Expired(brand) => {
                Self::new(Kind::CodeExpired, format!("Ask for a new invitation.{}", ask(brand)))
            }
            Closed::Revoked(brand) => {
                Self::new(Kind::CodeRevoked, format!("The invitation was taken back.{}", ask(brand)))
            }
            Closed::Replaced(brand) => Self::new(
                Kind::CodeReplaced,
                format!("There is a newer invitation; use the code in that one.{}", ask(brand)),
            ),
            Closed::TooManyTries(seconds) => Self::new(
                Kind::TooManyRequests,
                format!("Too many wrong access codes came from your address. Wait {seconds} s."),
            )
            .retry_after(seconds),
            Closed::Unavailable(problem) => problem,
        }
    }
}

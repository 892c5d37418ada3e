//! `POST /v1/join`: a household joins, for the portal of a community that has pages of its own.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use porchlight_shared::domain::{HouseholdId, InvitationKind, MemberId};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::{
    Closed, Joined, enter, find,
    newcomer::{Newcomer, Said},
};
use crate::{
    intake::{body::require_json, request},
    problem::{Kind, Problem, ProblemBody},
    refusals::{LedgerAway, NotJson, NotJsonType},
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
    /// Where they live, as it stands on their door: for a blank pass, and left out otherwise.
    address: Option<String>,
    /// Whether a leader is to be asked where who lives there has joined already; only for a blank pass.
    #[serde(default)]
    ask: bool,
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

/// Somebody whom a leader is asked to let in.
#[derive(Debug, Serialize, ToSchema)]
pub struct JoinAsked {
    /// The community's name.
    pub community: String,
    /// Always `waiting_for_approval`.
    pub state: &'static str,
}

/// Join
///
/// Uses an access code up: the household joins, and whoever sends this becomes its head; with a member's code they become
/// a member. With a blank pass the address says which household it is; where nobody can tell, a leader is asked, and the
/// code waits. No token is needed; the code is the right to join. A typing mistake is answered without a look-up. Ten wrong codes in ten minutes from one address
/// are answered with 429.
#[utoipa::path(
    post, path = "/v1/join", tag = "Joining",
    request_body = JoinRequest,
    responses(
        (status = 201, description = "Joined", body = HouseholdJoined),
        (status = 202, description = "A leader is asked: nobody can tell from the address which household it is", body = JoinAsked),
        NotJson,
        (status = 404, description = "Nobody has this code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The code was used, a leader is asked already, or who lives there has joined", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "The code has expired, or was cancelled or replaced", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 8 KiB", body = ProblemBody, content_type = "application/problem+json"),
        NotJsonType,
        (status = 422, description = "A typing mistake in the code, or a field does not fit", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong codes from there", body = ProblemBody, content_type = "application/problem+json"),
        LedgerAway,
    ),
)]
pub async fn join(
    State(state): State<Arc<AppState>>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let bytes = body.map_err(|_| Problem::new(Kind::BodyTooLarge, "Who joins needs no more than 8 KiB."))?;
    require_json(&headers, "the code and who joins")?;
    let known = ["code", "name", "email", "phone", "address", "ask"];
    let request: JoinRequest = request::parse(&bytes, &known, "needs code, name and one of email and phone")?;
    let (pointer, contact) = match (&request.email, &request.phone) {
        (Some(email), None) => ("/email", email),
        (None, Some(phone)) => ("/phone", phone),
        _ => return Err(request::invalid("", "needs one of email and phone")),
    };
    let invitation = find(&state, visitor, &request.code).await?;
    let place = match (invitation.kind, &request.address) {
        (InvitationKind::Blank, address) => Some(address.as_deref().unwrap_or_default()),
        (InvitationKind::Household | InvitationKind::Member, None) => None,
        (InvitationKind::Household | InvitationKind::Member, Some(_)) => {
            return Err(request::invalid(
                "/address",
                "goes with a blank pass only; this code knows its household",
            ));
        }
    };
    let said = Said { name: &request.name, contact, place };
    let newcomer = Newcomer::read(said, &invitation.brand.country, &state.keyring);
    let newcomer = newcomer.map(|newcomer| Newcomer { asks: request.ask, ..newcomer });
    let newcomer = newcomer.map_err(|misfits| {
        let problem = Problem::new(Kind::InvalidField, "Nothing was changed, and the code still works.");
        misfits.into_iter().fold(problem, |problem, misfit| {
            let pointer = match misfit.field {
                "name" => "/name",
                "place" => "/address",
                _ => pointer,
            };
            problem.at(pointer, misfit.mend)
        })
    })?;
    let community = invitation.brand.name.clone();
    let also = async |_: &mut PgConnection, _| Ok(());
    let (entered, ()) = enter(&state, visitor, &request.code, invitation, &newcomer, also).await?;
    let Some(Joined { household, member, at, verified, .. }) = entered.household else {
        let asked = JoinAsked { community, state: "waiting_for_approval" };
        return Ok((StatusCode::ACCEPTED, Json(asked)).into_response());
    };
    let joined = HouseholdJoined { household, member, community, verified, joined_at: at };
    Ok((StatusCode::CREATED, Json(joined)).into_response())
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
            Closed::Sample => Self::new(Kind::UnknownCode, "It is a sample's, and lets nobody in."),
            Closed::Unknown => Self::new(Kind::UnknownCode, "It is well-formed, and no invitation has it.")
                .at("/code", "is not known"),
            Closed::Used(brand) => Self::new(
                Kind::CodeUsed,
                format!("A household joins once; ask the others at home to invite you.{}", ask(brand)),
            ),
            Closed::Expired(brand, _) => {
                Self::new(Kind::CodeExpired, format!("Ask for a new invitation.{}", ask(brand)))
            }
            Closed::Revoked(brand) => {
                Self::new(Kind::CodeRevoked, format!("The invitation was taken back.{}", ask(brand)))
            }
            Closed::Replaced(brand) => Self::new(
                Kind::CodeReplaced,
                format!("There is a newer invitation; use the code in that one.{}", ask(brand)),
            ),
            Closed::Waiting(brand) => Self::new(
                Kind::WaitingForApproval,
                format!("Somebody asked to join with it, and a leader has not answered yet.{}", ask(brand)),
            ),
            Closed::HouseholdExists(brand) => Self::new(
                Kind::HouseholdExists,
                format!(
                    "Ask whoever joined there to invite you; nothing was changed, and the code still works.{}",
                    ask(brand)
                ),
            ),
            Closed::Member(brand) => Self::new(
                Kind::MemberAlready,
                format!("Nothing was changed, and the code still works.{}", ask(brand)),
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

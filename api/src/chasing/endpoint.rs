//! `POST …/invitations/{invitation}/resend|extend|replace|revoke` and `POST …/batches/{batch}/retry`.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State, rejection::BytesRejection},
    http::HeaderMap,
};
use jiff::Timestamp;
use porchlight_shared::domain::{
    AttemptReason, BatchId, CommunityId, DeliveryState, HouseholdId, InvitationId,
};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use utoipa::ToSchema;

use super::{
    retry::{self, Retried},
    steps::{Step, carry_out},
};
use crate::{
    access::{Caller, Role},
    board::deliveries::exists,
    intake::{body::require_json, ledger::endings::InvitationEnd, request},
    problem::{Kind, Problem, ProblemBody},
    refusals::{LedgerAway, NoBatch, NoToken, NotApplicationJson, NotJson, UnfitField},
    state::AppState,
};

/// Where a household's invitation stands after a step.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationStepped {
    /// The household's invitation now: another one where the code was replaced, or had expired.
    #[schema(value_type = uuid::Uuid)]
    pub invitation: InvitationId,
    /// Messages that are on their way.
    pub messages: usize,
    /// Until when its code can be used; null: it has ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident, $path:literal, $description:literal, $step:expr;)+) => {$(
        $(#[$doc])*
        #[utoipa::path(
            post, path = $path, tag = "Sending",
            params(
                ("community" = String, Path, format = Uuid, description = "The community"),
                ("invitation" = String, Path, format = Uuid, description = "The invitation"),
            ),
            responses(
                (status = 200, description = $description, body = InvitationStepped),
                NoToken,
                (status = 403, description = "A service's token; only leaders end or extend codes", body = ProblemBody, content_type = "application/problem+json"),
                (status = 404, description = "No such invitation of this token's community", body = ProblemBody, content_type = "application/problem+json"),
                (status = 409, description = "The household has joined, or nobody of it can be written to", body = ProblemBody, content_type = "application/problem+json"),
                (status = 410, description = "The invitation was cancelled or replaced, or has expired", body = ProblemBody, content_type = "application/problem+json"),
                LedgerAway,
            ),
            security(("bearer" = [])),
        )]
        pub async fn $name(
            State(state): State<Arc<AppState>>,
            caller: Caller,
            Path((_, invitation)): Path<(String, String)>,
        ) -> Result<Json<InvitationStepped>, Problem> {
            if $step != Step::Resend {
                leaders_only(&caller)?;
            }
            let invitation: InvitationId = invitation.parse().map_err(|_| Problem::not_found())?;
            let household = of(&state.pool, caller.community, invitation, $step).await?;
            let stepped = carry_out(&state, caller.actor(), household, Some(invitation), $step).await?;
            Ok(Json(InvitationStepped {
                invitation: stepped.invitation,
                messages: stepped.messages,
                expires_at: stepped.expires_at,
            }))
        }
    )+};
}

steps! {
    /// Send an invitation again
    ///
    /// The same code goes to every contact of the household that may be written to; where it has expired, a new one.
    resend_invitation, "/v1/communities/{community}/invitations/{invitation}/resend", "It goes once more", Step::Resend;
    /// Extend an invitation
    ///
    /// Its code can be used for 30 days from now on; nothing is sent.
    extend_invitation, "/v1/communities/{community}/invitations/{invitation}/extend", "It holds longer", Step::Extend;
    /// Replace an invitation's code
    ///
    /// The old code ends at once, on paper as well; a new one goes to the household's contacts.
    replace_invitation, "/v1/communities/{community}/invitations/{invitation}/replace", "Another code is on its way", Step::Replace;
    /// Revoke an invitation
    ///
    /// Its code ends at once, and what waits to carry it is taken back.
    revoke_invitation, "/v1/communities/{community}/invitations/{invitation}/revoke", "It has ended", Step::Revoke;
}

/// Programs send and read; what ends a code, or may make a message arrive twice, is for people.
fn leaders_only(caller: &Caller) -> Result<(), Problem> {
    if caller.role == Role::Service {
        return Err(Problem::new(Kind::Forbidden, "Only leaders do that. Use a leader's token."));
    }
    Ok(())
}

/// Whose invitation it is, if something can be done with it.
async fn of(
    pool: &PgPool,
    community: CommunityId,
    invitation: InvitationId,
    step: Step,
) -> Result<HouseholdId, Problem> {
    let row = sqlx::query!(
        r#"SELECT household_id AS "household!", ended_as AS "ended_as: InvitationEnd" FROM invitations
           WHERE id = $1 AND community_id = $2 AND kind = 'household'"#,
        invitation.uuid(),
        community.uuid(),
    )
    .fetch_optional(pool)
    .await?
    .ok_or_else(Problem::not_found)?;
    let gone = |kind, detail| Err(Problem::new(kind, detail));
    match row.ended_as {
        None => Ok(row.household.into()),
        Some(InvitationEnd::Expired) if step == Step::Resend => Ok(row.household.into()),
        Some(InvitationEnd::Expired) => {
            gone(Kind::CodeExpired, "Send it again: the household gets a new code.")
        }
        Some(InvitationEnd::Joined) => {
            gone(Kind::HouseholdExists, "Its household has joined. Nothing was changed.")
        }
        Some(InvitationEnd::Revoked) => {
            gone(Kind::CodeRevoked, "It was cancelled. Invite the household anew.")
        }
        Some(InvitationEnd::Replaced) => gone(Kind::CodeReplaced, "Another took its place. Use that one."),
    }
}

/// What is to be tried again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryRequest {
    /// Only what stands there: `failed`, `bounced` and `needs_decision`; left out: `failed`, which certainly did not arrive.
    #[schema(value_type = Option<Vec<String>>)]
    states: Option<Vec<DeliveryState>>,
    /// Only what ended for one of these reasons.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    reasons: Vec<AttemptReason>,
}

/// Try a batch's problems again
///
/// What failed goes once more, as a new message with the same code; what may have arrived only when `states` says so. The
/// answer tells the two apart. At most 2,000 in one request: send it again for the rest. Repeating it sends nothing twice.
#[utoipa::path(
    post, path = "/v1/communities/{community}/batches/{batch}/retry", tag = "Sending",
    params(
        ("community" = String, Path, format = Uuid, description = "The community"),
        ("batch" = String, Path, format = Uuid, description = "The batch"),
    ),
    request_body(content = Option<RetryRequest>, content_type = "application/json"),
    responses(
        (status = 200, description = "What goes again", body = Retried),
        NotJson, NoToken,
        (status = 403, description = "A service's token; only leaders send again what may have arrived", body = ProblemBody, content_type = "application/problem+json"),
        NoBatch, NotApplicationJson, UnfitField,
        (status = 503, description = "The ledger cannot be reached; the same request does the rest", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
)]
pub async fn retry_batch(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path((_, batch)): Path<(String, String)>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Retried>, Problem> {
    use DeliveryState::{Bounced, Failed, NeedsDecision};
    let batch: BatchId = batch.parse().map_err(|_| Problem::not_found())?;
    let body = body.map_err(|_| Problem::new(Kind::BodyTooLarge, "A few words are enough."))?;
    let wanted: RetryRequest = if body.is_empty() {
        RetryRequest::default()
    } else {
        require_json(&headers, "what is to be tried again")?;
        request::parse(&body, &["states", "reasons"], "may have states and reasons")?
    };
    let states = wanted.states.unwrap_or_else(|| vec![Failed]);
    if let Some(index) = states.iter().position(|state| !matches!(state, Failed | Bounced | NeedsDecision)) {
        let detail = "is none of failed, bounced and needs_decision: nothing else can be tried again";
        return Err(request::invalid(&format!("/states/{index}"), detail));
    }
    if states.contains(&NeedsDecision) {
        leaders_only(&caller)?;
    }
    if !exists(&state.pool, caller.community, batch).await? {
        return Err(Problem::not_found());
    }
    let found = retry::of_batch(&state.pool, caller.community, batch, &states, &wanted.reasons).await?;
    Ok(Json(retry::all(&state, caller.actor(), &found, Some(batch)).await?))
}

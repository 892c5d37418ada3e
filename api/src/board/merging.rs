//! `POST …/households/{household}/merge`: two that are one.
//!
//! Contacts, members, passes and the story of what was sent go over; of two live codes the one of the household that stays
//! is left, and whoever holds the other is told of it. Whoever joined first stays head. Locks are taken in the order
//! household (by id), invitation, deliveries.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State, rejection::BytesRejection},
    http::HeaderMap,
};
use porchlight_shared::domain::HouseholdId;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::{
    access::{Caller, Role},
    audit::{Act, Actor, Entry},
    intake::{
        body::require_json,
        ledger::endings::{self, InvitationEnd},
        request,
    },
    problem::{Kind, Problem, ProblemBody, commit_unclear},
    refusals::{LedgerAwayRepeat, NoToken, NotJson, NotJsonType, ServiceToken, UnfitField},
    state::AppState,
};

/// What becomes of a household.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeRequest {
    /// The household that stays.
    #[schema(value_type = uuid::Uuid)]
    into: HouseholdId,
}

/// The household that is left.
#[derive(Debug, Serialize, ToSchema)]
pub struct HouseholdsMerged {
    /// Which it is.
    #[schema(value_type = uuid::Uuid)]
    pub household: HouseholdId,
}

/// Merge a household into another
///
/// For one that is listed twice. What belongs to it goes over, and it is gone; of two live codes the other household's is
/// left. Closed to a service's token.
#[utoipa::path(
    post, path = "/v1/communities/{community}/households/{household}/merge", tag = "Residents",
    params(
        ("community" = String, Path, format = Uuid, description = "The community"),
        ("household" = String, Path, format = Uuid, description = "The household that is gone afterwards"),
    ),
    request_body = MergeRequest,
    responses(
        (status = 200, description = "They are one", body = HouseholdsMerged),
        NotJson, NoToken, ServiceToken,
        (status = 404, description = "No such households of this token's community", body = ProblemBody, content_type = "application/problem+json"),
        NotJsonType, UnfitField, LedgerAwayRepeat,
    ),
    security(("bearer" = [])),
)]
pub async fn merge_households(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path((_, household)): Path<(String, String)>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<HouseholdsMerged>, Problem> {
    if caller.role == Role::Service {
        return Err(Problem::new(Kind::Forbidden, "Only leaders merge households. Use a leader's token."));
    }
    let from: HouseholdId = household.parse().map_err(|_| Problem::not_found())?;
    let bytes = body.map_err(|_| Problem::new(Kind::BodyTooLarge, "At most 16 MiB are read."))?;
    require_json(&headers, "into which household")?;
    let asked: MergeRequest = request::parse(&bytes, &["into"], "needs into")?;
    merge(&state, caller.actor(), from, asked.into).await?;
    Ok(Json(HouseholdsMerged { household: asked.into }))
}

/// Merges `from` into `into`.
///
/// # Errors
/// When they are not two of the community's, or the ledger does not answer.
pub async fn merge(
    state: &AppState,
    Actor { community, by }: Actor,
    from: HouseholdId,
    into: HouseholdId,
) -> Result<(), Problem> {
    if from == into {
        return Err(request::invalid("/into", "must be another household"));
    }
    let mut tx = state.pool.begin().await?;
    sqlx::query("SET LOCAL lock_timeout = '3s'").execute(&mut *tx).await?;
    let both = [from.uuid(), into.uuid()];
    let locked = sqlx::query_scalar!(
        "SELECT id FROM households WHERE community_id = $1 AND id = ANY ($2) ORDER BY id FOR UPDATE",
        community.uuid(),
        &both,
    );
    if locked.fetch_all(&mut *tx).await?.len() < 2 {
        return Err(Problem::not_found());
    }
    end_codes(&mut tx, from, into).await?;
    move_members(&mut tx, from, into).await?;
    for statement in [
        "UPDATE invitations SET household_id = $2 WHERE household_id = $1",
        "UPDATE contacts SET household_id = $2 WHERE household_id = $1",
        "UPDATE households AS h SET joined_at = least(h.joined_at, o.joined_at), name = coalesce(h.name, o.name),
                                    property_id = coalesce(h.property_id, o.property_id)
         FROM households o WHERE o.id = $1 AND h.id = $2",
        "DELETE FROM households WHERE id = $1 AND id <> $2",
    ] {
        sqlx::query(statement).bind(from.uuid()).bind(into.uuid()).execute(&mut *tx).await?;
    }
    Entry::of(by, Act::HouseholdsMerged, into.uuid()).write(&mut tx, community).await?;
    tx.commit().await.map_err(commit_unclear)?;
    tracing::info!(%community, household = %into, merged = %from, "two households became one");
    Ok(())
}

/// Of two live codes the one of the household that stays is left; of one that has joined none. What waits to carry the
/// other is taken back.
async fn end_codes(tx: &mut PgConnection, from: HouseholdId, into: HouseholdId) -> sqlx::Result<()> {
    let codes = sqlx::query!(
        r#"SELECT i.id, i.expires_at <= app_now() AS "late!" FROM invitations AS i
         WHERE i.household_id = ANY ($3) AND i.kind = 'household' AND i.ended_at IS NULL
             AND (EXISTS (SELECT FROM households WHERE id = ANY ($3) AND joined_at IS NOT NULL)
                  OR i.household_id = $1 AND EXISTS (
                      SELECT FROM invitations
                      WHERE household_id = $2 AND kind = 'household' AND ended_at IS NULL AND expires_at > app_now()
                  )
                  OR i.household_id = $2 AND i.expires_at <= app_now())"#,
        from.uuid(),
        into.uuid(),
        &[from.uuid(), into.uuid()],
    )
    .fetch_all(&mut *tx)
    .await?;
    let (late, live): (Vec<_>, Vec<_>) = codes.into_iter().partition(|code| code.late);
    for (codes, how) in [(late, InvitationEnd::Expired), (live, InvitationEnd::Replaced)] {
        let codes: Vec<_> = codes.into_iter().map(|code| code.id).collect();
        let ended = endings::end_codes(tx, &codes, how).await?;
        endings::take_back(tx, &ended).await?;
    }
    Ok(())
}

/// Who is in both is in once. Where both have a head, whoever joined later is a member.
async fn move_members(tx: &mut PgConnection, from: HouseholdId, into: HouseholdId) -> sqlx::Result<()> {
    for statement in [
        // In whichever browser they are known.
        "UPDATE members AS o SET account_id = m.account_id FROM members AS m
         WHERE m.household_id = $1 AND o.household_id = $2 AND o.account_id IS NULL
             AND (o.channel, o.address_hash) = (m.channel, m.address_hash)
             AND NOT EXISTS (SELECT FROM members WHERE household_id = $2 AND account_id = m.account_id)",
        "DELETE FROM members AS m USING members AS o
         WHERE m.household_id = $1 AND o.household_id = $2 AND (o.channel, o.address_hash) = (m.channel, m.address_hash)",
        "DELETE FROM members AS m USING members AS o
         WHERE m.household_id = $1 AND o.household_id = $2 AND o.account_id = m.account_id",
        "UPDATE members AS m SET role = 'member'
         FROM households AS one, households AS other
         WHERE m.role = 'head' AND one.id = $1 AND other.id = $2
             AND EXISTS (SELECT FROM members WHERE household_id = one.id AND role = 'head')
             AND EXISTS (SELECT FROM members WHERE household_id = other.id AND role = 'head')
             AND m.household_id = CASE WHEN one.joined_at < other.joined_at THEN other.id ELSE one.id END",
        "UPDATE members SET household_id = $2 WHERE household_id = $1",
    ] {
        sqlx::query(statement).bind(from.uuid()).bind(into.uuid()).execute(&mut *tx).await?;
    }
    Ok(())
}

//! How invitations end: the sealed copy of the code is dropped, and whom it was meant for is forgotten.

use porchlight_shared::domain::{HouseholdId, InvitationId};
use sqlx::{PgConnection, Result};
use uuid::Uuid;

/// How an invitation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "invitation_end", rename_all = "snake_case")]
pub enum InvitationEnd {
    /// Somebody joined with it.
    Joined,
    /// A leader took it back.
    Revoked,
    /// Another took its place.
    Replaced,
    /// Its time ran out.
    Expired,
}

/// Ends a code, and takes back what waits to carry it; `false`: it had ended.
pub async fn end(tx: &mut PgConnection, invitation: InvitationId, how: InvitationEnd) -> Result<bool> {
    let ended = end_codes(tx, &[invitation.uuid()], how).await?;
    take_back(tx, &[invitation.uuid()]).await?;
    Ok(!ended.is_empty())
}

/// Ends those of these codes that have not ended, and returns them.
pub async fn end_codes(tx: &mut PgConnection, invitations: &[Uuid], how: InvitationEnd) -> Result<Vec<Uuid>> {
    if invitations.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query_scalar!(
        "UPDATE invitations SET ended_as = $2, ended_at = (SELECT app_now()), code_sealed = NULL, code_sealed_key = NULL,
                                intended_for = NULL
         WHERE id = ANY ($1) AND ended_at IS NULL RETURNING id",
        invitations,
        how as InvitationEnd,
    )
    .fetch_all(tx)
    .await
}

/// When somebody asked to be let in with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Now: the code must be live.
    Now,
    /// Before, and a leader has answered: its time may have run out since.
    Before,
}

/// Ends a code with a household's joining, whose it is from now on; `false`: it had ended.
pub async fn end_as_joined(
    tx: &mut PgConnection,
    invitation: InvitationId,
    household: HouseholdId,
    asked: Asked,
) -> Result<bool> {
    let ended = sqlx::query!(
        "UPDATE invitations SET ended_as = 'joined', ended_at = app_now(), code_sealed = NULL, code_sealed_key = NULL,
                                household_id = $2, intended_for = NULL
         WHERE id = $1 AND CASE WHEN $3 THEN ended_at IS NULL OR ended_as = 'expired'
                                ELSE ended_at IS NULL AND expires_at > app_now() END",
        invitation.uuid(),
        household.uuid(),
        asked == Asked::Before,
    )
    .execute(tx)
    .await?;
    Ok(ended.rows_affected() > 0)
}

/// Takes back what waits to carry codes that have ended, and what somebody would have to decide about.
pub async fn take_back(tx: &mut PgConnection, ended: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "WITH waiting AS MATERIALIZED (
             SELECT id FROM deliveries
             WHERE invitation_id = ANY ($1) AND state IN ('held', 'queued', 'retry_wait', 'needs_decision')
             ORDER BY id FOR NO KEY UPDATE
         )
         UPDATE deliveries AS d SET state = 'cancelled', held_reason = NULL, due_at = NULL, changed_at = app_now()
         FROM waiting WHERE d.id = waiting.id AND d.state IN ('held', 'queued', 'retry_wait', 'needs_decision')",
        ended,
    )
    .execute(tx)
    .await?;
    Ok(())
}

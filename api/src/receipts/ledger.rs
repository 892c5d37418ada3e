//! The statements behind residents' texts.
//!
//! One number serves all communities of an installation, so what its reader asks for holds for all of them.

use porchlight_shared::domain::SuppressionId;
use sqlx::{PgConnection, Result};

use super::replies;

/// Marks a resident's text as dealt with; `false` if it was before.
///
/// # Errors
/// When the ledger does not answer.
pub(super) async fn comes_first(tx: &mut PgConnection, provider_id: &str) -> Result<bool> {
    let first = sqlx::query!(
        "INSERT INTO answered_texts (provider_id) VALUES ($1) ON CONFLICT DO NOTHING",
        provider_id
    );
    Ok(first.execute(tx).await?.rows_affected() == 1)
}

/// The community that wrote to a number last.
#[derive(Debug)]
pub(super) struct Community {
    short_name: String,
    contact: Option<String>,
}

impl Community {
    /// What residents read of it.
    pub(super) fn as_read(&self) -> replies::Community<'_> {
        replies::Community { short_name: &self.short_name, contact: self.contact.as_deref() }
    }
}

/// Who wrote to a number last, if anybody did.
///
/// # Errors
/// When the ledger does not answer.
pub(super) async fn last_sender(tx: &mut PgConnection, hash: &[u8; 32]) -> Result<Option<Community>> {
    sqlx::query_as!(
        Community,
        "SELECT c.short_name, c.contact
         FROM communities c
         CROSS JOIN LATERAL (
             SELECT id, household_id FROM contacts
             WHERE community_id = c.id AND channel = 'text' AND address_hash = $1 OFFSET 0
         ) AS k
         CROSS JOIN LATERAL (
             SELECT max(coalesce(a.began_at, d.attempt_began_at)) AS at
             FROM invitations i
             JOIN deliveries d ON d.invitation_id = i.id
             LEFT JOIN attempts a ON a.delivery_id = d.id AND a.number = d.attempt_number
             WHERE i.household_id = k.household_id AND d.contact_id = k.id AND d.attempt_number > 0
         ) AS written
         WHERE written.at IS NOT NULL
         ORDER BY written.at DESC LIMIT 1",
        &hash[..],
    )
    .fetch_optional(tx)
    .await
}

/// Writes down that a number wants nothing more, above what a leader may lift, and takes back what waits for it in any
/// community; returns how many messages that were.
///
/// # Errors
/// When the ledger does not answer.
pub(super) async fn stop(
    tx: &mut PgConnection,
    id: SuppressionId,
    hash: &[u8; 32],
    masked: &str,
) -> Result<u64> {
    sqlx::query!(
        "INSERT INTO suppressions (id, channel, address_hash, address_masked, reason)
         VALUES ($1, 'text', $2, $3, 'opted_out')
         ON CONFLICT (address_hash, community_id) WHERE lifted_at IS NULL DO UPDATE SET reason = excluded.reason
         WHERE suppressions.reason IN ('hard_bounced', 'leader')",
        id.uuid(),
        &hash[..],
        masked,
    )
    .execute(&mut *tx)
    .await?;
    let taken_back = sqlx::query!(
        "WITH waiting AS MATERIALIZED (
             SELECT d.id
             FROM communities c
             CROSS JOIN LATERAL (
                 SELECT id, household_id FROM contacts
                 WHERE community_id = c.id AND channel = 'text' AND address_hash = $1 OFFSET 0
             ) AS k
             JOIN invitations i ON i.household_id = k.household_id
             JOIN deliveries d ON d.invitation_id = i.id
             WHERE d.contact_id = k.id AND d.state IN ('held', 'queued', 'retry_wait')
             ORDER BY d.id FOR NO KEY UPDATE OF d
         )
         UPDATE deliveries AS d SET state = 'suppressed', held_reason = NULL, due_at = NULL, changed_at = app_now()
         FROM waiting WHERE d.id = waiting.id AND d.state IN ('held', 'queued', 'retry_wait')",
        &hash[..],
    )
    .execute(tx)
    .await?;
    Ok(taken_back.rows_affected())
}

/// Lifts what a STOP put in force, whoever wrote it down; returns how much that was.
///
/// # Errors
/// When the ledger does not answer.
pub(super) async fn start(tx: &mut PgConnection, hash: &[u8; 32]) -> Result<u64> {
    let lifted = sqlx::query!(
        "UPDATE suppressions SET lifted_at = app_now()
         WHERE address_hash = $1 AND channel = 'text' AND reason = 'opted_out' AND lifted_at IS NULL",
        &hash[..],
    );
    Ok(lifted.execute(tx).await?.rows_affected())
}

//! Addresses lapse: those of a household that never came are forgotten 90 days after its last invitation ended.
//!
//! Every invitation is looked back at once, so that a look costs as much as ended in a day and not as much as is kept.
//! Whoever names a lapsed address again, in a list or by hand, brings it back to its household, whose history stays.

use super::{LookError, Reconciler};

/// Invitations in one look; what is left is for the next.
const AT_ONCE: i64 = 5_000;

impl Reconciler {
    /// Forgets the addresses, and what their readers are called. Whoever asks for a new code and has no answer yet is still
    /// waited for. Returns how many.
    pub(super) async fn lapsed(&self) -> Result<u64, LookError> {
        let mut tx = self.pool.begin().await?;
        // Storing an invitation takes a share of its household, which this lock does not suffer: a household that is being
        // invited is passed over. What the others' invitations are is read once it is had, in a statement of its own.
        let households = sqlx::query_scalar!(
            "SELECT id FROM households WHERE id IN (
                 SELECT i.household_id FROM invitations i
                 WHERE i.kind = 'household' AND NOT i.looked_back AND i.ended_at < (SELECT app_now()) - interval '90 days'
                     AND NOT EXISTS (SELECT FROM open_requests r WHERE r.household_id = i.household_id)
                 ORDER BY i.ended_at LIMIT $1
             )
             ORDER BY id FOR UPDATE SKIP LOCKED",
            AT_ONCE,
        )
        .fetch_all(&mut *tx)
        .await?;
        if households.is_empty() {
            return Ok(0);
        }
        let lapsed = sqlx::query!(
            "WITH over AS MATERIALIZED (
                 SELECT c.id FROM households h JOIN contacts c ON c.household_id = h.id
                 WHERE h.id = ANY ($1) AND h.joined_at IS NULL AND c.erased_at IS NULL
                     AND NOT EXISTS (
                         SELECT FROM invitations i
                         WHERE i.household_id = h.id
                             AND (i.ended_at IS NULL OR i.ended_at >= (SELECT app_now()) - interval '90 days')
                     )
                     AND NOT EXISTS (
                         SELECT FROM members
                         WHERE household_id = h.id AND channel = c.channel AND address_hash = c.address_hash
                     )
                 ORDER BY c.id FOR NO KEY UPDATE OF c SKIP LOCKED
             )
             UPDATE contacts AS c SET address = NULL, name = NULL, erased_at = app_now(), lapsed = true
             FROM over WHERE c.id = over.id",
            &households,
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "UPDATE invitations SET looked_back = true
             WHERE household_id = ANY ($1) AND kind = 'household' AND NOT looked_back
                 AND ended_at < (SELECT app_now()) - interval '90 days'",
            &households,
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(lapsed.rows_affected())
    }
}

//! Batches without open rows.

use super::{LookError, Reconciler, report::Report};

impl Reconciler {
    /// Closes them. The tallies say which ones to look at, the rows themselves decide: under the batch's lock, so that one
    /// of which a leader sends something again in the same moment stays open.
    pub(super) async fn finished(&self) -> Result<Report, LookError> {
        let mut tx = self.pool.begin().await?;
        let quiet = sqlx::query_scalar!(
            "SELECT id FROM batches b
             WHERE finished_at IS NULL
                 AND 0 = (SELECT coalesce(sum(count), 0) FROM tallies
                          WHERE batch_id = b.id AND state IN ('held', 'queued', 'sending', 'retry_wait', 'checking'))
             ORDER BY id FOR NO KEY UPDATE SKIP LOCKED",
        )
        .fetch_all(&mut *tx)
        .await?;
        if quiet.is_empty() {
            return Ok(Report::Finished(0));
        }
        // A view of its own, taken when nobody can add a row any more.
        let closed = sqlx::query!(
            "UPDATE batches b SET finished_at = app_now()
             WHERE id = ANY($1)
                 AND NOT EXISTS (SELECT FROM deliveries
                                 WHERE batch_id = b.id AND newest
                                     AND state IN ('held', 'queued', 'sending', 'retry_wait', 'checking'))",
            &quiet,
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Report::Finished(closed.rows_affected()))
    }
}

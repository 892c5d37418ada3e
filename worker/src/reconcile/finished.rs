//! Batches without open rows.

use super::{LookError, Reconciler, report::Report};

impl Reconciler {
    /// Closes them. The tallies say which ones to look at, the rows themselves decide.
    pub(super) async fn finished(&self) -> Result<Report, LookError> {
        let closed = sqlx::query!(
            "UPDATE batches b SET finished_at = app_now()
             WHERE finished_at IS NULL
                 AND 0 = (SELECT coalesce(sum(count), 0) FROM tallies
                          WHERE batch_id = b.id AND state IN ('held', 'queued', 'sending', 'retry_wait', 'checking'))
                 AND NOT EXISTS (SELECT FROM deliveries
                                 WHERE batch_id = b.id AND newest
                                     AND state IN ('held', 'queued', 'sending', 'retry_wait', 'checking'))",
        )
        .execute(&self.pool)
        .await?;
        Ok(Report::Finished(closed.rows_affected()))
    }
}

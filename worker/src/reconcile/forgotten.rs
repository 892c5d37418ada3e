//! Answers that were kept for an `Idempotency-Key`.

use super::{LookError, Reconciler, report::Report};

impl Reconciler {
    /// Drops those that are older than the day for which they were promised.
    pub(super) async fn forgotten(&self) -> Result<Report, LookError> {
        let dropped = sqlx::query!(
            "DELETE FROM idempotency_keys WHERE created_at < (SELECT app_now()) - interval '25 hours'"
        );
        Ok(Report::Forgotten(dropped.execute(&self.pool).await?.rows_affected()))
    }
}

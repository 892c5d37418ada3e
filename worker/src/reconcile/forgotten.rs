//! What is kept for a time: answers for an `Idempotency-Key`, and drafts of lists.

use super::{LookError, Reconciler, report::Report};

impl Reconciler {
    /// Drops those whose time is over: a day for answers, 30 days after the last change for drafts.
    pub(super) async fn forgotten(&self) -> Result<Report, LookError> {
        let answers = sqlx::query!(
            "DELETE FROM idempotency_keys WHERE created_at < (SELECT app_now()) - interval '25 hours'"
        );
        let drafts = sqlx::query!("DELETE FROM drafts WHERE expires_at < (SELECT app_now())");
        let answers = answers.execute(&self.pool).await?.rows_affected();
        let drafts = drafts.execute(&self.pool).await?.rows_affected();
        Ok(Report::Forgotten { answers, drafts })
    }
}

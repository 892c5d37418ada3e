//! What is kept for a time: answers for an `Idempotency-Key`, drafts of lists, which texts were answered, sessions and the
//! links to them.

use super::{LookError, Reconciler, report::Report};

impl Reconciler {
    /// Drops those whose time is over: a day for answers, 30 days after the last change for drafts, 400 for the
    /// marks of answered texts, and for sessions and links what each says.
    pub(super) async fn forgotten(&self) -> Result<Report, LookError> {
        let answers = sqlx::query!(
            "DELETE FROM idempotency_keys WHERE created_at < (SELECT app_now()) - interval '25 hours'"
        );
        let drafts = sqlx::query!("DELETE FROM drafts WHERE expires_at < (SELECT app_now())");
        let texts = sqlx::query!(
            "DELETE FROM answered_texts WHERE received_at < (SELECT app_now()) - interval '400 days'"
        );
        let sessions = sqlx::query!("DELETE FROM sessions WHERE expires_at < (SELECT app_now())");
        let links = sqlx::query!("DELETE FROM sign_in_links WHERE expires_at < (SELECT app_now())");
        let answers = answers.execute(&self.pool).await?.rows_affected();
        let drafts = drafts.execute(&self.pool).await?.rows_affected();
        let texts = texts.execute(&self.pool).await?.rows_affected();
        let sessions = sessions.execute(&self.pool).await?.rows_affected();
        let links = links.execute(&self.pool).await?.rows_affected();
        Ok(Report::Forgotten { answers, drafts, texts, sessions, links })
    }
}

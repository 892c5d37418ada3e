//! What is kept for a time: codes of invitations, answers for an `Idempotency-Key`, drafts of lists, which texts were
//! answered, sessions and the links to them, and the addresses of whoever never came.

use super::{LookError, Reconciler, report::Report};

/// Invitations in one look; what is left is for the next.
const AT_ONCE: i64 = 5_000;

impl Reconciler {
    /// Drops those whose time is over: an invitation's sealed code when it expires, and what finds it again 400 days
    /// after its end; a day for answers, 30 days after the last change for drafts, 400 for the marks of answered
    /// texts, and for sessions and links what each says; 90 days after its invite ended the address of whoever was invited
    /// by a head and did not join; the next invite or list that names it brings it back. Households' own are [lapsed](Self::lapsed).
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
        let residents = sqlx::query!("DELETE FROM resident_sessions WHERE expires_at < (SELECT app_now())");
        // Whoever is at one now, as a list or a join, comes first.
        let codes = sqlx::query!(
            "WITH late AS MATERIALIZED (
                 SELECT id FROM invitations WHERE ended_at IS NULL AND expires_at <= (SELECT app_now())
                 ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED
             )
             UPDATE invitations AS i SET ended_as = 'expired', ended_at = app_now(), code_sealed = NULL, code_sealed_key = NULL,
                                         intended_for = NULL
             FROM late WHERE i.id = late.id",
            AT_ONCE,
        );
        let lookups = sqlx::query!(
            "WITH old AS MATERIALIZED (
                 SELECT id FROM invitations
                 WHERE ended_at < (SELECT app_now()) - interval '400 days' AND code_lookup IS NOT NULL
                 ORDER BY ended_at LIMIT $1 FOR UPDATE SKIP LOCKED
             )
             UPDATE invitations AS i SET code_lookup = NULL, code_lookup_key = NULL FROM old WHERE i.id = old.id",
            AT_ONCE,
        );
        let invitees = sqlx::query!(
            "WITH late AS MATERIALIZED (
                 SELECT c.id FROM contacts c
                 WHERE c.of_member AND c.erased_at IS NULL
                     AND NOT EXISTS (
                         SELECT FROM members
                         WHERE household_id = c.household_id AND channel = c.channel AND address_hash = c.address_hash
                     )
                     AND NOT EXISTS (
                         SELECT FROM invitations i JOIN deliveries d ON d.invitation_id = i.id
                         WHERE i.household_id = c.household_id AND d.contact_id = c.id
                             AND (i.ended_at IS NULL OR i.ended_at > (SELECT app_now()) - interval '90 days')
                     )
                 ORDER BY c.id LIMIT $1 FOR NO KEY UPDATE OF c SKIP LOCKED
             )
             UPDATE contacts AS c SET address = NULL, name = NULL, erased_at = app_now() FROM late WHERE c.id = late.id",
            AT_ONCE,
        );
        let codes = codes.execute(&self.pool).await?.rows_affected();
        let lookups = lookups.execute(&self.pool).await?.rows_affected();
        let answers = answers.execute(&self.pool).await?.rows_affected();
        let drafts = drafts.execute(&self.pool).await?.rows_affected();
        let texts = texts.execute(&self.pool).await?.rows_affected();
        let sessions = sessions.execute(&self.pool).await?.rows_affected()
            + residents.execute(&self.pool).await?.rows_affected();
        let invitees = invitees.execute(&self.pool).await?.rows_affected();
        let links = links.execute(&self.pool).await?.rows_affected();
        let lapsed = self.lapsed().await?;
        Ok(Report::Forgotten { codes, lookups, answers, drafts, texts, sessions, links, invitees, lapsed })
    }
}

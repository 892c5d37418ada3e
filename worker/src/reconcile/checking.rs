//! Outcomes that are still unknown when nothing more can be found out.
//!
//! What remains then is the policy: an e-mail is repeated once, with the same code and the same Message-ID; a text is
//! never repeated by itself, and is for a person to decide. Before that the provider of texts is asked; see
//! [`asking`](super::asking).
//!
//! Whose decision it is. A household's text is its leaders', who are told when its list is done. A text by which a head of
//! household invites is the head's: `/home` says beside the name that it may have arrived, and offers the link to be given
//! by hand. No leader is asked, because whom a family lets in is not theirs to see, and the head is not written to: they sent
//! it minutes ago, to somebody they live with, whose silence tells them what a message of ours would; and nothing is lost by
//! nobody looking, since the code works for its seven days if it came, and ends with them if not. A letter is nobody's.

use std::time::Duration;

use porchlight_shared::{domain::DeliveryState, queue::Job};
use uuid::Uuid;

use super::{
    LookError, MOST, Reconciler,
    report::{Moved, Report, add},
};

/// How much later than its last look a text is put before a person when whoever looked did not come back.
pub(super) const INQUIRY_LOST: Duration = Duration::from_mins(3);

impl Reconciler {
    /// Resolves what is `checking` and due.
    pub(super) async fn checking(&self, everywhere: bool) -> Result<Report, LookError> {
        let mut moved = Moved::new();
        for batch in self.batches_with(DeliveryState::Checking, everywhere).await? {
            add(&mut moved, self.checking_of(batch).await?);
        }
        Ok(Report::Checking(moved))
    }

    async fn checking_of(&self, batch: Uuid) -> Result<Vec<DeliveryState>, LookError> {
        let patience = self.text_looks.wait() + INQUIRY_LOST;
        let changed = sqlx::query!(
            r#"WITH clock AS MATERIALIZED (SELECT app_now() AS now),
            -- While a leader pauses or cancels the batch, nothing of it is let go.
            batch AS MATERIALIZED (SELECT id FROM batches WHERE id = $2 FOR SHARE SKIP LOCKED),
            open AS MATERIALIZED (
                SELECT d.id, d.channel, d.repeated, coalesce(d.kind = 'invitation' AND h.joined_at IS NOT NULL, false) AS joined,
                       d.letter_id IS NOT NULL AS is_letter
                FROM clock, batch b
                JOIN deliveries d ON d.batch_id = b.id
                LEFT JOIN contacts c ON c.id = d.contact_id
                LEFT JOIN households h ON h.id = c.household_id
                WHERE d.newest AND d.state = 'checking' AND d.due_at <= clock.now
                    -- Whoever can ask goes on asking; that nobody can is noticed a while later.
                    AND (d.channel = 'email' OR d.kind = 'invitation' AND h.joined_at IS NOT NULL
                         OR d.changed_at <= clock.now - make_interval(secs => $3)
                            -- After an outage of all workers those who can ask come first.
                            AND ($4 OR d.due_at > d.changed_at + make_interval(secs => $5)))
                ORDER BY d.id LIMIT $1 FOR NO KEY UPDATE OF d SKIP LOCKED
            )
            UPDATE deliveries d SET
                state = (CASE WHEN o.joined THEN 'not_needed'
                              WHEN o.channel = 'email' AND NOT o.repeated THEN 'retry_wait'
                              -- Nobody decides about a letter: whoever misses it asks for another.
                              WHEN o.is_letter THEN 'failed'
                              ELSE 'needs_decision' END)::delivery_state,
                due_at = CASE WHEN NOT o.joined AND o.channel = 'email' AND NOT o.repeated THEN clock.now END,
                repeated = o.repeated OR (NOT o.joined AND o.channel = 'email'),
                changed_at = clock.now
            FROM clock, open o WHERE d.id = o.id
            RETURNING d.id, d.community_id, d.channel, d.state, d.letter_id IS NOT NULL AS "is_letter!""#,
            MOST,
            batch,
            patience.as_secs_f64(),
            self.awake.elapsed() >= INQUIRY_LOST,
            self.text_looks.wait().as_secs_f64(),
        )
        .fetch_all(&self.pool)
        .await?;
        let again = changed.iter().filter(|row| row.state == DeliveryState::RetryWait);
        let jobs: Vec<_> = again
            .map(|row| (row.channel, Job::of(row.community_id.into(), row.id.into(), row.is_letter)))
            .collect();
        self.push_now(&jobs).await;
        Ok(changed.into_iter().map(|row| row.state).collect())
    }
}

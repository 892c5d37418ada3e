//! Deliveries whose reason to be held has gone.
//!
//! Whoever lets deliveries go (a leader who resumes, the breaker that opens) may do so while another worker, with an
//! older view, is just holding one more. That one is found here. What waits for a time that comes too late has expired,
//! and is told so before that time.

use porchlight_shared::{domain::DeliveryState, queue::Job};
use uuid::Uuid;

use super::{
    LookError, MOST, Reconciler,
    report::{Moved, Report, add},
};

impl Reconciler {
    /// Queues and pushes them; ends those whose last moment has passed.
    pub(super) async fn held(&self, everywhere: bool) -> Result<Report, LookError> {
        let mut moved = Moved::new();
        for batch in self.batches_with(DeliveryState::Held, everywhere).await? {
            add(&mut moved, self.held_of(batch).await?);
        }
        Ok(Report::Held(moved))
    }

    async fn held_of(&self, batch: Uuid) -> Result<Vec<DeliveryState>, LookError> {
        let changed = sqlx::query!(
            r#"WITH clock AS MATERIALIZED (SELECT app_now() AS now),
            -- While a leader pauses or cancels the batch, nothing of it is let go.
            batch AS MATERIALIZED (SELECT * FROM batches WHERE id = $2 FOR SHARE SKIP LOCKED),
            ripe AS MATERIALIZED (
                SELECT d.id, coalesce(b.not_after <= clock.now, false) AS late
                FROM clock, batch b, channels ch, communities co, deliveries d
                WHERE ch.channel = b.channel AND co.id = b.community_id
                    AND d.batch_id = b.id AND d.newest AND d.state = 'held'
                    AND (b.not_after <= clock.now OR CASE d.held_reason
                            WHEN 'paused' THEN b.paused_at IS NULL
                            WHEN 'channel_closed' THEN ch.closed_at IS NULL
                            WHEN 'window' THEN co.text_opens_at <= clock.now AND clock.now < co.text_closes_at
                            ELSE d.due_at <= clock.now END)
                ORDER BY d.id LIMIT $1 FOR NO KEY UPDATE OF d SKIP LOCKED
            )
            UPDATE deliveries d SET
                state = (CASE WHEN ripe.late THEN 'expired' ELSE 'queued' END)::delivery_state, held_reason = NULL,
                due_at = CASE WHEN ripe.late THEN NULL WHEN d.held_reason = 'window' THEN clock.now ELSE coalesce(d.due_at, clock.now) END,
                changed_at = clock.now
            FROM clock, ripe WHERE d.id = ripe.id
            RETURNING d.id, d.community_id, d.channel, d.state, d.letter_id IS NOT NULL AS "is_letter!""#,
            MOST * 10,
            batch,
        )
        .fetch_all(&self.pool)
        .await?;
        let queued = changed.iter().filter(|row| row.state == DeliveryState::Queued);
        let jobs: Vec<_> = queued
            .map(|row| (row.channel, Job::of(row.community_id.into(), row.id.into(), row.is_letter)))
            .collect();
        self.push_now(&jobs).await;
        Ok(changed.into_iter().map(|row| row.state).collect())
    }
}

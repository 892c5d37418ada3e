//! The statements on a channel's row, and what follows from each at once.

use std::{sync::atomic::Ordering, time::Duration};

use porchlight_shared::{
    domain::{AttemptReason, Channel, DeliveryId},
    queue::within,
    store::channels::{self, Closed, Closing, Heard, waits},
};

use super::{Breaker, REDIS_PATIENCE};
use crate::{conveyor::open_gate, deliver::begin::Attempt};

/// For how long the gate is closed at a time. Longer than two looks: a slow one does not open it.
const GATE: Duration = Duration::from_secs(15);

impl Breaker {
    /// Closes the channel, or keeps it closed for longer if `attempt` was its probe. Of many messages that are refused
    /// at once the first one closes it; the others change nothing.
    pub(super) async fn close(&self, attempt: &Attempt, reason: AttemptReason) -> sqlx::Result<()> {
        let heard = Heard::AtOnce { probe: attempt.probe.is_some() };
        let closing = Closing { channel: self.channel(), delivery: attempt.delivery, reason, heard };
        let Some(Closed { was_open, again_in }) = channels::close(&self.pool, closing).await? else {
            return Ok(());
        };
        let channel = self.channel();
        self.forget();
        if was_open {
            tracing::error!(
                %channel, %reason, ?again_in,
                "the provider takes nothing from us: the channel is closed, and opens by itself when a single message gets through"
            );
            self.metrics.closing(channel, reason);
        } else {
            tracing::warn!(%channel, %reason, ?again_in, "the channel stays closed");
        }
        self.metrics.closed(channel, true);
        if attempt.probe.is_some() {
            self.metrics.probe(channel, false);
        }
        self.close_gate_for(GATE).await;
        Ok(())
    }

    /// Opens the channel, if it is still `probe` that it waits for. What a receipt closed is not opened by an answer: the
    /// probe has arrived, or nothing worse was heard of it for long enough.
    pub(super) async fn open(&self, probe: DeliveryId) -> sqlx::Result<()> {
        let opened = sqlx::query_scalar!(
            r#"UPDATE channels AS c SET
                   closed_at = NULL, closed_until = NULL, reason = NULL, probe = NULL, probe_until = NULL,
                   -- What is heard of the probe later still counts.
                   opened_at = CASE WHEN c.heard_afterwards THEN p.began_at ELSE app_now() END,
                   heard_afterwards = false
               FROM (SELECT channel, closed_at FROM channels WHERE channel = $1 FOR NO KEY UPDATE) AS was
               CROSS JOIN (
                   SELECT d.state, coalesce(d.attempt_began_at, a.began_at) AS began_at
                   FROM deliveries d LEFT JOIN attempts a ON a.delivery_id = d.id AND a.number = d.attempt_number
                   WHERE d.id = $2
               ) AS p
               WHERE c.channel = was.channel AND c.probe = $2
                   AND (NOT c.heard_afterwards OR p.state = 'delivered'
                        OR p.state = 'accepted' AND c.probe_until <= app_now())
               RETURNING extract(epoch FROM app_now() - was.closed_at)::bigint AS "seconds!""#,
            self.channel() as Channel,
            probe.uuid(),
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(seconds) = opened else { return Ok(()) };
        let channel = self.channel();
        tracing::info!(%channel, closed_for_seconds = seconds, "the provider takes our messages again");
        self.forget();
        self.metrics.probe(channel, true);
        self.metrics.closed(channel, false);
        let mut redis = self.redis.clone();
        if let Err(error) = within(REDIS_PATIENCE, open_gate(&mut redis, &self.queue)).await {
            tracing::warn!(%error, "the gate could not be opened; it opens by itself within seconds");
        }
        Ok(())
    }

    /// Mirrors the channel's state, and answers whether it is time for a probe.
    pub(super) async fn look(&self) -> sqlx::Result<bool> {
        let heard_of = sqlx::query!(
            r#"SELECT d.id, c.reason AS "reason!: AttemptReason", d.state = 'bounced' AS "came_back!"
               FROM channels c JOIN deliveries d ON d.id = c.probe WHERE c.channel = $1 AND c.heard_afterwards"#,
            self.channel() as Channel,
        );
        match heard_of.fetch_optional(&self.pool).await? {
            // For its own sake: for ours another is the probe by now.
            Some(probe) if probe.came_back => self.put_off(probe.id.into(), probe.reason).await?,
            Some(probe) => self.open(probe.id.into()).await?,
            None => {}
        }
        let channel = sqlx::query!(
            r#"SELECT closed_at IS NOT NULL AS "closed!",
                      coalesce(closed_until <= app_now() AND (probe IS NULL OR probe_until <= app_now()), false) AS "due!"
               FROM channels WHERE channel = $1"#,
            self.channel() as Channel,
        )
        .fetch_one(&self.pool)
        .await?;
        self.metrics.closed(self.channel(), channel.closed);
        if self.was_closed.swap(channel.closed, Ordering::Relaxed) && !channel.closed {
            self.forget();
        }
        if channel.closed {
            self.close_gate_for(GATE).await;
        }
        Ok(channel.due)
    }

    /// Makes one waiting delivery the probe. Of several workers the one that gets the channel's row does.
    pub(super) async fn choose(&self) -> sqlx::Result<Option<DeliveryId>> {
        let chosen = sqlx::query_scalar!(
            r#"WITH clock AS MATERIALIZED (SELECT app_now() AS now),
            waiting AS MATERIALIZED (
                SELECT d.id
                FROM clock
                CROSS JOIN LATERAL (
                    SELECT ba.id FROM batches ba JOIN communities co ON co.id = ba.community_id
                    WHERE ba.finished_at IS NULL AND ba.paused_at IS NULL AND ba.cancelled_at IS NULL AND ba.channel = $1
                        AND ($1 <> 'text' OR co.text_opens_at <= clock.now AND clock.now < co.text_closes_at)
                    ORDER BY random() FOR SHARE OF ba SKIP LOCKED
                ) AS b
                CROSS JOIN LATERAL (
                    -- Whichever was left alone longest: a message that is refused for its own sake is not asked again and again.
                    SELECT id FROM deliveries
                    WHERE batch_id = b.id AND newest
                        AND (state IN ('queued', 'retry_wait') AND due_at <= clock.now
                             OR state = 'held' AND held_reason = 'channel_closed')
                    ORDER BY changed_at LIMIT 1
                ) AS d
                LIMIT 1
            ),
            chosen AS (
                UPDATE channels SET probe = waiting.id, probe_until = clock.now + make_interval(secs => $2)
                FROM clock, waiting
                WHERE channel = $1 AND closed_until <= clock.now AND (probe IS NULL OR probe_until <= clock.now)
                RETURNING probe
            ),
            released AS (
                UPDATE deliveries AS d
                SET state = 'queued', held_reason = NULL, due_at = clock.now, changed_at = clock.now
                FROM clock, chosen WHERE d.id = chosen.probe AND d.state = 'held'
            )
            SELECT probe AS "probe!" FROM chosen"#,
            self.channel() as Channel,
            self.deadline.as_secs_f64(),
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(chosen.map(Into::into))
    }

    /// A probe that showed nothing: another is tried after the first wait.
    pub(super) async fn put_off(&self, probe: DeliveryId, reason: AttemptReason) -> sqlx::Result<()> {
        let (first, _) = waits(reason);
        sqlx::query!(
            "UPDATE channels SET probe = NULL, probe_until = NULL,
                                 closed_until = greatest(closed_until, app_now() + make_interval(secs => $3))
             WHERE channel = $1 AND probe = $2",
            self.channel() as Channel,
            probe.uuid(),
            first.as_secs_f64(),
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// A probe that did not begin (its household joined, say) makes room for another. One that another worker has begun
    /// goes on, and so does one of which more may be heard.
    pub(super) async fn dismiss(&self, probe: DeliveryId) -> sqlx::Result<()> {
        sqlx::query!(
            "UPDATE channels SET probe = NULL, probe_until = NULL
             WHERE channel = $1 AND probe = $2 AND NOT EXISTS (
                 SELECT FROM deliveries
                 WHERE id = $2 AND (state = 'sending' OR heard_afterwards AND state IN ('accepted', 'delivered', 'bounced')))",
            self.channel() as Channel,
            probe.uuid(),
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

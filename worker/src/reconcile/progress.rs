//! How far each batch has come, noted now and then.
//!
//! Whoever reads a batch compares what is so now with a minute ago. It is noted while something of a batch may go, and at
//! no other time: where notes are missing, nothing was to be expected.

use super::{LookError, Reconciler, report::Report};

/// How long a note is kept, in seconds.
const KEPT: f64 = 600.0;

impl Reconciler {
    /// Notes the open batches' tallies, and drops what is too old, or of a batch that is finished.
    pub(super) async fn progress(&self) -> Result<Report, LookError> {
        let noted = sqlx::query!(
            "WITH clock AS MATERIALIZED (SELECT app_now() AS now),
             dropped AS (
                 DELETE FROM batch_progress p USING clock
                 WHERE p.at < clock.now - make_interval(secs => $1) OR p.at > clock.now
                     OR NOT EXISTS (SELECT FROM batches WHERE id = p.batch_id AND finished_at IS NULL)
             )
             INSERT INTO batch_progress (batch_id, at, gone)
             SELECT b.id, clock.now, b.total - t.waiting
             FROM clock, batches b
             JOIN channels ch ON ch.channel = b.channel
             CROSS JOIN LATERAL (
                 SELECT coalesce(sum(count), 0) AS waiting,
                        coalesce(sum(count) FILTER (WHERE state <> 'held'), 0) AS to_go
                 FROM tallies WHERE batch_id = b.id AND state IN ('held', 'queued', 'sending') OFFSET 0
             ) AS t
             WHERE b.finished_at IS NULL AND b.paused_at IS NULL AND b.cancelled_at IS NULL AND ch.closed_at IS NULL
                 AND t.to_go > 0
             ON CONFLICT DO NOTHING",
            KEPT,
        )
        .execute(&self.pool)
        .await?;
        Ok(Report::Progress(noted.rows_affected()))
    }
}

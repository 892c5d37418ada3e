//! Due rows that Redis does not know.

use std::time::Duration;

use porchlight_shared::{
    domain::{Channel, DeliveryId},
    queue::{Job, Queue, absent, push, within},
};
use uuid::Uuid;

use super::{
    LookError, REDIS_PATIENCE, Reconciler,
    report::{Due, Report},
};

/// Rows looked at in one question to Redis.
const PAGE: i64 = 5_000;
/// A row younger than this may still be on its way to Redis.
const GRACE_SECONDS: f64 = 10.0;

impl Reconciler {
    /// Pages through the open batches' due rows and pushes what is absent.
    pub(super) async fn due(&self, channel: Channel) -> Result<Report, LookError> {
        let open = sqlx::query_scalar!(
            "SELECT id FROM batches WHERE finished_at IS NULL AND paused_at IS NULL AND channel = $1 ORDER BY id",
            channel as Channel,
        )
        .fetch_all(&self.pool)
        .await?;
        let mut due = Due::default();
        let looked = async {
            for batch in open {
                let mut after = Some(0);
                while let Some(row) = after {
                    after = self.due_page(channel, batch, row, &mut due).await?;
                }
            }
            Ok(())
        };
        let looked = looked.await;
        // It matters most when Redis is away.
        self.metrics.oldest_due(channel, due.oldest);
        looked.map(|()| Report::Due(due))
    }

    /// Answers after which row the next page begins, if there may be one.
    async fn due_page(
        &self,
        channel: Channel,
        batch: Uuid,
        after: i32,
        due: &mut Due,
    ) -> Result<Option<i32>, LookError> {
        let queue = Queue::new(channel);
        let rows = sqlx::query!(
            r#"WITH clock AS MATERIALIZED (SELECT app_now() AS now)
               SELECT d.id, d.community_id, d.batch_row AS "row!", d.letter_id IS NOT NULL AS "is_letter!", extract(epoch FROM clock.now - d.due_at)::float8 AS "age!"
               FROM clock, deliveries d
               WHERE d.batch_id = $1 AND d.newest AND d.batch_row > $2
                   AND d.state IN ('queued', 'retry_wait') AND d.due_at < clock.now - make_interval(secs => $3)
               ORDER BY d.batch_row LIMIT $4"#,
            batch,
            after,
            GRACE_SECONDS,
            PAGE,
        )
        .fetch_all(&self.pool)
        .await?;
        let Some(last) = rows.last() else { return Ok(None) };
        let oldest = rows.iter().map(|row| row.age).fold(0.0, f64::max);
        due.oldest = due.oldest.max(Duration::try_from_secs_f64(oldest).unwrap_or_default());
        let mut redis = self.redis.clone();
        let ids: Vec<DeliveryId> = rows.iter().map(|row| row.id.into()).collect();
        let missing = within(REDIS_PATIENCE, absent(&mut redis, &queue, &ids)).await?;
        let jobs: Vec<Job> = rows
            .iter()
            .zip(missing)
            .filter(|(_, missing)| *missing)
            .map(|(row, _)| Job::of(row.community_id.into(), row.id.into(), row.is_letter))
            .collect();
        due.asked += rows.len() as u64;
        due.pushed += within(REDIS_PATIENCE, push(&mut redis, &queue, &jobs)).await?;
        Ok(i64::try_from(rows.len()).is_ok_and(|found| found == PAGE).then_some(last.row))
    }
}

//! Due rows that Redis does not know.

use porchlight_shared::{
    domain::DeliveryId,
    queue::{Job, absent, push, within},
};
use uuid::Uuid;

use super::{LookError, REDIS_PATIENCE, Reconciler};

/// Rows looked at in one question to Redis.
const PAGE: i64 = 5_000;
/// A row younger than this may still be on its way to Redis.
const GRACE_SECONDS: f64 = 10.0;

impl Reconciler {
    /// Pages through the open batches' due rows and pushes what is absent.
    pub(super) async fn due(&self) -> Result<u64, LookError> {
        let open = sqlx::query_scalar!(
            "SELECT id FROM batches WHERE finished_at IS NULL AND paused_at IS NULL ORDER BY id"
        )
        .fetch_all(&self.pool)
        .await?;
        let mut pushed = 0;
        for batch in open {
            let mut after = Some(0);
            while let Some(row) = after {
                let (found, next) = self.due_page(batch, row).await?;
                pushed += found;
                after = next;
            }
        }
        Ok(pushed)
    }

    async fn due_page(&self, batch: Uuid, after: i32) -> Result<(u64, Option<i32>), LookError> {
        let rows = sqlx::query!(
            r#"SELECT d.id, d.community_id, d.batch_row AS "row!" FROM deliveries d
               WHERE d.batch_id = $1 AND d.newest AND d.batch_row > $2 AND d.channel = $5
                   AND d.state IN ('queued', 'retry_wait') AND d.due_at < (SELECT app_now()) - make_interval(secs => $3)
               ORDER BY d.batch_row LIMIT $4"#,
            batch,
            after,
            GRACE_SECONDS,
            PAGE,
            self.queue.channel() as porchlight_shared::domain::Channel,
        )
        .fetch_all(&self.pool)
        .await?;
        let next = rows
            .last()
            .map(|row| row.row)
            .filter(|_| i64::try_from(rows.len()).is_ok_and(|found| found == PAGE));
        if rows.is_empty() {
            return Ok((0, None));
        }
        let mut redis = self.redis.clone();
        let ids: Vec<DeliveryId> = rows.iter().map(|row| row.id.into()).collect();
        let missing = within(REDIS_PATIENCE, absent(&mut redis, &self.queue, &ids)).await?;
        let jobs: Vec<Job> = rows
            .iter()
            .zip(missing)
            .filter(|(_, missing)| *missing)
            .map(|(row, _)| Job { community: row.community_id.into(), delivery: row.id.into() })
            .collect();
        let pushed = within(REDIS_PATIENCE, push(&mut redis, &self.queue, &jobs)).await?;
        Ok((pushed, next))
    }
}

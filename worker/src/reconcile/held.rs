//! Deliveries that were held until a time that has come.

use porchlight_shared::{domain::DeliveryState, queue::Job};
use uuid::Uuid;

use super::{LookError, MOST, Reconciler};

impl Reconciler {
    /// Queues and pushes them.
    pub(super) async fn held(&self, everywhere: bool) -> Result<u64, LookError> {
        let mut found = 0;
        for batch in self.batches_with(DeliveryState::Held, everywhere).await? {
            found += self.held_of(batch).await?;
        }
        Ok(found)
    }

    async fn held_of(&self, batch: Uuid) -> Result<u64, LookError> {
        let changed = sqlx::query!(
            r#"WITH clock AS MATERIALIZED (SELECT app_now() AS now),
            ripe AS MATERIALIZED (
                SELECT d.id FROM clock, deliveries d
                WHERE d.batch_id = $2 AND d.newest AND d.state = 'held' AND d.due_at <= clock.now
                ORDER BY d.id LIMIT $1 FOR NO KEY UPDATE OF d SKIP LOCKED
            ),
            changed AS (
                UPDATE deliveries d SET state = 'queued', held_reason = NULL, changed_at = clock.now
                FROM clock, ripe WHERE d.id = ripe.id
                RETURNING d.id, d.community_id, d.batch_id
            ),
            counted AS (
                INSERT INTO tallies (batch_id, state, shard, count)
                SELECT batch_id, state, 0, sum(step)
                FROM (SELECT batch_id, 'held'::delivery_state AS state, -1 AS step FROM changed
                      UNION ALL SELECT batch_id, 'queued', 1 FROM changed) steps
                GROUP BY batch_id, state ORDER BY batch_id, state
                ON CONFLICT (batch_id, state, shard) DO UPDATE SET count = tallies.count + excluded.count
            )
            SELECT id, community_id FROM changed"#,
            MOST * 10,
            batch,
        )
        .fetch_all(&self.pool)
        .await?;
        let jobs: Vec<_> = changed
            .iter()
            .map(|row| Job { community: row.community_id.into(), delivery: row.id.into() })
            .collect();
        self.push_now(&jobs).await;
        Ok(changed.len() as u64)
    }
}

//! Attempts past their deadline.

use porchlight_shared::domain::DeliveryState;
use uuid::Uuid;

use super::{LookError, MOST, Reconciler};

/// Whoever ran the attempt may know how it ended and only have been kept from recording it: a lane that was stuck records
/// within this time once the ledger answers. Nothing is repeated before.
const LATE_ANSWER_SECONDS: f64 = 30.0;

impl Reconciler {
    /// Records them as unknown. A late answer of the same attempt still lands.
    pub(super) async fn overdue(&self, everywhere: bool) -> Result<u64, LookError> {
        let mut found = 0;
        for batch in self.batches_with(DeliveryState::Sending, everywhere).await? {
            found += self.overdue_of(batch).await?;
        }
        Ok(found)
    }

    async fn overdue_of(&self, batch: Uuid) -> Result<u64, LookError> {
        let found = sqlx::query_scalar!(
            r#"WITH clock AS MATERIALIZED (SELECT app_now() AS now),
            lost AS MATERIALIZED (
                SELECT d.id, d.batch_id, d.newest, d.attempt_number, d.attempt_began_at, d.repeated
                FROM clock, deliveries d
                WHERE d.batch_id = $3 AND d.newest AND d.state = 'sending' AND d.attempt_deadline < clock.now
                ORDER BY d.id LIMIT $1 FOR NO KEY UPDATE OF d SKIP LOCKED
            ),
            recorded AS (
                INSERT INTO attempts (delivery_id, number, began_at, ended_at, outcome, reason)
                SELECT id, attempt_number, attempt_began_at, clock.now, 'unknown', 'worker_lost' FROM clock, lost
            ),
            changed AS (
                UPDATE deliveries d SET
                    state = CASE WHEN l.repeated THEN 'needs_decision' ELSE 'checking' END::delivery_state,
                    due_at = CASE WHEN NOT l.repeated THEN clock.now + make_interval(secs => greatest($2::float8, $4::float8)) END,
                    tries = d.tries + 1, reason = 'worker_lost', changed_at = clock.now,
                    attempt_token = NULL, attempt_began_at = NULL, attempt_deadline = NULL
                FROM clock, lost l WHERE d.id = l.id
                RETURNING d.batch_id, d.state
            ),
            counted AS (
                INSERT INTO tallies (batch_id, state, shard, count)
                SELECT batch_id, state, 0, sum(step)
                FROM (SELECT batch_id, 'sending'::delivery_state AS state, -1 AS step FROM changed
                      UNION ALL SELECT batch_id, state, 1 FROM changed) steps
                GROUP BY batch_id, state HAVING sum(step) <> 0 ORDER BY batch_id, state
                ON CONFLICT (batch_id, state, shard) DO UPDATE SET count = tallies.count + excluded.count
            )
            SELECT count(*) AS "count!" FROM changed"#,
            MOST,
            self.checking_wait.as_secs_f64(),
            batch,
            LATE_ANSWER_SECONDS,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(u64::try_from(found).unwrap_or(0))
    }
}

//! Attempts past their deadline.

use porchlight_shared::domain::DeliveryState;
use uuid::Uuid;

use super::{
    LookError, MOST, Reconciler,
    report::{Moved, Report, add},
};

/// Whoever ran the attempt may know how it ended and only have been kept from recording it: a lane that was stuck records
/// within this time once the ledger answers. Nothing is repeated before.
const LATE_ANSWER_SECONDS: f64 = 30.0;

impl Reconciler {
    /// Records them as unknown. A late answer of the same attempt still lands.
    pub(super) async fn overdue(&self, everywhere: bool) -> Result<Report, LookError> {
        let mut moved = Moved::new();
        for batch in self.batches_with(DeliveryState::Sending, everywhere).await? {
            add(&mut moved, self.overdue_of(batch).await?);
        }
        Ok(Report::Overdue(moved))
    }

    async fn overdue_of(&self, batch: Uuid) -> Result<Vec<DeliveryState>, LookError> {
        let changed = sqlx::query_scalar!(
            r#"WITH clock AS MATERIALIZED (SELECT app_now() AS now),
            lost AS MATERIALIZED (
                SELECT d.id, d.channel, d.attempt_number, d.attempt_began_at, d.taken
                FROM clock, deliveries d
                WHERE d.batch_id = $3 AND d.newest AND d.state = 'sending' AND d.attempt_deadline < clock.now
                ORDER BY d.id LIMIT $1 FOR NO KEY UPDATE OF d SKIP LOCKED
            ),
            judged AS MATERIALIZED (
                SELECT l.*,
                       CASE WHEN l.taken THEN 'accepted' ELSE 'checking' END::delivery_state AS next
                FROM lost AS l
            ),
            recorded AS (
                INSERT INTO attempts (delivery_id, number, began_at, ended_at, outcome, reason)
                SELECT id, attempt_number, attempt_began_at, clock.now, 'unknown', 'worker_lost' FROM clock, judged
            )
            UPDATE deliveries d SET
                state = j.next,
                due_at = CASE j.next WHEN 'checking' THEN clock.now + make_interval(secs => CASE j.channel WHEN 'email' THEN greatest($2::float8, $4::float8) ELSE $4 END) END,
                tries = d.tries + 1,
                reason = CASE WHEN j.next <> 'accepted' THEN 'worker_lost'::attempt_reason END,
                changed_at = clock.now,
                attempt_token = NULL, attempt_began_at = NULL, attempt_deadline = NULL
            FROM clock, judged j WHERE d.id = j.id
            RETURNING d.state AS "state: DeliveryState""#,
            MOST,
            self.email_wait.as_secs_f64(),
            batch,
            LATE_ANSWER_SECONDS,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(changed)
    }
}

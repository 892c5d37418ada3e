//! Tallies that disagree with the rows that they count.
//!
//! They are written by a trigger in the statement that changes a row, so they never should: a difference means that
//! somebody changed rows past it (a restored table, a disabled trigger), and it is logged as the fault it is.

use sqlx::Connection;
use uuid::Uuid;

use super::{
    LookError, Reconciler,
    report::{Report, Tallies},
};

impl Reconciler {
    /// Compares open batches, one in each transaction, and adds what is missing.
    pub(super) async fn tallies(&self) -> Result<Report, LookError> {
        let open = sqlx::query_scalar!("SELECT id FROM batches WHERE finished_at IS NULL ORDER BY id")
            .fetch_all(&self.pool)
            .await?;
        let mut report = Tallies::default();
        for batch in open {
            let off_by = self.tallies_of(batch).await?;
            report.batches += 1;
            report.disagreed += u64::from(off_by > 0);
            report.off_by += off_by;
        }
        Ok(Report::Tallies(report))
    }

    /// Both sides are read in one statement, hence of one moment; what is added commutes with what others count
    /// meanwhile. Two workers must not both add it: the second takes its view after the first has committed.
    async fn tallies_of(&self, batch: Uuid) -> Result<u64, LookError> {
        let mut connection = self.pool.acquire().await?;
        let mut tx = connection.begin().await?;
        let alone = sqlx::query_scalar!(
            r#"SELECT pg_try_advisory_xact_lock(uuid_hash_extended($1, 0)) AS "alone!""#,
            batch,
        );
        if !alone.fetch_one(&mut *tx).await? {
            return Ok(0);
        }
        let off_by = sqlx::query_scalar!(
            r#"WITH steps AS MATERIALIZED (
                SELECT state, sum(step)::bigint AS step
                FROM (SELECT state, -sum(count) AS step FROM tallies WHERE batch_id = $1 GROUP BY state
                      UNION ALL
                      SELECT state, count(*) FROM deliveries WHERE batch_id = $1 AND newest GROUP BY state) AS sides
                GROUP BY state HAVING sum(step) <> 0
            ),
            mended AS (
                INSERT INTO tallies (batch_id, state, shard, count) SELECT $1, state, 0, step FROM steps ORDER BY state
                ON CONFLICT (batch_id, state, shard) DO UPDATE SET count = tallies.count + excluded.count
            )
            SELECT coalesce(sum(abs(step)), 0)::bigint AS "off_by!" FROM steps"#,
            batch,
        )
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        if off_by > 0 {
            tracing::error!(%batch, off_by, "tallies disagreed with their rows; somebody writes past the trigger");
        }
        Ok(u64::try_from(off_by).unwrap_or(0))
    }
}

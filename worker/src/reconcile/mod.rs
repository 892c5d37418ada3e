//! Reconcilers: what fell between two steps is picked up.
//!
//! Each compares what the ledger intends with what is, puts the difference right and reports how much
//! there was. All run in every worker at once: row locks are skipped, not waited for, so no work is done twice.
//!
//! * [`overdue`]: attempts past their deadline are `checking`: the worker may have died after the provider took them.
//! * [`checking`]: what is `checking` and due is repeated once (e-mail), or put before a person.
//! * [`held`]: what was held until a time that has come is queued.
//! * [`due`]: rows that are due and that Redis does not know are pushed. This is the outbox: it makes up for a crash
//!   between commit and push, a push that failed, and the loss of all of Redis.
//! * [`finished`]: batches without open rows are closed, and not looked at again.
//! * [`forgotten`]: answers kept for an `Idempotency-Key` are dropped after their day.

mod checking;
mod due;
mod finished;
mod forgotten;
mod held;
mod overdue;

use std::time::Duration;

use porchlight_shared::{
    domain::DeliveryState,
    queue::{Job, Queue, push, within},
};
use redis::aio::ConnectionManager;
use sqlx::PgPool;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::metrics::ReconcileMetrics;

/// How often a worker looks.
const EVERY: Duration = Duration::from_secs(5);
/// How long Redis may take to answer.
const REDIS_PATIENCE: Duration = Duration::from_secs(5);
/// What one look over everything takes at the very most.
const LOOK_PATIENCE: Duration = Duration::from_mins(2);
/// Every so many looks the tallies are not relied upon.
const EVERYWHERE: u32 = 12;
/// Rows that one statement puts right; what is left waits for the next look.
const MOST: i64 = 1_000;

/// Everything that the reconcilers touch.
#[derive(Clone)]
pub struct Reconciler {
    /// The ledger.
    pub pool: PgPool,
    /// The conveyor.
    pub redis: ConnectionManager,
    /// Its names.
    pub queue: Queue,
    /// How long an unknown outcome waits for news.
    pub checking_wait: Duration,
    /// What is counted.
    pub metrics: ReconcileMetrics,
}

impl std::fmt::Debug for Reconciler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reconciler").field("queue", &self.queue).finish_non_exhaustive()
    }
}

/// Why a look came to nothing; the next one tries again.
#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error("the ledger did not answer")]
    Ledger(#[from] sqlx::Error),
    #[error("Redis did not answer")]
    Redis(#[from] redis::RedisError),
}

impl Reconciler {
    /// Looks every five seconds until `stopping` is cancelled.
    pub async fn run(self, stopping: CancellationToken) {
        let mut ticks = tokio::time::interval(EVERY);
        let mut look = 0;
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let everywhere = look == 0;
            look = (look + 1) % EVERYWHERE;
            // A connection that went silent must not end the looking.
            if tokio::time::timeout(LOOK_PATIENCE, self.look(everywhere)).await.is_err() {
                tracing::warn!("a look took too long; looking again");
            }
        }
    }

    async fn look(&self, everywhere: bool) {
        self.report("overdue", self.overdue(everywhere).await);
        self.report("checking", self.checking(everywhere).await);
        self.report("held", self.held(everywhere).await);
        self.report("due", self.due().await);
        self.report("finished", self.finished().await);
        self.report("forgotten", self.forgotten().await);
    }

    /// Open batches of which, by the tallies, some row stands in `state`; or all open ones. A batch at a time is what
    /// lets every statement use the index of a batch's rows.
    async fn batches_with(&self, state: DeliveryState, everywhere: bool) -> sqlx::Result<Vec<Uuid>> {
        sqlx::query_scalar!(
            "SELECT id FROM batches b
             WHERE finished_at IS NULL
                 AND ($2 OR 0 < (SELECT sum(count) FROM tallies WHERE batch_id = b.id AND state = $1))
             ORDER BY id",
            state as DeliveryState,
            everywhere,
        )
        .fetch_all(&self.pool)
        .await
    }

    /// Pushes what has just become due. If Redis is away, [`due`] makes up for it.
    async fn push_now(&self, jobs: &[Job]) {
        if jobs.is_empty() {
            return;
        }
        let mut redis = self.redis.clone();
        if let Err(error) = within(REDIS_PATIENCE, push(&mut redis, &self.queue, jobs)).await {
            tracing::warn!(%error, jobs = jobs.len(), "jobs could not be pushed; they will be found again");
        }
    }

    fn report(&self, reconciler: &'static str, found: Result<u64, LookError>) {
        match found {
            Ok(0) => {}
            Ok(rows) => {
                self.metrics.count(reconciler, rows);
                tracing::info!(reconciler, rows, "put right");
            }
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(reconciler, %error, cause, "could not look; trying again");
            }
        }
    }
}

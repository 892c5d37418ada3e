//! Reconcilers: what fell between two steps is picked up.
//!
//! Each takes no input, compares what the ledger intends with what is, puts the difference right and returns a
//! [`Report`], which goes to the log, to the metrics and into `reconcilers`, under its
//! [name](porchlight_shared::store::reconcilers::ReconcilerName). All run in every worker ([`windows`] and [`asking`] in those that send
//! texts). Whoever comes first looks for all; should two look at once, row locks are skipped, not waited for, and no work is done twice.
//!
//! * [`overdue`]: attempts past their deadline are `checking`: the worker may have died after the provider took them.
//! * [`receipts`]: what a provider told us before we had recorded the attempt is heeded.
//! * [`checking`]: what is `checking` and due is repeated once (e-mail), or put before a person; [`asking`] asks about texts
//!   before that, in a task of its own.
//! * [`storms`]: a batch whose list does harm (too many dead addresses, or complaints) is paused until a leader resumes it.
//! * [`windows`]: when a community's texts may go next is worked out as soon as its window has closed, or was
//!   changed.
//! * [`held`]: what was held for a reason that has gone is queued; what may not go any more has expired.
//! * [`due`]: rows that are due and that Redis does not know are pushed. This is the outbox: it makes up for a crash
//!   between commit and push, a push that failed, and the loss of all of Redis.
//! * [`progress`]: where each batch stands is noted, so that whoever watches learns how fast it goes now.
//! * [`tallies`]: counts that disagree with their rows are put right.
//! * [`finished`]: batches without open rows are closed, and not looked at again.
//! * [`notices`]: leaders are told, once, that a list is done and households of it need them.
//! * [`forgotten`]: what is kept for a time is dropped when it is over, and addresses of households that never came are [`lapsed`].

mod asking;
mod checking;
mod due;
mod finished;
mod forgotten;
mod held;
mod lapsed;
mod notices;
mod overdue;
mod progress;
mod receipts;
mod report;
mod storms;
mod tallies;
mod windows;

use std::time::Duration;

use porchlight_shared::{
    domain::{Channel, DeliveryState, TextWindow},
    queue::{Job, Queue, push, within},
    runtime::clock::{Clock, Stopwatch},
    store::reconcilers::{Pace, ReconcilerName},
};
use redis::aio::ConnectionManager;
use sqlx::PgPool;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use self::asking::{Inquiry, Looks, keep_asking};
pub use self::report::{Due, Moved, Report, Tallies};
use crate::{conveyor::depth, metrics::ReconcileMetrics};

/// How often a worker looks, unless another has just done so.
const EVERY: Duration = Duration::from_secs(5);
/// Who looked less than this ago looked for all.
const JUST_NOW: Duration = Duration::from_secs(4);
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
    /// How long an e-mail's unknown outcome waits for news.
    pub email_wait: Duration,
    /// When a text's unknown outcome is looked into.
    pub text_looks: Looks,
    /// When texts go where the community says nothing else; `None` in a worker that sends none, whose word does not count.
    pub text_window: Option<TextWindow>,
    /// For ids.
    pub clock: Clock,
    /// Since when this worker looks.
    pub awake: Stopwatch,
    /// What is counted.
    pub metrics: ReconcileMetrics,
}

impl std::fmt::Debug for Reconciler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reconciler").finish_non_exhaustive()
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

/// A look that this worker has begun for all.
struct Turn {
    at: jiff_sqlx::Timestamp,
    /// When somebody looked before that.
    before: Option<jiff_sqlx::Timestamp>,
}

fn could_not_look(name: ReconcilerName, error: &LookError) {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::warn!(reconciler = %name, %error, cause, "could not look; trying again");
}

impl Reconciler {
    /// Looks every five seconds until `stopping` is cancelled.
    pub async fn run(self, stopping: CancellationToken) {
        let mut ticks = tokio::time::interval(EVERY);
        let mut look = 0;
        let asks = self.text_window.is_some();
        for &name in ReconcilerName::ALL {
            if asks || name.pace() != Pace::WithTexts {
                self.metrics.looked(name);
            }
        }
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
        self.alone(ReconcilerName::Overdue, self.overdue(everywhere)).await;
        self.alone(ReconcilerName::Receipts, self.receipts()).await;
        self.alone(ReconcilerName::Checking, self.checking(everywhere)).await;
        self.alone(ReconcilerName::Storms, self.storms()).await;
        if let Some(window) = &self.text_window {
            self.alone(ReconcilerName::Windows, self.windows(window)).await;
        }
        self.alone(ReconcilerName::Held, self.held(everywhere)).await;
        self.alone(ReconcilerName::DueEmail, self.due(Channel::Email)).await;
        self.alone(ReconcilerName::DueText, self.due(Channel::Text)).await;
        if everywhere {
            self.alone(ReconcilerName::Tallies, self.tallies()).await;
            self.alone(ReconcilerName::Forgotten, self.forgotten()).await;
        }
        self.alone(ReconcilerName::Finished, self.finished()).await;
        self.alone(ReconcilerName::Notices, self.notices()).await;
        self.alone(ReconcilerName::Progress, self.progress()).await;
        self.measure().await;
    }

    /// Looks, unless another worker has just done so, and reports.
    async fn alone(&self, name: ReconcilerName, look: impl Future<Output = Result<Report, LookError>>) {
        let turn = match self.take_turn(name).await {
            Ok(Some(turn)) => turn,
            Ok(None) => return self.metrics.looked(name),
            Err(error) => return could_not_look(name, &error.into()),
        };
        match look.await.map(|report| report.found()) {
            Ok(found) => {
                self.metrics.looked(name);
                self.tell(name, &found).await;
            }
            Err(error) => {
                could_not_look(name, &error);
                // It has not looked, and another worker may be able to.
                let again = sqlx::query!(
                    "UPDATE reconcilers SET looked_at = coalesce($3, '-infinity'::timestamptz) WHERE name = $1 AND looked_at = $2",
                    name.as_str(),
                    turn.at as jiff_sqlx::Timestamp,
                    turn.before as Option<jiff_sqlx::Timestamp>,
                );
                let _ = again.execute(&self.pool).await;
            }
        }
    }

    /// Writes down that this worker looks, unless another has just done so.
    async fn take_turn(&self, name: ReconcilerName) -> sqlx::Result<Option<Turn>> {
        let turn = sqlx::query!(
            r#"WITH was AS (SELECT looked_at FROM reconcilers WHERE name = $1)
               INSERT INTO reconcilers AS r (name, looked_at) VALUES ($1, app_now())
               ON CONFLICT (name) DO UPDATE SET looked_at = excluded.looked_at
               WHERE r.looked_at <= excluded.looked_at - make_interval(secs => $2)
                   -- The clock was set back.
                   OR r.looked_at > excluded.looked_at
               RETURNING looked_at, (SELECT looked_at FROM was WHERE isfinite(looked_at)) AS before"#,
            name.as_str(),
            JUST_NOW.as_secs_f64(),
        );
        let turn = turn.fetch_optional(&self.pool).await?;
        Ok(turn.map(|turn| Turn { at: turn.looked_at, before: turn.before }))
    }

    /// What was put right goes to the metrics, to the log and into the ledger.
    async fn tell(&self, name: ReconcilerName, found: &[(&'static str, u64)]) {
        if found.is_empty() {
            return;
        }
        self.metrics.count(name, found);
        tracing::info!(reconciler = %name, ?found, "put right");
        if let Err(error) = self.keep(name, found).await {
            tracing::warn!(reconciler = %name, %error, "the report could not be kept");
        }
    }

    async fn keep(&self, name: ReconcilerName, found: &[(&'static str, u64)]) -> sqlx::Result<()> {
        let found: serde_json::Map<_, _> =
            found.iter().map(|&(what, count)| (what.to_owned(), count.into())).collect();
        sqlx::query!(
            "UPDATE reconcilers SET found_at = app_now(), found = $2 WHERE name = $1",
            name.as_str(),
            serde_json::Value::Object(found),
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn measure(&self) {
        let mut redis = self.redis.clone();
        for channel in Channel::ALL {
            // An outage is in the log already; the gauges keep their last word.
            if let Ok(depth) = within(REDIS_PATIENCE, depth(&mut redis, &Queue::new(channel))).await {
                self.metrics.depth(channel, depth);
            }
        }
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
    async fn push_now(&self, jobs: &[(Channel, Job)]) {
        for channel in Channel::ALL {
            let jobs: Vec<_> = jobs.iter().filter(|(way, _)| *way == channel).map(|(_, job)| *job).collect();
            if jobs.is_empty() {
                continue;
            }
            let mut redis = self.redis.clone();
            if let Err(error) = within(REDIS_PATIENCE, push(&mut redis, &Queue::new(channel), &jobs)).await {
                tracing::warn!(%error, jobs = jobs.len(), "jobs could not be pushed; they will be found again");
            }
        }
    }
}

//! The breaker: closes the channel for everybody when the provider will have nothing of *us*, and opens it again when
//! one message got through.
//!
//! Truth is the channel's row in `channels`; every worker mirrors it to the conveyor's gate, so while a channel is
//! closed nothing is claimed, and what was claimed before is `held (channel_closed)`. Nobody is to blame and nothing is
//! used up. [`word`] says what an attempt means for the channel, [`row`] holds the statements on it, [`probe`] tries the
//! provider. What is promised:
//!
//! * **It closes** at once when the provider refuses the account, the sender or the quota, in its answer or in a receipt; after
//!   [`IN_A_ROW`](word::IN_A_ROW) messages in a row of a worker did not reach it, ended unknown, or were refused by a code
//!   that nobody knows; and when policy refuses [`COMMUNITIES_REFUSED`](word::COMMUNITIES_REFUSED) communities with
//!   nothing accepted in between. The operator reads it once.
//! * **One probe at a time.** When its time has come one waiting delivery may begin, whichever worker comes first;
//!   the claim is in the channel's row and ends by itself should that worker die. If the provider takes it (or says no
//!   to that address only), the channel opens. If it refuses us again, the next wait is twice as long; if nothing was
//!   learnt, another delivery is tried after the first wait. What a receipt closed is not opened by an answer: the
//!   probe has to arrive, or nothing worse to be heard of it while it is waited for.
//! * **It opens by itself,** no later than its longest wait after the provider is well again, if anything waits to be
//!   sent.

mod probe;
mod row;
mod word;

use std::{
    sync::{Mutex, MutexGuard, PoisonError, atomic::AtomicBool},
    time::Duration,
};

use porchlight_shared::{
    domain::{AttemptOutcome, AttemptReason, Channel},
    queue::{Queue, within},
};
use redis::aio::ConnectionManager;
use sqlx::PgPool;

pub use self::probe::tend;
use self::word::{Memory, Word};
use super::{begin::Attempt, report::Report};
use crate::{conveyor::close_gate, metrics::BreakerMetrics};

/// How long the provider is left alone when it asks for less and does not say for how long.
pub(super) const SLOW_DOWN: Duration = Duration::from_secs(15);
const REDIS_PATIENCE: Duration = Duration::from_secs(2);
const LEDGER_PATIENCE: Duration = Duration::from_secs(10);

/// One channel's breaker in one worker.
#[derive(Debug)]
pub struct Breaker {
    pool: PgPool,
    redis: ConnectionManager,
    queue: Queue,
    /// How long a probe may take.
    deadline: Duration,
    metrics: BreakerMetrics,
    memory: Mutex<Memory>,
    was_closed: AtomicBool,
}

impl Breaker {
    /// The breaker of `queue`'s channel. A probe is given up `deadline` after it was chosen.
    #[must_use]
    pub fn new(
        pool: PgPool,
        redis: ConnectionManager,
        queue: Queue,
        deadline: Duration,
        metrics: BreakerMetrics,
    ) -> Self {
        Self {
            pool,
            redis,
            queue,
            deadline,
            metrics,
            memory: Mutex::default(),
            was_closed: AtomicBool::new(false),
        }
    }

    const fn channel(&self) -> Channel {
        self.queue.channel()
    }

    /// Hears how an attempt ended, before that is recorded: closes or opens the channel, and takes the blame from a
    /// recipient whose refusal was meant for us.
    pub(super) async fn heed(&self, attempt: &Attempt, report: &mut Report) {
        let word = self.memory().word(attempt.community, attempt.probe, report);
        let meant_for_us =
            matches!(word, Word::Closes(AttemptReason::BlockedByPolicy | AttemptReason::RequestRefused))
                || word == Word::Nothing
                    && attempt.probe.is_some()
                    && report.outcome == AttemptOutcome::RefusedTemporary;
        if meant_for_us {
            report.outcome = AttemptOutcome::RefusedConfiguration;
        }
        let done = async {
            match (word, attempt.probe) {
                (Word::Closes(reason), _) => self.close(attempt, reason).await,
                (Word::Well, Some(reason)) => {
                    self.open(attempt.delivery).await?;
                    if report.outcome == AttemptOutcome::Accepted {
                        return Ok(());
                    }
                    // Of a channel that a receipt closed, a refusal for its own sake says nothing.
                    self.put_off(attempt.delivery, reason).await
                }
                (Word::Nothing, Some(reason)) => self.put_off(attempt.delivery, reason).await,
                (Word::Well | Word::Nothing, None) => Ok(()),
            }
        };
        // The outcome waits to be recorded: a channel that stays as it is for a while does less harm.
        if let Err(error) = in_time(done).await {
            tracing::error!(%error, channel = %self.channel(), "the channel's state could not be recorded");
        }
        if report.slow_down {
            self.close_gate_for(report.retry_after.unwrap_or(SLOW_DOWN)).await;
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was seen before the channel closed or opened says nothing about what comes.
    fn forget(&self) {
        *self.memory() = Memory::default();
    }

    /// Nothing is claimed for a while, by any worker.
    async fn close_gate_for(&self, wait: Duration) {
        let mut redis = self.redis.clone();
        if let Err(error) = within(REDIS_PATIENCE, close_gate(&mut redis, &self.queue, wait)).await {
            tracing::warn!(%error, "the gate could not be closed");
        }
    }
}

/// A connection to the ledger that went silent must hold nobody for long.
pub(super) async fn in_time<T>(statement: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    let answer = tokio::time::timeout(LEDGER_PATIENCE, statement).await;
    answer.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

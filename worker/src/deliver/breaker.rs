//! The breaker: closes the channel for everybody when the provider will have nothing of *us*, and opens it again when
//! one message got through.
//!
//! Truth is the channel's row in `channels`; every worker mirrors it to the conveyor's gate, so while a channel is
//! closed nothing is claimed, and what was claimed before is `held (channel_closed)`. Nobody is to blame and nothing is
//! used up. What is promised:
//!
//! * **It closes** at once when the provider refuses the account, the sender or the quota; after
//!   [`Breaker::UNREACHABLE_IN_A_ROW`] messages in a row of a worker did not reach it; and when policy refuses
//!   [`Breaker::COMMUNITIES_REFUSED`] communities with nothing accepted in between. The operator reads it once.
//! * **One probe at a time.** When its time has come one waiting delivery may begin, whichever worker comes first;
//!   the claim is in the channel's row and ends by itself should that worker die. If the provider takes it (or says no
//!   to that address only), the channel opens. If not, the next wait is twice as long.
//! * **It opens by itself,** no later than its longest wait after the provider is well again.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use porchlight_shared::{
    domain::{AttemptOutcome, AttemptReason, Channel, CommunityId, DeliveryId},
    queue::{Queue, within},
};
use redis::aio::ConnectionManager;
use sqlx::PgPool;
use tokio::{task::JoinSet, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::{
    begin::Attempt,
    courier::{Courier, Report},
};
use crate::{
    conveyor::{close_gate, open_gate},
    metrics::BreakerMetrics,
};

/// How often a worker looks at the channel.
const EVERY: Duration = Duration::from_secs(5);
/// For how long the gate is closed at a time. Longer than two looks: a slow one does not open it.
const GATE: Duration = Duration::from_secs(15);
const REDIS_PATIENCE: Duration = Duration::from_secs(2);

/// One channel's breaker in one worker.
#[derive(Debug)]
pub struct Breaker {
    pool: PgPool,
    redis: ConnectionManager,
    queue: Queue,
    /// How long a probe may take.
    deadline: Duration,
    metrics: BreakerMetrics,
    unreachable: AtomicU32,
    refused: Mutex<HashSet<CommunityId>>,
}

/// What an attempt says about the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    /// The provider deals with us.
    Well,
    /// It does not.
    Closes(AttemptReason),
    /// Nothing.
    Nothing,
}

impl Breaker {
    /// A message that does not reach the provider says little about it; so many in a row do.
    pub const UNREACHABLE_IN_A_ROW: u32 = 5;
    /// A policy that refuses one community is about that community; one that refuses so many is about us.
    pub const COMMUNITIES_REFUSED: usize = 3;

    /// The breaker of `queue`'s channel. A probe is given up `deadline` after it was chosen.
    #[must_use]
    pub fn new(
        pool: PgPool,
        redis: ConnectionManager,
        queue: Queue,
        deadline: Duration,
        metrics: BreakerMetrics,
    ) -> Self {
        let (unreachable, refused) = (AtomicU32::new(0), Mutex::default());
        Self { pool, redis, queue, deadline, metrics, unreachable, refused }
    }

    const fn channel(&self) -> Channel {
        self.queue.channel()
    }

    /// Hears how an attempt ended, before that is recorded: closes or opens the channel, and takes the blame from a
    /// recipient whose refusal was meant for us.
    pub(super) async fn heed(&self, attempt: &Attempt, report: &mut Report) {
        let word = self.word(attempt, report);
        if let Word::Closes(AttemptReason::BlockedByPolicy) = word {
            report.outcome = AttemptOutcome::RefusedConfiguration;
        }
        let done = match word {
            Word::Closes(reason) => self.close(attempt, reason).await,
            Word::Well if attempt.probe => self.open(attempt.delivery).await,
            // A probe that shows nothing leaves the channel as it is.
            Word::Nothing if attempt.probe => {
                self.close(attempt, report.reason.unwrap_or(AttemptReason::Internal)).await
            }
            Word::Well | Word::Nothing => Ok(()),
        };
        if let Err(error) = done {
            tracing::error!(%error, channel = %self.channel(), "the channel's state could not be recorded");
        }
    }

    fn word(&self, attempt: &Attempt, report: &Report) -> Word {
        use AttemptReason::{BlockedByPolicy, Internal, NoTimeLeft, ShuttingDown};
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(report.outcome, AttemptOutcome::NotSent) {
            self.unreachable.store(0, Ordering::Relaxed);
        }
        match (report.outcome, report.reason) {
            (AttemptOutcome::RefusedConfiguration, reason) => Word::Closes(reason.unwrap_or(Internal)),
            (AttemptOutcome::NotSent, Some(Internal | NoTimeLeft | ShuttingDown) | None)
            | (AttemptOutcome::RefusedPermanent, Some(Internal))
            | (AttemptOutcome::Unknown, _) => Word::Nothing,
            (AttemptOutcome::NotSent, Some(reason)) => {
                let in_a_row = self.unreachable.fetch_add(1, Ordering::Relaxed) + 1;
                let closes = attempt.probe || in_a_row >= Self::UNREACHABLE_IN_A_ROW;
                if closes { Word::Closes(reason) } else { Word::Nothing }
            }
            (AttemptOutcome::RefusedPermanent, Some(BlockedByPolicy)) => {
                refused.insert(attempt.community);
                let closes = attempt.probe || refused.len() >= Self::COMMUNITIES_REFUSED;
                if closes { Word::Closes(BlockedByPolicy) } else { Word::Nothing }
            }
            (AttemptOutcome::Accepted, _) => {
                refused.clear();
                Word::Well
            }
            (AttemptOutcome::RefusedTemporary, _) if report.slow_down => Word::Nothing,
            (AttemptOutcome::RefusedPermanent | AttemptOutcome::RefusedTemporary, _) => Word::Well,
        }
    }

    /// Closes the channel, or keeps it closed for longer if `attempt` was its probe. Of many messages that are refused
    /// at once the first one closes it; the others change nothing.
    async fn close(&self, attempt: &Attempt, reason: AttemptReason) -> sqlx::Result<()> {
        let (first, longest) = waits(reason);
        let closed = sqlx::query!(
            r#"UPDATE channels SET
                   closed_at = coalesce(closed_at, app_now()), reason = $2, closings = least(closings + 1, 30),
                   closed_until = app_now() + make_interval(secs => least($3 * 2 ^ closings, $4)),
                   probe = NULL, probe_until = NULL
               WHERE channel = $1 AND (closed_at IS NULL OR probe = $5)
               RETURNING closings, extract(epoch FROM closed_until - app_now())::float8 AS "wait!""#,
            self.channel() as Channel,
            reason as AttemptReason,
            first.as_secs_f64(),
            longest.as_secs_f64(),
            attempt.probe.then(|| attempt.delivery.uuid()),
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(closed) = closed else { return Ok(()) };
        let (channel, again_in) =
            (self.channel(), Duration::try_from_secs_f64(closed.wait).unwrap_or_default());
        if closed.closings == 1 {
            tracing::error!(
                %channel, %reason, ?again_in,
                "the provider takes nothing from us: the channel is closed, and opens by itself when a single message gets through"
            );
        } else {
            tracing::warn!(%channel, %reason, ?again_in, tried = closed.closings - 1, "the channel stays closed");
        }
        self.metrics.closing(channel, reason);
        self.metrics.closed(channel, true);
        if attempt.probe {
            self.metrics.probe(channel, false);
        }
        self.mirror().await;
        Ok(())
    }

    async fn open(&self, probe: DeliveryId) -> sqlx::Result<()> {
        let opened = sqlx::query_scalar!(
            r#"UPDATE channels AS c SET closed_at = NULL, closed_until = NULL, reason = NULL, closings = 0,
                                        probe = NULL, probe_until = NULL
               FROM (SELECT channel, closed_at FROM channels WHERE channel = $1 FOR NO KEY UPDATE) AS was
               WHERE c.channel = was.channel AND c.probe = $2
               RETURNING extract(epoch FROM app_now() - was.closed_at)::bigint AS "seconds!""#,
            self.channel() as Channel,
            probe.uuid(),
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(seconds) = opened else { return Ok(()) };
        let channel = self.channel();
        tracing::info!(%channel, closed_for_seconds = seconds, "the provider takes our messages again");
        self.metrics.probe(channel, true);
        self.metrics.closed(channel, false);
        let mut redis = self.redis.clone();
        if let Err(error) = within(REDIS_PATIENCE, open_gate(&mut redis, &self.queue)).await {
            tracing::warn!(%error, "the gate could not be opened; it opens by itself within seconds");
        }
        Ok(())
    }

    /// Keeps the gate closed as long as the channel is.
    async fn mirror(&self) {
        let mut redis = self.redis.clone();
        if let Err(error) = within(REDIS_PATIENCE, close_gate(&mut redis, &self.queue, GATE)).await {
            tracing::warn!(%error, "the gate could not be closed; what is claimed will be held");
        }
    }

    /// Mirrors the channel's state, and answers whether it is time for a probe.
    async fn look(&self) -> sqlx::Result<bool> {
        let channel = sqlx::query!(
            r#"SELECT closed_at IS NOT NULL AS "closed!",
                      coalesce(closed_until <= app_now() AND (probe IS NULL OR probe_until <= app_now()), false) AS "due!"
               FROM channels WHERE channel = $1"#,
            self.channel() as Channel,
        )
        .fetch_one(&self.pool)
        .await?;
        self.metrics.closed(self.channel(), channel.closed);
        if channel.closed {
            self.mirror().await;
        }
        Ok(channel.due)
    }

    /// Makes one waiting delivery the probe. Of several workers the one that gets the channel's row does.
    async fn choose(&self) -> sqlx::Result<Option<DeliveryId>> {
        let chosen = sqlx::query_scalar!(
            r#"WITH clock AS MATERIALIZED (SELECT app_now() AS now),
            waiting AS MATERIALIZED (
                SELECT d.id
                FROM clock
                CROSS JOIN (SELECT id FROM batches
                            WHERE finished_at IS NULL AND paused_at IS NULL AND cancelled_at IS NULL AND channel = $1
                            ORDER BY id) AS b
                CROSS JOIN LATERAL (
                    SELECT id FROM deliveries
                    WHERE batch_id = b.id AND newest
                        AND (state IN ('queued', 'retry_wait') AND due_at <= clock.now
                             OR state = 'held' AND held_reason = 'channel_closed')
                    LIMIT 1
                ) AS d
                LIMIT 1
            ),
            chosen AS (
                UPDATE channels SET probe = waiting.id, probe_until = clock.now + make_interval(secs => $2)
                FROM clock, waiting
                WHERE channel = $1 AND closed_until <= clock.now AND (probe IS NULL OR probe_until <= clock.now)
                RETURNING probe
            ),
            released AS (
                UPDATE deliveries AS d
                SET state = 'queued', held_reason = NULL, due_at = clock.now, changed_at = clock.now
                FROM clock, chosen WHERE d.id = chosen.probe AND d.state = 'held'
            )
            SELECT probe AS "probe!" FROM chosen"#,
            self.channel() as Channel,
            self.deadline.as_secs_f64(),
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(chosen.map(Into::into))
    }

    /// A probe that did not begin (its household joined, say) makes room for another.
    async fn dismiss(&self, probe: DeliveryId) -> sqlx::Result<()> {
        sqlx::query!(
            "UPDATE channels SET probe = NULL, probe_until = NULL WHERE channel = $1 AND probe = $2",
            self.channel() as Channel,
            probe.uuid(),
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

/// How long a closed channel waits before its first probe, and at the very most. What refuses us takes a person to mend,
/// and may count our tries; what cannot be reached may be back any moment.
const fn waits(reason: AttemptReason) -> (Duration, Duration) {
    use AttemptReason::{
        AuthRefused, BlockedByPolicy, GreetingRefused, QuotaUsedUp, SenderRefused, Throttled,
    };
    match reason {
        AuthRefused | BlockedByPolicy | GreetingRefused | QuotaUsedUp | SenderRefused | Throttled => {
            (Duration::from_mins(1), Duration::from_mins(15))
        }
        _ => (Duration::from_secs(15), Duration::from_mins(5)),
    }
}

/// Tends the channel until `stopping` is cancelled: mirrors it, and carries its probes. Looking goes on while a probe
/// is under way, or the gate would open.
pub async fn tend(courier: Arc<Courier>, stopping: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut probing = JoinSet::new();
    while stopping.run_until_cancelled(ticks.tick()).await.is_some() {
        let breaker = &courier.breaker;
        match breaker.look().await {
            Ok(true) => {
                while probing.try_join_next().is_some() {}
                probing.spawn(probe(Arc::clone(&courier)));
            }
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, channel = %breaker.channel(), "the channel could not be looked at; looking again");
            }
        }
    }
    probing.join_all().await;
}

async fn probe(courier: Arc<Courier>) {
    let breaker = &courier.breaker;
    let probed = async {
        if let Some(delivery) = breaker.choose().await? {
            tracing::info!(%delivery, channel = %breaker.channel(), "trying the provider with one message");
            // The ledger has the outcome; the job, should Redis hold one, finds that out by itself.
            let _ = courier.carry(delivery).await;
            breaker.dismiss(delivery).await?;
        }
        Ok::<_, sqlx::Error>(())
    };
    if let Err(error) = probed.await {
        tracing::warn!(%error, channel = %breaker.channel(), "the provider could not be tried; trying again");
    }
}

//! The courier: takes one claimed job of its channel from begin to finish.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use apalis::prelude::Data;
use porchlight_shared::{
    domain::{AttemptReason, DeliveryId, DeliveryState, SuppressionId, SuppressionReason},
    runtime::clock::{Clock, Stopwatch},
    store::suppress,
};
use rand::{Rng, RngExt, rngs::StdRng};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::{
    begin::{Ask, Attempt, Begin, BeginStatement},
    breaker::{Breaker, SLOW_DOWN, in_time},
    composer::Composer,
    finish::{Ended, FinishStatement, Landing},
    lane::Lane,
    report::Report,
    retry::{History, Next, Schedule, next},
    way::Way,
};
use crate::{
    conveyor::{Claim, Settlement},
    metrics::DeliverMetrics,
    sabotage::Sabotage,
};

/// How long a row that the ledger refuses waits before it is looked at again.
const AFTER_POISON: Duration = Duration::from_mins(1);

/// Everything that a delivery needs on its way.
pub struct Courier {
    /// Begin's lane.
    pub begin: Lane<BeginStatement>,
    /// Finish's lane.
    pub finish: Lane<FinishStatement>,
    /// What messages are made of.
    pub composer: Arc<Composer>,
    /// The way out.
    pub way: Way,
    /// When to try again.
    pub schedule: Schedule,
    /// How long after an unknown outcome it is first looked into.
    pub first_look: Duration,
    /// How long an attempt may take.
    pub deadline: Duration,
    /// What is broken on purpose.
    pub sabotage: Option<Sabotage>,
    /// What closes the channel for everybody.
    pub breaker: Breaker,
    /// The ledger, for jobs that are not begun any more.
    pub pool: PgPool,
    /// Cancelled when a stop can wait no longer for the provider.
    pub give_up: CancellationToken,
    /// What is counted.
    pub metrics: DeliverMetrics,
    /// For ids.
    pub clock: Clock,
    /// Tokens and jitter.
    pub rng: Mutex<StdRng>,
}

impl std::fmt::Debug for Courier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Courier").finish_non_exhaustive()
    }
}

/// The handler of the apalis worker.
pub async fn deliver(claim: Claim, courier: Data<Arc<Courier>>) -> Settlement {
    if courier.sabotage == Some(Sabotage::AcknowledgeEarly) {
        let courier = Arc::clone(&courier);
        tokio::spawn(async move { courier.take(&claim).await });
        return Settlement::done();
    }
    courier.take(&claim).await
}

impl Courier {
    async fn take(&self, claim: &Claim) -> Settlement {
        if claim.is_dead() {
            return self.bury(claim).await;
        }
        self.carry(claim.job.delivery).await
    }

    /// From begin to finish.
    pub(super) async fn carry(&self, delivery: DeliveryId) -> Settlement {
        let (token, watch) = (self.random().next_u64().cast_signed(), Stopwatch::start());
        let attempt = match self.begin.run(Ask { delivery, channel: self.way.channel(), token }).await {
            Ok(Begin::Begun(attempt)) => attempt,
            Ok(Begin::NotBefore(wait)) => return Settlement::after(wait).without_contact(),
            Ok(Begin::Held(_) | Begin::Over) => return Settlement::done().without_contact(),
            Err(_) => return Settlement::after(AFTER_POISON).without_contact(),
        };
        let mut report = self.attempt(&attempt, watch).await;
        self.breaker.heed(&attempt, &mut report).await;
        if report.reason == Some(AttemptReason::OptedOut) {
            self.suppress(&attempt).await;
        }
        self.conclude(&attempt, report).await
    }

    /// Composes and sends.
    async fn attempt(&self, attempt: &Attempt, watch: Stopwatch) -> Report {
        let body_began = AtomicBool::new(false);
        let may_go = || {
            let waited = watch.elapsed();
            let in_time = waited + self.way.longest() < self.deadline;
            let is_open = attempt.closes_in.is_none_or(|left| waited < left);
            let goes = in_time && is_open && !self.give_up.is_cancelled();
            body_began.store(goes, Ordering::Relaxed);
            goes
        };
        tokio::select! {
            biased;
            report = self.way.send(&self.composer, attempt, watch, may_go) => report,
            () = self.give_up.cancelled() => Report::stopped(body_began.load(Ordering::Relaxed)),
        }
    }

    /// The provider says that the recipient wants nothing from our number: nobody of this installation asks again.
    async fn suppress(&self, attempt: &Attempt) {
        let Some(contact) = attempt.contact else { return };
        let id = SuppressionId::new(self.clock.now(), &mut *self.random());
        let suppressed = async {
            let mut connection = self.pool.acquire().await?;
            suppress::contact_everywhere(&mut connection, id, contact, SuppressionReason::OptedOut).await
        };
        if let Err(error) = in_time(suppressed).await {
            // The provider says it again should another leader ask.
            tracing::warn!(delivery = %attempt.delivery, %error, "an opt-out could not be recorded");
        }
    }

    /// Decides what the report means, records it, and settles the claim.
    async fn conclude(&self, attempt: &Attempt, report: Report) -> Settlement {
        let history = History {
            tries: attempt.tries,
            unsent: if attempt.probe.is_some() { 0 } else { attempt.unsent },
        };
        let jitter = self.random().random_range(-1.0..=1.0);
        let retry_after = report.retry_after.or(report.slow_down.then_some(SLOW_DOWN));
        let (state, wait) = match next(report.outcome, history, &self.schedule, jitter, retry_after) {
            Next::Accepted
                if self.sabotage == Some(Sabotage::DoubleLetters)
                    && attempt.letter.is_some()
                    && attempt.number == 1 =>
            {
                (DeliveryState::RetryWait, Some(Duration::ZERO))
            }
            Next::Accepted => (DeliveryState::Accepted, None),
            Next::Failed => (DeliveryState::Failed, None),
            Next::Retry(wait) => (DeliveryState::RetryWait, Some(wait)),
            Next::Checking if self.sabotage == Some(Sabotage::RepeatUnknown) => {
                (DeliveryState::RetryWait, Some(Duration::ZERO))
            }
            Next::Checking => (DeliveryState::Checking, Some(self.first_look)),
        };
        let (delivery, number) = (attempt.delivery, attempt.number);
        self.metrics.count(self.way.channel(), report.outcome, report.reason);
        if let Some(reason) = report.reason {
            tracing::info!(%delivery, number, outcome = ?report.outcome, %reason, %state, "an attempt ended");
        }
        let ended = Ended {
            delivery,
            number,
            outcome: report.outcome,
            reason: report.reason,
            reply: report.reply,
            provider_id: report.provider_id,
            probe: attempt.probe.is_some(),
            next: state,
            wait,
        };
        let settlement = match self.finish.run(ended).await {
            // The reconciler finds the attempt past its deadline and records it as unknown.
            Err(_) | Ok(Landing::Stale) => Settlement::done(),
            Ok(Landing::Landed | Landing::Late) => match wait {
                Some(wait) if state == DeliveryState::RetryWait => Settlement::after(wait),
                _ => Settlement::done(),
            },
        };
        if report.contacted { settlement } else { settlement.without_contact() }
    }

    /// A job that took its workers with it three times has failed, if an attempt was ever made.
    async fn bury(&self, claim: &Claim) -> Settlement {
        let delivery = claim.job.delivery;
        tracing::error!(%delivery, expiries = claim.expiries, "a job lost its lease too often");
        let buried = sqlx::query!(
            "UPDATE deliveries AS d
             SET state = 'failed', reason = 'internal', held_reason = NULL, due_at = NULL, changed_at = app_now()
             FROM (SELECT id FROM deliveries WHERE id = $1 FOR NO KEY UPDATE) AS was
             WHERE d.id = was.id AND d.state IN ('queued', 'retry_wait') AND d.attempt_number > 0",
            delivery.uuid(),
        );
        match buried.execute(&self.pool).await {
            // No attempt was made, so the accidents were its workers'; or it is over, and begin will say so.
            Ok(done) if done.rows_affected() == 0 => Settlement::after(AFTER_POISON).without_contact(),
            Ok(_) => Settlement::done().without_contact(),
            Err(error) => {
                tracing::error!(%delivery, %error, "a dead job could not be recorded; trying again");
                Settlement::after(AFTER_POISON).without_contact()
            }
        }
    }

    fn random(&self) -> std::sync::MutexGuard<'_, StdRng> {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

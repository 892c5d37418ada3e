//! The courier: takes one claimed job from begin to finish.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use apalis::prelude::Data;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use porchlight_shared::{
    domain::{AttemptOutcome, ContactId, DeliveryId, DeliveryState, Keyring, UnsealError},
    runtime::clock::Stopwatch,
};
use rand::{Rng, RngExt, rngs::StdRng};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::{
    begin::{Ask, Attempt, Begin, BeginStatement},
    breaker::{Breaker, SLOW_DOWN},
    finish::{Ended, FinishStatement, Landing},
    lane::Lane,
    letterhead::Letterheads,
    report::Report,
    retry::{History, Next, Schedule, next},
};
use crate::{
    config::Site,
    conveyor::{Claim, Settlement},
    email::{Composed, Letter, Mailer},
    metrics::DeliverMetrics,
};

/// How long a row that the ledger refuses waits before it is looked at again.
const AFTER_POISON: Duration = Duration::from_mins(1);

/// Everything that a delivery needs on its way.
pub struct Courier {
    /// Begin's lane.
    pub begin: Lane<BeginStatement>,
    /// Finish's lane.
    pub finish: Lane<FinishStatement>,
    /// What messages have in common.
    pub letterheads: Letterheads,
    /// The way out.
    pub mailer: Mailer,
    /// The key file.
    pub keyring: Arc<Keyring>,
    /// Where links lead.
    pub site: Site,
    /// Envelope and header sender.
    pub from: String,
    /// When to try again.
    pub schedule: Schedule,
    /// How long an unknown outcome waits for news.
    pub checking_wait: Duration,
    /// How long an attempt may take, and how much of that the provider may need once the body goes out.
    pub deadline: Duration,
    /// Needed after the body was begun.
    pub body_window: Duration,
    /// What closes the channel for everybody.
    pub breaker: Breaker,
    /// The ledger, for jobs that are not begun any more.
    pub pool: PgPool,
    /// Cancelled when a stop can wait no longer for the provider.
    pub give_up: CancellationToken,
    /// What is counted.
    pub metrics: DeliverMetrics,
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
        let attempt = match self.begin.run(Ask { delivery, token }).await {
            Ok(Begin::Begun(attempt)) => attempt,
            Ok(Begin::NotBefore(wait)) => return Settlement::after(wait).without_contact(),
            Ok(Begin::Held(_) | Begin::Over) => return Settlement::done().without_contact(),
            Err(_) => return Settlement::after(AFTER_POISON).without_contact(),
        };
        let mut report = self.attempt(&attempt, watch).await;
        self.breaker.heed(&attempt, &mut report).await;
        self.conclude(&attempt, report).await
    }

    /// Composes and sends.
    async fn attempt(&self, attempt: &Attempt, watch: Stopwatch) -> Report {
        let composed = match self.compose(attempt).await {
            Ok(composed) => composed,
            Err(report) => return report,
        };
        let body_began = AtomicBool::new(false);
        let may_go = || {
            let in_time = watch.elapsed() + self.body_window < self.deadline && !self.give_up.is_cancelled();
            body_began.store(in_time, Ordering::Relaxed);
            in_time
        };
        let sending = self.mailer.send(attempt.community, &composed.envelope, &composed.bytes, may_go);
        tokio::select! {
            biased;
            outcome = sending => outcome.into(),
            () = self.give_up.cancelled() => Report::stopped(body_began.load(Ordering::Relaxed)),
        }
    }

    async fn compose(&self, attempt: &Attempt) -> Result<Composed, Report> {
        let delivery = attempt.delivery;
        let ours = |what: &'static str, error: &dyn std::fmt::Display| {
            tracing::error!(%delivery, %error, "{what}");
            Report::not_composed(AttemptOutcome::RefusedPermanent)
        };
        let Some(batch) = attempt.batch else {
            return Err(ours("a delivery without a batch cannot be composed", &"nothing to say"));
        };
        // The invitation ended between two askings for the same begin; the next begin says how.
        let Some(invited) = &attempt.invitation else {
            return Err(Report::not_composed(AttemptOutcome::NotSent));
        };
        let letterhead = match self.letterheads.of(batch).await {
            Ok(letterhead) => letterhead,
            Err(error) => {
                tracing::warn!(%delivery, %error, "the batch could not be read; trying again later");
                return Err(Report::not_composed(AttemptOutcome::NotSent));
            }
        };
        let code = match self.keyring.unseal(&invited.sealed, attempt.community, invited.id) {
            Ok(code) => code,
            Err(error @ UnsealError::NoSuchKey(_)) => {
                tracing::error!(%delivery, %error, "PORCHLIGHT_KEYS_FILE is not the one that the API seals with");
                return Err(Report::not_composed(AttemptOutcome::NotSent));
            }
            Err(error) => return Err(ours("an access code does not open", &error)),
        };
        let site = self.site.as_str();
        let letter = Letter {
            delivery,
            written_at: attempt.written_at,
            community: letterhead.sender(),
            from: &self.from,
            recipient: &attempt.address,
            recipient_name: attempt.name.as_deref(),
            subject: &letterhead.subject,
            code: &code.grouped(),
            join_link: &format!("{site}/j/{}", code.plain()),
            site,
            unsubscribe_link: &format!("{site}/u/{}", self.unsubscribe_token(attempt.contact)),
            expires: &letterhead.day(invited.expires_at),
            note: letterhead.note.as_deref(),
        };
        letter.compose().map_err(|error| ours("a message could not be composed", &error))
    }

    /// Names a contact to `/u/{token}`: its id and our signature of it, so that nothing has to be stored.
    fn unsubscribe_token(&self, contact: ContactId) -> String {
        let signature = self.keyring.link_signature("unsubscribe", contact.as_bytes());
        URL_SAFE_NO_PAD.encode([*contact.as_bytes(), signature].concat())
    }

    /// Decides what the report means, records it, and settles the claim.
    async fn conclude(&self, attempt: &Attempt, report: Report) -> Settlement {
        let history = History {
            tries: attempt.tries,
            repeated: attempt.repeated,
            unsent: if attempt.probe.is_some() { 0 } else { attempt.unsent },
        };
        let jitter = self.random().random_range(-1.0..=1.0);
        let retry_after = report.slow_down.then_some(SLOW_DOWN);
        let (state, wait) = match next(report.outcome, history, &self.schedule, jitter, retry_after) {
            Next::Accepted => (DeliveryState::Accepted, None),
            Next::Failed => (DeliveryState::Failed, None),
            Next::Retry(wait) => (DeliveryState::RetryWait, Some(wait)),
            Next::Checking => (DeliveryState::Checking, Some(self.checking_wait)),
            Next::NeedsDecision => (DeliveryState::NeedsDecision, None),
        };
        let (delivery, number) = (attempt.delivery, attempt.number);
        self.metrics.count(report.outcome, report.reason);
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

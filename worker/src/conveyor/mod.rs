//! The conveyor: carries jobs from Redis into the worker's slots at the provider's pace, and their fates back.
//!
//! Neighbours: `porchlight_shared::queue` pushes what is claimed here; `apalis` runs a handler for every [`Claim`] that
//! [`Conveyor`] yields; the handler answers with a [`Settlement`], which the layer in [`layer`] acknowledges. What is
//! promised:
//!
//! * **At least once.** A job is claimed under a lease, renewed while it runs, and forgotten only when its settlement
//!   is `Done`. A lease that ends puts the job back at the front of its list and is counted; at
//!   [`Claim::EXPIRIES_ALLOWED`] the claim says [`Claim::is_dead`], and the handler decides what that means instead of sending.
//!   Dead claims are leased like any other, so a lost reply does not lose them. Beginning in the ledger is what makes
//!   a second claim harmless; a stale one cannot acknowledge, since its token is part of the lease's name.
//!   `After` clears the count. So a job that kills its workers before it begins, and is put off whenever it is dead,
//!   goes on for ever, with a rest after every third of them. That is accepted: the accidents may have been theirs.
//! * **Fair, paced, patient.** See `claim.lua`: communities take turns; at most `limit` admissions in any second over
//!   all workers; a slot is taken only for a job that may start now. An admission that never reached the provider
//!   gives its token back, as far as the bucket would still hold it.
//! * **Never fails.** A Redis error is logged once per outage, backed off, and repeated by the fetcher (under the same
//!   token, so a claim whose answer got lost is found again) and the finisher; the worker sees none. A handler that
//!   panics or errs has its job delayed.
//! * **Stops.** Cancelling `stop` is enough: nothing more is claimed, what has not begun goes back uncounted, the
//!   apalis worker stops by itself, running handlers finish with their leases renewed, and closing waits until every
//!   fate has reached Redis. It waits as long as Redis is away: the deadline is the caller's.
//! * **Clean.** Nothing of a finished job stays. An element that cannot be read is dropped, counted and logged. Lists
//!   that were deleted by hand or evicted are noticed as soon as nothing else is ready; see the end of `claim.lua`.
//!
//! ```no_run
//! # use apalis::prelude::*;
//! # use porchlight_shared::{domain::Channel, queue::Queue};
//! # use porchlight_worker::conveyor::{Claim, Conveyor, Metrics, Options, Settlement};
//! # use rand::{SeedableRng, rngs::StdRng};
//! # async fn run(rng: StdRng, stop: tokio_util::sync::CancellationToken) -> Result<(), Box<dyn std::error::Error>> {
//! async fn deliver(claim: Claim) -> Settlement {
//!     if claim.is_dead() { /* record failed(internal) */ }
//!     Settlement::after(std::time::Duration::from_secs(60)).without_contact()
//! }
//!
//! let (_hold, held) = tokio::sync::watch::channel(false); // true while outcomes cannot be recorded
//! let options = Options { slots: 32, limit: Some(10.0), lease: Options::LEASE, held, stop };
//! let (queue, metrics) = (Queue::new(Channel::Email), Metrics::default());
//! let conveyor = Conveyor::start(queue, "redis://127.0.0.1", options, &metrics, rng)?;
//! WorkerBuilder::new("email-0191f3").backend(conveyor).build(deliver).run().await?;
//! # Ok(()) }
//! ```

mod claim;
mod control;
mod fetcher;
mod finisher;
mod layer;
mod link;
mod metrics;
mod outage;
#[cfg(test)]
mod tests;

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use apalis_core::{
    backend::{Backend, BackendConfig, finalize::Ephemeral},
    task::{Task, builder::TaskBuilder, task_id::TaskId},
    worker::context::WorkerContext,
};
use futures_util::FutureExt;
use porchlight_shared::queue::{Queue, connect};
use rand::rngs::StdRng;
use redis::RedisResult;
use tokio::{
    sync::{Notify, Semaphore, mpsc, watch},
    task::JoinHandle,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use self::{claim::Desk, fetcher::Fetcher, link::Link, outage::Outage};
pub use self::{
    claim::{Claim, Fate, Settlement},
    control::{Depth, close_gate, depth, open_gate},
    layer::{Acknowledged, Acknowledging},
    link::Pace,
    metrics::{Families, Metrics},
};

/// How a conveyor runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Jobs that may run at once in this worker. No `.concurrency()` is needed beside it.
    pub slots: usize,
    /// Admissions a second over all workers of the channel; fractions are allowed, `None` is no limit.
    pub limit: Option<f64>,
    /// How long a claim is ours without being renewed; it is renewed after a third of it.
    pub lease: Duration,
    /// While it says true nothing new is claimed.
    pub held: watch::Receiver<bool>,
    /// Cancel it to stop.
    pub stop: CancellationToken,
}

impl Options {
    /// The lease unless there is a reason for another.
    pub const LEASE: Duration = Duration::from_mins(1);
}

/// The source of an apalis worker; see the [module](self).
#[derive(Debug)]
pub struct Conveyor {
    /// First, so that what is given back below is not claimed once more.
    _stop_when_dropped: DropGuard,
    options: Options,
    /// Claims that a free slot is about to take.
    belt: mpsc::UnboundedReceiver<Claim>,
    /// Claims that came too late to be taken.
    left: Vec<Claim>,
    /// Ends last. Dropping it is not aborting it: fates still reach Redis.
    finisher: JoinHandle<()>,
}

impl Conveyor {
    /// Starts fetching from `queue`; call it inside a Tokio runtime. Redis may be away. Fails only when `url` is not a
    /// Redis URL. `rng` draws tokens.
    pub fn start(
        queue: Queue,
        url: &str,
        options: Options,
        metrics: &Metrics,
        rng: StdRng,
    ) -> RedisResult<Self> {
        // A conveyor that is dropped stops itself, not its siblings.
        let options = Options { stop: options.stop.child_token(), ..options };
        let link = Arc::new(Link {
            queue,
            connection: connect(url, link::RESPONSE)?,
            pace: options.limit.map(Pace::per_second),
            lease: options.lease,
            metrics: metrics.clone(),
            returned: Notify::new(),
            clock: String::new(),
        });
        let (give, belt) = mpsc::unbounded_channel();
        let (sender, fates) = mpsc::unbounded_channel();
        let held = claim::Held::default();
        let fetcher = Fetcher {
            link: Arc::clone(&link),
            belt: give,
            desk: Desk { fates: sender, held: Arc::clone(&held) },
            options: options.clone(),
            slots: Arc::new(Semaphore::new(options.slots)),
            sleeper: connect(url, fetcher::LONGEST_SLEEP + link::RESPONSE)?,
            claiming: Outage::new("claiming", metrics.redis_errors.clone()),
            sleeping: Outage::new("waiting for jobs", metrics.redis_errors.clone()),
            rng,
        };
        tokio::spawn(fetcher.run());
        let finisher = tokio::spawn(finisher::finish(link, fates, held));
        let guard = options.stop.clone().drop_guard();
        Ok(Self { _stop_when_dropped: guard, options, belt, left: Vec::new(), finisher })
    }

    /// Gives back what nobody has taken, as soon as the fetcher has ended.
    fn poll_give_back(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(claim) = ready!(self.belt.poll_recv(cx)) {
            self.left.push(claim);
        }
        // The last becomes the first of its list, so the order stays.
        self.left.drain(..).rev().for_each(drop);
        Poll::Ready(())
    }
}

impl Backend for Conveyor {
    type Task = Task<Claim>;
    type Error = Infallible;

    fn poll_ready(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        worker: &WorkerContext,
    ) -> Poll<Option<Result<Task<Claim>, Infallible>>> {
        if !self.options.stop.is_cancelled()
            && let Some(claim) = ready!(self.belt.poll_recv(cx))
        {
            let id = TaskId::from_uuid(claim.job.delivery.uuid());
            return Poll::Ready(Some(Ok(TaskBuilder::new(claim).task_id(id).build())));
        }
        ready!(self.poll_give_back(cx));
        // Without it the worker would wait to be told. It can only object that it never started.
        let _ = worker.stop();
        Poll::Ready(None)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        self.options.stop.cancel();
        ready!(self.poll_give_back(cx));
        if let Err(error) = ready!(self.finisher.poll_unpin(cx)) {
            tracing::error!(%error, "fates were not carried to the end; leases will expire");
        }
        Poll::Ready(Ok(()))
    }
}

impl BackendConfig for Conveyor {
    type Args = Claim;
    type Id = uuid::Uuid;
    type Kind = Ephemeral;
    type Config = Options;
    type Layer = Acknowledging;

    fn config(&self) -> &Options {
        &self.options
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> Acknowledging {
        Acknowledging
    }
}

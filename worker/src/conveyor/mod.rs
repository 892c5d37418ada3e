//! The conveyor: carries jobs from Redis into the worker's slots at the provider's pace, and their fates back.
//!
//! Neighbours: `porchlight_shared::queue` pushes what is claimed here; `apalis` runs a handler for every [`Claim`] that
//! [`Conveyor`] yields; the handler answers with a [`Settlement`], which the layer in [`layer`] acknowledges. What is
//! promised:
//!
//! * **At least once.** A job is claimed under a lease, renewed while it runs, and forgotten only when its settlement
//!   is `Done`. A lease that ends puts the job back at the front of its list and is counted; at
//!   [`Claim::EXPIRIES_ALLOWED`] the claim says [`Claim::is_dead`], and the handler records that instead of sending.
//!   Dead claims are leased like any other, so a lost reply does not lose them. Beginning in the ledger is what makes
//!   a second claim harmless; a stale one cannot acknowledge, since its token is part of the lease's name.
//! * **Fair, paced, patient.** See `claim.lua`: communities take turns; at most `limit` admissions in any second over
//!   all workers; a slot is taken only for a job that may start now. An admission that never reached the provider
//!   gives its token back, as far as the bucket would still hold it.
//! * **Never fails.** A Redis error is logged once per outage, backed off, and repeated by the fetcher (under the same
//!   token, so a claim whose answer got lost is found again) and the finisher; the worker sees none. A handler that
//!   panics or errs has its job delayed.
//! * **Stops.** Cancelling `stop` is enough: nothing more is claimed, what has not begun goes back uncounted, the
//!   apalis worker stops by itself, running handlers finish with their leases renewed, and closing waits until every
//!   fate has reached Redis. It waits as long as Redis is away: the deadline is the caller's.
//! * **Clean.** Nothing of a finished job stays. An element that cannot be read is dropped, counted and logged.
//!
//! ```no_run
//! # use std::time::Duration;
//! # use apalis::prelude::*;
//! # use porchlight_shared::{domain::Channel, queue::Queue};
//! # use porchlight_worker::conveyor::{Claim, Conveyor, Metrics, Options, Settlement};
//! # use rand::{SeedableRng, rngs::StdRng};
//! # async fn run(rng: StdRng, stop: tokio_util::sync::CancellationToken) -> Result<(), Box<dyn std::error::Error>> {
//! async fn deliver(claim: Claim) -> Settlement {
//!     if claim.is_dead() { /* record failed(internal) */ }
//!     Settlement::after(Duration::from_secs(60)).without_contact()
//! }
//!
//! let (_hold, held) = tokio::sync::watch::channel(false); // true while outcomes cannot be recorded
//! let options = Options { slots: 32, limit: Some(10.0), lease: Options::LEASE, held, stop };
//! let queue = Queue::new(Channel::Email);
//! let conveyor = Conveyor::start(queue, "redis://127.0.0.1", options, &Metrics::default(), rng)?;
//! WorkerBuilder::new("email-0191f3").backend(conveyor).build(deliver).run().await?;
//! # Ok(()) }
//! ```

mod belt;
mod claim;
mod depth;
mod fetcher;
mod finisher;
mod gate;
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
use porchlight_shared::queue::{Queue, connect};
use rand::{Rng, SeedableRng, rngs::StdRng};
use redis::RedisResult;
use tokio::{
    sync::{Semaphore, mpsc, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use self::{belt::Belt, claim::Desk, fetcher::Fetcher, finisher::Finisher, link::Link, outage::Outage};
pub use self::{
    claim::{Claim, Fate, Settlement},
    depth::{Depth, depth},
    gate::{close_gate, open_gate},
    layer::{Acknowledged, Acknowledging},
    link::Pace,
    metrics::Metrics,
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
    queue: Queue,
    options: Options,
    belt: Arc<Belt>,
    tasks: JoinSet<()>,
}

impl Conveyor {
    /// Starts fetching from `queue`; call it inside a Tokio runtime. Redis may be away. Fails only when `url` is not a
    /// Redis URL. `rng` draws tokens and jitter.
    pub fn start(
        queue: Queue,
        url: &str,
        options: Options,
        metrics: &Metrics,
        mut rng: StdRng,
    ) -> RedisResult<Self> {
        // A conveyor that is dropped stops itself, not its siblings.
        let options = Options { stop: options.stop.child_token(), ..options };
        let connection = connect(url, link::RESPONSE)?;
        let pace = options.limit.map(Pace::per_second);
        let link = Arc::new(Link::new(queue.clone(), connection, pace, options.lease, metrics.clone()));
        let belt = Arc::new(Belt::default());
        let (sender, fates) = mpsc::unbounded_channel();
        let desk = Desk::new(sender, metrics.clone());
        let mut outage = |doing| Outage::new(doing, metrics.clone(), StdRng::seed_from_u64(rng.next_u64()));

        let mut tasks = JoinSet::new();
        let finisher = Finisher {
            link: Arc::clone(&link),
            fates,
            held: desk.held(),
            acknowledging: outage("acknowledging"),
            renewing: outage("renewing leases"),
        };
        tasks.spawn(finisher.run());
        let fetcher = Fetcher {
            belt: Arc::clone(&belt),
            desk,
            slots: Arc::new(Semaphore::new(options.slots)),
            sleeper: connect(url, fetcher::LONGEST_SLEEP + link::RESPONSE)?,
            held: options.held.clone(),
            stop: options.stop.clone(),
            claiming: outage("claiming"),
            sleeping: outage("waiting for jobs"),
            rng: StdRng::seed_from_u64(rng.next_u64()),
            link,
        };
        tasks.spawn(fetcher.run());
        Ok(Self { queue, options, belt, tasks })
    }

    /// Which queue it serves.
    #[must_use]
    pub const fn queue(&self) -> &Queue {
        &self.queue
    }
}

impl Backend for Conveyor {
    type Task = Task<Claim>;
    type Error = Infallible;

    fn poll_ready(&mut self, cx: &mut Context<'_>, worker: &WorkerContext) -> Poll<Result<(), Infallible>> {
        if self.belt.is_closed(cx) {
            // It can only object that it never started, and then nothing polls us. It wakes itself up.
            let _ = worker.stop();
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Option<Result<Task<Claim>, Infallible>>> {
        let claim = ready!(self.belt.poll_take(cx));
        let id = TaskId::from_uuid(claim.job.delivery.uuid());
        Poll::Ready(Some(Ok(TaskBuilder::new(claim).task_id(id).build())))
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        self.options.stop.cancel();
        while let Some(ended) = ready!(self.tasks.poll_join_next(cx)) {
            if let Err(error) = ended {
                tracing::error!(queue = %self.queue, %error, "a task of the conveyor ended early");
            }
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

impl Drop for Conveyor {
    fn drop(&mut self) {
        self.options.stop.cancel();
        self.belt.close();
        // Aborting a claim in flight would leave its leases to expire.
        self.tasks.detach_all();
    }
}

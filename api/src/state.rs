//! Everything that a handler may touch; a test builds the same struct.

use std::{sync::Arc, time::Duration};

use porchlight_shared::{
    domain::{Channel, Keyring, TextWindow},
    queue::{self, Job, Queue},
    runtime::{clock::Clock, site::Site},
};
use rand::{
    SeedableRng,
    rand_core::UnwrapErr,
    rngs::{StdRng, SysRng},
};
use redis::aio::ConnectionManager;
use sqlx::PgPool;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::{
    access::CallerLimit,
    board::live::Views,
    intake::{body::Room, drafts::memory::Memory},
    join::LocalTries,
    limits::LocalLimits,
    metrics::Metrics,
    receipts::Texts,
    visitor::TrustedProxies,
};

/// How long a push waits for Redis before it leaves the jobs to the reconciler.
const PUSH_PATIENCE: Duration = Duration::from_secs(10);

/// What the handlers share.
#[derive(Debug)]
pub struct AppState {
    /// The ledger.
    pub pool: PgPool,
    /// The conveyor.
    pub redis: RedisHandle,
    /// The key file.
    pub keyring: Arc<Keyring>,
    /// For ids.
    pub clock: Clock,
    /// How often each token may call.
    pub caller_limit: CallerLimit,
    /// Memory that the bodies of lists share.
    pub list_room: Room,
    /// Verdicts on long drafts.
    pub verdicts: Memory,
    /// Whose word on where a visitor comes from counts.
    pub trusted_proxies: TrustedProxies,
    /// Wrong codes, counted here while Redis is away.
    pub local_tries: LocalTries,
    /// What costs a letter, counted here while Redis is away.
    pub local_limits: LocalLimits,
    /// Turns at drawing PDFs, which takes a core each.
    pub drawing: Arc<Semaphore>,
    /// What is watched in this process.
    pub views: Views,
    /// By what name browsers reach us, if that is known.
    pub site: Option<Site>,
    /// The provider of texts, if there is one.
    pub texts: Option<Texts>,
    /// When texts go where the community says nothing else.
    pub text_window: TextWindow,
    /// What is counted.
    pub metrics: Metrics,
    /// Work that goes on after its request was answered; a stop waits for it.
    pub afterwards: TaskTracker,
}

impl AppState {
    /// For ids: seeded by the operating system, one for each request.
    #[must_use]
    pub fn rng() -> StdRng {
        StdRng::from_rng(&mut UnwrapErr(SysRng))
    }

    /// Puts jobs on the conveyor while their request is answered. If that fails the ledger still has every row, and the
    /// reconciler pushes them.
    pub fn push_afterwards(self: &Arc<Self>, channel: Channel, jobs: Vec<Job>) {
        if jobs.is_empty() {
            return;
        }
        let state = Arc::clone(self);
        self.afterwards.spawn(async move {
            let mut redis = state.redis.0.clone();
            let queue = Queue::new(channel);
            let pushing = async {
                match queue::push(&mut redis, &queue, &jobs).await {
                    // Whoever first uses a connection that was cut is told so; the next finds a new one.
                    Err(error) if error.is_io_error() && !error.is_timeout() => queue::push(&mut redis, &queue, &jobs).await,
                    done => done,
                }
            };
            if let Err(error) = queue::within(PUSH_PATIENCE, pushing).await {
                state.metrics.pushes_failed.inc();
                tracing::warn!(%error, jobs = jobs.len(), "jobs could not be pushed; the reconciler will push them");
            }
        });
    }
}

/// The shared Redis connection, which has no `Debug` of its own.
#[derive(Clone)]
pub struct RedisHandle(pub ConnectionManager);

impl std::fmt::Debug for RedisHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RedisHandle")
    }
}

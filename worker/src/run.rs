//! Putting a worker together, and taking it apart when it is told to stop.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use apalis::prelude::WorkerBuilder;
use porchlight_shared::{
    domain::Channel,
    queue::{self, Queue},
    runtime::clock::Clock,
    store,
};
use rand::{
    Rng, SeedableRng,
    rand_core::UnwrapErr,
    rngs::{StdRng, SysRng},
};
use secrecy::ExposeSecret;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    config::WorkerSettings,
    conveyor::{Conveyor, Options},
    deliver::{
        begin::BeginStatement,
        breaker::{Breaker, tend},
        courier::{Courier, deliver},
        finish::FinishStatement,
        lane::{Lane, any_stuck},
        letterhead::Letterheads,
    },
    email::Mailer,
    health,
    metrics::Metrics,
    reconcile::Reconciler,
};

/// Why a worker could not run.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Jobs in flight for each connection, so that begin and finish of some overlap with sending others.
const SLOTS_PER_CONNECTION: usize = 4;
/// How long a stop waits for providers' answers before it records them as unknown.
const PROVIDER_PATIENCE: Duration = Duration::from_secs(20);
/// How long after that the process goes, whatever is left: leases and deadlines take care of it.
const LAST_PATIENCE: Duration = Duration::from_secs(4);
const REDIS_PATIENCE: Duration = Duration::from_secs(5);

/// Works until `stopping` is cancelled and what has begun is finished.
///
/// # Errors
/// When the settings lead nowhere, the ledger refuses us, or it is not migrated.
pub async fn work(
    settings: WorkerSettings,
    clock: Clock,
    stopping: CancellationToken,
) -> Result<(), Failure> {
    let pool = store::connect(&settings.store, "porchlight-worker", &stopping).await?;
    store::check_migrated(&pool).await?;
    let mut rng = StdRng::from_rng(&mut UnwrapErr(SysRng));
    let metrics = Arc::new(Metrics::default());
    if let Some(address) = settings.listen {
        health::listen(address, pool.clone(), Arc::clone(&metrics), stopping.clone()).await?;
    }
    let url = settings.redis.expose_secret();
    let redis = queue::connect(url, REDIS_PATIENCE)
        .map_err(|_| "REDIS_URL does not fit: it cannot be read; it should be redis://host:6379/0")?;
    let queue = Queue::new(Channel::Email);

    let begin = BeginStatement { pool: pool.clone(), deadline: settings.attempt_deadline };
    let begin = Lane::start("begin", begin, metrics.begin.clone());
    let finish = FinishStatement { pool: pool.clone() };
    let finish = Lane::start("finish", finish, metrics.finish.clone());
    let held = any_stuck(&[begin.is_stuck(), finish.is_stuck()]);

    let slots = settings.smtp.connections * SLOTS_PER_CONNECTION;
    let body_window = settings.smtp.timeouts.body + settings.smtp.timeouts.after_body;
    let give_up = CancellationToken::new();
    let courier = Arc::new(Courier {
        begin,
        finish,
        letterheads: Letterheads::new(pool.clone()),
        mailer: Mailer::new(settings.smtp)?,
        keyring: settings.keyring,
        site: settings.site,
        from: settings.from.as_str().to_owned(),
        schedule: settings.email_retry,
        checking_wait: settings.checking_wait,
        deadline: settings.attempt_deadline,
        body_window,
        breaker: Breaker::new(
            pool.clone(),
            redis.clone(),
            queue.clone(),
            settings.attempt_deadline,
            metrics.breaker.clone(),
        ),
        pool: pool.clone(),
        give_up: give_up.clone(),
        metrics: metrics.deliver.clone(),
        rng: Mutex::new(StdRng::seed_from_u64(rng.next_u64())),
    });
    let reconciler = Reconciler {
        pool: pool.clone(),
        redis,
        queue: queue.clone(),
        checking_wait: settings.checking_wait,
        metrics: metrics.reconcile.clone(),
    };
    let mut reconciling = JoinSet::new();
    reconciling.spawn(reconciler.run(stopping.clone()));
    let tending = tokio::spawn(tend(Arc::clone(&courier), stopping.clone()));

    let name = format!("email-{:x}-{:016x}", clock.now().as_millisecond(), rng.next_u64());
    let options = Options {
        slots,
        limit: Some(settings.email_rate.per_second()),
        lease: Options::LEASE,
        held,
        stop: stopping.clone(),
    };
    let conveyor = Conveyor::start(queue, url, options, &metrics.conveyor, rng)?;
    let worker =
        WorkerBuilder::new(name.as_str()).backend(conveyor).data(Arc::clone(&courier)).build(deliver);
    tracing::info!(name, slots, per_second = settings.email_rate.per_second(), "working");

    let patience = async {
        stopping.cancelled().await;
        tokio::time::sleep(PROVIDER_PATIENCE).await;
        tracing::warn!("providers still owe answers; their messages are recorded as unknown");
        give_up.cancel();
        tokio::time::sleep(LAST_PATIENCE).await;
    };
    tokio::select! {
        ended = async { worker.run().await?; tending.await.map_err(Failure::from) } => ended?,
        () = patience => tracing::error!("stopping without having recorded everything; attempts past their deadline will be found"),
    }
    let tidy = async {
        reconciling.join_all().await;
        courier.mailer.close().await;
        pool.close().await;
    };
    if tokio::time::timeout(LAST_PATIENCE, tidy).await.is_err() {
        tracing::warn!("a server did not let go in time");
    }
    tracing::info!("stopped");
    Ok(())
}

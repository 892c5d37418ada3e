//! Putting a worker together, and taking it apart when it is told to stop.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use apalis::prelude::WorkerBuilder;
use porchlight_shared::{
    queue::{self, Queue},
    runtime::clock::{Clock, Stopwatch},
    store,
};
use rand::{
    Rng, SeedableRng,
    rand_core::UnwrapErr,
    rngs::{StdRng, SysRng},
};
use redis::aio::ConnectionManager;
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgPool;
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    config::{Rate, TextSettings, WorkerSettings},
    conveyor::{Conveyor, Options},
    deliver::{
        begin::BeginStatement,
        breaker::{Breaker, tend},
        composer::Composer,
        courier::{Courier, deliver},
        finish::FinishStatement,
        lane::{Lane, any_stuck},
        letterhead::Letterheads,
        retry::Schedule,
        way::Way,
    },
    email::{Mailer, SmtpSettings},
    health,
    metrics::Metrics,
    reconcile::{Inquiry, Reconciler, keep_asking},
    sabotage::Sabotage,
    text::Twilio,
};

/// Why a worker could not run.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Jobs in flight for each connection, so that begin and finish of some overlap with sending others.
const SLOTS_PER_CONNECTION: usize = 4;
/// Texts in flight of one worker: as many as a quick provider's answers take up at a high rate.
const TEXT_SLOTS: usize = 32;
/// How long a stop waits for providers' answers before it records them as unknown.
const PROVIDER_PATIENCE: Duration = Duration::from_secs(20);
/// How long after that the process goes, whatever is left: leases and deadlines take care of it.
const LAST_PATIENCE: Duration = Duration::from_secs(4);
const REDIS_PATIENCE: Duration = Duration::from_secs(5);

/// One channel's way from the queue to its provider.
struct Line {
    way: Way,
    schedule: Schedule,
    first_look: Duration,
    slots: usize,
    rate: Rate,
}

/// What all lines of a worker have in common.
struct Floor {
    pool: PgPool,
    redis_url: SecretString,
    redis: ConnectionManager,
    begin: Lane<BeginStatement>,
    finish: Lane<FinishStatement>,
    composer: Arc<Composer>,
    deadline: Duration,
    sabotage: Option<Sabotage>,
    metrics: Arc<Metrics>,
    clock: Clock,
    /// Cancelled when nothing more is to be begun.
    stopping: CancellationToken,
    /// Cancelled when providers have been waited for long enough.
    give_up: CancellationToken,
}

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
    let redis = queue::connect(settings.redis.expose_secret(), REDIS_PATIENCE)
        .map_err(|_| "REDIS_URL does not fit: it cannot be read; it should be redis://host:6379/0")?;
    let begin = BeginStatement { pool: pool.clone(), deadline: settings.attempt_deadline };
    let finish = FinishStatement { pool: pool.clone() };
    let floor = Floor {
        pool: pool.clone(),
        redis_url: settings.redis,
        redis: redis.clone(),
        begin: Lane::start("begin", begin, metrics.begin.clone()),
        finish: Lane::start("finish", finish, metrics.finish.clone()),
        composer: Arc::new(Composer {
            letterheads: Letterheads::new(pool.clone()),
            keyring: settings.keyring,
            site: settings.site,
            from: settings.from.as_str().to_owned(),
        }),
        deadline: settings.attempt_deadline,
        sabotage: settings.sabotage,
        metrics,
        clock,
        stopping: stopping.clone(),
        give_up: CancellationToken::new(),
    };

    let mut lines =
        vec![email_line(settings.smtp, settings.email_retry, settings.email_wait, settings.email_rate)?];
    let (mut inquiry, mut text_window) = (None, None);
    if let Some(TextSettings { twilio, rate, retry: schedule }) = settings.texts {
        let twilio = Arc::new(Twilio::new(twilio)?);
        inquiry = Some(Inquiry { twilio: Arc::clone(&twilio), composer: Arc::clone(&floor.composer) });
        text_window = Some(settings.text_window);
        let first_look = settings.text_looks.first();
        lines.push(Line { way: Way::Text(twilio), schedule, first_look, slots: TEXT_SLOTS, rate });
    }
    let reconciler = Reconciler {
        pool: pool.clone(),
        redis,
        email_wait: settings.email_wait,
        text_looks: settings.text_looks,
        text_window,
        clock,
        awake: Stopwatch::start(),
        metrics: floor.metrics.reconcile.clone(),
    };
    let mut reconciling = JoinSet::new();
    if let Some(inquiry) = inquiry {
        reconciling.spawn(keep_asking(reconciler.clone(), inquiry, stopping.clone()));
    }
    reconciling.spawn(reconciler.run(stopping.clone()));

    let held = any_stuck(&[floor.begin.is_stuck(), floor.finish.is_stuck()]);
    let (mut running, mut couriers) = (JoinSet::new(), Vec::new());
    for line in lines {
        couriers.push(floor.carry(line, held.clone(), &mut rng, &mut running)?);
    }
    let channels: Vec<_> = couriers.iter().map(|courier| courier.way.channel().as_str()).collect();
    tracing::info!(channels = channels.join(" "), "working");

    let patience = async {
        stopping.cancelled().await;
        tokio::time::sleep(PROVIDER_PATIENCE).await;
        tracing::warn!("providers still owe answers; their messages are recorded as unknown");
        floor.give_up.cancel();
        tokio::time::sleep(LAST_PATIENCE).await;
    };
    let finished = async {
        while let Some(ended) = running.join_next().await {
            // One that ends by itself takes the others with it.
            stopping.cancel();
            ended??;
        }
        Ok::<_, Failure>(())
    };
    tokio::select! {
        ended = finished => ended?,
        () = patience => tracing::error!("stopping without having recorded everything; attempts past their deadline will be found"),
    }
    let tidy = async {
        reconciling.join_all().await;
        for courier in couriers {
            courier.way.close().await;
        }
        pool.close().await;
    };
    if tokio::time::timeout(LAST_PATIENCE, tidy).await.is_err() {
        tracing::warn!("a server did not let go in time");
    }
    tracing::info!("stopped");
    Ok(())
}

fn email_line(
    smtp: SmtpSettings,
    schedule: Schedule,
    first_look: Duration,
    rate: Rate,
) -> Result<Line, Failure> {
    let slots = smtp.connections * SLOTS_PER_CONNECTION;
    let longest = smtp.timeouts.body + smtp.timeouts.after_body;
    let way = Way::Email { mailer: Mailer::new(smtp)?, longest };
    Ok(Line { way, schedule, first_look, slots, rate })
}

impl Floor {
    /// Starts a line: its conveyor, its courier, and whoever tends its channel.
    fn carry(
        &self,
        Line { way, schedule, first_look, slots, rate }: Line,
        held: watch::Receiver<bool>,
        rng: &mut StdRng,
        running: &mut JoinSet<Result<(), Failure>>,
    ) -> Result<Arc<Courier>, Failure> {
        let channel = way.channel();
        let queue = Queue::new(channel);
        let breaker = Breaker::new(
            self.pool.clone(),
            self.redis.clone(),
            queue.clone(),
            self.deadline,
            self.metrics.breaker.clone(),
        );
        let courier = Arc::new(Courier {
            begin: self.begin.clone(),
            finish: self.finish.clone(),
            composer: Arc::clone(&self.composer),
            way,
            schedule,
            first_look,
            deadline: self.deadline,
            sabotage: self.sabotage,
            breaker,
            pool: self.pool.clone(),
            give_up: self.give_up.clone(),
            metrics: self.metrics.deliver.clone(),
            clock: self.clock,
            rng: Mutex::new(StdRng::seed_from_u64(rng.next_u64())),
        });
        let name = format!("{channel}-{:x}-{:016x}", self.clock.now().as_millisecond(), rng.next_u64());
        let lease =
            if self.sabotage == Some(Sabotage::NoLease) { Duration::from_millis(1) } else { Options::LEASE };
        let options =
            Options { slots, limit: Some(rate.per_second()), lease, held, stop: self.stopping.clone() };
        let chance = StdRng::seed_from_u64(rng.next_u64());
        let url = self.redis_url.expose_secret();
        let conveyor = Conveyor::start(queue, url, options, &self.metrics.conveyor(channel), chance)?;
        let worker =
            WorkerBuilder::new(name.as_str()).backend(conveyor).data(Arc::clone(&courier)).build(deliver);
        running.spawn(async move { worker.run().await.map_err(Failure::from) });
        let (tended, stopping) = (Arc::clone(&courier), self.stopping.clone());
        running.spawn(async move {
            tend(tended, stopping).await;
            Ok(())
        });
        tracing::info!(%channel, name, slots, per_second = rate.per_second(), "carrying");
        Ok(courier)
    }
}

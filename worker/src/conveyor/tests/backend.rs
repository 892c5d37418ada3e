//! The whole conveyor under an apalis worker.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
    time::Instant,
};

use apalis::prelude::{Monitor, WorkerBuilder, WorkerError};
use tokio::{
    sync::{Semaphore, mpsc, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::conveyor::{Claim, Conveyor, Options, Settlement};

const PATIENCE: Duration = Duration::from_secs(20);

/// A running worker: what it began, the leave to finish, and the way to stop it.
struct Running {
    began: mpsc::UnboundedReceiver<Job>,
    leave: Arc<Semaphore>,
    hold: watch::Sender<bool>,
    stop: CancellationToken,
    worker: JoinHandle<Result<(), WorkerError>>,
}

impl Running {
    fn start(
        bench: &Bench,
        slots: usize,
        settle: impl Fn(&Claim) -> Settlement + Clone + Send + 'static,
    ) -> Self {
        let (began, received) = mpsc::unbounded_channel();
        let (hold, on_hold) = watch::channel(false);
        let (token, leave) = (CancellationToken::new(), Arc::new(Semaphore::new(0)));
        let options = Options { slots, limit: None, lease: LEASE, held: on_hold, stop: token.clone() };
        let conveyor = Conveyor::start(
            bench.queue.clone(),
            &bench.server.url,
            options,
            &Metrics::default(),
            StdRng::seed_from_u64(3),
        )
        .unwrap();
        let gate = Arc::clone(&leave);
        let worker = WorkerBuilder::new("test").backend(conveyor).build(move |claim: Claim| {
            began.send(claim.job).unwrap();
            let (gate, settle) = (Arc::clone(&gate), settle.clone());
            async move {
                gate.acquire().await.unwrap().forget();
                settle(&claim)
            }
        });
        Self { began: received, leave, hold, stop: token, worker: tokio::spawn(worker.run()) }
    }

    async fn next(&mut self) -> Job {
        tokio::time::timeout(PATIENCE, self.began.recv()).await.expect("a job begins").unwrap()
    }

    async fn end(self) {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.worker).await.expect("the worker stops").unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_push_starts_at_once_on_an_idle_worker_and_leaves_nothing() {
    let mut bench = Bench::new().await;
    let mut running = Running::start(&bench, 4, |_| Settlement::done());
    running.leave.add_permits(1_000);
    for _ in 0..3 {
        let job = bench.pushed(1).await[0];
        let pushed = Instant::now();
        assert_eq!(running.next().await, job);
        assert!(pushed.elapsed() < Duration::from_secs(2), "woken, not polled");
    }
    bench.pushed(500).await;
    for _ in 0..500 {
        running.next().await;
    }
    running.end().await;
    bench.link(None, None).claim(1, 1, false).await.unwrap();
    assert_eq!(bench.keys().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_stop_finishes_what_runs_and_claims_no_more() {
    let mut bench = Bench::new().await;
    let jobs = bench.pushed(300).await;
    let mut running = Running::start(&bench, 100, |_| Settlement::done());
    for job in &jobs[..100] {
        assert_eq!(running.next().await, *job);
    }
    running.stop.cancel();
    running.leave.add_permits(100);
    running.end().await;
    let (waiting, leases): (usize, usize) =
        (bench.ask("SCARD", Part::Waiting).await, bench.ask("ZCARD", Part::Leases).await);
    assert_eq!((waiting, leases), (200, 0));
}

#[tokio::test]
async fn a_conveyor_that_nobody_polls_gives_everything_back() {
    let mut bench = Bench::new().await;
    let jobs = bench.pushed(50).await;
    let (_hold, held) = watch::channel(false);
    let options =
        Options { slots: 20, limit: Some(1_000.0), lease: LEASE, held, stop: CancellationToken::new() };
    let metrics = Metrics::default();
    let (url, rng) = (&bench.server.url, StdRng::seed_from_u64(3));
    let conveyor = Conveyor::start(bench.queue.clone(), url, options, &metrics, rng).unwrap();
    until(|| metrics.admissions.get() == 20).await;
    drop(conveyor);
    until(|| metrics.acknowledgements.get() == 20).await;
    let claimed = bench.link(None, None).claim(50, 1, false).await.unwrap();
    // Acknowledged in one group they keep their order; how they are grouped is a matter of timing.
    let again: HashSet<_> = claimed.jobs.iter().map(|(job, _)| *job).collect();
    assert_eq!(again, jobs.iter().copied().collect());
    assert!(claimed.jobs.iter().all(|(_, expiries)| *expiries == 0), "no expiry counted");
}

#[tokio::test]
async fn a_handler_that_panics_has_its_job_delayed_and_the_worker_goes_on() {
    let mut bench = Bench::new().await;
    let jobs = bench.pushed(2).await;
    let poison = jobs[0];
    let mut running = Running::start(&bench, 1, move |claim| {
        assert!(claim.job != poison, "poison");
        Settlement::done()
    });
    running.leave.add_permits(10);
    assert_eq!((running.next().await, running.next().await), (jobs[0], jobs[1]));
    running.end().await;
    let (delayed, waiting): (usize, usize) =
        (bench.ask("ZCARD", Part::Delayed).await, bench.ask("SCARD", Part::Waiting).await);
    assert_eq!((delayed, waiting), (1, 1));
}

#[tokio::test]
async fn nothing_is_claimed_while_held() {
    let mut bench = Bench::new().await;
    let mut running = Running::start(&bench, 2, |_| Settlement::done());
    running.leave.add_permits(10);
    bench.pushed(1).await;
    running.next().await;
    running.hold.send(true).unwrap();
    // The fetcher may have been past the check once; two jobs cannot both have been.
    bench.pushed(5).await;
    running.hold.send(false).unwrap();
    for _ in 0..5 {
        running.next().await;
    }
    running.end().await;
}

/// Connections die at any moment, and every job is still done; none waits for its lease to expire.
#[tokio::test]
async fn killed_connections_lose_no_job_and_no_acknowledgement() {
    let mut bench = Bench::new().await;
    let jobs = bench.pushed(3_000).await;
    let seen = Arc::new(Mutex::new(HashMap::<Job, u32>::new()));
    let mut running = Running::start(&bench, 16, |_| Settlement::done());
    running.leave.add_permits(100_000);
    let mut killer = bench.server.connection();
    let mut count = 0;
    while seen.lock().unwrap().len() < jobs.len() {
        let job = running.next().await;
        *seen.lock().unwrap().entry(job).or_default() += 1;
        count += 1;
        if count % 200 == 0 {
            let kill = redis::cmd("CLIENT").arg("KILL").arg("TYPE").arg("normal").clone();
            kill.exec_async(&mut killer).await.unwrap();
        }
    }
    running.end().await;
    assert_eq!(count, 3_000, "none ran twice");
    bench.connection = killer;
    let waiting: usize = bench.ask("SCARD", Part::Waiting).await;
    assert_eq!(waiting, 0);
}

/// How a worker is registered with a monitor: the token alone stops it.
#[tokio::test]
async fn a_monitor_ends_when_the_token_is_cancelled() {
    let mut bench = Bench::new().await;
    bench.pushed(20).await;
    let (stop, metrics) = (CancellationToken::new(), Metrics::default());
    let (_hold, held) = watch::channel(false);
    let options = Options { slots: 4, limit: None, lease: LEASE, held, stop: stop.clone() };
    let (queue, url, counted) = (bench.queue.clone(), bench.server.url.clone(), metrics.clone());
    let monitor = Monitor::new().register(move |restarts| {
        let rng = StdRng::seed_from_u64(restarts as u64);
        let conveyor = Conveyor::start(queue.clone(), &url, options.clone(), &counted, rng).unwrap();
        let name = format!("email-{restarts}");
        WorkerBuilder::new(name).backend(conveyor).build(|_: Claim| async { Settlement::done() })
    });
    let monitor = tokio::spawn(monitor.run());
    until(|| metrics.acknowledgements.get() == 20).await;
    stop.cancel();
    tokio::time::timeout(PATIENCE, monitor).await.expect("the monitor ends").unwrap().unwrap();
}

async fn until(condition: impl Fn() -> bool) {
    let reached = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, reached).await.expect("the condition is reached");
}

//! A conveyor under a real apalis worker.

use std::sync::Arc;

use apalis::prelude::{WorkerBuilder, WorkerError};
use tokio::{
    sync::{Semaphore, mpsc, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::conveyor::{Claim, Conveyor, Options, Settlement};

/// A running worker: what it began, the leave to finish, and the way to stop it.
pub(super) struct Running {
    /// In the order of beginning, with how many leases were lost.
    pub(super) began: mpsc::UnboundedReceiver<(Job, u32)>,
    pub(super) leave: Arc<Semaphore>,
    pub(super) hold: watch::Sender<bool>,
    pub(super) stop: CancellationToken,
    pub(super) metrics: Metrics,
    pub(super) worker: JoinHandle<Result<(), WorkerError>>,
}

impl Running {
    pub(super) fn start(bench: &Bench, slots: usize) -> Self {
        Self::with(bench, &bench.server.url, |options| options.slots = slots, |_| Settlement::done())
    }

    /// A worker whose handlers finish at once.
    pub(super) fn free(bench: &Bench, slots: usize) -> Self {
        let running = Self::start(bench, slots);
        running.leave.add_permits(Semaphore::MAX_PERMITS >> 1);
        running
    }

    pub(super) fn with(
        bench: &Bench,
        url: &str,
        change: impl FnOnce(&mut Options),
        settle: impl Fn(&Claim) -> Settlement + Clone + Send + 'static,
    ) -> Self {
        let (began, received) = mpsc::unbounded_channel();
        let (hold, on_hold) = watch::channel(false);
        let (stop, leave) = (CancellationToken::new(), Arc::new(Semaphore::new(0)));
        let mut options = Options { slots: 4, limit: None, lease: LEASE, held: on_hold, stop: stop.clone() };
        change(&mut options);
        let (metrics, rng) = (Metrics::default(), StdRng::seed_from_u64(rand_seed()));
        let conveyor = Conveyor::start(bench.queue.clone(), url, options, &metrics, rng).unwrap();
        let gate = Arc::clone(&leave);
        let worker = WorkerBuilder::new("test").backend(conveyor).build(move |claim: Claim| {
            // A test may have lost interest.
            let _ = began.send((claim.job, claim.expiries));
            let (gate, settle) = (Arc::clone(&gate), settle.clone());
            async move {
                gate.acquire().await.unwrap().forget();
                settle(&claim)
            }
        });
        Self { began: received, leave, hold, stop, metrics, worker: tokio::spawn(worker.run()) }
    }

    pub(super) async fn next(&mut self) -> Job {
        self.next_with_expiries().await.0
    }

    pub(super) async fn next_with_expiries(&mut self) -> (Job, u32) {
        tokio::time::timeout(PATIENCE, self.began.recv()).await.expect("a job begins").unwrap()
    }

    pub(super) async fn next_many(&mut self, count: usize) -> Vec<Job> {
        let mut jobs = Vec::with_capacity(count);
        while jobs.len() < count {
            jobs.push(self.next().await);
        }
        jobs
    }

    /// Waits until it sleeps: nothing can be claimed, and it listens for a push.
    pub(super) async fn sleeps(&self, bench: &mut Bench) {
        let asleep = async {
            let info = redis::cmd("INFO").arg("clients").clone();
            while info
                .query_async::<String>(&mut bench.connection)
                .await
                .unwrap()
                .contains("blocked_clients:0")
            {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(PATIENCE, asleep).await.expect("the worker sleeps");
    }

    /// Stops it; answers what it began that nobody asked for.
    pub(super) async fn end(mut self) -> Vec<Job> {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.worker).await.expect("the worker stops").unwrap().unwrap();
        std::iter::from_fn(|| self.began.try_recv().ok()).map(|(job, _)| job).collect()
    }
}

/// Tokens of two workers must differ.
fn rand_seed() -> u64 {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    u64::from(NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Whether these are those, each exactly once.
pub(super) fn each_once(mut began: Vec<Job>, jobs: &[Job]) {
    let mut jobs = jobs.to_vec();
    jobs.sort_unstable_by_key(|job| job.to_bytes());
    began.sort_unstable_by_key(|job| job.to_bytes());
    assert_eq!(began.len(), jobs.len(), "as many began as there are jobs");
    assert!(began == jobs, "each began once");
}

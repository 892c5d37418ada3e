//! Redis forgets, stalls, dies and comes back.

use std::{
    collections::HashSet,
    io,
    sync::{Arc, Mutex},
};

use prometheus_client::metrics::counter::Counter;
use tracing::{Event, Level, Metadata, Subscriber, span};

use super::*;
use crate::conveyor::outage::Outage;

/// What a reconciler does: pushes everything that has not run.
async fn push_what_is_left(bench: &mut Bench, jobs: &[Job], ran: &[Job]) {
    let ran: HashSet<_> = ran.iter().collect();
    let left: Vec<_> = jobs.iter().filter(|job| !ran.contains(job)).copied().collect();
    bench.push(&left).await;
}

#[tokio::test]
async fn after_flushall_every_job_runs_and_what_ran_is_not_repeated() {
    let mut bench = Bench::new().await;
    let jobs = bench.pushed(500).await;
    let mut running = Running::start(&bench, 8);
    let mut began = running.next_many(8).await;
    redis::cmd("FLUSHALL").exec_async(&mut bench.connection).await.unwrap();
    push_what_is_left(&mut bench, &jobs, &began).await;
    running.leave.add_permits(1_000);
    began.extend(running.next_many(492).await);
    each_once(began, &jobs);
    until(|| running.metrics.acknowledgements.get() == 492).await;
    assert_eq!(running.metrics.acknowledgements_stale.get(), 8);
    assert_eq!(running.end().await, []);
    bench.is_clean().await;
}

#[tokio::test]
async fn a_script_flush_is_not_noticed() {
    let mut bench = Bench::new().await;
    let jobs = bench.pushed(2_000).await;
    let mut running = Running::free(&bench, 16);
    let mut began = Vec::new();
    for _ in 0..20 {
        began.extend(running.next_many(100).await);
        redis::cmd("SCRIPT").arg("FLUSH").exec_async(&mut bench.connection).await.unwrap();
    }
    each_once(began, &jobs);
    assert_eq!(running.metrics.redis_errors.get(), 0);
    assert_eq!(running.end().await, []);
    bench.is_clean().await;
}

#[tokio::test]
async fn a_server_that_restarts_with_its_data_loses_and_repeats_nothing() {
    let mut bench = Bench::on(Server::start(&Server::DURABLE).await);
    let jobs = bench.pushed(1_500).await;
    let mut running = Running::free(&bench, 16);
    let mut began = Vec::new();
    for _ in 0..3 {
        began.extend(running.next_many(400).await);
        bench.server.kill();
        bench.server.start_again().await;
    }
    began.extend(running.next_many(300).await);
    each_once(began, &jobs);
    assert_eq!(running.metrics.lease_expiries.get(), 0);
    assert_eq!(running.end().await, []);
    bench.connection = bench.server.connection();
    bench.is_clean().await;
}

#[tokio::test]
async fn a_server_that_restarts_empty_costs_no_job() {
    let mut bench = Bench::new().await;
    let jobs = bench.pushed(1_500).await;
    let mut running = Running::free(&bench, 16);
    let mut began = running.next_many(400).await;
    bench.server.kill();
    bench.server.start_again().await;
    bench.connection = bench.server.connection();
    // Some began while we looked away; a ledger would know.
    began.extend(std::iter::from_fn(|| running.began.try_recv().ok()).map(|(job, _)| job));
    push_what_is_left(&mut bench, &jobs, &began).await;
    let mut ran: HashSet<_> = began.into_iter().collect();
    while ran.len() < jobs.len() {
        ran.insert(running.next().await);
    }
    running.end().await;
    bench.is_clean().await;
}

/// Connections die at any moment; none waits for its lease to expire.
#[tokio::test]
async fn killed_connections_lose_no_job_and_no_acknowledgement() {
    let mut bench = Bench::new().await;
    let jobs = bench.pushed(3_000).await;
    let mut running = Running::free(&bench, 16);
    let mut killer = bench.server.connection();
    let mut began = Vec::new();
    for _ in 0..15 {
        began.extend(running.next_many(200).await);
        let kill = redis::cmd("CLIENT").arg("KILL").arg("TYPE").arg("normal").clone();
        kill.exec_async(&mut killer).await.unwrap();
    }
    each_once(began, &jobs);
    assert_eq!(running.metrics.lease_expiries.get(), 0);
    assert_eq!(running.end().await, [], "none ran twice");
    bench.connection = bench.server.connection();
    bench.is_clean().await;
}

#[tokio::test]
async fn a_stall_during_a_claim_is_waited_for() {
    let mut bench = Bench::new().await;
    let mut running = Running::free(&bench, 16);
    running.sleeps(&mut bench).await;
    running.hold.send(true).unwrap();
    let jobs = bench.pushed(200).await;
    let (stall, claim) = (bench.server.stall(), async { running.hold.send(false).unwrap() });
    tokio::join!(stall, claim);
    each_once(running.next_many(200).await, &jobs);
    assert_eq!(running.metrics.redis_errors.get(), 0, "nobody lost patience");
    assert_eq!(running.end().await, []);
    bench.is_clean().await;
}

#[tokio::test]
async fn a_stall_during_an_acknowledgement_is_waited_for() {
    let mut bench = Bench::new().await;
    let jobs = bench.pushed(200).await;
    let mut running = Running::start(&bench, 16);
    let mut began = running.next_many(16).await;
    let (stall, leave) = (bench.server.stall(), async { running.leave.add_permits(1_000) });
    tokio::join!(stall, leave);
    began.extend(running.next_many(184).await);
    each_once(began, &jobs);
    let metrics = running.metrics.clone();
    assert_eq!(running.end().await, []);
    assert_eq!((metrics.acknowledgements_stale.get(), metrics.redis_errors.get()), (0, 0));
    bench.is_clean().await;
}

#[tokio::test]
async fn a_worker_outlives_redis_and_its_acknowledgements_reach_the_new_server() {
    let mut bench = Bench::on(Server::start(&Server::DURABLE).await);
    let jobs = bench.pushed(20).await;
    let mut running = Running::start(&bench, 8);
    let mut began = running.next_many(8).await;
    bench.server.kill();
    running.leave.add_permits(1_000);
    until(|| running.metrics.redis_errors.get() > 0).await;
    assert!(!running.worker.is_finished());
    bench.server.start_again().await;
    began.extend(running.next_many(12).await);
    each_once(began, &jobs);
    let metrics = running.metrics.clone();
    assert_eq!(running.end().await, []);
    assert_eq!((metrics.acknowledgements.get(), metrics.acknowledgements_stale.get()), (20, 0));
    bench.connection = bench.server.connection();
    bench.is_clean().await;
}

#[tokio::test]
async fn a_stop_while_redis_is_away_ends_as_soon_as_it_is_back() {
    let mut bench = Bench::on(Server::start(&Server::DURABLE).await);
    bench.pushed(20).await;
    let mut running = Running::start(&bench, 8);
    running.next_many(8).await;
    bench.server.kill();
    running.stop.cancel();
    running.leave.add_permits(8);
    until(|| running.metrics.redis_errors.get() > 0).await;
    assert!(!running.worker.is_finished(), "it waits for the fates to arrive");
    bench.server.start_again().await;
    let metrics = running.metrics.clone();
    assert_eq!(running.end().await, []);
    assert_eq!(metrics.acknowledgements.get(), 8);
    bench.connection = bench.server.connection();
    assert_eq!(bench.depth().await, (12, 0, 0));
}

/// Keeps the levels of what is logged by this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<Level>>>);

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().ends_with("conveyor::outage")
    }

    fn event(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(*event.metadata().level());
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[test]
fn an_outage_is_one_line_when_redis_goes_and_one_when_it_is_back() {
    let (log, errors) = (Log::default(), Counter::default());
    let _logging = tracing::subscriber::set_default(log.clone());
    let mut outage = Outage::new("testing", errors.clone());
    let failure = || Err::<(), _>(io::Error::from(io::ErrorKind::BrokenPipe).into());
    assert_eq!(outage.note(Ok(())), Ok(()));
    let pauses: Vec<_> = (0..9).map(|_| outage.note(failure()).unwrap_err().as_millis()).collect();
    assert_eq!(pauses, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
    assert_eq!(outage.note(Ok(())), Ok(()));
    assert_eq!(outage.note(Ok(())), Ok(()));
    assert_eq!(outage.note(failure()), Err(Duration::from_millis(100)));
    assert_eq!(*log.0.lock().unwrap(), [Level::WARN, Level::INFO, Level::WARN]);
    assert_eq!(errors.get(), 10);
}

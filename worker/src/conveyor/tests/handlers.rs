//! Handlers and payloads that misbehave.

use apalis::prelude::WorkerBuilder;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::conveyor::{Claim, Conveyor, Options, Settlement};

#[tokio::test]
async fn garbage_among_good_jobs_is_dropped_and_counted_and_the_good_ones_run() {
    let mut bench = Bench::new().await;
    let (first, second) = (bench.pushed(50).await, bench.jobs(50));
    let ready = [bench.queue.key(Part::Ready).as_bytes(), first[0].community.as_bytes()].concat();
    let nobodys = [bench.queue.key(Part::Ready).as_bytes(), b"nobody"].concat();
    let mut spoil = redis::pipe();
    spoil.lpush(&ready, "garbage").rpush(&ready, b"").rpush(&ready, vec![0_u8; 100_000]);
    spoil.rpush(bench.queue.key(Part::Ring), "nobody").rpush(nobodys, "garbage");
    spoil.zadd(bench.queue.key(Part::Delayed), "short", 1);
    spoil.zadd(bench.queue.key(Part::Leases), "short", 1);
    spoil.exec_async(&mut bench.connection).await.unwrap();
    let mut running = Running::free(&bench, 8);
    let mut began = running.next_many(50).await;
    until(|| running.metrics.garbage.get() == 6).await;
    bench.push(&second).await;
    began.extend(running.next_many(50).await);
    each_once(began, &[first, second].concat());
    assert_eq!(running.end().await, []);
    bench.is_clean().await;
}

#[tokio::test]
async fn a_handler_that_panics_has_its_job_delayed_and_the_worker_goes_on() {
    let mut bench = Bench::new().await;
    let jobs = bench.pushed(2).await;
    let poison = jobs[0];
    let one = |options: &mut Options| options.slots = 1;
    let mut running = Running::with(&bench, &bench.server.url, one, move |claim| {
        assert!(claim.job != poison, "poison");
        Settlement::done()
    });
    running.leave.add_permits(10);
    assert_eq!(running.next_many(2).await, jobs);
    assert_eq!(running.end().await, []);
    assert_eq!(bench.depth().await, (0, 1, 0));
}

#[tokio::test]
async fn a_handler_that_errs_has_its_job_delayed_and_the_worker_goes_on() {
    let mut bench = Bench::new().await;
    let jobs = bench.pushed(2).await;
    let (began, mut received) = mpsc::unbounded_channel();
    let ((_hold, held), stop) = (watch::channel(false), CancellationToken::new());
    let options = Options { slots: 1, limit: None, lease: LEASE, held, stop: stop.clone() };
    let (queue, metrics) = (bench.queue.clone(), Metrics::default());
    let rng = StdRng::seed_from_u64(5);
    let conveyor = Conveyor::start(queue, &bench.server.url, options, &metrics, rng).unwrap();
    let poison = jobs[0];
    let worker = WorkerBuilder::new("test").backend(conveyor).build(move |claim: Claim| {
        began.send(claim.job).unwrap();
        let answer = if claim.job == poison { Err("poison") } else { Ok(Settlement::done()) };
        async move { answer }
    });
    let worker = tokio::spawn(worker.run());
    assert_eq!([received.recv().await.unwrap(), received.recv().await.unwrap()], jobs[..]);
    stop.cancel();
    tokio::time::timeout(PATIENCE, worker).await.expect("the worker stops").unwrap().unwrap();
    assert_eq!(bench.depth().await, (0, 1, 0));
}

#[tokio::test]
async fn a_handler_whose_future_is_dropped_has_its_job_delayed() {
    let mut bench = Bench::new().await;
    bench.pushed(3).await;
    let mut running = Running::start(&bench, 2);
    running.next_many(2).await;
    running.worker.abort();
    until(|| running.metrics.acknowledgements.get() == 2).await;
    assert_eq!(bench.depth().await, (1, 2, 0), "what began is put off, what did not is ready");
}

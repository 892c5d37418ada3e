//! How a conveyor starts, waits and stops under an apalis worker.

use std::{collections::HashSet, time::Instant};

use apalis::prelude::{Monitor, WorkerBuilder};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::conveyor::{Claim, Conveyor, Options, Settlement, close_gate, open_gate};

#[tokio::test]
async fn a_push_starts_at_once_on_an_idle_worker_and_leaves_nothing() {
    let mut bench = Bench::new().await;
    let mut running = Running::free(&bench, 4);
    for _ in 0..3 {
        running.sleeps(&mut bench).await;
        let job = bench.pushed(1).await[0];
        let pushed = Instant::now();
        assert_eq!(running.next().await, job);
        assert!(pushed.elapsed() < Duration::from_secs(2), "woken, not polled");
    }
    bench.pushed(500).await;
    running.next_many(500).await;
    running.end().await;
    bench.is_clean().await;
}

#[tokio::test]
async fn an_opened_gate_is_noticed_by_a_worker_that_waits_for_it() {
    let mut bench = Bench::new().await;
    let queue = bench.queue.clone();
    close_gate(&mut bench.connection, &queue, Duration::from_mins(15)).await.unwrap();
    let job = bench.pushed(1).await[0];
    let mut running = Running::free(&bench, 4);
    running.sleeps(&mut bench).await;
    assert_eq!(running.metrics.admissions.get(), 0);
    let opened = Instant::now();
    open_gate(&mut bench.connection, &queue).await.unwrap();
    assert_eq!(running.next().await, job);
    assert!(opened.elapsed() < Duration::from_secs(2), "woken, not polled");
    running.end().await;
    bench.is_clean().await;
}

#[tokio::test]
async fn a_stop_with_256_in_flight_finishes_them_and_claims_no_more() {
    let mut bench = Bench::new().await;
    let jobs = bench.pushed(300).await;
    let mut running = Running::start(&bench, 256);
    assert_eq!(running.next_many(256).await, jobs[..256]);
    running.stop.cancel();
    assert_eq!(bench.depth().await, (44, 0, 256));
    running.leave.add_permits(256);
    let metrics = running.metrics.clone();
    assert_eq!(running.end().await, [], "nothing more began");
    assert_eq!(bench.depth().await, (44, 0, 0), "every fate has arrived");
    assert_eq!((metrics.acknowledgements.get(), metrics.admissions_returned.get()), (256, 0));
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
    let again: HashSet<_> = claimed.jobs.iter().map(|(job, _)| *job).collect();
    assert_eq!(again, jobs.iter().copied().collect());
    assert!(claimed.jobs.iter().all(|(_, expiries)| *expiries == 0), "no expiry counted");
}

/// What waits while outcomes cannot be recorded goes to a worker that can record them, and to nobody else.
#[tokio::test]
async fn nothing_is_claimed_while_outcomes_cannot_be_recorded() {
    let mut bench = Bench::new().await;
    let mut held = Running::free(&bench, 64);
    held.sleeps(&mut bench).await;
    held.hold.send(true).unwrap();
    let jobs = bench.pushed(1_000).await;
    // The push woke it: it is past its sleep, has every slot free, and the next thing it does is to look at the hold.
    while bench.ask::<u32>("EXISTS", Part::Wake).await == 1 {
        tokio::task::yield_now().await;
    }
    let mut other = Running::free(&bench, 4);
    each_once(other.next_many(1_000).await, &jobs);
    other.end().await;
    assert_eq!(held.metrics.admissions.get(), 0);
    let more = bench.pushed(100).await;
    held.hold.send(false).unwrap();
    each_once(held.next_many(100).await, &more);
    held.end().await;
    bench.is_clean().await;
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

#[tokio::test]
async fn jobs_that_are_turned_away_do_not_take_a_turn_each() {
    let mut bench = Bench::new().await;
    let jobs = bench.pushed(100).await;
    // A token every ten seconds or so: at a turn each they would take a quarter of an hour.
    let mut running = Running::with(
        &bench,
        &bench.server.url,
        |options| options.limit = Some(0.1),
        |_| Settlement::done().without_contact(),
    );
    running.leave.add_permits(1_000);
    let mut began = running.next_many(100).await;
    began.sort_unstable_by_key(|job| job.delivery);
    let mut expected = jobs;
    expected.sort_unstable_by_key(|job| job.delivery);
    assert_eq!(began, expected);
    assert!(running.end().await.is_empty());
    bench.is_clean().await;
}

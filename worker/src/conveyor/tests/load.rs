//! Many jobs, many pushers, two workers.

use std::time::Instant;

use porchlight_shared::queue::push_after;

use super::*;
use crate::conveyor::{Options, Settlement};

#[tokio::test]
async fn a_hundred_thousand_jobs_due_at_once_run_once_each_promoted_a_few_at_a_time() {
    const JOBS: usize = 100_000;
    let mut bench = Bench::new().await;
    let (jobs, queue) = (bench.jobs(JOBS), bench.queue.clone());
    let due: Vec<_> = jobs.iter().map(|&job| (job, Duration::ZERO)).collect();
    push_after(&mut bench.connection, &queue, &due).await.unwrap();
    bench.link(None, None).claim(0, 1, false).await.unwrap();
    assert_eq!(bench.depth().await, (200, 99_800, 0));
    let mut running = Running::free(&bench, 256);
    each_once(running.next_many(JOBS).await, &jobs);
    assert!(running.metrics.claims.get() >= 499, "no call promoted more than 200");
    assert_eq!(running.end().await, []);
    bench.is_clean().await;
}

#[tokio::test]
async fn one_job_behind_anothers_hundred_thousand_begins_in_the_next_round() {
    const SLOTS: usize = 4;
    let mut bench = Bench::new().await;
    bench.pushed(100_000).await;
    let mut running = Running::start(&bench, SLOTS);
    running.next_many(SLOTS).await;
    let lone = bench.pushed(1).await[0];
    running.leave.add_permits(2 * SLOTS);
    let next = running.next_many(2 * SLOTS).await;
    let place = next.iter().position(|&job| job == lone);
    assert!(place.is_some_and(|place| place <= SLOTS), "{place:?}");
    running.leave.add_permits(SLOTS);
    running.end().await;
}

#[tokio::test]
async fn five_pushers_of_the_same_thousand_jobs_queue_each_once() {
    let mut bench = Bench::new().await;
    let jobs = bench.jobs(1_000);
    let mut running = Running::start(&bench, 64);
    let mut pushers = tokio::task::JoinSet::new();
    for pusher in 0..5 {
        let (mut connection, queue, mut jobs) =
            (bench.server.connection(), bench.queue.clone(), jobs.clone());
        jobs.rotate_left(pusher * 200);
        pushers.spawn(async move {
            let mut new = 0;
            for some in jobs.chunks(50) {
                new += push(&mut connection, &queue, some).await.unwrap();
            }
            new
        });
    }
    // Nothing is done before the last push, so all of it is known.
    let mut began = running.next_many(64).await;
    assert_eq!(pushers.join_all().await.iter().sum::<u64>(), 1_000);
    running.leave.add_permits(1_000);
    began.extend(running.next_many(936).await);
    each_once(began, &jobs);
    assert_eq!(running.end().await, []);
    bench.is_clean().await;
}

/// When two workers under one limit admitted, in ms of Redis' clock (no job ends, so each lease tells its own), and for
/// how many ms nobody could have claimed, because the machine did other things.
async fn admissions(limit: u16, seconds: u16) -> (Vec<u64>, u64) {
    const PROMPT: Duration = Duration::from_millis(10);
    let mut bench = Bench::new().await;
    let wanted = limit * seconds;
    bench.pushed(usize::from(wanted) * 2).await;
    let paced = |options: &mut Options| {
        (options.slots, options.limit) = (usize::from(wanted), Some(f64::from(limit)));
    };
    let two = [(); 2].map(|()| Running::with(&bench, &bench.server.url, paced, |_| Settlement::done()));
    let of = |worker: &Running| worker.metrics.admissions.get();
    let mut stalled = Duration::ZERO;
    while two.iter().map(of).sum::<u64>() < u64::from(wanted) {
        let asked = Instant::now();
        bench.depth().await;
        tokio::time::sleep(Duration::from_millis(2)).await;
        stalled += asked.elapsed().saturating_sub(PROMPT);
    }
    assert!(two.iter().all(|worker| of(worker) > 0), "both take part");
    let mut range = redis::cmd("ZRANGE");
    range.arg(bench.queue.key(Part::Leases)).arg(0).arg(-1).arg("WITHSCORES");
    let leases: Vec<(Vec<u8>, u64)> = range.query_async(&mut bench.connection).await.unwrap();
    (leases.iter().map(|(_, ends)| ends - 60_000).collect(), u64::try_from(stalled.as_millis()).unwrap())
}

#[tokio::test]
async fn two_workers_under_one_pace_keep_to_the_limit_and_use_it() {
    for (limit, seconds) in [(40, 4), (200, 3)] {
        let (mut used, mut tries) = (Vec::new(), 0);
        // That the limit holds shows each time; that it is used, when the machine lets us.
        while tries < 8 && used.last() < Some(&0.95) {
            tries += 1;
            let (admitted, stalled) = admissions(limit, seconds).await;
            for (place, from) in admitted.iter().enumerate() {
                let within = admitted[place..].iter().take_while(|&at| at - from < 1_000).count();
                assert!(within <= usize::from(limit), "{within} in a second at a limit of {limit}");
            }
            let span = admitted.last().unwrap() - admitted[0];
            if stalled * 10 < span {
                let count = f64::from(u32::try_from(admitted.len()).unwrap());
                let span = f64::from(u32::try_from(span - stalled).unwrap());
                used.push(count * 1_000.0 / span / f64::from(limit));
            }
        }
        // A machine that stalled each time could not show it.
        assert!(used.is_empty() || used.last() >= Some(&0.95), "of {limit} a second: {used:?}");
    }
}

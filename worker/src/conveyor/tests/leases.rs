//! Leases: of workers that are gone, of jobs that take long, and of claims that came too late.

use tokio::sync::oneshot;

use super::*;
use crate::conveyor::Settlement;

const SHORT: Duration = Duration::from_millis(1_500);

impl Bench {
    /// Redis' clock in ms.
    async fn now(&mut self) -> u64 {
        let (seconds, micros): (u64, u64) =
            redis::cmd("TIME").query_async(&mut self.connection).await.unwrap();
        seconds * 1_000 + micros / 1_000
    }

    async fn leases(&mut self) -> Vec<(Vec<u8>, u64)> {
        let mut range = redis::cmd("ZRANGE");
        range.arg(self.queue.key(Part::Leases)).arg(0).arg(-1).arg("WITHSCORES");
        range.query_async(&mut self.connection).await.unwrap()
    }

    async fn is_known(&mut self, job: Job) -> bool {
        let mut known = redis::cmd("SISMEMBER");
        known.arg(self.queue.key(Part::Waiting)).arg(job.delivery.as_bytes());
        known.query_async(&mut self.connection).await.unwrap()
    }
}

/// The runtime ends as a process does: nothing of it runs on.
#[tokio::test]
async fn the_claims_of_a_worker_that_crashed_go_to_another_once() {
    let mut bench = Bench::new().await;
    let jobs = bench.pushed(5).await;
    let (began, all_began) = oneshot::channel();
    let bench = std::thread::spawn(move || {
        let mut bench = bench;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let short = |options: &mut crate::conveyor::Options| {
                (options.slots, options.lease) = (5, Duration::from_millis(500));
            };
            let mut running = Running::with(&bench, &bench.server.url, short, |_| Settlement::done());
            bench.connection = bench.server.connection();
            let claimed = running.next_many(5).await;
            for _ in 0..10 {
                assert_eq!(bench.depth().await, (0, 0, 5), "nothing is settled before its handler ends");
            }
            began.send(claimed).unwrap();
        });
        drop(runtime);
        bench
    });
    assert_eq!(all_began.await.unwrap(), jobs);
    // Its connection ended with its runtime.
    let mut bench = bench.join().unwrap();
    bench.connection = bench.server.connection();
    let mut other = Running::free(&bench, 5);
    let mut again = Vec::new();
    for _ in &jobs {
        let (job, expiries) = other.next_with_expiries().await;
        assert_eq!(expiries, 1);
        again.push(job);
    }
    each_once(again, &jobs);
    until(|| other.metrics.acknowledgements.get() == 5).await;
    assert_eq!(other.metrics.lease_expiries.get(), 5);
    assert_eq!(other.end().await, []);
    bench.is_clean().await;
}

#[tokio::test]
async fn a_lease_is_renewed_while_its_job_runs() {
    let mut bench = Bench::new().await;
    let long = bench.pushed(1).await[0];
    let short = |options: &mut crate::conveyor::Options| (options.slots, options.lease) = (1, SHORT);
    let mut running = Running::with(&bench, &bench.server.url, short, |_| Settlement::done());
    assert_eq!(running.next().await, long);
    let (_, ends) = bench.leases().await[0];
    while bench.now().await <= ends {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Somebody who claims now would find it expired.
    let mut other = Running::free(&bench, 8);
    let more = bench.pushed(20).await;
    each_once(other.next_many(20).await, &more);
    assert_eq!(other.end().await, []);
    running.leave.add_permits(1);
    until(|| running.metrics.acknowledgements.get() == 1).await;
    assert_eq!((running.metrics.leases_lost.get(), running.metrics.acknowledgements_stale.get()), (0, 0));
    assert_eq!(running.end().await, []);
    bench.is_clean().await;
}

#[tokio::test]
async fn a_lease_that_somebody_removed_is_counted_and_its_acknowledgement_changes_nothing() {
    let mut bench = Bench::new().await;
    let job = bench.pushed(1).await[0];
    let short = |options: &mut crate::conveyor::Options| (options.slots, options.lease) = (1, SHORT);
    let mut running = Running::with(&bench, &bench.server.url, short, |_| Settlement::done());
    assert_eq!(running.next().await, job);
    redis::cmd("DEL").arg(bench.queue.key(Part::Leases)).exec_async(&mut bench.connection).await.unwrap();
    until(|| running.metrics.leases_lost.get() == 1).await;
    // Not to be claimed before the acknowledgement was there: then the id would be forgotten, see `books`.
    running.hold.send(true).unwrap();
    running.leave.add_permits(1);
    until(|| running.metrics.acknowledgements_stale.get() == 1).await;
    assert_eq!(running.metrics.acknowledgements.get(), 0);
    assert!(bench.is_known(job).await);
    running.end().await;
}

#[tokio::test]
async fn a_late_acknowledgement_does_not_end_another_workers_claim() {
    let mut bench = Bench::new().await;
    let job = bench.pushed(1).await[0];
    let short = |options: &mut crate::conveyor::Options| (options.slots, options.lease) = (1, SHORT);
    let mut late = Running::with(&bench, &bench.server.url, short, |_| Settlement::done());
    assert_eq!(late.next().await, job);
    // Its lease is over, as after a long sleep of the whole machine, and somebody else claims the job.
    let (link, mut token) = (bench.link(None, None), 0);
    loop {
        let (member, _) = bench.leases().await.remove(0);
        let mut end = redis::cmd("ZADD");
        end.arg(bench.queue.key(Part::Leases)).arg("XX").arg(1).arg(member);
        end.exec_async(&mut bench.connection).await.unwrap();
        token += 1;
        // Unless its renewal came in between.
        if !link.claim(1, token, false).await.unwrap().jobs.is_empty() {
            break;
        }
    }
    until(|| late.metrics.leases_lost.get() == 1).await;
    late.leave.add_permits(1);
    until(|| late.metrics.acknowledgements_stale.get() == 1).await;
    assert_eq!(late.metrics.acknowledgements.get(), 0);
    assert_eq!(bench.depth().await, (0, 0, 1), "the other's claim stands");
    assert!(bench.is_known(job).await);
    assert_eq!(late.end().await, []);
    let done = acknowledgement(job, token, Fate::Done, None);
    assert_eq!(link.acknowledge(&[done]).await.unwrap(), 1);
    bench.is_clean().await;
}

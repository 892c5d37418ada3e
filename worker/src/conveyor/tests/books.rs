//! The books: each known job is ready, delayed or claimed, and what was lost alone is noticed.

use porchlight_shared::queue::{absent, push_after};
use proptest::prelude::*;

use super::*;

#[tokio::test]
async fn a_ready_list_that_was_lost_alone_is_noticed_and_its_jobs_can_be_pushed_again() {
    let mut bench = Bench::new().await;
    let (jobs, queue) = (bench.pushed(10).await, bench.queue.clone());
    let link = bench.link(None, None);
    link.claim(2, 1, false).await.unwrap();
    let later = acknowledgement(jobs[1], 1, Fate::After(Duration::from_hours(1)), None);
    link.acknowledge(&[later]).await.unwrap();
    assert_eq!(bench.depth().await, (8, 1, 1));
    let ids: Vec<_> = jobs.iter().map(|job| job.delivery).collect();
    assert_eq!(absent(&mut bench.connection, &queue, &ids).await.unwrap(), [false; 10]);
    // Twice, because the books must balance again after the first time.
    for (token, vanished) in [(2, 8), (3, 16)] {
        let ready = [queue.key(Part::Ready).as_bytes(), jobs[0].community.as_bytes()].concat();
        redis::cmd("DEL").arg(ready).exec_async(&mut bench.connection).await.unwrap();
        assert!(link.claim(10, token, false).await.unwrap().jobs.is_empty());
        assert_eq!(link.metrics.vanished.get(), vanished);
        // The one that runs and the one that is put off are known as before.
        let missing = absent(&mut bench.connection, &queue, &ids).await.unwrap();
        assert_eq!(missing, (0..10).map(|place| place > 1).collect::<Vec<_>>());
        // The ledger pushes what is due and absent.
        assert_eq!(bench.push(&jobs[2..]).await, 8);
    }
    let again = link.claim(20, 4, false).await.unwrap().jobs;
    assert_eq!(again, jobs[2..].iter().map(|&job| (job, 0)).collect::<Vec<_>>());
    let mut done: Vec<_> = again.iter().map(|&(job, _)| acknowledgement(job, 4, Fate::Done, None)).collect();
    done.push(acknowledgement(jobs[0], 1, Fate::Done, None));
    assert_eq!(link.acknowledge(&done).await.unwrap(), 9);
    assert_eq!(bench.push(&jobs[1..2]).await, 0, "its time has come");
    link.claim(10, 5, false).await.unwrap();
    link.acknowledge(&[acknowledgement(jobs[1], 5, Fate::Done, None)]).await.unwrap();
    bench.is_clean().await;
}

#[tokio::test]
async fn a_ring_that_was_lost_alone_comes_back_with_the_next_push() {
    let mut bench = Bench::new().await;
    let (first, second) = (bench.pushed(3).await, bench.pushed(4).await);
    redis::cmd("DEL").arg(bench.queue.key(Part::Ring)).exec_async(&mut bench.connection).await.unwrap();
    let link = bench.link(None, None);
    assert!(link.claim(10, 1, false).await.unwrap().jobs.is_empty());
    assert_eq!(link.metrics.vanished.get(), 7);
    bench.push(&[first.clone(), second].concat()).await;
    bench.push(&first).await;
    let claimed = link.claim(20, 2, false).await.unwrap().jobs;
    assert_eq!(claimed.len(), 14, "those that were there, and those that were pushed again");
    let done: Vec<_> = claimed.iter().map(|&(job, _)| acknowledgement(job, 2, Fate::Done, None)).collect();
    link.acknowledge(&done).await.unwrap();
    bench.is_clean().await;
}

#[derive(Clone, Debug)]
enum Step {
    Push(usize, usize),
    PushAfter(usize, u64),
    Claim { want: usize, again: bool },
    Settle { which: usize, fate: Fate },
    Garbage(Part),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let fate = prop_oneof![
        3 => Just(Fate::Done),
        1 => Just(Fate::GiveBack),
        1 => (0..90_000_u64).prop_map(|wait| Fate::After(Duration::from_millis(wait))),
    ];
    prop_oneof![
        2 => (0..40_usize, 1..10_usize).prop_map(|(first, count)| Step::Push(first, count)),
        1 => (0..40_usize, 0..90_000_u64).prop_map(|(which, wait)| Step::PushAfter(which, wait)),
        4 => (0..8_usize, any::<bool>()).prop_map(|(want, again)| Step::Claim { want, again }),
        4 => (any::<usize>(), fate).prop_map(|(which, fate)| Step::Settle { which, fate }),
        1 => prop_oneof![Just(Part::Delayed), Just(Part::Leases), Just(Part::Ring)].prop_map(Step::Garbage),
        2 => (0..40_000_u64).prop_map(Step::Wait),
    ]
}

/// Walks through the steps by a held clock; answers how often the books were found wrong.
async fn walk(steps: Vec<Step>) -> u64 {
    let mut bench = Bench::new().await;
    let queue = bench.queue.clone();
    let jobs = [bench.jobs(20), bench.jobs(20), bench.jobs(10)].concat();
    let (mut now, mut vanished, mut claims) = (NOON, 0, Vec::new());
    for (token, step) in (1..).zip(steps) {
        let link = bench.link(Some(50.0), Some(now));
        match step {
            Step::Push(first, count) => _ = bench.push(&jobs[first..first + count]).await,
            Step::PushAfter(which, wait) => {
                let later = [(jobs[which], Duration::from_millis(wait))];
                push_after(&mut bench.connection, &queue, &later).await.unwrap();
            }
            Step::Claim { want, again } => {
                for again in [false, true].into_iter().take(1 + usize::from(again)) {
                    let found = link.claim(want, token, again).await.unwrap().jobs;
                    claims.extend(found.into_iter().map(|(job, _)| (job, token)));
                }
            }
            Step::Settle { which, fate } if !claims.is_empty() => {
                // An acknowledgement may be repeated, and come too late.
                let (job, token) = claims[which % claims.len()];
                link.acknowledge(&[acknowledgement(job, token, fate, Some(now))]).await.unwrap();
            }
            Step::Settle { .. } => {}
            Step::Garbage(Part::Ring) => {
                let key = queue.key(Part::Ring);
                redis::cmd("RPUSH").arg(key).arg("x").exec_async(&mut bench.connection).await.unwrap();
            }
            Step::Garbage(part) => {
                let mut add = redis::cmd("ZADD");
                add.arg(queue.key(part)).arg(1).arg("x").exec_async(&mut bench.connection).await.unwrap();
            }
            Step::Wait(millis) => now += millis * 1_000,
        }
        vanished += link.metrics.vanished.get();
    }
    // A day later all of it is claimed and done, and nothing stays.
    now += 86_400 * SECOND;
    for token in 1_000.. {
        let link = bench.link(None, Some(now));
        let found = link.claim(100, token, false).await.unwrap();
        let done: Vec<_> =
            found.jobs.iter().map(|&(job, _)| acknowledgement(job, token, Fate::Done, None)).collect();
        link.acknowledge(&done).await.unwrap();
        vanished += link.metrics.vanished.get();
        if done.is_empty() {
            break;
        }
    }
    bench.is_clean().await;
    vanished
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn in_normal_operation_nothing_ever_seems_lost(steps in prop::collection::vec(step(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        prop_assert_eq!(runtime.block_on(walk(steps)), 0);
    }
}

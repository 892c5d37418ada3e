//! The scripts one by one.

use porchlight_shared::queue::{absent, push_after};

use super::*;
use crate::conveyor::{Claim, close_gate};

#[tokio::test]
async fn nothing_of_a_finished_job_stays() {
    let mut bench = Bench::new().await;
    let jobs = bench.pushed(3).await;
    let link = bench.link(None, None);
    let claimed = link.claim(10, 1, false).await.unwrap();
    assert_eq!(claimed.jobs.iter().map(|&(job, _)| job).collect::<Vec<_>>(), jobs);
    let done: Vec<_> = jobs.iter().map(|&job| acknowledgement(job, 1, Fate::Done, None)).collect();
    assert_eq!(link.acknowledge(&done).await.unwrap(), 3);
    assert_eq!(bench.keys().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_known_job_is_not_queued_twice() {
    let mut bench = Bench::new().await;
    let jobs = bench.jobs(2_500);
    assert_eq!(bench.push(&jobs).await, 2_500);
    assert_eq!(bench.push(&jobs).await, 0);
    let more = bench.jobs(1);
    let ids: Vec<_> = [&jobs[..2], &more].concat().iter().map(|job| job.delivery).collect();
    let queue = bench.queue.clone();
    assert_eq!(absent(&mut bench.connection, &queue, &ids).await.unwrap(), [false, false, true]);
    bench.link(None, None).claim(1, 1, false).await.unwrap();
    assert_eq!(bench.push(&jobs).await, 0, "one that is claimed is known too");
}

#[tokio::test]
async fn a_push_beats_a_later_due_time() {
    let mut bench = Bench::new().await;
    let jobs = bench.jobs(1);
    let queue = bench.queue.clone();
    let later = [(jobs[0], Duration::from_hours(1))];
    assert_eq!(push_after(&mut bench.connection, &queue, &later).await.unwrap(), 1);
    let link = bench.link(None, None);
    let idle = link.claim(1, 1, false).await.unwrap();
    assert!(idle.jobs.is_empty() && idle.listen && idle.wait > Duration::from_secs(3_500));
    assert_eq!(bench.push(&jobs).await, 0);
    assert_eq!(link.claim(2, 2, false).await.unwrap().jobs, [(jobs[0], 0)]);
}

#[tokio::test]
async fn one_job_behind_ten_thousand_is_in_the_first_round() {
    let mut bench = Bench::new().await;
    bench.pushed(10_000).await;
    let lone = bench.pushed(1).await[0];
    let link = bench.link(None, None);
    let claimed = link.claim(8, 1, false).await.unwrap();
    assert_eq!(claimed.jobs.len(), 8);
    assert!(claimed.jobs.contains(&(lone, 0)));
    let ring: usize = bench.ask("LLEN", Part::Ring).await;
    assert_eq!(ring, 1, "the emptied community left the ring");
}

#[tokio::test]
async fn an_expired_lease_is_counted_and_its_claim_can_no_longer_acknowledge() {
    let mut bench = Bench::new().await;
    let job = bench.pushed(2).await[0];
    for (round, now) in (0..4).zip((NOON..).step_by(61_000_000)) {
        let link = bench.link(None, Some(now));
        let claimed = link.claim(1, u64::from(round), false).await.unwrap();
        assert_eq!(claimed.jobs, [(job, round)], "at the front again");
        let claim = Claim { job, expiries: round, lease: None };
        assert_eq!(claim.is_dead(), round >= 3);
    }
    let link = bench.link(None, Some(NOON));
    let stale = acknowledgement(job, 2, Fate::Done, None);
    assert_eq!(link.acknowledge(&[stale]).await.unwrap(), 0);
    let ours = acknowledgement(job, 3, Fate::Done, None);
    assert_eq!(link.acknowledge(&[ours]).await.unwrap(), 1);
    let counted: usize = bench.ask("EXISTS", Part::Expiries).await;
    assert_eq!(counted, 0);
}

#[tokio::test]
async fn a_claim_whose_answer_got_lost_is_found_again() {
    let mut bench = Bench::new().await;
    bench.pushed(5).await;
    let link = bench.link(Some(100.0), None);
    let first = link.claim(2, 9, false).await.unwrap();
    let again = link.claim(2, 9, true).await.unwrap();
    assert_eq!(first.jobs, again.jobs);
    assert_eq!(bench.link(None, None).claim(5, 10, true).await.unwrap().jobs.len(), 3);
}

#[tokio::test]
async fn what_is_not_a_job_is_dropped() {
    let mut bench = Bench::new().await;
    let job = bench.pushed(1).await[0];
    let ready = [bench.queue.key(Part::Ready).as_bytes(), job.community.as_bytes()].concat();
    let mut spoil = redis::pipe();
    spoil.cmd("LPUSH").arg(&ready).arg("garbage").ignore();
    spoil.cmd("RPUSH").arg(bench.queue.key(Part::Ring)).arg("nobody").ignore();
    spoil.cmd("ZADD").arg(bench.queue.key(Part::Delayed)).arg(1).arg("short").ignore();
    spoil.cmd("ZADD").arg(bench.queue.key(Part::Leases)).arg(1).arg("short").ignore();
    spoil.exec_async(&mut bench.connection).await.unwrap();
    let link = bench.link(None, None);
    assert_eq!(link.claim(10, 1, false).await.unwrap().jobs, [(job, 0)]);
    assert_eq!(link.metrics.garbage.get(), 3);
    link.acknowledge(&[acknowledgement(job, 1, Fate::Done, None)]).await.unwrap();
    link.claim(1, 2, false).await.unwrap();
    assert_eq!(bench.keys().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_closed_gate_lets_nothing_through_and_says_until_when() {
    let mut bench = Bench::new().await;
    bench.pushed(1).await;
    let queue = bench.queue.clone();
    let minute = Duration::from_mins(1);
    close_gate(&mut bench.connection, &queue, minute).await.unwrap();
    let longer = close_gate(&mut bench.connection, &queue, Duration::from_secs(1)).await.unwrap();
    assert!(longer > Duration::from_secs(50), "the longer closure stays");
    let claimed = bench.link(None, None).claim(1, 1, false).await.unwrap();
    assert!(claimed.jobs.is_empty() && claimed.listen && claimed.wait > Duration::from_secs(50));
}

#[tokio::test]
async fn what_has_not_begun_goes_back_to_the_front_with_its_token() {
    let mut bench = Bench::new().await;
    let jobs = bench.pushed(2).await;
    let link = bench.link(Some(1.0), Some(NOON));
    let claimed = link.claim(2, 1, false).await.unwrap();
    assert_eq!(claimed.jobs, [(jobs[0], 0)]);
    let paced = link.claim(2, 2, false).await.unwrap();
    assert!(paced.jobs.is_empty() && !paced.listen);
    assert_eq!(paced.wait, Duration::from_secs(1));
    let back = acknowledgement(jobs[0], 1, Fate::GiveBack, Some(claimed.admitted));
    link.acknowledge(&[back]).await.unwrap();
    assert_eq!(link.claim(2, 3, false).await.unwrap().jobs, [(jobs[0], 0)]);
}

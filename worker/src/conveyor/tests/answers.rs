//! Answers that get lost on the way: Redis did it, and nobody heard.

use porchlight_tests::stack::proxy::{Proxy, Upstream};

use super::*;
use crate::conveyor::{Settlement, link::script};

/// A worker that reaches Redis through the proxy, has used every script once, and sleeps.
async fn behind_a_proxy(bench: &mut Bench) -> (Proxy, Running) {
    let proxy = Proxy::start(Upstream::Unix(bench.server.socket())).await.unwrap();
    let url = format!("redis://{}", proxy.address());
    let mut running = Running::with(bench, &url, |_| {}, |_| Settlement::done());
    running.leave.add_permits(1_000);
    bench.pushed(1).await;
    running.next().await;
    until(|| running.metrics.acknowledgements.get() == 1).await;
    running.sleeps(bench).await;
    (proxy, running)
}

#[tokio::test]
async fn a_claim_whose_answer_got_lost_is_found_again_before_its_lease_ends() {
    let mut bench = Bench::new().await;
    let (proxy, mut running) = behind_a_proxy(&mut bench).await;
    running.hold.send(true).unwrap();
    let jobs = bench.pushed(10).await;
    proxy.lose_answer_to(script(include_str!("../claim.lua")).get_hash());
    running.hold.send(false).unwrap();
    each_once(running.next_many(10).await, &jobs);
    assert_eq!(proxy.lost(), 1);
    assert!(running.metrics.redis_errors.get() >= 1);
    assert_eq!(running.metrics.lease_expiries.get(), 0);
    assert_eq!(running.end().await, []);
    bench.is_clean().await;
}

#[tokio::test]
async fn an_acknowledgement_whose_answer_got_lost_is_repeated_without_harm() {
    let mut bench = Bench::new().await;
    let (proxy, mut running) = behind_a_proxy(&mut bench).await;
    proxy.lose_answer_to(script(include_str!("../acknowledge.lua")).get_hash());
    let jobs = bench.pushed(10).await;
    each_once(running.next_many(10).await, &jobs);
    until(|| proxy.lost() == 1).await;
    let metrics = running.metrics.clone();
    assert_eq!(running.end().await, []);
    // Those whose answer was lost were settled all the same, and count as stale when repeated.
    assert!(metrics.acknowledgements_stale.get() >= 1);
    assert_eq!(metrics.acknowledgements.get() + metrics.acknowledgements_stale.get(), 11);
    assert_eq!(metrics.lease_expiries.get(), 0);
    bench.is_clean().await;
}

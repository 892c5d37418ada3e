//! Things die in the middle.

use std::time::Duration;

use porchlight_shared::queue::Part;
use porchlight_tests::{
    installation::Signal,
    stack::{Ending, Options, Server, Stack},
};
use serde_json::json;
use tokio::time::Instant;

use crate::world::{World, rows, settled};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_killed_in_mid_send_leaves_every_row_in_a_named_state() {
    let mut world = World::new().await;
    let mut list = rows(40);
    list.push(json!({"email": "silent-1-resident@example.org"}));
    let batch = world.send(&list).await;
    let worker = world.installation.start_worker().await.unwrap();
    // 40 answered and one that the provider took without a word.
    world.installation.smtp.wait_for(41).await;
    world.batch_until(&batch, |counts| counts["accepted"] == 40 && counts["sending"] == 1).await;
    worker.kill().await.unwrap();
    world.ripen(Part::Leases).await;

    // Nobody knows yet; another worker does not touch it before its deadline.
    let _another = world.installation.start_worker().await.unwrap();
    world.ahead("6 minutes").await;
    world.batch_until(&batch, |counts| counts["checking"] == 1).await;
    world.ahead("1 minute").await;
    let status = world.batch_until(&batch, settled).await;
    assert_eq!(status["counts"]["accepted"], 41, "{status}");
    assert_eq!(
        world.installation.smtp.counts()["silent-1-resident@example.org"],
        2,
        "repeated once, visibly"
    );
    let attempts: Vec<(String, Option<String>)> = sqlx::query_as(
        "SELECT outcome::text, reason::text FROM attempts WHERE delivery_id = (SELECT id FROM deliveries WHERE repeated) ORDER BY number",
    )
    .fetch_all(&world.installation.pool)
    .await
    .unwrap();
    assert_eq!(
        attempts,
        [("unknown".to_owned(), Some("worker_lost".to_owned())), ("accepted".to_owned(), None)]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_unknown_outcome_is_put_before_a_person() {
    let mut world = World::new().await;
    let batch = world.send(&[json!({"email": "drop-after-dot-resident@example.org"})]).await;
    let _worker = world.installation.start_worker().await.unwrap();
    let status = world.batch_until(&batch, |counts| counts["needs_decision"] == 1).await;
    assert_eq!(status["total"], 1);
    assert_eq!(world.installation.smtp.total(), 2, "sent once and repeated once, never more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wiping_redis_loses_nobody() {
    let mut world = World::new().await;
    let batch = world.send(&rows(50)).await;
    let mut redis = world.redis().await;
    // The push follows the answer; wipe what it brought.
    let began = Instant::now();
    while world.left_in_redis().await.is_empty() {
        assert!(began.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let _: () = redis::cmd("FLUSHDB").query_async(&mut redis).await.unwrap();
    world.ahead("30 seconds").await;
    let _worker = world.installation.start_worker().await.unwrap();
    let status = world.batch_until(&batch, settled).await;
    assert_eq!(status["counts"]["accepted"], 50);
    assert_eq!(world.installation.smtp.total(), 50);
    assert!(world.installation.smtp.doubled().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_accepted_while_redis_is_away_and_its_jobs_follow() {
    let stack = Stack::start(Options::fast()).await.unwrap();
    let mut world = World::on(&stack, &[]).await;
    stack.end(Server::Redis, Ending::Kill).await.unwrap();
    let batch = world.send(&rows(10)).await;
    assert_eq!(world.batch(&batch).await["counts"]["queued"], 10);
    let _worker = world.installation.start_worker().await.unwrap();
    stack.start_again(Server::Redis).await.unwrap();
    world.ahead("30 seconds").await;
    let status = world.batch_until(&batch, settled).await;
    assert_eq!(status["counts"]["accepted"], 10);
    assert!(world.installation.smtp.doubled().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_restarting_under_a_send_loses_and_doubles_nothing() {
    let stack = Stack::start(Options::fast()).await.unwrap();
    let mut world = World::on(&stack, &[("PORCHLIGHT_SMTP_RATE", "200")]).await;
    let batch = world.send(&rows(300)).await;
    let _worker = world.installation.start_worker().await.unwrap();
    world.installation.smtp.wait_for(60).await;
    stack.restart_postgres().await.unwrap();
    let status = world.batch_until(&batch, settled).await;
    assert_eq!(status["counts"]["accepted"], 300, "{status}");
    assert_eq!(world.installation.smtp.total(), 300);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_told_to_stop_finishes_what_it_began_and_another_goes_on() {
    let mut world = World::with(&[("PORCHLIGHT_SMTP_RATE", "400")]).await;
    let batch = world.send(&rows(400)).await;
    let worker = world.installation.start_worker().await.unwrap();
    world.installation.smtp.wait_for(50).await;
    let began = Instant::now();
    assert!(worker.stop().await.unwrap().success());
    assert!(began.elapsed() < Duration::from_secs(30));
    let counts = world.batch(&batch).await["counts"].clone();
    assert_eq!(counts["sending"], 0, "{counts}");
    let sent = counts["accepted"].as_u64().unwrap();
    assert_eq!(sent, world.installation.smtp.total());
    let _another = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, |counts| counts["accepted"] == 400).await;
    assert_eq!(world.installation.smtp.total(), 400);
    assert!(world.installation.smtp.doubled().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_frozen_past_the_deadline_wakes_up_to_a_ledger_that_went_on() {
    let mut world = World::new().await;
    let batch = world.send(&[json!({"email": "delay-3s-1-resident@example.org"})]).await;
    let frozen = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, |counts| counts["sending"] == 1).await;
    world.installation.smtp.wait_for_connections(1).await;
    frozen.signal(Signal::Stop).await;
    // Past its lease: another worker claims the job, and the ledger says that an attempt runs.
    world.ripen(Part::Leases).await;
    let another = world.installation.start_worker().await.unwrap();
    world.until_redis_is_empty().await;
    assert_eq!(world.batch(&batch).await["counts"]["sending"], 1);
    // Past its deadline: the attempt is given up, and repeated.
    world.ahead("6 minutes").await;
    world.batch_until(&batch, |counts| counts["checking"] == 1).await;
    world.ahead("1 minute").await;
    world.batch_until(&batch, |counts| counts["accepted"] == 1).await;
    frozen.signal(Signal::Cont).await;
    // Its late answer finds another attempt's outcome and changes nothing.
    assert!(frozen.stop().await.unwrap().success());
    assert_eq!(world.batch(&batch).await["counts"]["accepted"], 1);
    assert!(world.installation.smtp.total() <= 2);
    assert!(another.stop().await.unwrap().success());
}

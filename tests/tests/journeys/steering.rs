//! A leader pauses, resumes and cancels while messages go out.

use porchlight_tests::sandbox::smtp::Switches;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::world::{World, rows, settled};

impl World {
    pub(crate) async fn steer(&self, batch: &str, step: &str) -> Value {
        let path = format!("batches/{batch}/{step}");
        let answer = self.client.post(&self.oakridge, &path, Vec::new(), &[]).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_batch_sends_nothing_more_and_goes_on_where_it_was() {
    let mut world = World::with(&[("PORCHLIGHT_SMTP_RATE", "200")]).await;
    let batch = world.send(&rows(400)).await;
    let _worker = world.installation.start_worker().await.unwrap();
    world.installation.smtp.wait_for(40).await;
    let paused = world.steer(&batch, "pause").await;
    assert!(paused["paused_at"].is_string(), "{paused}");
    assert_eq!(
        paused["waiting"], paused["changed"],
        "all that waited was taken back by the answer: {paused}"
    );
    // What was in flight arrives; nothing else does.
    let status = world.batch_until(&batch, |counts| counts["sending"] == 0).await;
    let sent = status["counts"]["accepted"].as_u64().unwrap();
    assert_eq!(status["counts"]["held"].as_u64().unwrap(), 400 - sent, "{status}");
    assert_eq!(status["paused_at"], paused["paused_at"]);
    world.until_redis_is_empty().await;
    assert_eq!(world.installation.smtp.total(), sent);
    let again = world.steer(&batch, "pause").await;
    assert_eq!((&again["changed"], &again["paused_at"]), (&0.into(), &paused["paused_at"]));

    let resumed = world.steer(&batch, "resume").await;
    assert_eq!((resumed["changed"].as_u64(), &resumed["paused_at"]), (Some(400 - sent), &Value::Null));
    world.batch_until(&batch, |counts| counts["accepted"] == 400).await;
    assert!(world.installation.smtp.doubled().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_batch_sends_what_was_in_flight_and_no_more() {
    let mut world = World::with(&[("PORCHLIGHT_SMTP_RATE", "200")]).await;
    let batch = world.send(&rows(300)).await;
    let _worker = world.installation.start_worker().await.unwrap();
    world.installation.smtp.wait_for(40).await;
    let cancelled = world.steer(&batch, "cancel").await;
    let taken_back = cancelled["changed"].as_u64().unwrap();
    assert_eq!(cancelled["waiting"], 0, "{cancelled}");
    let status = world.batch_until(&batch, settled).await;
    assert_eq!(status["counts"]["cancelled"].as_u64().unwrap(), taken_back, "{status}");
    assert_eq!(status["counts"]["accepted"].as_u64().unwrap(), 300 - taken_back, "{status}");
    assert_eq!(world.installation.smtp.total(), 300 - taken_back);
    world.until_redis_is_empty().await;
    // For good, whatever is asked later.
    for step in ["resume", "pause", "cancel"] {
        let after = world.steer(&batch, step).await;
        assert_eq!((&after["changed"], &after["paused_at"]), (&0.into(), &Value::Null), "{after}");
        assert_eq!(after["cancelled_at"], cancelled["cancelled_at"]);
    }
    assert_eq!(world.batch(&batch).await["counts"], status["counts"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_for_now_after_a_cancel_is_not_tried_again() {
    let mut world = World::new().await;
    world.installation.smtp.set(Switches { message_latency_ms: 1_000, ..Switches::default() });
    let batch = world.send(&[json!({"email": "greylist-data-1-resident@example.org"})]).await;
    let _worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, |counts| counts["sending"] == 1).await;
    let cancelled = world.steer(&batch, "cancel").await;
    assert_eq!((&cancelled["changed"], &cancelled["in_flight"]), (&0.into(), &1.into()), "{cancelled}");
    world.batch_until(&batch, |counts| counts["cancelled"] == 1).await;
    assert_eq!(world.installation.smtp.total(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_waits_for_its_retry_is_cancelled_too() {
    let mut world = World::new().await;
    let list = [json!({"email": "greylist-data-1-resident@example.org"})];
    let batch = world.send(&list).await;
    let _worker = world.installation.start_worker_with(&[("PORCHLIGHT_EMAIL_RETRY", "1h")]).await.unwrap();
    world.batch_until(&batch, |counts| counts["retry_wait"] == 1).await;
    let cancelled = world.steer(&batch, "cancel").await;
    assert_eq!(cancelled["changed"], 1, "{cancelled}");
    assert_eq!(world.batch(&batch).await["counts"]["cancelled"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_steers_another_communitys_batch() {
    let world = World::new().await;
    let batch = world.send(&rows(1)).await;
    let other = world.installation.create_community("Elm Court", &[]).await.unwrap();
    for path in [format!("batches/{batch}/cancel"), "batches/nonsense/pause".to_owned()] {
        let answer = world.client.post(&other, &path, Vec::new(), &[]).await.unwrap();
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.body);
    }
    assert_eq!(world.batch(&batch).await["counts"]["queued"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_for_one_by_one_is_nobodys_to_steer() {
    let world = World::new().await;
    world.add_leader(&world.oakridge, "pat@oakridge.example", "owner").await;
    let asked: String = sqlx::query_scalar("SELECT id::text FROM batches WHERE purpose = 'asked'")
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
    for step in ["pause", "resume", "cancel"] {
        let path = format!("batches/{asked}/{step}");
        let answer = world.client.post(&world.oakridge, &path, Vec::new(), &[]).await.unwrap();
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.body);
    }
    assert_eq!(world.ledger().await, [("queued".to_owned(), 1)]);
}

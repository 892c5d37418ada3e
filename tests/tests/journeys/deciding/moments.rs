//! Whatever comes in the same moment as a decision comes before it or after it. Row locks that a journey holds are the fail
//! points.

use porchlight_tests::installation::Answer;
use serde_json::{Value, json};
use sqlx::{Postgres, Transaction};
use tokio::task::{JoinHandle, JoinSet};
use uuid::Uuid;

use crate::world::World;

impl World {
    /// Says something about a delivery, at once with whatever else is going on.
    fn saying(&self, delivery: Uuid, choice: &str) -> JoinHandle<Answer> {
        let (client, community) = (self.client.clone(), self.oakridge.clone());
        let path = format!("deliveries/{delivery}/{choice}");
        tokio::spawn(async move { client.post(&community, &path, Vec::new(), &[]).await.unwrap() })
    }

    /// A household joins meanwhile.
    async fn joining(&self, address: &str) -> JoinHandle<u16> {
        let who = json!({"code": self.codes().await[address].grouped(), "name": "Ada", "email": address});
        let client = self.client.clone();
        tokio::spawn(async move { client.join(&who, None).await.unwrap().status.as_u16() })
    }

    /// Until so many requests wait for a lock in the ledger.
    async fn until_waiting(&self, requests: i64) {
        self.until(&format!("{requests} requests wait"), async || {
            let waiting: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                     AND application_name = 'porchlight-api' AND wait_event_type = 'Lock'",
            )
            .fetch_one(&self.installation.pool)
            .await
            .unwrap();
            waiting == requests
        })
        .await;
    }

    /// Holds a delivery's row, as a fail point.
    async fn hold(&self, delivery: Uuid) -> Transaction<'static, Postgres> {
        let mut held = self.installation.pool.begin().await.unwrap();
        sqlx::query("SELECT FROM deliveries WHERE id = $1 FOR UPDATE")
            .bind(delivery)
            .execute(&mut *held)
            .await
            .unwrap();
        held
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_leaders_who_press_at_once_send_one_more() {
    let mut world = World::new().await;
    let worker = world.installation.start_worker().await.unwrap();
    let (batch, delivery) = world.unknown_text().await;
    let mut pressing = JoinSet::new();
    for _ in 0..50 {
        pressing.spawn(world.saying(delivery, "send-again"));
    }
    let mut answers: Vec<Value> = Vec::new();
    while let Some(said) = pressing.join_next().await {
        let said = said.unwrap().unwrap();
        assert_eq!(said.status, 200, "{}", said.body);
        answers.push(said.body);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "the same answer for all: {answers:?}");
    world.batch_until(&batch, |counts| counts["delivered"] == 1).await;
    world.until_redis_is_empty().await;
    assert_eq!(world.installation.twilio.total(), 1);
    let made: i64 = sqlx::query_scalar("SELECT count(*) FROM deliveries")
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
    assert_eq!(made, 2);
    assert!(worker.stop().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_comes_in_the_same_moment_comes_before_or_after() {
    let world = World::new().await;
    // The household joins while it is being sent again: both are not needed.
    let (batch, delivery) = world.unknown_email("ada").await;
    let held = world.hold(delivery).await;
    let said = world.saying(delivery, "send-again");
    world.until_waiting(1).await;
    let joined = world.joining("ada@example.org").await;
    world.until_waiting(2).await;
    held.rollback().await.unwrap();
    let said = said.await.unwrap();
    assert_eq!((said.status.as_u16(), &said.body["answer"]), (200, &json!("sent_again")), "{}", said.body);
    assert_eq!(joined.await.unwrap(), 201);
    assert_eq!(world.state_at(delivery).await, "not_needed");
    assert_eq!(world.batch(&batch).await["counts"]["not_needed"], 1);

    // It was just joining.
    let (_, delivery) = world.unknown_email("bo").await;
    let held = world.hold(delivery).await;
    let joined = world.joining("bo@example.org").await;
    world.until_waiting(1).await;
    let said = world.saying(delivery, "send-again");
    world.until_waiting(2).await;
    held.rollback().await.unwrap();
    assert_eq!(joined.await.unwrap(), 201);
    let said = said.await.unwrap();
    assert_eq!((said.status.as_u16(), &said.body["answer"]), (200, &json!("not_needed")), "{}", said.body);

    // The rest is cancelled while it is being sent again: that is part of the rest.
    let (batch, delivery) = world.unknown_email("cy").await;
    let held = world.hold(delivery).await;
    let said = world.saying(delivery, "send-again");
    world.until_waiting(1).await;
    let path = format!("batches/{batch}/cancel");
    let (client, community) = (world.client.clone(), world.oakridge.clone());
    let cancelled =
        tokio::spawn(async move { client.post(&community, &path, Vec::new(), &[]).await.unwrap().body });
    world.until_waiting(2).await;
    held.rollback().await.unwrap();
    assert_eq!(said.await.unwrap().status, 200);
    assert_eq!(cancelled.await.unwrap()["changed"], 1);
    assert_eq!(world.batch(&batch).await["counts"]["cancelled"], 1);

    // One leaves it, another sends it again: what was said first counts.
    let (batch, delivery) = world.unknown_email("di").await;
    let held = world.hold(delivery).await;
    let (left, sent) = (world.saying(delivery, "leave"), world.saying(delivery, "send-again"));
    world.until_waiting(2).await;
    held.rollback().await.unwrap();
    let mut statuses = [left.await.unwrap().status.as_u16(), sent.await.unwrap().status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    world.batch(&batch).await;

    // News of it comes while it is being sent again.
    let (batch, delivery) = world.unknown_email("ed").await;
    let mut held = world.hold(delivery).await;
    let said = world.saying(delivery, "send-again");
    world.until_waiting(1).await;
    sqlx::query(
        "UPDATE deliveries SET state = 'accepted', reason = NULL, changed_at = app_now() WHERE id = $1",
    )
    .bind(delivery)
    .execute(&mut *held)
    .await
    .unwrap();
    held.commit().await.unwrap();
    let said = said.await.unwrap();
    assert_eq!(said.status, 409, "{}", said.body);
    assert!(said.body["detail"].as_str().unwrap().contains("The provider took it."), "{}", said.body);
    assert_eq!(world.batch(&batch).await["counts"]["accepted"], 1);
}

/// A reconciler that took its view before, and closes batches after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_not_closed_over_what_is_sent_again_in_the_same_moment() {
    let mut world = World::new().await;
    // The reconciler comes by the older one first.
    let (older, _) = world.unknown_email("ada").await;
    let (batch, delivery) = world.unknown_email("bo").await;
    world.sql("UPDATE batches SET paused_at = app_now()").await;
    let mut held = world.installation.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM batches WHERE id = $1::uuid FOR UPDATE")
        .bind(&older)
        .execute(&mut *held)
        .await
        .unwrap();
    // Begins to look as soon as it works, and either waits for what is held or leaves it alone.
    let worker = world.installation.start_worker().await.unwrap();
    world
        .until("it comes by", async || {
            sqlx::query_scalar(
                "SELECT EXISTS (SELECT FROM batches WHERE id = $1::uuid AND finished_at IS NOT NULL)
                     OR EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
                                AND application_name = 'porchlight-worker' AND wait_event_type = 'Lock')",
            )
            .bind(&batch)
            .fetch_one(&world.installation.pool)
            .await
            .unwrap()
        })
        .await;
    let newer = world.done(delivery, "send-again", "sent_again", "needs_decision").await.unwrap();
    held.rollback().await.unwrap();
    world.until_finished(&older, true).await;
    assert_eq!(world.state_at(newer).await, "held");
    assert_eq!(world.batch(&batch).await["finished_at"], Value::Null, "a row of it is open");
    assert!(worker.stop().await.unwrap().success());
}

//! An attempt's time, and the order of finish and acknowledgement: a worker inside this process, with its time-outs in
//! the test's hand.

use std::time::Duration;

use porchlight_shared::{
    queue::Part,
    runtime::{clock::Clock, env::Env},
};
use porchlight_tests::sandbox::smtp::Switches;
use porchlight_worker::{config::WorkerSettings, run::work};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::world::{World, rows, settled};

impl World {
    fn worker_settings(&self) -> WorkerSettings {
        let (_, variables) = self.installation.worker();
        let variables = variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        WorkerSettings::from_env(&variables.collect::<Env>()).unwrap()
    }
}

/// The server takes so long over the envelope that an answer to the body could come after the attempt was given up, and
/// the message sent again: it must not go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_without_time_left_does_not_hand_its_message_over() {
    let world = World::new().await;
    world.installation.smtp.set(Switches { reply_delay_ms: 700, ..Switches::default() });
    let batch = world.send(&rows(1)).await;
    let mut settings = world.worker_settings();
    settings.smtp.timeouts.body = Duration::from_millis(500);
    settings.smtp.timeouts.after_body = Duration::from_millis(500);
    settings.attempt_deadline = Duration::from_millis(1_500);
    let stop = CancellationToken::new();
    let worker = tokio::spawn(work(settings, Clock::system(), stop.clone()));
    world
        .until("an attempt has ended", async || {
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM attempts)")
                .fetch_one(&world.installation.pool)
                .await
                .unwrap()
        })
        .await;
    let ended: (String, String) = sqlx::query_as("SELECT outcome::text, reason::text FROM attempts")
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
    assert_eq!(ended, ("not_sent".to_owned(), "no_time_left".to_owned()));
    assert_eq!(world.installation.smtp.total(), 0, "nothing was handed over");
    assert_eq!(world.batch(&batch).await["counts"]["retry_wait"], 1);
    stop.cancel();
    worker.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_is_acknowledged_only_after_its_outcome_is_recorded() {
    let mut world = World::new().await;
    let batch = world.send(&[json!({"email": "delay-300ms-resident@example.org"})]).await;
    let _worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, |counts| counts["sending"] == 1).await;
    let mut held = world.installation.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM deliveries FOR UPDATE").execute(&mut *held).await.unwrap();
    world.until_blocked("porchlight-worker").await;
    assert_eq!(world.installation.smtp.total(), 1, "the provider has it");
    assert_eq!(world.count_in(Part::Leases).await, 1, "Redis still knows of it while the ledger does not");
    held.rollback().await.unwrap();
    world.batch_until(&batch, settled).await;
    world.until_redis_is_empty().await;
}

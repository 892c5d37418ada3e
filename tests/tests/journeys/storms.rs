//! Batches that do harm pause by themselves, say why, and go on when a leader says so.

use std::time::Duration;

use porchlight_tests::{caller::caller, installation::Process};
use serde_json::{Value, json};

use crate::{
    board::events::Events,
    world::{World, rows},
};

impl World {
    async fn until_paused(&self, batch: &str) -> Value {
        self.until("it pauses", async || !self.batch(batch).await["paused_at"].is_null()).await;
        self.batch(batch).await
    }

    /// How many rows paused a batch, of how many.
    async fn storm(&self) -> (i32, i32) {
        sqlx::query_as("SELECT storm_count, storm_sends FROM batches")
            .fetch_one(&self.installation.pool)
            .await
            .unwrap()
    }

    /// Waits until somebody has looked for storms, and come to the end of that look.
    async fn until_looked(&self) {
        let now: String =
            sqlx::query_scalar("SELECT app_now()::text").fetch_one(&self.installation.pool).await.unwrap();
        self.until("somebody looked", async || {
            sqlx::query_scalar(
                "SELECT EXISTS (SELECT FROM reconcilers s, reconcilers f
                                WHERE s.name = 'storms' AND f.name = 'finished'
                                    AND s.looked_at > $1::timestamptz AND f.looked_at > s.looked_at)",
            )
            .bind(&now)
            .fetch_one(&self.installation.pool)
            .await
            .unwrap()
        })
        .await;
    }

    /// A batch of 50 of which 38 were sent, and the rest waits for an hour; no worker has seen it.
    async fn half_sent(&self) -> String {
        let batch = self.send(&rows(50)).await;
        self.until("it is pushed", async || !self.left_in_redis().await.is_empty()).await;
        self.forget_delays().await;
        self.sql("UPDATE deliveries SET due_at = app_now() + interval '1 hour' WHERE batch_row > 38").await;
        self.sql("UPDATE deliveries SET state = 'accepted', due_at = NULL, changed_at = app_now() WHERE batch_row <= 38").await;
        batch
    }
}

/// How often a worker raised the alarm.
fn alarms(worker: &Process) -> usize {
    let log = worker.log();
    log.lines().filter(|line| line.contains("ERROR") && line.contains("paused by itself")).count()
}

fn with_fault(fault: &str, count: usize) -> impl Iterator<Item = Value> {
    (0..count).map(move |n| json!({"email": format!("{fault}-r{n}@example.org")}))
}

/// Sent, refused, and what is tried again in an hour.
fn standing(counts: &Value) -> [u64; 3] {
    let count = |state: &str| counts[state].as_u64().unwrap();
    [count("accepted"), count("failed"), count("queued") + count("retry_wait")]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_dead_addresses_pauses_and_goes_on_when_a_leader_says_so_until_the_next_storm() {
    let mut world = World::new().await;
    let mut list = rows(150);
    list.extend(with_fault("refuse", 10));
    list.extend(with_fault("greylist-1", 60));
    let batch = world.send(&list).await;
    let settings = [("PORCHLIGHT_EMAIL_RETRY", "1h"), ("PORCHLIGHT_WORKER_LISTEN", "127.0.0.1:0")];
    let worker = world.installation.start_worker_with(&settings).await.unwrap();

    let status = world.until_paused(&batch).await;
    let (count, sends) = world.storm().await;
    assert!(sends >= 40 && count * 20 >= sends && count <= 10, "{count} of {sends}");
    let told = format!("Paused by itself: {count} of {sends} addresses do not exist.");
    assert_eq!((&status["paused_for"], &status["paused_words"]["what"]), (&json!("bounces"), &json!(told)));
    assert_eq!(status["eta_seconds"], Value::Null);
    let status =
        world.batch_until(&batch, |counts| counts["sending"] == 0 && counts["retry_wait"] == 0).await;
    assert_eq!(status["counts"]["queued"], 0, "all that waits is held: {status}");
    assert!(status["counts"]["held"].as_u64() >= Some(60), "{status}");

    // Whoever watches reads the same.
    let board = world.board().await;
    let path = format!("/batches/{batch}");
    let page = board.page(&path).await;
    assert!(page.contains("<p id=\"alarm\" class=\"told problem\" role=\"status\">") && page.contains(&told));
    assert!(page.contains("Check the list, then resume or cancel the rest.") && page.contains(">Resume<"));
    let http = caller(Duration::from_mins(1)).unwrap();
    let stream = format!("{}/v1/communities/{}{path}/stream", world.client.base(), world.oakridge.id);
    let answer = http.get(&stream).bearer_auth(&world.oakridge.token).send().await.unwrap();
    let snapshot = Events::of(answer).next_named("status").await.unwrap();
    assert!(snapshot.contains("\"paused_for\":\"bounces\"") && snapshot.contains(&told), "{snapshot}");
    assert!(board.page("/").await.contains("Paused by itself, "));

    // What had ended by now does not count again.
    let page = board.press(&format!("{path}/resume")).await;
    assert!(page.contains("It goes on.") && !page.contains("Paused by itself"), "{page}");
    world.batch_until(&batch, |counts| standing(counts) == [150, 10, 60]).await;
    world.until_looked().await;
    let status = world.batch(&batch).await;
    assert_eq!((&status["paused_at"], &status["paused_for"]), (&Value::Null, &Value::Null), "{status}");

    // News of dead addresses is a storm once there is enough of it.
    world
        .sql(
            "UPDATE deliveries SET state = 'bounced', reason = 'mailbox_unknown', changed_at = app_now()
             WHERE state = 'accepted' AND batch_row <= 3",
        )
        .await;
    world.until_looked().await;
    assert_eq!(world.batch(&batch).await["paused_at"], Value::Null);
    world
        .sql(
            "UPDATE deliveries SET state = 'delivered', changed_at = app_now()
             WHERE state = 'accepted' AND batch_row <= 43",
        )
        .await;
    assert_eq!(world.until_paused(&batch).await["paused_for"], "bounces");
    assert!(world.storm().await.0 >= 3);

    // And on to the end, though a twentieth of all is dead.
    assert_eq!(world.steer(&batch, "resume").await["paused_at"], Value::Null);
    world.ahead("2 hours").await;
    world.forget_delays().await;
    world.batch_until(&batch, |counts| standing(counts) == [167, 10, 0]).await;
    world.until("it is finished", async || !world.batch(&batch).await["finished_at"].is_null()).await;
    assert_eq!(world.batch(&batch).await["paused_at"], Value::Null);
    assert_eq!(alarms(&worker), 2);
    let lines = worker.log();
    let mut lines = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let address = lines.find_map(|line| line["address"].as_str().map(ToOwned::to_owned)).unwrap();
    let metrics = http.get(format!("http://{address}/metrics")).send().await.unwrap().text().await.unwrap();
    let line = "porchlight_worker_batch_pauses_total{channel=\"email\",reason=\"bounces\"} 2";
    assert!(metrics.contains(line), "{metrics}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_of_a_hundred_and_a_short_list_do_not_pause() {
    let mut world = World::new().await;
    let mut all = rows(126);
    let mut short = all.split_off(96);
    all.extend(with_fault("refuse-all", 4));
    all.extend(with_fault("greylist-1-all", 5));
    short.extend(with_fault("refuse-short", 9));
    short.extend(with_fault("greylist-1-short", 5));
    let (all, short) = (world.send(&all).await, world.send(&short).await);
    let worker = world.installation.start_worker_with(&[("PORCHLIGHT_EMAIL_RETRY", "1h")]).await.unwrap();
    world.batch_until(&all, |counts| standing(counts) == [96, 4, 5]).await;
    world.batch_until(&short, |counts| standing(counts) == [30, 9, 5]).await;
    world.until_looked().await;
    for batch in [all, short] {
        assert_eq!(world.batch(&batch).await["paused_for"], Value::Null);
    }
    assert_eq!(alarms(&worker), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_complaint_pauses_a_small_list() {
    let mut world = World::new().await;
    let batch = world.half_sent().await;
    world.sql("UPDATE deliveries SET state = 'complained', changed_at = app_now() WHERE batch_row = 7").await;
    let worker = world.installation.start_worker().await.unwrap();
    let status = world.until_paused(&batch).await;
    assert_eq!(status["paused_for"], "complaints");
    assert_eq!(
        status["paused_words"]["what"],
        "Paused by itself: 1 of 38 messages was reported as unwanted."
    );
    assert_eq!(status["counts"]["held"], 12);
    assert_eq!(alarms(&worker), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_pause_a_batch_once_and_a_leader_who_pauses_meanwhile_reads_why() {
    let mut world = World::new().await;
    let batch = world.half_sent().await;
    world
        .sql(
            "UPDATE deliveries SET state = 'failed', reason = 'mailbox_unknown', due_at = NULL, changed_at = app_now()
             WHERE batch_row IN (39, 40)",
        )
        .await;
    // Whoever comes first stays in the middle of it,
    let mut lock = world.installation.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM deliveries WHERE batch_row = 50 FOR UPDATE").execute(&mut *lock).await.unwrap();
    let one = world.installation.start_worker().await.unwrap();
    let two = world.installation.start_worker().await.unwrap();
    world.until_blocked("porchlight-worker").await;
    // and the other looks, too, as if nobody had just done so.
    world.sql("UPDATE reconcilers SET looked_at = '-infinity'").await;
    world.until_looked().await;
    let path = format!("batches/{batch}/pause");
    let ((), answer) = tokio::join!(
        async {
            world.until_blocked("porchlight-api").await;
            lock.rollback().await.unwrap();
        },
        world.client.post(&world.oakridge, &path, Vec::new(), &[]),
    );
    let answer = answer.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body["changed"]), (200, &json!(0)), "{}", answer.body);
    world.until_looked().await;
    let status = world.batch(&batch).await;
    assert_eq!((&status["paused_for"], &status["counts"]["held"]), (&json!("bounces"), &json!(10)));
    assert_eq!(world.storm().await, (2, 40));
    assert_eq!(alarms(&one) + alarms(&two), 1);

    // A leader's own pause is a leader's.
    world.steer(&batch, "resume").await;
    world.client.post(&world.oakridge, &path, Vec::new(), &[]).await.unwrap();
    let status = world.batch(&batch).await;
    assert_eq!((&status["paused_for"], &status["counts"]["held"]), (&json!("leader"), &json!(10)));
}

//! Texts go when a community's window is open, whatever the clocks do that night.

use serde_json::{Value, json};

use crate::world::{World, numbers, settled};

impl World {
    /// Sets the ledger's clock to an instant; it runs on from there.
    async fn at(&self, instant: &str) {
        sqlx::query("UPDATE app_clock SET ahead = $1::timestamptz - now()")
            .bind(instant)
            .execute(&self.installation.pool)
            .await
            .unwrap();
    }

    async fn set_window(&self, zone: &str, window: &str) {
        sqlx::query("UPDATE communities SET time_zone = $1, text_window = $2")
            .bind(zone)
            .bind(window)
            .execute(&self.installation.pool)
            .await
            .unwrap();
    }

    /// Reason and next time of a batch's held deliveries.
    async fn held(&self, batch: &str) -> Vec<(String, Value)> {
        let path = format!("batches/{batch}/deliveries?state=held&limit=500");
        let page = self.client.get(&self.oakridge, &path).await.unwrap().body;
        let items = page["items"].as_array().unwrap().iter();
        let mut held: Vec<_> = items
            .map(|row| (row["held_reason"].as_str().unwrap().to_owned(), row["next_at"].clone()))
            .collect();
        held.dedup();
        held
    }
}

/// The window closes on the evening before clocks go forward in New York, and opens an hour early by the clock of the
/// world: 09:00 is 13:00 UTC, and was 14:00 the day before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_crosses_the_closing_goes_on_at_the_opening_through_a_change_of_clocks() {
    let mut world = World::with(&[("PORCHLIGHT_SMS_RATE", "20")]).await;
    world.set_window("America/New_York", "Mon-Sun 09:00-20:00").await;
    world.at("2027-03-14T00:59:56Z").await;
    let answer = world.text(&numbers(200)).await;
    let batch = answer["id"].as_str().unwrap();
    assert_eq!(answer["held_until"], Value::Null, "it is open");
    let worker = world.installation.start_worker().await.unwrap();
    world
        .batch_until(batch, |counts| counts["held"] != 0 && counts["queued"] == 0 && counts["sending"] == 0)
        .await;
    // One that had begun when the window closed did not go any more; it waits for its next try, and is held then.
    let (sent, waiting) = {
        let counts = world.batch(batch).await["counts"].clone();
        let waiting = ["held", "retry_wait"].map(|state| counts[state].as_u64().unwrap());
        (world.installation.twilio.total(), waiting.into_iter().sum::<u64>())
    };
    assert!(sent > 0 && sent + waiting == 200, "{sent} sent, {waiting} waiting");
    let opening = json!("2027-03-14T13:00:00Z");
    world
        .until("the opening is known", async || {
            world.held(batch).await == [("window".to_owned(), opening.clone())]
        })
        .await;

    // It is never opened early: not by the clock of the day before, not by a worker that comes anew.
    world.at("2027-03-14T12:59:40Z").await;
    assert!(worker.stop().await.unwrap().success());
    let worker = world.installation.start_worker().await.unwrap();
    world.until("somebody looked", async || world.looked_since_moved().await).await;
    assert_eq!(world.installation.twilio.total(), sent);
    assert_eq!(world.held(batch).await, [("window".to_owned(), opening)]);

    world.at("2027-03-14T13:00:00Z").await;
    world.batch_until(batch, |counts| counts["delivered"] == 200).await;
    assert!(world.installation.twilio.doubled().is_empty());
    assert!(worker.stop().await.unwrap().success());
}

/// A worker that is held up between asking and sending.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_that_begins_too_late_to_go_in_time_waits_for_the_next_opening() {
    let mut world = World::new().await;
    world.set_window("America/New_York", "Mon-Sun 09:00-20:00").await;
    world.at("2027-02-10T00:59:55Z").await;
    let answer = world.text(&numbers(1)).await;
    assert_eq!(answer["held_until"], Value::Null, "it is open");
    let mut lock = world.installation.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM deliveries FOR UPDATE").execute(&mut *lock).await.unwrap();
    let worker = world.installation.start_worker().await.unwrap();
    world.until_blocked("porchlight-worker").await;
    world
        .until("the window has closed", async || {
            let closed = sqlx::query_scalar("SELECT app_now() > '2027-02-10T01:00:01Z'");
            closed.fetch_one(&world.installation.pool).await.unwrap()
        })
        .await;
    lock.commit().await.unwrap();
    let batch = answer["id"].as_str().unwrap();
    world.batch_until(batch, |counts| counts["retry_wait"] == 1).await;
    world.forget_delays().await;
    world.ahead("2 hours").await;
    world
        .until("it is held", async || {
            world.held(batch).await == [("window".to_owned(), json!("2027-02-10T14:00:00Z"))]
        })
        .await;
    assert_eq!(world.installation.twilio.total(), 0);
    assert!(worker.stop().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_comes_at_night_is_told_when_it_goes() {
    let mut world = World::new().await;
    // A batch that starts at night goes when the window opens, and one that must be out by then is declined.
    world.set_window("America/New_York", "Mon-Sat 09:00-20:00; Sun 12:00-20:00").await;
    world.at("2026-10-28T15:00:00Z").await;
    let tonight = |not_after: Value| {
        json!({"channel": "text", "rows": [{"phone": "+13125556666"}], "consent": {"statement": "On the form."},
               "send_at": "2026-10-29T05:00:00Z", "not_after": not_after})
    };
    let answer =
        world.client.send_list(&world.oakridge, &tonight(json!("2026-10-29T12:00:00Z"))).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body["errors"][0]["pointer"]), (422, &json!("/not_after")));
    let answer = world.client.send_list(&world.oakridge, &tonight(Value::Null)).await.unwrap();
    assert_eq!(answer.body["held_until"], "2026-10-29T13:00:00Z", "{}", answer.body);
    let tonight = answer.body["id"].as_str().unwrap().to_owned();
    assert_eq!(world.held(&tonight).await, [("scheduled".to_owned(), json!("2026-10-29T13:00:00Z"))]);

    world.set_window("America/New_York", "Mon-Sat 09:00-20:00; Sun 12:00-20:00").await;
    // Saturday, half past eight in the evening; clocks go back that night, and Sunday opens at noon, standard time.
    world.at("2026-11-01T00:30:00Z").await;
    let answer = world.text(&numbers(3)).await;
    let batch = answer["id"].as_str().unwrap();
    assert_eq!(answer["held_until"], "2026-11-01T17:00:00Z");
    assert_eq!(world.held(batch).await, [("window".to_owned(), json!("2026-11-01T17:00:00Z"))]);

    // E-mails have no window.
    let worker = world.installation.start_worker().await.unwrap();
    let emails = world.send(&crate::world::rows(3)).await;
    world.batch_until(&emails, settled).await;
    assert_eq!(world.installation.twilio.total(), 0);
    let noon = json!("2026-11-01T17:00:00Z");
    world
        .until("what was scheduled waits for the window", async || {
            world.held(&tonight).await == [("window".to_owned(), noon.clone())]
        })
        .await;

    // A wider window counts at once for what already waits.
    world.set_window("America/New_York", "Mon-Sun 08:00-21:00").await;
    world.batch_until(batch, |counts| counts["delivered"] == 3).await;

    // What would come too late is declined, and what turns out to has expired before the window opens.
    world.set_window("America/New_York", "Mon-Sun 09:00-20:00").await;
    world.at("2026-11-02T02:00:00Z").await;
    let list = |not_after: &str| {
        json!({"channel": "text", "rows": [{"phone": "+13125557777"}], "consent": {"statement": "On the form."},
               "not_after": not_after})
    };
    let answer = world.client.send_list(&world.oakridge, &list("2026-11-02T14:00:00Z")).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body["errors"][0]["pointer"]), (422, &json!("/not_after")));
    let answer = world.client.send_list(&world.oakridge, &list("2026-11-02T14:00:01Z")).await.unwrap();
    assert_eq!(answer.body["held_until"], "2026-11-02T14:00:00Z", "{}", answer.body);
    world.sql("UPDATE batches SET not_after = '2026-11-02T03:00:00Z' WHERE not_after IS NOT NULL").await;
    world.at("2026-11-02T03:00:00Z").await;
    world.batch_until(answer.body["id"].as_str().unwrap(), |counts| counts["expired"] == 1).await;
    assert!(worker.stop().await.unwrap().success());
}

impl World {
    /// Whether reconcilers of both kinds looked since the clock was last moved.
    async fn looked_since_moved(&self) -> bool {
        sqlx::query_scalar(
            "SELECT bool_and(looked_at > app_now() - interval '15 seconds' AND looked_at > '2027-03-14T12:59:42Z')
             FROM reconcilers WHERE name IN ('windows', 'held', 'due_text')",
        )
        .fetch_one(&self.installation.pool)
        .await
        .unwrap()
    }
}

//! A leader decides about messages that may have arrived: send again, or leave it. `moments` is what comes at the same
//! time, `pages` what a browser shows.

mod moments;
mod pages;
mod refusing;

use porchlight_shared::queue::Part;
use porchlight_tests::{installation::Answer, sandbox::twilio::Switches};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{World, rows, settled};

/// The provider fails at its first text, and takes nothing: nobody can know.
const SILENT: &str = "+13125550012";
const KNOWN: &str = "+13125554242";

impl World {
    /// Says something about a delivery.
    async fn say(&self, delivery: Uuid, choice: &str) -> Answer {
        let path = format!("deliveries/{delivery}/{choice}");
        self.client.post(&self.oakridge, &path, Vec::new(), &[]).await.unwrap()
    }

    /// Says something that is done, and answers the newer delivery, if there is one.
    async fn done(&self, delivery: Uuid, choice: &str, answer: &str, state: &str) -> Option<Uuid> {
        let said = self.say(delivery, choice).await;
        assert_eq!(said.status, 200, "{}", said.body);
        assert_eq!(said.body["delivery"], delivery.to_string());
        assert_eq!(
            (&said.body["answer"], &said.body["state"]),
            (&json!(answer), &json!(state)),
            "{}",
            said.body
        );
        said.body["new_delivery"].as_str().map(|id| id.parse().unwrap())
    }

    /// Says something that is not done, and answers why.
    async fn refused(&self, delivery: Uuid, choice: &str, status: u16, problem: &str) -> String {
        let said = self.say(delivery, choice).await;
        assert_eq!(
            (said.status.as_u16(), &said.body["type"]),
            (status, &json!(format!("/problems/{problem}")))
        );
        assert_eq!(said.headers["content-type"], "application/problem+json");
        said.body["detail"].as_str().unwrap().to_owned()
    }

    /// The newest delivery of a batch's only row.
    async fn newest(&self, batch: &str) -> Uuid {
        let page =
            self.client.get(&self.oakridge, &format!("batches/{batch}/deliveries")).await.unwrap().body;
        let [row] = &page["items"].as_array().unwrap()[..] else { panic!("one row: {page}") };
        row["id"].as_str().unwrap().parse().unwrap()
    }

    async fn story(&self, delivery: Uuid) -> Value {
        let answer = self.client.get(&self.oakridge, &format!("deliveries/{delivery}")).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// A text that nobody can say anything about.
    async fn unknown_text(&mut self) -> (String, Uuid) {
        let batch = self.text(&[SILENT.to_owned()]).await["id"].as_str().unwrap().to_owned();
        self.batch_until(&batch, |counts| counts["needs_decision"] == 1).await;
        self.until_finished(&batch, true).await;
        let delivery = self.newest(&batch).await;
        (batch, delivery)
    }

    /// An e-mail whose outcome stays unknown, as if two attempts had been lost. No worker may run meanwhile.
    pub(crate) async fn unknown_email(&self, name: &str) -> (String, Uuid) {
        let batch = self.send(&[json!({"email": format!("{name}@example.org"), "name": name})]).await;
        let delivery = self.newest(&batch).await;
        for statement in [
            "UPDATE deliveries SET state = 'sending', attempt_number = 2, attempt_began_at = now(), attempt_deadline = now() WHERE id = $1",
            "INSERT INTO attempts (delivery_id, number, began_at, ended_at, outcome, reason)
             SELECT $1, number, now(), now(), 'unknown', 'worker_lost' FROM generate_series(1, 2) AS number",
            "UPDATE deliveries SET state = 'needs_decision', attempt_began_at = NULL, attempt_deadline = NULL, due_at = NULL,
                                   reason = 'worker_lost', repeated = true, tries = 2 WHERE id = $1",
        ] {
            sqlx::query(statement).bind(delivery).execute(&self.installation.pool).await.unwrap();
        }
        self.forget_delays().await;
        (batch, delivery)
    }

    async fn until_finished(&self, batch: &str, finished: bool) {
        self.until("the batch is closed, or open", async || {
            self.batch(batch).await["finished_at"].is_string() == finished
        })
        .await;
    }

    async fn state_at(&self, delivery: Uuid) -> String {
        sqlx::query_scalar("SELECT state::text FROM deliveries WHERE id = $1")
            .bind(delivery)
            .fetch_one(&self.installation.pool)
            .await
            .unwrap()
    }
}

fn events(story: &Value) -> Vec<&str> {
    story["timeline"].as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_is_no_problem_any_more_and_never_sent() {
    let mut world = World::new().await;
    let worker = world.installation.start_worker().await.unwrap();
    let (batch, delivery) = world.unknown_text().await;
    assert_eq!(world.batch(&batch).await["buckets"]["problem"], 1);
    // Twice is once.
    for _ in 0..2 {
        assert_eq!(world.done(delivery, "leave", "left", "cancelled").await, None);
    }
    let said = world.refused(delivery, "send-again", 409, "nothing-to-decide").await;
    assert!(said.contains("`cancelled`") && said.contains("may have arrived and was left at that"), "{said}");
    let status = world.batch(&batch).await;
    assert_eq!((&status["buckets"]["problem"], &status["buckets"]["not_sent"]), (&json!(0), &json!(1)));
    assert!(status["finished_at"].is_string(), "it stays closed: {status}");
    let story = world.story(delivery).await;
    assert_eq!(events(&story), ["created", "attempt", "left"]);
    assert_eq!(story["words"]["what"], "The message may have arrived and was left at that.");
    // Days pass, and Redis is wiped.
    world.ahead("2 days").await;
    world.forget_delays().await;
    let other = world.send(&rows(3)).await;
    world.batch_until(&other, settled).await;
    assert_eq!(
        (world.state_at(delivery).await.as_str(), world.installation.twilio.total()),
        ("cancelled", 0)
    );
    assert!(worker.stop().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_again_goes_once_and_late_news_of_the_first_still_lands() {
    let mut world = World::new().await;
    // The provider takes it, and the worker dies before it hears so.
    let held = Switches { callbacks_held: true, ..Switches::default() };
    world.installation.twilio.set(Switches { answer_delay_ms: 60_000, ..held });
    let batch = world.text(&[KNOWN.to_owned()]).await["id"].as_str().unwrap().to_owned();
    let worker = world.installation.start_worker().await.unwrap();
    world.installation.twilio.wait_for(1).await;
    worker.kill().await.unwrap();
    world.installation.twilio.set(Switches { unavailable: true, ..held });
    world.ahead("6 minutes").await;
    world.ripen(Part::Leases).await;
    let worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, |counts| counts["checking"] == 1).await;
    world.ahead("5 minutes").await;
    world.batch_until(&batch, |counts| counts["needs_decision"] == 1).await;
    world.until_finished(&batch, true).await;
    world.installation.twilio.set(held);

    let first = world.newest(&batch).await;
    let second = world.done(first, "send-again", "sent_again", "needs_decision").await.unwrap();
    assert_eq!(world.newest(&batch).await, second);
    world.batch_until(&batch, |counts| counts["accepted"] == 1).await;
    let texts = world.installation.twilio.accepted();
    assert_eq!(texts.iter().map(|text| &*text.to).collect::<Vec<_>>(), [KNOWN, KNOWN]);
    assert_eq!(texts[0].body, texts[1].body, "the same code");
    let recorded: Vec<(Uuid, String, Option<String>)> =
        sqlx::query_as("SELECT delivery_id, outcome::text, provider_id FROM attempts ORDER BY delivery_id")
            .fetch_all(&world.installation.pool)
            .await
            .unwrap();
    let unknown = (first, "unknown".to_owned(), None);
    assert_eq!(recorded, [unknown, (second, "accepted".to_owned(), Some(texts[1].sid.to_string()))]);
    world.until_finished(&batch, true).await;

    // Each tells where the other is.
    let (old, new) = (world.story(first).await, world.story(second).await);
    assert_eq!((&old["repeats"], &old["repeated_by"]), (&Value::Null, &json!(second)));
    assert_eq!((&new["repeats"], &new["repeated_by"]), (&json!(first), &Value::Null));
    assert_eq!(events(&old), ["created", "attempt", "sent_again"]);
    assert_eq!(old["timeline"][2]["delivery"], json!(second));
    assert_eq!(old["words"]["who"], "nobody", "{old}");

    // News of both.
    world.installation.twilio.set(Switches::default());
    world.batch_until(&batch, |counts| counts["delivered"] == 1).await;
    world.until("the first has arrived, too", async || world.state_at(first).await == "delivered").await;
    assert_eq!(world.batch(&batch).await["total"], 1);
    // The same answer again, for good, and no other.
    assert_eq!(world.done(first, "send-again", "sent_again", "delivered").await, Some(second));
    let said = world.refused(first, "leave", 409, "nothing-to-decide").await;
    assert!(said.contains("sent again already"), "{said}");
    let said = world.refused(second, "leave", 409, "nothing-to-decide").await;
    assert!(said.contains("`delivered`") && said.contains("It arrived."), "{said}");
    world.until_redis_is_empty().await;
    assert_eq!(world.installation.twilio.total(), 2);
    assert!(worker.stop().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_joined_meanwhile_gets_nothing_more() {
    let mut world = World::new().await;
    let worker = world.installation.start_worker().await.unwrap();
    let (batch, delivery) = world.unknown_text().await;
    // With this very code: the text had arrived.
    let code = world.codes().await[SILENT].grouped();
    let who = json!({"code": code, "name": "Ada", "phone": SILENT});
    assert_eq!(world.client.join(&who, None).await.unwrap().status, 201);
    for choice in ["send-again", "leave", "send-again"] {
        assert_eq!(world.done(delivery, choice, "not_needed", "not_needed").await, None);
    }
    assert!(worker.stop().await.unwrap().success());
    // In a way of which the delivery does not know.
    let (other, delivery) = world.unknown_email("bo").await;
    world.sql("UPDATE households SET joined_at = app_now() WHERE joined_at IS NULL").await;
    for _ in 0..2 {
        assert_eq!(world.done(delivery, "send-again", "not_needed", "not_needed").await, None);
    }
    for batch in [&batch, &other] {
        let status = world.batch(batch).await;
        assert_eq!((&status["counts"]["not_needed"], &status["buckets"]["joined"]), (&json!(1), &json!(1)));
    }
    let worker = world.installation.start_worker().await.unwrap();
    world.until_redis_is_empty().await;
    world.until_finished(&other, true).await;
    assert_eq!((world.installation.twilio.total(), world.installation.smtp.total()), (0, 0));
    assert!(worker.stop().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_email_that_was_lost_twice_is_sent_again_once() {
    let mut world = World::new().await;
    let worker = world.installation.start_worker().await.unwrap();
    // The third try is answered; the other's never is.
    let mut asked = Vec::new();
    for address in ["drop-after-dot-2-ada@example.org", "drop-after-dot-bo@example.org"] {
        let batch = world.send(&[json!({"email": address})]).await;
        world.batch_until(&batch, |counts| counts["needs_decision"] == 1).await;
        let first = world.newest(&batch).await;
        let second = world.done(first, "send-again", "sent_again", "needs_decision").await.unwrap();
        asked.push((batch, address, second));
    }
    let [(answered, ada, _), (lost, bo, second)] = &asked[..] else { panic!("two") };
    world.batch_until(answered, |counts| counts["accepted"] == 1).await;
    // Nothing is repeated by itself that a leader had sent again.
    world.until("it is asked about anew", async || world.state_at(*second).await == "needs_decision").await;
    world.batch_until(lost, |counts| counts["needs_decision"] == 1).await;
    assert_eq!((world.installation.smtp.counts()[*ada], world.installation.smtp.counts()[*bo]), (3, 3));
    // And once more, up to what an invitation may send at all.
    let mut newest = *second;
    for messages in 3..=5 {
        newest = world.done(newest, "send-again", "sent_again", "needs_decision").await.unwrap();
        world
            .until("it is asked about anew", async || world.state_at(newest).await == "needs_decision")
            .await;
        assert_eq!(world.installation.smtp.counts()[*bo], messages + 1);
    }
    let said = world.refused(newest, "send-again", 409, "cannot-be-sent").await;
    assert!(said.contains("Five messages"), "{said}");
    assert_eq!(world.done(newest, "leave", "left", "cancelled").await, None);
    assert_eq!(world.batch(lost).await["counts"]["cancelled"], 1);
    assert!(worker.stop().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_batch_holds_what_is_sent_again_and_a_lost_queue_loses_nothing() {
    let mut world = World::new().await;
    let (batch, delivery) = world.unknown_email("ada").await;
    let (lost, other) = world.unknown_email("bo").await;
    let worker = world.installation.start_worker().await.unwrap();
    world.until_finished(&batch, true).await;
    world.until_finished(&lost, true).await;
    let steer = async |step: &str| {
        let path = format!("batches/{batch}/{step}");
        world.client.post(&world.oakridge, &path, Vec::new(), &[]).await.unwrap().body
    };
    assert_eq!(steer("pause").await["changed"], 0);
    let newer = world.done(delivery, "send-again", "sent_again", "needs_decision").await.unwrap();
    assert_eq!(world.story(newer).await["held_reason"], "paused");
    assert_eq!(world.batch(&batch).await["finished_at"], Value::Null, "it is open again");
    let paused = steer("pause").await;
    assert_eq!((&paused["waiting"], &paused["in_flight"]), (&json!(1), &json!(0)), "{paused}");
    assert_eq!(steer("resume").await["changed"], 1);
    world.batch_until(&batch, |counts| counts["accepted"] == 1).await;
    world.until_finished(&batch, true).await;
    assert!(worker.stop().await.unwrap().success());

    // What was just sent again is lost with all of Redis.
    world.done(other, "send-again", "sent_again", "needs_decision").await.unwrap();
    world.until("it was pushed", async || !world.left_in_redis().await.is_empty()).await;
    world.forget_delays().await;
    world.ahead("30 seconds").await;
    let worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&lost, |counts| counts["accepted"] == 1).await;
    assert_eq!(world.installation.smtp.total(), 2);
    assert!(worker.stop().await.unwrap().success());
}

//! Invitations by text: each once, whatever the provider does.

use std::collections::HashSet;

use porchlight_shared::{
    domain::{AccessCode, AttemptReason},
    queue::Part,
};
use porchlight_tests::sandbox::twilio::Switches;
use serde_json::{Value, json};

use crate::world::{World, numbers, settled};

impl World {
    /// State, newest reason and attempts of the delivery to a number.
    async fn text_to(&self, number: &str) -> (String, Option<String>, i32) {
        sqlx::query_as(
            "SELECT d.state::text, d.reason::text, d.attempt_number
             FROM deliveries d JOIN contacts c ON c.id = d.contact_id WHERE c.address = $1 ORDER BY d.id DESC",
        )
        .bind(number)
        .fetch_one(&self.installation.pool)
        .await
        .unwrap()
    }

    /// What the channel for texts is closed for.
    async fn text_channel(&self) -> Option<String> {
        sqlx::query_scalar(
            "SELECT reason::text FROM channels WHERE channel = 'text' AND closed_at IS NOT NULL",
        )
        .fetch_optional(&self.installation.pool)
        .await
        .unwrap()
    }

    async fn until_text_closings(&self, closings: i16) {
        self.until("the channel is closed again", async || {
            let now: i16 = sqlx::query_scalar("SELECT closings FROM channels WHERE channel = 'text'")
                .fetch_one(&self.installation.pool)
                .await
                .unwrap();
            now == closings
        })
        .await;
    }

    /// How many attempts ended for a reason.
    async fn attempts_for(&self, reason: AttemptReason) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM attempts WHERE reason = $1")
            .bind(reason)
            .fetch_one(&self.installation.pool)
            .await
            .unwrap()
    }
}

fn id(answer: &Value) -> &str {
    answer["id"].as_str().unwrap()
}

fn all_delivered(counts: &Value) -> bool {
    counts.as_object().unwrap().iter().all(|(state, count)| state == "delivered" || *count == 0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_number_gets_one_text_with_its_own_code_and_its_receipt_says_delivered() {
    let mut world = World::new().await;
    let answer = world.text(&numbers(300)).await;
    assert_eq!((&answer["accepted"], &answer["held_until"]), (&json!(300), &Value::Null));
    let workers =
        [world.installation.start_worker().await.unwrap(), world.installation.start_worker().await.unwrap()];
    world.batch_until(id(&answer), all_delivered).await;

    let texts = world.installation.twilio.accepted();
    assert!(world.installation.twilio.doubled().is_empty());
    assert_eq!(texts.len(), 300);
    let codes: HashSet<_> = texts
        .iter()
        .map(|text| {
            assert_eq!(text.segments, 1, "{}", text.body);
            let rest = text.body.strip_prefix("Oakridge HOA: your household is invited to our resident portal. Join: https://join.example.org/j/");
            let (code, rest) = rest.unwrap().split_once(' ').unwrap();
            assert_eq!(rest, "Reply HELP for help, STOP to opt out.");
            code.parse::<AccessCode>().unwrap().plain().to_owned()
        })
        .collect();
    assert_eq!(codes.len(), 300);
    let consent: String = sqlx::query_scalar("SELECT consent_statement FROM batches")
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
    assert_eq!(consent, "Everybody ticked the box on the annual form.");
    world.until_redis_is_empty().await;
    for worker in workers {
        let log = worker.log();
        assert!(texts.iter().all(|text| !log.contains(&*text.to)), "no number in the log");
        assert!(codes.iter().all(|code| !log.contains(code)), "no code in the log");
        assert!(worker.stop().await.unwrap().success());
    }
}

/// The list carries its own mishaps; see the sandbox's rules.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mishap_ends_as_it_should() {
    let mut world = World::new().await;
    let number = |rule: u32| format!("+1312555{rule:04}");
    let answer = world.text(&[1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 4242].map(number)).await;
    let worker = world.installation.start_worker().await.unwrap();
    world
        .batch_until(id(&answer), |counts| {
            settled(counts) && counts["accepted"] == 0 && counts["delivered"] == 4
        })
        .await;
    for (rule, state, reason, attempts) in [
        (1, "failed", Some("address_invalid"), 1),
        (2, "failed", Some("number_not_mobile"), 1),
        (3, "failed", Some("opted_out"), 1),
        (4, "delivered", None, 2),
        // The answer broke off, or was a failure: the receipts tell.
        (6, "delivered", None, 1),
        (7, "delivered", None, 1),
        (8, "bounced", Some("number_unknown"), 1),
        (9, "bounced", Some("temporarily_refused"), 1),
        (10, "bounced", Some("number_not_mobile"), 1),
        (11, "bounced", Some("phone_unreachable"), 1),
        // Not taken, and nobody can know: a person decides.
        (12, "needs_decision", Some("provider_failed"), 1),
        (4242, "delivered", None, 1),
    ] {
        let expected = (state.to_owned(), reason.map(str::to_owned), attempts);
        assert_eq!(world.text_to(&number(rule)).await, expected, "{rule}");
    }
    assert!(world.installation.twilio.doubled().is_empty());

    // Who told the provider to stop is not asked again, by nobody of this installation.
    let other = world.installation.create_community("Elm Court", &[]).await.unwrap();
    let text = format!("{}\n{}\n", number(3), number(5555));
    for community in [&world.oakridge, &other] {
        let list = json!({"channel": "text", "text": text}).to_string().into_bytes();
        let seen = world.client.post(community, "lists:verify", list, &[]).await.unwrap().body;
        assert_eq!(seen["entries"][0]["reason"], "opted_out", "{seen}");
    }
    assert!(worker.stop().await.unwrap().success());
}

/// Without receipts the provider's own list tells; and what nobody can tell is never repeated.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_outcome_is_looked_up_and_never_repeated_by_itself() {
    let mut world = World::with(&[("PORCHLIGHT_CHECKING_WAIT", "3s")]).await;
    world.installation.twilio.set(Switches { callbacks_off: true, ..Switches::default() });
    let number = |rule: u32| format!("+1312555{rule:04}");
    let answer = world.text(&[6, 7, 12].map(number)).await;
    let worker = world.installation.start_worker().await.unwrap();
    let other = world.installation.start_worker().await.unwrap();
    world.batch_until(id(&answer), |counts| settled(counts) && counts["accepted"] == 0).await;
    for (rule, state) in [(6, "delivered"), (7, "delivered"), (12, "needs_decision")] {
        let (is, _, attempts) = world.text_to(&number(rule)).await;
        assert_eq!((is.as_str(), attempts), (state, 1), "{rule}");
    }
    // Days pass, workers come and go, Redis is wiped: it stays with the leader.
    for _ in 0..3 {
        world.ahead("1 day").await;
        let _: () = redis::cmd("FLUSHDB").query_async(&mut world.redis().await).await.unwrap();
        world
            .until("the reconcilers looked", async || {
                sqlx::query_scalar(
                    "SELECT count(*) >= 6 FROM reconcilers WHERE looked_at > app_now() - interval '1 hour'",
                )
                .fetch_one(&world.installation.pool)
                .await
                .unwrap()
            })
            .await;
    }
    assert_eq!(world.text_to(&number(12)).await.0, "needs_decision");
    assert_eq!(world.installation.twilio.total(), 2, "the third was never taken, and never tried again");
    assert!(worker.stop().await.unwrap().success());
    assert!(other.stop().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_killed_in_mid_attempt_leaves_no_second_text() {
    let mut world = World::with(&[("PORCHLIGHT_SMS_RATE", "50")]).await;
    world.installation.twilio.set(Switches {
        answer_delay_ms: 300,
        callbacks_held: true,
        ..Switches::default()
    });
    let answer = world.text(&numbers(100)).await;
    let worker = world.installation.start_worker().await.unwrap();
    world.installation.twilio.wait_for(20).await;
    worker.kill().await.unwrap();
    // What was committed is unknown as soon as its deadline has passed; what was only claimed is claimed again.
    world.ahead("6 minutes").await;
    world.ripen(Part::Leases).await;
    let worker = world.installation.start_worker().await.unwrap();
    world.installation.twilio.set(Switches::default());
    let ended = world.batch_until(id(&answer), |counts| settled(counts) && counts["accepted"] == 0).await;
    let number = |state: &str| ended["counts"][state].as_u64().unwrap();
    let (delivered, asked) = (number("delivered"), number("needs_decision"));
    assert_eq!(delivered + asked, 100, "{ended}");
    assert!(asked <= 32, "no more unknowns than slots: {asked}");
    assert_eq!(world.installation.twilio.total(), delivered, "what a person is asked about never went");
    assert!(world.installation.twilio.doubled().is_empty());
    assert_eq!(
        world.attempts_for(AttemptReason::WorkerLost).await.cast_unsigned(),
        asked,
        "receipts amended the rest"
    );
    assert!(worker.stop().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_429_slows_both_workers_and_is_recovered_from_by_itself() {
    let mut world = World::with(&[("PORCHLIGHT_SMS_RATE", "50")]).await;
    let answer = world.text(&numbers(250)).await;
    let workers =
        [world.installation.start_worker().await.unwrap(), world.installation.start_worker().await.unwrap()];
    world.installation.twilio.wait_for(50).await;
    world.installation.twilio.set(Switches { throttle_ms: 4_000, ..Switches::default() });
    world.batch_until(id(&answer), all_delivered).await;
    // At 50 a second there would be 200; the gate let pass what was in flight, and the second's remainder.
    let throttled = world.attempts_for(AttemptReason::Throttled).await;
    assert!((1..=60).contains(&throttled), "{throttled} were told to slow down");
    assert!(world.installation.twilio.doubled().is_empty());
    assert_eq!(world.installation.twilio.total(), 250);
    for worker in workers {
        assert!(worker.stop().await.unwrap().success());
    }
}

/// Wrong password: nobody's number is to blame, and nothing is used up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_account_closes_the_channel_for_texts_alone() {
    let mut world = World::new().await;
    world.installation.twilio.set(Switches { refuse_auth: true, ..Switches::default() });
    let texts = world.text(&numbers(30)).await;
    let emails = world.send(&crate::world::rows(30)).await;
    let worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&emails, settled).await;
    let waits = |counts: &Value| counts["held"].as_i64().unwrap() + counts["retry_wait"].as_i64().unwrap();
    world.batch_until(id(&texts), |counts| waits(counts) == 30).await;
    assert_eq!(world.text_channel().await.as_deref(), Some("auth_refused"));
    world.installation.twilio.set(Switches::default());
    world.ahead("20 minutes").await;
    world.batch_until(id(&texts), |counts| counts["delivered"] != 0).await;
    world.ripen(Part::Delayed).await;
    world.batch_until(id(&texts), all_delivered).await;
    let used: i64 = sqlx::query_scalar("SELECT sum(tries) FROM deliveries WHERE channel = 'text'")
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
    assert_eq!(used, 0);
    assert!(worker.stop().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_that_are_not_set_up_are_declined_in_words() {
    let world = World::with(&[("PORCHLIGHT_SMS_PROVIDER", "off")]).await;
    let list = json!({"channel": "text", "rows": [{"phone": "+13125554242"}], "consent": {"statement": "On the form."}});
    let answer = world.client.send_list(&world.oakridge, &list).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body["type"]), (422, &json!("/problems/channel-not-set-up")));
    let call = world.client.visit(
        porchlight_tests::installation::Method::POST,
        "/receipts/twilio",
        Some("MessageSid=SM1"),
        None,
    );
    assert_eq!(call.await.unwrap().status, 404);
}

/// The account is sound, the request is taken, and only the receipts say that carriers take nothing in our name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipts_that_refuse_our_sender_close_the_channel_and_an_answer_alone_does_not_open_it() {
    let mut world = World::with(&[("PORCHLIGHT_SMS_RATE", "20")]).await;
    let refused = Switches { undelivered_code: Some(30034), ..Switches::default() };
    world.installation.twilio.set(refused);
    let answer = world.text(&numbers(400)).await;
    let batch = id(&answer);
    let worker = world.installation.start_worker().await.unwrap();
    world.until_text_closings(1).await;
    let quiet = |counts: &Value| counts["sending"] == 0 && counts["accepted"] == 0;
    let counts = world.batch_until(batch, quiet).await["counts"].clone();
    let bounced = counts["bounced"].as_u64().unwrap();
    assert!(bounced < 300, "{bounced} went before anybody listened");
    assert_eq!(world.text_channel().await.as_deref(), Some("sender_refused"));

    // One message at a time tries it; each is taken, and only later refused.
    world.ahead("70 seconds").await;
    world.until_text_closings(2).await;
    world.installation.twilio.set(Switches { callbacks_held: true, ..refused });
    world.ahead("130 seconds").await;
    world.batch_until(batch, |counts| counts["accepted"] == 1).await;
    assert!(world.text_channel().await.is_some(), "that it was taken says nothing");
    world.installation.twilio.set(refused);
    world.until_text_closings(3).await;
    let counts = world.batch_until(batch, quiet).await["counts"].clone();
    assert_eq!(counts["bounced"], bounced + 2, "a message for each try: {counts}");
    let wait: f64 = sqlx::query_scalar(
        "SELECT extract(epoch FROM closed_until - app_now())::float8 FROM channels WHERE channel = 'text'",
    )
    .fetch_one(&world.installation.pool)
    .await
    .unwrap();
    assert!((120.0..=240.0).contains(&wait), "the third wait is four minutes: {wait} s are left");

    // That it cannot be reached for a while makes nobody forget that receipts closed it.
    world.installation.twilio.set(Switches { away: true, ..refused });
    world.ahead("250 seconds").await;
    world.until_text_closings(4).await;
    world.installation.twilio.set(Switches { callbacks_held: true, ..refused });
    world.ahead("6 minutes").await;
    world.batch_until(batch, |counts| counts["accepted"] == 1).await;
    assert!(world.text_channel().await.is_some(), "that it was taken says nothing, still");
    world.installation.twilio.set(refused);
    world.until_text_closings(5).await;
    let counts = world.batch_until(batch, quiet).await["counts"].clone();
    assert_eq!(counts["bounced"], bounced + 3, "{counts}");

    // The operator mends it: the next one arrives.
    world.installation.twilio.set(Switches::default());
    world.ahead("16 minutes").await;
    world.until("the channel is open", async || world.text_channel().await.is_none()).await;
    world.forget_delays().await;
    world.ahead("2 minutes").await;
    world.batch_until(batch, |counts| counts["delivered"] == 400 - bounced - 3).await;

    // Where nothing more is heard of the one that was taken it is believed after a while.
    world.installation.twilio.set(refused);
    let answer = world.text(&numbers(500)[400..]).await;
    world.until_text_closings(6).await;
    world.batch_until(id(&answer), quiet).await;
    world.installation.twilio.set(Switches { callbacks_off: true, ..Switches::default() });
    world.ahead("16 minutes").await;
    world.batch_until(id(&answer), |counts| counts["accepted"] == 1).await;
    assert!(world.text_channel().await.is_some());
    world.ahead("10 minutes").await;
    world.until("the channel is open", async || world.text_channel().await.is_none()).await;
    assert!(world.installation.twilio.doubled().is_empty());
    let alerts = worker.log().matches("takes nothing from us").count()
        + world.api.log().matches("takes nothing from us").count();
    assert_eq!(alerts, 2, "the operator reads it once each time");
    assert!(worker.stop().await.unwrap().success());
}

/// All workers were away for longer than anything is waited for: who can ask comes before a person is asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_outage_of_all_workers_the_provider_is_asked_first() {
    let mut world = World::new().await;
    world.installation.twilio.set(Switches { callbacks_off: true, ..Switches::default() });
    let answer = world.text(&["+13125550007".to_owned()]).await;
    let worker = world.installation.start_worker().await.unwrap();
    world.batch_until(id(&answer), |counts| counts["checking"] == 1).await;
    assert!(worker.stop().await.unwrap().success());
    world.ahead("3 hours").await;
    let worker = world.installation.start_worker().await.unwrap();
    world.batch_until(id(&answer), |counts| counts["delivered"] == 1).await;
    assert!(worker.stop().await.unwrap().success());
}

/// A provider that fails at everything leaves a question about each text: not about the whole list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_fails_at_everything_is_left_alone() {
    let mut world = World::with(&[("PORCHLIGHT_SMS_RATE", "20"), ("PORCHLIGHT_CHECKING_WAIT", "2s")]).await;
    world.installation.twilio.set(Switches { unavailable: true, ..Switches::default() });
    let answer = world.text(&numbers(300)).await;
    let worker = world.installation.start_worker().await.unwrap();
    world
        .until("the channel is closed", async || {
            world.text_channel().await.as_deref() == Some("provider_failed")
        })
        .await;
    // It closes before the attempt that closes it is recorded.
    world.until("it took five", async || world.attempts_for(AttemptReason::ProviderFailed).await >= 5).await;
    let unknown = world.attempts_for(AttemptReason::ProviderFailed).await;
    assert!(unknown <= 40, "{unknown} questions");
    world.installation.twilio.set(Switches::default());
    world.ahead("20 minutes").await;
    world.batch_until(id(&answer), |counts| counts["delivered"] != 0).await;
    world.ripen(Part::Delayed).await;
    let ended = world.batch_until(id(&answer), |counts| settled(counts) && counts["accepted"] == 0).await;
    let asked = ended["counts"]["needs_decision"].as_i64().unwrap();
    assert_eq!(ended["counts"]["delivered"].as_i64().unwrap() + asked, 300, "{ended}");
    assert_eq!(world.installation.twilio.total(), ended["counts"]["delivered"].as_u64().unwrap());
    assert!(worker.stop().await.unwrap().success());
}

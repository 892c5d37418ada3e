//! What the provider of texts calls back, and what residents answer.

use porchlight_tests::sandbox::twilio::Switches;
use serde_json::{Value, json};

use crate::world::{World, numbers};

const RECEIPTS: &str = "https://join.example.org/receipts/twilio";

impl World {
    /// Every row that a call could change, as text.
    async fn everything(&self) -> Vec<String> {
        let mut all = Vec::new();
        for table in ["deliveries", "attempts", "receipts", "suppressions", "answered_texts"] {
            let rows: Vec<String> =
                sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT t::text FROM {table} t ORDER BY 1")))
                    .fetch_all(&self.installation.pool)
                    .await
                    .unwrap();
            all.extend(rows);
        }
        all
    }

    async fn says(&self, from: &str, body: &str) -> String {
        let reply = self.installation.twilio.inbound(from, body, RECEIPTS).await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.body
    }
}

fn delivered(counts: &Value, count: usize) -> bool {
    counts["delivered"] == count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doubled_reordered_early_and_late_receipts_end_in_the_right_state() {
    let mut world = World::with(&[("PORCHLIGHT_CHECKING_WAIT", "1m")]).await;
    let worker = world.installation.start_worker().await.unwrap();
    // Early: they come while the answer is still on its way.
    let switches = Switches {
        callbacks_doubled: true,
        callbacks_reordered: true,
        answer_delay_ms: 800,
        ..Switches::default()
    };
    world.installation.twilio.set(switches);
    let early = world.text(&numbers(40)[..20]).await;
    world.batch_until(early["id"].as_str().unwrap(), |counts| delivered(counts, 20)).await;
    // Late: the outcome is unknown, and the provider's own list is not read before ten seconds.
    world.installation.twilio.set(Switches { callbacks_held: true, ..Switches::default() });
    let unknown = ["+13125550007".to_owned(), "+13125560007".to_owned()];
    let late = world.text(&unknown).await;
    let late = late["id"].as_str().unwrap();
    world.batch_until(late, |counts| counts["checking"] == 2).await;
    world.installation.twilio.set(Switches::default());
    world.batch_until(late, |counts| delivered(counts, 2)).await;
    let amended: Vec<(String, bool)> =
        sqlx::query_as("SELECT outcome::text, provider_id IS NOT NULL FROM attempts WHERE late")
            .fetch_all(&world.installation.pool)
            .await
            .unwrap();
    assert_eq!(amended, vec![("accepted".to_owned(), true); 2]);
    assert!(world.installation.twilio.doubled().is_empty());
    assert!(worker.stop().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_replayed_and_truncated_calls_change_nothing() {
    let mut world = World::new().await;
    world.installation.twilio.set(Switches { callbacks_off: true, ..Switches::default() });
    let batch = world.text(&numbers(2)).await;
    let worker = world.installation.start_worker().await.unwrap();
    world.batch_until(batch["id"].as_str().unwrap(), |counts| counts["accepted"] == 2).await;
    let twilio = &world.installation.twilio;
    let [text, other] = &twilio.accepted()[..] else { panic!("two texts") };
    let (url, sid) = (text.callback.as_deref().unwrap(), &*text.sid);
    let status = |sid: &str, status: &str| {
        vec![
            ("MessageSid", sid.to_owned()),
            ("MessageStatus", status.to_owned()),
            ("AccountSid", "AC1".to_owned()),
        ]
    };
    let genuine = |parameters: &[(&str, String)]| {
        porchlight_tests::sandbox::twilio::sign(&twilio.settings().auth_token, url, parameters)
    };
    let before = world.everything().await;

    // Forged and truncated: by another's token, without one, for another address, another body, cut off.
    let told = status(sid, "delivered");
    let right = genuine(&told);
    let other_url = other.callback.as_deref().unwrap();
    let forged = porchlight_tests::sandbox::twilio::sign("not the token", url, &told);
    for (url, parameters, signature) in [
        (url, told.clone(), String::new()),
        (url, told.clone(), forged),
        (url, told.clone(), right[..right.len() - 4].to_owned()),
        (url, told[..1].to_vec(), right.clone()),
        (url, status(sid, "undelivered"), right.clone()),
        (url, status(&other.sid, "delivered"), right.clone()),
        (other_url, told.clone(), right.clone()),
        (&url[..url.len() - 1], told.clone(), right.clone()),
        (RECEIPTS, told.clone(), right.clone()),
        (url, [told.clone(), vec![("ErrorCode", "21610".to_owned())]].concat(), right.clone()),
    ] {
        let reply = twilio.post_signed(url, &parameters, &signature).await.unwrap();
        assert_eq!(reply.status, 403, "{url} {parameters:?}");
        assert!(!reply.body.contains(&twilio.settings().auth_token), "{}", reply.body);
    }
    assert_eq!(world.everything().await, before);

    // Genuine, and about nothing of ours: another's message under our tag, an attempt that never was, no tag at all.
    let strange = "SM00000000000000000000000000000000".to_owned();
    let beyond = url.replace("&a=1", "&a=9");
    let nobody = format!("{RECEIPTS}?d=00000000-0000-7000-8000-000000000000&a=1");
    for (url, sid) in [(url, strange.as_str()), (&beyond, sid), (&nobody, sid), (RECEIPTS, sid)] {
        let reply = twilio.post(url, &status(sid, "undelivered")).await.unwrap();
        assert_eq!(reply.status, 204, "{url}");
    }
    let none = twilio.post(url, &[("Nonsense", "x"), ("Body", "")]).await.unwrap();
    assert!(none.status == 204 || none.status == 200);
    assert_eq!(world.everything().await, before);

    // The real one; and replayed, it changes nothing more.
    assert_eq!(twilio.post_signed(url, &told, &right).await.unwrap().status, 204);
    let after = world.everything().await;
    assert_ne!(after, before);
    for _ in 0..20 {
        assert_eq!(twilio.post_signed(url, &told, &right).await.unwrap().status, 204);
        assert_eq!(twilio.post(url, &status(sid, "sent")).await.unwrap().status, 204);
    }
    let rows = world.ledger().await;
    assert_eq!(rows, [("accepted".to_owned(), 1), ("delivered".to_owned(), 1)]);
    // The story tells it once.
    let delivery = url.split("d=").nth(1).unwrap().split('&').next().unwrap();
    let story = world.client.get(&world.oakridge, &format!("deliveries/{delivery}")).await.unwrap().body;
    let told = story["timeline"].as_array().unwrap().iter().filter(|event| event["event"] == "receipt");
    let told: Vec<_> = told.map(|event| (event["number"].clone(), event["kind"].clone())).collect();
    assert_eq!(told, [(json!(1), json!("delivered")), (json!(1), json!("accepted"))], "{story}");
    let (_, metrics) = world.client.get_plain("/metrics").await.unwrap();
    assert!(metrics.contains("receipts_total{result=\"forged\"} 10"), "{metrics}");
    assert!(worker.stop().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_in_the_middle_of_ten_thousand_stops_the_rest_at_once_and_start_lifts_it() {
    let mut world = World::with(&[("PORCHLIGHT_SMS_RATE", "200")]).await;
    let all = numbers(10_000);
    let batch = world.text(&all).await;
    let worker = world.installation.start_worker().await.unwrap();
    world.installation.twilio.wait_for(100).await;
    let last = &all[9_999];
    // What is not the whole word stops nothing.
    assert!(world.says(last, "please don't stop").await.ends_with("<Response/>"));
    assert_eq!(world.state_of(last).await, "queued");
    let reply = world.says(last, " Stop! ").await;
    assert!(reply.contains("<Message>") && reply.contains("no more texts"), "{reply}");
    assert_eq!(world.state_of(last).await, "suppressed", "as soon as the answer is there");
    let masked: (String, String, Option<uuid::Uuid>) =
        sqlx::query_as("SELECT reason::text, address_masked, community_id FROM suppressions")
            .fetch_one(&world.installation.pool)
            .await
            .unwrap();
    assert_eq!(masked, ("opted_out".to_owned(), format!("+1•••••{}", &last[last.len() - 2..]), None));

    // Several phones at once, in the whole vocabulary.
    let words = ["STOPALL", "quit.", "End", "revoke", "OPT OUT", "optout!", "Cancel", "UNSUBSCRIBE"];
    for (word, number) in words.iter().zip(&all[9_980..]) {
        world.says(number, word).await;
        assert_eq!(world.state_of(number).await, "suppressed", "{word}");
    }
    // The provider understood the word itself, and has answered it.
    let reply =
        world.installation.twilio.inbound_opt_out(&all[9_990], "no gracias", "STOP", RECEIPTS).await.unwrap();
    assert!(reply.body.ends_with("<Response/>"), "{}", reply.body);
    assert_eq!(world.state_of(&all[9_990]).await, "suppressed");

    world
        .client
        .post(&world.oakridge, &format!("batches/{}/cancel", batch["id"].as_str().unwrap()), Vec::new(), &[])
        .await
        .unwrap();
    let texts = world.installation.twilio.accepted();
    assert!(texts.iter().all(|text| *text.to != **last));

    // Verify says so until START; a yes from somebody who never stopped is no answer to us.
    let look = json!({"channel": "text", "text": last});
    assert_eq!(world.look_at_list(&look).await["entries"][0]["reason"], "opted_out");
    assert!(world.says(&all[5_000], "yes").await.ends_with("<Response/>"));
    assert!(world.says(last, "start").await.contains("<Message>"));
    assert_ne!(world.look_at_list(&look).await["entries"][0]["reason"], "opted_out");

    let help = world.says(&texts[0].to, "HELP").await;
    assert!(
        help.contains("Oakridge HOA") && help.contains("board@oakridge.example") && help.contains("STOP"),
        "{help}"
    );
    let stranger = world.says("+14155550199", "info").await;
    assert!(!stranger.contains("Oakridge") && stranger.contains("join.example.org"), "{stranger}");
    let log = format!("{}{}", world.api.log(), worker.log());
    assert!(all.iter().all(|number| !log.contains(number.as_str())), "no number in a log");
    assert!(worker.stop().await.unwrap().success());
}

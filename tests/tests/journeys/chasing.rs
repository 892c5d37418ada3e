//! Chasing: a leader sends again, mends an address, replaces or takes back a code, and tries again what failed.

use std::collections::BTreeMap;

use porchlight_shared::domain::AccessCode;
use porchlight_tests::installation::{Answer, Method};
use serde_json::{Value, json};

use crate::world::{World, rows, settled};

impl World {
    async fn step(&self, invitation: &str, step: &str) -> Answer {
        let path = format!("invitations/{invitation}/{step}");
        self.client.post(&self.oakridge, &path, Vec::new(), &[]).await.unwrap()
    }

    async fn invitations(&self, query: &str) -> Vec<Value> {
        let answer = self.client.get(&self.oakridge, &format!("invitations{query}")).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["items"].as_array().unwrap().clone()
    }

    async fn household(&self, address: &'static str) -> (uuid::Uuid, uuid::Uuid) {
        sqlx::query_as("SELECT household_id, id FROM contacts WHERE address = $1")
            .bind(address)
            .fetch_one(&self.installation.pool)
            .await
            .unwrap()
    }

    /// What a code's page answers.
    async fn door(&self, code: &AccessCode) -> u16 {
        let visit = self.client.visit(Method::GET, &format!("/j/{}", code.plain()), None, None).await;
        visit.unwrap().status.as_u16()
    }

    /// How many messages the provider took for each address.
    async fn taken(&self) -> BTreeMap<String, i64> {
        let taken: Vec<(String, i64)> = sqlx::query_as(
            "SELECT c.address, count(*) FROM deliveries d JOIN contacts c ON c.id = d.contact_id
             WHERE d.state IN ('accepted', 'delivered') GROUP BY 1",
        )
        .fetch_all(&self.installation.pool)
        .await
        .unwrap();
        taken.into_iter().collect()
    }

    async fn retry(&self, batch: &str, body: Value) -> Value {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let answer =
            self.client.post(&self.oakridge, &format!("batches/{batch}/retry"), body, &[]).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_is_extended_replaced_and_taken_back() {
    let mut world = World::new().await;
    let batch = world.send(&rows(2)).await;
    let _worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, settled).await;
    let codes = world.codes().await;
    let old = &codes["resident.1@example.org"];
    let all = world.invitations("").await;
    assert_eq!(all.iter().map(|one| &one["state"]).collect::<Vec<_>>(), ["reached", "reached"]);
    assert!(!json!(all).to_string().contains(old.plain()));
    let of = async |address: &'static str| {
        let (household, _) = world.household(address).await;
        let found = all.iter().find(|one| one["household"] == household.to_string()).unwrap();
        found["id"].as_str().unwrap()
    };
    let (first, second) = (of("resident.1@example.org").await, of("resident.2@example.org").await);

    // Once a day to one address, whoever asks.
    let again = world.step(first, "resend").await;
    assert_eq!((again.status.as_u16(), &again.body["type"]), (409, &json!("/problems/cannot-be-sent")));
    world.ahead("25 hours").await;
    let again = world.step(first, "resend").await;
    assert_eq!(
        (again.status.as_u16(), &again.body["messages"], again.body["invitation"].as_str()),
        (200, &json!(1), Some(first))
    );
    assert_eq!(world.door(old).await, 200, "the same code");

    sqlx::query("UPDATE invitations SET expires_at = app_now() + interval '1 hour'")
        .execute(&world.installation.pool)
        .await
        .unwrap();
    let longer = world.step(first, "extend").await;
    assert_eq!(longer.status, 200, "{}", longer.body);
    assert!(longer.body["expires_at"].as_str() > all[0]["created_at"].as_str());
    let (left,): (f64,) = sqlx::query_as(
        "SELECT extract(epoch FROM max(expires_at) - app_now())::float8 / 86400 FROM invitations",
    )
    .fetch_one(&world.installation.pool)
    .await
    .unwrap();
    assert!((29.9..30.1).contains(&left), "{left}");

    // Two leaders who replace at once make one live code.
    let (one, two) = tokio::join!(world.step(first, "replace"), world.step(first, "replace"));
    let mut said = [one.status.as_u16(), two.status.as_u16()];
    said.sort_unstable();
    assert_eq!(said, [200, 410], "{} {}", one.body, two.body);
    assert_eq!(world.door(old).await, 410);
    let live: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM invitations WHERE ended_at IS NULL AND household_id = (SELECT household_id FROM invitations WHERE id = $1::uuid)",
    )
    .bind(first.parse::<uuid::Uuid>().unwrap())
    .fetch_one(&world.installation.pool)
    .await
    .unwrap();
    assert_eq!(live, 1);
    for step in ["resend", "extend", "replace", "revoke"] {
        let late = world.step(first, step).await;
        assert_eq!(
            (late.status.as_u16(), &late.body["type"]),
            (410, &json!("/problems/code-replaced")),
            "{step}"
        );
    }
    assert!(!world.invitations("?state=replaced").await.is_empty());

    let gone = world.step(second, "revoke").await;
    assert_eq!((gone.status.as_u16(), &gone.body["expires_at"]), (200, &Value::Null));
    assert_eq!(world.door(&codes["resident.2@example.org"]).await, 410);
    assert_eq!(world.invitations("?state=revoked").await.len(), 1);
    // Whoever has an older page in front of them sends nothing any more.
    let (household, _) = world.household("resident.2@example.org").await;
    let board = world.board().await;
    let (status, page) =
        board.submit(&format!("/households/{household}/resend"), &format!("invitation={second}")).await;
    assert!(status == 410 && page.contains("cancelled meanwhile"), "{status} {page}");
    // By another community's token, and what is no state.
    let other = world.installation.create_community("Birchwood", &[]).await.unwrap();
    let path = format!("invitations/{second}/revoke");
    assert_eq!(world.client.post(&other, &path, Vec::new(), &[]).await.unwrap().status, 404);
    assert_eq!(world.client.get(&world.oakridge, "invitations?state=lost").await.unwrap().status, 400);
    let acts: Vec<String> =
        sqlx::query_scalar("SELECT act::text FROM audit_log WHERE act::text LIKE 'invitation%' ORDER BY id")
            .fetch_all(&world.installation.pool)
            .await
            .unwrap();
    assert_eq!(acts[..2], ["invitation_resent", "invitation_extended"]);
    assert_eq!(acts.last().unwrap(), "invitation_revoked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mended_address_gets_a_new_code_and_the_old_one_dies() {
    let mut world = World::new().await;
    let list = [
        json!({"email": "refuse-ada@example.org", "unit": "1 Elm", "name": "Ada"}),
        json!({"email": "bo@example.org", "unit": "1 Elm", "name": "Bo", "accept": true}),
        json!({"email": "refuse-cy@example.org", "unit": "2 Elm", "name": "Cy"}),
    ];
    let batch = world.send(&list).await;
    let _worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, settled).await;
    let old = world.codes().await["refuse-cy@example.org"].clone();
    let (household, wrong) = world.household("refuse-cy@example.org").await;
    let board = world.board().await;

    // Bo's message stands for the first household; the second has a problem, and what helps.
    let page = board.page("/problems").await;
    assert!(page.contains("The address is wrong") && page.contains(&wrong.to_string()), "{page}");
    assert_eq!(page.matches("name=\"instead_of\"").count(), 1, "{page}");
    let mend = |address: &str| format!("instead_of={wrong}&address={address}");
    let path = format!("/households/{household}/address");
    for (address, why) in [
        ("cy", "e-mail address or a phone number"),
        ("refuse-cy%40example.org", "went to already"),
        ("bo%40example.org", "Another household"),
        ("312+555+4242", "tick the box"),
    ] {
        let (status, page) = board.submit(&path, &mend(address)).await;
        assert!(status == 422 && page.contains(why), "{address}: {status} {page}");
    }
    assert_eq!(world.door(&old).await, 200, "nothing was changed");

    let (status, page) = board.submit(&path, &mend("cy%40example.org")).await;
    assert!(status == 200 && page.contains("with a new access code"), "{status} {page}");
    assert!(
        !page.contains("refuse-cy@example.org</option>") && page.contains("cy@example.org</option>"),
        "{page}"
    );
    world.until("it arrives there", async || world.taken().await.get("cy@example.org") == Some(&1)).await;
    assert_eq!(world.door(&old).await, 410);
    let new = world.codes_of("household").await;
    assert!(new.iter().all(|code| code.plain() != old.plain()));
    // The same form once more changes nothing.
    let (status, page) = board.submit(&path, &mend("cy2%40example.org")).await;
    assert!(status == 409 && page.contains("mended this address already"), "{status} {page}");
    assert!(!board.page("/problems").await.contains("The address is wrong"));

    // A list may name the old address for whoever has it in truth.
    let body = json!({"channel": "email", "rows": [{"email": "refuse-cy@example.org", "unit": "9 Elm"}]});
    let look =
        world.client.post(&world.oakridge, "lists:verify", body.to_string().into_bytes(), &[]).await.unwrap();
    assert_eq!(look.body["counts"]["ready"], 1, "{}", look.body);

    // What went there before stays a message to the household that it was for, and is not offered again.
    let (message,): (uuid::Uuid,) = sqlx::query_as("SELECT id FROM deliveries WHERE contact_id = $1")
        .bind(wrong)
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
    let story = format!("/deliveries/{message}");
    let page = board.page(&story).await;
    assert!(page.contains("Cy</bdi>") && !page.contains("id=\"again\""), "its code has ended: {page}");
    let row = json!({"email": "refuse-cy@example.org", "unit": "9 Elm", "name": "Nina"});
    world.send(&[row]).await;
    world.until("it is Nina's", async || world.household("refuse-cy@example.org").await.0 != household).await;
    let page = board.page(&story).await;
    assert!(page.contains("2 Elm") && !page.contains("9 Elm") && !page.contains("Nina"), "{page}");
    let path_of = format!("deliveries/{message}");
    let told = world.client.get(&world.oakridge, &path_of).await.unwrap().body;
    assert_eq!(told["household"], household.to_string(), "{told}");
    sqlx::query("UPDATE households SET joined_at = app_now() WHERE id <> $1")
        .bind(household)
        .execute(&world.installation.pool)
        .await
        .unwrap();
    let again = format!("{path_of}/send-again");
    let again = world.client.post(&world.oakridge, &again, Vec::new(), &[]).await.unwrap();
    assert_eq!(again.status, 409, "whether Nina's household joined does not matter: {}", again.body);

    // One more address gets the same code.
    let before = world.codes_of("household").await.len();
    let (status, page) = board.submit(&path, "address=cy.work%40example.org").await;
    assert!(status == 200 && page.contains("on its way there, too"), "{status} {page}");
    world
        .until("it arrives there", async || world.taken().await.get("cy.work@example.org") == Some(&1))
        .await;
    assert_eq!(world.codes_of("household").await.len(), before);
    // Whoever wants to be left alone is.
    world.sql("INSERT INTO suppressions (id, community_id, channel, address_hash, address_masked, reason)
               SELECT gen_random_uuid(), community_id, channel, address_hash, 'c***', 'unsubscribed' FROM contacts WHERE address = 'cy@example.org'").await;
    let (status, page) = board.submit(&path, "address=cy%40example.org").await;
    assert!(status == 422 && page.contains("asked not to write"), "{status} {page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_failed_is_tried_again_and_what_may_have_arrived_only_when_said() {
    let mut world = World::new().await;
    let (unknown, _) = world.unknown_email("ada").await;
    let list: Vec<_> = (0..6)
        .map(|n| json!({"email": format!("tempfail-4-{n}@example.org"), "name": format!("T{n}")}))
        .collect();
    let list = [&list[..], &rows(4), &[json!({"email": "refuse-z@example.org"})]].concat();
    let batch = world.send(&list).await;
    let _worker = world.installation.start_worker().await.unwrap();
    let before = world.batch_until(&batch, settled).await;
    assert_eq!((&before["counts"]["failed"], &before["counts"]["accepted"]), (&json!(7), &json!(4)));
    assert_eq!(world.retry(&unknown, Value::Null).await, json!({"certain": 0, "unknown": 0, "left": 0}));

    let board = world.board().await;
    let page = board.page("/problems").await;
    for words in [
        "It may have arrived: you decide",
        "Send again to 6 households",
        "Print 6 access passes",
        "8 households need you",
    ] {
        assert!(page.contains(words), "{words} in {page}");
    }
    // Only this reason; then again, when nothing is left to do.
    let only = json!({"reasons": ["temporarily_refused"]});
    let (one, two) = tokio::join!(world.retry(&batch, only.clone()), world.retry(&batch, only.clone()));
    assert_eq!(one["certain"].as_u64().unwrap() + two["certain"].as_u64().unwrap(), 6, "{one} {two}");
    world.batch_until(&batch, |counts| settled(counts) && counts["accepted"] == 10).await;
    assert_eq!(world.retry(&batch, only).await["certain"], 0);
    assert_eq!(world.batch(&batch).await["counts"]["failed"], 1);

    // What nobody saw is left alone.
    let (_, page) = board.submit("/problems/again", "group=decide&seen=3").await;
    assert!(page.contains("The list has changed"), "{page}");
    let (status, page) = board.submit("/problems/again", "group=decide&seen=1").await;
    assert!(status == 200 && page.contains("may have arrived before"), "{status} {page}");
    world.until("it went", async || world.taken().await.contains_key("ada@example.org")).await;
    let twice = world.taken().await.into_values().filter(|count| *count > 1).count();
    assert_eq!(twice, 0, "nobody got anything twice from us");
    let refused = json!({"states": ["accepted"]}).to_string().into_bytes();
    let refused =
        world.client.post(&world.oakridge, &format!("batches/{batch}/retry"), refused, &[]).await.unwrap();
    assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["pointer"]), (422, &json!("/states/0")));

    // A pass for whom nothing else helps.
    let (status, page) = board.submit("/problems/passes", "group=fix_address&seen=1").await;
    assert!(status == 200 && page.contains("Pass"), "{status} {page}");
}

/// The last attempt failed for certain; one before it may have arrived.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_have_arrived_before_it_failed_is_not_called_certain() {
    let mut world = World::new().await;
    let batch = world.send(&[json!({"email": "tempfail-4-a@example.org"})]).await;
    let _worker = world.installation.start_worker().await.unwrap();
    let counts = world.batch_until(&batch, settled).await["counts"].clone();
    assert_eq!(counts["failed"], 1, "{counts}");
    world
        .sql("UPDATE attempts SET outcome = 'unknown', reason = 'timeout_after_body' WHERE number = 1")
        .await;
    assert_eq!(world.retry(&batch, Value::Null).await, json!({"certain": 0, "unknown": 0, "left": 0}));
    let page = world.board().await.page("/problems").await;
    assert!(
        page.contains("It may have arrived: you decide") && page.contains("may then arrive twice"),
        "{page}"
    );
    let both = json!({"states": ["failed", "needs_decision"]});
    assert_eq!(world.retry(&batch, both).await, json!({"certain": 0, "unknown": 1, "left": 0}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_passes_a_link_on_and_that_is_written_down() {
    let world = World::new().await;
    world.send(&rows(1)).await;
    let code = world.codes().await["resident.1@example.org"].clone();
    let (household, _) = world.household("resident.1@example.org").await;
    let board = world.board().await;
    let page = board.page(&format!("/households/{household}")).await;
    assert!(page.contains("Show the link") && !page.contains(code.plain()), "{page}");
    assert_eq!(board.get(&format!("/households/{household}/link")).await.0, 405, "looking shows nothing");
    let elsewhere = world.installation.create_community("Elm Court", &[]).await.unwrap();
    let stranger = world.board_of(&elsewhere).await;
    for step in ["link", "pass", "resend", "extend", "replace", "revoke", "address"] {
        let form = if step == "address" { "address=ann%40example.org" } else { "" };
        let (status, page) = stranger.submit(&format!("/households/{household}/{step}"), form).await;
        assert_eq!(status, 404, "{step}: {page}");
    }
    let (status, page) = board.submit(&format!("/households/{household}/link"), "").await;
    assert!(
        status == 200 && page.contains(code.plain()) && page.contains(&code.grouped()),
        "{status} {page}"
    );
    let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_log WHERE act = 'code_shown'")
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
    assert_eq!(seen, 1);
    let other = world.installation.create_community("Birchwood", &[]).await.unwrap();
    let other = world.board_of(&other).await;
    for step in ["link", "pass", "resend", "extend", "replace", "revoke", "address"] {
        let (status, _) =
            other.submit(&format!("/households/{household}/{step}"), "address=x%40example.org").await;
        assert!(status == 404 || step == "pass" && status == 409, "{step}: {status}");
    }
    let path = format!("/households/{household}/resend");
    let forged =
        board.request(Method::POST, &path).header("origin", "https://evil.example").send().await.unwrap();
    assert_eq!(forged.status(), 403);
    // Who has joined is left alone.
    world.sql("UPDATE households SET joined_at = app_now()").await;
    for step in ["link", "resend", "extend", "replace", "revoke"] {
        let (status, page) = board.submit(&format!("/households/{household}/{step}"), "").await;
        assert!(status == 409 && page.contains("has joined"), "{step}: {status} {page}");
    }
    assert!(!board.page(&format!("/households/{household}")).await.contains("What you can do"));
}

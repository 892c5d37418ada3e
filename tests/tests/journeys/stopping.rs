//! Whoever got a message stops further ones, and is not written to again.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use porchlight_tests::installation::Method;
use serde_json::json;

use crate::world::{World, rows, settled};

impl World {
    /// The path that `/u/{token}` is in the newest message to an address.
    fn stop_link(&self, recipient: &str) -> String {
        let accepted = self.installation.smtp.accepted();
        let number = accepted.iter().rfind(|message| &*message.recipient == recipient).unwrap().number;
        let source = self.installation.smtp.source(number).unwrap();
        let source = String::from_utf8(source.to_vec()).unwrap();
        let line =
            source.lines().find_map(|line| line.strip_prefix("List-Unsubscribe: <https://join.example.org"));
        line.unwrap().trim_end_matches('>').to_owned()
    }

    /// The same for a contact that nobody wrote to yet.
    pub(crate) async fn stop_link_of(&self, address: &str) -> String {
        let contact: uuid::Uuid = sqlx::query_scalar("SELECT id FROM contacts WHERE address = $1")
            .bind(address)
            .fetch_one(&self.installation.pool)
            .await
            .unwrap();
        let signature = self.keyring().link_signature("unsubscribe", contact.as_bytes());
        format!("/u/{}", URL_SAFE_NO_PAD.encode([*contact.as_bytes(), signature].concat()))
    }

    pub(crate) async fn state_of(&self, address: &str) -> String {
        sqlx::query_scalar("SELECT d.state::text FROM deliveries d JOIN contacts c ON c.id = d.contact_id WHERE c.address = $1 ORDER BY d.id DESC")
            .bind(address)
            .fetch_one(&self.installation.pool)
            .await
            .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_in_a_message_stops_the_next_ones() {
    let mut world = World::new().await;
    let batch = world.send(&rows(2)).await;
    let worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, settled).await;
    let link = world.stop_link("resident.1@example.org");

    // Looking shows a button and changes nothing; a link that was changed opens nothing.
    for _ in 0..10 {
        let page = world.client.visit(Method::GET, &link, None, None).await.unwrap();
        assert_eq!(page.status, 200);
        assert!(page.text.contains("r•••@e•••.org") && !page.text.contains("resident.1"), "{}", page.text);
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
    }
    let mut forged = link.clone().into_bytes();
    let at = forged.len() - 3;
    forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
    for wrong in [
        String::from_utf8(forged).unwrap(),
        link[..link.len() - 1].to_owned(),
        "/u/x".to_owned(),
        format!("{link}AA"),
    ] {
        let page =
            world.client.visit(Method::POST, &wrong, Some("List-Unsubscribe=One-Click"), None).await.unwrap();
        assert_eq!(page.status, 404, "{wrong}");
    }
    let suppressions = || async {
        let found: Vec<(String, String)> =
            sqlx::query_as("SELECT reason::text, address_masked FROM suppressions ORDER BY created_at")
                .fetch_all(&world.installation.pool)
                .await
                .unwrap();
        found
    };
    assert!(suppressions().await.is_empty());

    // A mail program's own button, twice; and somebody else by hand.
    for _ in 0..2 {
        let page =
            world.client.visit(Method::POST, &link, Some("List-Unsubscribe=One-Click"), None).await.unwrap();
        assert_eq!(page.status, 200);
    }
    let other = world.stop_link("resident.2@example.org");
    assert_eq!(world.client.visit(Method::POST, &other, Some("why=not_me"), None).await.unwrap().status, 200);
    let masked = "r•••@e•••.org".to_owned();
    assert_eq!(
        suppressions().await,
        [("unsubscribed".to_owned(), masked.clone()), ("not_me".to_owned(), masked)]
    );

    // Verify says so, a resend skips them, and nothing goes out.
    let seen = world
        .look_at_list(
            &json!({"channel": "email", "text": "resident.1@example.org\nresident.2@example.org\n"}),
        )
        .await;
    assert_eq!(seen["counts"]["skip"], 2, "{seen}");
    let again = json!({"channel": "email", "rows": rows(2), "already_invited": "resend", "again": true});
    let answer = world.client.send_list(&world.oakridge, &again).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body["type"]), (422, &json!("/problems/nothing-to-send")));
    assert_eq!(world.installation.smtp.total(), 2);
    assert!(worker.stop().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stops_in_the_middle_of_ten_thousand_gets_nothing() {
    let mut world = World::with(&[("PORCHLIGHT_SMTP_RATE", "200")]).await;
    let batch = world.send(&rows(10_000)).await;
    let worker = world.installation.start_worker().await.unwrap();
    world.installation.smtp.wait_for(100).await;
    // One that waits its turn, one that a worker may hold in its hands, one that the leader paused.
    let last = world.stop_link_of("resident.9999@example.org").await;
    let page =
        world.client.visit(Method::POST, &last, Some("List-Unsubscribe=One-Click"), None).await.unwrap();
    assert_eq!(page.status, 200);
    assert_eq!(
        world.state_of("resident.9999@example.org").await,
        "suppressed",
        "as soon as the answer is there"
    );
    let paused =
        world.client.post(&world.oakridge, &format!("batches/{batch}/pause"), Vec::new(), &[]).await.unwrap();
    assert_eq!(paused.status, 200);
    let held = world.stop_link_of("resident.9998@example.org").await;
    for nothing in ["", "why=", "x=y"] {
        let page = world.client.visit(Method::POST, &held, Some(nothing), None).await.unwrap();
        assert!(page.text.contains("Stop these messages?"), "a form that says nothing is a scanner's");
    }
    assert_eq!(world.state_of("resident.9998@example.org").await, "held");
    assert_eq!(world.client.visit(Method::POST, &held, Some("why=stop"), None).await.unwrap().status, 200);
    assert_eq!(world.state_of("resident.9998@example.org").await, "suppressed");
    let status = world.batch(&batch).await;
    assert_eq!(status["counts"]["suppressed"], 2, "{status}");
    sqlx::query("INSERT INTO suppressions (id, community_id, channel, address_hash, address_masked, reason) SELECT gen_random_uuid(), community_id, channel, address_hash, 'x', 'leader' FROM contacts WHERE address = 'resident.9997@example.org'")
        .execute(&world.installation.pool)
        .await
        .unwrap();
    // What a leader could lift, the reader's own word replaces.
    let leaders = world.stop_link_of("resident.9997@example.org").await;
    assert_eq!(world.client.visit(Method::POST, &leaders, Some("why=stop"), None).await.unwrap().status, 200);
    let reasons: Vec<String> = sqlx::query_scalar("SELECT DISTINCT reason::text FROM suppressions")
        .fetch_all(&world.installation.pool)
        .await
        .unwrap();
    assert_eq!(reasons, ["unsubscribed"]);
    // What a suppression finds in the queue, begin refuses.
    sqlx::query("INSERT INTO suppressions (id, community_id, channel, address_hash, address_masked, reason) SELECT gen_random_uuid(), community_id, channel, address_hash, 'x', 'leader' FROM contacts WHERE address = 'resident.9996@example.org'")
        .execute(&world.installation.pool)
        .await
        .unwrap();
    let resumed = world
        .client
        .post(&world.oakridge, &format!("batches/{batch}/resume"), Vec::new(), &[])
        .await
        .unwrap();
    assert_eq!(resumed.status, 200);
    world.until("the provider goes on", async || world.installation.smtp.total() > 300).await;
    let cancelled = world
        .client
        .post(&world.oakridge, &format!("batches/{batch}/cancel"), Vec::new(), &[])
        .await
        .unwrap();
    assert_eq!(cancelled.status, 200);
    world.batch_until(&batch, settled).await;
    assert!(worker.stop().await.unwrap().success());
    let counts = world.installation.smtp.counts();
    for n in [9_996, 9_997, 9_998, 9_999] {
        assert!(!counts.contains_key(&format!("resident.{n}@example.org")));
    }
}

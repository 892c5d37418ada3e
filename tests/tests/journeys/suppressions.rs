//! Who must not be written to: listed masked, added by hand, lifted where a leader may.

use porchlight_tests::installation::{Community, Method};
use serde_json::{Value, json};

use crate::world::{World, rows};

impl World {
    async fn suppress(&self, community: &Community, whom: &Value) -> (u16, Value) {
        let body = whom.to_string().into_bytes();
        let answer = self.client.post(community, "suppressions", body, &[]).await.unwrap();
        (answer.status.as_u16(), answer.body)
    }

    async fn lift(&self, community: &Community, id: &str) -> (u16, Value) {
        let path = format!("suppressions/{id}");
        let answer = self.client.send(Method::DELETE, community, &path, Vec::new(), &[]).await.unwrap();
        (answer.status.as_u16(), answer.body)
    }

    async fn suppressed(&self, community: &Community, query: &str) -> Value {
        let answer = self.client.get(community, &format!("suppressions{query}")).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    async fn verdict(&self, email: &str) -> Value {
        let list = json!({"channel": "email", "rows": [{"email": email}]});
        let answer =
            self.client.post(&self.oakridge, "lists:verify", list.to_string().into_bytes(), &[]).await;
        answer.unwrap().body["entries"][0]["verdict"].clone()
    }

    async fn reason(&self, reason: &'static str) {
        let set = sqlx::query(
            "UPDATE suppressions SET reason = $1::text::suppression_reason WHERE lifted_at IS NULL",
        );
        set.bind(reason).execute(&self.installation.pool).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_keeps_an_address_back_and_lifts_only_that() {
    let world = World::new().await;
    let oakridge = &world.oakridge;
    let (status, kept) = world.suppress(oakridge, &json!({"email": "Ada@Example.org"})).await;
    assert_eq!((status, &kept["masked"], &kept["reason"]), (201, &json!("A•••@e•••.org"), &json!("leader")));
    assert_eq!(world.verdict("ada@example.org").await, json!("skip"));
    let (status, again) = world.suppress(oakridge, &json!({"email": "ada@example.org"})).await;
    assert_eq!((status, &again["id"]), (200, &kept["id"]));
    assert_eq!(world.suppress(oakridge, &json!({"phone": "(312) 555-0143"})).await.0, 201);
    for wrong in
        [json!({}), json!({"email": "ada"}), json!({"phone": "1"}), json!({"email": "a@b.org", "phone": "1"})]
    {
        let (status, problem) = world.suppress(oakridge, &wrong).await;
        assert!(status == 422 && !problem["errors"].as_array().unwrap().is_empty(), "{wrong}: {problem}");
    }
    // Page by page.
    let first = world.suppressed(oakridge, "?limit=1").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = world.suppressed(oakridge, &format!("?limit=1&cursor={cursor}")).await;
    assert_eq!((&first["items"][0]["channel"], &second["items"][0]["id"]), (&json!("text"), &kept["id"]));
    assert_eq!(second["next_cursor"], Value::Null);
    for wrong in ["?limit=0", "?limit=x", "?cursor=made-up"] {
        let answer = world.client.get(oakridge, &format!("suppressions{wrong}")).await.unwrap();
        assert_eq!(answer.status, 400, "{wrong}");
    }
    // Whoever asked for it can only lift it themselves.
    let id = kept["id"].as_str().unwrap();
    for reason in ["unsubscribed", "opted_out", "complained", "not_me"] {
        world.reason(reason).await;
        let (status, problem) = world.lift(oakridge, id).await;
        assert_eq!((status, &problem["type"]), (409, &json!("/problems/not-ours-to-lift")), "{reason}");
    }
    world.reason("hard_bounced").await;
    let other = world.installation.create_community("Riverside", &[]).await.unwrap();
    assert_eq!(world.lift(&other, id).await.0, 404);
    assert_eq!(world.suppressed(&other, "").await["items"], json!([]));
    let service = world.installation.create_token(oakridge, "service").await.unwrap();
    assert_eq!(world.lift(&service, id).await.0, 403);
    assert_eq!(world.suppress(&service, &json!({"email": "b@example.org"})).await.0, 403);
    assert_eq!(world.suppressed(&service, "").await["items"].as_array().unwrap().len(), 2);
    assert_eq!(world.lift(oakridge, id).await.0, 204);
    assert_eq!(world.lift(oakridge, id).await.0, 404);
    assert_eq!(world.verdict("ada@example.org").await, json!("ready"));
    let acts: Vec<String> =
        sqlx::query_scalar("SELECT act::text FROM audit_log WHERE act::text LIKE 'suppression%' ORDER BY id")
            .fetch_all(&world.installation.pool)
            .await
            .unwrap();
    assert_eq!(acts, ["suppression_added", "suppression_added", "suppression_lifted"]);
    assert!(!world.api.log().contains("ada@example.org"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_finds_adds_and_lifts() {
    let world = World::new().await;
    let board = world.board().await;
    assert!(board.page("/settings/stopped").await.contains("Nobody is stopped."));
    let (_, page) = board.submit("/settings/stopped/add", "address=ada%40example.org").await;
    assert!(page.contains("Nobody writes to this address") && page.contains("a•••@e•••.org"), "{page}");
    assert!(board.submit("/settings/stopped/add", "address=ADA%40example.org").await.1.contains("already"));
    let (status, page) = board.submit("/settings/stopped/add", "address=ada+at+home").await;
    assert!(
        status == 422 && page.contains("value=\"ada at home\"") && page.contains("id=\"add-fault\""),
        "{page}"
    );
    let (status, page) = board.submit("/settings/stopped", "address=bo%40example.org").await;
    assert!(status == 200 && page.contains("is not stopped"), "{page}");
    let (_, page) = board.submit("/settings/stopped", "address=Ada%40Example.org").await;
    assert!(page.contains("A leader said so") && page.contains("a•••@e•••.org"), "{page}");
    let lift = page.split("action=\"/settings/stopped/").nth(1).unwrap().split('"').next().unwrap();
    let lift = format!("/settings/stopped/{lift}");
    world.reason("unsubscribed").await;
    let answer = board.post(&lift).await;
    assert_eq!(answer.status(), 409);
    world.reason("leader").await;
    assert!(board.press(&lift).await.contains("may be written to again"));
    assert!(board.press(&lift).await.contains("lifted already"));
    // What the whole installation keeps back is shown where the address is one of theirs, and nowhere else.
    world.send(&rows(1)).await;
    world
        .sql(
            "INSERT INTO suppressions (id, channel, address_hash, address_masked, reason)
         SELECT gen_random_uuid(), channel, address_hash, 'r•••@e•••.org', 'opted_out' FROM contacts",
        )
        .await;
    assert!(board.page("/settings/stopped").await.contains("r•••@e•••.org"));
    // What a leader lifts here does not lift that.
    world
        .sql(
            "INSERT INTO suppressions (id, community_id, channel, address_hash, address_masked, reason)
         SELECT gen_random_uuid(), community_id, channel, address_hash, 'x•••@e•••.org', 'leader' FROM contacts",
        )
        .await;
    let page = board.page("/settings/stopped").await;
    let lift = page.split("action=\"/settings/stopped/").find(|part| part.contains("/lift\"")).unwrap();
    let lift = format!("/settings/stopped/{}", lift.split('"').next().unwrap());
    assert!(board.press(&lift).await.contains("something else keeps it back"));
    let other = world.installation.create_community("Riverside", &[]).await.unwrap();
    assert!(world.board_of(&other).await.page("/settings/stopped").await.contains("Nobody is stopped."));
}

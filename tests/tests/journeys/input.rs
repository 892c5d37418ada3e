//! Bad input gets a clear answer and loses nothing else.

use serde_json::{Value, json};

use crate::world::{World, rows, settled};

/// Posts a body and returns status, the problem's last word, and the whole answer.
async fn post(world: &World, body: impl Into<Vec<u8>>) -> (u16, String, Value) {
    let answer = world.client.post(&world.oakridge, "batches", body.into(), &[]).await.unwrap();
    let kind = answer.body["type"].as_str().unwrap_or_default().trim_start_matches("/problems/").to_owned();
    (answer.status.as_u16(), kind, answer.body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_request_is_said() {
    let world = World::new().await;
    let list = |rows: Value| json!({"channel": "email", "rows": rows}).to_string();
    let too_many: Vec<_> = (0..100_001).map(|n| json!({"email": format!("{n}@example.org")})).collect();
    let cases: Vec<(Vec<u8>, u16, &str)> = vec![
        (b"".to_vec(), 400, "malformed-json"),
        (b"{".to_vec(), 400, "malformed-json"),
        (b"{\"channel\": \"email\", \"rows\": [{\"name\": \"a\0b\"}]}".to_vec(), 400, "malformed-json"),
        (b"{\"channel\": \"email\", \"rows\": [{\"name\": \"\xff\"}]}".to_vec(), 400, "malformed-json"),
        (
            format!("{} trailing", list(json!([{"email": "a@example.org"}]))).into_bytes(),
            400,
            "malformed-json",
        ),
        (vec![b'['; 200_000], 422, "invalid-field"),
        (b"[]".to_vec(), 422, "invalid-field"),
        (b"{\"channel\": \"email\"}".to_vec(), 422, "invalid-field"),
        (b"{\"channel\": \"email\", \"rows\": 7}".to_vec(), 422, "invalid-field"),
        (b"{\"channel\": \"pigeon\", \"rows\": [{}]}".to_vec(), 422, "invalid-field"),
        (b"{\"channel\": \"text\", \"rows\": [{}]}".to_vec(), 422, "invalid-field"),
        (
            b"{\"channel\": \"text\", \"rows\": [{}], \"consent\": {\"statement\": \" \"}}".to_vec(),
            422,
            "invalid-field",
        ),
        (
            b"{\"channel\": \"email\", \"rows\": [{}], \"consent\": {\"statement\": \"form\"}}".to_vec(),
            422,
            "invalid-field",
        ),
        (
            json!({"channel": "text", "rows": [{}], "note": "Hello", "consent": {"statement": "form"}})
                .to_string()
                .into_bytes(),
            422,
            "invalid-field",
        ),
        (b"{\"channel\": \"email\", \"rows\": [{}], \"nota\": \"x\"}".to_vec(), 422, "invalid-field"),
        (
            json!({"channel": "email", "rows": [{}], "note": "x".repeat(301)}).to_string().into_bytes(),
            422,
            "invalid-field",
        ),
        (
            json!({"channel": "email", "rows": [{}], "send_at": "tomorrow"}).to_string().into_bytes(),
            422,
            "invalid-field",
        ),
        (
            json!({"channel": "email", "rows": [{}], "send_at": "-009000-01-01T00:00:00Z"})
                .to_string()
                .into_bytes(),
            422,
            "invalid-field",
        ),
        (
            json!({"channel": "email", "rows": [{}], "send_at": "2999-01-01T00:00:00Z"})
                .to_string()
                .into_bytes(),
            422,
            "invalid-field",
        ),
        (
            json!({"channel": "email", "rows": [{}], "not_after": "2020-01-01T00:00:00Z"})
                .to_string()
                .into_bytes(),
            422,
            "invalid-field",
        ),
        (list(json!([])).into_bytes(), 422, "empty-list"),
        (list(json!(too_many)).into_bytes(), 422, "too-many-entries"),
        (list(json!([{"email": "nobody"}])).into_bytes(), 422, "nothing-to-send"),
        (vec![b' '; 17 * 1024 * 1024], 413, "body-too-large"),
    ];
    for (body, status, kind) in cases {
        let shown = String::from_utf8_lossy(&body[..body.len().min(120)]).into_owned();
        let (found_status, found_kind, answer) = post(&world, body).await;
        assert_eq!((found_status, found_kind.as_str()), (status, kind), "{shown}: {answer}");
        assert!(!answer["detail"].as_str().unwrap().is_empty());
    }
    let stored: i64 =
        sqlx::query_scalar("SELECT (SELECT count(*) FROM contacts) + (SELECT count(*) FROM batches)")
            .fetch_one(&world.installation.pool)
            .await
            .unwrap();
    assert_eq!(stored, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_row_costs_only_itself_and_says_where_it_stands() {
    let mut world = World::new().await;
    let list = json!({"channel": "email", "rows": [
        {"email": "a@example.org", "name": "Ada\r\nBcc: everybody@example.org"},
        {"email": "b@example.org", "name": "nul \u{0} byte"},
        {"email": "c@example.org", "name": "<script>alert(1)</script> & Sons"},
        {"email": "C@EXAMPLE.ORG"},
        {"email": 7},
        {"email": "d@example.org", "name": "x".repeat(201)},
    ]});
    let (status, _, answer) = post(&world, list.to_string()).await;
    assert_eq!(status, 202);
    assert_eq!(
        (&answer["accepted"], &answer["skipped"], &answer["rejected"]),
        (&json!(1), &json!(1), &json!(4))
    );
    let reasons: Vec<_> = answer["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["position"].as_i64().unwrap(), row["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(
        reasons,
        [
            (1, "control_character"),
            (2, "control_character"),
            (4, "duplicate"),
            (5, "not_text"),
            (6, "too_long")
        ]
    );
    let _worker = world.installation.start_worker().await.unwrap();
    world.installation.smtp.wait_for(1).await;
    let source = world.installation.smtp.source(world.installation.smtp.accepted()[0].number).unwrap();
    let source = String::from_utf8_lossy(&source);
    let html = source.split("text/html").nth(1).unwrap();
    assert!(!html.contains("<script>"), "{html}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_opens_one_community() {
    let world = World::new().await;
    let other = world.installation.create_community("Elm Court", &[]).await.unwrap();
    let batch = world.send(&rows(1)).await;
    let delivery: String = sqlx::query_scalar("SELECT id::text FROM deliveries")
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
    let mut forged = world.oakridge.clone();
    forged.token.clone_from(&other.token);
    for path in
        [format!("batches/{batch}"), format!("batches/{batch}/deliveries"), format!("deliveries/{delivery}")]
    {
        assert_eq!(world.client.get(&world.oakridge, &path).await.unwrap().status, 200);
        assert_eq!(world.client.get(&forged, &path).await.unwrap().status, 404, "{path}");
        // Its own community, somebody else's id.
        assert_eq!(world.client.get(&other, &path).await.unwrap().status, 404, "{path}");
    }
    forged.token = "porchlight_made-up".to_owned();
    let answer = world.client.get(&forged, &format!("batches/{batch}")).await.unwrap();
    assert_eq!(answer.status, 401);
    assert_eq!(answer.headers["www-authenticate"], "Bearer");
    for path in
        ["batches/not-a-uuid", "batches/00000000-0000-0000-0000-000000000000", "deliveries/%00", "nothing"]
    {
        assert_eq!(world.client.get(&world.oakridge, path).await.unwrap().status, 404, "{path}");
    }
    for path in
        ["deliveries?state=lost", "deliveries?cursor=made-up", "deliveries?limit=0", "deliveries?limit=ten"]
    {
        let answer = world.client.get(&world.oakridge, &format!("batches/{batch}/{path}")).await.unwrap();
        assert_eq!(answer.status, 400, "{path}");
    }
    for (path, status) in
        [("/healthz", 200), ("/readyz", 200), ("/metrics", 200), ("/openapi.json", 200), ("/nothing", 404)]
    {
        assert_eq!(world.client.get_plain(path).await.unwrap().0, status, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_under_the_same_key_gets_the_same_answer_and_sends_nothing_twice() {
    let mut world = World::new().await;
    let list = json!({"channel": "email", "rows": rows(30)}).to_string().into_bytes();
    let key = [("idempotency-key", "list-of-monday")];
    let twins = (0..50).map(|_| world.client.post(&world.oakridge, "batches", list.clone(), &key));
    let answers = futures(twins).await;
    let first = &answers[0].body;
    assert!(answers.iter().all(|answer| answer.status == 202 && answer.body == *first), "{answers:?}");
    let other = json!({"channel": "email", "rows": rows(31)}).to_string().into_bytes();
    let answer = world.client.post(&world.oakridge, "batches", other, &key).await.unwrap();
    assert_eq!(
        (answer.status.as_u16(), &answer.body["type"]),
        (422, &json!("/problems/idempotency-key-reused"))
    );
    let answer = world
        .client
        .post(&world.oakridge, "batches", list.clone(), &[("idempotency-key", "with space")])
        .await
        .unwrap();
    assert_eq!(answer.status, 400);

    // Without a key the list itself is recognised, in any order.
    let mut backwards = rows(30);
    backwards.reverse();
    let (status, kind, _) = post(&world, json!({"channel": "email", "rows": backwards}).to_string()).await;
    assert_eq!((status, kind.as_str()), (409, "same-list"));
    let (status, kind, answer) =
        post(&world, json!({"channel": "email", "rows": rows(30), "again": true}).to_string()).await;
    assert_eq!((status, kind.as_str()), (422, "nothing-to-send"), "all are invited already: {answer}");
    assert_eq!(answer["rows"][0]["reason"], "already_invited");

    let _worker = world.installation.start_worker().await.unwrap();
    world.batch_until(first["id"].as_str().unwrap(), settled).await;
    assert_eq!(world.installation.smtp.total(), 30);
    // A resend within a day is refused by the row, a day later it carries the same code.
    let again =
        json!({"channel": "email", "rows": rows(30), "again": true, "already_invited": "resend"}).to_string();
    assert_eq!(post(&world, again.clone()).await.2["rows"][0]["reason"], "too_soon");
    world.ahead("25 hours").await;
    let (status, _, answer) = post(&world, again).await;
    assert_eq!((status, &answer["accepted"]), (202, &json!(30)));
    world.batch_until(answer["id"].as_str().unwrap(), settled).await;
    let live: i64 = sqlx::query_scalar("SELECT count(*) FROM invitations")
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
    assert_eq!((live, world.installation.smtp.total()), (30, 60));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaders_who_send_overlapping_lists_at_once_make_one_invitation_for_each_household() {
    let world = World::new().await;
    let lists = (0..6_usize).map(|leader| {
        let mut list = rows(60);
        list.rotate_left(leader * 10);
        list.truncate(50);
        for row in &mut list {
            row["unit"] = json!(format!("Lot {}", row["email"].as_str().unwrap().len() * 1000 + leader % 2));
        }
        let body = json!({"channel": "email", "rows": list, "accept_checks": true}).to_string().into_bytes();
        world.client.post(&world.oakridge, "batches", body, &[])
    });
    let answers = futures(lists).await;
    assert!(answers.iter().all(|answer| [202, 422].contains(&answer.status.as_u16())), "{answers:?}");
    let accepted: i64 = answers.iter().filter_map(|answer| answer.body["accepted"].as_i64()).sum();
    let counts: (i64, i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM deliveries), (SELECT count(*) FROM contacts),
                (SELECT count(*) FROM invitations WHERE ended_at IS NULL), (SELECT count(DISTINCT household_id) FROM contacts)",
    )
    .fetch_one(&world.installation.pool)
    .await
    .unwrap();
    assert_eq!((counts.0, counts.1), (accepted, 60), "every address once");
    assert_eq!(counts.2, counts.3, "one live invitation for each household");
}

async fn futures<F: Future<Output = Result<T, E>>, T, E: std::fmt::Debug>(
    all: impl Iterator<Item = F>,
) -> Vec<T> {
    let mut set: Vec<_> = all.map(Box::pin).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|cx| {
        set.retain_mut(|future| match future.as_mut().poll(cx) {
            std::task::Poll::Ready(answer) => {
                done.push(answer.unwrap());
                false
            }
            std::task::Poll::Pending => true,
        });
        if set.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done
}

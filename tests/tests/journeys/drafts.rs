//! Good entries go while the others stay: a draft is fetched, mended and sent.

use porchlight_tests::installation::{Answer, Method};
use serde_json::{Value, json};

use crate::{
    lists::reasons,
    world::{World, rows, settled},
};

impl World {
    async fn draft(&self, draft: &str) -> Value {
        let answer = self.client.get(&self.oakridge, &format!("drafts/{draft}")).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    async fn mend(&self, draft: &str, entries: Value) -> Answer {
        let body = json!({"entries": entries}).to_string().into_bytes();
        let json = [("content-type", "application/json")];
        self.client
            .send(Method::PATCH, &self.oakridge, &format!("drafts/{draft}"), body, &json)
            .await
            .unwrap()
    }

    async fn send_draft(&self, draft: &str) -> Answer {
        self.client.send_list(&self.oakridge, &json!({"channel": "email", "draft": draft})).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_of_a_list_is_mended_and_sent_later() {
    let mut world = World::new().await;
    let text = "Name,Email,Unit\nAda,ada@example.org,1\nBo,bo@gmailcom,2\nCy,cy@gmial.com,3\nDi,di at example.org,4\nAda,ADA@example.org,1\nEd,,5\n";
    let answer =
        world.client.send_list(&world.oakridge, &json!({"channel": "email", "text": text})).await.unwrap();
    assert_eq!(answer.status, 202, "{}", answer.body);
    let counts =
        ["accepted", "to_check", "skipped", "rejected"].map(|count| answer.body[count].as_i64().unwrap());
    assert_eq!(counts, [1, 1, 1, 3]);
    let first = answer.body["id"].as_str().unwrap().to_owned();
    let draft = answer.body["draft"].as_str().unwrap().to_owned();

    let kept = world.draft(&draft).await;
    assert_eq!(
        reasons(&kept["entries"]),
        ["2 fix email_domain", "3 check likely_typo", "4 fix email_no_at", "6 fix no_email"]
    );
    let entry = &kept["entries"][0];
    assert_eq!(entry["written"], json!({"email": "bo@gmailcom", "name": "Bo", "unit": "2"}));
    assert_eq!((&entry["line"], &entry["suggestion"]), (&json!(3), &json!("bo@gmail.com")));
    assert_eq!((&kept["batch"], &kept["total"]), (&json!(first), &json!(4)));

    // Nothing in it can go yet, and nothing of it is lost by trying.
    assert_eq!(world.send_draft(&draft).await.status, 422);
    let refused = world.mend(&draft, json!([{"position": 1, "email": "x@example.org"}])).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.body["errors"][0]["pointer"]),
        (422, &json!("/entries/0/position"))
    );
    let mended = world
        .mend(&draft, json!([{"position": 2, "email": "bo@gmail.com"}, {"position": 3, "accept": true}, {"position": 6, "remove": true}]))
        .await;
    assert_eq!(mended.status, 200, "{}", mended.body);
    assert_eq!(
        reasons(&mended.body["entries"]),
        ["2 ready ready", "3 check likely_typo", "4 fix email_no_at"]
    );
    assert_eq!(mended.body["entries"][1]["accept"], true);

    // Two leaders press the button at once.
    let (one, other) = tokio::join!(world.send_draft(&draft), world.send_draft(&draft));
    let mut answers = [one, other];
    answers.sort_by_key(|answer| answer.status);
    assert_eq!(answers[0].status, 202, "{}", answers[0].body);
    assert_eq!(answers[1].body["type"], "/problems/nothing-to-send", "{}", answers[1].body);
    assert_eq!((&answers[0].body["accepted"], &answers[0].body["draft"]), (&json!(2), &json!(draft)));
    assert_eq!(reasons(&world.draft(&draft).await["entries"]), ["4 fix email_no_at"]);

    // The last one goes, and the draft with it.
    let mended = world.mend(&draft, json!([{"position": 4, "email": "di@example.org"}])).await;
    assert_eq!(reasons(&mended.body["entries"]), ["4 ready ready"]);
    let last = world.send_draft(&draft).await;
    assert_eq!((last.status.as_u16(), last.body.get("draft")), (202, None), "{}", last.body);
    assert_eq!(world.client.get(&world.oakridge, &format!("drafts/{draft}")).await.unwrap().status, 404);
    let _worker = world.installation.start_worker().await.unwrap();
    for batch in [first.as_str(), answers[0].body["id"].as_str().unwrap(), last.body["id"].as_str().unwrap()]
    {
        world.batch_until(batch, settled).await;
    }
    assert_eq!(world.installation.smtp.total(), 4);
    let names: Vec<String> = sqlx::query_scalar("SELECT name FROM contacts ORDER BY name")
        .fetch_all(&world.installation.pool)
        .await
        .unwrap();
    assert_eq!(names, ["Ada", "Bo", "Cy", "Di"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_is_one_communitys_and_ends_by_itself() {
    let world = World::new().await;
    let list = json!({"channel": "email", "rows": rows(3)}).to_string().into_bytes();
    let saved = world.client.post(&world.oakridge, "drafts", list.clone(), &[]).await.unwrap();
    assert_eq!(saved.status, 201, "{}", saved.body);
    let draft = saved.body["id"].as_str().unwrap();
    assert_eq!((&saved.body["total"], &saved.body["counts"]["ready"]), (&json!(3), &json!(3)));
    let other = world.installation.create_community("Elm Court", &[]).await.unwrap();
    let path = format!("drafts/{draft}");
    assert_eq!(world.client.get(&other, &path).await.unwrap().status, 404);
    let stolen = json!({"channel": "email", "draft": draft});
    assert_eq!(world.client.send_list(&other, &stolen).await.unwrap().status, 422);
    for method in [Method::PATCH, Method::DELETE] {
        let body = b"{\"entries\": []}".to_vec();
        let json = [("content-type", "application/json")];
        assert_eq!(world.client.send(method, &other, &path, body, &json).await.unwrap().status, 404);
    }
    assert_eq!(world.client.get(&other, "drafts").await.unwrap().body, json!({"drafts": []}));
    let listed = world.client.get(&world.oakridge, "drafts").await.unwrap().body;
    assert_eq!((&listed["drafts"][0]["id"], &listed["drafts"][0]["total"]), (&json!(draft), &json!(3)));

    let again = world.client.post(&world.oakridge, "drafts", list, &[]).await.unwrap();
    let dropped = format!("drafts/{}", again.body["id"].as_str().unwrap());
    for status in [204, 404] {
        let answer =
            world.client.send(Method::DELETE, &world.oakridge, &dropped, Vec::new(), &[]).await.unwrap();
        assert_eq!(answer.status, status);
    }
    world.ahead("31 days").await;
    assert_eq!(world.client.get(&world.oakridge, &path).await.unwrap().status, 404);
    let mut world = world;
    let _worker = world.installation.start_worker().await.unwrap();
    world
        .until("it is dropped", async || {
            let left: i64 = sqlx::query_scalar(
                "SELECT (SELECT count(*) FROM drafts) + (SELECT count(*) FROM draft_entries)",
            )
            .fetch_one(&world.installation.pool)
            .await
            .unwrap();
            left == 0
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_not_be_kept_has_to_be_written_anew() {
    let world = World::new().await;
    let list = json!({"channel": "email", "rows": [
        {"email": "ada@example.org", "unit": [12]}, {"email": "bo@example.org", "unit": 12},
        {"email": "cy@example.org", "shoes": "x"}, "di@example.org",
    ]});
    let answer = world.client.send_list(&world.oakridge, &list).await.unwrap();
    assert_eq!(
        reasons(&answer.body["rows"]),
        ["1 fix not_text", "3 fix unknown_field", "4 fix not_an_object"],
        "{}",
        answer.body
    );
    let draft = answer.body["draft"].as_str().unwrap();
    let kept = world.draft(draft).await;
    assert_eq!(reasons(&kept["entries"]), ["1 fix incomplete", "3 fix incomplete", "4 fix incomplete"]);
    assert_eq!(world.send_draft(draft).await.status, 422);
    let mended =
        world.mend(draft, json!([{"position": 1, "unit": "14"}, {"position": 3, "name": "Cy"}])).await;
    assert_eq!(reasons(&mended.body["entries"]), ["1 ready ready", "3 ready ready", "4 fix incomplete"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_member_of_an_invited_household_is_added_when_accepted() {
    let mut world = World::new().await;
    let list = json!({"channel": "email", "rows": [
        {"email": "ada@example.org", "unit": "12"}, {"email": "bo@example.org", "unit": "12"},
    ]});
    let answer = world.client.send_list(&world.oakridge, &list).await.unwrap();
    assert_eq!(reasons(&answer.body["rows"]), ["2 check same_unit"], "{}", answer.body);
    let draft = answer.body["draft"].as_str().unwrap();
    assert_eq!(reasons(&world.draft(draft).await["entries"]), ["2 skip already_invited"]);
    let accepted = world.mend(draft, json!([{"position": 2, "accept": true}])).await;
    assert_eq!(reasons(&accepted.body["entries"]), ["2 ready ready"]);
    let answer = world.send_draft(draft).await;
    assert_eq!(answer.body["accepted"], 1, "{}", answer.body);
    let _worker = world.installation.start_worker().await.unwrap();
    world.batch_until(answer.body["id"].as_str().unwrap(), settled).await;
    world.installation.smtp.wait_for(2).await;
    let invitations: i64 = sqlx::query_scalar("SELECT count(*) FROM invitations")
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
    assert_eq!(invitations, 1, "both carry the same code");
}

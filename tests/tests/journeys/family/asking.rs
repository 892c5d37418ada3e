//! What residents ask for, and what leaders do about it.

use serde_json::{Value, json};

use super::{ADA, after};
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_residents_ask_for_reaches_their_leaders() {
    let mut world = World::new().await;
    world.send(&[json!({"email": "ada@example.org", "unit": "1 Elm Street", "name": "Ada"})]).await;
    let worker = world.installation.start_worker().await.unwrap();
    world.installation.smtp.wait_for(1).await;
    let code = world.codes_of("household").await.remove(0);
    let ask = format!("/j/{}/ask", code.plain());
    let visitor = world.stranger();

    // Not theirs. A form that says nothing, and one that asks for what is not so, change nothing.
    for form in ["", "what=", "what=new_code", "what=again", "what=everything"] {
        let (status, page) = visitor.submit(&ask, form).await;
        assert!(status == 200 && page.contains("Your household is invited"), "{form}: {page}");
    }
    assert_eq!(world.requests().await, Vec::<Value>::new());
    for _ in 0..3 {
        let (status, page) = visitor.submit(&ask, "what=not_me").await;
        assert!(status == 200 && page.contains("Thank you for telling us"), "{page}");
    }
    let open = world.requests().await;
    assert_eq!(
        (open.len(), &open[0]["kind"], &open[0]["place"]),
        (1, &json!("not_me"), &json!("1 Elm Street"))
    );
    assert_eq!(world.answer(&open[0], "decline", &Value::Null).await.0, 200);
    assert_eq!(visitor.get(&format!("/j/{}", code.plain())).await.0, 200, "left as it is");
    visitor.submit(&ask, "what=not_me").await;
    let open = world.requests().await;
    assert_eq!(world.answer(&open[0], "grant", &Value::Null).await, (200, json!({"outcome": "revoked"})));
    let (status, page) = visitor.get(&format!("/j/{}", code.plain())).await;
    assert!(status == 410 && page.contains("was cancelled"), "{page}");

    // Expired: one tap, one request, a new code to where the first one went.
    world.send(&[json!({"email": "bo@example.org", "unit": "2 Elm Street"})]).await;
    world.installation.smtp.wait_for(2).await;
    let code = world.codes_of("household").await.remove(0);
    world.ahead("31 days").await;
    let (status, page) = visitor.get(&format!("/j/{}", code.plain())).await;
    assert!(status == 410 && page.contains("Ask for a new one"), "{page}");
    for _ in 0..2 {
        let (status, page) = visitor.submit(&format!("/j/{}/ask", code.plain()), "what=new_code").await;
        assert!(status == 200 && page.contains("Your community was asked"), "{page}");
    }
    let board = world.board().await;
    let page = board.page("/requests").await;
    assert!(page.contains("Asks for a new code") && page.contains("2 Elm Street"), "{page}");
    let request = after(&page, "action=\"/requests/").to_owned();
    let (status, page) = board.submit(&format!("/requests/{request}"), "answer=grant").await;
    assert!(status == 200 && page.contains("A new invitation is on its way"), "{page}");
    world.installation.smtp.wait_for(3).await;
    let new = world.codes_of("household").await.remove(0);
    assert_ne!(new, code);
    let source = world.installation.smtp.source(3).unwrap();
    assert!(String::from_utf8_lossy(&source).contains(&new.grouped()), "the new code is in it");
    assert!(!board.page("/").await.contains("1 household has a problem"));

    // Replaced: the newest goes once more to the same address, at most once a day, and nobody learns anything.
    world
        .sql("UPDATE invitations SET ended_as = 'replaced' WHERE ended_as = 'expired' AND kind = 'household'")
        .await;
    let (status, page) = visitor.get(&format!("/j/{}", code.plain())).await;
    assert!(status == 410 && page.contains("Send the newest one again"), "{page}");
    world
        .until("it is accepted", async || {
            world.count("SELECT count(*) FROM deliveries WHERE state IN ('sending', 'queued')").await == 0
        })
        .await;
    let again = format!("/j/{}/ask", code.plain());
    let (_, page) = visitor.submit(&again, "what=again").await;
    assert!(page.contains("It is sent again"), "{page}");
    assert_eq!(
        world.count("SELECT count(*) FROM deliveries WHERE kind = 'invitation'").await,
        3,
        "written to today"
    );
    world.ahead("25 hours").await;
    for _ in 0..3 {
        let (_, page) = visitor.submit(&again, "what=again").await;
        assert!(page.contains("It is sent again"));
    }
    world.installation.smtp.wait_for(4).await;
    assert_eq!(world.count("SELECT count(*) FROM deliveries WHERE kind = 'invitation'").await, 4);

    for secret in [code.plain(), new.plain(), "bo@example.org"] {
        assert!(!world.api.log().contains(secret) && !worker.log().contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn details_are_deleted_and_stay_skipped() {
    let mut world = World::new().await;
    world.send(&[json!({"email": "bo@example.org", "unit": "2 Elm Street", "name": "Bo"})]).await;
    let _worker = world.installation.start_worker().await.unwrap();
    world.installation.smtp.wait_for(1).await;
    let code = world.codes_of("household").await.remove(0);
    let visitor = world.stranger();

    // The link that stops messages tells the leaders that somebody is not meant.
    let source = world.installation.smtp.source(1).unwrap();
    let source = String::from_utf8_lossy(&source).replace("=\r\n", "");
    let token = source.split("https://join.example.org/u/").nth(1).unwrap();
    let token = token.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').next().unwrap();
    let (status, page) = visitor.submit(&format!("/u/{token}"), "why=not_me").await;
    assert!(status == 200 && page.contains("Stopped"), "{page}");
    let open = world.requests().await;
    assert_eq!((open.len(), &open[0]["kind"]), (1, &json!("not_me")));

    // No address and no name is left, and the next list skips it all the same.
    let (status, page) = visitor.submit(&format!("/u/{token}"), "why=forget").await;
    assert!(status == 200 && page.contains("are deleted here"), "{page}");
    assert_eq!(
        world.count("SELECT count(*) FROM contacts WHERE address IS NOT NULL OR name IS NOT NULL").await,
        0
    );
    let seen = world.look_at_list(&json!({"channel": "email", "text": "bo@example.org\n"})).await;
    assert_eq!(
        (&seen["entries"][0]["verdict"], &seen["counts"]["ready"]),
        (&json!("skip"), &json!(0)),
        "{seen}"
    );
    let (status, page) = visitor.get(&format!("/u/{token}")).await;
    assert!(status == 200 && page.contains("Stopped"), "{page}");

    // Nobody can be written to: the leader is told what to do instead.
    world.ahead("31 days").await;
    visitor.submit(&format!("/j/{}/ask", code.plain()), "what=new_code").await;
    let open = world.requests().await;
    let new_code = open.iter().find(|request| request["kind"] == "new_code").unwrap();
    let (status, problem) = world.answer(new_code, "grant", &Value::Null).await;
    assert!(status == 409 && problem["detail"].as_str().unwrap().contains("Print a pass"), "{problem}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_household_that_is_listed_twice_becomes_one() {
    let mut world = World::new().await;
    world
        .send(&[
            json!({"email": "ada@example.org", "unit": "1 Elm Street", "household": "Lovelace"}),
            json!({"email": "augusta@example.org", "unit": "1 Elm St", "household": "Lovelace"}),
            json!({"email": "zoe@example.org", "unit": "2 Elm Street", "household": "Other"}),
        ])
        .await;
    let codes = world.codes().await;
    let (stays, goes) = (&codes["ada@example.org"], &codes["augusta@example.org"]);
    let _worker = world.installation.start_worker().await.unwrap();
    world.installation.smtp.wait_for(3).await;
    world.print(&json!({"kind": "addressed", "layout": "cards", "paper": "letter"})).await;
    let ids: Vec<uuid::Uuid> = sqlx::query_scalar(
        "SELECT c.household_id FROM contacts c WHERE c.address IN ('ada@example.org', 'augusta@example.org') ORDER BY c.address",
    )
    .fetch_all(&world.installation.pool)
    .await
    .unwrap();
    let [into, from] = ids[..] else { panic!("{ids:?}") };

    // Each has a page of its own, which shows the other one.
    let board = world.board().await;
    let list = board.page("/households").await;
    assert!(list.contains(&format!("/households/{from}")));
    let page = board.page(&format!("/households/{from}")).await;
    for word in ["Lovelace", "augusta@example.org", "Is it listed twice?", "1 Elm Street", "Pass 00000"] {
        assert!(page.contains(word), "{word}: {page}");
    }
    assert!(!page.contains("Other"), "{page}");
    let delivery = after(&page, "href=\"/deliveries/").to_owned();
    let elsewhere = world.installation.create_community("Elm Court", &[]).await.unwrap();
    let foreign = world.board_of(&elsewhere).await;
    assert_eq!(foreign.get(&format!("/households/{from}")).await.0, 404);
    let merge = format!("/households/{from}/merge");
    assert_eq!(foreign.submit(&merge, &format!("into={into}")).await.0, 404);
    for wrong in ["", "into=x", "into=01890a5d-ac96-774b-bcce-b302099a8057", &format!("into={from}")] {
        assert_eq!(board.submit(&merge, wrong).await.0, 404, "{wrong}");
    }
    assert_eq!(world.count("SELECT count(*) FROM households").await, 3);

    let (status, page) = board.submit(&merge, &format!("into={into}")).await;
    assert!(status == 200 && page.contains("The two are one now"), "{page}");
    for word in ["ada@example.org", "augusta@example.org"] {
        assert!(page.contains(word), "{word}: {page}");
    }
    assert_eq!(board.get(&format!("/households/{from}")).await.0, 404);
    assert!(board.page(&format!("/deliveries/{delivery}")).await.contains("augusta@example.org"));
    assert_eq!(world.count("SELECT count(*) FROM households").await, 2);
    assert_eq!(world.codes_of("household").await.len(), 2, "one for each");
    // Whoever has the other code is told, and gets the one that is left.
    let visitor = world.stranger();
    let (status, page) = visitor.get(&format!("/j/{}", goes.plain())).await;
    assert!(status == 410 && page.contains("There is a newer invitation"), "{page}");
    visitor.submit(&format!("/j/{}/ask", goes.plain()), "what=again").await;
    world.installation.smtp.wait_for(4).await;
    let source = world.installation.smtp.source(4).unwrap();
    let source = String::from_utf8_lossy(&source);
    assert!(source.contains(&stays.grouped()) && source.contains("augusta@example.org"), "{source}");

    // Both have joined: the first head stays, nobody is lost, and whoever is in both is in once.
    let (ada, _) = world.join_page(stays, ADA).await;
    let (zoe, _) = world.join_page(&codes["zoe@example.org"], "name=Zoe&contact=zoe%40example.org").await;
    let (home, _) = zoe.home().await;
    zoe.invite(&home, "for=Ada").await;
    let code = world.codes_of("member").await.remove(0);
    world.join_page(&code, ADA).await;
    let other = home.rsplit('/').next().unwrap().to_owned();
    let body = json!({"into": into}).to_string().into_bytes();
    let path = format!("households/{other}/merge");
    let service = world.installation.create_token(&world.oakridge, "service").await.unwrap();
    assert_eq!(world.client.post(&service, &path, body.clone(), &[]).await.unwrap().status, 403);
    let answer = world.client.post(&world.oakridge, &path, body, &[]).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body["household"]), (200, &json!(into)));
    let (_, page) = ada.home().await;
    assert!(page.contains("Zoe") && page.contains("Invite your family"), "{page}");
    assert_eq!(page.matches("Ada Lovelace").count(), 1, "{page}");
    assert!(zoe.home().await.1.contains("Ada Lovelace"));
    assert_eq!(world.count("SELECT count(*) FROM members WHERE role = 'head'").await, 1);
}

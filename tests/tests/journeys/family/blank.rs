//! Blank passes: matched with a household, put before a leader, handed over.

use porchlight_shared::domain::AccessCode;
use porchlight_tests::installation::Method;
use serde_json::{Value, json};

use super::{ADA, after};
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blank_pass_finds_its_household_or_waits_for_a_leader() {
    let world = World::new().await;
    world.send(&[json!({"email": "ada@example.org", "unit": "1 Elm Street"})]).await;
    world
        .home_of(&json!({"rows": [
            {"unit": "2 Elm Street", "household": "Upstairs"}, {"unit": "2 Elm Street", "household": "Downstairs"},
        ]}))
        .await;
    let own = world.codes_of("household").await.remove(0);
    let wish = json!({"kind": "blank", "count": 7, "layout": "cards", "paper": "letter"});
    let printing = world.print(&wish).await;
    assert_eq!((&printing["passes"], &printing["first_serial"]), (&json!(7), &json!(1)));
    let blank = world.codes_of("blank").await;
    assert_eq!(blank.len(), 7);
    let at = |code: &AccessCode, address: &str, mail: &str| {
        let who = json!({"code": code.plain(), "name": "Ada", "email": mail, "address": address});
        let client = world.client.clone();
        async move {
            let answer = client.join(&who, None).await.unwrap();
            (answer.status.as_u16(), answer.body)
        }
    };

    // Where they live has to be said, and only there.
    let page =
        world.client.visit(Method::GET, &format!("/j/{}", blank[0].plain()), None, None).await.unwrap();
    assert!(page.text.contains("name=\"place\""));
    let page = world.client.visit(Method::POST, &page.path, Some(ADA), None).await.unwrap();
    assert!(page.status == 422 && page.text.contains("Write your address"), "{}", page.text);
    let (status, problem) = at(&blank[0], " ", "ada@example.org").await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/address")));
    assert_eq!(at(&own, "1 Elm Street", "ada@example.org").await.0, 422);

    // One household lives there and has not joined: theirs, and its other code ends.
    let (status, joined) = at(&blank[0], "1  ELM street.", "new@example.org").await;
    assert_eq!((status, &joined["verified"]), (201, &json!(false)), "{joined}");
    let page = world.client.visit(Method::GET, &format!("/j/{}", own.plain()), None, None).await.unwrap();
    assert_eq!(page.status, 409, "{}", page.text);
    assert_eq!(world.count("SELECT count(*) FROM deliveries WHERE state = 'not_needed'").await, 1);
    // Next door's pass leads to its head, and stays as it is.
    let (status, problem) = at(&blank[1], "1 Elm Street", "bo@example.org").await;
    assert_eq!((status, &problem["type"]), (409, &json!("/problems/household-exists")));
    assert_eq!(world.codes_of("blank").await.len(), 6);
    let form = "name=Bo&contact=bo%40example.org&place=1+Elm+Street";
    let (status, page) = world.stranger().join(blank[1].plain(), form).await;
    assert!(status == 409 && page.contains("has joined already"), "{page}");

    // Who lives there and cannot get in any more asks the leaders, who let them in where they belong.
    assert!(page.contains("Ask your community to let you in"));
    let lost = "name=Ada&contact=new%40example.org&place=1+Elm+Street&ask=yes";
    let (again, page) = world.join_page(&blank[6], lost).await;
    assert!(page.contains("Waiting"), "{page}");
    let open = world.requests().await;
    let household = json!({"household": joined["household"]});
    let (status, problem) = world.answer(&open[0], "grant", &household).await;
    assert_eq!((status, &problem["type"]), (409, &json!("/problems/member-already")), "not by the way");
    let board = world.board().await;
    assert!(board.page("/requests").await.contains("in another browser"));
    let household = json!({"household": joined["household"], "again": true});
    assert_eq!(world.answer(&open[0], "grant", &household).await, (200, json!({"outcome": "let_in"})));
    assert!(again.home().await.1.contains("Head of Household"));

    // Several live there: a leader says which. Meanwhile nobody else gets in with the code.
    let form = "name=Bo+Downs&contact=bo%40example.org&place=2+Elm+Street";
    let (bo, page) = world.join_page(&blank[1], form).await;
    assert!(page.contains("Waiting for your community"));
    assert!(bo.page("/home").await.contains("was asked to let you in"));
    let (status, problem) = at(&blank[1], "9 Oak Lane", "cy@example.org").await;
    assert_eq!((status, &problem["type"]), (409, &json!("/problems/waiting-for-approval")));
    assert!(board.page("/").await.contains("1 resident waits for your answer"));
    let page = board.page("/requests").await;
    for word in ["Bo Downs", "bo@example.org", "2 Elm Street", "Upstairs", "Downstairs", "Pass 000002"] {
        assert!(page.contains(word), "{word}: {page}");
    }
    let request = after(&page, "action=\"/requests/").to_owned();
    let downstairs = page.split("<option value=\"").find(|option| option.contains("Downstairs")).unwrap();
    let downstairs = downstairs.split('"').next().unwrap();
    let (status, page) =
        board.submit(&format!("/requests/{request}"), &format!("answer=grant&household={downstairs}")).await;
    assert!(status == 200 && page.contains("They are in") && page.contains("Nobody waits"), "{page}");
    assert!(bo.home().await.1.contains("Bo Downs"));
    let answered = board.submit(&format!("/requests/{request}"), "answer=decline").await;
    assert_eq!(answered.0, 409, "who answers second is told");
    assert_eq!(world.count("SELECT count(*) FROM requests WHERE name IS NOT NULL").await, 0, "forgotten");

    // A place that nobody knows: a household of their own, or none.
    assert_eq!(at(&blank[2], "9 Oak Lane", "cy@example.org").await.0, 202);
    assert_eq!(at(&blank[3], "8 Oak Lane", "di@example.org").await.0, 202);
    let open = world.requests().await;
    assert_eq!(open.len(), 2);
    assert_eq!(world.answer(&open[0], "grant", &Value::Null).await, (200, json!({"outcome": "let_in"})));
    assert_eq!(world.answer(&open[1], "decline", &Value::Null).await, (200, json!({"outcome": "declined"})));
    assert_eq!(at(&blank[3], "8 Oak Lane", "di@example.org").await.0, 410);
    assert_eq!(world.count("SELECT count(*) FROM households WHERE joined_at IS NOT NULL").await, 3);
    assert_eq!(world.requests().await, Vec::<Value>::new());
    let service = world.installation.create_token(&world.oakridge, "service").await.unwrap();
    assert_eq!(world.client.get(&service, "requests").await.unwrap().status, 403);
    let elsewhere = world.installation.create_community("Elm Court", &[]).await.unwrap();
    let path = format!("requests/{}/grant", open[0]["id"].as_str().unwrap());
    assert_eq!(world.client.post(&elsewhere, &path, Vec::new(), &[]).await.unwrap().status, 404);

    // Void while a leader is asked: the answer is given with it.
    assert_eq!(at(&blank[4], "7 Oak Lane", "ed@example.org").await.0, 202);
    let body = json!({"from": 5}).to_string().into_bytes();
    let answer = world.client.post(&world.oakridge, "passes/void", body, &[]).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body["changed"]), (200, &json!(1)));
    assert_eq!(world.requests().await, Vec::<Value>::new());
    assert_eq!(at(&blank[4], "7 Oak Lane", "ed@example.org").await.0, 410);

    let path = format!("passes/{}", printing["id"].as_str().unwrap());
    let shown = world.client.get(&world.oakridge, &path).await.unwrap().body;
    let stand: Vec<_> =
        shown["items"].as_array().unwrap().iter().map(|pass| pass["state"].as_str().unwrap()).collect();
    assert_eq!(stand, ["joined", "joined", "joined", "void", "void", "printed", "joined"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leaders_phone_hands_a_pass_over() {
    let world = World::new().await;
    let printing =
        world.print(&json!({"kind": "blank", "count": 1, "layout": "cards", "paper": "letter"})).await;
    let code = world.codes_of("blank").await.remove(0);
    let (path, board) = (format!("/j/{}", code.plain()), world.board().await);
    let hand_over = format!("{path}/hand-over");
    assert!(board.page(&path).await.contains("I am handing this pass over"));
    assert!(!world.stranger().page(&path).await.contains("handing"));
    // Whoever leads elsewhere, or nowhere, hands nothing over.
    let elsewhere = world.installation.create_community("Elm Court", &[]).await.unwrap();
    let foreign = world.board_of(&elsewhere).await;
    assert!(!foreign.page(&path).await.contains("handing"));
    assert_eq!(foreign.submit(&hand_over, "").await.0, 404);
    assert_eq!(world.stranger().post(&hand_over).await.status(), 303);
    assert_eq!(world.count("SELECT count(*) FROM passes WHERE handed_over_at IS NOT NULL").await, 0);

    let (status, page) = board.submit(&hand_over, "").await;
    assert!(status == 200 && page.contains("Handed over"), "{page}");
    let shown = format!("passes/{}", printing["id"].as_str().unwrap());
    let shown = world.client.get(&world.oakridge, &shown).await.unwrap().body;
    assert_eq!(shown["items"][0]["state"], "handed_over");
    assert!(!board.page(&path).await.contains("handing"), "once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_use_one_blank_pass_at_once_are_one_household() {
    // From a street of its own each: who hears that a household has joined is slowed down like who guesses.
    let world = World::with(&[("PORCHLIGHT_TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    let homes: Vec<_> = (1..=200).map(|n| json!({"unit": format!("{n} Elm Street")})).collect();
    world.home_of(&json!({"rows": homes})).await;
    world.print(&json!({"kind": "blank", "count": 200, "layout": "cards", "paper": "a4"})).await;
    for (n, code) in world.codes_of("blank").await.into_iter().enumerate() {
        let who = |house: usize| json!({"code": code.plain(), "name": "Ada", "phone": "+12025550143", "address": format!("{house} Elm Street")});
        let (ada, bo) = (who(n + 1), who((n + 1) % 200 + 1));
        let (one, two) = {
            let from = format!("198.51.{n}.7");
            tokio::join!(world.client.join(&ada, Some(&from)), world.client.join(&bo, Some(&from)))
        };
        let mut statuses = [one.unwrap().status.as_u16(), two.unwrap().status.as_u16()];
        statuses.sort_unstable();
        // Whoever is late is told that the code was used, or that the household next door has joined.
        assert!(statuses == [201, 409] || n > 0 && statuses == [409, 409], "{n}: {statuses:?}");
    }
    let joined = world.count("SELECT count(*) FROM households WHERE joined_at IS NOT NULL").await;
    assert_eq!(world.count("SELECT count(*) FROM invitations WHERE ended_as = 'joined'").await, joined);
    assert_eq!(world.count("SELECT count(*) FROM members WHERE role = 'head'").await, joined);
    assert!(joined >= 100, "{joined}");
}

//! The board's pages: who gets in, what they show, and what their buttons do.

use porchlight_tests::installation::Method;
use reqwest::{StatusCode, header};
use serde_json::{Value, json};

use super::{assert_sums, counts};
use crate::world::{World, rows, settled};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_signs_in_once_and_nobody_else_changes_anything() {
    let world = World::new().await;
    let stranger = world.stranger();
    for path in ["/", "/households", "/batches/x", "/deliveries/x", "/batches/x/cancel"] {
        let answer = stranger.request(Method::GET, path).send().await.unwrap();
        assert_eq!(
            (answer.status(), &answer.headers()[header::LOCATION]),
            (StatusCode::SEE_OTHER, &"/sign-in".parse().unwrap())
        );
    }
    let path = world.sign_in_path().await;
    // Mail scanners open every link, and some submit what they find.
    for _ in 0..100 {
        assert_eq!(stranger.get(&path).await.0, 200);
    }
    for foreign in [&[][..], &[("origin", "https://evil.example")], &[("sec-fetch-site", "cross-site")]] {
        let mut request = stranger.request(Method::POST, &path);
        for (name, value) in foreign {
            request = request.header(*name, *value);
        }
        assert_eq!(request.send().await.unwrap().status(), 403, "{foreign:?}");
    }
    let first = stranger.post(&path).await;
    assert_eq!(first.status(), 303);
    let cookie = first.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    for part in ["__Host-", "HttpOnly", "SameSite=Lax", "Secure", "Path=/", "Max-Age=1209600"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    assert_eq!(stranger.post(&path).await.status(), 410, "it works once");
    assert_eq!(stranger.get(&path).await.0, 410);

    let leader = world.board().await;
    let (status, page) = leader.get("/").await;
    assert!(status == 200 && page.contains("Oakridge HOA"), "{page}");
    assert!(page.contains("Nobody is invited yet"));
    // The API knows no cookies.
    let api = format!("/v1/communities/{}/batches/{}", world.oakridge.id, world.oakridge.id);
    assert_eq!(leader.get(&api).await.0, 401);
    // Pressed elsewhere, the button does nothing.
    let batch = world.send(&rows(5)).await;
    let forged = leader
        .request(Method::POST, &format!("/batches/{batch}/cancel"))
        .header("origin", "https://evil.example");
    assert_eq!(forged.send().await.unwrap().status(), 403);
    assert_eq!(world.batch(&batch).await["cancelled_at"], Value::Null);

    // A leader of another community sees none of it.
    let other = world.installation.create_community("Birchwood", &[]).await.unwrap();
    let other = world.board_of(&other).await;
    let delivery =
        world.client.get(&world.oakridge, &format!("batches/{batch}/deliveries")).await.unwrap().body;
    let delivery = delivery["items"][0]["id"].as_str().unwrap();
    for path in [
        format!("/batches/{batch}"),
        format!("/batches/{batch}/stream"),
        format!("/deliveries/{delivery}"),
        format!("/batches/{batch}/cancel"),
    ] {
        assert_eq!(other.get(&path).await.0, 404, "{path}");
    }
    assert_eq!(other.post(&format!("/batches/{batch}/pause")).await.status(), 404);
    assert_eq!(world.batch(&batch).await["paused_at"], Value::Null);

    let ended = leader.post("/sign-out").await;
    assert_eq!(ended.status(), 303);
    assert_eq!(leader.get("/").await.0, 303, "the cookie is worth nothing any more");
    // And so is a session whose time is over, and a link.
    let late = world.board().await;
    let path = world.sign_in_path().await;
    world.ahead("15 days").await;
    assert_eq!(late.get("/").await.0, 303);
    assert_eq!(stranger.post(&path).await.status(), 410);
    let log = world.api.log();
    assert!(
        !log.contains(path.trim_start_matches("/sign-in/"))
            && !log.contains(leader.cookie.split_once('=').unwrap().1),
        "no secret in a log"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_whole_without_script_from_the_first_row_to_the_last() {
    let mut world = World::with(&[("PORCHLIGHT_CHECKING_WAIT", "1h")]).await;
    let board = world.board().await;
    let mut list = rows(130);
    list.push(
        json!({"email": "refuse-x@oakridge.example", "name": "<b>Jane & Co</b>", "unit": "7 Elm Street"}),
    );
    let batch = world.send(&list).await;
    let path = format!("/batches/{batch}");
    let page = board.page(&path).await;
    assert_eq!(counts(&page)["waiting"], 131);
    assert_sums(&counts(&page));
    assert!(page.contains("131 e-mails") && page.contains("131 to go"), "{page}");
    assert!(page.contains("It waits for its turn."));

    // Paused and resumed by its buttons.
    let page = board.press(&format!("{path}/pause")).await;
    assert!(
        page.contains("Paused: nothing more begins. Nothing was under way.") && page.contains(">Resume<"),
        "{page}"
    );
    assert!(page.contains("131 messages wait until you resume it."), "{page}");
    let page = board.press(&format!("{path}/resume")).await;
    assert!(page.contains("It goes on.") && page.contains(">Pause<"), "{page}");

    let worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, settled).await;
    let page = board.page(&path).await;
    let shown = counts(&page);
    assert_eq!((shown["sent"], shown["problem"], shown["waiting"]), (130, 1, 0));
    assert_sums(&shown);
    assert!(page.contains("1 household has a problem"), "{page}");
    assert!(!page.contains(">Pause<"), "there is nothing left to pause");

    // Every row is on one page of the list, and on one only.
    let (mut seen, mut next) = (Vec::new(), Some(path.clone()));
    while let Some(path) = next {
        let page = board.page(&path).await;
        let ids = page.split("<tr id=\"d-").skip(1).map(|row| row.split('"').next().unwrap().to_owned());
        seen.extend(ids);
        next = page.split("href=\"").skip(1).find_map(|link| {
            let (link, rest) = link.split_once('"')?;
            rest.starts_with(">Next 50")
                .then(|| format!("/batches/{batch}{}", link.replace("&#38;", "&").split('#').next().unwrap()))
        });
    }
    assert_eq!(seen.len(), 131);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 131);

    // Filtered, searched, and never taken for HTML.
    let page = board.page(&format!("{path}?show=problem")).await;
    assert_eq!(page.matches("<tr id=\"d-").count(), 1);
    assert!(
        page.contains(
            "&#60;b&#62;Jane &#38; Co&#60;/b&#62;</bdi></a> <span class=\"unit\"><bdi>7 Elm Street"
        ) && !page.contains("<b>Jane"),
        "{page}"
    );
    assert!(page.contains("There is no mailbox with this address."), "{page}");
    assert_eq!(board.page(&format!("{path}?q=ELM+street")).await.matches("<tr id=\"d-").count(), 1);
    let nobody = board.page(&format!("{path}?show=problem&q=%25&cursor=nonsense")).await;
    assert!(nobody.contains("No household is like that right now."));

    // One's story, and what is to be done.
    let story = board
        .page(&format!(
            "/deliveries/{}",
            page.split("<tr id=\"d-").nth(1).unwrap().split('"').next().unwrap()
        ))
        .await;
    for words in ["The list was accepted", "which refused it: ", "Who has to act", "<dd>You</dd>"] {
        assert!(story.contains(words), "{words} in {story}");
    }

    // All households, and adoption.
    let home = board.page("/").await;
    let standing = counts(&home);
    assert_eq!((standing["sent"], standing["problem"], standing["joined"]), (130, 1, 0));
    assert!(home.contains("Nobody has joined yet") && home.contains("1 household has a problem"), "{home}");
    world.sql("UPDATE households SET joined_at = app_now() WHERE id = (SELECT min(id::text)::uuid FROM households)").await;
    let home = board.page("/").await;
    assert_eq!(counts(&home)["joined"], 1);
    assert!(home.contains("<svg class=\"chart\"") && home.contains("1 of 131 households joined"), "{home}");
    let page = board.page(&path).await;
    assert_eq!(counts(&page)["joined"], 1);
    assert_sums(&counts(&page));
    let all = board.page("/households?show=problem").await;
    assert_eq!(i64::try_from(all.matches("class=\"needs\"").count()).unwrap(), counts(&home)["problem"]);
    let mut listed = 0;
    let mut next = Some("/households".to_owned());
    while let Some(path) = next {
        let page = board.page(&path).await;
        listed += page.matches("<th scope=\"row\">").count();
        next = page.split("href=\"").skip(1).find_map(|link| {
            let (link, rest) = link.split_once('"')?;
            rest.starts_with(">Next 50").then(|| format!("/households{}", link.replace("&#38;", "&")))
        });
    }
    assert_eq!(listed, 131);
    assert!(worker.stop().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_says_first_what_it_takes_back() {
    let world = World::new().await;
    let board = world.board().await;
    let batch = world.send(&rows(40)).await;
    let path = format!("/batches/{batch}/cancel");
    let page = board.page(&path).await;
    assert!(
        page.contains("40 messages not begun yet will be taken back")
            && page.contains(">Cancel 40 messages<"),
        "{page}"
    );
    assert_eq!(world.batch(&batch).await["cancelled_at"], Value::Null, "looking changes nothing");
    let page = board.press(&path).await;
    assert!(page.contains("The rest is cancelled. Nothing was under way."), "{page}");
    assert_eq!(counts(&page)["not_sent"], 40);
    // Twice is once.
    let page = board.press(&path).await;
    assert_eq!(counts(&page)["not_sent"], 40);
    let page = board.page(&path).await;
    assert!(page.contains("there is nothing left to take back") && !page.contains(">Cancel 0"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn households_stand_in_the_order_of_their_numbers() {
    let world = World::new().await;
    let mut units: Vec<_> = (1..=60).map(|number| format!("{number} Harbor Walk")).collect();
    units
        .extend(["100 Birch Way", "Lot 9 B", "Lot 10 A", "Lot 10 B", "Lot 1234567890123"].map(str::to_owned));
    let mut list: Vec<_> = (0..units.len())
        .map(|n| json!({"email": format!("h.{n}@example.org"), "unit": units[n * 7 % units.len()]}))
        .collect();
    list.insert(9, json!({"email": "nowhere@example.org"}));
    world.send(&list).await;
    let board = world.board().await;
    let (mut seen, mut next) = (Vec::new(), Some("/households".to_owned()));
    while let Some(path) = next {
        let page = board.page(&path).await;
        let rows = page.split("<th scope=\"row\">").skip(1).map(|row| row.split("</th>").next().unwrap());
        seen.extend(rows.map(|row| {
            let unit =
                row.split(" <span class=\"unit\"><bdi>").nth(1).map(|unit| unit.split('<').next().unwrap());
            unit.unwrap_or("none").to_owned()
        }));
        next = page.split("href=\"").skip(1).find_map(|link| {
            let (link, rest) = link.split_once('"')?;
            rest.starts_with(">Next 50").then(|| format!("/households{}", link.replace("&#38;", "&")))
        });
    }
    units.push("none".to_owned());
    assert_eq!(seen, units);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_leads_nowhere_is_told_as_who_asks_reads_it() {
    let world = World::new().await;
    let visitor = world.stranger();
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    for (path, status, told) in [
        ("/no-such-page", 404, "There is nothing here"),
        ("/v1/no-such-thing", 404, "There is nothing here"),
        ("/sign-out", 405, "works from a button alone"),
    ] {
        let answer = visitor.request(Method::GET, path).header(header::ACCEPT, browser).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"]),
            (status, &"text/html; charset=utf-8".parse().unwrap())
        );
        let page = answer.text().await.unwrap();
        assert!(page.contains(told) && page.contains("<h1>"), "{page}");
        for accept in ["*/*", "application/json"] {
            let answer =
                visitor.request(Method::GET, path).header(header::ACCEPT, accept).send().await.unwrap();
            assert_eq!(
                (answer.status().as_u16(), &answer.headers()["content-type"]),
                (status, &"application/problem+json".parse().unwrap())
            );
        }
    }
}

//! The leader's board over HTTP, as a browser without script sees it, and its streams.

use std::{collections::BTreeMap, time::Duration};

use porchlight_tests::{
    caller::caller,
    installation::{Community, Method},
};
use reqwest::{Response, StatusCode, header};
use serde_json::{Value, json};

use crate::world::{World, rows, settled};

/// A browser in which a leader is signed in.
pub(crate) struct Board {
    http: reqwest::Client,
    base: String,
    cookie: String,
}

impl World {
    /// The path of a link that signs a leader in.
    pub(crate) async fn sign_in_path(&self) -> String {
        let link = self.installation.sign_in_link(&self.oakridge).await.unwrap();
        format!("/sign-in/{}", link.rsplit_once("/sign-in/").unwrap().1)
    }

    /// Signs a leader in.
    async fn board(&self) -> Board {
        self.board_of(&self.oakridge).await
    }

    async fn board_of(&self, community: &Community) -> Board {
        let link = self.installation.sign_in_link(community).await.unwrap();
        let mut board = self.stranger();
        let answer = board.post(&format!("/sign-in/{}", link.rsplit_once("/sign-in/").unwrap().1)).await;
        assert_eq!(answer.status(), 303);
        let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
        cookie.split(';').next().unwrap().clone_into(&mut board.cookie);
        board
    }

    /// A browser in which nobody is signed in.
    fn stranger(&self) -> Board {
        let builder =
            reqwest::Client::builder().no_proxy().tls_certs_only([]).timeout(Duration::from_mins(1));
        let http = builder.redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Board { http, base: self.client.base().to_owned(), cookie: String::new() }
    }
}

impl Board {
    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).header("cookie", &self.cookie)
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let answer = self.request(Method::GET, path).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    /// A page that is there.
    async fn page(&self, path: &str) -> String {
        let (status, page) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {page}");
        page
    }

    async fn post(&self, path: &str) -> Response {
        self.request(Method::POST, path).header("sec-fetch-site", "same-origin").send().await.unwrap()
    }

    /// Presses a button, and reads the page that follows.
    async fn press(&self, path: &str) -> String {
        let answer = self.post(path).await;
        assert_eq!(answer.status(), 303, "{path}");
        self.page(answer.headers()[header::LOCATION].to_str().unwrap()).await
    }

    async fn stream(&self, path: &str) -> Events {
        let answer = self.request(Method::GET, path).send().await.unwrap();
        Events::of(answer)
    }
}

/// Server-sent events as they come.
struct Events {
    answer: Response,
    read: String,
}

impl Events {
    fn of(answer: Response) -> Self {
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
        Self { answer, read: String::new() }
    }

    /// The next event's name and data; `None` at the end.
    async fn next(&mut self) -> Option<(String, String)> {
        loop {
            if let Some(end) = self.read.find("\n\n") {
                let event: String = self.read.drain(..end + 2).collect();
                let field = |name: &str| -> String {
                    let lines = event.lines().filter_map(|line| line.strip_prefix(name));
                    lines.map(|line| line.trim_start_matches(' ')).collect::<Vec<_>>().join("\n")
                };
                let told = (field("event:"), field("data:"));
                if !told.0.is_empty() {
                    return Some(told);
                }
                continue;
            }
            let chunk = self.answer.chunk().await.unwrap()?;
            self.read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    async fn next_named(&mut self, name: &str) -> Option<String> {
        loop {
            let (event, data) = self.next().await?;
            if event == name {
                return Some(data);
            }
        }
    }
}

/// The counts of a page's progress by their class.
fn counts(page: &str) -> BTreeMap<String, i64> {
    let list = page.split("<ul class=\"tally").nth(1).unwrap().split("</ul>").next().unwrap();
    let items = list.split("<li class=\"").skip(1).map(|item| {
        let word = item.split(['"', ' ']).next().unwrap().to_owned();
        let count = item.split("<b>").nth(1).unwrap().split("</b>").next().unwrap().replace(',', "");
        (word, count.parse().unwrap())
    });
    items.collect()
}

fn assert_sums(counts: &BTreeMap<String, i64>) {
    let sum: i64 = counts.iter().filter(|(word, _)| *word != "total").map(|(_, count)| count).sum();
    assert_eq!(sum, counts["total"], "{counts:?}");
}

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
        page.contains("&#60;b&#62;Jane &#38; Co&#60;/b&#62; · 7 Elm Street") && !page.contains("<b>Jane"),
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
async fn streams_show_whole_snapshots_until_the_last_and_end_with_the_process() {
    let mut world = World::with(&[("PORCHLIGHT_SMTP_RATE", "100")]).await;
    let board = world.board().await;
    let batch = world.send(&rows(300)).await;
    let path = format!("/batches/{batch}/stream");
    let mut watching = board.stream(&path).await;
    // Both pieces come at once, in any order.
    let pieces = [watching.next().await.unwrap(), watching.next().await.unwrap()];
    let pieces: BTreeMap<_, _> = pieces.into_iter().collect();
    assert_eq!(counts(&pieces["progress"])["waiting"], 300);
    assert_eq!(pieces["rows"].matches("<tr id=\"d-").count(), 50);

    let http = caller(Duration::from_mins(1)).unwrap();
    let api = format!("{}/v1/communities/{}/batches/{batch}/stream", world.client.base(), world.oakridge.id);
    let mut told = Events::of(http.get(&api).bearer_auth(&world.oakridge.token).send().await.unwrap());
    assert_eq!(http.get(&api).send().await.unwrap().status(), 401);

    let worker = world.installation.start_worker().await.unwrap();
    let mut snapshots = 0;
    loop {
        let shown = counts(&watching.next_named("progress").await.unwrap());
        assert_sums(&shown);
        snapshots += 1;
        if shown["sent"] == 300 {
            break;
        }
        // Whoever comes back in the middle is right at once.
        if snapshots == 3 {
            let before = shown["sent"];
            let again = counts(&board.stream(&path).await.next_named("progress").await.unwrap());
            assert_sums(&again);
            assert!(again["sent"] >= before, "{again:?} after {before}");
        }
    }
    assert!(snapshots >= 3, "it was watched while it filled: {snapshots} snapshots");
    let last = loop {
        let status: Value = serde_json::from_str(&told.next_named("status").await.unwrap()).unwrap();
        let sum: i64 = status["counts"].as_object().unwrap().values().filter_map(Value::as_i64).sum();
        assert_eq!(sum, 300);
        if !status["finished_at"].is_null() {
            break status;
        }
    };
    assert_eq!(last["buckets"]["sent"], 300);

    // A process that stops does not wait for those who watch.
    assert!(worker.stop().await.unwrap().success());
    assert!(world.api.stop().await.unwrap().success());
    while watching.next().await.is_some() {}
    while told.next().await.is_some() {}
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

//! After the door: households and whom their heads let in, blank passes, and what residents ask their leaders for.

use porchlight_shared::domain::{AccessCode, Sealed};
use porchlight_tests::installation::Method;
use reqwest::{StatusCode, header};
use serde_json::{Value, json};

use crate::{
    board::Board,
    world::{World, rows},
};

impl World {
    /// The live codes of a kind, in the order in which they were drawn.
    pub(crate) async fn codes_of(&self, kind: &str) -> Vec<AccessCode> {
        let keyring = self.keyring();
        let live: Vec<(uuid::Uuid, uuid::Uuid, Vec<u8>, i16)> = sqlx::query_as(
            "SELECT id, community_id, code_sealed, code_sealed_key FROM invitations
             WHERE ended_at IS NULL AND kind::text = $1 ORDER BY id",
        )
        .bind(kind)
        .fetch_all(&self.installation.pool)
        .await
        .unwrap();
        let open = |(id, community, bytes, key): (uuid::Uuid, uuid::Uuid, Vec<u8>, i16)| {
            keyring.unseal(&Sealed { key, bytes }, community.into(), id.into()).unwrap()
        };
        live.into_iter().map(open).collect()
    }

    /// Joins with a code in a browser of its own, which knows them afterwards.
    async fn join_page(&self, code: &AccessCode, form: &str) -> (Board, String) {
        let mut browser = self.stranger();
        let (status, page) = browser.join(code.plain(), form).await;
        assert!(status.is_success(), "{status} {page}");
        (browser, page)
    }

    async fn count(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement).fetch_one(&self.installation.pool).await.unwrap()
    }

    async fn requests(&self) -> Vec<Value> {
        let answer = self.client.get(&self.oakridge, "requests").await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["items"].as_array().unwrap().clone()
    }

    async fn answer(&self, request: &Value, how: &str, body: &Value) -> (u16, Value) {
        let path = format!("requests/{}/{how}", request["id"].as_str().unwrap());
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let answer = self.client.post(&self.oakridge, &path, body, &[]).await.unwrap();
        (answer.status.as_u16(), answer.body)
    }

    async fn home_of(&self, list: &Value) {
        let body = list.to_string().into_bytes();
        let answer = self.client.post(&self.oakridge, "households:import", body, &[]).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

impl Board {
    /// Sends the form of a code's page, as one page of ours, and keeps the cookie that comes with the answer.
    async fn join(&mut self, code: &str, form: &str) -> (StatusCode, String) {
        let request = self.request(Method::POST, &format!("/j/{code}"));
        let request =
            request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
        let answer = request.send().await.unwrap();
        if let Some(cookie) = answer.headers().get(header::SET_COOKIE) {
            self.keep(cookie.to_str().unwrap());
        }
        (answer.status(), answer.text().await.unwrap())
    }

    /// The page of the one household, and where it is.
    async fn home(&self) -> (String, String) {
        let answer = self.request(Method::GET, "/home").send().await.unwrap();
        assert_eq!(answer.status(), 303, "who has one household is led there");
        let path = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
        let page = self.page(&path).await;
        (path, page)
    }
}

/// What follows a word on a page, up to a quotation mark.
fn after<'a>(page: &'a str, word: &str) -> &'a str {
    page.split(word).nth(1).unwrap_or_else(|| panic!("no {word} in {page}")).split('"').next().unwrap()
}

const ADA: &str = "name=Ada+Lovelace&contact=ada%40example.org";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_invites_the_family_by_link_mail_and_text() {
    let mut world = World::new().await;
    world.send(&[json!({"email": "ada@example.org", "unit": "12 Elm Street"})]).await;
    let code = world.codes_of("household").await.remove(0);
    let (ada, welcome) = world.join_page(&code, ADA).await;
    assert!(welcome.contains("Your household has joined") && welcome.contains("/home"));
    let (home, page) = ada.home().await;
    for word in ["12 Elm Street", "Ada Lovelace", "Head of Household", "Invite your family"] {
        assert!(page.contains(word), "{word}: {page}");
    }
    let worker = world.installation.start_worker().await.unwrap();

    // By a link, which is shown again as often as the head wants.
    let invite = format!("{home}/invite");
    let (status, shown) = ada.submit(&invite, "for=Ben&contact=").await;
    assert_eq!(status, 200, "{shown}");
    let link = after(&shown, "id=\"link\" class=\"link\" readonly value=\"");
    let link_code = link.rsplit('/').next().unwrap().parse::<AccessCode>().unwrap();
    assert!(shown.contains("<svg class=\"qr\"") && shown.contains(&link_code.grouped()));
    let (_, page) = ada.home().await;
    assert!(page.contains("Ben") && page.contains("Not sent"));
    let (ben, welcome) = world.join_page(&link_code, "name=Ben&contact=%2B12025550143").await;
    assert!(welcome.contains("joined your household"));
    let (_, page) = ben.home().await;
    assert!(page.contains("Ada Lovelace") && !page.contains("Invite your family"), "{page}");
    // Once.
    let who = json!({"code": link_code.plain(), "name": "Bo", "email": "bo@example.org"});
    assert_eq!(world.client.join(&who, None).await.unwrap().status, 409);

    // By e-mail; what comes names the community and the head's role, and nobody.
    let (status, page) = ada.submit(&invite, "for=Cy&contact=cy%40example.org").await;
    assert_eq!(status, 200, "{page}");
    world.installation.smtp.wait_for(1).await;
    let source = world.installation.smtp.source(1).unwrap();
    let source = String::from_utf8_lossy(&source);
    assert!(source.contains("Join your household in Oakridge HOA"), "{source}");
    assert!(!source.contains("Lovelace") && !source.contains("12 Elm"));
    world.until("it is sent", async || ada.home().await.1.contains("Sent by e-mail")).await;
    let mailed = world.codes_of("member").await.remove(0);
    let who = json!({"code": mailed.plain(), "name": "Cy", "email": "cy@example.org"});
    let answer = world.client.join(&who, None).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body["verified"]), (201, &json!(true)), "{}", answer.body);

    // By text, with consent.
    let number = "contact=%2B12025550150&for=Di";
    let (status, page) = ada.submit(&invite, number).await;
    assert!(status == 422 && page.contains("tick that they agreed"), "{status} {page}");
    let (status, page) = ada.submit(&invite, &format!("{number}&agreed=yes")).await;
    assert_eq!(status, 200, "{page}");
    world.installation.twilio.wait_for(1).await;
    let text = &world.installation.twilio.accepted()[0];
    assert!(text.body.contains("the head of your household invites you"), "{}", text.body);

    // What cannot be, in words.
    let (status, page) = ada.submit(&invite, "for=E&contact=nowhere%40").await;
    assert!(status == 422 && page.contains("mistake in this e-mail address"), "{page}");
    world.send(&[json!({"email": "neighbour@example.org", "unit": "13 Elm Street"})]).await;
    let (status, page) = ada.submit(&invite, "for=E&contact=neighbour%40example.org").await;
    assert!(status == 422 && page.contains("We cannot write there"), "{page}");
    let (status, _) = ben.submit(&invite, "for=E&contact=").await;
    assert_eq!(status, 422, "a member invites nobody");
    for open in 1..10 {
        let (status, page) = ada.submit(&invite, &format!("for=Guest+{open}&contact=")).await;
        assert_eq!(status, 200, "{open}: {page}");
    }
    let (status, page) = ada.submit(&invite, "for=Eleventh&contact=").await;
    assert!(status == 422 && page.contains("Ten invites are open"), "{page}");

    // Taken back, and over.
    let (_, page) = ada.home().await;
    let withdraw = after(&page, &format!("action=\"{home}/invites/")).to_owned();
    let page = ada.press(&format!("{home}/invites/{withdraw}")).await;
    assert!(page.contains("name=\"for\""), "there is room for one more");
    assert_eq!(world.codes_of("member").await.len(), 9);
    let last = world.codes_of("member").await.remove(0);
    world.ahead("8 days").await;
    let late = world.client.visit(Method::GET, &format!("/j/{}", last.plain()), None, None).await.unwrap();
    assert!(late.status == 410 && late.text.contains("invite you once more"), "{}", late.text);

    for secret in [link_code.plain(), mailed.plain(), "Lovelace", "cy@example.org"] {
        assert!(!world.api.log().contains(secret) && !worker.log().contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_members_see_a_household_and_only_its_head_changes_it() {
    let world = World::new().await;
    world.send(&rows(2)).await;
    let codes = world.codes_of("household").await;
    let (ada, _) = world.join_page(&codes[0], ADA).await;
    let (zoe, _) = world.join_page(&codes[1], "name=Zoe&contact=zoe%40example.org").await;
    let (home, _) = ada.home().await;
    ada.submit(&format!("{home}/invite"), "for=Ben").await;
    let code = world.codes_of("member").await.remove(0);
    let (ben, _) = world.join_page(&code, "name=Ben&contact=ben%40example.org").await;
    let (_, page) = ada.home().await;
    let member = after(&page, &format!("{home}/members/")).split('/').next().unwrap().to_owned();

    // Who is not of it sees nothing and does nothing; nor does who is, without being the head.
    let stranger = world.stranger();
    assert_eq!(stranger.get("/home").await.0, 401);
    assert_eq!(stranger.get(&home).await.0, 401);
    assert_eq!(zoe.get(&home).await.0, 404);
    for deed in [format!("members/{member}/remove"), format!("members/{member}/make-head")] {
        let path = format!("{home}/{deed}");
        assert_eq!(stranger.post(&path).await.status(), 401, "{path}");
        assert_eq!(zoe.post(&path).await.status(), 404, "{path}");
        assert_eq!(ben.post(&path).await.status(), 403, "{path}");
        let foreign = ada.request(Method::POST, &path).header("sec-fetch-site", "cross-site");
        assert_eq!(foreign.send().await.unwrap().status(), 403, "{path}");
    }
    assert_eq!(zoe.get(&format!("{home}/invites/{member}")).await.0, 404);

    // The head cannot leave; hands over; then it is the other who invites.
    let (status, page) = ada.submit(&format!("{home}/leave"), "").await;
    assert!(status == 409 && page.contains("Make somebody else"), "{page}");
    let page = ada.press(&format!("{home}/members/{member}/make-head")).await;
    assert!(!page.contains("Invite your family"));
    assert!(ben.page(&home).await.contains("Invite your family"));
    assert_eq!(ada.submit(&format!("{home}/invite"), "for=E").await.0, 422);
    assert_eq!(world.count("SELECT count(*) FROM members WHERE role = 'head'").await, 2);

    // Whoever leaves is forgotten, and comes back with a new code only.
    let (status, page) = ada.submit(&format!("{home}/leave"), "").await;
    assert!(status == 200 && page.contains("You have left"), "{page}");
    assert_eq!(world.count("SELECT count(*) FROM members WHERE name = 'Ada Lovelace'").await, 0);
    assert!(ada.page("/home").await.contains("You belong to no household"));
    assert_eq!(ada.get(&home).await.0, 404);
    ben.submit(&format!("{home}/invite"), "for=Ada").await;
    let code = world.codes_of("member").await.remove(0);
    let mut ada = ada;
    assert_eq!(ada.join(code.plain(), ADA).await.0, 200);
    assert!(ada.page(&home).await.contains("Ada Lovelace"));
    // Removed by the head.
    let (_, page) = ben.home().await;
    let member = after(&page, &format!("{home}/members/")).split('/').next().unwrap().to_owned();
    ben.press(&format!("{home}/members/{member}/remove")).await;
    assert_eq!(ada.get(&home).await.0, 404);
    // Whoever belongs there already uses up no code.
    ben.submit(&format!("{home}/invite"), "for=Cy").await;
    let code = world.codes_of("member").await.remove(0);
    let mut other = world.stranger();
    let (status, page) = other.join(code.plain(), "name=Ben&contact=ben%40example.org").await;
    assert!(status == 409 && page.contains("You belong to this household already"), "{page}");
    assert_eq!(world.codes_of("member").await, [code]);
    // Out of this browser.
    assert_eq!(ben.post("/home/sign-out").await.status(), 303);
    assert_eq!(ben.get(&home).await.0, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_known_joins_a_second_community_as_the_same_person() {
    let world = World::new().await;
    world.send(&rows(2)).await;
    let codes = world.codes_of("household").await;
    let (mut ada, _) = world.join_page(&codes[0], ADA).await;
    let portal = ["--portal-url", "https://portal.hillside.example/residents"];
    let hillside = world.installation.create_community("Hillside Choir", &portal).await.unwrap();
    let list = json!({"channel": "email", "rows": [{"email": "ada@example.org"}]});
    assert_eq!(world.client.send_list(&hillside, &list).await.unwrap().status, 202);
    let code = world.codes_of("household").await.pop().unwrap();
    // The form is filled in for whoever is known, and for nobody else.
    let page = ada.page(&format!("/j/{}", code.plain())).await;
    assert!(page.contains("value=\"Ada Lovelace\"") && page.contains("You are known in this browser"));
    let page = world.stranger().page(&format!("/j/{}", code.plain())).await;
    assert!(!page.contains("Lovelace") && !page.contains("You are known"));
    let (status, page) = ada.join(code.plain(), ADA).await;
    assert!(status == 200 && page.contains("https://portal.hillside.example/residents"), "{page}");
    let page = ada.page("/home").await;
    assert!(page.contains("Hillside Choir") && page.contains("Oakridge HOA"), "{page}");
    assert_eq!(world.count("SELECT count(DISTINCT account_id) FROM members").await, 1);
    // The same address in another browser is another account: an address proves nothing.
    let (_other, _) = world.join_page(&codes[1], ADA).await;
    assert_eq!(world.count("SELECT count(DISTINCT account_id) FROM members").await, 2);
    let refused = world.installation.create_community("Elm", &["--portal-url", "javascript:alert(1)"]).await;
    assert!(refused.is_err());
}

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
    let wish = json!({"kind": "blank", "count": 6, "layout": "cards", "paper": "letter"});
    let printing = world.print(&wish).await;
    assert_eq!((&printing["passes"], &printing["first_serial"]), (&json!(6), &json!(1)));
    let blank = world.codes_of("blank").await;
    assert_eq!(blank.len(), 6);
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
    assert_eq!(world.codes_of("blank").await.len(), 5);
    let form = "name=Bo&contact=bo%40example.org&place=1+Elm+Street";
    let (status, page) = world.stranger().join(blank[1].plain(), form).await;
    assert!(status == 409 && page.contains("has joined already"), "{page}");

    // Several live there: a leader says which. Meanwhile nobody else gets in with the code.
    let form = "name=Bo+Downs&contact=bo%40example.org&place=2+Elm+Street";
    let (bo, page) = world.join_page(&blank[1], form).await;
    assert!(page.contains("Waiting for your community"));
    assert!(bo.page("/home").await.contains("was asked to let you in"));
    let (status, problem) = at(&blank[1], "9 Oak Lane", "cy@example.org").await;
    assert_eq!((status, &problem["type"]), (409, &json!("/problems/waiting-for-approval")));
    let board = world.board().await;
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

    // A leader's phone hands the last one over.
    let page = board.page(&format!("/j/{}", blank[5].plain())).await;
    assert!(page.contains("I am handing this pass over"));
    assert!(!world.stranger().page(&format!("/j/{}", blank[5].plain())).await.contains("handing"));
    let (status, page) = board.submit(&format!("/j/{}/hand-over", blank[5].plain()), "").await;
    assert!(status == 200 && page.contains("Handed over"), "{page}");
    assert_eq!(world.stranger().post(&format!("/j/{}/hand-over", blank[5].plain())).await.status(), 303);
    let path = format!("passes/{}", printing["id"].as_str().unwrap());
    let shown = world.client.get(&world.oakridge, &path).await.unwrap().body;
    let stand: Vec<_> =
        shown["items"].as_array().unwrap().iter().map(|pass| pass["state"].as_str().unwrap()).collect();
    assert_eq!(stand, ["joined", "joined", "joined", "void", "void", "handed_over"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_use_one_blank_pass_at_once_are_one_household() {
    let world = World::new().await;
    let homes: Vec<_> = (1..=200).map(|n| json!({"unit": format!("{n} Elm Street")})).collect();
    world.home_of(&json!({"rows": homes})).await;
    world.print(&json!({"kind": "blank", "count": 200, "layout": "cards", "paper": "a4"})).await;
    for (n, code) in world.codes_of("blank").await.into_iter().enumerate() {
        let who = |house: usize| json!({"code": code.plain(), "name": "Ada", "phone": "+12025550143", "address": format!("{house} Elm Street")});
        let (ada, bo) = (who(n + 1), who((n + 1) % 200 + 1));
        let (one, two) = tokio::join!(world.client.join(&ada, None), world.client.join(&bo, None));
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
    zoe.submit(&format!("{home}/invite"), "for=Ada").await;
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

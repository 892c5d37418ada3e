//! A household and its family: invited, in, out, and who is known in which browser.

use porchlight_shared::domain::AccessCode;
use porchlight_tests::installation::Method;
use reqwest::header;
use serde_json::json;

use super::{ADA, after};
use crate::world::{World, rows};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_invited_and_never_came_is_forgotten() {
    let mut world = World::new().await;
    world.send(&[json!({"email": "ada@example.org"})]).await;
    let code = world.codes_of("household").await.remove(0);
    let (ada, _) = world.join_page(&code, ADA).await;
    let (home, _) = ada.home().await;
    for form in ["for=Cy&contact=cy%40example.org", "for=Di&contact=di%40example.org"] {
        let (status, page) = ada.invite(&home, form).await;
        assert_eq!(status, 200, "{page}");
    }
    // One of the two comes.
    let cy = world.codes_of("member").await.remove(0);
    world.join_page(&cy, "name=Cy&contact=cy%40example.org").await;
    let known = "SELECT count(*) FROM contacts WHERE of_member AND address IS NOT NULL";
    let forgotten = "SELECT count(*) FROM contacts WHERE of_member AND address IS NULL AND name IS NULL AND erased_at IS NOT NULL";
    let worker = world.installation.start_worker().await.unwrap();
    // The two who joined need theirs no more.
    let went = "SELECT count(*) FROM deliveries WHERE state IN ('accepted', 'not_needed')";
    world.until("the messages went", async || world.count(went).await == 3).await;
    worker.stop().await.unwrap();
    // Seven days for the code, and ninety more.
    world.ahead("8 days").await;
    let ended = "SELECT count(*) FROM invitations WHERE kind = 'member' AND ended_as = 'expired'";
    world.look_through().await;
    assert_eq!(world.count(ended).await, 1, "the code has expired");
    world.ahead("89 days").await;
    world.look_through().await;
    assert_eq!(world.count(known).await, 2);
    world.ahead("2 days").await;
    world.look_through().await;
    assert_eq!((world.count(known).await, world.count(forgotten).await), (1, 1), "a member's stays");
    // Invited anew, they are written to again.
    let (status, page) = ada.invite(&home, "for=Di&contact=di%40example.org").await;
    assert_eq!(status, 200, "{page}");
    assert_eq!((world.count(known).await, world.count(forgotten).await), (2, 0));
}

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
    let (status, shown) = ada.invite(&home, "for=Ben&contact=").await;
    assert_eq!(status, 200, "{shown}");
    let link = after(&shown, "id=\"link\" class=\"link\">").split('<').next().unwrap();
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
    let (status, page) = ada.invite(&home, "for=Cy&contact=cy%40example.org").await;
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
    let (status, page) = ada.invite(&home, number).await;
    assert!(status == 422 && page.contains("tick that they agreed"), "{status} {page}");
    let (status, page) = ada.invite(&home, &format!("{number}&agreed=yes")).await;
    assert_eq!(status, 200, "{page}");
    world.installation.twilio.wait_for(1).await;
    let text = &world.installation.twilio.accepted()[0];
    assert!(text.body.contains("the head of your household invites you"), "{}", text.body);

    // What cannot be, in words.
    let (status, page) = ada.invite(&home, "for=E&contact=nowhere%40").await;
    assert!(status == 422 && page.contains("mistake in this e-mail address"), "{page}");
    let (status, page) = ada.invite(&home, "for=Cy&contact=cy%40example.org").await;
    assert!(status == 422 && page.contains("within the last day"), "{page}");
    // A form that does not say what it is draws nothing; a neighbour's address is theirs.
    let open = world.codes_of("member").await.len();
    ada.submit(&format!("{home}/invite"), "for=E").await;
    assert_eq!(world.codes_of("member").await.len(), open);
    world.send(&[json!({"email": "neighbour@example.org", "unit": "13 Elm Street"})]).await;
    let (status, page) = ada.invite(&home, "for=E&contact=neighbour%40example.org").await;
    assert!(status == 422 && page.contains("We cannot write there"), "{page}");
    let (status, _) = ben.invite(&home, "for=E&contact=").await;
    assert_eq!(status, 422, "a member invites nobody");
    for open in 1..10 {
        let (status, page) = ada.invite(&home, &format!("for=Guest+{open}&contact=")).await;
        assert_eq!(status, 200, "{open}: {page}");
    }
    let (status, page) = ada.invite(&home, "for=Eleventh&contact=").await;
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
    ada.invite(&home, "for=Ben").await;
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
    assert_eq!(ada.invite(&home, "for=E").await.0, 422);
    assert_eq!(world.count("SELECT count(*) FROM members WHERE role = 'head'").await, 2);

    // A list that names an address which only a head's invite knew takes it over.
    let seen = world.look_at_list(&json!({"channel": "email", "text": "guest@example.org\n"})).await;
    assert_eq!(seen["entries"][0]["verdict"], "ready", "{seen}");
    ben.invite(&home, "for=Guest&contact=guest%40example.org").await;
    assert_eq!(world.count("SELECT count(*) FROM contacts WHERE of_member").await, 1);
    let seen = world.look_at_list(&json!({"channel": "email", "text": "guest@example.org\n"})).await;
    assert_eq!(seen["entries"][0]["verdict"], "ready", "{seen}");
    world.send(&[json!({"email": "guest@example.org", "unit": "77 Elm Street"})]).await;
    assert_eq!(world.count("SELECT count(*) FROM contacts WHERE of_member").await, 0);
    assert_eq!(world.count("SELECT count(*) FROM contacts WHERE address = 'guest@example.org'").await, 1);
    // One that is taken back is forgotten with its address.
    ben.invite(&home, "for=Other&contact=other%40example.org").await;
    let page = ben.page(&home).await;
    let invite = after(&page, &format!("action=\"{home}/invites/")).to_owned();
    ben.press(&format!("{home}/invites/{invite}")).await;
    assert_eq!(world.count("SELECT count(*) FROM contacts WHERE address = 'other@example.org'").await, 0);
    let page = ben.page(&home).await;
    let invite = after(&page, &format!("action=\"{home}/invites/")).to_owned();
    ben.press(&format!("{home}/invites/{invite}")).await;

    // Whoever leaves is forgotten, and comes back with a new code only.
    let (status, page) = ada.submit(&format!("{home}/leave"), "").await;
    assert!(status == 200 && page.contains("You have left"), "{page}");
    assert_eq!(world.count("SELECT count(*) FROM members WHERE name = 'Ada Lovelace'").await, 0);
    assert!(ada.page("/home").await.contains("You belong to no household"));
    assert_eq!(ada.get(&home).await.0, 404);
    ben.invite(&home, "for=Ada").await;
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
    ben.invite(&home, "for=Cy").await;
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
async fn who_never_saw_the_answer_is_known_all_the_same_and_nobody_joins_for_others() {
    let world = World::new().await;
    world.send(&rows(2)).await;
    let codes = world.codes_of("household").await;
    let mut ada = world.stranger();
    assert!(ada.look(codes[0].plain()).await.contains("Your household is invited"));
    assert_eq!(ada.get("/home").await.0, 401, "looking joins nobody");
    let form = |relation: &str| {
        let request = ada.request(Method::POST, &format!("/j/{}", codes[0].plain()));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(ADA);
        request.header("sec-fetch-site", relation.to_owned())
    };
    // Another site's form changes nothing, and makes the browser nobody's.
    for relation in ["cross-site", "same-site"] {
        let answer = form(relation).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{relation}");
        assert!(!answer.headers().contains_key(header::SET_COOKIE));
    }
    assert_eq!(world.count("SELECT count(*) FROM members").await, 0);
    // The answer is lost on its way.
    drop(form("same-origin").send().await.unwrap());
    assert!(ada.home().await.1.contains("Ada Lovelace"));
    // What the browser was shown the door with lasts a day; its household's page brings what lasts.
    let path = ada.home().await.0;
    let answer = ada.request(Method::GET, &path).send().await.unwrap();
    let lasting = answer.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(lasting.contains("Max-Age=31536000"), "{lasting}");
    world.ahead("25 hours").await;
    assert_eq!(ada.get("/home").await.0, 401);
    ada.keep(&lasting);
    assert!(ada.home().await.1.contains("Ada Lovelace"));
    // A form of which nobody can tell where it came from joins, and makes no browser anybody's.
    let request = world.stranger().request(Method::POST, &format!("/j/{}", codes[1].plain()));
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(ADA);
    let answer = request.send().await.unwrap();
    assert!(answer.status() == 200 && !answer.headers().contains_key(header::SET_COOKIE));
    let (status, page) = ada.join(codes[0].plain(), ADA).await;
    assert!(status == 200 && page.contains("Welcome"), "{page}");
    // What we did not draw proves nothing.
    let mut other = world.stranger();
    other.keep("porchlight_resident=guessed");
    assert_eq!(other.get("/home").await.0, 401);
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
    assert!(page.contains("value=\"Ada Lovelace\"") && page.contains("This browser is Ada Lovelace"));
    let page = world.stranger().page(&format!("/j/{}", code.plain())).await;
    assert!(!page.contains("Lovelace") && !page.contains("This browser is"));
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

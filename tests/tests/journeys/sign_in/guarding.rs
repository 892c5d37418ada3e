//! What keeps strangers out: limits that lock nobody else out, addresses that nobody confirmed, links left over.

use porchlight_tests::installation::Method;
use reqwest::StatusCode;

use super::path_in;
use crate::world::{World, rows};

const PAT: &str = "pat@oakridge.example";

impl World {
    /// Asks for a link as somebody behind a proxy that is trusted.
    pub(super) async fn ask_from(&self, email: &str, from: &str) -> StatusCode {
        let form = format!("email={}", email.replace('@', "%40"));
        let request =
            self.stranger().request(Method::POST, "/sign-in").header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.header("x-forwarded-for", from).body(form).send().await.unwrap().status()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_refused_locks_nobody_else_out() {
    let world = World::with(&[("PORCHLIGHT_TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    let greedy = "203.0.113.7";
    for n in 0..10 {
        assert_eq!(world.ask_from(&format!("somebody.{n}@oakridge.example"), greedy).await, 303);
    }
    for _ in 0..110 {
        assert_eq!(world.ask_from(PAT, greedy).await, 429);
    }
    // The address has all of its five, the neighbour all of their ten.
    for n in 0..5 {
        assert_eq!(world.ask_from(PAT, &format!("198.51.100.{n}")).await, 303);
    }
    assert_eq!(world.ask_from(PAT, "198.51.100.5").await, 429);
    assert_eq!(world.ask_from("neighbour@oakridge.example", "203.0.113.8").await, 303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_nobody_confirmed_opens_no_account() {
    let mut world = World::new().await;
    let batch = world.send(&rows(2)).await;
    let _worker = world.installation.start_worker().await.unwrap();
    let (hers, his) = ("resident.1@example.org", "resident.2@example.org");
    world.batch_until(&batch, |counts| counts["accepted"] == 2).await;
    let codes = world.codes().await;
    // Somebody joins their own household under the other's address, and stays signed in.
    let typed = "name=Mallory&contact=resident.2%40example.org";
    world.stranger().submit(&format!("/j/{}", codes[hers].plain()), typed).await;
    world.stranger().ask(his).await;
    // The other joins with what was sent to them: theirs is the only door that a link opens.
    let form = "name=Ben&contact=resident.2%40example.org";
    world.stranger().submit(&format!("/j/{}", codes[his].plain()), form).await;
    let confirmed = "SELECT count(*) FROM members WHERE name = 'Ben' AND verified_at IS NOT NULL";
    assert_eq!(world.told(confirmed).await, 1);
    let path = world.link(his, 1).await;
    assert_eq!(world.told("SELECT count(*) FROM letters").await, 1);
    let mut ben = world.stranger();
    assert_eq!(ben.open(&path).await, 303);
    let answer = ben.request(Method::GET, "/home").send().await.unwrap();
    let page = ben.page(answer.headers()["location"].to_str().unwrap()).await;
    assert!(page.contains("Ben") && !page.contains("Mallory"), "{page}");
    assert_eq!(
        world.told("SELECT count(*) FROM members WHERE name = 'Mallory' AND verified_at IS NULL").await,
        1
    );

    // A link that went before this was the rule opens nothing either.
    let path = world.link(his, 2).await;
    world.sql("UPDATE members SET verified_at = NULL").await;
    assert_eq!(world.stranger().get(&path).await.0, 410);
    assert_eq!(world.stranger().open(&path).await, 410);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_link_that_is_used_ends_the_others() {
    let mut world = World::new().await;
    world.add_leader(&world.oakridge, PAT, "leader").await;
    let _worker = world.installation.start_worker().await.unwrap();
    let first = world.link(PAT, 1).await;
    // Who asks again at once has it already.
    world.stranger().ask(PAT).await;
    world.ahead("3 minutes").await;
    let second = world.link(PAT, 2).await;
    assert_eq!(world.told("SELECT count(*) FROM letters WHERE kind = 'sign_in'").await, 2);
    let page = world.stranger().page(&first).await;
    assert!(page.contains("p•••@o•••.example") && !page.contains("signed out here"), "{page}");
    assert_eq!(world.stranger().open(&second).await, 303);
    assert_eq!(world.stranger().get(&first).await.0, 410);
    assert_eq!(world.stranger().open(&first).await, 410);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_was_held_up_holds_from_when_it_goes() {
    let mut world = World::new().await;
    world.add_leader(&world.oakridge, PAT, "leader").await;
    world.stranger().ask(PAT).await;
    world.until("it is written", async || world.told("SELECT count(*) FROM letters").await == 2).await;
    world.ahead("40 minutes").await;
    let _worker = world.installation.start_worker().await.unwrap();
    let path = path_in(&world.letter(PAT, "Sign in to", 1).await);
    world.ahead("14 minutes").await;
    assert!(world.stranger().page(&path).await.contains("Sign in as a leader"));
    world.ahead("2 minutes").await;
    assert_eq!(world.stranger().open(&path).await, 410);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_an_owner_no_more_keeps_nothing_without_a_name() {
    let mut world = World::new().await;
    let _worker = world.installation.start_worker().await.unwrap();
    for email in [PAT, "lee@oakridge.example", "kim@oakridge.example"] {
        world.add_leader(&world.oakridge, email, "owner").await;
    }
    let owner = world.signed_in(PAT).await;
    let person = async |name: &str| -> String {
        let found = sqlx::query_scalar("SELECT id::text FROM leaders WHERE email LIKE $1 || '@%'").bind(name);
        found.fetch_one(&world.installation.pool).await.unwrap()
    };
    let (lee, kim) = (person("lee").await, person("kim").await);
    for (deed, form) in [(format!("{lee}/role"), "role=leader"), (format!("{kim}/remove"), "")] {
        let (nameless, unused) = (world.board().await, world.sign_in_path().await);
        assert_eq!(owner.submit(&format!("/settings/people/{deed}"), form).await.0, 200);
        assert!(nameless.is_out().await && !owner.is_out().await, "{deed}");
        assert_eq!(world.stranger().open(&unused).await, 410, "{deed}");
    }
    // Who is made an owner is no reason; nor does whoever acts put themselves out.
    let (nameless, other) = (world.board().await, world.board().await);
    assert_eq!(owner.submit(&format!("/settings/people/{lee}/role"), "role=owner").await.0, 200);
    assert!(!nameless.is_out().await && !other.is_out().await);
    assert_eq!(nameless.submit(&format!("/settings/people/{lee}/remove"), "").await.0, 200);
    assert!(!nameless.is_out().await && other.is_out().await && !owner.is_out().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_people_are_added_in_an_hour() {
    let world = World::new().await;
    let board = world.board().await;
    let add = async |n: u32| {
        board.submit("/settings/people", &format!("email=p.{n}%40oakridge.example&role=leader")).await
    };
    for n in 0..20 {
        assert_eq!(add(n).await.0, 200, "{n}");
    }
    let (status, page) = add(20).await;
    assert!(status == 429 && page.contains("Wait an hour") && page.contains("value=\"p.20@"), "{page}");
    assert_eq!(world.told("SELECT count(*) FROM leaders").await, 20);
}

//! Residents' pages in a real browser: every way in which a code opens nothing, and a household with its family. Without
//! script, by keyboard where people type, on the smallest screen.

use porchlight_tests::installation::Method;
use serde_json::json;

use super::{Browser, HERE, Tab};
use crate::world::{World, rows};

impl Tab {
    async fn fill(&self, fields: &[(&str, &str)]) {
        for (field, text) in fields {
            self.type_into(&format!("#{field}"), text).await;
        }
        self.press_and_load("Enter").await;
    }
}

impl World {
    async fn end_as(&self, code: &str, how: &'static str) {
        let keyring = self.keyring();
        let code: porchlight_shared::domain::AccessCode = code.parse().unwrap();
        let lookups: Vec<Vec<u8>> = keyring.lookups(&code).iter().map(|lookup| lookup.to_vec()).collect();
        let ended = sqlx::query(
            "UPDATE invitations SET ended_as = $2::text::invitation_end, ended_at = app_now(), code_sealed = NULL, code_sealed_key = NULL
             WHERE code_lookup = ANY ($1)",
        );
        ended.bind(lookups).bind(how).execute(&self.installation.pool).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_outcome_has_a_page_with_a_next_step() {
    let Some(browser) = Browser::start().await else { return };
    let world = World::with(&[HERE, ("PORCHLIGHT_TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    let base = world.client.base().to_owned();
    world.send(&rows(6)).await;
    let codes = world.codes().await;
    let code = |number: usize| codes[&format!("resident.{number}@example.org")].plain().to_owned();
    let tab = browser.open(320, false).await;
    let at = async |code: &str| tab.goto(&format!("{base}/j/{code}")).await;

    // A typing mistake is told in the box, which keeps what was typed.
    tab.goto(&format!("{base}/join")).await;
    tab.fill(&[("code", "2345-6789-CDF3")]).await;
    tab.shows("Join with your access code").await;
    assert!(tab.text_of("#code-fault").await.contains("typing mistake"));
    // Unknown.
    tab.fill(&[("code", "7KWM-3RTX-9CHR")]).await;
    // The first submission left what was typed; it was typed over.
    at("7KWM-3RTX-9CHR").await;
    tab.shows("This access code is not known").await;
    assert_eq!(tab.text_of("main a").await, "Type another access code");

    // Used: by whom it was, the way home; anybody else is told whom to ask.
    at(&code(1)).await;
    tab.shows("Your household is invited").await;
    tab.fill(&[("name", "Ada Lovelace"), ("contact", "ada@example.org")]).await;
    tab.shows("Welcome! Your household has joined").await;
    at(&code(1)).await;
    tab.shows("This access code was used").await;
    assert_eq!(tab.text_of("a.button").await, "Go to your household");

    // Cancelled.
    world.end_as(&code(2), "revoked").await;
    at(&code(2)).await;
    tab.shows("This invitation was cancelled").await;
    assert!(tab.text().await.contains("board@oakridge.example"));

    // Replaced: the newest once more.
    world.end_as(&code(3), "replaced").await;
    at(&code(3)).await;
    tab.shows("There is a newer invitation").await;
    tab.click_and_load("main button").await;
    tab.shows("It is sent again").await;

    // Not theirs.
    at(&code(4)).await;
    tab.click_and_load("button[value=not_me]").await;
    tab.shows("Thank you for telling us").await;

    // Expired: one tap.
    sqlx::query("UPDATE invitations SET expires_at = app_now() WHERE ended_at IS NULL")
        .execute(&world.installation.pool)
        .await
        .unwrap();
    at(&code(5)).await;
    tab.shows("This access code has expired").await;
    tab.click_and_load("button[value=new_code]").await;
    tab.shows("Your community was asked").await;

    // Both are before the leader, who answers by keyboard as well.
    let leader = Browser::start().await.unwrap();
    let board = leader.open(768, false).await;
    board.sign_in(&world, &base).await;
    board.click_and_load(".told a").await;
    board.shows("Requests").await;
    assert_eq!(board.count(".request").await, 2);
    board.click_and_load("button[value=decline]").await;
    assert_eq!(board.count(".request").await, 1);
    board.shows("Requests").await;

    // Blank passes: the household exists already, and waiting for approval.
    world.print(&json!({"kind": "blank", "count": 2, "layout": "cards", "paper": "letter"})).await;
    let blank = world.codes_of("blank").await;
    let homes = json!({"rows": [{"unit": "7 Elm Street"}]}).to_string().into_bytes();
    world.client.post(&world.oakridge, "households:import", homes, &[]).await.unwrap();
    world.sql("UPDATE households SET joined_at = app_now() WHERE property_id IN (SELECT id FROM properties WHERE label = '7 Elm Street')").await;
    at(blank[0].plain()).await;
    tab.shows("Your household is invited").await;
    tab.fill(&[("place", "7 Elm Street")]).await;
    tab.shows("The household at this address has joined already").await;
    at(blank[0].plain()).await;
    tab.fill(&[("place", "99 Nowhere Road")]).await;
    tab.shows("Waiting for your community").await;
    at(blank[0].plain()).await;
    tab.shows("Waiting for your community").await;

    // Too many tries, and how long to wait.
    for _ in 0..11 {
        world.client.visit(Method::GET, "/j/7KWM-3RTX-9CHR", None, None).await.unwrap();
    }
    at(&code(6)).await;
    tab.shows("Too many tries").await;
    assert!(tab.text().await.contains("minutes"));
    assert!(tab.bytes_loaded().await <= 100_000.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_lets_the_family_in_on_the_screen() {
    let (Some(browser), Some(phone)) = (Browser::start().await, Browser::start().await) else { return };
    let world = World::with(&[HERE]).await;
    let base = world.client.base().to_owned();
    world.send(&[json!({"email": "ada@example.org", "unit": "12 Elm Street"})]).await;
    let code = world.codes_of("household").await.remove(0);
    let tab = browser.open(320, false).await;
    tab.goto(&format!("{base}/j/{}", code.plain())).await;
    tab.fill(&[("name", "Ada Lovelace"), ("contact", "ada@example.org")]).await;
    tab.click_and_load("a.button").await;
    tab.shows("Your household").await;

    // A mistake keeps what was written, and has the focus.
    tab.fill(&[("for", "Ben"), ("contact", "ben at example")]).await;
    tab.shows("Your household").await;
    assert!(tab.focused().await.contains("contact"), "{}", tab.focused().await);
    assert!(tab.text_of("#contact-fault").await.contains("e-mail address or a phone number"));
    tab.goto(&tab.url().await.replace("/invite", "")).await;
    tab.fill(&[("for", "Ben")]).await;
    tab.shows("Invite for Ben").await;
    assert_eq!(tab.count("svg.qr[role=img]").await, 1);
    let member = world.codes_of("member").await.remove(0);
    assert!(tab.text().await.contains(&member.grouped()));

    // On another phone.
    let other = phone.open(320, false).await;
    other.goto(&format!("{base}/j/{}", member.plain())).await;
    other.shows("You are invited to your household").await;
    other.fill(&[("name", "Ben Lovelace"), ("contact", "ben@example.org")]).await;
    other.shows("Welcome! You have joined your household").await;
    other.click_and_load("a.button").await;
    other.shows("Your household").await;
    assert!(other.text().await.contains("Ada Lovelace"));

    // The head sees them, and hands over what is theirs alone to give.
    tab.click_and_load("main p:last-child a").await;
    assert!(tab.text().await.contains("Ben Lovelace"));
    tab.click("details summary").await;
    tab.click_and_load("form[action$=make-head] button").await;
    tab.shows("Your household").await;
    assert_eq!(tab.count("#invite").await, 0);
    other.reload().await;
    assert_eq!(other.count("#invite").await, 1);
    assert!(tab.bytes_loaded().await <= 100_000.0);
}

//! Signing in by e-mail and looking after people, in a real browser: without script, by keyboard, on the smallest screen.

use super::{Browser, HERE};
use crate::{sign_in::path_in, world::World};

const PAT: &str = "pat@oakridge.example";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_signs_in_and_adds_another_by_keyboard() {
    let Some(browser) = Browser::start().await else { return };
    let mut world = World::with(&[HERE]).await;
    let base = world.client.base().to_owned();
    world.add_leader(&world.oakridge, PAT, "owner").await;
    let _worker = world.installation.start_worker().await.unwrap();
    let tab = browser.open(320, false).await;

    // A mistake has the focus, and keeps what was typed.
    tab.goto(&format!("{base}/sign-in")).await;
    tab.shows("Sign in").await;
    tab.type_into("#email", "pat@oakridge").await;
    tab.press_and_load("Enter").await;
    tab.shows("Sign in").await;
    assert!(tab.focused().await.contains("email"), "{}", tab.focused().await);
    tab.type_into("#email", PAT).await;
    tab.press_and_load("Enter").await;
    tab.shows("Look at your e-mail").await;

    let path = path_in(&world.letter(PAT, "Sign in to Oakridge HOA", 1).await);
    tab.goto(&format!("{base}{path}")).await;
    tab.shows("Sign in as a leader").await;
    tab.reach_and_enter("button \"Sign in\"").await;
    tab.shows("Overview").await;
    tab.goto(&format!("{base}{path}")).await;
    tab.shows("This link does not sign anybody in any more").await;

    tab.goto(&format!("{base}/settings/people")).await;
    tab.shows("People").await;
    tab.type_into("#name", "Lee").await;
    tab.type_into("#email", "lee@oakridge.example").await;
    tab.press_and_load("Enter").await;
    tab.shows("People").await;
    assert!(tab.text().await.contains("Added.") && tab.text().await.contains("lee@oakridge.example"));
    tab.reach_and_enter("a \"Remove").await;
    tab.shows("Remove Lee?").await;
    tab.reach_and_enter("button \"Remove\"").await;
    assert!(tab.text().await.contains("signed out everywhere"));
    tab.goto(&format!("{base}/settings/log")).await;
    tab.shows("Log").await;
    assert!(tab.text().await.contains("Removed a leader"));
    tab.goto(&format!("{base}/settings/people")).await;
    tab.reach_and_enter("button \"Sign out everywhere").await;
    tab.shows("Sign in").await;
    assert!(tab.bytes_loaded().await <= 100_000.0);
}

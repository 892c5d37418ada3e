//! Getting ready in a real browser: without script and by keyboard on the smallest screen, with script on a large one.

use super::{Browser, HERE, assert_accessible};
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_treasurer_gets_ready_by_keyboard_on_a_phone() {
    let Some(browser) = Browser::start().await else { return };
    let mut world = World::with(&[HERE]).await;
    world.oakridge = world
        .installation
        .create_community("Birchwood Homeowners Association", &["--prepare"])
        .await
        .unwrap();
    let base = world.client.base().to_owned();
    let tab = browser.open(320, false).await;
    tab.sign_in(&world, &base).await;
    tab.goto(&format!("{base}/settings")).await;
    tab.assert_fits().await;
    assert_accessible(&tab).await;
    // The checklist leads to its fields. From there on by keyboard alone: letters to fields and lists, spaces to ticks.
    tab.click(".todo a[href='#short_name']").await;
    tab.until("the field has the focus", "document.activeElement.id === 'short_name'").await;
    tab.press("Control+a").await;
    tab.type_text("Birchwood").await;
    tab.press("Tab").await;
    tab.press("Tab").await;
    tab.press("Space").await;
    tab.press("Tab").await;
    tab.press("Space").await;
    tab.press("Tab").await;
    tab.press("Tab").await;
    assert!(tab.focused().await.contains("postal_address"), "{}", tab.focused().await);
    tab.type_text("12 Elm Street").await;
    tab.press("Tab").await;
    tab.type_text("ask Maria").await;
    tab.press("Tab").await;
    tab.type_text("Chic").await;
    tab.press("Tab").await;
    tab.press("Space").await;
    tab.press_and_load("Enter").await;
    // One mistake: it has the focus, and everything else is as it was typed.
    assert!(tab.focused().await.contains("contact"), "{}", tab.focused().await);
    tab.assert_fits().await;
    assert_accessible(&tab).await;
    tab.press("Control+a").await;
    tab.type_text("board@birchwood.example").await;
    tab.press_and_load("Enter").await;
    assert_eq!(tab.text_of("#check-title").await, "Ready to send");
    assert!(tab.text_of(".told").await.contains("you can invite your residents now"));
    tab.assert_fits().await;
    assert_accessible(&tab).await;
    let fresh = browser.open(320, false).await;
    fresh.goto(&format!("{base}/settings")).await;
    assert!(fresh.bytes_loaded().await <= 100_000.0, "{}", fresh.bytes_loaded().await);
    // Who is stopped, and the HTTP API.
    for path in ["/settings/stopped", "/docs"] {
        tab.goto(&format!("{base}{path}")).await;
        tab.assert_fits().await;
        assert_accessible(&tab).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn name_and_colour_are_seen_while_they_are_chosen() {
    let Some(browser) = Browser::start().await else { return };
    let world = World::with(&[HERE]).await;
    let base = world.client.base().to_owned();
    let tab = browser.open(1280, true).await;
    tab.sign_in(&world, &base).await;
    tab.goto(&format!("{base}/settings")).await;
    tab.type_into("#short_name", "Oak €").await;
    assert!(tab.text_of("#short-preview").await.starts_with("Oak €: your household is invited"));
    assert_eq!(tab.text_of("#short-count").await, "6 of 20 places taken.");
    tab.type_into("#own_colour", "#ffd400").await;
    assert!(tab.text_of("#contrast").await.contains("cannot be read well (1.4 to 1)"));
    assert_eq!(tab.count("[data-colour][fill='#ffd400']").await, 2);
    tab.click("input[value='#2e6b34']").await;
    assert!(
        tab.text_of("#contrast").await.contains("can be read (6.4 to 1)"),
        "{}",
        tab.text_of("#contrast").await
    );
    // Pressed with a colour that is too light, it offers one that is not.
    tab.type_into("#own_colour", "#ffd400").await;
    tab.press_and_load("Enter").await;
    assert_eq!(tab.count("#colour-fault[role=alert]").await, 1);
    assert_accessible(&tab).await;
    tab.click_and_load("button[name=suggested]").await;
    assert!(tab.text_of(".told").await.contains("Saved."));
    assert_eq!(tab.count("#colour-fault").await, 0);
    assert_accessible(&tab).await;
    assert_eq!(tab.console_errors().await, Vec::<String>::new());
}

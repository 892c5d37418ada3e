//! Chasing in a real browser: who needs somebody, an address mended, what failed sent again. Without script, on the
//! smallest screen and a large one.

use serde_json::json;

use super::{Browser, HERE, assert_accessible};
use crate::world::{World, settled};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_finds_who_needs_them_and_helps() {
    let Some(browser) = Browser::start().await else { return };
    let mut world = World::with(&[HERE]).await;
    let base = world.client.base().to_owned();
    world.unknown_email("ada").await;
    let list = [
        json!({"email": "refuse-cy@example.org", "unit": "2 Elm Street", "name": "Cy Ek"}),
        json!({"email": "tempfail-4-di@example.org", "unit": "4 Elm Street", "name": "Di Ek"}),
    ];
    let batch = world.send(&list).await;
    let _worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, settled).await;

    for (width, script) in [(1280, true), (320, false)] {
        let tab = browser.open(width, script).await;
        tab.sign_in(&world, &base).await;
        tab.click_and_load(".told.problem a").await;
        assert_eq!(tab.text_of("h1").await, "Who needs you");
        tab.assert_fits().await;
        assert_accessible(&tab).await;
        if script {
            continue;
        }
        // What may have arrived is left; what failed goes again; a wrong address is mended where it stands.
        tab.click_and_load("form[action='/problems/leave'] button").await;
        assert!(tab.text_of("[role=status]").await.contains("Nothing more is sent"));
        tab.click_and_load("#try_again button.main").await;
        assert!(tab.text_of("[role=status]").await.contains("1 message goes again"));
        tab.type_into("#fix_address input[name=address]", "cy").await;
        tab.press_and_load("Enter").await;
        assert_eq!(tab.text_of("h1").await, "Nothing was changed");
        assert_accessible(&tab).await;
        tab.goto(&format!("{base}/problems")).await;
        tab.type_into("#fix_address input[name=address]", "cy@example.org").await;
        tab.press_and_load("Enter").await;
        assert!(tab.text_of("[role=status]").await.contains("new access code"));
        assert_eq!(tab.text_of("h1").await, "Cy Ek");
        tab.assert_fits().await;
        assert_accessible(&tab).await;
        tab.click_and_load("form[action$=link] button").await;
        assert_eq!(tab.text_of("h1").await, "The household’s link");
        tab.assert_fits().await;
        assert_accessible(&tab).await;
        world.batch_until(&batch, |counts| settled(counts) && counts["accepted"] == 1).await;
        tab.goto(&format!("{base}/problems")).await;
        assert_eq!(tab.text_of("h2").await, "Nobody needs you right now");
        assert!(tab.bytes_loaded().await <= 100_000.0);
    }
}

//! The report in a real browser: on a phone without script, on a desk, and on paper.

use serde_json::json;

use super::{Browser, HERE, assert_accessible};
use crate::world::{World, rows, settled};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_is_read_on_a_phone_and_on_paper() {
    let Some(browser) = Browser::start().await else { return };
    let mut world = World::with(&[HERE]).await;
    let mut list = rows(40);
    list.push(json!({"email": "refuse-x@oakridge.example", "name": "Jane & Co", "unit": "7 Elm Street"}));
    let batch = world.send(&list).await;
    let worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, settled).await;
    assert!(worker.stop().await.unwrap().success());
    world
        .sql(
            "UPDATE households SET joined_at = app_now()
             WHERE id IN (SELECT household_id FROM contacts WHERE name ~ '^Resident [1-9]$')",
        )
        .await;
    let base = world.client.base().to_owned();
    for (width, script) in [(320, false), (1280, true)] {
        let tab = browser.open(width, script).await;
        tab.sign_in(&world, &base).await;
        tab.click_and_load("a[href='/report']").await;
        assert_eq!(tab.url().await, format!("{base}/report"));
        assert_eq!(tab.text_of(".big").await, "9 of 41 households joined (21 %)");
        tab.assert_fits().await;
        assert_accessible(&tab).await;
        assert_eq!(tab.console_errors().await, Vec::<String>::new());

        // On paper nothing can be pressed, and nothing is dark.
        let shown = |selector: &str| {
            format!(
                "[...document.querySelectorAll('{selector}')].some(element => element.getClientRects().length)"
            )
        };
        assert_eq!(tab.value(&shown("nav, .button, button")).await, true);
        tab.dark(true).await;
        tab.on_paper(true).await;
        tab.until("no menu", &format!("!{}", shown("nav, header, button, .button, details, .skip"))).await;
        tab.until("the rest", &shown(".missing tbody tr")).await;
        tab.until("black on white", "getComputedStyle(document.body).color === 'rgb(0, 0, 0)' && getComputedStyle(document.body).backgroundColor === 'rgb(255, 255, 255)'").await;
        tab.until(
            "rows stay whole",
            "getComputedStyle(document.querySelector('.missing tr')).breakInside === 'avoid'",
        )
        .await;
        tab.until("no colours", "[...document.querySelectorAll('.report .state')].every(state => getComputedStyle(state).color === 'rgb(0, 0, 0)')").await;
        tab.on_paper(false).await;
        assert_eq!(tab.value(&shown("nav")).await, true);
    }
}

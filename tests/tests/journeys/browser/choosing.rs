//! Many households at once, and one household's page, in a real browser: without script, by keyboard alone, and at three
//! widths.

use serde_json::json;

use super::{Browser, Tab, assert_accessible, board::HERE};
use crate::world::{World, rows, settled};

impl Tab {
    /// Goes on with the Tab key until what has the focus is called so.
    async fn walk_to(&self, name: &str) {
        let mut passed = Vec::new();
        for _ in 0..200 {
            self.press("Tab").await;
            let focused = self.focused().await;
            if focused.ends_with(&format!("\"{name}\"")) {
                self.assert_focus_is_seen().await;
                return;
            }
            passed.push(focused);
        }
        panic!("no Tab leads to {name}, only to {passed:#?}");
    }

    /// What has the focus lies under nothing else.
    async fn assert_focus_is_seen(&self) {
        let seen = "(() => {
            const element = document.activeElement, box = element.getClientRects()[0];
            const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
            return element.contains(hit) || hit?.closest('label')?.control === element;
        })()";
        self.until("what has the focus is in view", seen).await;
    }

    async fn assert_fine(&self) {
        self.assert_fits().await;
        assert_accessible(self).await;
    }

    /// What can be touched is large enough.
    async fn assert_easy_to_touch(&self, selector: &str) {
        let small = format!(
            "[...document.querySelectorAll({})].filter(one => one.checkVisibility())
             .map(one => [one.innerText.slice(0, 30), one.getBoundingClientRect()])
             .filter(([, box]) => box.width < 43.9 || box.height < 43.9)
             .map(([text, box]) => text + ' ' + box.width + ' x ' + box.height).join()",
            json!(selector)
        );
        assert_eq!(self.string(&small).await, "", "{selector}");
    }

    async fn told(&self) -> String {
        self.text_of("main [role=status]").await
    }
}

const TOUCHED: &str = ".pick label, .chosen button, .choosing .tick";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_chooses_households_on_every_screen() {
    let Some(browser) = Browser::start().await else { return };
    let world = World::with(&[HERE]).await;
    let base = world.client.base().to_owned();
    world.send(&rows(60)).await;
    world.sql("UPDATE invitations SET expires_at = app_now() + interval '5 days'").await;

    for (width, script) in [(1280, true), (768, true), (320, true), (320, false)] {
        let tab = browser.open(width, script).await;
        tab.sign_in(&world, &base).await;
        tab.goto(&format!("{base}/households")).await;
        assert!(tab.bytes_loaded().await <= 100_000.0, "{}", tab.bytes_loaded().await);
        assert_eq!(tab.count("#choose-page:not([hidden])").await, u64::from(script));
        tab.assert_easy_to_touch(TOUCHED).await;
        tab.assert_fine().await;
        tab.click(".pick input").await;
        tab.click("tr:nth-child(3) .pick input").await;
        if script {
            tab.until("it counts", "document.getElementById('chosen-count').innerText === '2 of 50 chosen'")
                .await;
        }
        tab.assert_fine().await;
        // What acts on them is at hand, wherever the list is, and hides nothing that has the focus.
        let at_hand = "(box => box.top > 0 && box.bottom <= innerHeight)(document.querySelector('.chosen').getBoundingClientRect())";
        tab.until("the buttons are in view", at_hand).await;
        tab.click_and_load("button[value=extend]").await;
        assert_eq!(tab.text_of("h1").await, "Hold 2 invitations for 30 days from today?");
        tab.assert_fine().await;
        // Back, nothing that was chosen is lost; then they are held longer.
        tab.click_and_load("main .crumb a").await;
        assert_eq!(tab.count(".pick input:checked").await, 2);
        tab.click_and_load("button[value=extend]").await;
        tab.click_and_load("form[action$=extend] button").await;
        assert!(tab.told().await.contains("2 access codes can be used for 30 days"), "{}", tab.told().await);
        tab.assert_fine().await;
        tab.reload().await;
        assert_eq!(tab.count(".pick input:checked").await, 0);
        world.sql("UPDATE invitations SET expires_at = app_now() + interval '5 days'").await;

        // Where there is nothing to choose, nothing goes wrong.
        tab.goto(&format!("{base}/households?q=nobody")).await;
        tab.assert_fine().await;
        assert_eq!(tab.console_errors().await, Vec::<String>::new());
        tab.goto(&format!("{base}/households")).await;

        // All of a page; all that match.
        if script {
            tab.click("#choose-page input").await;
            tab.until("it counts", "document.getElementById('chosen-count').innerText === '50 of 50 chosen'")
                .await;
            tab.click("tr:nth-child(2) .pick input").await;
            tab.until("it counts", "document.getElementById('choose-page').control.indeterminate").await;
            tab.click("#choose-all").await;
            tab.until("it counts", "document.getElementById('chosen-count').innerText === 'All 60 chosen'")
                .await;
        } else {
            tab.click("#choose-all").await;
        }
        tab.click_and_load("button[value=revoke]").await;
        assert_eq!(tab.text_of("h1").await, "Cancel 60 invitations?");
        tab.click(".named summary").await;
        assert!(tab.text().await.contains("and 20 more"), "{}", tab.text().await);
        tab.assert_fine().await;
        tab.click_and_load(".actions a").await;
        assert_eq!(tab.count("#choose-all:checked").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_chooses_households_by_keyboard_alone() {
    let Some(browser) = Browser::start().await else { return };
    let mut world = World::with(&[HERE]).await;
    let base = world.client.base().to_owned();
    let list: Vec<_> = ["Ada", "Bo", "Cy"]
        .into_iter()
        .map(|name| json!({"email": format!("{name}@example.org"), "name": name, "unit": format!("{name} Elm Street")}))
        .collect();
    let batch = world.send(&list).await;
    let worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, settled).await;
    assert!(worker.stop().await.unwrap().success());
    world.ahead("25 hours").await;

    for (width, script, deed, button, heading) in [
        (1280, true, "Send again", "Send again to 2 households", "on its way again to 2 households"),
        (320, false, "Cancel the invitations", "Cancel 2 invitations", "2 invitations are cancelled"),
    ] {
        let tab = browser.open(width, script).await;
        tab.sign_in(&world, &base).await;
        tab.goto(&format!("{base}/households")).await;
        for name in ["Choose Ada", "Choose Cy"] {
            tab.walk_to(name).await;
            tab.press("Space").await;
        }
        assert_eq!(tab.count(".pick input:checked").await, 2);
        tab.walk_to(deed).await;
        tab.press_and_load("Enter").await;
        assert_eq!(tab.text_of("h1").await, format!("{button}?"));
        tab.walk_to(button).await;
        tab.press_and_load("Enter").await;
        assert!(tab.told().await.contains(heading), "{}", tab.told().await);
        tab.assert_fine().await;
    }
    let messages: i64 = sqlx::query_scalar("SELECT count(*) FROM deliveries")
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
    assert_eq!(messages, 5);
}

/// Everything on a household's page, by the Tab key and what it leads to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_household_is_cared_for_by_keyboard_alone() {
    let Some(browser) = Browser::start().await else { return };
    let mut world = World::with(&[HERE]).await;
    let base = world.client.base().to_owned();
    let list: Vec<_> = ["ada", "bo"]
        .into_iter()
        .map(|name| json!({"email": format!("{name}@example.org"), "name": name, "unit": format!("{name} Elm Street")}))
        .collect();
    let batch = world.send(&list).await;
    let _worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, settled).await;
    world.ahead("25 hours").await;

    for (width, script, who) in [(1280, true, "ada"), (320, false, "bo")] {
        let tab = browser.open(width, script).await;
        tab.sign_in(&world, &base).await;
        tab.goto(&format!("{base}/households")).await;
        tab.walk_to(who).await;
        tab.press_and_load("Enter").await;
        let page = tab.url().await;
        tab.assert_easy_to_touch(".deeds button, summary").await;
        let press = async |name: &str, says: &str| {
            tab.walk_to(name).await;
            tab.press_and_load("Enter").await;
            assert!(tab.text().await.contains(says), "{name}: {}", tab.text().await);
            tab.assert_fine().await;
        };
        press("Send the invitation again", "on its way again").await;
        press("Hold it for 30 days from today", "can be used for 30 days").await;
        press("Show the link", "The household’s link").await;
        tab.goto(&page).await;
        press("Print an access pass", "Pass 0000").await;
        tab.goto(&page).await;

        // What is folded opens by a key, and the mistake in a field is told.
        let open = async |name: &str, first: &str| {
            tab.walk_to(name).await;
            tab.press("Enter").await;
            tab.assert_fine().await;
            tab.walk_to(first).await;
        };
        open("Mend a wrong address", "This one is wrong").await;
        tab.walk_to("The right e-mail address or mobile number").await;
        tab.type_text("nobody at all").await;
        tab.press_and_load("Enter").await;
        assert_eq!(tab.text_of("h1").await, "Nothing was changed");
        tab.assert_fine().await;
        press("Back to the household", "What you can do").await;
        open("Mend a wrong address", "This one is wrong").await;
        tab.walk_to("The right e-mail address or mobile number").await;
        tab.type_text(&format!("{who}.new@example.org")).await;
        tab.press_and_load("Enter").await;
        assert!(tab.told().await.contains("with a new access code"), "{}", tab.told().await);
        open("Send it to one more address", "E-mail address or mobile number").await;
        tab.type_text(&format!("{who}.more@example.org")).await;
        tab.press_and_load("Enter").await;
        assert!(tab.told().await.contains("on its way there, too"), "{}", tab.told().await);
        open("Replace the access code, or cancel the invitation", "Replace the access code").await;
        tab.press_and_load("Enter").await;
        assert!(tab.told().await.contains("The old access code is void"), "{}", tab.told().await);
        open("Replace the access code, or cancel the invitation", "Cancel the invitation").await;
        tab.press_and_load("Enter").await;
        assert!(tab.told().await.contains("The invitation is cancelled"), "{}", tab.told().await);
        tab.assert_fine().await;
        assert!(tab.text().await.contains("Send a new invitation"));
    }
}

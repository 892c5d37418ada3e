//! Chasing, requests, passes and the report by keyboard alone: without script on the smallest screen, and with script on
//! a large one.

use serde_json::json;

use super::{Browser, HERE, Tab, places};
use crate::world::{World, rows};

const BOTH: [(u32, bool); 2] = [(320, false), (1280, true)];

impl Tab {
    async fn said(&self) -> String {
        self.text_of("[role=status]").await
    }

    /// Follows an entry of the menu.
    async fn menu(&self, name: &str) {
        self.reach_and_enter(&format!("a \"{name}\"")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_needs_a_leader_is_chased_by_keyboard() {
    let Some(browser) = Browser::start().await else { return };
    for (width, script) in BOTH {
        let world = World::with(&[HERE]).await;
        let base = world.client.base().to_owned();
        places::play(&world).await;
        let tab = browser.open(width, script).await;
        tab.sign_in(&world, &base).await;
        tab.reach_and_enter("have a problem").await;
        tab.shows("Who needs you").await;
        assert_eq!(tab.count("section.remedy").await, 6);

        // What happened, and back.
        tab.reach_and_enter("a \"What happened with Home 6\"").await;
        tab.shows("Home 6").await;
        tab.reach_and_enter("button \"Leave it\"").await;
        assert_eq!(tab.text_of(".told").await, "It is left at that: nothing more is sent.");
        tab.menu("Overview").await;
        tab.reach_and_enter("have a problem").await;
        assert_eq!(tab.count("#decide").await, 0);

        // An address that is none changes nothing; the right one gets a new code.
        let address = tab.string("document.querySelector('#fix_address input[name=address]').id").await;
        tab.reach_and_type(&format!("input#{address}"), "nobody").await;
        tab.press_and_load("Enter").await;
        tab.shows("Nothing was changed").await;
        tab.reach_and_enter("a \"Who needs you\"").await;
        tab.reach_and_type(&format!("input#{address}"), "home@maple.example").await;
        tab.press_and_load("Enter").await;
        assert!(tab.said().await.contains("new access code"), "{}", tab.said().await);

        // What was not taken goes again; for one that takes no texts a pass is printed.
        tab.goto(&format!("{base}/problems")).await;
        tab.until("the rest is there", "document.querySelectorAll('#try_again').length === 1").await;
        tab.value("document.querySelector('#other_channel a').focus()").await;
        tab.reach_and_enter("button \"Send again to 1 household\"").await;
        assert!(tab.said().await.starts_with("1 message goes again"), "{}", tab.said().await);
        assert_eq!(tab.count("#try_again").await, 0);
        tab.reach_and_enter("button \"Print").await;
        assert_eq!(tab.count("a[href$='/pdf']").await, 1);
        tab.assert_good().await;
        tab.assert_clean(&base).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn residents_are_answered_by_keyboard() {
    let Some(browser) = Browser::start().await else { return };
    for (width, script) in BOTH {
        let world = World::with(&[HERE]).await;
        let base = world.client.base().to_owned();
        world.hear_residents().await;
        let tab = browser.open(width, script).await;
        tab.sign_in(&world, &base).await;
        tab.menu("Requests").await;
        tab.shows("Requests").await;
        assert_eq!(tab.count(".request").await, 3);
        tab.reach_and_enter("button \"End the code\"").await;
        assert_eq!(tab.said().await, "The code is no longer valid.");
        tab.reach_and_enter("button \"Send a new invitation\"").await;
        assert_eq!(tab.said().await, "A new invitation is on its way.");
        // Where they belong is chosen with the arrows.
        tab.tab_to("select#household1").await;
        tab.press("ArrowDown").await;
        tab.press("ArrowUp").await;
        tab.reach_and_enter("button \"Let them in\"").await;
        assert!(tab.said().await.starts_with("They are in"), "{}", tab.said().await);
        assert_eq!(tab.count(".request").await, 0);
        tab.assert_good().await;
        tab.assert_clean(&base).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passes_are_printed_handed_over_and_voided_by_keyboard() {
    let Some(browser) = Browser::start().await else { return };
    for (width, script) in BOTH {
        let world = World::with(&[HERE]).await;
        let base = world.client.base().to_owned();
        world.send(&rows(12)).await;
        let tab = browser.open(width, script).await;
        tab.sign_in(&world, &base).await;
        tab.menu("Passes").await;
        tab.shows("Access passes").await;
        tab.tab_to("select#layout").await;
        tab.press("ArrowDown").await;
        tab.tab_to("select#sort").await;
        tab.press("ArrowDown").await;
        // A place that no sheet has is told, and what was chosen stays.
        tab.reach_and_type("input#start", "99").await;
        tab.press_and_load("Enter").await;
        assert!(tab.text_of("[role=alert]").await.contains("a number from 1 to 10"));
        assert_eq!(tab.string("document.querySelector('#sort').value").await, "name");
        tab.assert_good().await;
        tab.reach_and_type("input#start", "3").await;
        tab.reach_and_enter("button \"Prepare 12 passes\"").await;
        tab.shows("Passes 000001 to 000012").await;
        let layout = tab.text_of(".facts dd").await;
        assert!(layout.contains("A4"), "the arrow chose {layout}");

        // One, then several; then the question before they are void, answered both ways.
        tab.reach_and_enter(": pass 1\"").await;
        assert_eq!(tab.said().await, "1 pass is handed over now.");
        tab.reach_and_type("input#from", "2").await;
        tab.reach_and_type("input#to", "5").await;
        tab.reach_and_enter("button \"Handed over\"").await;
        assert_eq!(tab.said().await, "4 passes are handed over now.");
        tab.reach_and_enter("Pass 2\"").await;
        tab.shows("Make pass 000002 void?").await;
        tab.reach_and_enter("a \"Keep them\"").await;
        tab.reach_and_type("input#from", "11").await;
        tab.reach_and_enter("button \"Make void…\"").await;
        tab.shows("Make passes 000011 to 000012 void?").await;
        tab.reach_and_enter("button \"Make void\"").await;
        assert_eq!(tab.said().await, "2 passes are void now.");
        assert_eq!(world.live_codes().await.len(), 10);

        // Blank ones.
        tab.reach_and_enter("a \"Access passes\"").await;
        tab.reach_and_type("input#count", "4").await;
        tab.press_and_load("Enter").await;
        assert_eq!(world.codes_of("blank").await.len(), 4);
        tab.assert_good().await;
        tab.assert_clean(&base).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_is_read_by_keyboard() {
    let Some(browser) = Browser::start().await else { return };
    let world = World::with(&[HERE]).await;
    let base = world.client.base().to_owned();
    let batch = world.send(&[json!({"email": "ada@example.org"}), json!({"email": "bo@example.org"})]).await;
    world.sql("UPDATE households SET joined_at = app_now() - interval '1 day' WHERE id IN (SELECT household_id FROM contacts WHERE address LIKE 'ada@%')").await;
    for (width, script) in BOTH {
        let tab = browser.open(width, script).await;
        tab.sign_in(&world, &base).await;
        tab.reach_and_enter("a \"Report\"").await;
        assert_eq!(tab.text_of(".big").await, "1 of 2 households joined (50 %)");
        tab.tab_to("a \"Download as CSV\"").await;
        tab.tab_to("summary").await;
        tab.press("Space").await;
        tab.until("the table is open", "document.querySelector('details').open").await;
        assert!(tab.text().await.contains("So far"));
        tab.assert_good().await;
        tab.reach_and_enter("a \"2 e-mails\"").await;
        assert_eq!(tab.url().await, format!("{base}/batches/{batch}"));
        tab.assert_clean(&base).await;
    }
}

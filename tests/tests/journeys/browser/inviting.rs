//! Inviting residents in a real browser: by keyboard without script on the smallest screen, and with script in place.

use serde_json::json;

use super::{Browser, HERE, assert_accessible};
use crate::world::World;

const MESSY: &str = "Name;E-mail;Unit\nAda Ek;ada@example.org;1 Elm\nBo Ek;bo@gmial.com;2 Elm\nCy;cy at example.org;3 Elm\nAda;ADA@example.org;1 Elm\n";

async fn batches(world: &World) -> Vec<i32> {
    sqlx::query_scalar("SELECT total FROM batches").fetch_all(&world.installation.pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_messy_list_is_walked_to_its_batch_by_keyboard_without_script() {
    let Some(browser) = Browser::start().await else { return };
    let world = World::with(&[HERE]).await;
    let base = world.client.base().to_owned();
    let tab = browser.open(320, false).await;
    tab.sign_in(&world, &base).await;
    tab.reach_and_enter("a \"Invite\"").await;
    tab.assert_good().await;
    tab.reach_and_enter("E-mail list").await;
    tab.assert_good().await;
    tab.tab_to("textarea#list").await;
    tab.type_text(MESSY).await;
    tab.reach_and_enter("Look at the list").await;
    assert_eq!(tab.text_of("h1").await, "Look at your e-mail list");
    tab.assert_good().await;
    assert!(tab.bytes_loaded().await <= 100_000.0);
    tab.reach_and_enter("Use bo@gmail.com").await;
    assert_eq!(tab.text_of("#told").await, "Line 3 is ready now.");
    assert!(tab.url().await.ends_with("#e-2"), "it comes back to where it was");
    tab.tab_to("Edit Line 4").await;
    tab.press("Enter").await;
    tab.reach_and_type("input#email-3", "cy@example.org").await;
    tab.press_and_load("Enter").await;
    assert_eq!(tab.text_of("#told").await, "Line 4 is ready now.");
    assert_eq!(tab.text_of(".verdicts .v-ready b").await, "3");
    tab.reach_and_enter("Go on with 3 e-mails").await;
    assert_eq!(tab.text_of("h1").await, "The message");
    tab.assert_good().await;
    tab.assert_framed().await;
    tab.tab_to("textarea#note").await;
    tab.type_text("Bring your keys.").await;
    tab.reach_and_enter("Update the preview").await;
    assert_eq!(tab.text_of(".told").await, "The preview is up to date.");
    tab.reach_and_enter("Go on: confirm").await;
    tab.assert_good().await;
    assert!(tab.text().await.contains("1 entry is skipped."));
    tab.reach_and_enter("Send 3 e-mails to 3 households").await;
    assert_eq!(tab.text_of("h1").await, "3 e-mails");
    assert!(tab.text().await.contains("The list is accepted"));
    assert_eq!(batches(&world).await, [3]);
    // Back, and pressed again, is led to the batch.
    tab.goto(&format!("{base}/invite")).await;
    tab.assert_good().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_are_mended_in_place() {
    let Some(browser) = Browser::start().await else { return };
    let world = World::with(&[HERE]).await;
    let base = world.client.base().to_owned();
    let tab = browser.open(1280, true).await;
    tab.sign_in(&world, &base).await;
    tab.goto(&format!("{base}/invite/email")).await;
    tab.type_into("#list", "x").await;
    let fill = format!(
        "void (document.getElementById('list').value = {}, document.getElementById('list').dispatchEvent(new Event('input')))",
        json!(MESSY)
    );
    tab.value(&fill).await;
    tab.until(
        "the entries are counted",
        "document.getElementById('count').textContent === 'About 5 entries.'",
    )
    .await;
    tab.click_and_load("button.main").await;
    tab.value("void (globalThis.marked = document.getElementById('tiles'))").await;
    assert_eq!(tab.text_of(".verdicts .v-ready b").await, "1");

    // What is typed in another row stays while one is saved.
    tab.click("#e-2 summary").await;
    tab.type_into("#name-2", "Bo the Second").await;
    tab.click("#e-3 summary").await;
    tab.type_into("#email-3", "cy@example.org").await;
    tab.press("Enter").await;
    tab.until("the row is swapped", "document.querySelector('#e-3 .state').textContent === 'Ready'").await;
    tab.until("the tile changes", "document.querySelector('.verdicts .v-ready b').textContent === '2'").await;
    tab.until("the button changes", "document.querySelector('#go a').textContent === 'Go on with 2 e-mails'")
        .await;
    tab.until("it is said", "document.getElementById('told').textContent === 'Line 4 is ready now.'").await;
    tab.until("the focus is at the row", "document.activeElement.id === 'e-3'").await;
    tab.until("what was typed stays", "document.getElementById('name-2').value === 'Bo the Second'").await;
    tab.click("#u-2").await;
    tab.until("the other one, too", "document.querySelector('.verdicts .v-ready b').textContent === '3'")
        .await;
    tab.until("the focus is at its row", "document.activeElement.closest('#e-2') !== null").await;
    tab.click("#r-2").await;
    tab.until("it is removed", "document.querySelector('#e-2 .state').textContent === 'Removed'").await;
    tab.until("the tiles sum", "[...document.querySelectorAll('.verdicts li:not(.total) b')].reduce((sum, b) => sum + +b.textContent, 0) === 4").await;
    tab.until("the focus is not lost", "document.activeElement !== document.body").await;
    tab.until("it was never loaded anew", "globalThis.marked?.isConnected").await;
    assert_accessible(&tab).await;
    assert!(tab.bytes_loaded().await <= 100_000.0);

    // A double click sends once.
    tab.goto(&format!("{}/send", tab.url().await.split('?').next().unwrap().split('#').next().unwrap()))
        .await;
    let twice = "void (b => { b.click(); b.click(); b.form.submit(); })(document.querySelector('[data-once] button'))";
    tab.value(twice).await;
    tab.until("the batch is there", "location.pathname.startsWith('/batches/')").await;
    assert_eq!(batches(&world).await, [2]);
    assert_eq!(tab.console_errors().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_changed_meanwhile_is_told_in_place() {
    let Some(browser) = Browser::start().await else { return };
    let world = World::with(&[HERE]).await;
    let base = world.client.base().to_owned();
    let kim = world.board().await;
    let draft = kim.list("email", MESSY).await;
    let tab = browser.open(320, true).await;
    tab.sign_in(&world, &base).await;
    tab.goto(&format!("{base}{draft}")).await;
    tab.value("void (globalThis.marked = document.getElementById('tiles'))").await;
    tab.click("#e-2 summary").await;
    tab.type_into("#name-2", "Bo the Second").await;
    kim.submit(&format!("{draft}/entries/2"), "name=Bob").await;
    // Another row is saved first: what is typed here was typed over what was seen here.
    tab.click("#e-3 summary").await;
    tab.type_into("#email-3", "cy@example.org").await;
    tab.press("Enter").await;
    tab.until("the other row is swapped", "document.querySelector('#e-3 .state').textContent === 'Ready'")
        .await;
    tab.click("#e-2 .edit button").await;
    tab.until("it is said", "document.getElementById('told').textContent.startsWith('Line 3 was changed meanwhile, and nothing was saved.')").await;
    tab.until("what was typed stays", "document.getElementById('name-2').value === 'Bo the Second'").await;
    tab.until(
        "what stands there is shown",
        "document.querySelector('#e-2 .who').textContent.includes('Bob')",
    )
    .await;
    tab.until("it was never loaded anew", "globalThis.marked?.isConnected").await;
    assert_accessible(&tab).await;
    tab.click("#e-2 .edit button").await;
    tab.until("now it is saved", "document.querySelector('#e-2 .who').textContent.includes('Bo the Second')")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_dropped_and_its_columns_are_named() {
    let Some(browser) = Browser::start().await else { return };
    let world = World::with(&[HERE]).await;
    let base = world.client.base().to_owned();
    let tab = browser.open(768, true).await;
    tab.sign_in(&world, &base).await;
    tab.goto(&format!("{base}/invite/email")).await;
    let drop = "void (() => {
        const files = new DataTransfer();
        files.items.add(new File(['12 Elm;Ada Ek;ada@example.org\\n14 Elm;Bo Ek;bo@example.org\\n'], 'list.csv'));
        document.querySelector('[data-paste]').dispatchEvent(new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true }));
    })()";
    tab.value(drop).await;
    tab.until(
        "the file is chosen",
        "document.getElementById('count').textContent === 'The file list.csv is read, 1 KiB.'",
    )
    .await;
    tab.click_and_load("button.main").await;
    assert_eq!(tab.text_of("h1").await, "What is in which column?");
    tab.assert_good().await;
    tab.value("void (document.getElementById('c-1').value = 'household')").await;
    tab.click_and_load("button.main").await;
    assert_eq!(tab.text_of("#told").await, "The list is read again.");
    assert_eq!(tab.text_of(".verdicts .v-ready b").await, "2");
    let households: Vec<String> = sqlx::query_scalar("SELECT household FROM draft_entries ORDER BY position")
        .fetch_all(&world.installation.pool)
        .await
        .unwrap();
    assert_eq!(households, ["12 Elm", "14 Elm"]);
    for step in ["/message", "/send"] {
        let list = tab.url().await.split('?').next().unwrap().split("/message").next().unwrap().to_owned();
        tab.goto(&format!("{list}{step}")).await;
        tab.assert_good().await;
        if step == "/send" {
            continue;
        }
        for (length, told) in [
            (10, "290 characters left."),
            (299, "1 character left."),
            (301, "1 character too many."),
            (302, "2 characters too many."),
        ] {
            let write = format!(
                "void (note => {{ note.value = 'a'.repeat({length}); note.dispatchEvent(new Event('input')); }})(document.getElementById('note'))"
            );
            tab.value(&write).await;
            assert_eq!(tab.text_of("#note-count").await, told);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_is_not_taken_still_stands_in_the_box() {
    let Some(browser) = Browser::start().await else { return };
    let world = World::with(&[HERE]).await;
    let base = world.client.base().to_owned();
    let tab = browser.open(768, true).await;
    tab.sign_in(&world, &base).await;
    tab.goto(&format!("{base}/invite/email")).await;
    tab.type_into("#list", "ada@example.org").await;
    let large = "void (() => {
        const files = new DataTransfer();
        files.items.add(new File(['a'.repeat(17 * 1024 * 1024)], 'list.csv'));
        document.getElementById('file').files = files.files;
    })()";
    tab.value(large).await;
    tab.click_and_load("button.main").await;
    assert!(tab.text_of("[role=alert]").await.contains("at most 16 MiB"));
    assert_accessible(&tab).await;
    tab.value("void history.back()").await;
    tab.until("the list still stands there", "document.getElementById('list').value === 'ada@example.org'")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_is_taken_back_by_keyboard_without_script() {
    let Some(browser) = Browser::start().await else { return };
    let world = World::with(&[HERE]).await;
    let base = world.client.base().to_owned();
    world.send(&[json!({"email": "di@example.org"})]).await;
    world.sql("UPDATE deliveries SET state = 'cancelled'").await;
    let board = world.board().await;
    let draft = board.list("email", &format!("{MESSY}Di;di@example.org;9 Elm\n")).await;
    let tab = browser.open(320, false).await;
    tab.sign_in(&world, &base).await;
    tab.goto(&format!("{base}{draft}")).await;
    tab.tab_to("Remove Line 3").await;
    tab.press_and_load("Enter").await;
    assert_eq!(tab.text_of("#told").await, "Removed: line 3.");
    assert!(tab.url().await.ends_with("#e-2"), "it comes back to where it was");
    assert_eq!(tab.text_of(".verdicts .v-removed b").await, "1");
    tab.assert_good().await;
    tab.tab_to("Put it back").await;
    tab.press_and_load("Enter").await;
    assert_eq!(tab.text_of("#told").await, "Line 3 is back on the list.");
    assert_eq!(tab.count(".verdicts .v-removed").await, 0);
    tab.tab_to("Use bo@gmail.com").await;
    tab.press_and_load("Enter").await;
    assert_eq!(tab.text_of("#e-2 .pasted").await, "As pasted: bo@gmial.com · Bo Ek · 2 Elm");
    tab.assert_good().await;
    tab.tab_to("Undo the change").await;
    tab.press_and_load("Enter").await;
    assert_eq!(tab.text_of("#told").await, "Line 3 stands as it was pasted.");

    // One household once more, and not.
    tab.goto(&format!("{base}{draft}?show=skip")).await;
    tab.assert_good().await;
    tab.tab_to("Send it again").await;
    tab.press_and_load("Enter").await;
    assert_eq!(tab.text_of("#told").await, "Line 6 goes again, with the same code.");
    assert_eq!(tab.text_of("#e-5 .state").await, "Ready");
    tab.assert_good().await;
    tab.tab_to("Leave it out").await;
    tab.press_and_load("Enter").await;
    assert_eq!(tab.text_of("#e-5 .state").await, "Skip");
    tab.tab_to("Remove 2 skipped entries").await;
    tab.press_and_load("Enter").await;
    tab.goto(&format!("{base}{draft}?show=removed")).await;
    tab.assert_good().await;
    assert!(tab.bytes_loaded().await <= 100_000.0);
    tab.tab_to("Put 2 removed entries back").await;
    tab.press_and_load("Enter").await;
    assert_eq!(tab.text_of("#told").await, "2 entries are back on the list.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_is_taken_back_in_place() {
    let Some(browser) = Browser::start().await else { return };
    let world = World::with(&[HERE]).await;
    let base = world.client.base().to_owned();
    let board = world.board().await;
    let draft = board.list("email", MESSY).await;
    let tab = browser.open(1280, true).await;
    tab.sign_in(&world, &base).await;
    tab.goto(&format!("{base}{draft}")).await;
    tab.value("void (globalThis.marked = document.getElementById('tiles'))").await;
    let state = |state: &str| format!("document.querySelector('#e-2 .state').textContent === '{state}'");
    let tile = |word: &str, count: u32| {
        format!("document.querySelector('.verdicts .v-{word} b')?.textContent === '{count}'")
    };
    tab.click("#r-2").await;
    tab.until("it is removed", &state("Removed")).await;
    tab.until("it is counted", &tile("removed", 1)).await;
    tab.until("the focus is at its row", "document.activeElement.id === 'e-2'").await;
    assert_accessible(&tab).await;
    tab.click("#a-2-put_back").await;
    tab.until("it is back", &state("Check")).await;
    tab.click("#u-2").await;
    tab.until("the suggestion is used", &state("Ready")).await;
    tab.click("#a-2-undo").await;
    tab.until("it stands as before", &state("Check")).await;
    tab.until("and so do the counts", &tile("check", 1)).await;
    tab.click("#a-2-accept").await;
    tab.until("it goes anyway", &state("Ready")).await;
    tab.click("#a-2-take_back").await;
    tab.until("or not yet", &state("Check")).await;
    tab.until("it was never loaded anew", "globalThis.marked?.isConnected").await;
    assert_eq!(tab.console_errors().await, Vec::<String>::new());
}

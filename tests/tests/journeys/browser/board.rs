//! The leader's board in a real browser: with script, without, by keyboard alone, and at three widths.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use serde_json::json;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinHandle},
};

use super::{Browser, Tab, assert_accessible};
use crate::world::{World, rows};

/// Cookies in the clear, as on a developer's machine.
pub(super) const HERE: (&str, &str) = ("PORCHLIGHT_PUBLIC_URL", "http://board.example");
pub(super) const WIDTHS: [u32; 3] = [320, 768, 1280];

/// A way to the API that can be cut.
struct Door {
    address: SocketAddr,
    open: Arc<Mutex<Vec<AbortHandle>>>,
    serving: JoinHandle<()>,
}

impl Door {
    async fn to(base: &str) -> Self {
        let api = base.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let open: Arc<Mutex<Vec<AbortHandle>>> = Arc::default();
        let opened = Arc::clone(&open);
        let serving = tokio::spawn(async move {
            loop {
                let Ok((mut caller, _)) = listener.accept().await else { continue };
                let api = api.clone();
                let passing = tokio::spawn(async move {
                    if let Ok(mut server) = TcpStream::connect(api).await {
                        // Either side may hang up as it likes.
                        let _ended = copy_bidirectional(&mut caller, &mut server).await;
                    }
                });
                opened.lock().unwrap().push(passing.abort_handle());
            }
        });
        Self { address, open, serving }
    }

    /// Ends every connection; new ones are let through.
    fn cut(&self) {
        for passing in self.open.lock().unwrap().drain(..) {
            passing.abort();
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Tab {
    /// The number on a tile.
    async fn tally(&self, word: &str) -> String {
        self.text_of(&format!(".tally .{word} b")).await
    }
}

fn shows(word: &str, count: usize) -> String {
    format!("document.querySelector('.tally .{word} b').textContent === '{count}'")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_watched_from_the_first_row_to_the_last() {
    let Some(browser) = Browser::start().await else { return };
    let mut world = World::with(&[HERE, ("PORCHLIGHT_SMTP_RATE", "40")]).await;
    let door = Door::to(world.client.base()).await;
    let base = format!("http://{}", door.address);
    let batch = world.send(&rows(200)).await;
    let tab = browser.open(1280, true).await;
    tab.sign_in(&world, &base).await;
    tab.click_and_load(".batches a").await;
    assert_eq!(tab.url().await, format!("{base}/batches/{batch}"));
    assert_eq!(tab.tally("waiting").await, "200");
    tab.until("it is live", "document.getElementById('live').textContent.startsWith('Live')").await;
    assert!(tab.bytes_loaded().await <= 100_000.0);
    assert_accessible(&tab).await;

    // From here on nothing is loaded anew: what is marked stays, and what has the focus keeps it.
    let focused = "document.activeElement === document.querySelector('.actions button')";
    tab.until("marked", "(globalThis.marked = document.querySelector('.tally .sent b'), document.querySelector('.actions button').focus(), true)").await;
    let worker = world.installation.start_worker().await.unwrap();
    tab.until("it fills", "+document.querySelector('.tally .sent b').textContent > 20").await;
    tab.until("Pause has the focus still", focused).await;
    tab.until("the first row is sent", "document.querySelector('#rows .state').textContent === 'Sent'").await;

    // The connection is lost in the middle, and comes back by itself with what was missed.
    door.cut();
    tab.until("it says so", "document.getElementById('live').dataset.state === 'off'").await;
    tab.until("it is live again", "document.getElementById('live').dataset.state === 'on'").await;
    tab.until("everything is sent", &shows("sent", 200)).await;
    tab.until("it says so", "document.querySelector('.sentence').textContent === 'Everything is sent.'")
        .await;
    tab.until("it was never loaded anew", "globalThis.marked?.isConnected").await;
    let sums = "[...document.querySelectorAll('.tally li:not(.total) b')].reduce((sum, b) => sum + +b.textContent, 0) === 200";
    tab.until("the counts sum", sums).await;
    tab.until(
        "a screen reader heard that it is done",
        "document.getElementById('spoken').textContent === 'Everything is sent.'",
    )
    .await;
    assert_accessible(&tab).await;
    // The lost connection is a complaint of the browser's, and the only one.
    let errors = tab.console_errors().await;
    assert!(
        errors.iter().all(
            |error| error.contains("ERR_INCOMPLETE_CHUNKED_ENCODING") || error.contains("ERR_CONNECTION")
        ),
        "{errors:?}"
    );
    assert!(worker.stop().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_keeps_the_focus_while_those_above_it_go() {
    let Some(browser) = Browser::start().await else { return };
    let mut world = World::with(&[HERE, ("PORCHLIGHT_SMTP_RATE", "4")]).await;
    let base = world.client.base().to_owned();
    let batch = world.send(&rows(120)).await;
    let tab = browser.open(1280, true).await;
    tab.sign_in(&world, &base).await;
    tab.goto(&format!("{base}/batches/{batch}?show=waiting")).await;
    tab.until("it is live", "document.getElementById('live').dataset.state === 'on'").await;
    let mark = "(() => { const rows = [...document.querySelectorAll('#rows tbody a')];
        [globalThis.first, globalThis.focused] = [rows[0].href, rows[45]]; rows[45].focus(); return true; })()";
    tab.until("a row has the focus", mark).await;
    assert_eq!(tab.count("#next-page").await, 1);
    let worker = world.installation.start_worker().await.unwrap();
    tab.until("the first row is gone", "document.querySelector('#rows tbody a').href !== globalThis.first")
        .await;
    tab.until("the row has the focus still", "document.activeElement === globalThis.focused").await;
    assert_eq!(tab.count("#rows tbody tr").await, 50);
    assert!(worker.stop().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_watched_and_steered_without_script() {
    let Some(browser) = Browser::start().await else { return };
    let mut world = World::with(&[HERE]).await;
    let base = world.client.base().to_owned();
    let mut list = rows(60);
    list.push(json!({"email": "refuse-x@oakridge.example", "name": "Jane Doe", "unit": "7 Elm Street"}));
    let batch = world.send(&list).await;
    let tab = browser.open(320, false).await;
    tab.sign_in(&world, &base).await;
    tab.click_and_load(".batches a").await;
    assert_eq!(tab.tally("waiting").await, "61");
    tab.click_and_load(".actions button").await;
    assert!(tab.text_of(".told").await.starts_with("Paused: nothing more begins."));
    assert_accessible(&tab).await;
    tab.click_and_load(".actions button.main").await;
    assert_eq!(tab.text_of(".told").await, "It goes on.");
    let worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, |counts| counts["accepted"] == 60 && counts["failed"] == 1).await;
    tab.reload().await;
    assert_eq!((tab.tally("sent").await, tab.tally("problem").await), ("60".to_owned(), "1".to_owned()));
    assert_eq!(tab.count("#rows tbody tr").await, 50);
    tab.click_and_load(".pages a").await;
    assert_eq!(tab.count("#rows tbody tr").await, 11);
    tab.type_into("#q", "elm street").await;
    tab.press_and_load("Enter").await;
    assert_eq!(tab.count("#rows tbody tr").await, 1);
    tab.click_and_load("#rows tbody a").await;
    assert_eq!(tab.text_of("h1").await, "Jane Doe");
    let story = tab.text().await;
    assert!(story.contains("which refused it") && story.contains("Who has to act"), "{story}");
    assert_eq!(tab.count("script").await, 1);
    tab.assert_clean(&base).await;
    assert!(worker.stop().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_done_by_keyboard_alone() {
    let Some(browser) = Browser::start().await else { return };
    let world = World::with(&[HERE]).await;
    let base = world.client.base().to_owned();
    let batch = world.send(&rows(30)).await;
    let tab = browser.open(768, true).await;
    tab.goto(&format!("{base}{}", world.sign_in_path().await)).await;
    tab.reach_and_enter("button \"Sign in\"").await;
    tab.press("Tab").await;
    assert_eq!(tab.focused().await, "a \"Skip to the content\"");
    tab.press("Enter").await;
    tab.until("the content has the focus", "document.activeElement.id === 'main'").await;
    tab.reach_and_enter("a \"30 e-mails\"").await;
    tab.tab_to("button \"Pause\"").await;
    tab.press_and_load("Space").await;
    assert!(tab.text_of(".told").await.starts_with("Paused"));
    tab.reach_and_enter("button \"Resume\"").await;
    tab.reach_and_enter("a#cancel \"Cancel the rest…\"").await;
    assert_eq!(tab.text_of("h1").await, "Cancel the rest?");
    tab.reach_and_enter("button \"Cancel 30 messages\"").await;
    assert!(tab.text_of(".told").await.starts_with("The rest is cancelled."));
    assert_eq!(world.batch(&batch).await["counts"]["cancelled"], 30);
    tab.reach_and_enter("a \"30 Not sent\"").await;
    assert_eq!(tab.text_of("#list-title").await, "Not sent");
    tab.reach_and_enter("a \"Households\"").await;
    tab.reach_and_enter("button \"Sign out\"").await;
    assert_eq!(tab.text_of("h1").await, "Sign in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_decides_by_keyboard_and_without_script() {
    let Some(browser) = Browser::start().await else { return };
    let mut world = World::with(&[HERE]).await;
    let base = world.client.base().to_owned();
    let (batch, _) = world.unknown_email("ada").await;
    let (other, _) = world.unknown_email("bo").await;
    let tab = browser.open(320, false).await;
    tab.goto(&format!("{base}{}", world.sign_in_path().await)).await;
    tab.reach_and_enter("button \"Sign in\"").await;
    // The newest batch first: left.
    tab.reach_and_enter("a \"1 e-mail\"").await;
    assert_eq!(tab.url().await, format!("{base}/batches/{other}"));
    tab.reach_and_enter("a \"Decide\"").await;
    assert_eq!(tab.text_of("#decide h2").await, "It is for you to decide");
    for width in WIDTHS {
        let seen = browser.open(width, true).await;
        seen.goto(&tab.url().await).await;
        seen.assert_fits().await;
        for dark in [true, false] {
            seen.dark(dark).await;
            assert_accessible(&seen).await;
        }
    }
    tab.tab_to("button \"Leave it\"").await;
    tab.press_and_load("Space").await;
    assert_eq!(tab.text_of(".told").await, "It is left at that: nothing more is sent.");
    assert_eq!(
        (tab.text_of("h1").await, tab.text_of(".state").await),
        ("bo".to_owned(), "Not sent".to_owned())
    );

    // The other one: sent again.
    tab.goto(&format!("{base}/batches/{batch}")).await;
    tab.reach_and_enter("a \"Decide\"").await;
    tab.reach_and_enter("button \"Send again\"").await;
    assert_eq!(tab.text_of(".told").await, "It is sent again, and this is the newer message.");
    assert_eq!(tab.text_of(".state").await, "Waiting");
    let worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, |counts| counts["accepted"] == 1).await;
    tab.reload().await;
    assert_eq!(tab.text_of(".state").await, "Sent");
    tab.reach_and_enter("a \"The earlier message\"").await;
    assert_eq!((tab.text_of(".state").await, tab.count("#decide").await), ("Sent again".to_owned(), 0));
    assert!(tab.text().await.contains("A leader had it sent again."));
    tab.assert_fits().await;
    assert_accessible(&tab).await;
    tab.reach_and_enter("a \"The newer message\"").await;
    assert_eq!(tab.text_of(".state").await, "Sent");
    tab.assert_clean(&base).await;
    assert_eq!(world.installation.smtp.total(), 1);
    assert!(worker.stop().await.unwrap().success());
}

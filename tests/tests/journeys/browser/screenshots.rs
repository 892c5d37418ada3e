//! Pictures of pages: two for the README, and an album of all for whoever changes one. `cargo screenshots` takes both.
//!
//! The album's folder is what `PORCHLIGHT_SCREENSHOTS` names, or `screenshots` in the folder of the build. Each page is
//! taken as a whole, at three widths, the middle one in dark colours.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use porchlight_tests::{
    demo::list,
    installation::{Process, programs::workspace},
};
use serde_json::{Value, json};

use super::{
    Browser, Tab,
    board::{HERE, WIDTHS},
    told,
};
use crate::{
    settings::{picture_of, whole},
    world::{World, rows, settled},
};

const DARK: u32 = WIDTHS[1];
/// Slow enough that a list is seen on its way.
const RATE: (&str, &str) = ("PORCHLIGHT_SMTP_RATE", "15");

/// What is to be tried again is not yet while pictures are taken.
const PATIENT: (&str, &str) = ("PORCHLIGHT_EMAIL_RETRY", "20m,1h");

const LIVE: &str = "document.getElementById('live').dataset.state === 'on'";

/// A community that has joined bit by bit, in the middle of its second list: that list's batch, and its worker.
async fn community(world: &mut World) -> (String, Process) {
    let first = world.client.send_list(&world.oakridge, &list::texts(300)).await.unwrap().body;
    let worker = world.installation.start_worker().await.unwrap();
    world.batch_until(first["id"].as_str().unwrap(), settled).await;
    // A sixteenth of them every day.
    for day in (0..9).rev() {
        let days = sqlx::query(
            "UPDATE households SET joined_at = app_now() - make_interval(days => $1)
             WHERE joined_at IS NULL AND abs(hashtext(id::text)) % 16 = $1",
        );
        days.bind(day).execute(&world.installation.pool).await.unwrap();
    }
    let second = world.client.send_list(&world.oakridge, &list::second(400)).await.unwrap().body;
    let batch = second["id"].as_str().unwrap().to_owned();
    world.batch_until(&batch, |counts| counts["accepted"].as_u64() > Some(230)).await;
    (batch, worker)
}

/// Writes `docs/images/*.png`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes pictures; `cargo screenshots` runs it"]
async fn for_the_readme() {
    let browser = Browser::start().await.unwrap();
    let mut world = World::with(&[HERE, RATE]).await;
    let base = world.client.base().to_owned();
    let (batch, worker) = community(&mut world).await;
    let folder = workspace().join("docs/images");
    fs::create_dir_all(&folder).unwrap();
    let tab = browser.open(1280, true).await;
    tab.sign_in(&world, &base).await;
    for (name, path) in [("overview", "/".to_owned()), ("batch", format!("/batches/{batch}"))] {
        tab.goto(&format!("{base}{path}")).await;
        if name == "batch" {
            tab.until("it is live", LIVE).await;
        }
        tab.screenshot(&folder.join(format!("{name}.png")), false).await;
    }
    assert!(worker.stop().await.unwrap().success());
}

/// Where the album goes.
fn folder() -> PathBuf {
    let build = env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned();
    let folder = told("PORCHLIGHT_SCREENSHOTS").map_or_else(|| build.join("screenshots"), PathBuf::from);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// One tab for each width.
struct Album {
    tabs: Vec<(u32, Tab)>,
    base: String,
    folder: PathBuf,
}

impl Album {
    async fn of(browser: &Browser, base: &str, folder: &Path) -> Self {
        let mut tabs = Vec::new();
        for width in WIDTHS {
            let tab = browser.open(width, true).await;
            tab.dark(width == DARK).await;
            tab.reduced_motion(true).await;
            tabs.push((width, tab));
        }
        Self { tabs, base: base.to_owned(), folder: folder.to_owned() }
    }

    async fn sign_in(&self, path: &str) {
        let (_, tab) = &self.tabs[0];
        tab.goto(&format!("{}{path}", self.base)).await;
        tab.click_and_load("main button").await;
    }

    /// Takes what is shown now.
    async fn keep(&self, name: &str) {
        for (width, tab) in &self.tabs {
            tab.screenshot(&self.folder.join(format!("{name}-{width}.png")), true).await;
        }
    }

    async fn take(&self, name: &str, path: &str) {
        for (_, tab) in &self.tabs {
            tab.goto(&format!("{}{path}", self.base)).await;
            if tab.count("[data-stream]").await > 0 {
                tab.until("it is live", LIVE).await;
            }
        }
        self.keep(name).await;
    }
}

/// A delivery of a batch that stands there.
async fn one(world: &World, batch: &str, state: &str) -> String {
    let path = format!("batches/{batch}/deliveries?state={state}&limit=1");
    let page = world.client.get(&world.oakridge, &path).await.unwrap().body;
    page["items"][0]["id"].as_str().unwrap_or_else(|| panic!("nothing is {state}")).to_owned()
}

async fn steer(world: &World, batch: &str, step: &str) {
    let answer =
        world.client.post(&world.oakridge, &format!("batches/{batch}/{step}"), Vec::new(), &[]).await;
    assert_eq!(answer.unwrap().status, 200, "{step}");
}

/// Takes the pages on the way to a batch alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes pictures; `cargo screenshots` runs it"]
async fn album_of_inviting() {
    let browser = Browser::start().await.unwrap();
    let world = World::with(&[HERE]).await;
    world.send(&rows(3)).await;
    let folder = folder();
    let album = Album::of(&browser, world.client.base(), &folder).await;
    album.sign_in(&world.sign_in_path().await).await;
    inviting(&world, &album).await;
}

/// Takes the pages on which a leader chases what did not arrive.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes pictures; `cargo screenshots` runs it"]
async fn album_of_chasing() {
    let browser = Browser::start().await.unwrap();
    let mut world = World::with(&[HERE]).await;
    for name in ["ada", "bo"] {
        world.unknown_email(name).await;
    }
    let batch = world.send(&awkward()).await;
    let worker = world.installation.start_worker().await.unwrap();
    world.until("it is done", async || !world.batch(&batch).await["finished_at"].is_null()).await;
    assert!(worker.stop().await.unwrap().success());
    let base = world.client.base().to_owned();
    let album = Album::of(&browser, &base, &folder()).await;
    album.sign_in(&world.sign_in_path().await).await;
    album.take("problems", "/problems").await;
    let (household,): (uuid::Uuid,) = sqlx::query_as(
        "SELECT c.household_id FROM deliveries d JOIN contacts c ON c.id = d.contact_id WHERE d.state = 'failed' ORDER BY d.id LIMIT 1",
    )
    .fetch_one(&world.installation.pool)
    .await
    .unwrap();
    album.take("household", &format!("/households/{household}")).await;
    choosing(&album).await;
    album.take("household", &format!("/households/{household}")).await;
    for (_, tab) in &album.tabs {
        tab.click("#fix summary").await;
        tab.click("#end summary").await;
    }
    album.keep("household-open").await;
    for (_, tab) in &album.tabs {
        tab.click_and_load("form[action$=link] button").await;
    }
    album.keep("household-link").await;
    let delivery = one(&world, &batch, "failed").await;
    album.take("delivery-failed", &format!("/deliveries/{delivery}")).await;
}

/// Households that are chosen, in view as a leader has them, and what is asked about them.
async fn choosing(album: &Album) {
    for (width, tab) in &album.tabs {
        tab.goto(&format!("{}/households", album.base)).await;
        tab.screenshot(&album.folder.join(format!("choosing-none-{width}.png")), true).await;
        for row in [1, 2] {
            tab.click(&format!("tr:nth-child({row}) .pick input")).await;
        }
        tab.screenshot(&album.folder.join(format!("choosing-{width}.png")), false).await;
    }
    for deed in ["resend", "pass", "extend", "revoke"] {
        for (_, tab) in &album.tabs {
            tab.goto(&format!("{}/households", album.base)).await;
            if tab.count("#choose-page input:checked").await == 0 {
                tab.click("#choose-page input").await;
            }
            tab.click_and_load(&format!("button[value={deed}]")).await;
        }
        album.keep(&format!("choosing-{deed}")).await;
    }
    let told = "/households?done=resend&did=14&left=joined.1-lately.3-nobody.2&more=120";
    album.take("choosing-done", told).await;
    album.take("choosing-fault", "/households?done=choose").await;
}

/// Takes every page of the board and of the residents.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes pictures; `cargo screenshots` runs it"]
async fn album() {
    let browser = Browser::start().await.unwrap();
    let mut world = World::with(&[HERE, RATE, PATIENT]).await;
    let base = world.client.base().to_owned();
    let done = world.send(&awkward()).await;
    let later = world.send(&[json!({"email": "tempfail-later@oakridge.example", "name": "Later"})]).await;
    let (live, worker) = community(&mut world).await;
    world.until("a list is done", async || !world.batch(&done).await["finished_at"].is_null()).await;
    world
        .sql(
            "UPDATE households h SET joined_at = NULL FROM contacts c
             WHERE c.household_id = h.id AND c.address ~ '^(refuse|tempfail)-'",
        )
        .await;
    // What is left of the list stays as it is while its pictures are taken.
    assert!(worker.stop().await.unwrap().success());
    let folder = folder();
    let album = Album::of(&browser, &base, &folder).await;
    leaders(&world, &album, [&live, &done, &later]).await;
    residents(&world, &album).await;
}

/// Takes the report of a community that joins bit by bit, and prints it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes pictures; `cargo screenshots` runs it"]
async fn album_of_the_report() {
    let browser = Browser::start().await.unwrap();
    let mut world = World::with(&[HERE, ("PORCHLIGHT_SMTP_RATE", "60"), PATIENT]).await;
    world.send(&awkward()).await;
    let (_, worker) = community(&mut world).await;
    assert!(worker.stop().await.unwrap().success());
    world
        .sql(
            "UPDATE households SET joined_at = NULL
             WHERE id IN (SELECT household_id FROM contacts WHERE address ~ '^(refuse|no[.]name|sofia)')",
        )
        .await;
    world.print(&json!({"kind": "addressed", "layout": "cards", "paper": "letter"})).await;
    let folder = folder();
    let album = Album::of(&browser, world.client.base(), &folder).await;
    album.sign_in(&world.sign_in_path().await).await;
    album.take("report", "/report").await;
    let (_, tab) = &album.tabs[1];
    tab.print(&folder.join("report.pdf")).await;
}

/// Takes the pages of a community that gets ready.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes pictures; `cargo screenshots` runs it"]
async fn album_of_settings() {
    let browser = Browser::start().await.unwrap();
    let mut world = World::with(&[HERE]).await;
    world.oakridge =
        world.installation.create_community("Oakridge Homeowners", &["--prepare"]).await.unwrap();
    let base = world.client.base().to_owned();
    let album = Album::of(&browser, &base, &folder()).await;
    album.sign_in(&world.sign_in_path().await).await;
    album.take("settings-new", "/settings").await;
    for (_, tab) in &album.tabs {
        tab.type_into("#own_colour", "#ffd400").await;
        tab.type_into("#contact", "ask Maria").await;
        tab.press_and_load("Enter").await;
    }
    album.keep("settings-mistakes").await;
    let board = world.board_of(&world.oakridge).await;
    assert_eq!(board.save_settings(&whole(), Some(&picture_of(120, 80, 200))).await.0, 200);
    album.take("settings-ready", "/settings").await;
    for address in ["ada%40example.org", "%2B13125550143"] {
        board.submit("/settings/stopped/add", &format!("address={address}")).await;
    }
    world.sql("UPDATE suppressions SET reason = 'unsubscribed' WHERE channel = 'email'").await;
    album.take("stopped", "/settings/stopped").await;
    album.take("docs", "/docs").await;
    world.send(&rows(1)).await;
    let code = world.live_codes().await.into_iter().next().unwrap();
    album.take("landing-logo", &format!("/j/{code}")).await;
}

/// The way from a pasted list to what is confirmed.
async fn inviting(world: &World, album: &Album) {
    album.take("invite", "/invite").await;
    album.take("invite-email", "/invite/email").await;
    for (_, tab) in &album.tabs {
        tab.click_and_load("button.main").await;
    }
    album.keep("invite-email-empty").await;
    let save = async |list: Value| {
        let list = list.to_string().into_bytes();
        let saved = world.client.post(&world.oakridge, "drafts", list, &[]).await.unwrap().body;
        format!("/invite/lists/{}", saved["id"].as_str().unwrap())
    };
    let mut messy = list::emails(300);
    let text =
        messy["text"].as_str().unwrap().replace("@oakridge.", "@maple.").replace("@OAKRIDGE.", "@MAPLE.");
    messy = json!({"channel": "email", "text": format!("{text}\nDi Ek;di@maple.example;100 Elm Street\nBoard;info@maple.example;9 Oak\n")});
    let draft = save(messy).await;
    for show in ["", "ready", "check", "fix", "skip"] {
        album.take(&format!("invite-list-{show}"), &format!("{draft}?show={show}")).await;
    }
    album.take("invite-mended", &format!("{draft}?done=mended&at=1&was=fix")).await;
    undoing(world, album, &draft).await;
    album.take("invite-message", &format!("{draft}/message")).await;
    for (width, tab) in &album.tabs {
        tab.value("document.getElementById('preview').scrollIntoView()").await;
        tab.screenshot(&album.folder.join(format!("invite-preview-{width}.png")), false).await;
    }
    album.take("invite-send", &format!("{draft}/send")).await;
    let texts = save(json!({"channel": "text", "text": "3125551234, 3125559876"})).await;
    album.take("invite-message-text", &format!("{texts}/message?done=consent")).await;
    album.take("invite-text", "/invite/text").await;
    for (_, tab) in &album.tabs {
        tab.goto(&format!("{}/invite/email", album.base)).await;
        tab.type_into("#list", "12 Elm; Ada Ek; ada@maple.example\n14 Elm; Bo Ek; bo@maple.example").await;
        tab.click_and_load("button.main").await;
    }
    album.keep("invite-columns").await;
    album.take("invite-drafts", "/invite").await;
}

/// What was done to entries, with the way back: removed, mended, sent once more.
async fn undoing(world: &World, album: &Album, draft: &str) {
    let board = world.board_of(&world.oakridge).await;
    let [removed, mended, again] = ["fix", "check", "skip"].map(async |show| {
        let page = board.page(&format!("{draft}?show={show}")).await;
        let row =
            page.split("<li id=\"e-").skip(1).find(|row| show != "skip" || row.contains("Send it again"));
        row.map(|row| row.split('"').next().unwrap().to_owned())
    });
    let (removed, mended, again) = (removed.await.unwrap(), mended.await.unwrap(), again.await);
    board.submit(&format!("{draft}/entries/{removed}"), "act=remove").await;
    album.take("invite-removed", &format!("{draft}?done=removed&at={removed}&was=fix#e-{removed}")).await;
    album.take("invite-list-removed", &format!("{draft}?show=removed")).await;
    board.submit(&format!("{draft}/entries/{mended}"), "email=mended%40maple.example").await;
    album.take("invite-undo", &format!("{draft}?done=mended&at={mended}&was=check#e-{mended}")).await;
    if let Some(again) = again {
        board.submit(&format!("{draft}/entries/{again}"), "act=again").await;
        album
            .take("invite-again", &format!("{draft}?show=skip&done=again&at={again}&was=skip#e-{again}"))
            .await;
    }
}

/// Names, units and mailboxes that are hard to show.
fn awkward() -> Vec<Value> {
    let long = "Bartholomew Featherstonehaugh-Cholmondeley of the House at the End of the Lane";
    vec![
        json!({"email": format!("refuse-{}@oakridge.example", "x".repeat(50)), "name": long,
               "unit": "1 Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch Road"}),
        json!({"email": "no.name@oakridge.example"}),
        json!({"email": "sofia@oakridge.example", "name": "سوفيا", "unit": "8 Elm Street"}),
    ]
}

async fn leaders(world: &World, album: &Album, [live, done, later]: [&str; 3]) {
    album.take("sign-in", "/sign-in").await;
    let link = world.sign_in_path().await;
    album.take("sign-in-link", &link).await;
    album.sign_in(&link).await;
    album.take("sign-in-link-used", &link).await;
    album.take("sign-in-sent", "/sign-in/sent").await;
    album.take("sign-in-sent-text", "/sign-in/sent/text").await;
    album.take("people-nobody", "/settings/people").await;
    let leader = world.add_leader(&world.oakridge, "pat.miller@oakridge.example", "owner").await;
    world.add_leader(&world.oakridge, "lee@oakridge.example", "leader").await;
    world.sql("UPDATE leaders SET name = 'Pat Miller', signed_in_at = app_now() WHERE role = 'owner'").await;
    album.take("people", "/settings/people").await;
    album.take("people-remove", &format!("/settings/people/{leader}/remove")).await;
    album.take("log", "/settings/log").await;
    album.take("overview", "/").await;
    album.take("households", "/households").await;
    album.take("households-problem", "/households?show=problem").await;
    album.take("households-nobody", "/households?q=nobody+is+called+that").await;
    let wish = json!({"kind": "addressed", "layout": "cards", "paper": "letter"});
    let printing = format!("/passes/{}", world.print(&wish).await["id"].as_str().unwrap());
    let marked = json!({"from": 3, "to": 9}).to_string().into_bytes();
    world.client.post(&world.oakridge, "passes/hand-over", marked, &[]).await.unwrap();
    album.take("passes", "/passes").await;
    album.take("printing", &printing).await;
    let void = printing.replace("/passes/", "/passes/void?printing=");
    album.take("passes-void", &format!("{void}&from=2&to=4")).await;
    inviting(world, album).await;
    let batch = format!("/batches/{live}");
    album.take("batch-live", &batch).await;
    album.take("batch-searched", &format!("{batch}?show=sent&q=ada")).await;
    album.take("cancel", &format!("{batch}/cancel")).await;
    album.take("batch-done", &format!("/batches/{done}")).await;
    for (name, batch, state) in [
        ("delivery-refused", done, "failed"),
        ("delivery-sent", live, "accepted"),
        ("delivery-later", later, "retry_wait"),
    ] {
        album.take(name, &format!("/deliveries/{}", one(world, batch, state).await)).await;
    }
    steer(world, live, "pause").await;
    album.take("batch-paused", &format!("{batch}?done=paused&in_flight=2")).await;
    album.take("delivery-held", &format!("/deliveries/{}", one(world, live, "held").await)).await;
    steer(world, live, "cancel").await;
    album.take("batch-cancelled", &format!("{batch}?done=cancelled&in_flight=0")).await;
    album.take("cancel-too-late", &format!("{batch}/cancel")).await;
    album.take("nothing-here", "/batches/nothing").await;

    let new = world.installation.create_community("Birchwood", &[]).await.unwrap();
    let link = world.installation.sign_in_link(&new).await.unwrap();
    album.sign_in(&format!("/sign-in/{}", link.rsplit_once("/sign-in/").unwrap().1)).await;
    album.take("overview-empty", "/").await;
    album.take("households-empty", "/households").await;
}

async fn residents(world: &World, album: &Album) {
    world.send(&rows(6)).await;
    let codes = world.codes().await;
    let code = |number: usize| codes[&format!("resident.{number}@example.org")].grouped();
    album.take("join", "/join").await;
    for (_, tab) in &album.tabs {
        tab.type_into("#code", "2345-6789-CDF3").await;
        tab.press_and_load("Enter").await;
    }
    album.keep("join-mistyped").await;
    album.take("code-unknown", "/j/7KWM-3RTX-9CHR").await;
    album.take("landing", &format!("/j/{}", code(1))).await;
    for (_, tab) in &album.tabs {
        tab.type_into("#name", "Ada Lovelace").await;
        tab.type_into("#contact", "ada at example").await;
        tab.press_and_load("Enter").await;
    }
    album.keep("landing-mistake").await;
    for (number, (_, tab)) in album.tabs.iter().enumerate() {
        tab.goto(&format!("{}/j/{}", album.base, code(number + 2))).await;
        tab.type_into("#name", "Ada Lovelace").await;
        tab.type_into("#contact", "ada@example.org").await;
        tab.press_and_load("Enter").await;
    }
    album.keep("joined").await;
    album.take("code-used", &format!("/j/{}", code(2))).await;
    world.sql("UPDATE invitations SET expires_at = app_now() WHERE ended_at IS NULL").await;
    album.take("code-expired", &format!("/j/{}", code(5))).await;
    family(world, album).await;
    album.take("genuine", "/genuine").await;
    let stop = world.stop_link_of("resident.6@example.org").await;
    album.take("stop", &stop).await;
    for (_, tab) in &album.tabs {
        tab.goto(&format!("{}{stop}", album.base)).await;
        tab.click_and_load("main button").await;
    }
    album.keep("stopped").await;
    album.take("stop-broken", "/u/x").await;
}

/// What is seen after the door, before a closed one, and by the leaders who are asked.
async fn family(world: &World, album: &Album) {
    world.print(&json!({"kind": "blank", "count": 3, "layout": "cards", "paper": "letter"})).await;
    let blank = world.codes_of("blank").await;
    world.send(&[json!({"email": "head@example.org", "unit": "12 Elm Street"})]).await;
    let code = world.codes_of("household").await.pop().unwrap();
    let (_, tab) = &album.tabs[0];
    tab.goto(&format!("{}/j/{}", album.base, code.plain())).await;
    tab.type_into("#name", "Wilhelmina Featherstonehaugh-Cholmondeley").await;
    tab.type_into("#contact", "wilhelmina.featherstonehaugh@a-rather-long-domain.example.org").await;
    tab.press_and_load("Enter").await;
    tab.click_and_load("a.button").await;
    // The three tabs are the same browser, which joined three households before.
    let home = tab.url().await.replace(&album.base, "");
    album.take("home", "/home").await;
    let newest =
        tab.string("document.querySelector('.cards a')?.getAttribute('href') ?? location.pathname").await;
    let home = if home == "/home" { newest } else { home };
    for name in ["Ben", "Grandmother, who lives upstairs"] {
        tab.goto(&format!("{}{home}", album.base)).await;
        tab.type_into("#for", name).await;
        tab.press_and_load("Enter").await;
    }
    let invite = tab.url().await.replace(&album.base, "");
    album.take("household", &home).await;
    album.take("household-invite", &invite).await;
    let member = world.codes_of("member").await.remove(0);
    album.take("landing-member", &format!("/j/{}", member.plain())).await;
    album.take("landing-blank", &format!("/j/{}", blank[0].plain())).await;
    for (number, (_, tab)) in album.tabs.iter().enumerate() {
        tab.goto(&format!("{}/j/{}", album.base, blank[number].plain())).await;
        tab.type_into("#place", "99 Nowhere Road").await;
        tab.press_and_load("Enter").await;
    }
    album.keep("waiting").await;
    album.sign_in(&world.sign_in_path().await).await;
    album.take("requests", "/requests").await;
}

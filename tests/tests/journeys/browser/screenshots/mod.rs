//! Pictures of pages: two for the README, and an album of all for whoever changes one. `cargo screenshots` takes both.
//!
//! The album's folder is what `PORCHLIGHT_SCREENSHOTS` names, or `screenshots` in the folder of the build. Each page is
//! taken as a whole, at three widths, the middle one in dark colours. Each album is a file: [`board`], [`inviting`],
//! [`chasing`], [`report`], [`settings`], [`residents`], [`letters`]; what they have in common is here.

mod board;
mod chasing;
mod inviting;
mod letters;
mod readme;
mod report;
mod residents;
mod settings;

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use porchlight_tests::{demo::list, installation::Process};
use serde_json::{Value, json};

use super::{Browser, Tab, WIDTHS, told};
use crate::world::{World, settled};

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

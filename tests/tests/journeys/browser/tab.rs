//! A tab: what a person does in it, and what they see.

use std::{
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use base64::{Engine, engine::general_purpose::STANDARD};
use chromiumoxide::{Page, keys::get_key_definition};
use serde_json::json;
use tokio::time::Instant;

use super::{PATIENCE, STEP, wire::Seen};

/// Brings an element into view and says where to click it, or why that is in vain.
const SPOT: &str = "(selector => {
    const element = document.querySelector(selector);
    if (!element) return 'it is not there';
    element.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
    const box = element.getClientRects()[0];
    if (!box) return 'it is not shown';
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const hit = document.elementFromPoint(x, y);
    if (element.contains(hit) || hit?.closest('label')?.control === element) return { x, y };
    return 'it lies under ' + hit?.outerHTML.slice(0, 100);
})";

const FOCUSED: &str = "(element => !element || element === document.body ? 'nothing'
    : element.localName + (element.id && '#' + element.id) + ' \"' + (element.computedName ?? '') + '\"'
)(document.activeElement)";

/// A tab of a [`super::Browser`].
pub(crate) struct Tab {
    pub(super) page: Page,
    /// Whether scripts of pages run.
    pub(super) script: bool,
    pub(super) seen: Mutex<Seen>,
    dark: AtomicBool,
    still: AtomicBool,
    paper: AtomicBool,
}

impl Tab {
    pub(super) async fn new(page: Page, width: u32, script: bool) -> Self {
        let seen = Mutex::new(Seen::of(&page).await);
        let tab = Self { page, script, seen, dark: false.into(), still: false.into(), paper: false.into() };
        let size = json!({"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false});
        tab.order("Emulation.setDeviceMetricsOverride", size).await;
        // Each tab believes that it is the one in front, so that several can be typed into.
        tab.order("Emulation.setFocusEmulationEnabled", json!({"enabled": true})).await;
        tab.allow_script(script).await;
        tab
    }

    /// Goes to an address, and returns once the page is loaded.
    pub(crate) async fn goto(&self, url: &str) {
        self.page.goto(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Loads the page anew.
    pub(crate) async fn reload(&self) {
        self.load_by(async {
            self.order("Page.reload", json!({})).await;
        })
        .await;
    }

    /// Where it is.
    pub(crate) async fn url(&self) -> String {
        self.string("location.href").await
    }

    /// What the page says, as it is shown.
    pub(crate) async fn text(&self) -> String {
        self.string("document.body?.innerText ?? ''").await
    }

    /// How many elements there are.
    pub(crate) async fn count(&self, selector: &str) -> u64 {
        self.value(&format!("document.querySelectorAll({}).length", json!(selector))).await.as_u64().unwrap()
    }

    /// What the first such element says. There must be one.
    pub(crate) async fn text_of(&self, selector: &str) -> String {
        self.string(&format!("document.querySelector({}).innerText", json!(selector))).await
    }

    /// Clicks the middle of an element with the mouse, once that is possible.
    pub(crate) async fn click(&self, selector: &str) {
        let began = Instant::now();
        let spot = loop {
            let spot = self.value(&format!("{SPOT}({})", json!(selector))).await;
            if spot.is_object() {
                break spot;
            }
            assert!(began.elapsed() < PATIENCE, "no click on {selector}: {spot}");
            tokio::time::sleep(STEP).await;
        };
        for (kind, button) in [("mouseMoved", "none"), ("mousePressed", "left"), ("mouseReleased", "left")] {
            let event =
                json!({"type": kind, "button": button, "clickCount": 1, "x": spot["x"], "y": spot["y"]});
            self.order("Input.dispatchMouseEvent", event).await;
        }
    }

    /// Clicks, and returns once the page that this leads to is loaded.
    pub(crate) async fn click_and_load(&self, selector: &str) {
        self.load_by(self.click(selector)).await;
    }

    /// Clicks a field and types, in place of what stood there.
    pub(crate) async fn type_into(&self, selector: &str, text: &str) {
        self.click(selector).await;
        self.value("void document.activeElement.select?.()").await;
        self.type_text(text).await;
    }

    /// Types where the focus is, key by key. What no key has is inserted.
    pub(crate) async fn type_text(&self, text: &str) {
        for letter in text.chars().map(String::from) {
            if get_key_definition(&letter).is_some() {
                self.strike(&letter, 0).await;
            } else {
                self.order("Input.insertText", json!({"text": letter})).await;
            }
        }
    }

    /// Presses a key by its name: `Tab`, `Enter`, `Space`, `a`, `Shift+Tab`, `Control+Shift+End`.
    pub(crate) async fn press(&self, keys: &str) {
        let mut names: Vec<_> = keys.split('+').collect();
        let key = names.pop().unwrap();
        let held = names.iter().map(|name| match *name {
            "Alt" => 1_i32,
            "Control" => 2,
            "Meta" => 4,
            "Shift" => 8,
            other => panic!("{other} is not held down"),
        });
        self.strike(if key == "Space" { " " } else { key }, held.sum()).await;
    }

    /// Presses a key, and returns once the page that this leads to is loaded.
    pub(crate) async fn press_and_load(&self, keys: &str) {
        self.load_by(self.press(keys)).await;
    }

    /// Where the focus is: tag, id, and the name that a screen reader says, as in `input#code "Access code"`.
    pub(crate) async fn focused(&self) -> String {
        self.string(FOCUSED).await
    }

    /// Waits until an expression is true. One that throws is not true yet.
    pub(crate) async fn until(&self, what: &str, expression: &str) {
        let began = Instant::now();
        loop {
            // An error: the page that was asked has just been left.
            let answer = self.evaluate(expression).await.unwrap_or_else(|error| json!(error));
            if answer["result"]["value"] == true {
                return;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "still not so: {what} ({answer}); the page says:\n{}",
                self.text().await
            );
            tokio::time::sleep(STEP).await;
        }
    }

    /// Writes a picture, of the page as a whole or of what is in view.
    pub(crate) async fn screenshot(&self, path: &Path, full_page: bool) {
        self.order("Page.bringToFront", json!({})).await;
        let mut wanted = json!({"format": "png"});
        if full_page {
            let size =
                "(root => ({ x: 0, y: 0, width: root.scrollWidth, height: root.scrollHeight, scale: 1 }))";
            wanted["clip"] = self.value(&format!("{size}(document.documentElement)")).await;
            wanted["captureBeyondViewport"] = json!(true);
        }
        let taken = self.order("Page.captureScreenshot", wanted).await;
        std::fs::write(path, STANDARD.decode(taken["data"].as_str().unwrap()).unwrap()).unwrap();
    }

    /// Whether the person prefers dark colours.
    pub(crate) async fn dark(&self, dark: bool) {
        self.dark.store(dark, Ordering::Relaxed);
        self.prefer().await;
    }

    /// Whether the person prefers that little moves.
    pub(crate) async fn reduced_motion(&self, reduced: bool) {
        self.still.store(reduced, Ordering::Relaxed);
        self.prefer().await;
    }

    /// Whether the page is shown as it is printed.
    pub(crate) async fn on_paper(&self, paper: bool) {
        self.paper.store(paper, Ordering::Relaxed);
        self.prefer().await;
    }

    /// Prints the page into a file, on letter paper.
    pub(crate) async fn print(&self, path: &Path) {
        let paper = json!({"preferCSSPageSize": true, "paperWidth": 8.5, "paperHeight": 11});
        let printed = self.order("Page.printToPDF", paper).await;
        std::fs::write(path, STANDARD.decode(printed["data"].as_str().unwrap()).unwrap()).unwrap();
    }

    async fn prefer(&self) {
        let scheme = if self.dark.load(Ordering::Relaxed) { "dark" } else { "light" };
        let motion = if self.still.load(Ordering::Relaxed) { "reduce" } else { "no-preference" };
        let media = if self.paper.load(Ordering::Relaxed) { "print" } else { "" };
        let features = json!([
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": motion},
        ]);
        self.order("Emulation.setEmulatedMedia", json!({"media": media, "features": features})).await;
    }

    async fn strike(&self, name: &str, held: i32) {
        let key = get_key_definition(name).unwrap_or_else(|| panic!("no key is called {name}"));
        let mut event = json!({"key": key.key, "code": key.code, "modifiers": held});
        event["windowsVirtualKeyCode"] = json!(key.key_code);
        event["type"] = json!("rawKeyDown");
        if let Some(text) = key.text.or((key.key.len() == 1).then_some(key.key))
            && matches!(held, 0 | 8)
        {
            event["type"] = json!("keyDown");
            event["text"] = json!(text);
        }
        self.order("Input.dispatchKeyEvent", event.clone()).await;
        event["type"] = json!("keyUp");
        self.order("Input.dispatchKeyEvent", event).await;
    }

    /// Does something that leads to another page, and waits until that is loaded. The mark goes with the page that bears it.
    async fn load_by(&self, act: impl Future<Output = ()>) {
        self.value("globalThis.porchlightLeaves = true").await;
        act.await;
        let loaded = "!globalThis.porchlightLeaves && document.readyState === 'complete'";
        self.until("another page is loaded", loaded).await;
    }
}

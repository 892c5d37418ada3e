//! Steps that journeys have in common: signing in, going on by keyboard, and what holds of every page.

use super::{Tab, assert_accessible};
use crate::world::World;

/// More controls than any page has.
const FAR: usize = 400;

impl Tab {
    pub(super) async fn sign_in(&self, world: &World, base: &str) {
        self.goto(&format!("{base}{}", world.sign_in_path().await)).await;
        self.click_and_load("main button").await;
        assert_eq!(self.text_of("h1").await, "Overview");
    }

    /// Goes on by the tabulator key until what has the focus is called so.
    pub(super) async fn tab_to(&self, name: &str) {
        for _ in 0..FAR {
            if self.focused().await.contains(name) {
                return;
            }
            self.press("Tab").await;
        }
        panic!("no keyboard gets to {name}; it is at {} of {}", self.focused().await, self.url().await);
    }

    /// Goes on by the tabulator key, and presses Enter there.
    pub(super) async fn reach_and_enter(&self, name: &str) {
        self.tab_to(name).await;
        self.press_and_load("Enter").await;
    }

    /// Goes on by the tabulator key to a field, and types in place of what stands there.
    pub(super) async fn reach_and_type(&self, name: &str, text: &str) {
        self.tab_to(name).await;
        self.press("Control+a").await;
        self.type_text(text).await;
    }

    /// What the page is about; it fits, and keeps nobody out.
    pub(super) async fn shows(&self, heading: &str) {
        assert_eq!(self.text_of("h1").await, heading);
        self.assert_good().await;
    }

    /// It fits, and keeps nobody out.
    pub(super) async fn assert_good(&self) {
        self.assert_fits().await;
        assert_accessible(self).await;
    }

    pub(super) async fn assert_fits(&self) {
        let fits = "document.documentElement.scrollWidth <= innerWidth";
        self.until(&format!("{} is not cut off at the side", self.url().await), fits).await;
    }

    /// The message is shown in its frame: nobody's policy kept it out.
    pub(super) async fn assert_framed(&self) {
        assert_eq!(self.console_errors().await, Vec::<String>::new());
        let shown = self.value("document.querySelector('iframe').getBoundingClientRect().height > 300").await;
        assert_eq!(shown, true);
    }

    /// Nobody else was asked for anything, and nothing went wrong.
    pub(super) async fn assert_clean(&self, base: &str) {
        for url in self.requests().await {
            assert!(url.starts_with(base), "{url} is somebody else's");
        }
        assert_eq!(self.console_errors().await, Vec::<String>::new(), "{}", self.url().await);
    }
}

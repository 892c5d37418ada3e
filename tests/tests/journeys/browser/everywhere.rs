//! Every page at every width, with script and without: it fits, keeps nobody out, weighs little, asks nobody else for
//! anything, and all of it is reached by keyboard.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Browser, HERE, Tab, WIDTHS, assert_accessible, places, places::Place, routes};
use crate::world::World;

/// What is answered to `GET` and is no page.
const NO_PAGES: [(&str, &str); 17] = [
    ("/healthz", "for whoever watches the process"),
    ("/readyz", "for whoever watches the process"),
    ("/metrics", "for whoever watches the process"),
    ("/openapi.json", "for programs"),
    ("/favicon.ico", "a picture"),
    ("/logo/{file}", "a picture"),
    ("/static/page.css", "a style sheet"),
    ("/static/board.css", "a style sheet"),
    ("/static/board.js", "a script"),
    ("/batches/{batch}/stream", "what a page is told while it is open"),
    ("/invite/lists/{draft}/message/preview", "stands in a page's frame"),
    ("/passes/test/{layout}", "a sheet to print"),
    ("/passes/{printing}/pdf", "sheets to print"),
    ("/report.csv", "a file"),
    ("/J/{code}", "the same as in small letters"),
    ("/households/chosen", "leads back to the list"),
    ("/households/chosen/{deed}", "leads back to the list"),
];

/// The bytes of a page and of what it loads.
const HEAVY: f64 = 100_000.0;

const LOOKED: &str = "(() => {
    const [page] = performance.getEntriesByType('navigation');
    const loaded = [page, ...performance.getEntriesByType('resource')];
    return {
        status: page.responseStatus,
        bytes: loaded.reduce((sum, it) => sum + it.decodedBodySize, 0),
        headings: document.querySelectorAll('h1').length,
        titled: document.title.trim() !== '' && document.documentElement.lang !== '',
    };
})()";

/// Says where the focus is: nowhere, at something new, there still, or at something for the second time; and what is
/// wrong there.
const STEP: &str = "(() => {
    const seen = globalThis.porchlightSeen ??= [];
    const at = document.activeElement;
    if (!at || at === document.body) return ['nowhere'];
    if (at === seen.at(-1)) return ['still'];
    if (seen.includes(at)) return ['again'];
    seen.push(at);
    const told = at.outerHTML.slice(0, 120);
    // In a frame it is the letter's links that show it.
    if (at.localName === 'iframe') return ['new'];
    const look = getComputedStyle(at);
    if (look.outlineStyle === 'none' || parseFloat(look.outlineWidth) < 2) return ['new', `no ring around ${told}`];
    const boxes = [...at.getClientRects()].filter(box => box.width && box.height);
    const isSeen = box => {
        const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
        return hit && (at.contains(hit) || hit.contains(at) || hit.closest('label')?.control === at);
    };
    return boxes.some(isSeen) ? ['new'] : ['new', `out of sight: ${told}`];
})()";

/// What can be used and had no focus. Of buttons of which one is chosen, the arrows reach the others.
const MISSED: &str = "(() => {
    const seen = globalThis.porchlightSeen ?? [];
    const names = new Set(seen.filter(it => it.type === 'radio').map(it => it.name));
    return [...document.querySelectorAll('a[href], button, input, select, textarea, summary, iframe, [tabindex]')]
        .filter(it => !it.disabled && it.tabIndex >= 0 && it.type !== 'hidden' && it.checkVisibility({ visibilityProperty: true }))
        .filter(it => !seen.includes(it) && !(it.type === 'radio' && names.has(it.name)))
        .map(it => it.outerHTML.slice(0, 120));
})()";

/// More steps than there are on any page, and more than any one thing takes: a date is several fields.
const STEPS: (usize, usize) = (600, 12);

impl Tab {
    /// Goes around the page by the tabulator key, until it begins anew.
    async fn assert_reached(&self) {
        // Held down: that is quicker than to let go each time.
        let tabulator =
            json!({"type": "rawKeyDown", "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9});
        let (mut still, mut nowhere) = (0, 0);
        for _ in 0..STEPS.0 {
            self.order("Input.dispatchKeyEvent", tabulator.clone()).await;
            let step = self.value(STEP).await;
            assert_eq!(step.get(1), None, "{}", self.url().await);
            match step[0].as_str().unwrap() {
                "new" => still = 0,
                "still" => still += 1,
                "nowhere" => nowhere += 1,
                _ => break,
            }
            if still > STEPS.1 || nowhere > 1 {
                break;
            }
        }
        let missed = self.value(MISSED).await;
        assert_eq!(missed, Value::Array(Vec::new()), "no keyboard gets there on {}", self.url().await);
    }

    async fn assert_like_every_page(&self, place: &Place, base: &str, way: Way) {
        self.goto(&format!("{base}{}", place.path)).await;
        let at = self.url().await;
        let looked = self.value(LOOKED).await;
        assert_eq!(looked["status"], place.status, "{at}");
        assert!(
            looked["bytes"].as_f64().is_some_and(|bytes| bytes > 0.0 && bytes <= HEAVY),
            "{at}: {looked}"
        );
        assert!(looked["headings"] == 1 && looked["titled"] == true, "{at}: {looked}");
        self.assert_fits().await;
        match way {
            Way::ByKeyboard => self.assert_reached().await,
            Way::ByAxe => assert_accessible(self).await,
        }
        self.assert_clean(base).await;
    }
}

/// What takes long is done once at each width.
#[derive(Clone, Copy)]
enum Way {
    ByKeyboard,
    ByAxe,
}

/// Two tabs for each width, with script and light, without and dark: one goes around by keyboard, the other has axe-core
/// look, and from width to width they change about.
async fn tabs(browser: &Browser) -> Vec<(Tab, Way)> {
    let mut tabs = Vec::new();
    for (number, width) in WIDTHS.into_iter().enumerate() {
        for script in [true, false] {
            let tab = browser.open(width, script).await;
            tab.dark(!script).await;
            tabs.push((tab, if script == number.is_multiple_of(2) { Way::ByAxe } else { Way::ByKeyboard }));
        }
    }
    tabs
}

/// Looks at all of them, in each tab.
async fn look(tabs: &[(Tab, Way)], all: &[Place], base: &str) {
    join_all(tabs.iter().map(async |(tab, way)| {
        for place in all {
            tab.assert_like_every_page(place, base, *way).await;
        }
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_for_everybody_at_every_width() {
    let Some(browser) = Browser::start().await else { return };
    let world = World::with(&[HERE]).await;
    let base = world.client.base().to_owned();
    let tabs = tabs(&browser).await;

    let doors = world.door_pages().await;
    look(&tabs, &doors, &base).await;
    let at_home = at_home(&tabs[0].0, &world, &base).await;
    look(&tabs, &at_home, &base).await;
    tabs[0].0.sign_in(&world, &base).await;
    let board = world.board_pages().await;
    look(&tabs, &board, &base).await;
    let fresh = world.installation.create_community("Birchwood", &["--prepare"]).await.unwrap();
    let link = world.installation.sign_in_link(&fresh).await.unwrap();
    tabs[0].0.goto(&format!("{base}/sign-in/{}", link.rsplit_once("/sign-in/").unwrap().1)).await;
    tabs[0].0.click_and_load("main button").await;
    let fresh = places::fresh();
    look(&tabs, &fresh, &base).await;

    // Whoever adds a page adds it to the places, or says why it is none.
    let routes = routes::of_get();
    let all = [doors, at_home, board, fresh];
    let mut known: BTreeSet<&str> =
        all.iter().flatten().filter_map(|place| routes::of(&place.path, &routes)).collect();
    known.extend(NO_PAGES.map(|(route, _)| route));
    let unknown: Vec<_> = routes.iter().filter(|route| !known.contains(route.as_str())).collect();
    assert!(unknown.is_empty(), "nobody looked at {unknown:?}: they belong among the places");
    let gone: Vec<_> = NO_PAGES.iter().filter(|(route, _)| !routes.contains(*route)).collect();
    assert!(gone.is_empty(), "there is no such thing any more: {gone:?}");
}

/// Where a household is at home, whose head joins in the tab.
async fn at_home(tab: &Tab, world: &World, base: &str) -> Vec<Place> {
    let code = world.codes().await["door@example.net"].plain().to_owned();
    tab.goto(&format!("{base}/j/{code}")).await;
    tab.type_into("#name", "Ada Lovelace").await;
    tab.type_into("#contact", "door@example.net").await;
    tab.press_and_load("Enter").await;
    tab.click_and_load("a.button").await;
    let home = tab.url().await.replace(base, "");
    tab.type_into("#for", "Ben").await;
    tab.press_and_load("Enter").await;
    let invite = tab.url().await.replace(base, "");
    ["/home".to_owned(), home, invite].map(|path| Place { path, status: 200 }).into()
}

//! The browser itself: a page that residents have, without script or mouse, and a page that has everything wrong.

use axum::{Router, http::header, response::Html, routing::get};
use tokio::net::TcpListener;

use super::{Browser, assert_accessible};
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mistyped_code_is_told_without_script_or_mouse_on_a_narrow_screen() {
    let Some(browser) = Browser::start().await else { return };
    let world = World::new().await;
    let base = world.client.base();
    let tab = browser.open(320, false).await;
    tab.goto(&format!("{base}/join")).await;
    assert_accessible(&tab).await;
    tab.until("nothing is cut off at the side", "document.documentElement.scrollWidth <= innerWidth").await;

    tab.press("Tab").await;
    assert_eq!(tab.focused().await, "input#code \"Access code\"");
    tab.type_text("2345-6789-CDF3").await;
    tab.press("Tab").await;
    assert_eq!(tab.focused().await, "button \"Continue\"");
    tab.press("Shift+Tab").await;
    tab.press_and_load("Enter").await;
    let told = tab.text().await;
    assert!(told.contains("typing mistake"), "{told}");
    tab.until("the box has the focus again", "document.activeElement.id === 'code'").await;
    assert_accessible(&tab).await;
    tab.dark(true).await;
    assert_accessible(&tab).await;

    for url in tab.requests().await {
        assert!(url.starts_with(base), "{url} is somebody else's");
    }
    let bytes = tab.bytes_loaded().await;
    assert!(bytes > 0.0 && bytes <= 100_000.0, "{bytes}");
    assert_eq!(tab.console_errors().await, Vec::<String>::new());
}

const ASTRAY: &str = r#"<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Astray</title><link rel="icon" href="data:,"></head>
<body style="color: red">
<h1>Astray</h1>
<noscript>Nothing runs.</noscript>
<label for="name">Name</label> <input id="name" value="nobody">
<button id="say">Say it</button>
<p id="said"></p>
<a id="again" href="/?again">Again</a>
<img src="http://localhost:9/elsewhere.png">
<script>
document.getElementById('say').addEventListener('click', () => setTimeout(() => {
    document.getElementById('said').textContent += document.getElementById('name').value;
}, 50));
console.error('a complaint');
throw new Error('an accident');
</script>
</body>
</html>"#;

/// A server of that page; it ends with the journey.
async fn astray() -> String {
    let answer = || async {
        let headers = [
            (header::CONTENT_SECURITY_POLICY, "style-src 'none'"),
            (header::SET_COOKIE, "visited=yes; HttpOnly; SameSite=Lax"),
        ];
        (headers, Html(ASTRAY))
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", get(answer))).await });
    base
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_goes_astray_is_found_out() {
    let Some(browser) = Browser::start().await else { return };
    let home = browser.home().to_owned();
    let base = astray().await;
    let tab = browser.open(1280, true).await;
    tab.goto(&base).await;

    if let Some(found) = tab.axe().await {
        assert!(found.iter().any(|finding| finding.contains("image-alt")), "{found:#?}");
    }
    let requests = tab.requests().await;
    assert_eq!(requests, [format!("{base}/"), "http://localhost:9/elsewhere.png".to_owned()]);
    let errors = tab.console_errors().await;
    for part in ["Content Security Policy", "elsewhere.png", "a complaint", "an accident"] {
        assert!(errors.iter().any(|error| error.contains(part)), "{part} is not in {errors:#?}");
    }

    // Typing takes the place of what stood there, also what no key has; a mouse and a key press the button.
    tab.type_into("#name", "Zoë").await;
    tab.click("#say").await;
    tab.until("the name is said", "document.getElementById('said').textContent === 'Zoë'").await;
    tab.press("Tab").await;
    assert_eq!(tab.focused().await, "a#again \"Again\"");
    tab.press("Shift+Tab").await;
    tab.press("Space").await;
    tab.until("it is said again", "document.getElementById('said').textContent === 'ZoëZoë'").await;
    tab.reload().await;
    assert_eq!(tab.text_of("#said").await, "");
    tab.click_and_load("#again").await;
    assert_eq!(tab.url().await, format!("{base}/?again"));
    assert_eq!(tab.count("h1, h2").await, 1);

    tab.set_cookie("theme", "plain").await;
    let cookies = tab.cookies().await;
    assert!(
        cookies.iter().any(|cookie| cookie["name"] == "theme" && cookie["httpOnly"] == false),
        "{cookies:?}"
    );
    assert!(
        cookies.iter().any(|cookie| cookie["name"] == "visited" && cookie["httpOnly"] == true),
        "{cookies:?}"
    );
    tab.dark(true).await;
    tab.reduced_motion(true).await;
    let media = "matchMedia('(prefers-color-scheme: dark) and (prefers-reduced-motion: reduce)').matches";
    tab.until("dark and still", media).await;
    for full_page in [true, false] {
        let picture = home.join("astray.png");
        tab.screenshot(&picture, full_page).await;
        assert!(std::fs::read(&picture).unwrap().starts_with(b"\x89PNG"));
    }

    // Without script nothing runs, not even after axe-core did.
    let plain = browser.open(320, false).await;
    plain.goto(&base).await;
    assert_eq!(plain.axe().await.is_some(), super::axe_source().is_some());
    plain.click("#say").await;
    plain.until("the button has the focus", "document.activeElement.id === 'say'").await;
    assert_eq!(plain.text_of("#said").await, "");
    assert!(plain.text().await.contains("Nothing runs."));

    drop(browser);
    assert!(!home.exists(), "{} is left", home.display());
}

//! Letters as a mail program shows them: to leaders, and the invitation.

use std::fs;

use serde_json::json;

use super::{Album, awkward, folder};
use crate::{
    browser::{Browser, HERE},
    world::{World, settled},
};

const PAT: &str = "pat@oakridge.example";

/// Takes the HTML of each sort of letter.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes pictures; `cargo screenshots` runs it"]
async fn album_of_letters() {
    let browser = Browser::start().await.unwrap();
    let mut world = World::with(&[HERE]).await;
    world.add_leader(&world.oakridge, PAT, "owner").await;
    let mut list = awkward();
    list.push(json!({"email": "refuse-two@oakridge.example", "name": "Two"}));
    let batch = world.send(&list).await;
    world.stranger().submit("/sign-in", &format!("email={}", PAT.replace('@', "%40"))).await;
    let worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, settled).await;
    for subject in ["Sign in to", "You are a leader", "2 households need you"] {
        world.letter(PAT, subject, 1).await;
    }
    assert!(worker.stop().await.unwrap().success());

    let inbox = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", inbox.local_addr().unwrap());
    let router = world.installation.smtp.inbox();
    tokio::spawn(async move { axum::serve(inbox, router).await });
    let folder = folder();
    let album = Album::of(&browser, &base, &folder).await;
    let (_, tab) = &album.tabs[0];
    let files = browser.home();
    for message in world.installation.smtp.accepted() {
        tab.goto(&format!("{base}/messages/{}", message.number)).await;
        let title = tab.text_of("h1").await;
        let name = match title.as_str() {
            title if title.starts_with("Sign in to") => "letter-sign-in",
            title if title.starts_with("You are a leader") => "letter-added",
            title if title.contains("need you") => "letter-need-you",
            _ => "letter-invitation",
        };
        let file = files.join(format!("{name}.html"));
        fs::write(&file, tab.string("document.querySelector('iframe').srcdoc").await).unwrap();
        for (_, tab) in &album.tabs {
            tab.goto(&format!("file://{}", file.display())).await;
        }
        album.keep(name).await;
    }
}

//! The way from a pasted list to what is confirmed.

use porchlight_tests::demo::list;
use serde_json::{Value, json};

use super::{Album, folder};
use crate::{
    browser::{Browser, HERE},
    world::{World, rows},
};

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

/// The way from a pasted list to what is confirmed.
pub(super) async fn inviting(world: &World, album: &Album) {
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

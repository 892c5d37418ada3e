//! A community that gets ready, and what belongs to the settings.

use super::{Album, folder};
use crate::{
    browser::{Browser, HERE},
    settings::{picture_of, whole},
    world::{World, rows},
};

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

//! What residents see: the door, each way in which it stays closed, and what is behind it.

use serde_json::json;

use super::Album;
use crate::world::{World, rows};

pub(super) async fn residents(world: &World, album: &Album) {
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
    album.keep("stop-done").await;
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
    album.take("home-family", &home).await;
    album.take("home-invite", &invite).await;
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

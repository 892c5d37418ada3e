//! Every page of the board, and then the residents'.

use serde_json::json;

use super::{
    Album, PATIENT, RATE, awkward, community, folder, inviting::inviting, one, residents::residents,
};
use crate::{
    browser::{Browser, HERE},
    world::World,
};

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

async fn steer(world: &World, batch: &str, step: &str) {
    let answer =
        world.client.post(&world.oakridge, &format!("batches/{batch}/{step}"), Vec::new(), &[]).await;
    assert_eq!(answer.unwrap().status, 200, "{step}");
}

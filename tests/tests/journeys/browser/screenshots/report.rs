//! The report, on screens and on paper.

use serde_json::json;

use super::{Album, PATIENT, awkward, community, folder};
use crate::{
    browser::{Browser, HERE},
    world::World,
};

/// Takes the report of a community that joins bit by bit, and prints it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes pictures; `cargo screenshots` runs it"]
async fn album_of_the_report() {
    let browser = Browser::start().await.unwrap();
    let mut world = World::with(&[HERE, ("PORCHLIGHT_SMTP_RATE", "60"), PATIENT]).await;
    world.send(&awkward()).await;
    let (_, worker) = community(&mut world).await;
    assert!(worker.stop().await.unwrap().success());
    world
        .sql(
            "UPDATE households SET joined_at = NULL
             WHERE id IN (SELECT household_id FROM contacts WHERE address ~ '^(refuse|no[.]name|sofia)')",
        )
        .await;
    world.print(&json!({"kind": "addressed", "layout": "cards", "paper": "letter"})).await;
    let folder = folder();
    let album = Album::of(&browser, world.client.base(), &folder).await;
    album.sign_in(&world.sign_in_path().await).await;
    album.take("report", "/report").await;
    let (_, tab) = &album.tabs[1];
    tab.print(&folder.join("report.pdf")).await;
}

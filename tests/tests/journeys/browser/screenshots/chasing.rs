//! What a leader does about what did not arrive.

use super::{Album, awkward, folder, one};
use crate::{
    browser::{Browser, HERE},
    world::World,
};

/// Takes the pages on which a leader chases what did not arrive.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes pictures; `cargo screenshots` runs it"]
async fn album_of_chasing() {
    let browser = Browser::start().await.unwrap();
    let mut world = World::with(&[HERE]).await;
    for name in ["ada", "bo"] {
        world.unknown_email(name).await;
    }
    let batch = world.send(&awkward()).await;
    let worker = world.installation.start_worker().await.unwrap();
    world.until("it is done", async || !world.batch(&batch).await["finished_at"].is_null()).await;
    assert!(worker.stop().await.unwrap().success());
    let base = world.client.base().to_owned();
    let album = Album::of(&browser, &base, &folder()).await;
    album.sign_in(&world.sign_in_path().await).await;
    album.take("problems", "/problems").await;
    let (household,): (uuid::Uuid,) = sqlx::query_as(
        "SELECT c.household_id FROM deliveries d JOIN contacts c ON c.id = d.contact_id WHERE d.state = 'failed' ORDER BY d.id LIMIT 1",
    )
    .fetch_one(&world.installation.pool)
    .await
    .unwrap();
    album.take("household", &format!("/households/{household}")).await;
    choosing(&album).await;
    album.take("household", &format!("/households/{household}")).await;
    for (_, tab) in &album.tabs {
        tab.click("#fix summary").await;
        tab.click("#end summary").await;
    }
    album.keep("household-open").await;
    for (_, tab) in &album.tabs {
        tab.click_and_load("form[action$=link] button").await;
    }
    album.keep("household-link").await;
    let delivery = one(&world, &batch, "failed").await;
    album.take("delivery-failed", &format!("/deliveries/{delivery}")).await;
}

/// Households that are chosen, in view as a leader has them, and what is asked about them.
async fn choosing(album: &Album) {
    for (width, tab) in &album.tabs {
        tab.goto(&format!("{}/households", album.base)).await;
        tab.screenshot(&album.folder.join(format!("choosing-none-{width}.png")), true).await;
        for row in [1, 2] {
            tab.click(&format!("tr:nth-child({row}) .pick input")).await;
        }
        tab.screenshot(&album.folder.join(format!("choosing-{width}.png")), false).await;
    }
    for deed in ["resend", "pass", "extend", "revoke"] {
        for (_, tab) in &album.tabs {
            tab.goto(&format!("{}/households", album.base)).await;
            if tab.count("#choose-page input:checked").await == 0 {
                tab.click("#choose-page input").await;
            }
            tab.click_and_load(&format!("button[value={deed}]")).await;
        }
        album.keep(&format!("choosing-{deed}")).await;
    }
    let told = "/households?done=resend&did=14&left=joined.1-lately.3-nobody.2&more=120";
    album.take("choosing-done", told).await;
    album.take("choosing-fault", "/households?done=choose").await;
}

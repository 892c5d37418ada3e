//! Pictures of the board, for the README and for whoever changes a page: `cargo screenshots`.

use porchlight_tests::{demo::list, installation::programs::workspace};

use super::{Browser, board::HERE};
use crate::world::{World, settled};

/// Writes `docs/images/*.png`, of a community in the middle of its second list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes pictures; `cargo screenshots` runs it"]
async fn take() {
    let browser = Browser::start().await.unwrap();
    let mut world = World::with(&[HERE, ("PORCHLIGHT_SMTP_RATE", "15")]).await;
    let base = world.client.base().to_owned();
    let first = world.client.send_list(&world.oakridge, &list::texts(300)).await.unwrap().body;
    let worker = world.installation.start_worker().await.unwrap();
    world.batch_until(first["id"].as_str().unwrap(), settled).await;
    // A sixteenth of them every day.
    for day in (0..9).rev() {
        let days = sqlx::query(
            "UPDATE households SET joined_at = app_now() - make_interval(days => $1)
             WHERE joined_at IS NULL AND abs(hashtext(id::text)) % 16 = $1",
        );
        days.bind(day).execute(&world.installation.pool).await.unwrap();
    }
    let second = world.client.send_list(&world.oakridge, &list::second(400)).await.unwrap().body;
    let batch = second["id"].as_str().unwrap();
    world.batch_until(batch, |counts| counts["accepted"].as_u64() > Some(230)).await;

    let folder = workspace().join("docs/images");
    std::fs::create_dir_all(&folder).unwrap();
    let tab = browser.open(1280, true).await;
    tab.sign_in(&world, &base).await;
    for (name, path) in [("overview", "/".to_owned()), ("batch", format!("/batches/{batch}"))] {
        tab.goto(&format!("{base}{path}")).await;
        if name == "batch" {
            tab.until("it is live", "document.getElementById('live').dataset.state === 'on'").await;
        }
        tab.screenshot(&folder.join(format!("{name}.png")), false).await;
    }
    assert!(worker.stop().await.unwrap().success());
}

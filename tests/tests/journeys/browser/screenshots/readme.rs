//! The two pictures in the README.

use std::fs;

use porchlight_tests::installation::programs::workspace;

use super::{LIVE, RATE, community};
use crate::{
    browser::{Browser, HERE},
    world::World,
};

/// Writes `docs/images/*.png`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes pictures; `cargo screenshots` runs it"]
async fn for_the_readme() {
    let browser = Browser::start().await.unwrap();
    let mut world = World::with(&[HERE, RATE]).await;
    let base = world.client.base().to_owned();
    let (batch, worker) = community(&mut world).await;
    let folder = workspace().join("docs/images");
    fs::create_dir_all(&folder).unwrap();
    let tab = browser.open(1280, true).await;
    tab.sign_in(&world, &base).await;
    for (name, path) in [("overview", "/".to_owned()), ("batch", format!("/batches/{batch}"))] {
        tab.goto(&format!("{base}{path}")).await;
        if name == "batch" {
            tab.until("it is live", LIVE).await;
        }
        tab.screenshot(&folder.join(format!("{name}.png")), false).await;
    }
    assert!(worker.stop().await.unwrap().success());
}

//! What a long list costs: a page stays small, and a mended entry is told soon.

use tokio::time::Instant;

use super::tiles;
use crate::world::World;

/// Lines of which every tenth has to be mended.
fn lines(count: usize) -> String {
    let line = |number: usize| match number % 10 {
        3 => format!("Resident {number};resident.{number} at example.org;{number} Elm Street"),
        _ => format!("Resident {number};resident.{number}@example.org;{number} Elm Street"),
    };
    std::iter::once("Name;E-mail;Unit".to_owned()).chain((0..count).map(line)).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_ten_thousand_entries_is_small() {
    let world = World::new().await;
    let board = world.board().await;
    let draft = board.list("email", &lines(10_000)).await;
    for show in ["", "ready", "fix", "all&after=9900", "fix&after=950"] {
        let page = board.page(&format!("{draft}?show={show}")).await;
        assert_eq!(tiles(&page), [9_000, 0, 1_000, 0, 10_000]);
        assert_eq!(page.matches("<li id=\"e-").count(), 50, "{show}");
        assert!(page.len() <= 80_000, "{show}: {} bytes", page.len());
    }
}

/// `--ignored --nocapture inviting::large::figures`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures"]
async fn figures() {
    let world = World::new().await;
    let board = world.board().await;
    for count in [300, 10_000, 100_000] {
        let began = Instant::now();
        let draft = board.list("email", &lines(count)).await;
        let pasted = began.elapsed();
        let began = Instant::now();
        let page = board.page(&draft).await;
        let (shown, bytes) = (began.elapsed(), page.len());
        let began = Instant::now();
        let answer = board
            .submit(&format!("{draft}/entries/4?show=&after=0&was=fix"), "email=mended%40example.org")
            .await;
        let mended = began.elapsed();
        assert_eq!(answer.0, 200);
        let began = Instant::now();
        let confirm = board.page(&format!("{draft}/send")).await;
        assert!(confirm.contains("Send "));
        let told = format!(
            "{count} entries: pasted {pasted:?}, a page {shown:?} ({bytes} bytes), one mended and shown {mended:?}, confirm {:?}",
            began.elapsed()
        );
        std::io::Write::write_all(&mut std::io::stderr(), format!("{told}\n").as_bytes()).unwrap();
    }
}

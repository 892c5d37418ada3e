//! What a long list costs: a page stays small, and a mended entry is told soon.

use reqwest::StatusCode;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::Instant};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verdicts_on_a_long_list_are_kept_for_a_minute_and_decide_nothing() {
    let world = World::new().await;
    let board = world.board().await;
    board.submit("/settings/stopped/add", "address=resident.1%40example.org").await;
    world.sql("UPDATE suppressions SET lifted_at = app_now()").await;
    let draft = board.list("email", &lines(6_000)).await;
    let all = [5_400, 0, 600, 0, 6_000];
    assert_eq!(tiles(&board.page(&draft).await), all);

    // A resident opts out: nothing tells, so the page is as old as one that stands open, and what is confirmed is not.
    world.sql("UPDATE suppressions SET lifted_at = NULL, reason = 'opted_out'").await;
    assert_eq!(tiles(&board.page(&draft).await), all, "it was judged anew");
    assert!(board.page(&format!("{draft}/send")).await.contains("Send 5,399 e-mails"));
    world.ahead("61 seconds").await;
    assert_eq!(tiles(&board.page(&draft).await), [5_399, 0, 600, 1, 6_000]);

    // What a leader does is seen at once: to this list, and elsewhere.
    let (_, page) = board.submit(&format!("{draft}/entries/4?was=fix"), "email=mended%40example.org").await;
    assert_eq!(tiles(&page), [5_400, 0, 599, 1, 6_000]);
    board.submit("/settings/stopped/add", "address=resident.2%40example.org").await;
    assert_eq!(tiles(&board.page(&draft).await), [5_399, 0, 599, 2, 6_000]);
    world.send(&[serde_json::json!({"email": "resident.4@example.org"})]).await;
    assert_eq!(tiles(&board.page(&draft).await), [5_398, 0, 599, 3, 6_000]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_that_were_removed_take_room_too() {
    /// What room is shared out in, and how much there is.
    const UNIT: usize = 64 * 1024;
    const UNITS: usize = 3 * 256;

    let world = World::new().await;
    let board = world.board().await;
    let draft = board.list("email", &lines(1_000)).await;
    world.sql("UPDATE draft_entries SET removed = true WHERE position > 10").await;
    assert_eq!(tiles(&board.page(&draft).await)[4], 1_000);

    // All room but one unit is held by lists that do not end: it would do for ten entries, and a thousand are read.
    let address = world.client.base().trim_start_matches("http://").to_owned();
    let mut slow = Vec::new();
    for units in [256, 256, UNITS - 1 - 512] {
        let request =
            board.request(porchlight_tests::installation::Method::POST, "/invite/email").build().unwrap();
        let cookie = request.headers()["cookie"].to_str().unwrap();
        let length = units * UNIT;
        let head = format!(
            "POST /invite/email HTTP/1.1\r\nhost: {address}\r\ncookie: {cookie}\r\nsec-fetch-site: same-origin\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: {length}\r\n\r\n"
        );
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![b'a'; length - 1]).await.unwrap();
        slow.push(stream);
    }
    world
        .until("a thousand entries find no room", async || {
            board.get(&draft).await.0 == StatusCode::SERVICE_UNAVAILABLE
        })
        .await;
    drop(slow);
    world.until("they find it again", async || board.get(&draft).await.0 == StatusCode::OK).await;
}

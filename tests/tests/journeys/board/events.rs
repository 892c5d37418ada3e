//! The board's streams: whole snapshots as they come, until the last.

use std::{collections::BTreeMap, time::Duration};

use porchlight_tests::{caller::caller, installation::Method};
use reqwest::{Response, header};
use serde_json::Value;

use super::{Board, assert_sums, counts};
use crate::world::{World, rows};

impl Board {
    async fn stream(&self, path: &str) -> Events {
        let answer = self.request(Method::GET, path).send().await.unwrap();
        Events::of(answer)
    }
}

/// Server-sent events as they come.
pub(crate) struct Events {
    answer: Response,
    read: String,
}

impl Events {
    pub(crate) fn of(answer: Response) -> Self {
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
        Self { answer, read: String::new() }
    }

    /// The next event's name and data; `None` at the end.
    async fn next(&mut self) -> Option<(String, String)> {
        loop {
            if let Some(end) = self.read.find("\n\n") {
                let event: String = self.read.drain(..end + 2).collect();
                let field = |name: &str| -> String {
                    let lines = event.lines().filter_map(|line| line.strip_prefix(name));
                    lines.map(|line| line.trim_start_matches(' ')).collect::<Vec<_>>().join("\n")
                };
                let told = (field("event:"), field("data:"));
                if !told.0.is_empty() {
                    return Some(told);
                }
                continue;
            }
            let chunk = self.answer.chunk().await.unwrap()?;
            self.read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    pub(crate) async fn next_named(&mut self, name: &str) -> Option<String> {
        loop {
            let (event, data) = self.next().await?;
            if event == name {
                return Some(data);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_show_whole_snapshots_until_the_last_and_end_with_the_process() {
    let mut world = World::with(&[("PORCHLIGHT_SMTP_RATE", "100")]).await;
    let board = world.board().await;
    let batch = world.send(&rows(300)).await;
    let path = format!("/batches/{batch}/stream");
    let mut watching = board.stream(&path).await;
    // Both pieces come at once, in any order.
    let pieces = [watching.next().await.unwrap(), watching.next().await.unwrap()];
    let pieces: BTreeMap<_, _> = pieces.into_iter().collect();
    assert_eq!(counts(&pieces["progress"])["waiting"], 300);
    assert_eq!(pieces["rows"].matches("<tr id=\"d-").count(), 50);

    let http = caller(Duration::from_mins(1)).unwrap();
    let api = format!("{}/v1/communities/{}/batches/{batch}/stream", world.client.base(), world.oakridge.id);
    let mut told = Events::of(http.get(&api).bearer_auth(&world.oakridge.token).send().await.unwrap());
    assert_eq!(http.get(&api).send().await.unwrap().status(), 401);

    let worker = world.installation.start_worker().await.unwrap();
    let mut snapshots = 0;
    loop {
        let shown = counts(&watching.next_named("progress").await.unwrap());
        assert_sums(&shown);
        snapshots += 1;
        if shown["sent"] == 300 {
            break;
        }
        // Whoever comes back in the middle is right at once.
        if snapshots == 3 {
            let before = shown["sent"];
            let again = counts(&board.stream(&path).await.next_named("progress").await.unwrap());
            assert_sums(&again);
            assert!(again["sent"] >= before, "{again:?} after {before}");
        }
    }
    assert!(snapshots >= 3, "it was watched while it filled: {snapshots} snapshots");
    let last = loop {
        let status: Value = serde_json::from_str(&told.next_named("status").await.unwrap()).unwrap();
        let sum: i64 = status["counts"].as_object().unwrap().values().filter_map(Value::as_i64).sum();
        assert_eq!(sum, 300);
        if !status["finished_at"].is_null() {
            break status;
        }
    };
    assert_eq!(last["buckets"]["sent"], 300);

    // A process that stops does not wait for those who watch.
    assert!(worker.stop().await.unwrap().success());
    assert!(world.api.stop().await.unwrap().success());
    while watching.next().await.is_some() {}
    while told.next().await.is_some() {}
}

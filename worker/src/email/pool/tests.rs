//! The pool against scripted servers, on a clock that stands still while somebody works.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt as _;

use super::*;
use crate::email::{
    peer::{Peer, Scripts, introduction},
    settings::Keeping,
};

const URL: &str = "smtp://mail.example.org?tls=none";
const OFFERS: &[&str] = &["PIPELINING"];

fn pool(scripts: &Arc<Scripts>, connections: usize, keeping: Keeping) -> Pool<char> {
    let mut settings = introduction(URL, None).settings().clone().with_connections(connections);
    settings.keeping = keeping;
    let connector = crate::email::session::connector(&[]).unwrap();
    Pool::new(Box::new(Arc::clone(scripts)), Introduction::new(settings, connector))
}

async fn send(pool: &Pool<char>, key: char, name: &str) -> Result<Reply, Failure> {
    let envelope = Envelope::new("from@example.org", format!("{name}@example.net")).unwrap();
    pool.send(key, &envelope, b"Subject: x\r\n\r\nx\r\n", || true).await
}

/// Takes `messages` messages, then the goodbye.
async fn takes(mut peer: Peer, messages: usize) {
    peer.hello(OFFERS).await;
    for _ in 0..messages {
        peer.take().await;
    }
    peer.answer(&["QUIT"], "221 bye").await;
    peer.hung_up().await;
}

#[tokio::test(start_paused = true)]
async fn reuses_a_connection_and_closes_it_when_it_has_aged() {
    let scripts = Arc::new(Scripts::default());
    scripts.then(|peer| takes(peer, 2)).then(|peer| takes(peer, 1));
    let pool = pool(&scripts, 4, Keeping::default());
    send(&pool, 'a', "a1").await.unwrap();
    tokio::time::sleep(Duration::from_secs(29)).await;
    send(&pool, 'a', "a2").await.unwrap();
    // The server hears the goodbye although nobody sends anything.
    tokio::time::sleep(Duration::from_secs(31)).await;
    send(&pool, 'a', "a3").await.unwrap();
    assert_eq!(scripts.dialled().len(), 2);
    pool.close().await;
    scripts.finished().await;
}

#[tokio::test(start_paused = true)]
async fn renews_a_connection_after_its_messages_without_slowing_down() {
    let scripts = Arc::new(Scripts::default());
    for _ in 0..10 {
        scripts.then(|peer| takes(peer, 2));
    }
    let pool = pool(&scripts, 1, Keeping { max_messages: 2, ..Keeping::default() });
    let begun = Instant::now();
    for _ in 0..20 {
        send(&pool, 'a', "a").await.unwrap();
    }
    assert!(begun.elapsed() < Duration::from_millis(100));
    pool.close().await;
    scripts.finished().await;
}

#[tokio::test(start_paused = true)]
async fn sends_in_community_order_over_one_connection() {
    let scripts = Arc::new(Scripts::default());
    let (seen, mut order) = tokio::sync::mpsc::unbounded_channel();
    scripts.then(async move |mut peer: Peer| {
        peer.hello(OFFERS).await;
        for _ in 0..6 {
            peer.expect("MAIL").await;
            seen.send(peer.line().await).unwrap();
            peer.answer(&["DATA"], "250 ok\r\n250 ok\r\n354 go").await;
            peer.body().await;
            // Everybody queues while the first message is on its way.
            tokio::time::sleep(Duration::from_secs(1)).await;
            peer.say("250 ok").await;
        }
    });
    let pool = pool(&scripts, 1, Keeping::default());
    let all = ["a1", "a2", "a3", "a4", "b1", "b2"];
    let sent = join_all(all.map(|name| send(&pool, name.chars().next().unwrap(), name))).await;
    assert!(sent.iter().all(Result::is_ok));
    let order: Vec<_> = std::iter::from_fn(|| order.try_recv().ok()).collect();
    let names: Vec<_> = order.iter().map(|line| &line[9..11]).collect();
    assert_eq!(names, ["a1", "a2", "b1", "a3", "b2", "a4"]);
    scripts.finished().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_closed_while_idle_costs_nothing() {
    let scripts = Arc::new(Scripts::default());
    scripts
        .then(async |mut peer: Peer| {
            peer.hello(OFFERS).await;
            peer.take().await;
            tokio::time::sleep(Duration::from_secs(5)).await;
            peer.say("421 4.4.2 idle for too long").await;
        })
        .then(async |mut peer: Peer| {
            peer.hello(OFFERS).await;
            peer.take().await;
            // Alive when it is looked at, gone when it is spoken to.
            peer.expect("MAIL").await;
        })
        .then(async |mut peer: Peer| {
            peer.hello(OFFERS).await;
            peer.take().await;
            peer.answer(&["MAIL", "RCPT", "DATA"], "421 4.4.2 idle for too long").await;
        })
        .then(|peer| takes(peer, 1));
    let pool = pool(&scripts, 1, Keeping::default());
    for _ in 0..4 {
        send(&pool, 'a', "a").await.unwrap();
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    assert_eq!(scripts.dialled().len(), 4);
    pool.close().await;
    scripts.finished().await;
}

#[tokio::test(start_paused = true)]
async fn a_fresh_connection_that_fails_is_a_failure_and_is_not_tried_again() {
    let scripts = Arc::new(Scripts::default());
    scripts
        .then(async |mut peer: Peer| {
            peer.hello(OFFERS).await;
            peer.expect("MAIL").await;
        })
        .then(|peer| takes(peer, 1));
    let pool = pool(&scripts, 1, Keeping::default());
    assert_eq!(send(&pool, 'a', "a").await.unwrap_err().stage, Stage::Mail);
    assert_eq!(scripts.dialled().len(), 1);
    send(&pool, 'a', "a").await.unwrap();
    pool.close().await;
    scripts.finished().await;
}

#[tokio::test(start_paused = true)]
async fn never_repeats_once_the_envelope_was_heard() {
    let scripts = Arc::new(Scripts::default());
    scripts.then(async |mut peer: Peer| {
        peer.hello(OFFERS).await;
        peer.take().await;
        peer.answer(&["MAIL", "RCPT", "DATA"], "250 ok\r\n250 ok\r\n354 go").await;
        peer.body().await;
    });
    let pool = pool(&scripts, 1, Keeping::default());
    send(&pool, 'a', "a").await.unwrap();
    assert_eq!(send(&pool, 'a', "a").await.unwrap_err().stage, Stage::AfterBody);
    assert_eq!(scripts.dialled().len(), 1);
    scripts.finished().await;
}

#[tokio::test(start_paused = true)]
async fn a_broken_server_is_asked_at_a_measured_pace() {
    let scripts = Arc::new(Scripts::default());
    let pool = pool(&scripts, 4, Keeping::default());
    let begun = Instant::now();
    for _ in 0..41 {
        assert_eq!(send(&pool, 'a', "a").await.unwrap_err().stage, Stage::Connect);
    }
    // The first is free, four more are the burst, then four a second.
    let waited = begun.elapsed();
    assert!((Duration::from_secs(8)..Duration::from_secs(10)).contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_leaves_frees_its_turn() {
    let scripts = Arc::new(Scripts::default());
    scripts
        .then(async |mut peer: Peer| {
            peer.hello(OFFERS).await;
            peer.expect("MAIL").await;
            peer.expect("RCPT").await;
            peer.expect("DATA").await;
            peer.hung_up().await;
        })
        .then(|peer| takes(peer, 1));
    let pool = pool(&scripts, 1, Keeping::default());
    let left = tokio::time::timeout(Duration::from_secs(1), send(&pool, 'a', "a")).await;
    assert!(left.is_err());
    send(&pool, 'b', "b").await.unwrap();
    pool.close().await;
    scripts.finished().await;
}

#[tokio::test(start_paused = true)]
async fn closing_says_goodbye_and_sends_waiters_away() {
    let scripts = Arc::new(Scripts::default());
    scripts.then(async |mut peer: Peer| {
        peer.hello(OFFERS).await;
        peer.take().await;
        peer.expect("QUIT").await;
        // A server that does not answer the goodbye holds nobody up.
        peer.stay_silent().await;
    });
    let pool = pool(&scripts, 1, Keeping::default());
    send(&pool, 'a', "a").await.unwrap();
    let turn = pool.shared.turns.take('x').await.unwrap();
    let mut waiting = send(&pool, 'b', "b").boxed();
    assert!((&mut waiting).now_or_never().is_none());
    let begun = Instant::now();
    pool.close().await;
    assert!(begun.elapsed() <= Duration::from_secs(2));
    assert_eq!(waiting.await.unwrap_err().cause, Cause::ShuttingDown);
    drop(turn);
    assert_eq!(send(&pool, 'b', "b").await.unwrap_err().cause, Cause::ShuttingDown);
}

//! Whole conversations with a scripted server, on a clock that stands still while somebody works.

mod failing;
mod opening;
mod refusing;
mod sending;

use super::*;
use crate::email::peer::{Peer, introduction, serve};

pub(super) const PLAIN: &str = "smtp://mail.example.org?tls=none";
const GROUPED: &[&str] = &["PIPELINING", "SIZE 100000", "8BITMIME", "ENHANCEDSTATUSCODES"];
const SINGLE: &[&str] = &["SIZE 100000"];

fn envelope() -> Envelope {
    Envelope::new("from@example.org", "jane@example.net").unwrap()
}

const MESSAGE: &[u8] = b"Subject: x\r\n\r\n.dot\r\nbody\r\n";

/// Opens a session and sends one message to a server with this script.
async fn send_to<F: Future<Output = ()> + Send + 'static>(
    script: impl FnOnce(Peer) -> F,
) -> (Result<Reply, Failure>, bool) {
    let (io, server) = serve(64 * 1024, script);
    let mut session = match Session::open(io, &introduction(PLAIN, None)).await {
        Ok(session) => session,
        Err(failure) => return (Err(failure), false),
    };
    let sent = session.send(&envelope(), MESSAGE, || true).await;
    let usable = session.is_usable();
    drop(session);
    // A server that waits for ever is left alone; one whose script failed is heard.
    tokio::select! {
        biased;
        done = server => done.unwrap(),
        () = tokio::time::sleep(Duration::from_hours(1)) => {}
    }
    (sent, usable)
}

fn failed(sent: Result<Reply, Failure>) -> (Stage, Cause) {
    let failure = sent.unwrap_err();
    (failure.stage, failure.cause)
}

fn code(cause: &Cause) -> Option<u16> {
    match cause {
        Cause::Reply(reply) => Some(reply.code()),
        _ => None,
    }
}

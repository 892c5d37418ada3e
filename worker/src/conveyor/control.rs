//! What others do with a queue: close its gate while the provider asks to be left alone, open it, count what waits.

use std::time::Duration;

use porchlight_shared::queue::{Part, Queue};
use redis::{RedisResult, aio::ConnectionLike, pipe};

use super::link::{millis, script};

/// Closes the gate for `wait` from now, by Redis' clock; a gate that is closed for longer stays so. Answers how long it
/// is closed now. Nothing is claimed meanwhile; what is claimed already goes on. The caller caps `wait`.
pub async fn close_gate(
    connection: &mut impl ConnectionLike,
    queue: &Queue,
    wait: Duration,
) -> RedisResult<Duration> {
    let script = script(include_str!("gate.lua"));
    let mut call = script.prepare_invoke();
    call.key(queue.keys()).arg(millis(wait));
    call.invoke_async(connection).await.map(Duration::from_millis)
}

/// Opens the gate before its time. One sleeping worker looks at once, and wakes the next if it cannot take everything;
/// at the latest all look within five seconds.
pub async fn open_gate(connection: &mut impl ConnectionLike, queue: &Queue) -> RedisResult<()> {
    let mut open = pipe();
    // If an element lies in the list already, this one is a needless look.
    open.atomic().del(queue.key(Part::Gate)).rpush(queue.key(Part::Wake), 1);
    open.exec_async(connection).await
}

/// How many jobs a queue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// May start now, as far as the pace goes.
    pub waiting: u64,
    /// Fall due later.
    pub delayed: u64,
    /// Are claimed by some worker.
    pub leased: u64,
}

/// Counts what a queue holds. Between two counts a job may move on.
pub async fn depth(connection: &mut impl ConnectionLike, queue: &Queue) -> RedisResult<Depth> {
    let mut count = pipe();
    count.scard(queue.key(Part::Waiting)).zcard(queue.key(Part::Delayed)).zcard(queue.key(Part::Leases));
    let (known, delayed, leased): (u64, u64, u64) = count.query_async(connection).await?;
    Ok(Depth { waiting: known.saturating_sub(delayed + leased), delayed, leased })
}

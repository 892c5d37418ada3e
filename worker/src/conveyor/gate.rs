//! The gate that all workers of a channel share: closed while the provider asks to be left alone (429, 421).

use std::time::Duration;

use porchlight_shared::queue::Queue;
use redis::{RedisResult, aio::ConnectionLike};

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

/// Opens the gate.
pub async fn open_gate(connection: &mut impl ConnectionLike, queue: &Queue) -> RedisResult<()> {
    redis::cmd("DEL").arg(queue.key(porchlight_shared::queue::Part::Gate)).exec_async(connection).await
}

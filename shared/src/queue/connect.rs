//! Reaching Redis.

use std::{io, time::Duration};

use redis::{
    Client, IntoConnectionInfo, RedisResult,
    aio::{ConnectionManager, ConnectionManagerConfig},
    io::tcp::TcpSettings,
};

const CONNECTION_TIMEOUT: Duration = Duration::from_secs(2);
#[cfg(target_os = "linux")]
const SILENCE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Opens a shared connection that comes back by itself, however long Redis is away and whatever the reason.
///
/// Nothing is sent yet: a process starts without Redis. A command issued while Redis is away **waits**, so wrap it in
/// [`within`]; one that is on its way fails when its answer takes longer than `response` (the crate's default of
/// 500 ms gives up on scripts that merely queue behind others; 5 s is right for all but blocking commands).
///
/// Call it inside a Tokio runtime. Fails only when `url` is not a Redis URL.
pub fn connect(url: &str, response: Duration) -> RedisResult<ConnectionManager> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECTION_TIMEOUT))
        .set_response_timeout(Some(response))
        .set_min_delay(Duration::from_millis(50))
        .set_max_delay(LONGEST_PAUSE)
        // The manager forgets to reconnect after a refusal that is not an I/O error; trying on is the way round.
        .set_number_of_retries(usize::MAX);
    let tcp = TcpSettings::default().set_nodelay(true);
    // A server that vanished without a word is noticed here; an answer that is late does not end a connection.
    #[cfg(target_os = "linux")]
    let tcp = tcp.set_user_timeout(SILENCE);
    let server = url.into_connection_info()?.set_tcp_settings(tcp);
    ConnectionManager::new_lazy_with_config(Client::open(server)?, config)
}

/// Runs a command, waiting for Redis to come back included, and gives up after `limit` with an I/O time-out.
/// The command may still arrive; every script of ours may be repeated.
pub async fn within<T>(limit: Duration, command: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    tokio::time::timeout(limit, command)
        .await
        .unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "no answer from Redis").into()))
}

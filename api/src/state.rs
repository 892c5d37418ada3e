//! Everything that a handler may touch; a test builds the same struct.

use std::sync::Arc;

use porchlight_shared::{domain::Keyring, runtime::clock::Clock};
use redis::aio::ConnectionManager;
use sqlx::PgPool;
use tokio_util::task::TaskTracker;

use crate::{access::CallerLimit, metrics::Metrics};

/// What the handlers share.
#[derive(Debug)]
pub struct AppState {
    /// The ledger.
    pub pool: PgPool,
    /// The conveyor.
    pub redis: RedisHandle,
    /// The key file.
    pub keyring: Arc<Keyring>,
    /// For ids.
    pub clock: Clock,
    /// How often each token may call.
    pub caller_limit: CallerLimit,
    /// What is counted.
    pub metrics: Metrics,
    /// Work that goes on after its request was answered; a stop waits for it.
    pub afterwards: TaskTracker,
}

/// The shared Redis connection, which has no `Debug` of its own.
#[derive(Clone)]
pub struct RedisHandle(pub ConnectionManager);

impl std::fmt::Debug for RedisHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RedisHandle")
    }
}

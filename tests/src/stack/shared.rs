//! One stack for all tests of a test binary.

use tokio::sync::OnceCell;

use super::{Options, Stack};

static SHARED: OnceCell<Stack> = OnceCell::const_new();

/// The stack of this process, started on first use with [`Options::fast`].
///
/// A static is never dropped, but the pipe to its supervisor closes when the process ends, so nothing
/// is left. Tests keep apart by making a database each ([`Stack::create_database`]) and by prefixing
/// what they write to Redis.
///
/// # Panics
/// When the servers cannot be had: a test cannot go on without, and the message says what to do.
pub async fn shared() -> &'static Stack {
    match SHARED.get_or_try_init(|| Stack::start(Options::fast())).await {
        Ok(stack) => stack,
        Err(error) => panic!("tests need private servers: {error}"),
    }
}

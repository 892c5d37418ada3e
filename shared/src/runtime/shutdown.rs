//! Stopping: the first SIGTERM or SIGINT asks, the second insists.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Returns a token that is cancelled by the first SIGTERM or SIGINT. The second ends the process at once.
///
/// # Errors
/// When the signal handlers cannot be installed.
pub fn on_signal() -> std::io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stopping = CancellationToken::new();
    let asked = stopping.clone();
    tokio::spawn(async move {
        for again in [false, true] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if again {
                tracing::warn!("stopping at once: a second signal arrived");
                std::process::exit(130);
            }
            tracing::info!("stopping: finishing what has begun; a second signal stops at once");
            asked.cancel();
        }
    });
    Ok(stopping)
}

//! Logs: one line for each event, to standard error, readable alone and easy to filter.
//!
//! No address, name, code, token or message text is ever logged; ids are.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use super::env::{Env, SettingError};

/// Starts logging as `RUST_LOG` says; `info` without it. People get text, machines get JSON lines.
///
/// # Errors
/// When `RUST_LOG` is not a filter.
pub fn start(env: &Env) -> Result<(), SettingError> {
    let filter =
        env.parsed_or("RUST_LOG", "a log filter such as `info` or `porchlight_worker=debug,info`", || {
            EnvFilter::new("info")
        })?;
    let registry = tracing_subscriber::registry().with(filter);
    if std::io::stderr().is_terminal() {
        registry.with(fmt::layer().with_writer(std::io::stderr).with_target(false)).init();
    } else {
        registry.with(fmt::layer().json().flatten_event(true).with_writer(std::io::stderr)).init();
    }
    Ok(())
}

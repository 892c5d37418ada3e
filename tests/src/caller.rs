//! HTTP calls that stay on this machine.

use std::time::Duration;

/// A client that asks no proxy, whatever the environment names, and gives up after `patience`.
///
/// # Errors
/// When there is no HTTP client to be had.
pub fn caller(patience: Duration) -> reqwest::Result<reqwest::Client> {
    // Nothing here speaks TLS, but a client is not built without; that a provider is there already is fine.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().tls_certs_only([]).timeout(patience).build()
}

//! TLS for a session: one provider of cryptography, named explicitly, and the machine's own roots.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer};
use tokio_rustls::TlsConnector;

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The machine has no trusted roots.
    #[error(
        "no trusted root certificates were found on this machine; install the package `ca-certificates` or set SSL_CERT_FILE"
    )]
    NoRoots,
    /// A root given by hand is not a certificate.
    #[error("an extra root certificate cannot be read")]
    ExtraRoot(#[source] rustls::Error),
    /// The library refused the configuration.
    #[error("TLS cannot be set up")]
    Setup(#[source] rustls::Error),
}

/// A connector that trusts the machine's roots and `extra` ones.
pub fn connector(extra: &[CertificateDer<'static>]) -> Result<TlsConnector, TlsError> {
    let mut roots = RootCertStore::empty();
    // A file that cannot be read is no reason to stop as long as some roots are there.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for root in extra {
        roots.add(root.clone()).map_err(TlsError::ExtraRoot)?;
    }
    if roots.is_empty() {
        return Err(TlsError::NoRoots);
    }
    trusting(roots)
}

/// A connector that trusts nobody, for a provider that is spoken to in the clear.
pub fn connector_without_roots() -> Result<TlsConnector, TlsError> {
    trusting(RootCertStore::empty())
}

fn trusting(roots: RootCertStore) -> Result<TlsConnector, TlsError> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Setup)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

//! Secrets that we hand out: bearer tokens, links that sign in, sessions.
//!
//! Each is 256 random bits in text. The ledger keeps the SHA-256 alone, which is enough for what nobody can guess, and no
//! log shows the text.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::CryptoRng;
use sha2::{Digest, Sha256};

/// 256 random bits in text.
pub struct Secret(String);

impl Secret {
    /// Draws new ones, written after `prefix`.
    pub fn draw(prefix: &str, rng: &mut impl CryptoRng) -> Self {
        let mut bits = [0_u8; 32];
        rng.fill_bytes(&mut bits);
        Self(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bits)))
    }

    /// As it came.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// What the ledger keeps of it.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// The text itself, to be shown once.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_long_and_hidden() {
        let secret = Secret::draw("porchlight_", &mut rand::rand_core::UnwrapErr(rand::rngs::SysRng));
        assert_eq!(format!("{secret:?}"), "Secret(***)");
        assert_eq!(secret.as_str().len(), "porchlight_".len() + 43);
        assert_eq!(Secret::of(secret.as_str()).sha256(), secret.sha256());
    }
}

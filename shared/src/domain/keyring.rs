//! The key file, and what is done with its keys: sealing codes, looking them up, comparing addresses without
//! keeping them, signing links.
//!
//! The file never enters the database: a copy of the database alone reveals no live code. Several sealing and
//! look-up keys may stand side by side; the last of each is the one that new rows use, and a look-up tries each.

use std::{collections::BTreeMap, fmt, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use rand::CryptoRng;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{AccessCode, Channel, CommunityId, InvitationId};

const NONCE: usize = 24;

/// The keys of an installation. `Debug` shows their ids only.
pub struct Keyring {
    seal: BTreeMap<i16, XChaCha20Poly1305>,
    lookup: BTreeMap<i16, Hmac<Sha256>>,
    address: Hmac<Sha256>,
    link: Hmac<Sha256>,
}

/// A sealed access code as it stands in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Which sealing key.
    pub key: i16,
    /// Nonce, then ciphertext and tag: 52 bytes.
    pub bytes: Vec<u8>,
}

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It cannot be read.
    #[error("cannot read the key file {path}; `porchlight-api keys generate` makes one")]
    Unreadable {
        /// Where it was looked for.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not a key file.
    #[error("{path} is not a Porchlight key file: {problem}")]
    Malformed {
        /// Where it stands.
        path: String,
        /// What is wrong, without any of its content.
        problem: String,
    },
}

/// A sealed code that does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsealError {
    /// The key is not in the key file.
    #[error("sealing key {0} is not in the key file")]
    NoSuchKey(i16),
    /// The copy belongs to another row, another key, or was damaged.
    #[error("the sealed access code does not belong to this invitation")]
    Forged,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    version: u8,
    seal: BTreeMap<i16, String>,
    lookup: BTreeMap<i16, String>,
    address: String,
    link: String,
}

impl Keyring {
    /// The text of a new key file with one key of each sort.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> String {
        let mut draw = || {
            let mut key = [0_u8; 32];
            rng.fill_bytes(&mut key);
            STANDARD.encode(key)
        };
        let file = KeyFile {
            version: 1,
            seal: BTreeMap::from([(1, draw())]),
            lookup: BTreeMap::from([(1, draw())]),
            address: draw(),
            link: draw(),
        };
        serde_json::to_string_pretty(&file).expect("strings and numbers serialise") + "\n"
    }

    /// Reads the key file at `path`.
    ///
    /// # Errors
    /// When it cannot be read or is not a key file; the error names the path and never shows content.
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| KeyFileError::Unreadable { path: name.clone(), source })?;
        Self::parse(&text).map_err(|problem| KeyFileError::Malformed { path: name, problem })
    }

    /// Reads the text of a key file.
    ///
    /// # Errors
    /// Says what is wrong without showing any of the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: KeyFile = serde_json::from_str(text)
            .map_err(|error| format!("line {}, column {} does not fit", error.line(), error.column()))?;
        if file.version != 1 {
            return Err(format!("version {} is not known to this program", file.version));
        }
        if file.seal.is_empty() || file.lookup.is_empty() {
            return Err("it needs at least one `seal` and one `lookup` key".to_owned());
        }
        let mut seal = BTreeMap::new();
        for (id, key) in &file.seal {
            seal.insert(*id, XChaCha20Poly1305::new(&key_bytes("seal", key)?.into()));
        }
        let mut lookup = BTreeMap::new();
        for (id, key) in &file.lookup {
            lookup.insert(*id, hmac_key("lookup", key)?);
        }
        Ok(Self {
            seal,
            lookup,
            address: hmac_key("address", &file.address)?,
            link: hmac_key("link", &file.link)?,
        })
    }

    /// Seals `code` for one invitation of one community with the current key and a fresh nonce.
    pub fn seal(
        &self,
        code: &AccessCode,
        community: CommunityId,
        invitation: InvitationId,
        rng: &mut impl CryptoRng,
    ) -> Sealed {
        let (key, cipher) = self.seal.last_key_value().expect("a keyring has at least one sealing key");
        let mut nonce = [0_u8; NONCE];
        rng.fill_bytes(&mut nonce);
        let payload = Payload { msg: code.plain().as_bytes(), aad: &bound_to(community, invitation) };
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).expect("twelve bytes are not too long");
        Sealed { key: *key, bytes: [&nonce[..], &sealed].concat() }
    }

    /// Opens a sealed code.
    ///
    /// # Errors
    /// When the key is missing, or the copy was sealed for another row.
    pub fn unseal(
        &self,
        sealed: &Sealed,
        community: CommunityId,
        invitation: InvitationId,
    ) -> Result<AccessCode, UnsealError> {
        let cipher = self.seal.get(&sealed.key).ok_or(UnsealError::NoSuchKey(sealed.key))?;
        let (nonce, bytes) = sealed.bytes.split_first_chunk::<NONCE>().ok_or(UnsealError::Forged)?;
        let payload = Payload { msg: bytes, aad: &bound_to(community, invitation) };
        let plain = cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| UnsealError::Forged)?;
        std::str::from_utf8(&plain).ok().and_then(|text| text.parse().ok()).ok_or(UnsealError::Forged)
    }

    /// What a new row stores to find `code` again: the current look-up key's id and the keyed hash.
    #[must_use]
    pub fn lookup(&self, code: &AccessCode) -> (i16, [u8; 32]) {
        let (id, key) = self.lookup.last_key_value().expect("a keyring has at least one look-up key");
        (*id, tag(key, &[code.plain().as_bytes()]))
    }

    /// What a row may have stored for `code`: one keyed hash for each look-up key.
    #[must_use]
    pub fn lookups(&self, code: &AccessCode) -> Vec<[u8; 32]> {
        self.lookup.values().map(|key| tag(key, &[code.plain().as_bytes()])).collect()
    }

    /// The keyed hash of an address: equality without the address.
    #[must_use]
    pub fn address_hash(&self, channel: Channel, address_key: &str) -> [u8; 32] {
        tag(&self.address, &[channel.as_str().as_bytes(), b"\0", address_key.as_bytes()])
    }

    /// The keyed hash of a whole list: recognises it without keeping it. `hashes` in any fixed order.
    #[must_use]
    pub fn list_hash<'a>(&self, hashes: impl IntoIterator<Item = &'a [u8; 32]>) -> [u8; 32] {
        let mut mac = self.address.clone();
        mac.update(b"list\0");
        for hash in hashes {
            mac.update(hash);
        }
        mac.finalize().into_bytes().into()
    }

    /// Signs what a link says, so that it cannot be guessed or forged.
    #[must_use]
    pub fn link_signature(&self, purpose: &str, subject: &[u8; 16]) -> [u8; 16] {
        let whole = tag(&self.link, &[purpose.as_bytes(), b"\0", subject]);
        *whole.first_chunk().expect("32 bytes hold 16")
    }

    /// Whether [`Self::link_signature`] is what was given; takes the same time wherever they differ.
    #[must_use]
    pub fn is_link_signature(&self, purpose: &str, subject: &[u8; 16], given: &[u8; 16]) -> bool {
        let mut mac = self.link.clone();
        for part in [purpose.as_bytes(), b"\0", subject] {
            mac.update(part);
        }
        mac.verify_truncated_left(given).is_ok()
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("seal", &self.seal.keys())
            .field("lookup", &self.lookup.keys())
            .finish_non_exhaustive()
    }
}

fn key_bytes(name: &str, text: &str) -> Result<[u8; 32], String> {
    let bytes = STANDARD.decode(text).map_err(|_| format!("a `{name}` key is not base64"))?;
    bytes.try_into().map_err(|_| format!("a `{name}` key is not 32 bytes long"))
}

fn hmac_key(name: &str, text: &str) -> Result<Hmac<Sha256>, String> {
    Ok(Hmac::new_from_slice(&key_bytes(name, text)?).expect("an HMAC takes a key of any length"))
}

fn tag(key: &Hmac<Sha256>, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = key.clone();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn bound_to(community: CommunityId, invitation: InvitationId) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(community.as_bytes());
    bytes[16..].copy_from_slice(invitation.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use rand::{SeedableRng, rngs::StdRng};

    fn rng() -> StdRng {
        StdRng::seed_from_u64(7)
    }

    #[test]
    fn a_sealed_code_opens_for_its_own_invitation_only() {
        let rng = &mut rng();
        let keys = Keyring::parse(&Keyring::generate(rng)).unwrap();
        let (community, other) =
            (CommunityId::new(Timestamp::UNIX_EPOCH, rng), CommunityId::new(Timestamp::UNIX_EPOCH, rng));
        let invitation = InvitationId::new(Timestamp::UNIX_EPOCH, rng);
        let code = AccessCode::draw(rng);
        let sealed = keys.seal(&code, community, invitation, rng);
        assert_eq!(sealed.bytes.len(), 52);
        assert_eq!(keys.unseal(&sealed, community, invitation), Ok(code.clone()));
        assert_eq!(keys.unseal(&sealed, other, invitation), Err(UnsealError::Forged));
        let short = Sealed { key: 1, bytes: sealed.bytes[..20].to_vec() };
        assert_eq!(keys.unseal(&short, community, invitation), Err(UnsealError::Forged));
        let gone = Sealed { key: 2, bytes: sealed.bytes.clone() };
        assert_eq!(keys.unseal(&gone, community, invitation), Err(UnsealError::NoSuchKey(2)));
        assert_ne!(
            keys.seal(&code, community, invitation, rng).bytes,
            sealed.bytes,
            "a nonce is never used twice"
        );
    }

    #[test]
    fn a_key_file_that_does_not_fit_says_where_and_shows_nothing() {
        let good = Keyring::generate(&mut rng());
        assert!(Keyring::parse(&good).is_ok());
        assert_eq!(Keyring::parse("{").unwrap_err(), "line 1, column 1 does not fit");
        assert_eq!(
            Keyring::parse(&good.replace("\"version\": 1", "\"version\": 2")).unwrap_err(),
            "version 2 is not known to this program"
        );
        let mut broken: serde_json::Value = serde_json::from_str(&good).unwrap();
        broken["address"] = "c2hvcnQ=".into();
        assert_eq!(Keyring::parse(&broken.to_string()).unwrap_err(), "a `address` key is not 32 bytes long");
        let debug = format!("{:?}", Keyring::parse(&good).unwrap());
        assert_eq!(debug, "Keyring { seal: [1], lookup: [1], .. }");
    }

    #[test]
    fn hashes_depend_on_key_and_channel() {
        let rng = &mut rng();
        let (ours, theirs) = (
            Keyring::parse(&Keyring::generate(rng)).unwrap(),
            Keyring::parse(&Keyring::generate(rng)).unwrap(),
        );
        let hash = ours.address_hash(Channel::Email, "a@example.org");
        assert_eq!(hash, ours.address_hash(Channel::Email, "a@example.org"));
        assert_ne!(hash, ours.address_hash(Channel::Text, "a@example.org"));
        assert_ne!(hash, theirs.address_hash(Channel::Email, "a@example.org"));
    }
}

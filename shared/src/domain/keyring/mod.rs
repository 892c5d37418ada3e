//! The key file, and what is done with its keys: sealing codes, looking them up, comparing addresses without
//! keeping them, signing links.
//!
//! The file never enters the database: a copy of the database alone reveals no live code. Several sealing and
//! look-up keys may stand side by side; the newest of each whose time has come is the one that new rows use, and a
//! look-up tries each. [`file`] is the text.

mod file;

use std::{
    collections::BTreeMap,
    fmt,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant, SystemTime},
};

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use rand::CryptoRng;
use sha2::Sha256;

use self::file::key_bytes;
pub use self::file::{KeyFile, KeyUse};
use super::{AccessCode, Channel, CommunityId, InvitationId};

const NONCE: usize = 24;
/// So long what was read is taken as what stands in the file.
const MOMENT: Duration = Duration::from_secs(1);

/// The keys of an installation. `Debug` shows their ids only.
///
/// A key that somebody adds to the file is known within a second, and at once to whoever meets what it sealed.
pub struct Keyring {
    /// `None`: they came as text.
    path: Option<PathBuf>,
    held: RwLock<Held>,
}

/// What was read, and when.
struct Held {
    keys: Arc<Keys>,
    stamp: Option<Stamp>,
    looked: Instant,
}

impl Held {
    fn new(keys: Keys, stamp: Option<Stamp>) -> Self {
        Self { keys: Arc::new(keys), stamp, looked: Instant::now() }
    }
}

/// By what a file is known to be the same; `None`: there is none, or it cannot be looked at.
#[derive(PartialEq)]
struct Stamp {
    modified: SystemTime,
    length: u64,
    inode: u64,
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let about = std::fs::metadata(path).ok()?;
        Some(Self { modified: about.modified().ok()?, length: about.len(), inode: about.ino() })
    }
}

struct Keys {
    file: KeyFile,
    seal: BTreeMap<i16, XChaCha20Poly1305>,
    lookup: BTreeMap<i16, Hmac<Sha256>>,
    address: Hmac<Sha256>,
    link: Hmac<Sha256>,
}

impl Keys {
    fn of(file: KeyFile) -> Result<Self, String> {
        let seal = file.bytes(KeyUse::Seal)?.into_iter();
        let lookup = file.bytes(KeyUse::Lookup)?.into_iter();
        Ok(Self {
            seal: seal.map(|(id, bytes)| (id, XChaCha20Poly1305::new(&bytes.into()))).collect(),
            lookup: lookup.map(|(id, bytes)| (id, hmac_key(&bytes))).collect(),
            address: hmac_key(&key_bytes("address", &file.address)?),
            link: hmac_key(&key_bytes("link", &file.link)?),
            file,
        })
    }
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

impl Keyring {
    /// Reads the key file at `path`, and reads it again whenever it has changed.
    ///
    /// # Errors
    /// When it cannot be read or is not a key file; the error names the path and never shows content.
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
        let stamp = Stamp::of(path);
        let name = || path.display().to_string();
        let keys = Keys::of(KeyFile::read(path)?)
            .map_err(|problem| KeyFileError::Malformed { path: name(), problem })?;
        Ok(Self { path: Some(path.to_owned()), held: RwLock::new(Held::new(keys, stamp)) })
    }

    /// Reads the text of a key file.
    ///
    /// # Errors
    /// Says what is wrong without showing any of the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let keys = Keys::of(KeyFile::parse(text)?)?;
        Ok(Self { path: None, held: RwLock::new(Held::new(keys, None)) })
    }

    /// The keys as they stood in the file a moment ago.
    fn keys(&self) -> Arc<Keys> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        if self.path.is_none() || held.looked.elapsed() < MOMENT {
            return Arc::clone(&held.keys);
        }
        drop(held);
        self.fresh()
    }

    /// The keys as they stand in the file now. A file that cannot be used changes nothing, and is complained of once.
    fn fresh(&self) -> Arc<Keys> {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let Some(path) = &self.path else { return Arc::clone(&held.keys) };
        let stamp = Stamp::of(path);
        held.looked = Instant::now();
        if stamp != held.stamp {
            held.stamp = stamp;
            let keys = KeyFile::read(path).map_err(|error| error.to_string()).and_then(|file| {
                let foreign = "it is another installation's, or lacks keys that were there";
                if file.continues(&held.keys.file) { Keys::of(file) } else { Err(foreign.to_owned()) }
            });
            match keys {
                Ok(keys) => held.keys = Arc::new(keys),
                Err(error) => tracing::error!(
                    error,
                    "the key file changed and cannot be used; going on with what it held"
                ),
            }
        }
        Arc::clone(&held.keys)
    }

    /// Seals `code` for one invitation of one community with the current key and a fresh nonce.
    pub fn seal(
        &self,
        code: &AccessCode,
        community: CommunityId,
        invitation: InvitationId,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Sealed {
        let keys = self.keys();
        let key = keys.file.current(KeyUse::Seal, now);
        let cipher = &keys.seal[&key];
        let mut nonce = [0_u8; NONCE];
        rng.fill_bytes(&mut nonce);
        let payload = Payload { msg: code.plain().as_bytes(), aad: &bound_to(community, invitation) };
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).expect("twelve bytes are not too long");
        Sealed { key, bytes: [&nonce[..], &sealed].concat() }
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
        let mut keys = self.keys();
        if !keys.seal.contains_key(&sealed.key) {
            keys = self.fresh();
        }
        let cipher = keys.seal.get(&sealed.key).ok_or(UnsealError::NoSuchKey(sealed.key))?;
        let (nonce, bytes) = sealed.bytes.split_first_chunk::<NONCE>().ok_or(UnsealError::Forged)?;
        let payload = Payload { msg: bytes, aad: &bound_to(community, invitation) };
        let plain = cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| UnsealError::Forged)?;
        std::str::from_utf8(&plain).ok().and_then(|text| text.parse().ok()).ok_or(UnsealError::Forged)
    }

    /// What a new row stores to find `code` again: the current look-up key's id and the keyed hash.
    #[must_use]
    pub fn lookup(&self, code: &AccessCode, now: Timestamp) -> (i16, [u8; 32]) {
        let keys = self.keys();
        let id = keys.file.current(KeyUse::Lookup, now);
        (id, tag(&keys.lookup[&id], &[code.plain().as_bytes()]))
    }

    /// What a row may have stored for `code`: one keyed hash for each look-up key.
    #[must_use]
    pub fn lookups(&self, code: &AccessCode) -> Vec<[u8; 32]> {
        // Another program may have stored it under a key that was added just now.
        self.fresh().lookup.values().map(|key| tag(key, &[code.plain().as_bytes()])).collect()
    }

    /// The keyed hash of an address: equality without the address.
    #[must_use]
    pub fn address_hash(&self, channel: Channel, address_key: &str) -> [u8; 32] {
        tag(&self.keys().address, &[channel.as_str().as_bytes(), b"\0", address_key.as_bytes()])
    }

    /// The keyed hash of a whole list: recognises it without keeping it. `hashes` in any fixed order.
    #[must_use]
    pub fn list_hash<'a>(&self, hashes: impl IntoIterator<Item = &'a [u8; 32]>) -> [u8; 32] {
        let mut mac = self.keys().address.clone();
        mac.update(b"list\0");
        for hash in hashes {
            mac.update(hash);
        }
        mac.finalize().into_bytes().into()
    }

    /// Signs what a link says, so that it cannot be guessed or forged.
    #[must_use]
    pub fn link_signature(&self, purpose: &str, subject: &[u8; 16]) -> [u8; 16] {
        let whole = tag(&self.keys().link, &[purpose.as_bytes(), b"\0", subject]);
        *whole.first_chunk().expect("32 bytes hold 16")
    }

    /// Whether [`Self::link_signature`] is what was given; takes the same time wherever they differ.
    #[must_use]
    pub fn is_link_signature(&self, purpose: &str, subject: &[u8; 16], given: &[u8; 16]) -> bool {
        let mut mac = self.keys().link.clone();
        for part in [purpose.as_bytes(), b"\0", subject] {
            mac.update(part);
        }
        mac.verify_truncated_left(given).is_ok()
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.keys();
        f.debug_struct("Keyring")
            .field("seal", &keys.seal.keys())
            .field("lookup", &keys.lookup.keys())
            .finish_non_exhaustive()
    }
}

fn hmac_key(bytes: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::new_from_slice(bytes).expect("an HMAC takes a key of any length")
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
        let keys = Keyring::parse(&KeyFile::generate(rng).to_text()).unwrap();
        let (community, other) =
            (CommunityId::new(Timestamp::UNIX_EPOCH, rng), CommunityId::new(Timestamp::UNIX_EPOCH, rng));
        let invitation = InvitationId::new(Timestamp::UNIX_EPOCH, rng);
        let code = AccessCode::draw(rng);
        let sealed = keys.seal(&code, community, invitation, Timestamp::UNIX_EPOCH, rng);
        assert_eq!(sealed.bytes.len(), 52);
        assert_eq!(keys.unseal(&sealed, community, invitation), Ok(code.clone()));
        assert_eq!(keys.unseal(&sealed, other, invitation), Err(UnsealError::Forged));
        let short = Sealed { key: 1, bytes: sealed.bytes[..20].to_vec() };
        assert_eq!(keys.unseal(&short, community, invitation), Err(UnsealError::Forged));
        let gone = Sealed { key: 2, bytes: sealed.bytes.clone() };
        assert_eq!(keys.unseal(&gone, community, invitation), Err(UnsealError::NoSuchKey(2)));
        assert_ne!(
            keys.seal(&code, community, invitation, Timestamp::UNIX_EPOCH, rng).bytes,
            sealed.bytes,
            "a nonce is never used twice"
        );
    }

    #[test]
    fn a_key_file_that_does_not_fit_says_where_and_shows_nothing() {
        let good = KeyFile::generate(&mut rng()).to_text();
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
            Keyring::parse(&KeyFile::generate(rng).to_text()).unwrap(),
            Keyring::parse(&KeyFile::generate(rng).to_text()).unwrap(),
        );
        let hash = ours.address_hash(Channel::Email, "a@example.org");
        assert_eq!(hash, ours.address_hash(Channel::Email, "a@example.org"));
        assert_ne!(hash, ours.address_hash(Channel::Text, "a@example.org"));
        assert_ne!(hash, theirs.address_hash(Channel::Email, "a@example.org"));
    }

    #[test]
    fn what_is_added_to_the_file_is_known_to_whoever_meets_it() {
        let rng = &mut rng();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let mut file = KeyFile::generate(rng);
        std::fs::write(&path, file.to_text()).unwrap();
        let (old, now) = (Keyring::read(&path).unwrap(), Timestamp::UNIX_EPOCH);
        file.add(now, rng).unwrap();
        std::fs::write(&path, file.to_text()).unwrap();
        let new = Keyring::read(&path).unwrap();
        let (community, invitation) = (CommunityId::new(now, rng), InvitationId::new(now, rng));
        let code = AccessCode::draw(rng);
        let sealed = new.seal(&code, community, invitation, now, rng);
        assert_eq!((sealed.key, new.lookup(&code, now).0), (2, 2));
        assert_eq!(old.unseal(&sealed, community, invitation), Ok(code.clone()));
        assert!(old.lookups(&code).contains(&new.lookup(&code, now).1));
        // A file that somebody spoilt changes nothing, nor one without the newest keys, nor another installation's.
        let mut without = KeyFile::parse(&file.to_text()).unwrap();
        without.add(now, rng).unwrap();
        without.remove(KeyUse::Lookup, 2);
        for wrong in ["{".to_owned(), KeyFile::generate(rng).to_text(), without.to_text()] {
            std::fs::write(&path, wrong).unwrap();
            assert_eq!(old.lookups(&code).len(), 2);
            assert_eq!(old.unseal(&sealed, community, invitation), Ok(code.clone()));
        }
    }
}

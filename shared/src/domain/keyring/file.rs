//! The text of a key file.

use std::{collections::BTreeMap, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use rand::CryptoRng;
use serde::{Deserialize, Serialize};

use super::KeyFileError;

/// The keys of an installation as they are kept. It is a secret: `Debug` shows nothing of it.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    version: u8,
    seal: BTreeMap<i16, Key>,
    lookup: BTreeMap<i16, Key>,
    pub(super) address: String,
    pub(super) link: String,
}

impl std::fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyFile(***)")
    }
}

/// 32 bytes as base64.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Key {
    Always(String),
    /// New rows use it from then on, when every program has read of it.
    From {
        key: String,
        from: Timestamp,
    },
}

impl Key {
    fn text(&self) -> &str {
        match self {
            Self::Always(key) | Self::From { key, .. } => key,
        }
    }

    const fn from(&self) -> Option<Timestamp> {
        match self {
            Self::Always(_) => None,
            Self::From { from, .. } => Some(*from),
        }
    }
}

/// What a key is for. There may be several of each; the others of the file are never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// Sealing codes.
    Seal,
    /// Finding codes again.
    Lookup,
}

impl KeyUse {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Seal, Self::Lookup];

    /// The word in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seal => "seal",
            Self::Lookup => "lookup",
        }
    }
}

impl KeyFile {
    /// A new one, with one key of each sort.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self {
            version: 1,
            seal: BTreeMap::from([(1, Key::Always(draw(rng)))]),
            lookup: BTreeMap::from([(1, Key::Always(draw(rng)))]),
            address: draw(rng),
            link: draw(rng),
        }
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read or is not a key file; the error names the path and never shows content.
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| KeyFileError::Unreadable { path: name.clone(), source })?;
        Self::parse(&text).map_err(|problem| KeyFileError::Malformed { path: name, problem })
    }

    /// Reads its text.
    ///
    /// # Errors
    /// Says what is wrong without showing any of the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: Self = serde_json::from_str(text)
            .map_err(|error| format!("line {}, column {} does not fit", error.line(), error.column()))?;
        if file.version != 1 {
            return Err(format!("version {} is not known to this program", file.version));
        }
        if file.seal.is_empty() || file.lookup.is_empty() {
            return Err("it needs at least one `seal` and one `lookup` key".to_owned());
        }
        Ok(file)
    }

    /// Its text.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).expect("strings and numbers serialise") + "\n"
    }

    /// Adds a key for sealing and one for look-ups, for rows from `from` on. `None`: all numbers are used up.
    #[must_use]
    pub fn add(&mut self, from: Timestamp, rng: &mut impl CryptoRng) -> Option<()> {
        for keys in [&mut self.seal, &mut self.lookup] {
            let next = keys.last_key_value()?.0.checked_add(1)?;
            keys.insert(next, Key::From { key: draw(rng), from });
        }
        Some(())
    }

    /// Removes one that is neither the newest nor the only one.
    pub fn remove(&mut self, of: KeyUse, id: i16) {
        let keys = match of {
            KeyUse::Seal => &mut self.seal,
            KeyUse::Lookup => &mut self.lookup,
        };
        if keys.last_key_value().is_some_and(|(newest, _)| *newest != id) {
            keys.remove(&id);
        }
    }

    /// Ids, oldest first, each with the time from which new rows use it; `None`: always.
    #[must_use]
    pub fn ids(&self, of: KeyUse) -> impl DoubleEndedIterator<Item = (i16, Option<Timestamp>)> {
        self.keys(of).iter().map(|(id, key)| (*id, key.from()))
    }

    /// Whether whoever held the `old` one can go on with this: no key of it has become another, and those that its
    /// newest rows need are still there.
    #[must_use]
    pub(super) fn continues(&self, old: &Self) -> bool {
        let kept = |of: KeyUse| {
            let (new, old) = (self.keys(of), old.keys(of));
            let same = old.iter().all(|(id, key)| new.get(id).is_none_or(|kept| kept.text() == key.text()));
            same && old.last_key_value().is_none_or(|(id, _)| new.contains_key(id))
        };
        self.address == old.address && self.link == old.link && KeyUse::ALL.into_iter().all(kept)
    }

    /// The key that a new row uses now.
    #[must_use]
    pub fn current(&self, of: KeyUse, now: Timestamp) -> i16 {
        let mut newest_first = self.ids(of).rev();
        let begun = newest_first.find(|(_, from)| from.is_none_or(|from| from <= now));
        // When none has begun, somebody changed the file by hand, and the oldest is as good as any.
        begun.or_else(|| self.ids(of).next()).map_or(0, |(id, _)| id)
    }

    fn keys(&self, of: KeyUse) -> &BTreeMap<i16, Key> {
        match of {
            KeyUse::Seal => &self.seal,
            KeyUse::Lookup => &self.lookup,
        }
    }

    /// The bytes of each key.
    ///
    /// # Errors
    /// When one is not 32 bytes of base64.
    pub(super) fn bytes(&self, of: KeyUse) -> Result<Vec<(i16, [u8; 32])>, String> {
        let keys = self.keys(of).iter();
        keys.map(|(id, key)| Ok((*id, key_bytes(of.as_str(), key.text())?))).collect()
    }
}

fn draw(rng: &mut impl CryptoRng) -> String {
    let mut key = [0_u8; 32];
    rng.fill_bytes(&mut key);
    STANDARD.encode(key)
}

pub(super) fn key_bytes(name: &str, text: &str) -> Result<[u8; 32], String> {
    let bytes = STANDARD.decode(text).map_err(|_| format!("a `{name}` key is not base64"))?;
    bytes.try_into().map_err(|_| format!("a `{name}` key is not 32 bytes long"))
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_new_key_is_used_from_its_time_on_and_the_old_one_stays() {
        let rng = &mut StdRng::seed_from_u64(3);
        let mut file = KeyFile::generate(rng);
        file.add(at(100), rng).unwrap();
        let file = KeyFile::parse(&file.to_text()).ok().unwrap();
        for of in KeyUse::ALL {
            assert_eq!(file.ids(of).collect::<Vec<_>>(), [(1, None), (2, Some(at(100)))]);
            assert_eq!([file.current(of, at(99)), file.current(of, at(100))], [1, 2]);
        }
    }

    #[test]
    fn the_newest_key_is_never_removed() {
        let rng = &mut StdRng::seed_from_u64(3);
        let mut file = KeyFile::generate(rng);
        file.remove(KeyUse::Seal, 1);
        assert_eq!(file.ids(KeyUse::Seal).count(), 1);
        file.add(at(100), rng).unwrap();
        file.remove(KeyUse::Seal, 2);
        file.remove(KeyUse::Seal, 1);
        assert_eq!(file.ids(KeyUse::Seal).map(|(id, _)| id).collect::<Vec<_>>(), [2]);
        assert_eq!(file.ids(KeyUse::Lookup).count(), 2);
    }
}

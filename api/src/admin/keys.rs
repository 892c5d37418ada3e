//! `keys generate`: the file without which no code can be read.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use porchlight_shared::domain::KeyFile;
use rand::CryptoRng;

/// Why no key file was written.
#[derive(Debug, thiserror::Error)]
pub enum GenerateKeysError {
    /// One is there already; losing it would lose every sealed code.
    #[error("{0} exists already and is not overwritten: every code sealed with it would be lost")]
    Exists(String),
    /// The system refused.
    #[error("cannot write the key file {path} (PORCHLIGHT_KEYS_FILE)")]
    Unwritable {
        /// Where it was to stand.
        path: String,
        /// What the system said.
        source: io::Error,
    },
}

/// Writes a new key file with mode 0600, complete on disk before this returns.
///
/// # Errors
/// When one is there already, or it cannot be written.
pub fn generate_keys(path: &Path, rng: &mut impl CryptoRng) -> Result<(), GenerateKeysError> {
    let name = path.display().to_string();
    let written =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).and_then(|mut file| {
            file.write_all(KeyFile::generate(rng).to_text().as_bytes())?;
            file.sync_all()
        });
    written.map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => GenerateKeysError::Exists(name),
        _ => GenerateKeysError::Unwritable { path: name, source },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use porchlight_shared::domain::Keyring;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn writes_once_and_privately() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let rng = &mut rand::rand_core::UnwrapErr(rand::rngs::SysRng);
        generate_keys(&path, rng).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let first = std::fs::read_to_string(&path).unwrap();
        assert!(Keyring::read(&path).is_ok());
        assert!(matches!(generate_keys(&path, rng), Err(GenerateKeysError::Exists(_))));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), first);
        let nowhere = folder.path().join("no/such/folder/keys.json");
        assert!(matches!(generate_keys(&nowhere, rng), Err(GenerateKeysError::Unwritable { .. })));
    }
}

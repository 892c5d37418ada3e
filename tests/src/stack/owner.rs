//! Who runs Postgres, and where its files may lie. Postgres refuses to run as root, and the user it
//! then runs as cannot read root's home.

use std::{
    env, fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
};

use super::{StackError, find::on_path, supervisor::quote};

/// The account Debian's package makes for Postgres.
const ACCOUNT: &str = "postgres";

/// Our effective user id.
pub(super) fn uid() -> Result<u32, StackError> {
    id(&["-u"])
}

pub(super) fn is_root() -> bool {
    uid().is_ok_and(|uid| uid == 0)
}

/// Whoever Postgres runs as.
#[derive(Debug)]
pub(super) enum Owner {
    Ourselves,
    /// Another account, to which `setpriv` changes.
    Account {
        uid: u32,
        gid: u32,
        setpriv: PathBuf,
    },
}

impl Owner {
    pub(super) fn choose() -> Result<Self, StackError> {
        if !is_root() {
            return Ok(Self::Ourselves);
        }
        Ok(Self::Account {
            uid: id(&["-u", ACCOUNT])?,
            gid: id(&["-g", ACCOUNT])?,
            setpriv: on_path("setpriv").ok_or(StackError::Missing {
                what: "setpriv",
                how: "Postgres refuses to run as root: install util-linux, or start as another user.".into(),
            })?,
        })
    }

    /// A directory for the stack's home that the owner can reach.
    pub(super) fn base(&self) -> PathBuf {
        let usual = env::temp_dir();
        match self {
            Self::Account { .. } if !open_to_all(&usual) => "/tmp".into(),
            Self::Account { .. } | Self::Ourselves => usual,
        }
    }

    /// Makes a directory that belongs to the owner alone.
    pub(super) fn make_directory(&self, path: &Path) -> Result<(), StackError> {
        let doing = || StackError::io(format!("make {}", path.display()));
        fs::create_dir(path).map_err(doing())?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(doing())?;
        if let Self::Account { uid, gid, .. } = self {
            chown(path, Some(*uid), Some(*gid)).map_err(doing())?;
        }
        Ok(())
    }

    /// The words to put before a command in a shell script, so that the owner runs it.
    pub(super) fn prefix(&self) -> String {
        match self {
            Self::Ourselves => String::new(),
            Self::Account { setpriv, .. } => {
                format!("{} --reuid {ACCOUNT} --regid {ACCOUNT} --clear-groups -- ", quote(setpriv))
            }
        }
    }
}

/// May everybody pass through each directory on the way?
fn open_to_all(path: &Path) -> bool {
    path.ancestors().all(|directory| directory.metadata().is_ok_and(|it| it.mode() & 0o001 != 0))
}

fn id(arguments: &[&str]) -> Result<u32, StackError> {
    let output = Command::new("id").args(arguments).output().map_err(StackError::io("run id"))?;
    String::from_utf8_lossy(&output.stdout).trim().parse().map_err(|_| StackError::Missing {
        what: "the account `postgres`",
        how: "Postgres refuses to run as root and needs it: install Postgres by package, or start as another user."
            .into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reach_is_told() {
        assert!(open_to_all(Path::new("/usr/bin")));
        let private = tempfile::tempdir().unwrap();
        fs::set_permissions(private.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(!open_to_all(private.path()));
    }
}

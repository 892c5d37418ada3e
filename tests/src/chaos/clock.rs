//! A clock that jumps, for one process: Debian's libfaketime between it and the machine's.

use std::{fs, path::PathBuf};

use tempfile::TempDir;

use crate::installation::Failure;

/// Where libfaketime is, if it is installed.
pub(super) fn library() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?;
    let of = |folder: PathBuf| folder.join("faketime/libfaketimeMT.so.1");
    folders.filter_map(Result::ok).map(|folder| of(folder.path())).find(|library| library.is_file())
}

/// How far a process' clock is off stands in a file that is read again and again.
#[derive(Debug)]
pub(super) struct Clock(TempDir);

impl Clock {
    pub(super) fn new() -> Result<Self, Failure> {
        let made = Self(tempfile::Builder::new().prefix("porchlight-clock-").tempdir()?);
        made.set(0)?;
        Ok(made)
    }

    /// So many hours ahead from now on; behind, when it is negative.
    pub(super) fn set(&self, hours: i32) -> Result<(), Failure> {
        // Whole at any moment: it is read while we write.
        let next = self.0.path().join("next");
        fs::write(&next, format!("{hours:+}h\n"))?;
        Ok(fs::rename(next, self.file())?)
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("now")
    }

    /// What goes into the environment of the process. Time that only goes on is left alone, as by a machine.
    pub(super) fn variables(&self, library: &std::path::Path) -> Vec<(&'static str, String)> {
        vec![
            ("LD_PRELOAD", library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.file().display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
    }
}

//! Which sources a program was built from, so that a test notices that it is about to try a stale one.
//!
//! `build.rs` of both programs includes this file; the journeys call it on the tree they run in.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The folders, below the workspace, whose files make up the program of `package`.
#[must_use]
pub fn sources(package: &str) -> [String; 5] {
    [
        format!("{package}/src"),
        format!("{package}/templates"),
        "shared/src".to_owned(),
        "shared/templates".to_owned(),
        "migrations".to_owned(),
    ]
}

/// A fingerprint of all files below `sources(package)` in `workspace`: 16 hexadecimal digits (FNV-1a, 64 bits).
///
/// # Errors
/// When a file cannot be read.
pub fn fingerprint(workspace: &Path, package: &str) -> io::Result<String> {
    let mut files = Vec::new();
    for folder in sources(package) {
        collect(&workspace.join(folder), &mut files)?;
    }
    files.sort();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for file in files {
        let name = file.strip_prefix(workspace).unwrap_or(&file).to_string_lossy().into_owned();
        for byte in name.bytes().chain([0]).chain(fs::read(&file)?) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    Ok(format!("{hash:016x}"))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

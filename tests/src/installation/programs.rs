//! Where our programs are.

use std::{
    io,
    path::{Path, PathBuf},
    process::Command,
};

/// The two programs of an installation.
#[derive(Clone, Debug)]
pub struct Programs {
    /// `porchlight-api`.
    pub api: PathBuf,
    /// `porchlight-worker`.
    pub worker: PathBuf,
}

impl Programs {
    /// Builds both in release mode, as `cargo` would, and says where they are.
    ///
    /// # Errors
    /// When the build fails; cargo has said why.
    #[expect(clippy::disallowed_methods, reason = "cargo says in the environment where it is")]
    pub fn build_release() -> io::Result<Self> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let workspace = workspace();
        // With the features of a whole-workspace build, so that one build serves all.
        let mut build = Command::new(cargo);
        // What `cargo run` says about this program is nothing to the build: ring would be built anew for it, and
        // everything above ring.
        for (name, _) in std::env::vars_os() {
            if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| name.to_string_lossy().starts_with(start))
            {
                build.env_remove(name);
            }
        }
        let status = build
            .current_dir(&workspace)
            .args([
                "build",
                "--release",
                "-q",
                "-p",
                "porchlight-api",
                "-p",
                "porchlight-worker",
                "-p",
                "porchlight-tests",
            ])
            .args(["--bin", "porchlight-api", "--bin", "porchlight-worker"])
            .env("SQLX_OFFLINE", "true")
            .env_remove("DATABASE_URL")
            .status()?;
        if !status.success() {
            return Err(io::Error::other("the programs could not be built"));
        }
        Self::beside(&std::env::current_exe()?)
    }

    /// Those in the folder of `program`, or the one above it (where a test's programs are).
    ///
    /// # Errors
    /// When they are not there.
    pub fn beside(program: &Path) -> io::Result<Self> {
        let folders = program.ancestors().skip(1).take(2);
        let mut found = folders.map(|folder| Self {
            api: folder.join("porchlight-api"),
            worker: folder.join("porchlight-worker"),
        });
        found.find(|programs| programs.api.is_file() && programs.worker.is_file()).ok_or_else(|| {
            let place = program.parent().unwrap_or(program).display();
            io::Error::other(format!(
                "porchlight-api and porchlight-worker are not in {place}; build the workspace"
            ))
        })
    }
}

/// The folder of the workspace that this was built in.
#[must_use]
pub fn workspace() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

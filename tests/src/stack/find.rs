//! Where the servers' programs are.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{StackError, install};

const OLDEST_POSTGRES: u32 = 15;
/// Homebrew's places, Apple silicon and Intel.
const HOMEBREW: [&str; 2] = ["/opt/homebrew", "/usr/local"];

/// The programs a stack needs.
#[derive(Clone, Debug)]
pub(super) struct Programs {
    /// The directory of `postgres`, `initdb` and `pg_isready`, which must be of one version.
    pub(super) postgres_bin: PathBuf,
    /// `redis-server` or `valkey-server`.
    pub(super) redis: PathBuf,
}

/// Finds the programs; installs what is missing where that is possible.
pub(super) fn programs() -> Result<Programs, StackError> {
    if postgres_bin().is_none() || redis().is_none() {
        install::missing(|| {
            let mut packages = Vec::new();
            if postgres_bin().is_none() {
                packages.push("postgresql");
            }
            if redis().is_none() {
                packages.push("redis-server");
            }
            packages
        })?;
    }
    let missing = |what, how: &str| StackError::Missing { what, how: how.into() };
    Ok(Programs {
        postgres_bin: postgres_bin().ok_or_else(|| missing("PostgreSQL 15 or newer", POSTGRES_HOW))?,
        redis: redis().ok_or_else(|| missing("Redis or Valkey", REDIS_HOW))?,
    })
}

const POSTGRES_HOW: &str = "Install it: `apt-get install postgresql`, `dnf install postgresql-server`, \
    `apk add postgresql` or `brew install postgresql@17`. It need not run; a private one is started.";
const REDIS_HOW: &str = "Install it: `apt-get install redis-server`, `dnf install valkey`, \
    `apk add valkey` or `brew install valkey`. It need not run; a private one is started.";

fn postgres_bin() -> Option<PathBuf> {
    let mut candidates: Vec<PathBuf> = children(Path::new("/usr/lib/postgresql"))
        .into_iter()
        .chain(children(Path::new("/usr")).into_iter().filter(|path| file_name(path).starts_with("pgsql-")))
        .map(|version| version.join("bin"))
        .collect();
    for brew in HOMEBREW {
        let kegs = children(&Path::new(brew).join("opt")).into_iter();
        candidates
            .extend(kegs.filter(|keg| file_name(keg).starts_with("postgresql")).map(|keg| keg.join("bin")));
    }
    candidates.extend(on_path("postgres").and_then(|program| Some(program.parent()?.to_owned())));
    candidates
        .into_iter()
        .filter(|bin| ["postgres", "initdb", "pg_isready"].iter().all(|name| bin.join(name).is_file()))
        .filter_map(|bin| Some((postgres_version(&bin)?, bin)))
        .filter(|(version, _)| *version >= OLDEST_POSTGRES)
        .max_by_key(|(version, _)| *version)
        .map(|(_, bin)| bin)
}

fn postgres_version(bin: &Path) -> Option<u32> {
    let output = Command::new(bin.join("postgres")).arg("--version").output().ok()?;
    major_version(&String::from_utf8_lossy(&output.stdout))
}

/// The 15 of `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`.
fn major_version(line: &str) -> Option<u32> {
    let version = line.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn redis() -> Option<PathBuf> {
    ["redis-server", "valkey-server"].into_iter().find_map(|name| {
        let brewed = HOMEBREW.iter().map(|brew| Path::new(brew).join("bin").join(name));
        on_path(name).or_else(|| brewed.into_iter().find(|program| program.is_file()))
    })
}

/// The program of this name on the caller's `PATH`, or where system programs lie.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the search path is the machine's, not a setting of Porchlight"
    )]
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(PathBuf::from))
        .map(|directory| directory.join(name))
        .find(|program| program.is_file())
}

fn children(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(major_version("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_version("postgres"), None);
    }

    #[test]
    fn the_shell_is_on_the_path() {
        assert!(on_path("sh").is_some());
        assert!(on_path("no-such-program-anywhere").is_none());
    }
}

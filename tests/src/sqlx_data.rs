//! `cargo sqlx-data -- --check | --write`: keeps the checked-in `.sqlx` equal to what the queries in
//! the workspace and the migrations come to.
//!
//! A private Postgres gets the migrations; then `cargo check` runs with the query macros online, which
//! describe each query there and leave `query-<hash>.json` in `SQLX_OFFLINE_DIR`, here a fresh
//! directory. Macros run only when their crate is compiled, so the roots of the crates that use sqlx
//! are touched first; dependencies are not compiled again. Then the two directories are compared, or
//! ours replaces the checked-in one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::SystemTime,
};

use clap::Parser;
use serde::Deserialize;
use sqlx::{Connection, PgConnection, migrate::Migrator};

use crate::stack::{Options, Stack, StackError, command::report};

#[derive(Debug, Parser)]
#[command(name = "cargo sqlx-data", about = "Checks or writes the checked-in descriptions of SQL queries")]
#[group(required = true, multiple = false)]
struct Arguments {
    /// Name what is stale, missing or left over in .sqlx, and fail if anything is.
    #[arg(long)]
    check: bool,
    /// Replace .sqlx by what the queries come to now.
    #[arg(long)]
    write: bool,
}

/// Why the data could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataError {
    #[error(transparent)]
    Stack(#[from] StackError),
    #[error("the migrations in {} do not apply", directory.display())]
    Migrations { directory: PathBuf, source: sqlx::migrate::MigrateError },
    #[error("`cargo metadata` failed: {0}")]
    Workspace(String),
    #[error("`cargo check` against the migrated database failed; its output above says where")]
    Check,
    #[error("could not {doing}")]
    Io { doing: String, source: io::Error },
}

fn doing(what: impl Into<String>) -> impl FnOnce(io::Error) -> DataError {
    let doing = what.into();
    move |source| DataError::Io { doing, source }
}

/// The whole program.
pub async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(code) => code,
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<ExitCode, DataError> {
    let workspace = Workspace::here()?;
    let fresh = tempfile::tempdir().map_err(doing("make a temporary directory"))?;
    describe(&workspace, fresh.path()).await?;

    let checked_in = workspace.workspace_root.join(".sqlx");
    let (have, want) = (read_data(&checked_in)?, read_data(fresh.path())?);
    let differences = compare(&have, &want);
    if arguments.write {
        replace(&checked_in, &have, &want)?;
        say(&format!("{} queries in .sqlx, {} files changed\n", want.len(), differences.len()));
        return Ok(ExitCode::SUCCESS);
    }
    if differences.is_empty() {
        say(&format!("{} queries in .sqlx, all current\n", want.len()));
        return Ok(ExitCode::SUCCESS);
    }
    let text = format!(
        "error: .sqlx is not what the queries and migrations come to:\n  {}\n\
         Run `cargo sqlx-data -- --write` and commit .sqlx.\n",
        differences.join("\n  "),
    );
    // Who cannot read it has the exit code.
    let _unread = io::stderr().write_all(text.as_bytes());
    Ok(ExitCode::FAILURE)
}

/// Has the macros describe every query of the workspace into `data`.
async fn describe(workspace: &Workspace, data: &Path) -> Result<(), DataError> {
    let stack = Stack::start(Options::fast()).await?;
    let url = migrated(&stack, &workspace.workspace_root).await?;
    workspace.touch_roots()?;
    let mut check = Command::new("cargo");
    check
        .args(["check", "--quiet", "--workspace", "--all-targets"])
        .current_dir(&workspace.workspace_root)
        .env("SQLX_OFFLINE", "false")
        .env("SQLX_OFFLINE_DIR", data)
        .env("DATABASE_URL", &url);
    let status = tokio::task::spawn_blocking(move || check.status()).await;
    let status =
        status.unwrap_or_else(|panic| Err(io::Error::other(panic))).map_err(doing("run cargo check"))?;
    stack.stop().await;
    if status.success() { Ok(()) } else { Err(DataError::Check) }
}

/// Makes a database with the migrations of a workspace, and answers its URL.
pub(crate) async fn migrated(stack: &Stack, workspace: &Path) -> Result<String, DataError> {
    let url = stack.create_database("queries").await?;
    let directory = workspace.join("migrations");
    let migrate = async {
        let mut connection = PgConnection::connect(&url).await?;
        Migrator::new(directory.as_path()).await?.run(&mut connection).await?;
        Ok(connection.close().await?)
    };
    migrate.await.map_err(|source| DataError::Migrations { directory, source })?;
    Ok(url)
}

/// What `cargo metadata` says of the workspace in which we were started.
#[derive(Debug, Deserialize)]
struct Workspace {
    workspace_root: PathBuf,
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    dependencies: Vec<Dependency>,
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Target {
    src_path: PathBuf,
}

impl Workspace {
    fn here() -> Result<Self, DataError> {
        let output = Command::new("cargo")
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .output()
            .map_err(doing("run cargo metadata"))?;
        if !output.status.success() {
            return Err(DataError::Workspace(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| DataError::Workspace(error.to_string()))
    }

    /// Makes cargo compile again whatever may hold a query.
    #[expect(clippy::disallowed_methods, reason = "cargo compares with the file system's clock")]
    fn touch_roots(&self) -> Result<(), DataError> {
        let with_sqlx =
            self.packages.iter().filter(|package| package.dependencies.iter().any(|it| it.name == "sqlx"));
        for target in with_sqlx.flat_map(|package| &package.targets) {
            let path = &target.src_path;
            let touch = || File::options().append(true).open(path)?.set_modified(SystemTime::now());
            touch().map_err(doing(format!("touch {}", path.display())))?;
        }
        Ok(())
    }
}

/// Query files by name, with what they say.
type Data = BTreeMap<String, String>;

/// A directory that is not there has no files.
fn read_data(directory: &Path) -> Result<Data, DataError> {
    let reading = || doing(format!("read {}", directory.display()));
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Data::new()),
        Err(error) => return Err(reading()(error)),
    };
    let mut data = Data::new();
    for entry in entries {
        let entry = entry.map_err(reading())?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("query-") && Path::new(&name).extension().is_some_and(|it| it == "json") {
            data.insert(name, fs::read_to_string(entry.path()).map_err(reading())?);
        }
    }
    Ok(data)
}

/// One line for each file that differs.
fn compare(have: &Data, want: &Data) -> Vec<String> {
    let names: BTreeSet<&String> = have.keys().chain(want.keys()).collect();
    names
        .into_iter()
        .filter_map(|name| {
            let (word, content) = match (have.get(name), want.get(name)) {
                (Some(have), Some(want)) if have == want => return None,
                (_, Some(want)) if have.contains_key(name) => ("stale", want),
                (_, Some(want)) => ("missing", want),
                (Some(have), None) => ("left over", have),
                (None, None) => return None,
            };
            Some(format!("{word}: .sqlx/{name}  {}", excerpt(content)))
        })
        .collect()
}

/// The beginning of the query, so that one finds it.
fn excerpt(content: &str) -> String {
    #[derive(Deserialize)]
    struct Described {
        query: String,
    }
    let query = serde_json::from_str(content).map_or_else(|_| String::new(), |it: Described| it.query);
    let words: Vec<&str> = query.split_whitespace().collect();
    words.join(" ").chars().take(70).collect()
}

fn replace(directory: &Path, have: &Data, want: &Data) -> Result<(), DataError> {
    let writing = || doing(format!("write {}", directory.display()));
    if !want.is_empty() {
        fs::create_dir_all(directory).map_err(writing())?;
    }
    for name in have.keys().filter(|name| !want.contains_key(*name)) {
        fs::remove_file(directory.join(name)).map_err(writing())?;
    }
    for (name, content) in want.iter().filter(|(name, content)| have.get(*name) != Some(content)) {
        fs::write(directory.join(name), content).map_err(writing())?;
    }
    Ok(())
}

fn say(text: &str) {
    // Who cannot read it has the exit code.
    let _unread = io::stdout().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(files: &[(&str, &str)]) -> Data {
        files.iter().map(|(name, query)| ((*name).into(), format!(r#"{{"query": "{query}"}}"#))).collect()
    }

    #[test]
    fn differences_are_named_and_mended() {
        let have = data(&[("query-1.json", "one"), ("query-2.json", "two"), ("query-3.json", "three")]);
        let want = data(&[("query-1.json", "one"), ("query-2.json", "2  of 2"), ("query-4.json", "four")]);
        assert_eq!(
            compare(&have, &want),
            [
                "stale: .sqlx/query-2.json  2 of 2",
                "left over: .sqlx/query-3.json  three",
                "missing: .sqlx/query-4.json  four"
            ]
        );

        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path().join(".sqlx");
        assert_eq!(read_data(&directory).unwrap(), Data::new());
        replace(&directory, &Data::new(), &have).unwrap();
        replace(&directory, &have, &want).unwrap();
        assert_eq!(read_data(&directory).unwrap(), want);
    }
}

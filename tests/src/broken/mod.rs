//! `cargo broken [NAME…]`: can the fault suite fail?
//!
//! Each line of the [`table`] takes one promise out of a copy of the sources and runs the test that is named after the
//! fault. A test that stays green proves nothing and is reported. The copy and its builds lie in `broken/` of the target
//! folder; queries that a break changes are described on a private Postgres.

mod table;

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Output},
};

use clap::Parser;

use self::table::{BREAKS, Break, Suite};
use crate::{
    installation::programs::workspace,
    sqlx_data::migrated,
    stack::{Options, Stack, command::report},
};

#[derive(Debug, Parser)]
#[command(name = "cargo broken", about = "Breaks a copy of the sources and demands that the tests notice")]
struct Arguments {
    /// Only these; all when left out.
    names: Vec<String>,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The whole program.
pub async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(unnoticed) => {
            say(&format!("{unnoticed} breaks went unnoticed"));
            ExitCode::FAILURE
        }
        Err(error) => {
            report(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

/// Answers how many went unnoticed.
async fn run(arguments: &Arguments) -> Result<usize, Failure> {
    let names = &arguments.names;
    if let Some(unknown) = names.iter().find(|name| BREAKS.iter().all(|known| known.name != **name)) {
        let known: Vec<_> = BREAKS.iter().map(|known| known.name).collect();
        return Err(format!("there is no break {unknown}; there are {}", known.join(", ")).into());
    }
    let stack = Stack::start(Options::fast()).await?;
    let database_url = migrated(&stack, &workspace()).await?;
    let sources = Copy::prepare(database_url)?;
    let wanted = |known: &&Break| names.is_empty() || names.iter().any(|name| name == known.name);
    let breaks: Vec<_> = BREAKS.iter().filter(wanted).collect();
    sources.all_green(&breaks)?;
    let mut unnoticed = 0;
    for broken in breaks {
        let verdict = sources.try_out(broken)?;
        unnoticed += usize::from(verdict != Verdict::Noticed);
        say(&format!("{:<10} {:<40} {}", verdict.as_str(), broken.name, broken.test));
    }
    stack.stop().await;
    Ok(unnoticed)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Noticed,
    Unnoticed,
    DoesNotBuild,
    NoSuchTest,
}

impl Verdict {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Noticed => "noticed",
            Self::Unnoticed => "UNNOTICED",
            Self::DoesNotBuild => "NO BUILD",
            Self::NoSuchTest => "NO TEST",
        }
    }
}

/// The copy, and where it is built.
struct Copy {
    sources: PathBuf,
    target: PathBuf,
    database_url: String,
}

impl Copy {
    fn prepare(database_url: String) -> Result<Self, Failure> {
        let program = std::env::current_exe()?;
        let target = program.ancestors().nth(2).ok_or("the program lies nowhere")?.join("broken");
        let made = Self { sources: target.join("sources"), target: target.join("target"), database_url };
        if made.sources.is_dir() {
            fs::remove_dir_all(&made.sources)?;
        }
        copy(&workspace(), &made.sources)?;
        Ok(made)
    }

    /// A test that is red without any break would seem to notice everything.
    fn all_green(&self, breaks: &[&Break]) -> Result<(), Failure> {
        for suite in [Suite::Worker, Suite::Journeys] {
            let tests: BTreeSet<_> =
                breaks.iter().filter(|known| known.suite == suite).map(|known| known.test).collect();
            if tests.is_empty() {
                continue;
            }
            let output = self.test(suite, tests.iter().copied())?;
            let said = String::from_utf8_lossy(&output.stdout);
            let green = |test: &&&str| said.lines().any(|line| line == format!("test {test} ... ok"));
            if let Some(red) = tests.iter().find(|test| !green(test)) {
                return Err(format!("{red} is not green before anything is broken\n{said}").into());
            }
        }
        Ok(())
    }

    fn try_out(&self, broken: &Break) -> Result<Verdict, Failure> {
        let path = self.sources.join(broken.file);
        let whole = fs::read_to_string(&path)?;
        if whole.matches(broken.from).count() != 1 {
            return Err(format!("{}: {:?} is not once in {}", broken.name, broken.from, broken.file).into());
        }
        fs::write(&path, whole.replace(broken.from, broken.to))?;
        let output = self.test(broken.suite, [broken.test]);
        fs::write(&path, whole)?;
        let output = output?;
        let said = String::from_utf8_lossy(&output.stdout);
        let ran = said.lines().any(|line| line.starts_with("test ") && line.contains(broken.test));
        Ok(match (output.status.success(), ran) {
            (true, true) => Verdict::Unnoticed,
            (false, true) => Verdict::Noticed,
            (true, false) => Verdict::NoSuchTest,
            (false, false) => {
                say(&String::from_utf8_lossy(&output.stderr));
                Verdict::DoesNotBuild
            }
        })
    }

    #[expect(clippy::disallowed_methods, reason = "cargo says in the environment where it is")]
    fn test<'a>(&self, suite: Suite, tests: impl IntoIterator<Item = &'a str>) -> io::Result<Output> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let selection: &[&str] = match suite {
            Suite::Worker => &["-p", "porchlight-worker", "--lib"],
            // With the tests that make cargo build the programs.
            Suite::Journeys => &["--workspace", "--test", "journeys", "--test", "cli"],
        };
        Command::new(cargo)
            .arg("test")
            .args(selection)
            .args(["--", "--exact"])
            .args(tests)
            .current_dir(&self.sources)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("SQLX_OFFLINE", "false")
            .env("DATABASE_URL", &self.database_url)
            .output()
    }
}

/// Copies a folder, but for what is built and what git keeps.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if [OsStr::new("target"), OsStr::new(".git")].contains(&name.as_os_str()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to.join(name))?;
        } else {
            fs::copy(entry.path(), to.join(name))?;
        }
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what the program is for")]
fn say(line: &str) {
    println!("{line}");
}

//! The owner's end of the supervisor: a shell that starts the servers, and ends them and removes
//! their files when the pipe between us closes. The kernel closes it even when the owner is killed,
//! so nothing outlives its owner.
//!
//! The pipe's ends are close-on-exec, as Rust makes them, so no other child of ours holds it open.
//! The supervisor has a process group of its own: a ctrl-C at the terminal reaches the owner, and
//! the supervisor still cleans up.

use std::{
    fs,
    io::{self, BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use super::StackError;

const SCRIPT: &str = include_str!("supervisor.sh");
/// The servers see this and nothing of the caller's environment: no `PG*`, no `DATABASE_URL`.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How a server is told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// In its own orderly way.
    Orderly,
    /// At once, as a power cut would.
    Kill,
}

#[derive(Debug)]
pub(super) struct Supervisor {
    child: Child,
    /// `None` once we have let go.
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    home: PathBuf,
}

impl Supervisor {
    /// Starts a supervisor with a fresh home under `base`.
    pub(super) fn start(base: &Path) -> Result<Self, StackError> {
        let mut child = Command::new("/bin/sh")
            .arg("-c")
            .arg(SCRIPT)
            .arg("porchlight-supervisor")
            .arg(base)
            .env_clear()
            .env("PATH", PATH)
            .env("LC_ALL", "C")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(StackError::io("start /bin/sh"))?;
        let (Some(commands), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(StackError::Supervisor("has no pipes".into()));
        };
        let mut supervisor =
            Self { child, commands: Some(commands), answers: BufReader::new(answers), home: PathBuf::new() };
        let answer = supervisor.answer()?;
        supervisor.home = expect_word(&answer, "home")?.into();
        Ok(supervisor)
    }

    /// The directory in which everything of this stack lies. The supervisor removes it.
    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    /// The supervisor's own process id.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Runs a shell script to its end; `false` when it failed.
    pub(super) fn run(&mut self, name: &str, script: &str) -> Result<bool, StackError> {
        self.write_script(name, script)?;
        let answer = self.ask(&format!("run {name}"))?;
        Ok(expect_word(&answer, "ran")? == "0")
    }

    /// Starts a server; the script must `exec` it, so that the process is the server itself.
    pub(super) fn start_server(&mut self, name: &str, script: &str) -> Result<u32, StackError> {
        self.write_script(name, script)?;
        let answer = self.ask(&format!("start {name}"))?;
        let pid = expect_word(&answer, "started")?;
        pid.parse().map_err(|_| nonsense(&answer))
    }

    pub(super) fn is_alive(&mut self, name: &str) -> Result<bool, StackError> {
        Ok(self.ask(&format!("alive {name}"))? == "alive")
    }

    /// Signals a server and returns once it has ended.
    pub(super) fn end_server(&mut self, name: &str, signal: &str) -> Result<(), StackError> {
        self.ask(&format!("end {name} {signal}")).map(drop)
    }

    /// The end of what a server or script printed.
    pub(super) fn log_tail(&self, name: &str) -> String {
        let log = fs::read_to_string(self.home.join(format!("{name}.log"))).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }

    fn write_script(&self, name: &str, script: &str) -> Result<(), StackError> {
        fs::write(self.home.join(format!("{name}.sh")), script)
            .map_err(StackError::io(format!("write the start script of {name}")))
    }

    fn ask(&mut self, command: &str) -> Result<String, StackError> {
        let lost = |error: io::Error| StackError::Supervisor(format!("is gone: {error}"));
        let commands = self.commands.as_mut().ok_or_else(|| StackError::Supervisor("was let go".into()))?;
        commands.write_all(format!("{command}\n").as_bytes()).map_err(lost)?;
        self.answer()
    }

    fn answer(&mut self) -> Result<String, StackError> {
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(0) => Err(StackError::Supervisor("ended without an answer".into())),
            Ok(_) => Ok(line.trim_end().to_owned()),
            Err(error) => Err(StackError::Supervisor(format!("is gone: {error}"))),
        }
    }
}

impl Drop for Supervisor {
    /// Lets go and waits until the servers are gone and their files removed.
    fn drop(&mut self) {
        drop(self.commands.take());
        // It ends because its input did; that it cannot be waited for would be news of no use here.
        let _ended = self.child.wait();
    }
}

fn expect_word<'a>(answer: &'a str, word: &str) -> Result<&'a str, StackError> {
    answer.strip_prefix(word).and_then(|rest| rest.strip_prefix(' ')).ok_or_else(|| nonsense(answer))
}

fn nonsense(answer: &str) -> StackError {
    StackError::Supervisor(format!("answered `{answer}`"))
}

/// A word as the shell reads it literally.
pub(super) fn quote(word: impl AsRef<Path>) -> String {
    format!("'{}'", word.as_ref().to_string_lossy().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold() {
        assert_eq!(quote("plain"), "'plain'");
        assert_eq!(quote("it's $HOME"), r"'it'\''s $HOME'");
    }

    #[test]
    fn scripts_run_and_the_home_goes() {
        let mut supervisor = Supervisor::start(&std::env::temp_dir()).unwrap();
        let home = supervisor.home().to_owned();
        assert!(supervisor.run("good", "echo fine").unwrap());
        assert!(!supervisor.run("bad", "echo sour; exit 3").unwrap());
        assert_eq!(supervisor.log_tail("bad"), "sour");
        assert!(home.is_dir());
        drop(supervisor);
        assert!(!home.exists());
    }

    #[test]
    fn a_server_is_seen_alive_and_ended() {
        let mut supervisor = Supervisor::start(&std::env::temp_dir()).unwrap();
        assert!(!supervisor.is_alive("redis").unwrap());
        supervisor.start_server("redis", "exec sleep 600").unwrap();
        assert!(supervisor.is_alive("redis").unwrap());
        supervisor.end_server("redis", "KILL").unwrap();
        assert!(!supervisor.is_alive("redis").unwrap());
    }
}

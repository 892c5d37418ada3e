//! A program of ours, running: its log can be read, signals can be sent, and it ends with its owner.

use std::{
    fs::File,
    io,
    os::unix::process::{CommandExt, ExitStatusExt},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdin, Command},
};

use super::Failure;

/// How long a program may take to come up.
const PATIENCE: Duration = Duration::from_mins(1);

/// Which signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Please stop.
    Term,
    /// Gone at once, as by a power cut.
    Kill,
    /// Frozen.
    Stop,
    /// And on.
    Cont,
}

impl Signal {
    const fn flag(self) -> &'static str {
        match self {
            Self::Term => "-TERM",
            Self::Kill => "-KILL",
            Self::Stop => "-STOP",
            Self::Cont => "-CONT",
        }
    }
}

/// A running program.
#[derive(Debug)]
pub struct Process {
    guard: Child,
    /// Held open for as long as the program may run; waiting for a child would close it.
    _leash: Option<ChildStdin>,
    id: u32,
    log: PathBuf,
}

impl Process {
    /// Starts `program` with no environment but `variables` (and `PATH`); what it writes goes to the file `log`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn start(
        program: &Path,
        arguments: &[&str],
        variables: &[(String, String)],
        log: PathBuf,
    ) -> io::Result<Self> {
        let mut command = std::process::Command::new("/bin/sh");
        command.args(["-c", include_str!("guard.sh"), "guard"]).arg(program).args(arguments);
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").envs(variables.iter().cloned());
        // A group of its own: what is typed at the terminal reaches its owner, who then ends it in order.
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(&log)?);
        command.process_group(0);
        let mut guard = Command::from(command).spawn()?;
        let stdout = guard.stdout.as_mut().ok_or_else(|| io::Error::other("no standard output"))?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).await?;
        let id = line.trim().parse().map_err(|_| io::Error::other("the guard did not say a process id"))?;
        Ok(Self { _leash: guard.stdin.take(), guard, id, log })
    }

    /// The program's own process id.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// Everything that it wrote so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it has logged `message`, as a line of JSON, and returns a field of that line.
    ///
    /// # Errors
    /// When it ends or stays silent instead; the error has its log.
    pub async fn says(&mut self, message: &str, field: &str) -> Result<String, Failure> {
        let waiting = async {
            loop {
                let log = self.log();
                let lines =
                    log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
                for line in lines.filter(|line| line["message"] == message) {
                    if let Some(value) = line[field].as_str() {
                        return Ok(value.to_owned());
                    }
                }
                if self.has_ended() {
                    return Err(Failure::from(format!("it ended instead of coming up:\n{}", self.log())));
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(said) => said,
            Err(_) => Err(format!("it did not say `{message}` in {PATIENCE:?}:\n{}", self.log()).into()),
        }
    }

    /// Sends a signal to the program itself.
    pub async fn signal(&self, signal: Signal) {
        // One that ended already hears nothing; whoever asks notices by `ended`.
        let _ = Command::new("kill")
            .args([signal.flag(), &self.id.to_string()])
            .stderr(Stdio::null())
            .status()
            .await;
    }

    /// Waits until it has ended and says how.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub async fn ended(mut self) -> io::Result<ExitStatus> {
        let status = self.guard.wait().await?;
        // The shell says 128 and the signal's number for a program that a signal ended.
        let code = status.code().unwrap_or_default();
        Ok(if code > 128 { ExitStatus::from_raw(code - 128) } else { status })
    }

    /// Asks it to stop and waits until it has.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub async fn stop(self) -> io::Result<ExitStatus> {
        self.signal(Signal::Term).await;
        self.ended().await
    }

    /// Ends it without asking and waits until it is gone.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub async fn kill(self) -> io::Result<ExitStatus> {
        self.signal(Signal::Kill).await;
        self.ended().await
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        matches!(self.guard.try_wait(), Ok(Some(_)) | Err(_))
    }
}

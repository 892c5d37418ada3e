//! `cargo stack [-- COMMAND]`: a private Postgres and Redis for whatever one wants to try.
//!
//! Without a command it prints `DATABASE_URL=…` and `REDIS_URL=…` and stays up until SIGINT, SIGTERM
//! or the end of its input. With one, it runs that with the two in its environment, and exits as it
//! did. The database is empty; its owner is a superuser.

use std::{
    ffi::OsString,
    io::{self, Write},
    os::unix::process::ExitStatusExt,
    process::{ExitCode, ExitStatus},
};

use clap::Parser;
use tokio::{
    process::Command,
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
};

use super::{Options, Stack, StackError};

/// The database that is made for the caller.
const DATABASE: &str = "porchlight";
/// What a Postgres client would take its settings from; a command gets `DATABASE_URL` alone.
const CLIENT_VARIABLES: [&str; 10] = [
    "PGHOST",
    "PGHOSTADDR",
    "PGPORT",
    "PGUSER",
    "PGPASSWORD",
    "PGPASSFILE",
    "PGDATABASE",
    "PGSERVICE",
    "PGSSLMODE",
    "PGOPTIONS",
];

#[derive(Debug, Parser)]
#[command(name = "cargo stack", about = "A private Postgres and Redis, gone when this ends")]
struct Arguments {
    /// Flush to disk as in earnest, instead of fast.
    #[arg(long)]
    durable: bool,
    /// Run this with `DATABASE_URL` and `REDIS_URL` set, then end.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// The whole program.
pub async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(code) => code,
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<ExitCode, StackError> {
    let options = if arguments.durable { Options::durable() } else { Options::fast() };
    // Listening from the start: a signal while the servers come up still ends them in order.
    let mut signals = Signals::listen()?;
    let stack = tokio::select! {
        stack = Stack::start(options) => stack?,
        _ = signals.next() => return Ok(ExitCode::FAILURE),
    };
    let database_url = stack.create_database(DATABASE).await?;
    let code = if let Some((program, rest)) = arguments.command.split_first() {
        let mut command = Command::new(program);
        command.args(rest).env("DATABASE_URL", &database_url).env("REDIS_URL", stack.redis_url());
        for variable in CLIENT_VARIABLES {
            command.env_remove(variable);
        }
        run_command(command, &mut signals).await?
    } else {
        let lines = format!("DATABASE_URL={database_url}\nREDIS_URL={}\n", stack.redis_url());
        let mut out = io::stdout();
        out.write_all(lines.as_bytes()).and_then(|()| out.flush()).map_err(StackError::io("print"))?;
        tokio::select! {
            _ = signals.next() => {}
            () = end_of_input() => {}
        }
        ExitCode::SUCCESS
    };
    stack.stop().await;
    Ok(code)
}

/// Runs the command to its end. A ctrl-C reaches it from the terminal as it reaches us; a SIGTERM is
/// handed on.
async fn run_command(mut command: Command, signals: &mut Signals) -> Result<ExitCode, StackError> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let mut child = command.spawn().map_err(StackError::io(format!("run {program}")))?;
    loop {
        tokio::select! {
            status = child.wait() => {
                return Ok(exit_code(status.map_err(StackError::io(format!("wait for {program}")))?));
            }
            kind = signals.next() => {
                if let (true, Some(pid)) = (kind == SignalKind::terminate(), child.id()) {
                    // When it cannot be signalled it has ended, and the wait says so.
                    let _sent = Command::new("kill").args(["-TERM", &pid.to_string()]).status().await;
                }
            }
        }
    }
}

/// As a shell tells it: a signal's number plus 128.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// Reads standard input away in a thread of its own, which may outlive the runtime.
async fn end_of_input() {
    let (ended, end) = oneshot::channel();
    std::thread::spawn(move || {
        let _read = io::copy(&mut io::stdin(), &mut io::sink());
        let _told = ended.send(());
    });
    let _told = end.await;
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> Result<Self, StackError> {
        let listen = |kind| signal(kind).map_err(StackError::io("listen for signals"));
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> SignalKind {
        tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
        }
    }
}

/// The error and its causes, on standard error.
pub(crate) fn report(error: &dyn std::error::Error) {
    let mut text = format!("error: {error}\n");
    let mut cause = error.source();
    while let Some(error) = cause {
        text = text + "  because: " + &error.to_string() + "\n";
        cause = error.source();
    }
    // Who cannot read it has the exit code.
    let _unread = io::stderr().write_all(text.as_bytes());
}

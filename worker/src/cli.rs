//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use porchlight_shared::runtime::{clock::Clock, env::Env, shutdown, telemetry};

use crate::{
    config::WorkerSettings,
    run::{Failure, work},
};

#[derive(Debug, Parser)]
#[command(name = "porchlight-worker", version = concat!(env!("CARGO_PKG_VERSION"), " (", env!("PORCHLIGHT_BUILD_ID"), ")"))]
#[command(about = "Porchlight's delivery worker", long_about = None)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Deliver until told to stop; run as many as wanted
    Run,
}

/// Runs the program that the command line names.
#[must_use]
pub fn run() -> ExitCode {
    let Command::Run = Cli::parse().command;
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            complain(failure.as_ref());
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<(), Failure> {
    let env = Env::of_process();
    telemetry::start(&env)?;
    // Before anything asks for TLS: one provider for the whole process.
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| "a TLS provider was installed twice")?;
    let settings = WorkerSettings::from_env(&env)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async { work(settings, Clock::system(), shutdown::on_signal()?).await })
}

/// Says what went wrong and, indented, why; a person reads this.
#[expect(clippy::print_stderr, reason = "the last word of a program that failed")]
fn complain(failure: &(dyn std::error::Error + 'static)) {
    eprintln!("porchlight-worker: {failure}");
    let mut cause = failure.source();
    while let Some(error) = cause {
        eprintln!("  because {error}");
        cause = error.source();
    }
}

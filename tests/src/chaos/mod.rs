//! `cargo chaos`: kills an installation at every step of a message's story, and counts what became of each message.
//!
//! Real processes (two APIs, three workers) on private servers, each behind lines of its own, and providers that record
//! what they took. The programs are those that an operator runs: nothing in them knows of this. [`row`] is the matrix,
//! [`strike`] carries it out, [`feed`] sends lists meanwhile as a careful program does and has links sent to leaders,
//! [`audit`] judges what became of the lists' messages and [`letters`] what became of the rest, [`report`] says it in words. A seed decides what is struck, in which order and when.

mod audit;
mod clock;
mod feed;
mod fleet;
pub mod letters;
pub mod pace;
mod redis;
mod report;
mod row;
mod run;
mod strike;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};

pub use self::{
    audit::{Attempt, Delivery, Verdict},
    feed::Channel,
    report::{Account, Struck},
    row::{Part, Row},
    run::run,
};
use self::{pace::Paced, run::Run};
use crate::installation::{Failure, Programs};
#[derive(Debug, Parser)]
#[command(
    name = "cargo chaos --",
    about = "Kills an installation at every step, and counts what became of each message"
)]
struct Arguments {
    /// Messages, over all faults
    #[arg(long, default_value_t = 20_000)]
    messages: usize,
    /// Faults
    #[arg(long, default_value_t = 50)]
    faults: usize,
    /// Decides what is struck, in which order and when
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only these rows of the matrix
    #[arg(long, value_delimiter = ',', value_parser = parse_row)]
    only: Vec<Row>,
    /// Move the ledger's clock ahead at the end instead of waiting
    #[arg(long)]
    hurry: bool,
    /// Measure the pace instead
    #[arg(long)]
    pace: bool,
    /// Use the programs in this folder instead of building them
    #[arg(long)]
    programs: Option<PathBuf>,
    /// Write the table into this file, between its marks
    #[arg(long)]
    write: Option<PathBuf>,
}

fn parse_row(word: &str) -> Result<Row, String> {
    Row::from_word(word).ok_or_else(|| {
        let words: Vec<_> = Row::ALL.iter().map(|row| row.as_str()).collect();
        format!("there is no such row; there are {}", words.join(", "))
    })
}

/// The rows that can be carried out here: a clock jumps only where libfaketime is.
#[must_use]
pub fn possible_rows() -> Vec<Row> {
    let all = Row::ALL.iter().copied();
    all.filter(|row| *row != Row::ClockJumps || clock::library().is_some()).collect()
}

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Order {
    /// Messages, over all faults.
    pub messages: usize,
    /// What is struck, in this order.
    pub rows: Vec<Row>,
    /// Decides when.
    pub seed: u64,
    /// Whether time is moved instead of waited for, and servers do not flush.
    pub hurry: bool,
    /// More settings for workers.
    pub worker_variables: Vec<(&'static str, &'static str)>,
}

impl Order {
    /// So many faults over `rows`, each as often as any other, in an order that the seed decides.
    #[must_use]
    pub fn of(rows: &[Row], faults: usize, messages: usize, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut drawn = Vec::with_capacity(faults);
        while drawn.len() < faults {
            let mut round = rows.to_vec();
            round.shuffle(&mut rng);
            round.truncate(faults - drawn.len());
            drawn.extend(round);
        }
        Self { messages, rows: drawn, seed, hurry: false, worker_variables: Vec::new() }
    }
}

/// The program.
pub async fn main() -> ExitCode {
    match run_from_outside(&Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            complain(&format!("the run could not go on: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run_from_outside(arguments: &Arguments) -> Result<bool, Failure> {
    let programs = match &arguments.programs {
        Some(folder) => Programs::beside(&folder.join("chaos"))?,
        None => tokio::task::spawn_blocking(Programs::build_release).await??,
    };
    if arguments.pace {
        return measure_pace(&programs, arguments.write.as_deref()).await;
    }
    let rows = if arguments.only.is_empty() { possible_rows() } else { arguments.only.clone() };
    for left_out in Row::ALL.iter().filter(|row| arguments.only.is_empty() && !rows.contains(row)) {
        complain(&format!("{} is left out: libfaketime is not installed", left_out.as_str()));
    }
    let mut order = Order::of(&rows, arguments.faults, arguments.messages, arguments.seed);
    order.hurry = arguments.hurry;
    let account = run(programs, &order, complain).await?;
    say(&account.table());
    if let Some(path) = &arguments.write {
        report::write_between(path, "matrix", &account.table())?;
    }
    for broken in account.broken() {
        complain(&broken);
    }
    if account.most_unknown > account.slots {
        complain(&account.evidence());
    }
    Ok(account.broken().is_empty())
}

async fn measure_pace(programs: &Programs, write: Option<&Path>) -> Result<bool, Failure> {
    let lines = pace::pace(programs, complain).await?;
    let table = pace::table(&lines);
    say(&table);
    if let Some(path) = write {
        report::write_between(path, "pace", &table)?;
    }
    let broken: Vec<_> = lines.iter().flat_map(Paced::broken).collect();
    for line in &broken {
        complain(line);
    }
    Ok(broken.is_empty())
}

#[expect(clippy::print_stdout, reason = "the table is what the program is for")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "how it goes, and what went wrong, is not part of the table")]
fn complain(text: &str) {
    eprintln!("{text}");
}

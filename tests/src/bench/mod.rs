//! The benchmark driver: one JSON line for each figure, measured through real processes on a private durable stack.
//!
//! The provider is the sandbox in this process, so its work is on the same cores. Compare figures of one run.
//!
//! Neighbours: [`sending`] is what any subject can be asked; [`peer`] has BullMQ, which [`bullmq`] installs and starts,
//! and Porchlight take a [`turn`] each; [`leader`] is somebody before the board; [`memory`] and [`processor`] read what processes use.

mod behind;
mod bullmq;
mod inviting;
mod leader;
mod lists;
mod memory;
mod passes;
mod peer;
mod processor;
mod sending;
mod turn;
mod watching;

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use serde_json::{Value, json};

use self::sending::{Door, PORCHLIGHT, Sender, list, rows, singles};
use crate::{
    installation::{Client, Community, Failure, Installation, Process, Programs},
    sandbox::{
        smtp::{Settings, SmtpSandbox},
        twilio::{self, TwilioSandbox},
    },
    stack::{Options, Stack},
};

#[derive(Debug, Parser)]
#[command(name = "cargo bench-e2e --", about = "Measures an installation from outside")]
struct Arguments {
    /// E-mails in the list
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    messages: u32,
    /// SMTP connections of the worker
    #[arg(long, default_value_t = 32)]
    connections: u32,
    /// Single invitations, one after the other
    #[arg(long, default_value_t = 200)]
    singles: u32,
    /// Who watches a list
    #[arg(long, default_value_t = 1_000)]
    watchers: usize,
    /// Only these figures
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Figure>,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Figure {
    /// Single invitations
    Single,
    /// One list, from the call to the last outcome
    List,
    /// Lists that are only looked at
    Verify,
    /// The leaders' page of a pasted list
    Inviting,
    /// Lists of 300 rows
    Batch,
    /// A list of 100,000 rows
    Longest,
    /// A list with and without watchers, and its page meanwhile
    Watched,
    /// A provider that takes 30 ms: a list, and another community's single invitations behind one
    Behind,
    /// 500 access passes, and the same fetched once more
    Passes,
    /// BullMQ and Porchlight, in turn; only when it is named, since it needs Node and what npm fetches
    Peer,
}

impl Arguments {
    fn wants(&self, figure: Figure) -> bool {
        self.only.contains(&figure) || self.only.is_empty() && figure != Figure::Peer
    }
}

/// The program.
pub async fn main() -> ExitCode {
    match measure(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

struct Subject {
    worker: Process,
    api: Process,
    client: Client,
    community: Community,
    installation: Installation,
    stack: Stack,
}

impl Subject {
    fn sender(&self) -> Sender<'_> {
        self.sender_of(self.community.clone())
    }

    fn sender_of(&self, community: Community) -> Sender<'_> {
        let Installation { pool, smtp, .. } = &self.installation;
        Sender { door: Door::Community(self.client.clone(), community), pool, smtp, ledger: &PORCHLIGHT }
    }
}

async fn measure(arguments: &Arguments) -> Result<(), Failure> {
    // What is missing is to be said before anything is built.
    let peer = if arguments.wants(Figure::Peer) {
        Some(tokio::task::spawn_blocking(bullmq::install).await??)
    } else {
        None
    };
    let programs = tokio::task::spawn_blocking(Programs::build_release).await??;
    let subject = start(programs, arguments.connections).await?;
    warm_up(&subject).await?;
    report(
        "memory_idle",
        &json!({"worker_mb": memory::pss_mb(subject.worker.id())?, "api_mb": memory::pss_mb(subject.api.id())?}),
    );
    if arguments.wants(Figure::Single) {
        let took = singles(&subject.sender(), arguments.singles).await?;
        let values =
            json!({"count": took.len(), "p50_ms": percentile(&took, 50), "p99_ms": percentile(&took, 99)});
        report("single", &values);
    }
    if arguments.wants(Figure::List) {
        report("list", &list(&subject.sender(), "a-", arguments.messages).await?.values());
        report(
            "memory_after",
            &json!({"worker_mb": memory::pss_mb(subject.worker.id())?, "api_mb": memory::pss_mb(subject.api.id())?}),
        );
    }
    if arguments.wants(Figure::Verify) {
        lists::verify(&subject).await?;
    }
    if arguments.wants(Figure::Inviting) {
        inviting::inviting(&subject).await?;
    }
    if arguments.wants(Figure::Batch) {
        lists::batches(&subject).await?;
    }
    if arguments.wants(Figure::Passes) {
        passes::passes(&subject).await?;
    }
    if arguments.wants(Figure::Watched) {
        watching::watched(&subject, arguments.messages, arguments.watchers).await?;
    }
    if arguments.wants(Figure::Longest) {
        lists::longest(&subject).await?;
    }
    if arguments.wants(Figure::Behind) {
        behind::behind(&subject, arguments.messages).await?;
    }
    if let Some(peer) = peer {
        peer::peer(subject, &peer, arguments).await?;
    }
    Ok(())
}

async fn start(programs: Programs, connections: u32) -> Result<Subject, Failure> {
    let stack = Stack::start(Options::durable()).await?;
    let database_url = stack.create_database("porchlight").await?;
    let settings = Settings { sources_kept: 10, ..Settings::default() };
    let smtp = SmtpSandbox::start(settings).await?;
    let twilio = TwilioSandbox::start(twilio::Settings::default()).await?;
    let connections = connections.to_string();
    let variables = [
        ("PORCHLIGHT_SMS_RATE", "100000"),
        ("PORCHLIGHT_TEXT_WINDOW", "always"),
        ("PORCHLIGHT_SMTP_CONNECTIONS", connections.as_str()),
        ("PORCHLIGHT_SMTP_RATE", "100000"),
        ("RUST_LOG", "warn,porchlight_api=info,porchlight_worker=info"),
    ];
    let mut installation =
        Installation::prepare(programs, &database_url, stack.redis_url(), smtp, twilio, &variables).await?;
    let community = installation.create_community("Riverside Gardening Club", &[]).await?;
    let (api, client) = installation.start_api().await?;
    let worker = installation.start_worker().await?;
    Ok(Subject { worker, api, client, community, installation, stack })
}

async fn warm_up(subject: &Subject) -> Result<(), Failure> {
    let sender = subject.sender();
    sender.door.send(rows("warm-", 300)).await?;
    sender.until_taken(300).await;
    sender.until_recorded(300).await
}

/// So many per cent took at most so many milliseconds; `took` is sorted.
fn percentile(took: &[Duration], share: usize) -> Option<f64> {
    took.get(took.len() * share / 100).map(|took| round(took.as_secs_f64() * 1e3))
}

fn round(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

#[expect(clippy::print_stdout, reason = "figures go to standard output")]
fn report(figure: &str, values: &Value) {
    let mut line = json!({"figure": figure});
    if let (Some(line), Some(values)) = (line.as_object_mut(), values.as_object()) {
        line.extend(values.clone());
    }
    println!("{line}");
}

#[expect(clippy::print_stderr, reason = "the last word of a program that failed")]
fn complain(error: &Failure) {
    eprintln!("the benchmark could not go on: {error}");
}

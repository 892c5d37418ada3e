//! The benchmark driver: one JSON line for each figure, measured through real processes on a private durable stack.
//!
//! The provider is the sandbox in this process, so its work is on the same cores. Compare figures of one run.

mod behind;
mod lists;
mod memory;
mod watching;

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    installation::{Client, Community, Failure, Installation, Process, Programs},
    sandbox::{
        smtp::{Settings, SmtpSandbox},
        twilio::{self, TwilioSandbox},
    },
    stack::{Options, Stack},
};

const PATIENCE: Duration = Duration::from_mins(5);

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
    /// Lists of 300 rows
    Batch,
    /// A list of 100,000 rows
    Longest,
    /// A list with and without watchers, and its page meanwhile
    Watched,
    /// A provider that takes 30 ms: a list, and another community's single invitations behind one
    Behind,
}

impl Arguments {
    fn wants(&self, figure: Figure) -> bool {
        self.only.is_empty() || self.only.contains(&figure)
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
    _stack: Stack,
}

async fn measure(arguments: &Arguments) -> Result<(), Failure> {
    let programs = tokio::task::spawn_blocking(Programs::build_release).await??;
    let subject = start(programs, arguments.connections).await?;
    warm_up(&subject).await?;
    report(
        "memory_idle",
        &json!({"worker_mb": memory::pss_mb(subject.worker.id())?, "api_mb": memory::pss_mb(subject.api.id())?}),
    );
    if arguments.wants(Figure::Single) {
        singles(&subject, arguments.singles).await?;
    }
    if arguments.wants(Figure::List) {
        list(&subject, "a-", "list", arguments.messages).await?;
        report(
            "memory_after",
            &json!({"worker_mb": memory::pss_mb(subject.worker.id())?, "api_mb": memory::pss_mb(subject.api.id())?}),
        );
    }
    if arguments.wants(Figure::Verify) {
        lists::verify(&subject).await?;
    }
    if arguments.wants(Figure::Batch) {
        lists::batches(&subject).await?;
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
        ("PORCHLIGHT_SMS_PROVIDER", "off"),
        ("PORCHLIGHT_SMTP_CONNECTIONS", connections.as_str()),
        ("PORCHLIGHT_SMTP_RATE", "100000"),
        ("RUST_LOG", "warn,porchlight_api=info,porchlight_worker=info"),
    ];
    let mut installation =
        Installation::prepare(programs, &database_url, stack.redis_url(), smtp, twilio, &variables).await?;
    let community = installation.create_community("Riverside Gardening Club", &[]).await?;
    let (api, client) = installation.start_api().await?;
    let worker = installation.start_worker().await?;
    Ok(Subject { worker, api, client, community, installation, _stack: stack })
}

fn rows(prefix: &str, count: u32) -> Vec<Value> {
    (0..count)
        .map(|n| json!({"email": format!("{prefix}{n}@example.net"), "name": format!("Member {n}")}))
        .collect()
}

async fn warm_up(subject: &Subject) -> Result<(), Failure> {
    send(subject, rows("warm-", 300)).await?;
    subject.installation.smtp.wait_for(300).await;
    until_recorded(subject, 300).await?;
    Ok(())
}

async fn send(subject: &Subject, rows: Vec<Value>) -> Result<(), Failure> {
    send_as(subject, &subject.community, rows).await
}

async fn send_as(subject: &Subject, community: &Community, rows: Vec<Value>) -> Result<(), Failure> {
    let answer = subject.client.send_list(community, &json!({"channel": "email", "rows": rows})).await?;
    if answer.status == 202 {
        Ok(())
    } else {
        Err(format!("the list was not accepted: {}", answer.body).into())
    }
}

async fn until_recorded(subject: &Subject, count: i64) -> Result<(), Failure> {
    let began = Instant::now();
    loop {
        // From the tallies: counting the deliveries themselves would take its share of the machine.
        let recorded: i64 = sqlx::query_scalar(
            "SELECT coalesce(sum(count), 0)::bigint FROM tallies WHERE state = 'accepted'",
        )
        .fetch_one(&subject.installation.pool)
        .await?;
        if recorded >= count {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            return Err(format!("{recorded} of {count} were recorded in {PATIENCE:?}").into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// From the call to the provider's "taken", one at a time.
async fn singles(subject: &Subject, count: u32) -> Result<(), Failure> {
    let mut took = Vec::new();
    for n in 0..count {
        let before = subject.installation.smtp.total();
        let began = Instant::now();
        send(subject, rows(&format!("single-{n}-"), 1)).await?;
        subject.installation.smtp.wait_for(before + 1).await;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    report(
        "single",
        &json!({"count": count, "p50_ms": percentile(&took, 50), "p99_ms": percentile(&took, 99)}),
    );
    Ok(())
}

/// From the call to the last outcome in the ledger.
async fn list(subject: &Subject, prefix: &str, figure: &str, count: u32) -> Result<(), Failure> {
    let recorded: i64 =
        sqlx::query_scalar("SELECT count(*) FROM deliveries").fetch_one(&subject.installation.pool).await?;
    let taken = subject.installation.smtp.total();
    let rows = rows(prefix, count);
    let began = Instant::now();
    send(subject, rows).await?;
    let accepted = began.elapsed();
    subject.installation.smtp.wait_for(taken + u64::from(count)).await;
    until_recorded(subject, recorded + i64::from(count)).await?;
    let took = began.elapsed();
    let doubled = subject.installation.smtp.doubled().len();
    report(
        figure,
        &json!({
            "messages": count,
            "intake_s": round(accepted.as_secs_f64()),
            "seconds": round(took.as_secs_f64()),
            "per_second": round(f64::from(count) / took.as_secs_f64()),
            "doubled": doubled,
        }),
    );
    Ok(())
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

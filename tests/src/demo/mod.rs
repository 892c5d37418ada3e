//! The demo: the main job on a fresh machine, from a list to an inbox.
//!
//! It starts a private stack, a sandbox provider, an API and a worker; makes a community; sends it a list of 300
//! households as a leader would; and compares, at the end, what the API counts, what the ledger holds, and what the
//! provider saw. With `--once` it then ends, with one JSON line and an exit code; without, it stays up to be looked at.

mod list;
mod summary;

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    time::Instant,
};

use self::summary::Summary;
use crate::{
    installation::{Client, Community, Failure, Installation, Process, Programs},
    sandbox::smtp::{Settings, SmtpSandbox},
    stack::{Options, Stack},
};

/// A demo that takes so much longer than its rate demands has failed.
const PATIENCE: Duration = Duration::from_mins(5);

#[derive(Debug, Parser)]
#[command(
    name = "cargo demo --",
    about = "Shows Porchlight at work on private servers and a sandbox provider"
)]
struct Arguments {
    /// End when the list is through, with one JSON line on standard output
    #[arg(long)]
    once: bool,
    /// Households on the list
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=99_000))]
    households: u32,
    /// Messages a second
    #[arg(long, default_value_t = 40.0)]
    rate: f64,
}

/// A running demo. Fields are dropped in order: programs before the servers they use.
struct Demo {
    _worker: Process,
    _api: Process,
    client: Client,
    community: Community,
    installation: Installation,
    inbox: String,
    _stack: Stack,
}

/// The program.
pub async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            tell(&format!("the demo could not go on: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<bool, Failure> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stopped = async {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    };
    tokio::pin!(stopped);
    tokio::select! {
        agrees = show(arguments) => {
            let (demo, agrees) = agrees?;
            if !arguments.once {
                invite(&demo);
                stopped.await;
                tell("stopping");
            }
            Ok(agrees)
        }
        () = &mut stopped => {
            tell("stopped");
            Ok(false)
        }
    }
}

async fn show(arguments: &Arguments) -> Result<(Demo, bool), Failure> {
    tell("building the programs (a few minutes the first time)");
    let programs = tokio::task::spawn_blocking(Programs::build_release).await??;
    tell("starting a private Postgres and Redis");
    let demo = start(programs, arguments).await?;
    let began = Instant::now();
    let list = list::request(arguments.households as usize);
    let look = json!({"channel": "email", "text": list["text"]}).to_string().into_bytes();
    let look = demo.client.post(&demo.community, "lists:verify", look, &[]).await?.body;
    let counts = &look["counts"];
    tell(&format!(
        "a pasted list of {} entries: {} are ready, {} to look at twice, {} to mend, {} to skip",
        look["total"], counts["ready"], counts["check"], counts["fix"], counts["skip"],
    ));
    let answer = demo.client.send_list(&demo.community, &list).await?;
    let Some(batch) = answer.body["id"].as_str() else {
        return Err(format!("the list was not accepted: {} {}", answer.status, answer.body).into());
    };
    tell(&format!("{} households are invited; the others:", answer.body["accepted"]));
    for row in answer.body["rows"].as_array().into_iter().flatten() {
        let meant = row["suggestion"].as_str().map(|meant| format!(" ({meant}?)")).unwrap_or_default();
        tell(&format!("  line {}: {}{meant}", row["line"], row["message"].as_str().unwrap_or_default()));
    }
    let patience = PATIENCE + Duration::try_from_secs_f64(f64::from(arguments.households) / arguments.rate)?;
    let status = watch(&demo, batch, patience).await?;
    let summary = Summary::of(&demo.installation, &answer.body, &status, began.elapsed()).await?;
    for line in summary.words() {
        tell(&line);
    }
    if arguments.once {
        print_line(&summary.json());
    }
    Ok((demo, summary.agrees()))
}

async fn start(programs: Programs, arguments: &Arguments) -> Result<Demo, Failure> {
    let stack = Stack::start(Options::durable()).await?;
    let database_url = stack.create_database("porchlight").await?;
    let smtp = SmtpSandbox::start(Settings::default()).await?;
    let inbox = serve_inbox(&smtp).await?;
    let rate = arguments.rate.to_string();
    let variables = [
        ("PORCHLIGHT_SMTP_RATE", rate.as_str()),
        ("PORCHLIGHT_EMAIL_RETRY", "2s,5s,10s"),
        ("PORCHLIGHT_CHECKING_WAIT", "2s"),
    ];
    let mut installation =
        Installation::prepare(programs, &database_url, stack.redis_url(), smtp, &variables).await?;
    let more = [
        "--short-name",
        "Oakridge HOA",
        "--time-zone",
        "America/Chicago",
        "--postal-address",
        "Oakridge HOA, 1 Ridge Road, Oakridge, IL 60000",
        "--contact",
        "board@oakridge.example",
    ];
    let community = installation.create_community(list::NAME, &more).await?;
    let (api, client) = installation.start_api().await?;
    // The links in the messages lead to this very API.
    let worker = installation.start_worker_with(&[("PORCHLIGHT_PUBLIC_URL", client.base())]).await?;
    tell(&format!("API at {} · inbox at {inbox}", client.base()));
    Ok(Demo { _worker: worker, _api: api, client, community, installation, inbox, _stack: stack })
}

async fn serve_inbox(smtp: &SmtpSandbox) -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let router = smtp.inbox();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(format!("http://{address}"))
}

/// Looks at the batch until it is finished, telling every second how far it is.
async fn watch(demo: &Demo, batch: &str, patience: Duration) -> Result<Value, Failure> {
    let began = Instant::now();
    loop {
        let status = demo.client.get(&demo.community, &format!("batches/{batch}")).await?.body;
        let counts = status["counts"].as_object().into_iter().flatten();
        let counts: Vec<_> = counts
            .filter(|(_, count)| **count != 0)
            .map(|(state, count)| format!("{state} {count}"))
            .collect();
        tell(&format!("{:>3} s  {}", began.elapsed().as_secs(), counts.join(" · ")));
        if !status["finished_at"].is_null() {
            return Ok(status);
        }
        if began.elapsed() > patience {
            return Err(format!("the batch did not finish in {} s", patience.as_secs()).into());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn invite(demo: &Demo) {
    let (base, id, token) = (demo.client.base(), &demo.community.id, &demo.community.token);
    tell("");
    tell(&format!("Read the messages:   {}   (follow a link, and the household joins)", demo.inbox));
    tell(&format!("Type a code:         {base}/join"));
    tell(&format!("The API's document:  {base}/openapi.json"));
    tell("Send one more:");
    tell(&format!("  curl -sS {base}/v1/communities/{id}/batches \\"));
    tell(&format!("    -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' \\"));
    tell(r#"    -d '{"channel": "email", "rows": [{"email": "you@oakridge.example", "name": "You"}]}'"#);
    tell("Ctrl-C ends everything.");
}

#[expect(clippy::print_stderr, reason = "the demo talks to whoever started it")]
fn tell(line: &str) {
    eprintln!("{line}");
}

#[expect(clippy::print_stdout, reason = "the one line that a program reads")]
fn print_line(line: &str) {
    println!("{line}");
}

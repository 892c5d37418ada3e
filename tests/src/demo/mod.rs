//! The demo: the main job on a fresh machine, from a list to an inbox.
//!
//! It starts a private stack, sandbox providers, an API and a worker; makes a community; invites 300 households as a
//! leader would, half of them by e-mail and half by text; and compares, at the end, what the API counts, what the ledger
//! holds, and what the providers saw. With `--once` it then ends, with one JSON line and an exit code; without, it stays
//! up to be looked at: nine days later, when many have joined and a second list is on its way. See [`history`].

mod history;
pub mod list;
mod summary;

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use serde_json::{Value, json};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    signal::unix::{SignalKind, signal},
    time::Instant,
};

use self::{history::OWNER, summary::Summary};
use crate::{
    installation::{Client, Community, Failure, Installation, Process, Programs},
    sandbox::{
        inbox,
        smtp::{Settings, SmtpSandbox},
        twilio::{self, TwilioSandbox},
    },
    stack::{Options, Stack},
};

/// A demo that takes so much longer than its rate demands has failed.
const PATIENCE: Duration = Duration::from_mins(5);
/// Seconds that each household adds to that at any rate: one of 300 makes the provider of texts ask for a pause.
const PAUSES: f64 = 3.0 / 300.0;
/// The ways to a household, in the order of the lists.
const WAYS: [&str; 2] = ["e-mail", "text"];

#[derive(Debug, Parser)]
#[command(
    name = "cargo demo --",
    about = "Shows Porchlight at work on private servers and sandbox providers"
)]
struct Arguments {
    /// End when the lists are through, with one JSON line on standard output
    #[arg(long)]
    once: bool,
    /// Households: half of them get an e-mail, half a text
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(2..=99_000))]
    households: u32,
    /// Messages a second, of each kind
    #[arg(long, default_value_t = 40.0)]
    rate: f64,
}

/// A running demo. Fields are dropped in order: programs before the servers they use.
struct Demo {
    worker: Process,
    _api: Process,
    client: Client,
    community: Community,
    installation: Installation,
    inbox: String,
    _stack: Stack,
}

/// A list that was accepted.
#[derive(Debug)]
struct Sent {
    /// Its batch.
    batch: String,
    /// What the API said to it.
    answer: Value,
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
            let (mut demo, agrees) = agrees?;
            if !arguments.once {
                demo.let_days_pass().await?;
                demo.leave_a_messy_list().await?;
                let sent = demo.invite_the_rest().await?;
                invite(&demo, &sent).await?;
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
    if !arguments.once {
        demo.begin_in_the_past().await?;
    }
    let began = Instant::now();
    let households = arguments.households as usize;
    let lists = [list::emails(households), list::texts(households)];
    for (way, list) in WAYS.into_iter().zip(&lists) {
        demo.look(way, list).await?;
    }
    let sent: [Sent; 2] = tokio::try_join!(demo.send(&lists[0]), demo.send(&lists[1]))?.into();
    for (way, sent) in WAYS.into_iter().zip(&sent) {
        sent.tell(way);
    }
    let each = 1.0 / arguments.rate + PAUSES;
    let patience = PATIENCE + Duration::try_from_secs_f64(f64::from(arguments.households) * each)?;
    let statuses = watch(&demo, &sent, patience).await?;
    let summary = Summary::of(&demo.installation, &sent, &statuses, began.elapsed()).await?;
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
    let twilio = TwilioSandbox::start(twilio::Settings::default()).await?;
    let inbox = serve_inbox(&smtp, &twilio).await?;
    // Links and callbacks lead to one address, which every process has to know before the API has a port.
    let door = TcpListener::bind("127.0.0.1:0").await?;
    let site = format!("http://{}", door.local_addr()?);
    let rate = arguments.rate.to_string();
    let variables = [
        ("PORCHLIGHT_PUBLIC_URL", site.as_str()),
        ("PORCHLIGHT_SMTP_RATE", rate.as_str()),
        ("PORCHLIGHT_EMAIL_RETRY", "2s,5s,10s"),
        ("PORCHLIGHT_SMS_RATE", rate.as_str()),
        ("PORCHLIGHT_TEXT_RETRY", "2s,5s,10s"),
        // At night, too.
        ("PORCHLIGHT_TEXT_WINDOW", "always"),
        ("PORCHLIGHT_CHECKING_WAIT", "2s"),
    ];
    let mut installation =
        Installation::prepare(programs, &database_url, stack.redis_url(), smtp, twilio, &variables).await?;
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
    let (api, direct) = installation.start_api().await?;
    tokio::spawn(lead_on(door, direct.base().trim_start_matches("http://").to_owned()));
    let client = Client::new(&site)?;
    let worker = installation.start_worker().await?;
    tell(&format!("API at {site} · inbox at {inbox}"));
    Ok(Demo { worker, _api: api, client, community, installation, inbox, _stack: stack })
}

async fn serve_inbox(smtp: &SmtpSandbox, twilio: &TwilioSandbox) -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let router = inbox::router(smtp, twilio);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(format!("http://{address}"))
}

/// Leads whoever comes to the door on to the API, as a proxy in front of an installation does.
async fn lead_on(door: TcpListener, api: String) {
    loop {
        // An error here concerns a caller who is gone already.
        let Ok((mut caller, _)) = door.accept().await else { continue };
        let api = api.clone();
        tokio::spawn(async move {
            let mut server = TcpStream::connect(api).await?;
            copy_bidirectional(&mut caller, &mut server).await
        });
    }
}

impl Demo {
    /// Tells what would become of a list.
    async fn look(&self, way: &str, list: &Value) -> Result<(), Failure> {
        let body = json!({"channel": list["channel"], "text": list["text"]}).to_string().into_bytes();
        let look = self.client.post(&self.community, "lists:verify", body, &[]).await?.body;
        let counts = &look["counts"];
        tell(&format!(
            "{way}: a pasted list of {} entries: {} are ready, {} to look at twice, {} to mend, {} to skip",
            look["total"], counts["ready"], counts["check"], counts["fix"], counts["skip"],
        ));
        Ok(())
    }

    async fn send(&self, list: &Value) -> Result<Sent, Failure> {
        let answer = self.client.send_list(&self.community, list).await?;
        match answer.body["id"].as_str() {
            Some(batch) => Ok(Sent { batch: batch.to_owned(), answer: answer.body }),
            None => Err(format!("the list was not accepted: {} {}", answer.status, answer.body).into()),
        }
    }

    /// How far a list is.
    async fn status(&self, sent: &Sent) -> Result<Value, Failure> {
        Ok(self.client.get(&self.community, &format!("batches/{}", sent.batch)).await?.body)
    }
}

impl Sent {
    /// Tells who of it is invited, and why the others are not.
    fn tell(&self, way: &str) {
        tell(&format!("{way}: {} households are invited; the others:", self.answer["accepted"]));
        for row in self.answer["rows"].as_array().into_iter().flatten() {
            let meant = row["suggestion"].as_str().map(|meant| format!(" ({meant}?)")).unwrap_or_default();
            tell(&format!("  line {}: {}{meant}", row["line"], row["message"].as_str().unwrap_or_default()));
        }
    }
}

/// Looks at the lists until both are finished and no text's receipt is awaited any more, telling every second how far
/// they are. A receipt that does not come within `patience` is left to the summary.
async fn watch(demo: &Demo, sent: &[Sent; 2], patience: Duration) -> Result<[Value; 2], Failure> {
    let began = Instant::now();
    loop {
        let statuses: [Value; 2] = tokio::try_join!(demo.status(&sent[0]), demo.status(&sent[1]))?.into();
        let times = [format!("{:>3} s", began.elapsed().as_secs()), String::new()];
        for ((time, way), status) in times.iter().zip(WAYS).zip(&statuses) {
            tell(&format!("{time:5}  {way:6}  {}", states(status)));
        }
        let finished = statuses.iter().all(|status| !status["finished_at"].is_null());
        let told = statuses[1]["counts"]["accepted"] == 0;
        let late = began.elapsed() > patience;
        if finished && (told || late) {
            return Ok(statuses);
        }
        if late {
            return Err(format!("the lists did not finish in {} s", patience.as_secs()).into());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// The counts of a batch, those of nothing left out.
fn states(status: &Value) -> String {
    let counts = status["counts"].as_object().into_iter().flatten();
    let counts: Vec<_> =
        counts.filter(|(_, count)| **count != 0).map(|(state, count)| format!("{state} {count}")).collect();
    counts.join(" · ")
}

async fn invite(demo: &Demo, sent: &Sent) -> Result<(), Failure> {
    let (base, id, token) = (demo.client.base(), &demo.community.id, &demo.community.token);
    let email = json!({"channel": "email", "rows": [{"email": "you@oakridge.example", "name": "You"}]});
    let text = json!({
        "channel": "text",
        "consent": {"statement": "You agreed just now."},
        "rows": [{"phone": "312-555-0199", "name": "You"}],
    });
    tell("");
    let inbox = &demo.inbox;
    let link = demo.installation.sign_in_link(&demo.community).await?;
    tell(&format!(
        "{} more households are being invited right now; it takes a few minutes.",
        sent.answer["accepted"]
    ));
    tell("");
    tell(&format!("Watch as a leader:   {link}   (signs one browser in)"));
    tell(&format!("Or by e-mail:        {base}/sign-in as {OWNER}: the link comes to the inbox"));
    tell(&format!("Mend a messy list:   {base}/invite"));
    tell(&format!("Read the messages:   {inbox}   (both kinds; follow a link, and the household joins)"));
    tell(&format!("Type a code:         {base}/join"));
    tell(&format!("The API's document:  {base}/openapi.json"));
    for (way, list) in WAYS.into_iter().zip([email, text]) {
        tell(&format!("Send one more {way}:"));
        tell(&format!("  curl -sS {base}/v1/communities/{id}/batches \\"));
        tell(&format!("    -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' \\"));
        tell(&format!("    -d '{list}'"));
    }
    tell("Ctrl-C ends everything.");
    Ok(())
}

#[expect(clippy::print_stderr, reason = "the demo talks to whoever started it")]
fn tell(line: &str) {
    eprintln!("{line}");
}

#[expect(clippy::print_stdout, reason = "the one line that a program reads")]
fn print_line(line: &str) {
    println!("{line}");
}

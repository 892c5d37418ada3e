//! BullMQ as a mailing of invitations would use it: the programs in this folder, installed, started and counted.
//!
//! - `intake.mjs` stores a list's rows in Postgres and adds a job for each with `addBulk`.
//! - `worker.mjs` sends with nodemailer's pool and records the outcome in the job's handler; two processes, 50 jobs at a
//!   time each, and as many connections to the provider.
//!
//! Promises: they run with the versions of `package-lock.json`; nothing is installed but below cargo's target folder; and
//! they have a database of their own in both servers, which goes when they do.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use sqlx::{PgPool, postgres::PgPoolOptions};
use tempfile::TempDir;

use super::{
    sending::{Door, Ledger, PATIENCE, Sender},
    turn::Contender,
};
use crate::{
    caller::caller,
    installation::{Failure, Process},
    sandbox::smtp::SmtpSandbox,
    stack::{Stack, on_path},
};

const LOCK: &str = include_str!("package-lock.json");
const FILES: [(&str, &str); 4] = [
    ("package.json", include_str!("package.json")),
    ("package-lock.json", LOCK),
    ("intake.mjs", include_str!("intake.mjs")),
    ("worker.mjs", include_str!("worker.mjs")),
];
/// Worker processes: as many as the machine of the figures has cores.
const WORKERS: usize = 2;
const DATABASE: &str = "bullmq";
/// Porchlight has 0.
const REDIS_DATABASE: u8 = 1;
const LEDGER: Ledger = Ledger {
    stored: "SELECT count(*) FROM invitations",
    recorded: "SELECT count(*) FROM invitations WHERE outcome = 'sent'",
};

/// The programs, ready to be started.
#[derive(Debug)]
pub(super) struct Installed {
    node: PathBuf,
    folder: PathBuf,
}

/// Puts the programs below cargo's target folder, and has npm fetch what they need unless it is there.
pub(super) fn install() -> Result<Installed, Failure> {
    let (node, npm) = (program("node")?, program("npm")?);
    let folder = std::env::current_exe()?.with_file_name("bench-bullmq");
    fs::create_dir_all(&folder)?;
    for (name, text) in FILES {
        fs::write(folder.join(name), text)?;
    }
    // Written when npm is through: what it left half done is done again.
    let done = folder.join("installed.json");
    if !fs::read_to_string(&done).is_ok_and(|lock| lock == LOCK) {
        fetch(&npm, &folder)?;
        fs::write(done, LOCK)?;
    }
    Ok(Installed { node, folder })
}

fn program(name: &str) -> Result<PathBuf, Failure> {
    on_path(name).ok_or_else(|| {
        format!("`--only peer` needs {name}, which is not on the PATH. Install Node.js 20 or newer with npm.")
            .into()
    })
}

fn fetch(npm: &Path, folder: &Path) -> Result<(), Failure> {
    let mut command = Command::new(npm);
    // Of no package a script runs; none of them needs one.
    command.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--engine-strict"]);
    let output = command.current_dir(folder).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("npm could not install BullMQ in {}:\n{said}", folder.display()).into())
}

/// BullMQ, taking lists.
#[derive(Debug)]
pub(super) struct Bullmq<'a> {
    programs: Programs<'a>,
    intake: Process,
    door: Door,
    pool: PgPool,
    redis_url: String,
    smtp: &'a SmtpSandbox,
}

impl<'a> Bullmq<'a> {
    /// Makes its databases and starts its intake.
    pub(super) async fn start(
        installed: &'a Installed,
        stack: &Stack,
        smtp: &'a SmtpSandbox,
    ) -> Result<Self, Failure> {
        let database_url = stack.create_database(DATABASE).await?;
        let redis_url = format!("{}/{REDIS_DATABASE}", stack.redis_url());
        let pool = PgPoolOptions::new().max_connections(2).connect(&database_url).await?;
        sqlx::raw_sql(include_str!("schema.sql")).execute(&pool).await?;
        let (host, port) = (smtp.address().ip().to_string(), smtp.address().port().to_string());
        let variables = [
            ("NODE_ENV", "production"),
            ("DATABASE_URL", &database_url),
            ("REDIS_URL", &redis_url),
            ("SMTP_HOST", &host),
            ("SMTP_PORT", &port),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let logs = tempfile::Builder::new().prefix("porchlight-bullmq-").tempdir()?;
        let mut programs = Programs { installed, variables, logs, started: 0 };
        let (intake, address) = programs.start("intake.mjs", "listening", "address").await?;
        let door = Door::Address(caller(PATIENCE)?, format!("http://{address}/lists"));
        Ok(Self { programs, intake, door, pool, redis_url, smtp })
    }

    /// Ends it, and leaves nothing of it to the servers.
    pub(super) async fn end(self, stack: &Stack) -> Result<(), Failure> {
        self.intake.stop().await?;
        self.pool.close().await;
        stack.drop_database(DATABASE).await?;
        let mut redis = redis::Client::open(self.redis_url)?.get_multiplexed_async_connection().await?;
        Ok(redis::cmd("FLUSHDB").exec_async(&mut redis).await?)
    }
}

impl Contender for Bullmq<'_> {
    const NAME: &'static str = "bullmq";

    fn sender(&self) -> Sender<'_> {
        Sender { door: self.door.clone(), pool: &self.pool, ledger: &LEDGER, smtp: self.smtp }
    }

    /// The same: without a priority, or a queue for each community, all wait in one line.
    fn other(&self) -> Door {
        self.door.clone()
    }

    fn intake(&self) -> u32 {
        self.intake.id()
    }

    async fn start_workers(&mut self, _slow: bool) -> Result<Vec<Process>, Failure> {
        let mut workers = Vec::with_capacity(WORKERS);
        for _ in 0..WORKERS {
            workers.push(self.programs.start("worker.mjs", "working", "queue").await?.0);
        }
        Ok(workers)
    }
}

/// How its programs are started.
#[derive(Debug)]
struct Programs<'a> {
    installed: &'a Installed,
    variables: Vec<(String, String)>,
    logs: TempDir,
    started: usize,
}

impl Programs<'_> {
    /// Starts one, waits until it says `message`, and returns a field of what it said.
    async fn start(&mut self, file: &str, message: &str, field: &str) -> Result<(Process, String), Failure> {
        let script = self.installed.folder.join(file).display().to_string();
        self.started += 1;
        let log = self.logs.path().join(format!("{}.log", self.started));
        let mut process = Process::start(&self.installed.node, &[&script], &self.variables, log).await?;
        let said = process.says(message, field).await?;
        Ok((process, said))
    }
}

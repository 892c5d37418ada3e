//! A Postgres and a Redis of one's own: for the demo, for tests, for `cargo stack`.
//!
//! Promises:
//! - **Found or installed.** Programs are looked for in the usual places; on Debian and Ubuntu what
//!   is missing is installed where we may; elsewhere the error says what to install.
//! - **Private.** Loopback only, free ports, data in a directory of their own. The caller's
//!   `DATABASE_URL`, `REDIS_URL` and `PG*` are neither read nor handed on.
//! - **Gone with their owner.** When a [`Stack`] is dropped, or its process ends in any way
//!   including SIGKILL, the servers end and their files are removed (see `supervisor.sh`).
//! - **Honest or fast.** [`Options::durable`] flushes like a real ledger; [`Options::fast`] does not,
//!   and survives the end of its processes but not of the machine.
//!
//! Neighbours: `find` and `install` get the programs, `owner` decides who runs Postgres, `postgres`
//! and `redis` say how they are started, `supervisor` starts and ends them, `command` is the program.

pub mod command;
mod error;
mod find;
mod install;
mod owner;
pub(crate) mod port;
mod postgres;
pub mod proxy;
mod redis;
mod shared;
mod supervisor;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// Where `redis-server`, or Valkey's, is: found or installed like the stack's own.
///
/// # Errors
/// When it is neither there nor to be had.
pub fn redis_program() -> Result<std::path::PathBuf, StackError> {
    Ok(find::programs()?.redis)
}

pub(crate) use self::find::on_path;
pub use self::{error::StackError, shared::shared, supervisor::Ending};
use self::{owner::Owner, postgres::Postgres, redis::Redis, supervisor::Supervisor};

/// A server that is not up after this has failed. Recovery after a kill is included.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often a port may turn out to be taken before we give up.
const DRAWS: usize = 5;

/// Does Postgres flush what it commits?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// As in earnest.
    Durable,
    /// Not: a test's data need not survive the machine.
    Fast,
}

/// How the servers of a stack behave.
#[derive(Clone, Debug)]
pub struct Options {
    durability: Durability,
    synchronous_commit: bool,
    postgres_settings: Vec<(String, String)>,
}

impl Options {
    /// As in earnest: for the demo and for measuring.
    #[must_use]
    pub fn durable() -> Self {
        Self { durability: Durability::Durable, synchronous_commit: true, postgres_settings: Vec::new() }
    }

    /// Without flushing: for tests.
    #[must_use]
    pub fn fast() -> Self {
        Self { durability: Durability::Fast, synchronous_commit: false, postgres_settings: Vec::new() }
    }

    /// Does a commit wait for its record to be written?
    #[must_use]
    pub fn synchronous_commit(mut self, on: bool) -> Self {
        self.synchronous_commit = on;
        self
    }

    /// Any other setting of Postgres; a later one wins.
    #[must_use]
    pub fn postgres_setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.postgres_settings.push((name.into(), value.into()));
        self
    }
}

/// One of the two servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// The ledger.
    Postgres,
    /// The conveyor.
    Redis,
}

impl Server {
    fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis",
        }
    }

    /// Orderly is fast for Postgres: it ends sessions and writes a checkpoint.
    fn signal(self, ending: Ending) -> &'static str {
        match (self, ending) {
            (_, Ending::Kill) => "KILL",
            (Self::Postgres, Ending::Orderly) => "INT",
            (Self::Redis, Ending::Orderly) => "TERM",
        }
    }
}

/// A running pair of servers. Dropping it ends them and waits until they and their files are gone.
#[derive(Debug)]
pub struct Stack {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    supervisor: Mutex<Supervisor>,
    postgres: Postgres,
    postgres_port: u16,
    redis: Redis,
    redis_port: u16,
    redis_url: String,
    postgres_url: String,
}

impl Stack {
    /// Finds (or installs) the servers and starts a private pair.
    pub async fn start(options: Options) -> Result<Self, StackError> {
        blocking(move || Self::start_blocking(&options)).await
    }

    /// [`Stack::start`] for callers outside a runtime.
    pub fn start_blocking(options: &Options) -> Result<Self, StackError> {
        let programs = find::programs()?;
        let owner = Owner::choose()?;
        let mut supervisor = Supervisor::start(&owner.base())?;
        let home = supervisor.home().to_owned();

        let redis = Redis::new(&programs, home.join("redis"));
        redis.make_place()?;
        let redis_port = start_somewhere(&mut supervisor, Server::Redis, |supervisor, port| {
            supervisor.start_server("redis", &redis.start_script(port)).map(drop)?;
            wait_until_ready(supervisor, Server::Redis, || redis.is_ready())
        })?;

        let postgres = Postgres::new(&programs, owner, home.join("postgres"));
        postgres.make_place()?;
        if !supervisor.run("initdb", &postgres.initdb_script())? {
            return Err(StackError::Start { server: "initdb", log: supervisor.log_tail("initdb") });
        }
        postgres.configure(options)?;
        let postgres_port = start_somewhere(&mut supervisor, Server::Postgres, |supervisor, port| {
            supervisor.start_server("postgres", &postgres.start_script(port)).map(drop)?;
            wait_until_ready(supervisor, Server::Postgres, || postgres.is_ready(port))
        })?;

        let inner = Inner {
            supervisor: Mutex::new(supervisor),
            postgres,
            postgres_port,
            redis,
            redis_port,
            redis_url: format!("redis://127.0.0.1:{redis_port}"),
            postgres_url: database_url(postgres_port, postgres::NAME),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The superuser's URL of the maintenance database: for administration, not for data.
    #[must_use]
    pub fn postgres_url(&self) -> &str {
        &self.inner.postgres_url
    }

    /// The URL of Redis, without a database number.
    #[must_use]
    pub fn redis_url(&self) -> &str {
        &self.inner.redis_url
    }

    /// The URL of a database of this name, existing or not.
    #[must_use]
    pub fn database_url(&self, name: &str) -> String {
        database_url(self.inner.postgres_port, name)
    }

    /// The process that ends the servers when we are gone.
    #[must_use]
    pub fn supervisor_pid(&self) -> u32 {
        self.inner.supervisor().pid()
    }

    /// Makes an empty database and returns its URL.
    pub async fn create_database(&self, name: &str) -> Result<String, StackError> {
        self.create_database_from("template0", name).await
    }

    /// Makes a copy of a database to which nobody is connected, and returns the copy's URL.
    pub async fn create_database_from(&self, template: &str, name: &str) -> Result<String, StackError> {
        check_name(template)?;
        check_name(name)?;
        let doing = format!("create the database {name}");
        self.administer(format!("CREATE DATABASE {name} TEMPLATE {template}"), doing).await?;
        Ok(self.database_url(name))
    }

    /// Removes a database, ending whoever is connected to it.
    pub async fn drop_database(&self, name: &str) -> Result<(), StackError> {
        check_name(name)?;
        let doing = format!("drop the database {name}");
        self.administer(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"), doing).await
    }

    /// Ends a server and returns once it has ended. It can be started again.
    pub async fn end(&self, server: Server, ending: Ending) -> Result<(), StackError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || inner.supervisor().end_server(server.name(), server.signal(ending))).await
    }

    /// Starts a server that was ended, at its old port and with its data; returns once it answers.
    pub async fn start_again(&self, server: Server) -> Result<(), StackError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || inner.start_again(server)).await
    }

    /// Ends Postgres in an orderly way and starts it again.
    pub async fn restart_postgres(&self) -> Result<(), StackError> {
        self.end(Server::Postgres, Ending::Orderly).await?;
        self.start_again(Server::Postgres).await
    }

    /// Ends Redis in an orderly way and starts it again, with its data.
    pub async fn restart_redis(&self) -> Result<(), StackError> {
        self.end(Server::Redis, Ending::Orderly).await?;
        self.start_again(Server::Redis).await
    }

    /// Ends the servers and returns once they and their files are gone; like dropping, without
    /// holding up the runtime.
    pub async fn stop(self) {
        // Dropping does not fail, and nothing is to be had from a panic in it.
        let _done = tokio::task::spawn_blocking(move || drop(self)).await;
    }

    async fn administer(&self, statement: String, doing: String) -> Result<(), StackError> {
        let run = async {
            let mut connection = PgConnection::connect(&self.inner.postgres_url).await?;
            connection.execute(sqlx::raw_sql(AssertSqlSafe(statement))).await?;
            connection.close().await
        };
        run.await.map_err(|source| StackError::Sql { doing, source })
    }
}

impl Inner {
    /// A panic elsewhere leaves the conversation whole: commands and answers go in pairs.
    fn supervisor(&self) -> MutexGuard<'_, Supervisor> {
        self.supervisor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start_again(&self, server: Server) -> Result<(), StackError> {
        let mut supervisor = self.supervisor();
        if supervisor.is_alive(server.name())? {
            return Ok(());
        }
        let script = match server {
            Server::Postgres => self.postgres.start_script(self.postgres_port),
            Server::Redis => self.redis.start_script(self.redis_port),
        };
        let began = Instant::now();
        loop {
            supervisor.start_server(server.name(), &script)?;
            let started = wait_until_ready(&mut supervisor, server, || match server {
                Server::Postgres => self.postgres.is_ready(self.postgres_port),
                Server::Redis => self.redis.is_ready(),
            });
            // The children of a Postgres that was killed end a moment after it, and until then no other may start.
            match started {
                Err(_) if began.elapsed() < PATIENCE && !supervisor.is_alive(server.name())? => {
                    thread::sleep(Duration::from_millis(100));
                }
                done => return done,
            }
        }
    }
}

/// Starts a server at one free port after another until it stays up.
fn start_somewhere(
    supervisor: &mut Supervisor,
    server: Server,
    mut start_at: impl FnMut(&mut Supervisor, u16) -> Result<(), StackError>,
) -> Result<u16, StackError> {
    let mut draws = 0;
    loop {
        let port = port::free()?;
        draws += 1;
        match start_at(supervisor, port) {
            Ok(()) => return Ok(port),
            Err(StackError::Start { .. }) if draws < DRAWS && !supervisor.is_alive(server.name())? => {}
            Err(error) => return Err(error),
        }
    }
}

/// Asks until the server answers, has ended, or patience has.
fn wait_until_ready(
    supervisor: &mut Supervisor,
    server: Server,
    ready: impl Fn() -> bool,
) -> Result<(), StackError> {
    let started = Instant::now();
    while !ready() {
        if !supervisor.is_alive(server.name())? || started.elapsed() > PATIENCE {
            return Err(StackError::Start { server: server.name(), log: supervisor.log_tail(server.name()) });
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// `sslmode` is said so that a `PGSSLMODE` around us has no say.
fn database_url(port: u16, name: &str) -> String {
    format!("postgres://{}@127.0.0.1:{port}/{name}?sslmode=disable", postgres::USER)
}

fn check_name(name: &str) -> Result<(), StackError> {
    let word = name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    let begins = name.starts_with(|first: char| !first.is_ascii_digit());
    if word && begins && name.len() <= 63 { Ok(()) } else { Err(StackError::Name(name.into())) }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StackError> + Send + 'static,
) -> Result<T, StackError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(StackError::Supervisor("was left by a panic".into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_words() {
        for good in ["porchlight", "test_7", "_x"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "7up", "a-b", "a;b", "A", &"x".repeat(64)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}

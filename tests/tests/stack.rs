//! The private servers come up, keep their data through a restart, and are gone with their owner,
//! however it went.

#![expect(clippy::unwrap_used, reason = "what helps a test is part of it")]

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use porchlight_tests::stack::{Ending, Options, Server, Stack, shared};
use sqlx::{Connection, PgConnection};

/// What must be gone when a stack is.
struct Traces {
    home: PathBuf,
    pids: Vec<String>,
    ports: Vec<u16>,
}

impl Traces {
    /// Asks the servers themselves.
    async fn of(database_url: &str, redis_url: &str) -> Self {
        let mut connection = PgConnection::connect(database_url).await.unwrap();
        let data: String =
            sqlx::query_scalar("SHOW data_directory").fetch_one(&mut connection).await.unwrap();
        let postmaster = fs::read_to_string(Path::new(&data).join("postmaster.pid")).unwrap();
        let info: String =
            redis::cmd("INFO").arg("server").query_async(&mut redis_at(redis_url).await).await.unwrap();
        let redis_pid = info.lines().find_map(|line| line.strip_prefix("process_id:")).unwrap();
        Self {
            home: Path::new(&data).ancestors().nth(2).unwrap().to_owned(),
            pids: vec![postmaster.lines().next().unwrap().to_owned(), redis_pid.trim().to_owned()],
            ports: vec![port_of(database_url), port_of(redis_url)],
        }
    }

    fn what_remains(&self) -> Vec<String> {
        let mut remains = Vec::new();
        if self.home.exists() {
            remains.push(self.home.display().to_string());
        }
        remains.extend(self.pids.iter().filter(|pid| is_running(pid)).map(|pid| format!("process {pid}")));
        let open = |port: &&u16| TcpStream::connect(("127.0.0.1", **port)).is_ok();
        remains.extend(self.ports.iter().filter(open).map(|port| format!("port {port}")));
        remains
    }

    fn wait_until_gone(&self) {
        let started = Instant::now();
        loop {
            let remains = self.what_remains();
            if remains.is_empty() {
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "still there: {remains:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A process that ended and waits to be collected is not running.
fn is_running(pid: &str) -> bool {
    let output = Command::new("ps").args(["-o", "stat=", "-p", pid]).output().unwrap();
    let state = String::from_utf8(output.stdout).unwrap();
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}

fn port_of(url: &str) -> u16 {
    let after = url.split("127.0.0.1:").nth(1).unwrap();
    after.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
}

async fn redis_at(url: &str) -> redis::aio::MultiplexedConnection {
    redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap()
}

/// The `stack` program, up, with the two URLs that it printed.
fn stack_program() -> (Child, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_stack"))
        .env("DATABASE_URL", "postgres://nobody@203.0.113.1/never")
        .env("PGHOST", "203.0.113.1")
        .env("PGSSLMODE", "verify-full")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut value = |name: &str| lines.next().unwrap().unwrap().strip_prefix(name).unwrap().to_owned();
    let database_url = value("DATABASE_URL=");
    let redis_url = value("REDIS_URL=");
    (child, database_url, redis_url)
}

#[tokio::test]
async fn answers_and_leaves_nothing_behind() {
    let stack = Stack::start(Options::durable()).await.unwrap();
    let url = stack.create_database("trial").await.unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let settings: (String, String, String, String) = sqlx::query_as(
        "SELECT current_setting('fsync'), current_setting('max_connections'), current_database()::text, \
         (SELECT datcollate::text FROM pg_database WHERE datname = current_database())",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(settings, ("on".into(), "200".into(), "trial".into(), "C.UTF-8".into()));
    connection.close().await.unwrap();

    let mut redis = redis_at(stack.redis_url()).await;
    let pong: String = redis::cmd("PING").query_async(&mut redis).await.unwrap();
    assert_eq!(pong, "PONG");

    let traces = Traces::of(stack.postgres_url(), stack.redis_url()).await;
    assert_eq!(traces.what_remains().len(), 5);
    drop(stack);
    assert_eq!(traces.what_remains(), Vec::<String>::new());
}

#[tokio::test]
async fn data_survives_restarts_and_crashes() {
    let stack = Stack::start(Options::fast().synchronous_commit(true)).await.unwrap();
    let url = stack.create_database("trial").await.unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("CREATE TABLE kept AS SELECT 7 AS number").execute(&mut connection).await.unwrap();
    drop(connection);
    let () = redis::cmd("SET")
        .arg("kept")
        .arg(7)
        .query_async(&mut redis_at(stack.redis_url()).await)
        .await
        .unwrap();

    stack.restart_postgres().await.unwrap();
    stack.restart_redis().await.unwrap();
    stack.end(Server::Postgres, Ending::Kill).await.unwrap();
    assert!(PgConnection::connect(&url).await.is_err());
    stack.start_again(Server::Postgres).await.unwrap();

    let mut connection = PgConnection::connect(&url).await.unwrap();
    let number: i32 = sqlx::query_scalar("SELECT number FROM kept").fetch_one(&mut connection).await.unwrap();
    assert_eq!(number, 7);
    let number: i32 =
        redis::cmd("GET").arg("kept").query_async(&mut redis_at(stack.redis_url()).await).await.unwrap();
    assert_eq!(number, 7);
    stack.stop().await;
}

#[tokio::test]
async fn databases_are_copied_from_a_template() {
    let stack = shared().await;
    let url = stack.create_database("pattern").await.unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("CREATE TABLE kept AS SELECT 7 AS number").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();

    let copy = stack.create_database_from("pattern", "copy").await.unwrap();
    let mut connection = PgConnection::connect(&copy).await.unwrap();
    let number: i32 = sqlx::query_scalar("SELECT number FROM kept").fetch_one(&mut connection).await.unwrap();
    assert_eq!(number, 7);
    stack.drop_database("copy").await.unwrap();
    assert!(PgConnection::connect(&copy).await.is_err());
    assert!(stack.create_database("no-name").await.is_err());
}

#[tokio::test]
async fn a_killed_owner_leaves_nothing_behind() {
    let (mut child, database_url, redis_url) = stack_program();
    let traces = Traces::of(&database_url, &redis_url).await;
    assert_eq!(traces.what_remains().len(), 5);
    child.kill().unwrap();
    child.wait().unwrap();
    traces.wait_until_gone();
}

#[tokio::test]
async fn the_end_of_input_or_a_signal_ends_the_program() {
    let (mut child, database_url, redis_url) = stack_program();
    let traces = Traces::of(&database_url, &redis_url).await;
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert_eq!(traces.what_remains(), Vec::<String>::new());

    let (mut child, database_url, redis_url) = stack_program();
    let traces = Traces::of(&database_url, &redis_url).await;
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
    assert_eq!(traces.what_remains(), Vec::<String>::new());
}

#[test]
fn a_command_gets_the_urls_and_gives_its_exit_code() {
    let output = Command::new(env!("CARGO_BIN_EXE_stack"))
        .env("PGHOST", "203.0.113.1")
        .args(["sh", "-c", "echo \"$DATABASE_URL $REDIS_URL ${PGHOST-}.\"; exit 7"])
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.starts_with("postgres://porchlight@127.0.0.1:"), "{printed}");
    assert!(printed.contains(" redis://127.0.0.1:") && printed.ends_with(" .\n"), "{printed}");
    assert_eq!(output.status.code(), Some(7));
}

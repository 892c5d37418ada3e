//! The conveyor against a private Redis.

mod backend;
mod figures;
mod pace;
mod scripts;

use std::{
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use jiff::Timestamp;
use porchlight_shared::{
    domain::{Channel, CommunityId, DeliveryId},
    queue::{Job, Part, Queue, connect, push},
};
use rand::{SeedableRng, rngs::StdRng};
use redis::aio::ConnectionManager;
use tempfile::TempDir;

use super::{
    claim::{Acknowledgement, Fate, Member},
    link::{Link, Pace},
    metrics::Metrics,
};

/// A Redis of the test's own on a socket; it ends with the test.
struct Server {
    child: Child,
    url: String,
    _home: TempDir,
}

impl Server {
    async fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let socket = home.path().join("s");
        let child = Command::new(porchlight_tests::stack::redis_program().unwrap())
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
            .arg(&socket)
            .arg("--dir")
            .arg(home.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let url = format!("redis+unix://{}", socket.display());
        let mut connection = connect(&url, Duration::from_secs(5)).unwrap();
        // Waits until it listens.
        redis::cmd("PING").exec_async(&mut connection).await.unwrap();
        Self { child, url, _home: home }
    }

    fn connection(&self) -> ConnectionManager {
        connect(&self.url, Duration::from_secs(5)).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server, a queue, and the scripts with the clock in the test's hand.
struct Bench {
    server: Server,
    connection: ConnectionManager,
    queue: Queue,
    rng: StdRng,
}

const LEASE: Duration = Duration::from_mins(1);
/// Where tests hold the clock, in µs.
const NOON: u64 = 1_800_000_000_000_000;
const SECOND: u64 = 1_000_000;

impl Bench {
    async fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = Server::start().await;
        let prefix = format!("test-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let queue = Queue::with_prefix(&prefix, Channel::Email);
        Self { connection: server.connection(), server, queue, rng: StdRng::seed_from_u64(7) }
    }

    fn link(&self, pace: Option<f64>, now: Option<u64>) -> Link {
        Link {
            queue: self.queue.clone(),
            connection: self.connection.clone(),
            pace: pace.map(Pace::per_second),
            lease: LEASE,
            metrics: Metrics::default(),
            clock: now.map(|now| now.to_string()).unwrap_or_default(),
        }
    }

    fn jobs(&mut self, count: usize) -> Vec<Job> {
        let community = CommunityId::new(Timestamp::UNIX_EPOCH, &mut self.rng);
        let mut job = || Job { community, delivery: DeliveryId::new(Timestamp::UNIX_EPOCH, &mut self.rng) };
        std::iter::repeat_with(&mut job).take(count).collect()
    }

    async fn push(&mut self, jobs: &[Job]) -> u64 {
        push(&mut self.connection, &self.queue, jobs).await.unwrap()
    }

    async fn pushed(&mut self, count: usize) -> Vec<Job> {
        let jobs = self.jobs(count);
        self.push(&jobs).await;
        jobs
    }

    async fn keys(&mut self) -> Vec<String> {
        redis::cmd("KEYS")
            .arg("*")
            .query_async::<Vec<Vec<u8>>>(&mut self.connection)
            .await
            .unwrap()
            .iter()
            .map(|key| String::from_utf8_lossy(key).into_owned())
            .collect()
    }

    async fn ask<T: redis::FromRedisValue>(&mut self, command: &str, part: Part) -> T {
        redis::cmd(command).arg(self.queue.key(part)).query_async(&mut self.connection).await.unwrap()
    }
}

fn acknowledgement(job: Job, token: u64, fate: Fate, unused: Option<u64>) -> Acknowledgement {
    let mut member: Member = [0; _];
    member[..32].copy_from_slice(&job.to_bytes());
    member[32..].copy_from_slice(&token.to_be_bytes());
    Acknowledgement { member, fate, unused }
}

//! The conveyor against a private Redis.

mod answers;
mod backend;
mod books;
mod figures;
mod handlers;
mod leases;
mod load;
mod outages;
mod pace;
mod running;
mod scripts;
mod server;

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use jiff::Timestamp;
use porchlight_shared::{
    domain::{Channel, CommunityId, DeliveryId},
    queue::{Job, Part, Queue, push},
};
use rand::{SeedableRng, rngs::StdRng};
use redis::aio::ConnectionManager;

use self::{
    running::{Running, each_once},
    server::Server,
};
use super::{
    Depth,
    claim::{Acknowledgement, Fate, Member},
    depth,
    link::{Link, Pace},
    metrics::Metrics,
};

/// A server, a queue, and the scripts with the clock in the test's hand.
struct Bench {
    server: Server,
    connection: ConnectionManager,
    queue: Queue,
    rng: StdRng,
}

/// How long a test waits for anything at all.
const PATIENCE: Duration = Duration::from_secs(30);
const LEASE: Duration = Duration::from_mins(1);
/// Where tests hold the clock, in µs: so far ahead that nothing ends by the server's own.
const NOON: u64 = 4_000_000_000_000_000;
const SECOND: u64 = 1_000_000;

impl Bench {
    async fn new() -> Self {
        Self::on(Server::start(&[]).await)
    }

    fn on(server: Server) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
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
            returned: tokio::sync::Notify::new(),
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

    async fn depth(&mut self) -> (u64, u64, u64) {
        let Depth { waiting, delayed, leased } = depth(&mut self.connection, &self.queue).await.unwrap();
        (waiting, delayed, leased)
    }

    /// Waits until every job is settled, then looks whether anything is left.
    async fn is_clean(&mut self) {
        let emptied = async {
            while self.depth().await != (0, 0, 0) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, emptied).await.expect("every job is settled");
        // What wakes workers goes with the next claim, the pace when its bucket is full.
        self.link(None, None).claim(1, 1, false).await.unwrap();
        let pace = self.queue.key(Part::Pace);
        let left: Vec<_> = self.keys().await.into_iter().filter(|key| *key != pace).collect();
        assert_eq!(left, Vec::<String>::new());
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

/// Waits for a condition that nothing announces.
async fn until(condition: impl Fn() -> bool) {
    let reached = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, reached).await.expect("the condition is reached");
}

//! A Redis that can be lost in more ways than the stack's own: wiped while it is down, and replaced by its replica.

use std::{
    collections::HashSet,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use redis::aio::MultiplexedConnection;
use tempfile::TempDir;
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    installation::{Failure, Process},
    stack,
};

/// What is not up by then does not come up.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a port may turn out to be taken before we give up.
const DRAWS: usize = 5;

/// One server. It appends to a file every second, as ours does in earnest.
#[derive(Debug)]
pub(super) struct Redis {
    program: PathBuf,
    folder: TempDir,
    port: u16,
    process: Option<Process>,
}

impl Redis {
    /// Starts an empty one.
    pub(super) async fn start() -> Result<Self, Failure> {
        let program = tokio::task::spawn_blocking(stack::redis_program).await??;
        let folder = tempfile::Builder::new().prefix("porchlight-redis-").tempdir()?;
        let mut made = Self { program, folder, port: stack::port::free()?, process: None };
        for _ in 1..DRAWS {
            if made.come_up().await.is_ok() {
                return Ok(made);
            }
            made.port = stack::port::free()?;
        }
        made.come_up().await?;
        Ok(made)
    }

    pub(super) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    pub(super) fn url(&self) -> String {
        format!("redis://{}/0", self.address())
    }

    pub(super) async fn connection(&self) -> Result<MultiplexedConnection, Failure> {
        Ok(redis::Client::open(self.url())?.get_multiplexed_async_connection().await?)
    }

    /// Starts it with what it has on disk; returns once it answers.
    pub(super) async fn come_up(&mut self) -> Result<(), Failure> {
        let (port, folder) = (self.port.to_string(), self.folder.path().display().to_string());
        let arguments = [
            "--port",
            &port,
            "--bind",
            "127.0.0.1",
            "--dir",
            &folder,
            "--appendonly",
            "yes",
            "--appendfsync",
            "everysec",
            "--save",
            "",
            "--maxmemory-policy",
            "noeviction",
        ];
        let log = self.folder.path().join("redis.log");
        self.process = Some(Process::start(&self.program, &arguments, &[], log).await?);
        let began = Instant::now();
        loop {
            if let Ok(mut connection) = self.connection().await
                && redis::cmd("PING").query_async::<String>(&mut connection).await.is_ok()
            {
                return Ok(());
            }
            let ended = self.process.as_mut().is_none_or(Process::has_ended);
            if ended || began.elapsed() > PATIENCE {
                return Err(format!("Redis did not come up on port {port}").into());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The same, unless it is running.
    pub(super) async fn come_up_if_down(&mut self) -> Result<(), Failure> {
        if self.process.is_none() { self.come_up().await } else { Ok(()) }
    }

    /// Ends it in its own orderly way.
    pub(super) async fn stop(&mut self) -> Result<(), Failure> {
        if let Some(process) = self.process.take() {
            process.stop().await?;
        }
        Ok(())
    }

    /// Ends it as a power cut would.
    pub(super) async fn kill(&mut self) -> Result<(), Failure> {
        if let Some(process) = self.process.take() {
            process.kill().await?;
        }
        Ok(())
    }

    /// Loses its file; only while it is down.
    pub(super) fn lose_file(&self) -> Result<(), Failure> {
        let files = self.folder.path().join("appendonlydir");
        if files.is_dir() { Ok(fs::remove_dir_all(files)?) } else { Ok(()) }
    }

    /// Follows another; returns once it has all that the other has.
    pub(super) async fn follow(&self, other: &Self) -> Result<(), Failure> {
        let mut connection = self.connection().await?;
        let following = redis::cmd("REPLICAOF").arg("127.0.0.1").arg(other.port).to_owned();
        following.exec_async(&mut connection).await?;
        let began = Instant::now();
        loop {
            let told: String = redis::cmd("INFO").arg("replication").query_async(&mut connection).await?;
            if told.contains("master_link_status:up") {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                return Err("a replica did not catch up".into());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Follows nobody any more.
    pub(super) async fn lead(&self) -> Result<(), Failure> {
        let mut connection = self.connection().await?;
        redis::cmd("REPLICAOF").arg("NO").arg("ONE").to_owned().exec_async(&mut connection).await?;
        Ok(())
    }

    /// Lets claims through that the breaker or a provider's word had stopped.
    pub(super) async fn open_gates(&self) -> Result<(), Failure> {
        let mut connection = self.connection().await?;
        let gates = ["email", "text"].map(|channel| format!("porchlight:{{{channel}:v1}}:gate"));
        redis::cmd("DEL").arg(&gates).exec_async(&mut connection).await?;
        Ok(())
    }

    /// What it holds, in words.
    pub(super) async fn state(&self) -> Result<String, Failure> {
        let mut connection = self.connection().await?;
        let mut told = Vec::new();
        for channel in ["email", "text"] {
            let key = |part: &str| format!("porchlight:{{{channel}:v1}}:{part}");
            for (part, count) in [
                ("ring", "LLEN"),
                ("waiting", "SCARD"),
                ("delayed", "ZCARD"),
                ("leases", "ZCARD"),
                ("gate", "GET"),
            ] {
                let found: Option<u64> =
                    redis::cmd(count).arg(key(part)).query_async(&mut connection).await?;
                told.push(format!("{channel} {part} {}", found.unwrap_or(0)));
            }
        }
        let (seconds, _): (u64, u64) = redis::cmd("TIME").query_async(&mut connection).await?;
        Ok(format!("{} at {seconds}", told.join(", ")))
    }

    /// The deliveries that workers have claimed under a lease that runs for a second yet, over both channels.
    pub(super) async fn claimed(&self) -> Result<HashSet<Uuid>, Failure> {
        let mut connection = self.connection().await?;
        let mut claimed = HashSet::new();
        for channel in ["email", "text"] {
            let key = format!("porchlight:{{{channel}:v1}}:leases");
            let (seconds, micros): (u64, u64) = redis::cmd("TIME").query_async(&mut connection).await?;
            let soon = (seconds + 1) * 1_000 + micros / 1_000;
            let members: Vec<Vec<u8>> = redis::cmd("ZRANGEBYSCORE")
                .arg(key)
                .arg(soon)
                .arg("+inf")
                .query_async(&mut connection)
                .await?;
            // The community's sixteen bytes, the delivery's, and the claim's own.
            claimed.extend(members.iter().filter_map(|member| Uuid::from_slice(member.get(16..32)?).ok()));
        }
        Ok(claimed)
    }
}

//! A Redis of the test's own, and what may happen to it.

use std::process::{Child, Command, Stdio};

use porchlight_shared::queue::connect;
use redis::aio::ConnectionManager;
use tempfile::TempDir;

use super::*;

/// A Redis on a socket; it ends with the test.
pub(super) struct Server {
    child: Child,
    pub(super) url: String,
    home: TempDir,
    settings: Vec<&'static str>,
}

impl Server {
    /// Nothing that a command acknowledged is lost with the process.
    pub(super) const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

    pub(super) async fn start(settings: &[&'static str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let url = format!("redis+unix://{}", home.path().join("s").display());
        let server = Self { child: spawn(&home, settings), url, home, settings: settings.to_vec() };
        server.answers().await;
        server
    }

    pub(super) fn connection(&self) -> ConnectionManager {
        connect(&self.url, Duration::from_secs(5)).unwrap()
    }

    pub(super) fn socket(&self) -> std::path::PathBuf {
        self.home.path().join("s")
    }

    /// As a crash does: without a word, and without saving.
    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(super) async fn start_again(&mut self) {
        self.child = spawn(&self.home, &self.settings);
        self.answers().await;
    }

    /// Stops it in its tracks for 700 ms: longer than the `redis` crate's own patience.
    pub(super) async fn stall(&self) {
        self.signal("-STOP");
        tokio::time::sleep(Duration::from_millis(700)).await;
        self.signal("-CONT");
    }

    pub(super) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Waits until it listens and has read its files.
    async fn answers(&self) {
        let mut connection = self.connection();
        while redis::cmd("PING").exec_async(&mut connection).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn spawn(home: &TempDir, settings: &[&str]) -> Child {
    Command::new(porchlight_tests::stack::redis_program().unwrap())
        .args(["--port", "0", "--save", "", "--appendonly", "no", "--dir"])
        .arg(home.path())
        .arg("--unixsocket")
        .arg(home.path().join("s"))
        .args(settings)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! A sandbox SMTP server: takes mail, delivers none, misbehaves on request, and shows what it got.
//!
//! It speaks ESMTP on loopback without TLS: EHLO and HELO, PIPELINING, 8BITMIME, SIZE, AUTH PLAIN and
//! LOGIN, MAIL, RCPT, DATA, RSET, NOOP, QUIT. One write answers everything that one read brought.
//!
//! # Faults, by recipient
//!
//! The local part of an address may begin with a fault, so that a list can carry its own mishaps:
//!
//! | address begins with | what happens |
//! | --- | --- |
//! | `delay-500ms` | the answer after the dot comes that much later (`ms`, `s` or `m`) |
//! | `greylist` | 451 4.7.1 at RCPT, the first time unless said otherwise |
//! | `greylist-data` | the same after the dot |
//! | `tempfail`, `tempfail-data` | 451 4.3.0 at RCPT or after the dot, always |
//! | `refuse`, `refuse-data` | 550 5.1.1 at RCPT, 554 5.7.1 after the dot, always |
//! | `drop-before-dot` | the connection is closed in mid-body; nothing is recorded |
//! | `drop-after-dot` | recorded as accepted, and the connection closed without an answer |
//! | `silent` | recorded as accepted, and never answered |
//!
//! Then may follow how often: `-2` is the first two tries of that address, `-30s` is until 30 s after
//! its first try. Then anything, set off by `-`, `.`, `+` or `_`: `greylist-2-anna@…`,
//! `drop-after-dot-1.bo@…`, `refuse@…`. A try is one RCPT. See [`Fault`].
//!
//! # Switches, for the whole server
//!
//! [`Switches`] refuse the greeting, AUTH, the sender or every message, and slow all down. [`SmtpSandbox::inbox`] is
//! a page of the newest messages and sets the switches over HTTP. [`SmtpSandbox::barrier`] stops every conversation at
//! one [`Stage`], and [`SmtpSandbox::cut`] hangs up on all.
//!
//! What was accepted is recorded one by one (recipient, sender, Message-ID, time); the whole source is
//! kept of the newest ones only.

mod fault;
mod inbox;
mod mime;
mod reading;
mod record;
mod session;
mod stage;
mod switches;

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::{CancellationToken, DropGuard};

pub(super) use self::inbox::Face;
pub use self::{
    fault::{Act, Fault, When},
    record::{Accepted, Doubled},
    stage::Stage,
    switches::Switches,
};
use self::{record::Records, session::Session};
use crate::barrier::{Barrier, Lines};

/// What was not accepted by then is not going to be.
const PATIENCE: Duration = Duration::from_mins(2);

/// How a sandbox is set up; fixed while it runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// When set, only these get past AUTH, and MAIL needs AUTH first; otherwise AUTH takes anything.
    pub credentials: Option<Credentials>,
    /// Whether EHLO offers PIPELINING.
    pub pipelining: bool,
    /// Of how many messages, the newest, the whole source is kept.
    pub sources_kept: usize,
    /// The largest message taken, in bytes; offered as SIZE.
    pub largest: usize,
}

/// A user name and password for AUTH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The user name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self { credentials: None, pipelining: true, sources_kept: 2_000, largest: 10 * 1024 * 1024 }
    }
}

/// A running sandbox. Dropping it closes its listener and its connections.
#[derive(Debug)]
pub struct SmtpSandbox {
    address: SocketAddr,
    server: Arc<Server>,
    _running: DropGuard,
}

/// What all connections share.
#[derive(Debug)]
struct Server {
    settings: Settings,
    switches: RwLock<Switches>,
    records: Mutex<Records>,
    tries: Mutex<HashMap<String, Tries>>,
    total: watch::Sender<u64>,
    connections: watch::Sender<usize>,
    barrier: Arc<Barrier<Stage>>,
    lines: Lines,
    switched: AtomicU64,
}

/// How often an address with a fault was tried, and since when.
#[derive(Clone, Copy, Debug)]
struct Tries {
    count: u32,
    first: Instant,
}

impl SmtpSandbox {
    /// Listens on a free port of loopback; serves on the current runtime until dropped.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        Self::start_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?, settings)
    }

    /// Serves those who come to `listener`, on the current runtime until dropped.
    pub fn start_on(listener: TcpListener, settings: Settings) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let server = Arc::new(Server {
            records: Mutex::new(Records::new(settings.sources_kept)),
            settings,
            switches: RwLock::default(),
            tries: Mutex::default(),
            total: watch::Sender::new(0),
            connections: watch::Sender::new(0),
            barrier: Arc::default(),
            lines: Lines::default(),
            switched: AtomicU64::new(0),
        });
        let stop = CancellationToken::new();
        tokio::spawn(stop.clone().run_until_cancelled_owned(serve(
            listener,
            Arc::clone(&server),
            stop.clone(),
        )));
        Ok(Self { address, server, _running: stop.drop_guard() })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// As `PORCHLIGHT_SMTP_URL` wants it.
    #[must_use]
    pub fn url(&self) -> String {
        match &self.server.settings.credentials {
            Some(Credentials { user, password }) => {
                format!("smtp://{user}:{password}@{}?tls=none", self.address)
            }
            None => format!("smtp://{}?tls=none", self.address),
        }
    }

    /// Everything accepted so far, oldest first; one for each recipient of a message.
    #[must_use]
    pub fn accepted(&self) -> Vec<Accepted> {
        self.server.with_records(|records| records.accepted().to_vec())
    }

    /// How many have been accepted.
    #[must_use]
    pub fn total(&self) -> u64 {
        *self.server.total.borrow()
    }

    /// How often each recipient was sent something that was accepted.
    #[must_use]
    pub fn counts(&self) -> HashMap<String, u32> {
        self.server.with_records(|records| records.counts())
    }

    /// The recipients who got more than one message.
    #[must_use]
    pub fn doubled(&self) -> Vec<Doubled> {
        self.server.with_records(|records| records.doubled())
    }

    /// The source of an accepted message, while it is kept.
    #[must_use]
    pub fn source(&self, number: u64) -> Option<Arc<[u8]>> {
        self.server.with_records(|records| records.source(number))
    }

    /// Waits until `count` have been accepted since the start or the last reset.
    ///
    /// # Panics
    /// When that does not happen within two minutes.
    pub async fn wait_for(&self, count: u64) {
        // The sender lives in ourselves, so that the channel is never closed.
        let mut total = self.server.total.subscribe();
        let reached = tokio::time::timeout(PATIENCE, total.wait_for(|total| *total >= count)).await;
        assert!(reached.is_ok(), "still {} messages, not {count}", self.total());
    }

    /// Waits until `count` connections are open.
    pub async fn wait_for_connections(&self, count: usize) {
        let mut connections = self.server.connections.subscribe();
        let _reached = connections.wait_for(|open| *open == count).await;
    }

    /// Where every conversation can be stopped.
    #[must_use]
    pub fn barrier(&self) -> Arc<Barrier<Stage>> {
        Arc::clone(&self.server.barrier)
    }

    /// How often a switch made a greeting or an answer other than it would have been.
    #[must_use]
    pub fn switched(&self) -> u64 {
        self.server.switched.load(Ordering::Relaxed)
    }

    /// Hangs up on everybody who is connected now.
    pub fn cut(&self) {
        self.server.lines.cut();
    }

    /// The switches as they are.
    #[must_use]
    pub fn switches(&self) -> Switches {
        self.server.switches()
    }

    /// Sets all switches; open connections feel it at their next command.
    pub fn set(&self, switches: Switches) {
        self.server.set(switches);
    }

    /// Forgets everything accepted and every try. Switches stay.
    pub fn reset(&self) {
        self.server.reset();
    }

    /// The page of the newest messages; see the module's head.
    pub fn inbox(&self) -> axum::Router {
        self.face().router()
    }

    /// What an inbox for several sandboxes shows of it.
    pub(super) fn face(&self) -> Face {
        Face(Arc::clone(&self.server))
    }
}

async fn serve(listener: TcpListener, server: Arc<Server>, stop: CancellationToken) {
    loop {
        // An error here concerns a caller who is gone already.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let server = Arc::clone(&server);
        let line = server.lines.open();
        tokio::spawn(stop.clone().run_until_cancelled_owned(async move {
            server.connections.send_modify(|open| *open += 1);
            // That the caller went away is the caller's affair.
            line.carry(Session::new(&server, stream).run()).await;
            server.connections.send_modify(|open| *open -= 1);
        }));
    }
}

impl Server {
    fn with_records<T>(&self, read: impl FnOnce(&mut Records) -> T) -> T {
        read(&mut self.records.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn switches(&self) -> Switches {
        *self.switches.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, switches: Switches) {
        *self.switches.write().unwrap_or_else(PoisonError::into_inner) = switches;
    }

    fn reset(&self) {
        self.with_records(|records| {
            records.clear();
            self.total.send_replace(0);
        });
        self.tries.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What this try at an address comes to.
    fn try_recipient(&self, recipient: &str) -> Option<Act> {
        let fault = Fault::of_address(recipient)?;
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let tries =
            tries.entry(recipient.to_owned()).or_insert_with(|| Tries { count: 0, first: Instant::now() });
        tries.count += 1;
        fault.strikes(tries.count, tries.first.elapsed()).then_some(fault.act)
    }

    /// Something went otherwise than it would have without a switch.
    fn note_switched(&self) {
        self.switched.fetch_add(1, Ordering::Relaxed);
    }

    fn accept(&self, sender: &str, recipients: &[String], source: &[u8], answered: bool) {
        self.with_records(|records| {
            records.accept(sender, recipients, source, answered);
            self.total.send_replace(records.total());
        });
    }
}

/// Reads `500ms`, `30s` or `5m`.
fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    match &text[digits..] {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        _ => None,
    }
}

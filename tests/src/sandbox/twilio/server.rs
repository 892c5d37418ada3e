//! What all requests share.

use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use super::{Accepted, Rule, Settings, Switches, order::Order, record::Records};
use crate::{barrier::Barrier, caller::caller};

/// What was not so by then is not going to be.
const PATIENCE: Duration = Duration::from_mins(2);
/// Twilio waits so long for a webhook's answer,
const ANSWERED: Duration = Duration::from_secs(15);
/// and the sandbox calls so many at a time.
const CALLS: usize = 64;

/// Where a request to send is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It is read, and nothing is taken.
    Asked,
    /// The text is taken, and its sender not told.
    Taken,
}

#[derive(Debug)]
pub(super) struct Server {
    pub(super) settings: Settings,
    /// The switches, and when they were set.
    switches: watch::Sender<(Switches, Instant)>,
    records: Mutex<Records>,
    /// How often a number with a rule was tried.
    tries: Mutex<HashMap<String, u32>>,
    /// That something was recorded.
    changes: watch::Sender<()>,
    pub(super) listening: watch::Sender<bool>,
    /// What URLs begin with, and what with instead when they are called.
    proxies: Mutex<Vec<(String, String)>>,
    pub(super) http: reqwest::Client,
    pub(super) calls: Semaphore,
    pub(super) barrier: Arc<Barrier<Stage>>,
    pub(super) switched: AtomicU64,
    pub(super) stop: CancellationToken,
}

impl Server {
    pub(super) fn new(settings: Settings, stop: CancellationToken) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            settings,
            switches: watch::Sender::new((Switches::default(), Instant::now())),
            records: Mutex::default(),
            tries: Mutex::default(),
            changes: watch::Sender::new(()),
            listening: watch::Sender::new(true),
            proxies: Mutex::default(),
            http: caller(ANSWERED).map_err(io::Error::other)?,
            calls: Semaphore::new(CALLS),
            barrier: Arc::default(),
            switched: AtomicU64::new(0),
            stop,
        }))
    }

    pub(super) fn with_records<T>(&self, read: impl FnOnce(&mut Records) -> T) -> T {
        read(&mut self.records.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The same, and says that something changed.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Records) -> T) -> T {
        let made = self.with_records(change);
        self.changes.send_replace(());
        made
    }

    pub(super) async fn wait_until(&self, what: &str, is_so: impl Fn(&Records) -> bool) {
        // The sender lives in ourselves, so that the channel is never closed.
        let mut changes = self.changes.subscribe();
        let waiting = async {
            while !self.with_records(|records| is_so(records)) {
                let _changed = changes.changed().await;
            }
        };
        let reached = tokio::time::timeout(PATIENCE, waiting).await;
        let (texts, callbacks) = self.with_records(|records| (records.total(), records.callbacks().len()));
        assert!(reached.is_ok(), "still not so: {what}; {texts} texts, {callbacks} callbacks");
    }

    pub(super) fn switches(&self) -> Switches {
        self.switches.borrow().0
    }

    pub(super) fn set(&self, switches: Switches) {
        self.switches.send_replace((switches, Instant::now()));
    }

    /// Something went otherwise than it would have without a switch.
    pub(super) fn note_switched(&self) {
        self.switched.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits until the switches are as wanted.
    pub(super) async fn until(&self, is_so: impl Fn(&Switches) -> bool) {
        let mut switches = self.switches.subscribe();
        let _reached = switches.wait_for(|(switches, _)| is_so(switches)).await;
    }

    /// For how many seconds yet, begun ones counted whole, everything is throttled.
    pub(super) fn throttled(&self) -> Option<u64> {
        let (switches, set) = *self.switches.borrow();
        let left = Duration::from_millis(switches.throttle_ms).checked_sub(set.elapsed())?;
        (!left.is_zero()).then(|| left.as_secs() + u64::from(left.subsec_nanos() > 0))
    }

    #[expect(clippy::disallowed_methods, reason = "a provider has a clock of its own; nobody decides by it")]
    pub(super) fn now(&self) -> SystemTime {
        SystemTime::now() + Duration::from_secs(self.switches().clock_ahead_s)
    }

    pub(super) fn reset(&self) {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.change(Records::clear);
    }

    /// The rule that this try of a number meets.
    pub(super) fn rule(&self, to: &str) -> Option<Rule> {
        let rule = Rule::of(to)?;
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let tries = tries.entry(to.to_owned()).or_default();
        *tries += 1;
        rule.holds(*tries).then_some(rule)
    }

    pub(super) fn accept(&self, order: &Order, answered: bool) -> Accepted {
        let now = self.now();
        self.change(|records| records.accept(order, now, answered))
    }

    pub(super) fn proxy(&self, public: &str, real: &str) {
        let mut proxies = self.proxies.lock().unwrap_or_else(PoisonError::into_inner);
        proxies.retain(|(known, _)| known != public);
        proxies.push((public.to_owned(), real.to_owned()));
    }

    /// Where a webhook is called.
    pub(super) fn way_to(&self, url: &str) -> String {
        let proxies = self.proxies.lock().unwrap_or_else(PoisonError::into_inner);
        let behind = |(public, real): &(String, String)| Some(format!("{real}{}", url.strip_prefix(public)?));
        proxies.iter().find_map(behind).unwrap_or_else(|| url.to_owned())
    }

    /// Runs something until the sandbox is gone.
    pub(super) fn spawn(&self, running: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(self.stop.clone().run_until_cancelled_owned(running));
    }
}

/// Not going to sleep at all is faster than sleeping for nothing.
pub(super) async fn pause(milliseconds: u64) {
    if milliseconds > 0 {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
}

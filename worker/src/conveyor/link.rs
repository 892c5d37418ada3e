//! The conveyor's scripts as functions. Every one may be repeated after an error.

use std::{sync::LazyLock, time::Duration};

use porchlight_shared::queue::{Job, Queue, within};
use redis::{RedisResult, Script, ScriptInvocation, aio::ConnectionManager};
use tokio::sync::Notify;

use super::{
    claim::{Acknowledgement, Fate, Member},
    metrics::Metrics,
};

/// How long an answer may take.
pub(super) const RESPONSE: Duration = Duration::from_secs(5);
/// How long a call may take, waiting for the connection included.
const CALL: Duration = Duration::from_secs(8);

/// A token bucket that admits at most `limit` in any second: its burst and what flows in together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    burst: f64,
    /// Microseconds between two tokens.
    interval: f64,
}

impl Pace {
    /// The pace for a limit above zero, in admissions per second.
    #[must_use]
    pub fn per_second(limit: f64) -> Self {
        // A hundredth of the limit is given up for a bucket that holds ten milliseconds more than a token: without it,
        // every moment that a call comes late is lost for good, 7 % at 30 a second.
        let burst = 1.0 + limit / 100.0;
        Self { burst, interval: 1e6 / (limit - (burst - 1.0)) }
    }
}

/// What a claim brought.
#[derive(Debug)]
pub(super) struct Claimed {
    /// When they were admitted, by Redis' clock (µs).
    pub(super) admitted: u64,
    /// Nothing can be claimed for so long,
    pub(super) wait: Duration,
    /// unless something is pushed.
    pub(super) listen: bool,
    /// With how many leases each has lost.
    pub(super) jobs: Vec<(Job, u32)>,
}

/// `claim.lua`'s answer.
type Reply = (u64, u64, bool, u64, u64, Vec<usize>, Vec<Vec<u8>>, Vec<u32>);

static CLAIM: LazyLock<Script> = LazyLock::new(|| script(include_str!("claim.lua")));
static ACKNOWLEDGE: LazyLock<Script> = LazyLock::new(|| script(include_str!("acknowledge.lua")));
static RENEW: LazyLock<Script> = LazyLock::new(|| script(include_str!("renew.lua")));

/// A queue, and how it is worked on.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) queue: Queue,
    pub(super) connection: ConnectionManager,
    pub(super) pace: Option<Pace>,
    pub(super) lease: Duration,
    pub(super) metrics: Metrics,
    /// Told when tokens came back: what they allow can be claimed before the pace says so.
    pub(super) returned: Notify,
    /// Empty: Redis' own clock. Microseconds: a test holds it still.
    pub(super) clock: String,
}

impl Link {
    /// Claims up to `want` jobs under `token`; `again` when a call with this token failed before.
    pub(super) async fn claim(&self, want: usize, token: u64, again: bool) -> RedisResult<Claimed> {
        let mut call = self.call(&CLAIM);
        call.arg(want).arg(millis(self.lease)).arg(&token.to_be_bytes()).arg(u8::from(again));
        call.arg(self.burst()).arg(self.interval()).arg(&self.clock);
        let (admitted, pause, listen, expired, vanished, garbage, jobs, losses): Reply =
            within(CALL, call.invoke_async(&mut self.connection.clone())).await?;
        if !garbage.is_empty() {
            tracing::error!(queue = %self.queue, lengths = ?garbage, "dropped elements that are not jobs");
        }
        if vanished > 0 {
            tracing::warn!(queue = %self.queue, vanished, "ready lists were lost; what is due is pushed again");
        }
        let losses = losses.into_iter().chain(std::iter::repeat(0));
        let jobs: Vec<_> =
            jobs.iter().zip(losses).filter_map(|(job, lost)| Some((Job::from_bytes(job)?, lost))).collect();
        self.metrics.claims.inc();
        self.metrics.admissions.inc_by(jobs.len() as u64);
        self.metrics.lease_expiries.inc_by(expired);
        self.metrics.garbage.inc_by(garbage.len() as u64);
        self.metrics.vanished.inc_by(vanished);
        Ok(Claimed { admitted, wait: Duration::from_millis(pause), listen, jobs })
    }

    /// Answers how many leases were still ours; the others changed nothing.
    pub(super) async fn acknowledge(&self, fates: &[Acknowledgement]) -> RedisResult<u64> {
        let mut call = self.call(&ACKNOWLEDGE);
        call.arg(self.burst()).arg(self.interval()).arg(&self.clock);
        for &Acknowledgement { member, fate, unused } in fates {
            call.arg(&member);
            match fate {
                Fate::Done => call.arg("done"),
                Fate::GiveBack => call.arg("back"),
                Fate::After(wait) => call.arg(millis(wait)),
            };
            call.arg(unused.unwrap_or(0));
        }
        let (settled, tokens): (u64, u64) =
            within(CALL, call.invoke_async(&mut self.connection.clone())).await?;
        self.metrics.acknowledgements.inc_by(settled);
        self.metrics.acknowledgements_stale.inc_by((fates.len() as u64).saturating_sub(settled));
        self.metrics.admissions_returned.inc_by(tokens);
        if tokens > 0 {
            self.returned.notify_one();
        }
        self.metrics.acknowledgement_batches.inc();
        Ok(settled)
    }

    /// Answers the positions of those that are lost.
    pub(super) async fn renew(&self, leases: &[Member]) -> RedisResult<Vec<usize>> {
        let mut call = self.call(&RENEW);
        call.arg(millis(self.lease));
        for member in leases {
            call.arg(member);
        }
        within(CALL, call.invoke_async(&mut self.connection.clone())).await
    }

    fn burst(&self) -> f64 {
        self.pace.map_or(1.0, |pace| pace.burst)
    }

    fn interval(&self) -> f64 {
        self.pace.map_or(0.0, |pace| pace.interval)
    }

    fn call<'a>(&self, script: &'a Script) -> ScriptInvocation<'a> {
        let mut call = script.prepare_invoke();
        call.key(self.queue.keys());
        call
    }
}

pub(super) fn script(text: &str) -> Script {
    Script::new(&format!("{}{text}", Queue::PREAMBLE))
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

//! Wrong codes: who guesses waits, and with them who shares their address; a /24 that guesses a lot waits as a whole.
//!
//! Counted in Redis, so that all API processes count together, under keyed hashes of the addresses. Only well-formed codes
//! that nobody has count. While Redis is away each process counts look-ups for itself.

use std::{num::NonZeroU32, time::Duration};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use porchlight_shared::queue;

use crate::{state::AppState, visitor::Visitor};

/// Wrong codes of one connection, and in how many seconds,
const OF_ONE: (u32, u32) = (10, 600);
/// and of its neighbourhood.
const OF_NEIGHBOURS: (u32, u32) = (100, 3_600);
/// Wrong codes of everybody in an hour after which the operator is told.
const ALARM: u32 = 1_000;
/// How long Redis is waited for.
const PATIENCE: Duration = Duration::from_secs(1);
/// Connections that are kept in mind before the idle ones are swept out.
const SWEEP_AT: usize = 10_000;

/// What one process counts while Redis is away.
#[derive(Debug)]
pub struct LocalTries(DefaultKeyedRateLimiter<[u8; 16]>);

impl Default for LocalTries {
    fn default() -> Self {
        let (most, seconds) = OF_ONE;
        let most = NonZeroU32::new(most).expect("some are allowed");
        let quota =
            Quota::with_period(Duration::from_secs(u64::from(seconds)) / most.get()).expect("a while");
        Self(RateLimiter::keyed(quota.allow_burst(most)))
    }
}

/// A counter in Redis: its key, how much is too much, and its life in seconds.
struct Counter {
    key: String,
    most: u32,
    seconds: u32,
}

fn counters(state: &AppState, visitor: Visitor) -> [Counter; 2] {
    let counter = |name: &str, subject: &[u8; 16], (most, seconds)| {
        let hash = u128::from_be_bytes(state.keyring.link_signature(name, subject));
        Counter { key: format!("porchlight:{{{name}}}:{hash:032x}"), most, seconds }
    };
    [
        counter("wrong-codes", &visitor.household(), OF_ONE),
        counter("wrong-codes-nearby", &visitor.neighbourhood(), OF_NEIGHBOURS),
    ]
}

/// Lets a visitor look a code up.
///
/// # Errors
/// With the seconds to wait, if too many wrong ones came from there.
pub(super) async fn admit(state: &AppState, visitor: Visitor) -> Result<(), u32> {
    let counters = counters(state, visitor);
    let mut redis = state.redis.0.clone();
    let mut pipe = redis::pipe();
    for counter in &counters {
        pipe.get(&counter.key).ttl(&counter.key);
    }
    let answer: Result<Vec<Option<i64>>, _> = queue::within(PATIENCE, pipe.query_async(&mut redis)).await;
    // Without Redis each look-up counts, whatever comes of it.
    let Ok(found) = answer else { return count_here(&state.local_tries, visitor) };
    let full = counters.iter().zip(found.chunks(2)).filter(|(counter, found)| {
        found.first().copied().flatten().is_some_and(|count| count >= i64::from(counter.most))
    });
    let wait = full.filter_map(|(_, found)| found.get(1).copied().flatten()).max();
    wait.map_or(Ok(()), |wait| Err(u32::try_from(wait.max(1)).unwrap_or(u32::MAX)))
}

/// Counts a wrong code.
///
/// # Errors
/// With the seconds to wait, if there were too many before it in this very moment.
pub(crate) async fn count(state: &AppState, visitor: Visitor) -> Result<(), u32> {
    state.metrics.wrong_codes.inc();
    let counters = counters(state, visitor);
    let all = Counter { key: "porchlight:{wrong-codes-of-all}".to_owned(), most: ALARM, seconds: 3_600 };
    let mut redis = state.redis.0.clone();
    let mut pipe = redis::pipe();
    pipe.atomic();
    for counter in counters.iter().chain([&all]) {
        // Only a new counter gets an end, so that who goes on guessing does not move it.
        pipe.cmd("SET").arg(&counter.key).arg(0).arg("EX").arg(counter.seconds).arg("NX").ignore();
        pipe.incr(&counter.key, 1);
    }
    let answer: Result<Vec<i64>, _> = queue::within(PATIENCE, pipe.query_async(&mut redis)).await;
    let Ok(counts) = answer else { return Ok(()) };
    if counts.last() == Some(&i64::from(ALARM)) {
        tracing::error!(ALARM, "wrong access codes within an hour: somebody is guessing");
    }
    let over = counters.iter().zip(counts).filter(|(counter, count)| *count > i64::from(counter.most));
    over.map(|(counter, _)| counter.seconds).max().map_or(Ok(()), Err)
}

fn count_here(tries: &LocalTries, visitor: Visitor) -> Result<(), u32> {
    if tries.0.len() > SWEEP_AT {
        tries.0.retain_recent();
    }
    tries.0.check_key(&visitor.household()).map_err(|_| OF_ONE.1)
}

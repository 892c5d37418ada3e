//! How often somebody may ask for what costs a letter: counted in Redis, so that all API processes count together, under
//! keyed hashes of who asks. While Redis is away each process counts for itself.

use std::{num::NonZeroU32, time::Duration};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use porchlight_shared::queue;

use crate::state::AppState;

/// How long Redis is waited for.
const PATIENCE: Duration = Duration::from_secs(1);
/// Subjects that are kept in mind before the idle ones are swept out.
const SWEEP_AT: usize = 10_000;
/// What one process allows while Redis is away: this many at once, and one more after each of so many seconds.
const HERE: (NonZeroU32, u64) = (NonZeroU32::new(5).unwrap(), 180);

/// What one process counts while Redis is away.
#[derive(Debug)]
pub struct LocalLimits(DefaultKeyedRateLimiter<[u8; 16]>);

impl Default for LocalLimits {
    fn default() -> Self {
        let quota = Quota::with_period(Duration::from_secs(HERE.1)).expect("a while");
        Self(RateLimiter::keyed(quota.allow_burst(HERE.0)))
    }
}

/// A limit: what for, whom it counts, how often, and in how many seconds.
#[derive(Clone, Copy, Debug)]
pub struct Limit<'a> {
    /// What for: part of the key in Redis.
    pub name: &'static str,
    /// Whom it counts; only a keyed hash of it leaves the process.
    pub subject: &'a [u8; 16],
    /// How often,
    pub most: u32,
    /// in how many seconds.
    pub seconds: u32,
}

/// Counts one more.
///
/// # Errors
/// With the seconds to wait, if there were too many.
pub async fn count(state: &AppState, limits: &[Limit<'_>]) -> Result<(), u32> {
    let hashed: Vec<[u8; 16]> =
        limits.iter().map(|limit| state.keyring.link_signature(limit.name, limit.subject)).collect();
    let mut pipe = redis::pipe();
    pipe.atomic();
    for (limit, hash) in limits.iter().zip(&hashed) {
        let key = format!("porchlight:{{{}}}:{:032x}", limit.name, u128::from_be_bytes(*hash));
        // Only a new counter gets an end, so that who goes on asking does not move it.
        pipe.cmd("SET").arg(&key).arg(0).arg("EX").arg(limit.seconds).arg("NX").ignore();
        pipe.incr(&key, 1).ttl(&key);
    }
    let mut redis = state.redis.0.clone();
    let answer: Result<Vec<i64>, _> = queue::within(PATIENCE, pipe.query_async(&mut redis)).await;
    let Ok(found) = answer else { return count_here(&state.local_limits, limits, &hashed) };
    let over = limits.iter().zip(found.chunks(2)).filter_map(|(limit, found)| {
        let over = found.first().is_some_and(|count| *count > i64::from(limit.most));
        over.then(|| u32::try_from(found.get(1).copied().unwrap_or(1).max(1)).unwrap_or(limit.seconds))
    });
    over.max().map_or(Ok(()), Err)
}

fn count_here(here: &LocalLimits, limits: &[Limit<'_>], hashed: &[[u8; 16]]) -> Result<(), u32> {
    if here.0.len() > SWEEP_AT {
        here.0.retain_recent();
    }
    let over = limits.iter().zip(hashed).filter(|(_, hash)| here.0.check_key(hash).is_err());
    over.map(|(limit, _)| limit.seconds).max().map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_redis_each_subject_is_counted_here() {
        let here = LocalLimits::default();
        let limit = [Limit { name: "test", subject: &[0; 16], most: 5, seconds: 900 }];
        for _ in 0..5 {
            assert_eq!(count_here(&here, &limit, &[[1; 16]]), Ok(()));
        }
        assert_eq!(count_here(&here, &limit, &[[1; 16]]), Err(900));
        assert_eq!(count_here(&here, &limit, &[[2; 16]]), Ok(()));
    }
}

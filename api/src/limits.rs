//! How often somebody may ask for what costs a letter: counted in Redis, so that all API processes count together, under
//! keyed hashes of who asks. While Redis is away each process counts for itself.
//!
//! Limits are counted in their order, and the first that is passed is the last that counts: whoever is refused for their
//! own connection's sake uses nothing up of what others share with them.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use porchlight_shared::queue;

use crate::state::AppState;

/// How long Redis is waited for.
const PATIENCE: Duration = Duration::from_secs(1);
/// Subjects that are kept in mind before the idle ones are swept out.
const SWEEP_AT: usize = 10_000;
/// Counts one more on each, and stops at the first of which there are too many: the seconds to wait, or none. Only a new
/// counter gets an end, so that who goes on asking does not move it.
const COUNT: &str = "for i, key in ipairs(KEYS) do
    redis.call('SET', key, 0, 'EX', ARGV[2 * i], 'NX')
    if redis.call('INCR', key) > tonumber(ARGV[2 * i - 1]) then
        return math.max(1, redis.call('TTL', key))
    end
end
return 0";

/// What one process counts while Redis is away: by the name of a limit, at the limit's own pace.
#[derive(Debug, Default)]
pub struct LocalLimits(Mutex<HashMap<&'static str, DefaultKeyedRateLimiter<[u8; 16]>>>);

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

impl Limit<'_> {
    /// As many at once, and then one more after each part of the time.
    fn quota(&self) -> Quota {
        let most = NonZeroU32::new(self.most).unwrap_or(NonZeroU32::MIN);
        let period = Duration::from_secs(u64::from(self.seconds.max(1))) / most.get();
        Quota::with_period(period).expect("a while").allow_burst(most)
    }
}

/// Counts one more.
///
/// # Errors
/// With the seconds to wait, if there were too many.
pub async fn count(state: &AppState, limits: &[Limit<'_>]) -> Result<(), u32> {
    let hashed: Vec<[u8; 16]> =
        limits.iter().map(|limit| state.keyring.link_signature(limit.name, limit.subject)).collect();
    let mut script = redis::cmd("EVAL");
    script.arg(COUNT).arg(limits.len());
    for (limit, hash) in limits.iter().zip(&hashed) {
        script.arg(format!("porchlight:{{{}}}:{:032x}", limit.name, u128::from_be_bytes(*hash)));
    }
    for limit in limits {
        script.arg(limit.most).arg(limit.seconds);
    }
    let mut redis = state.redis.0.clone();
    let answer: Result<u32, _> = queue::within(PATIENCE, script.query_async(&mut redis)).await;
    match answer {
        Ok(0) => Ok(()),
        Ok(wait) => Err(wait),
        Err(_) => count_here(&state.local_limits, limits, &hashed),
    }
}

fn count_here(here: &LocalLimits, limits: &[Limit<'_>], hashed: &[[u8; 16]]) -> Result<(), u32> {
    let mut here = here.0.lock().unwrap_or_else(PoisonError::into_inner);
    for (limit, hash) in limits.iter().zip(hashed) {
        let counted = here.entry(limit.name).or_insert_with(|| RateLimiter::keyed(limit.quota()));
        if counted.len() > SWEEP_AT {
            counted.retain_recent();
        }
        if let Err(early) = counted.check_key(hash) {
            let wait = early.wait_time_from(DefaultClock::default().now());
            return Err(u32::try_from(wait.as_secs()).unwrap_or(limit.seconds).saturating_add(1));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn limit(name: &'static str, most: u32, seconds: u32) -> Limit<'static> {
        Limit { name, subject: &[0; 16], most, seconds }
    }

    #[test]
    fn without_redis_each_limit_is_counted_here_at_its_own_pace() {
        let here = LocalLimits::default();
        for (limit, pace) in [(limit("for one", 5, 900), 180), (limit("for many", 100, 3_600), 36)] {
            for _ in 0..limit.most {
                assert_eq!(count_here(&here, &[limit], &[[1; 16]]), Ok(()));
            }
            let wait = count_here(&here, &[limit], &[[1; 16]]).unwrap_err();
            assert!((pace - 5..=pace).contains(&wait), "{wait}");
            assert_eq!(count_here(&here, &[limit], &[[2; 16]]), Ok(()));
        }
    }

    #[test]
    fn who_is_refused_uses_up_nothing_of_others() {
        let here = LocalLimits::default();
        let limits = [limit("their own", 2, 600), limit("shared", 5, 600)];
        let (greedy, other, shared) = ([1; 16], [2; 16], [3; 16]);
        for asked in 0..20 {
            assert_eq!(count_here(&here, &limits, &[greedy, shared]).is_ok(), asked < 2);
        }
        for _ in 0..2 {
            assert_eq!(count_here(&here, &limits, &[other, shared]), Ok(()));
        }
    }
}

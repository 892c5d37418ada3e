//! One log line when Redis goes, one when it is back, and how long to wait in between.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use redis::RedisResult;

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// How one sort of call has fared lately.
#[derive(Debug)]
pub(super) struct Outage {
    doing: &'static str,
    failures: u32,
    errors: Counter,
}

impl Outage {
    pub(super) const fn new(doing: &'static str, errors: Counter) -> Self {
        Self { doing, failures: 0, errors }
    }

    /// Notes how a call went. In place of an error it answers how long to wait before the next try.
    pub(super) fn note<T>(&mut self, result: RedisResult<T>) -> Result<T, Duration> {
        let (doing, failures) = (self.doing, self.failures);
        match &result {
            Ok(_) if failures > 0 => tracing::info!(doing, failures, "Redis is back"),
            Err(error) if failures == 0 => tracing::warn!(%error, doing, "Redis is away; trying on"),
            _ => {}
        }
        self.failures = if result.is_ok() { 0 } else { failures + 1 };
        self.errors.inc_by(u64::from(result.is_err()));
        result.map_err(|_| LONGEST.min(SHORTEST * (1 << failures.min(6))))
    }
}

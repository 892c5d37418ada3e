//! One log line when Redis goes, one when it is back, and how long to wait in between.

use std::time::Duration;

use rand::{RngExt, rngs::StdRng};
use redis::RedisError;

use super::metrics::Metrics;

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Outage {
    doing: &'static str,
    failures: u32,
    metrics: Metrics,
    rng: StdRng,
}

impl Outage {
    pub(super) const fn new(doing: &'static str, metrics: Metrics, rng: StdRng) -> Self {
        Self { doing, failures: 0, metrics, rng }
    }

    /// Answers how long to wait before the next try: doubling, with jitter.
    pub(super) fn failed(&mut self, error: &RedisError) -> Duration {
        self.metrics.redis_errors.inc();
        if self.failures == 0 {
            tracing::warn!(%error, doing = self.doing, "Redis is away; trying on");
        }
        let pause = SHORTEST.saturating_mul(1 << self.failures.min(6)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        pause.mul_f64(self.rng.random_range(0.5..1.0))
    }

    pub(super) fn over(&mut self) {
        if self.failures > 0 {
            tracing::info!(doing = self.doing, failures = self.failures, "Redis is back");
            self.failures = 0;
        }
    }
}

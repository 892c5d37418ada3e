//! What the conveyor counts.

use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// Counters of one conveyor; clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    pub(super) claims: Counter,
    pub(super) admissions: Counter,
    pub(super) returned: Counter,
    pub(super) expiries: Counter,
    pub(super) lost: Counter,
    pub(super) garbage: Counter,
    pub(super) acknowledgements: Counter,
    pub(super) stale: Counter,
    pub(super) redis_errors: Counter,
    pub(super) held: Gauge,
    pub(super) batch: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            claims: Counter::default(),
            admissions: Counter::default(),
            returned: Counter::default(),
            expiries: Counter::default(),
            lost: Counter::default(),
            garbage: Counter::default(),
            acknowledgements: Counter::default(),
            stale: Counter::default(),
            redis_errors: Counter::default(),
            held: Gauge::default(),
            batch: Histogram::new([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0]),
        }
    }
}

impl Metrics {
    /// Registers everything; pass a sub-registry that carries the channel as a label.
    pub fn register(&self, registry: &mut Registry) {
        let counters = [
            ("claims", "Claim calls", &self.claims),
            ("admissions", "Jobs admitted by the pace and claimed", &self.admissions),
            ("admissions_returned", "Admissions given back unused", &self.returned),
            ("lease_expiries", "Leases found expired", &self.expiries),
            ("leases_lost", "Leases of running jobs that were gone when renewed", &self.lost),
            ("garbage", "Elements dropped because they were no jobs", &self.garbage),
            ("acknowledgements", "Jobs settled", &self.acknowledgements),
            ("acknowledgements_stale", "Settlements of leases that were no longer ours", &self.stale),
            ("redis_errors", "Failed calls", &self.redis_errors),
        ];
        for (name, help, counter) in counters {
            registry.register(format!("conveyor_{name}"), help, counter.clone());
        }
        registry.register("conveyor_leases", "Jobs claimed and not settled", self.held.clone());
        registry.register("conveyor_acknowledgement_batch", "Fates in one call", self.batch.clone());
    }
}

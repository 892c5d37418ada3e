//! What the worker counts; `/metrics` shows it in the Prometheus text format.

use std::time::Duration;

use porchlight_shared::domain::{AttemptOutcome, AttemptReason};
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        counter::Counter,
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

use crate::conveyor;

/// The worker's metrics, one struct for each room.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// The conveyor's.
    pub conveyor: conveyor::Metrics,
    /// The courier's.
    pub deliver: DeliverMetrics,
    /// Begin's lane.
    pub begin: LaneMetrics,
    /// Finish's lane.
    pub finish: LaneMetrics,
    /// The reconcilers'.
    pub reconcile: ReconcileMetrics,
}

/// What became of attempts.
#[derive(Clone, Debug, Default)]
pub struct DeliverMetrics {
    attempts: Family<AttemptLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AttemptLabels {
    outcome: &'static str,
    reason: &'static str,
}

/// How a lane groups, and how long its statement takes.
#[derive(Clone, Debug)]
pub struct LaneMetrics {
    group_size: Histogram,
    seconds: Histogram,
}

/// What reconcilers found and did.
#[derive(Clone, Debug, Default)]
pub struct ReconcileMetrics {
    found: Family<FoundLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FoundLabels {
    reconciler: &'static str,
}

impl DeliverMetrics {
    /// Counts an attempt that ended.
    pub fn count(&self, outcome: AttemptOutcome, reason: Option<AttemptReason>) {
        let outcome = match outcome {
            AttemptOutcome::Accepted => "accepted",
            AttemptOutcome::RefusedPermanent => "refused_permanent",
            AttemptOutcome::RefusedTemporary => "refused_temporary",
            AttemptOutcome::RefusedConfiguration => "refused_configuration",
            AttemptOutcome::NotSent => "not_sent",
            AttemptOutcome::Unknown => "unknown",
        };
        let reason = reason.map_or("", AttemptReason::as_str);
        self.attempts.get_or_create(&AttemptLabels { outcome, reason }).inc();
    }
}

impl Default for LaneMetrics {
    fn default() -> Self {
        Self {
            group_size: Histogram::new(exponential_buckets(1.0, 2.0, 9)),
            seconds: Histogram::new(exponential_buckets(0.000_5, 2.0, 14)),
        }
    }
}

impl LaneMetrics {
    /// Notes one group.
    pub fn observe(&self, items: usize, took: Duration) {
        self.group_size.observe(f64::from(u32::try_from(items).unwrap_or(u32::MAX)));
        self.seconds.observe(took.as_secs_f64());
    }
}

impl ReconcileMetrics {
    /// Notes how many rows a reconciler put right.
    pub fn count(&self, reconciler: &'static str, rows: u64) {
        self.found.get_or_create(&FoundLabels { reconciler }).inc_by(rows);
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("porchlight_worker");
        let (conveyor, deliver) = (conveyor::Metrics::default(), DeliverMetrics::default());
        let (begin, finish, reconcile) =
            (LaneMetrics::default(), LaneMetrics::default(), ReconcileMetrics::default());
        conveyor.register(&mut registry);
        registry.register("attempts", "Attempts that ended", deliver.attempts.clone());
        registry.register("reconciled", "Rows that a reconciler put right", reconcile.found.clone());
        for (name, lane) in [("begin", &begin), ("finish", &finish)] {
            registry.register(
                format!("{name}_group_size"),
                "Deliveries in one statement",
                lane.group_size.clone(),
            );
            registry.register(
                format!("{name}_seconds"),
                "Seconds from a group's start to its commit",
                lane.seconds.clone(),
            );
        }
        Self { registry, conveyor, deliver, begin, finish, reconcile }
    }
}

impl Metrics {
    /// All of it as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut page = String::new();
        text::encode(&mut page, &self.registry).expect("writing to a string does not fail");
        page
    }
}

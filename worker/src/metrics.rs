//! What the worker counts; `/metrics` shows it in the Prometheus text format.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64},
    time::Duration,
};

use porchlight_shared::{
    domain::{AttemptOutcome, AttemptReason, Channel, PauseReason},
    runtime::clock::Stopwatch,
    store::reconcilers::ReconcilerName,
};
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

use crate::conveyor::{self, Depth};

/// The worker's metrics, one struct for each room.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// The conveyors', one for each channel.
    conveyors: conveyor::Families,
    /// The courier's.
    pub deliver: DeliverMetrics,
    /// Begin's lane.
    pub begin: LaneMetrics,
    /// Finish's lane.
    pub finish: LaneMetrics,
    /// The reconcilers'.
    pub reconcile: ReconcileMetrics,
    /// The breaker's.
    pub breaker: BreakerMetrics,
}

/// What became of attempts.
#[derive(Clone, Debug, Default)]
pub struct DeliverMetrics {
    attempts: Family<AttemptLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AttemptLabels {
    channel: &'static str,
    outcome: &'static str,
    reason: &'static str,
}

/// How a lane groups, and how long its statement takes.
#[derive(Clone, Debug)]
pub struct LaneMetrics {
    group_size: Histogram,
    seconds: Histogram,
}

/// What reconcilers found and did, and what they saw of the queue on the way.
#[derive(Clone, Debug, Default)]
pub struct ReconcileMetrics {
    found: Family<FoundLabels, Counter>,
    pauses: Family<ReasonLabels, Counter>,
    depth: Family<DepthLabels, Gauge>,
    oldest_due: Family<ChannelLabels, Gauge<f64, AtomicU64>>,
    since_look: Family<ReconcilerLabels, Gauge<f64, AtomicU64>>,
    looked: Arc<Mutex<BTreeMap<ReconcilerName, Stopwatch>>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReconcilerLabels {
    reconciler: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FoundLabels {
    reconciler: &'static str,
    what: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DepthLabels {
    channel: &'static str,
    part: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ChannelLabels {
    channel: &'static str,
}

/// What became of the channel.
#[derive(Clone, Debug, Default)]
pub struct BreakerMetrics {
    closed: Family<ChannelLabels, Gauge>,
    closings: Family<ReasonLabels, Counter>,
    probes: Family<ProbeLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    channel: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProbeLabels {
    channel: &'static str,
    result: &'static str,
}

impl DeliverMetrics {
    /// Counts an attempt that ended.
    pub fn count(&self, channel: Channel, outcome: AttemptOutcome, reason: Option<AttemptReason>) {
        let outcome = match outcome {
            AttemptOutcome::Accepted => "accepted",
            AttemptOutcome::RefusedPermanent => "refused_permanent",
            AttemptOutcome::RefusedTemporary => "refused_temporary",
            AttemptOutcome::RefusedConfiguration => "refused_configuration",
            AttemptOutcome::NotSent => "not_sent",
            AttemptOutcome::Unknown => "unknown",
        };
        let reason = reason.map_or("", AttemptReason::as_str);
        let labels = AttemptLabels { channel: channel.as_str(), outcome, reason };
        self.attempts.get_or_create(&labels).inc();
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
    /// Notes what a reconciler put right.
    pub fn count(&self, reconciler: ReconcilerName, found: &[(&'static str, u64)]) {
        for &(what, count) in found {
            let labels = FoundLabels { reconciler: reconciler.as_str(), what };
            self.found.get_or_create(&labels).inc_by(count);
        }
    }

    /// Notes that a batch was paused because it does harm.
    pub fn pause(&self, channel: Channel, reason: PauseReason) {
        let labels = ReasonLabels { channel: channel.as_str(), reason: reason.as_str() };
        self.pauses.get_or_create(&labels).inc();
    }

    /// Notes that a reconciler looked just now, in this worker or in another, or is about to for the first time.
    pub fn looked(&self, reconciler: ReconcilerName) {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        looked.insert(reconciler, Stopwatch::start());
    }

    /// How long ago that was is known when somebody asks: also of one that hangs.
    fn tell_ages(&self) {
        for (reconciler, watch) in &*self.looked.lock().unwrap_or_else(PoisonError::into_inner) {
            let labels = ReconcilerLabels { reconciler: reconciler.as_str() };
            self.since_look.get_or_create(&labels).set(watch.elapsed().as_secs_f64());
        }
    }

    /// Notes how many jobs the queue holds.
    pub fn depth(&self, channel: Channel, depth: Depth) {
        let parts = [("waiting", depth.waiting), ("delayed", depth.delayed), ("leased", depth.leased)];
        for (part, jobs) in parts {
            let gauge = self.depth.get_or_create(&DepthLabels { channel: channel.as_str(), part });
            gauge.set(i64::try_from(jobs).unwrap_or(i64::MAX));
        }
    }

    /// Notes how long the oldest row that may go has been due.
    pub fn oldest_due(&self, channel: Channel, age: Duration) {
        self.oldest_due.get_or_create(&ChannelLabels { channel: channel.as_str() }).set(age.as_secs_f64());
    }
}

impl BreakerMetrics {
    /// Notes whether the channel is closed.
    pub fn closed(&self, channel: Channel, closed: bool) {
        self.closed.get_or_create(&ChannelLabels { channel: channel.as_str() }).set(closed.into());
    }

    /// Notes that this worker closed it.
    pub fn closing(&self, channel: Channel, reason: AttemptReason) {
        let labels = ReasonLabels { channel: channel.as_str(), reason: reason.as_str() };
        self.closings.get_or_create(&labels).inc();
    }

    /// Notes how a probe ended.
    pub fn probe(&self, channel: Channel, got_through: bool) {
        let result = if got_through { "got_through" } else { "closed_on" };
        self.probes.get_or_create(&ProbeLabels { channel: channel.as_str(), result }).inc();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("porchlight_worker");
        let deliver = DeliverMetrics::default();
        let (begin, finish) = (LaneMetrics::default(), LaneMetrics::default());
        let (reconcile, breaker) = (ReconcileMetrics::default(), BreakerMetrics::default());
        let conveyors = conveyor::Families::default();
        conveyors.register(&mut registry);
        registry.register("attempts", "Attempts that ended", deliver.attempts.clone());
        registry.register("reconciled", "What a reconciler put right", reconcile.found.clone());
        registry.register(
            "batch_pauses",
            "Batches that this worker paused because they do harm",
            reconcile.pauses.clone(),
        );
        registry.register(
            "reconciler_look_age_seconds",
            "Seconds since a reconciler last looked, in this worker or in another",
            reconcile.since_look.clone(),
        );
        registry.register("queue_depth", "Jobs in Redis", reconcile.depth.clone());
        registry.register(
            "oldest_due_seconds",
            "How long the oldest row that may go has been due; zero below ten seconds",
            reconcile.oldest_due.clone(),
        );
        registry.register(
            "channel_closed",
            "1 while the provider takes nothing from us",
            breaker.closed.clone(),
        );
        registry.register(
            "channel_closings",
            "Times that this worker closed the channel",
            breaker.closings.clone(),
        );
        registry.register(
            "channel_probes",
            "Single messages tried while the channel is closed",
            breaker.probes.clone(),
        );
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
        Self { registry, conveyors, deliver, begin, finish, reconcile, breaker }
    }
}

impl Metrics {
    /// A channel's conveyor's.
    #[must_use]
    pub fn conveyor(&self, channel: Channel) -> conveyor::Metrics {
        self.conveyors.of(channel.as_str())
    }

    /// All of it as text.
    #[must_use]
    pub fn text(&self) -> String {
        self.reconcile.tell_ages();
        let mut page = String::new();
        text::encode(&mut page, &self.registry).expect("writing to a string does not fail");
        page
    }
}

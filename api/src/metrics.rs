//! What the API counts; `/metrics` shows it in the Prometheus text format.

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        counter::Counter,
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

/// Labels of a request: the route as it was declared, never the path as it was called.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// Declared route, ids left as their names.
    pub route: String,
    /// HTTP method.
    pub method: &'static str,
    /// HTTP status.
    pub status: u16,
}

/// The API's metrics.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Seconds from request to answer.
    pub request_seconds: Family<RequestLabels, Histogram, fn() -> Histogram>,
    /// Entries of lists that became deliveries.
    pub entries_accepted: Counter,
    /// Entries of lists that did not.
    pub entries_declined: Counter,
    /// Pushes that Redis did not take; the worker's reconciler makes up for them.
    pub pushes_failed: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("porchlight_api");
        let request_seconds = Family::<_, _, fn() -> Histogram>::new_with_constructor(|| {
            Histogram::new(exponential_buckets(0.000_5, 2.0, 16))
        });
        let (entries_accepted, entries_declined, pushes_failed) = Default::default();
        registry.register("request_seconds", "Seconds from request to answer", request_seconds.clone());
        registry.register(
            "entries_accepted",
            "Entries of lists that became deliveries",
            Counter::clone(&entries_accepted),
        );
        registry.register(
            "entries_declined",
            "Entries of lists that did not",
            Counter::clone(&entries_declined),
        );
        registry.register("pushes_failed", "Pushes that Redis did not take", Counter::clone(&pushes_failed));
        Self { registry, request_seconds, entries_accepted, entries_declined, pushes_failed }
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

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

/// What became of a provider's call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReceiptResult {
    /// It told something new.
    Recorded,
    /// It told what was known.
    Repeated,
    /// It is about nothing of ours.
    Unknown,
    /// Its signature does not fit.
    Forged,
    /// A resident wrote.
    Text,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReceiptLabels {
    result: &'static str,
}

impl ReceiptResult {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Repeated => "repeated",
            Self::Unknown => "unknown",
            Self::Forged => "forged",
            Self::Text => "text",
        }
    }
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
    /// Households that joined.
    pub households_joined: Counter,
    /// Well-formed access codes that nobody has.
    pub wrong_codes: Counter,
    /// Readers who stopped further messages.
    pub stops: Counter,
    receipts: Family<ReceiptLabels, Counter>,
    /// Pushes that Redis did not take; the worker's reconciler makes up for them.
    pub pushes_failed: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("porchlight_api");
        let request_seconds = Family::<_, _, fn() -> Histogram>::new_with_constructor(|| {
            Histogram::new(exponential_buckets(0.000_5, 2.0, 16))
        });
        registry.register("request_seconds", "Seconds from request to answer", request_seconds.clone());
        let receipts = Family::<ReceiptLabels, Counter>::default();
        registry.register("receipts", "Calls of the provider of texts", receipts.clone());
        let mut counter = |name: &str, help: &str| {
            let counter = Counter::default();
            registry.register(name, help, Counter::clone(&counter));
            counter
        };
        let entries_accepted = counter("entries_accepted", "Entries of lists that became deliveries");
        let entries_declined = counter("entries_declined", "Entries of lists that did not");
        let households_joined = counter("households_joined", "Households that joined");
        let wrong_codes = counter("wrong_codes", "Well-formed access codes that nobody has");
        let stops = counter("stops", "Readers who stopped further messages");
        let pushes_failed = counter("pushes_failed", "Pushes that Redis did not take");
        Self {
            registry,
            request_seconds,
            entries_accepted,
            entries_declined,
            households_joined,
            wrong_codes,
            stops,
            receipts,
            pushes_failed,
        }
    }
}

impl Metrics {
    /// Counts a provider's call.
    pub fn receipt(&self, result: ReceiptResult) {
        self.receipts.get_or_create(&ReceiptLabels { result: result.as_str() }).inc();
    }

    /// All of it as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut page = String::new();
        text::encode(&mut page, &self.registry).expect("writing to a string does not fail");
        page
    }
}

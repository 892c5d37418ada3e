//! What the conveyor counts.

use prometheus_client::{metrics::counter::Counter, registry::Registry};

/// Each counter is declared once: its name, and what it counts.
macro_rules! counters {
    ($($name:ident: $counts:literal,)*) => {
        /// Counters of one conveyor; clones share them.
        #[derive(Clone, Debug, Default)]
        pub struct Metrics {
            $(#[doc = $counts] pub(super) $name: Counter,)*
        }

        impl Metrics {
            /// Registers everything; pass a sub-registry that carries the channel as a label.
            pub fn register(&self, registry: &mut Registry) {
                $(registry.register(concat!("conveyor_", stringify!($name)), $counts, self.$name.clone());)*
            }
        }
    };
}

counters! {
    claims: "Claim calls",
    admissions: "Jobs admitted by the pace and claimed",
    admissions_returned: "Admissions given back unused",
    lease_expiries: "Leases found expired",
    leases_lost: "Leases of running jobs that were gone when renewed",
    garbage: "Elements dropped because they were no jobs",
    vanished: "Known jobs found in no list, to be pushed again",
    acknowledgement_batches: "Acknowledge calls",
    acknowledgements: "Jobs settled",
    acknowledgements_stale: "Settlements of leases that were no longer ours",
    redis_errors: "Failed calls",
}

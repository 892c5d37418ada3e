//! What the conveyor counts.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

/// Whose counter it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    channel: &'static str,
}

/// Each counter is declared once: its name, and what it counts.
macro_rules! counters {
    ($($name:ident: $counts:literal,)*) => {
        /// Counters of one conveyor; clones share them.
        #[derive(Clone, Debug, Default)]
        pub struct Metrics {
            $(#[doc = $counts] pub(super) $name: Counter,)*
        }

        /// The counters of all conveyors of a process, told apart by their channel.
        #[derive(Clone, Debug, Default)]
        pub struct Families {
            $($name: Family<Labels, Counter>,)*
        }

        impl Families {
            /// Registers everything.
            pub fn register(&self, registry: &mut Registry) {
                $(registry.register(concat!("conveyor_", stringify!($name)), $counts, self.$name.clone());)*
            }

            /// The counters of one channel's conveyor.
            #[must_use]
            pub fn of(&self, channel: &'static str) -> Metrics {
                let labels = Labels { channel };
                Metrics { $($name: self.$name.get_or_create(&labels).clone(),)* }
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

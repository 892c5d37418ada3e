//! What both Porchlight processes must agree on, and nothing else.
//!
//! A thing enters this crate only if `porchlight-api` **and** `porchlight-worker` use it today. The rooms:
//!
//! * [`domain`]: the nouns and their rules: ids, addresses, access codes, deliveries and what may become of them.
//! * [`queue`]: the job that travels from intake to worker, the names of its keys, and push.
//! * [`store`]: the connection to the ledger.
//! * [`runtime`]: settings, logs, clock, shutdown.

pub mod domain;
pub mod queue;
pub mod runtime;
pub mod store;

//! What both Porchlight processes must agree on, and nothing else.
//!
//! A thing enters this crate only if `porchlight-api` **and** `porchlight-worker` use it today. The rooms:
//!
//! * [`domain`]: the nouns and their rules: ids, addresses, access codes, deliveries and what may become of them.
//! * [`message`]: what an invitation says, by e-mail and as a text; the leader's preview and the delivery render the same.
//! * [`queue`]: the job that travels from intake to worker, the names of its keys, and push.
//! * [`store`]: the connection to the ledger.
//! * [`runtime`]: settings, logs, clock, shutdown.

pub mod domain;
pub mod message;
pub mod queue;
pub mod runtime;
pub mod store;

//! Delivering: one claimed job, from begin to finish.
//!
//! [`courier`] tells the story of one channel: begin in the ledger, compose, send, decide, finish in the ledger, settle
//! the claim. [`composer`] writes the message (`personal` what goes to people by name), [`way`] hands it to the channel's provider.
//! [`begin`] and [`finish`] hold one statement each for many deliveries, [`lane`] groups them, [`letterhead`] knows what
//! a batch's messages have in common, [`retry`] decides, as a pure function, what an outcome means, [`breaker`] closes
//! the channel when the provider will have nothing of us. What is promised:
//!
//! * **Recorded before, recorded after.** No provider is contacted before `sending` is committed, no claim is settled
//!   before the outcome is. What lies between is bounded by the attempt's deadline.
//! * **Fenced.** Only a delivery that waits begins, so a job that was pushed or claimed twice does nothing the second
//!   time. An outcome lands only on the attempt it belongs to.
//! * **Nothing said twice lightly.** Once a provider may have a message it is `checking`, not `retry_wait`.

pub mod begin;
pub mod breaker;
pub mod composer;
pub mod courier;
pub mod finish;
pub mod lane;
pub mod letterhead;
mod personal;
mod report;
pub mod retry;
pub mod way;

//! Providers that misbehave on request and show what they were given.
//!
//! Each sandbox is a library started in-process, with switches reachable over HTTP as well, for
//! those who are in another process. Each has an inbox; [`inbox`] is one for all of them.

mod frame;
pub mod inbox;
pub mod smtp;
pub mod twilio;

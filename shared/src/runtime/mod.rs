//! What every process needs before it can do its work: settings, logs, a clock, and a way to stop.
//!
//! A closed list: nothing enters here that only one process uses.

pub mod build_id;
pub mod clock;
pub mod env;
pub mod shutdown;
pub mod site;
pub mod telemetry;

//! Porchlight's delivery worker: it claims jobs at the provider's pace, sends, and records every outcome.
//!
//! The rooms, in the order in which a delivery meets them:
//!
//! * [`conveyor`]: jobs come in from Redis under a lease, at the provider's pace, and their fates go back.
//! * [`deliver`]: begin in the ledger, compose, send, finish in the ledger.
//! * [`email`]: a letter becomes bytes, bytes an outcome that the ledger can trust.
//! * [`text`]: an invitation becomes a text message, a request to Twilio, and such an outcome.
//! * [`reconcile`]: what fell between two steps is picked up.
//!
//! Beside them: [`config`], [`metrics`], [`health`], [`sabotage`], and [`mod@run`], which puts it all together.

mod cli;
pub mod config;
pub mod conveyor;
pub mod deliver;
pub mod email;
pub mod health;
pub mod metrics;
pub mod reconcile;
pub mod run;
pub mod sabotage;
pub mod text;

pub use cli::run;

/// Which sources this program was built from.
pub const BUILD_ID: &str = env!("PORCHLIGHT_BUILD_ID");

//! Porchlight's intake service: it checks lists, stores them in the ledger, enqueues their deliveries, and shows
//! what became of each.
//!
//! The rooms, in the order in which an invitation meets them:
//!
//! * [`access`]: who is calling, for which community, how often.
//! * [`intake`]: entries become verdicts, verdicts a batch, a batch jobs. One transaction, then the push.
//! * [`board`]: what leaders watch.
//! * [`chasing`]: what they do about what did not arrive.
//! * [`passes`]: the same invitations on paper.
//! * [`join`]: what residents see: a household joins with its code.
//! * [`family`]: what they see afterwards: their household, and whom its head invites.
//! * [`asked`]: what they ask for, and what leaders answer.
//! * [`sign_in`]: leaders and residents sign in with a link, by [`letters`] of which nobody may ask for too many ([`limits`]).
//! * [`settings`]: what a community says of itself, and whether that is enough to send.
//! * [`suppressions`]: who must not be written to.
//! * [`stop`]: a reader stops further messages.
//! * [`receipts`]: providers tell how far a message came, and residents answer texts.
//! * [`people`]: who may act for a community.
//! * [`audit`]: who did what.
//! * [`admin`]: what the operator does from the command line.
//!
//! Beside them: [`problem`] (every error that leaves the building), [`state`], [`config`], [`health`], [`metrics`],
//! [`pages`] (the look of what residents see), [`say`] (what leaders read), [`secret`] (what we hand out), [`visitor`] (where they come from),
//! [`serve`] (the routes), [`docs`] (the HTTP API, to be read).

// First: its macros are known to all that follow.
#[macro_use]
pub mod say;

pub mod access;
pub mod admin;
pub mod asked;
pub mod audit;
pub mod board;
pub mod chasing;
mod cli;
pub mod config;
pub mod docs;
pub mod family;
pub mod health;
pub mod intake;
pub mod join;
pub mod letters;
pub mod limits;
pub mod metrics;
pub mod pages;
pub mod passes;
pub mod people;
pub mod problem;
pub mod receipts;
pub mod refusals;
pub mod secret;
pub mod serve;
pub mod settings;
pub mod sign_in;
pub mod state;
pub mod stop;
pub mod suppressions;
pub mod visitor;

pub use cli::run;

/// Which sources this program was built from.
pub const BUILD_ID: &str = env!("PORCHLIGHT_BUILD_ID");

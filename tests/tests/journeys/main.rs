//! Journeys: through real processes, as a user, an operator, or an accident would have it.
//!
//! Each journey has a database and a Redis database of its own on the shared private stack (or a stack of its own,
//! where a server is harmed). Time moves by `app_clock`; nothing waits but for a condition.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod accidents;
mod board;
mod breaker;
mod browser;
mod chaos;
mod chasing;
mod counts;
mod deadline;
mod deciding;
mod drafts;
mod family;
mod homes;
mod input;
mod interleavings;
mod inviting;
mod joining;
mod keys;
mod lapsing;
mod lists;
mod pace;
mod passes;
mod queue;
mod receipts;
mod rules;
mod sending;
mod settings;
mod sign_in;
mod steering;
mod stopping;
mod storms;
mod suppressions;
mod texting;
mod time_left;
mod windows;
mod world;

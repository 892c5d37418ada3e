//! What Porchlight needs around it to be tried, shown and measured: private servers and sandbox
//! providers. Nothing here knows Porchlight from the inside; it is seen through processes, HTTP,
//! SMTP and SQL only.
//!
//! - [`stack`]: a Postgres and a Redis of one's own, gone when their owner is gone.
//! - [`sandbox`]: providers that misbehave on request, and show what they were given.
//! - [`installation`]: a whole Porchlight of real processes on such a stack.
//! - [`demo`]: the main job, shown.
//! - [`mod@bench`]: figures, measured from outside.
//! - [`chaos`]: kills it at every step, and counts what became of each message.
//! - [`broken`]: takes promises out of a copy of the sources, and demands that the tests notice.
//! - [`mod@barrier`]: where conversations are stopped and lines cut.
//! - [`caller`]: HTTP calls that stay on this machine.
//! - [`sqlx_data`]: keeps the checked-in `.sqlx` equal to the queries and the migrations.

pub mod barrier;
pub mod bench;
pub mod broken;
pub mod caller;
pub mod chaos;
pub mod demo;
pub mod installation;
pub mod sandbox;
pub mod sqlx_data;
pub mod stack;

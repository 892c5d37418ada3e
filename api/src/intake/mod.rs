//! Intake: a list becomes a batch of deliveries, or says entry by entry why not.
//!
//! [`body`] takes the bytes, [`request`] what is asked for, [`reading`] makes entries of them, [`judging`] gives each its
//! verdict, [`facts`] adds the ledger's word. [`verify`] tells the leader; [`endpoint`] sends, and [`batch`] tells the
//! story of its one transaction; [`drafts`] keep what has to be mended, and whole lists on their way through the board's pages; [`import`] takes in homes without inviting
//! anybody. [`ledger`] holds the statements, [`idempotency`] makes a repeat harmless. What is promised:
//!
//! * What was answered with 202 is in the ledger. Redis may be away; the jobs follow.
//! * A bad row costs only itself.
//! * Two leaders who invite the same household in the same second make one invitation: the database sees to it.

pub mod batch;
pub mod body;
pub mod drafts;
pub mod endpoint;
pub mod facts;
pub mod homes;
pub mod idempotency;
pub mod import;
pub mod judging;
pub mod ledger;
pub mod reading;
pub mod request;
pub mod verify;

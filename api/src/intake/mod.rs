//! Intake: a list becomes a batch of deliveries, or says entry by entry why not.
//!
//! [`endpoint`] takes the request, [`request`] reads it leniently, [`entry`] judges what stands in each row,
//! [`batch`] tells the story of the one transaction, [`ledger`] holds its statements, [`idempotency`] makes a repeat
//! harmless. What is promised:
//!
//! * What was answered with 202 is in the ledger. Redis may be away; the jobs follow.
//! * A bad row costs only itself.
//! * Two leaders who invite the same household in the same second make one invitation: the database sees to it.

pub mod batch;
pub mod endpoint;
pub mod entry;
pub mod idempotency;
pub mod ledger;
pub mod request;

/// Why an address must not be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "suppression_reason", rename_all = "snake_case")]
pub enum SuppressionReason {
    /// By the link in a message.
    Unsubscribed,
    /// By answering STOP.
    OptedOut,
    /// By reporting a message as unwanted.
    Complained,
    /// By an earlier message that came back for good.
    HardBounced,
    /// By "this is not me".
    NotMe,
    /// By a leader.
    Leader,
}

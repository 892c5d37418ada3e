//! The statements of intake: one function each, arrays in, the caller owns the transaction.
//!
//! Arrays are sorted by the caller where several transactions may meet on the same rows, so that they queue up and
//! never wait in a circle.

pub mod batches;
pub mod contacts;
pub mod drafts;
pub mod endings;
pub mod homes;
pub mod invitations;
pub mod plans;

/// Rows that one statement stores: a list is held in memory once, not again in the buffers on its way.
pub const ROWS_AT_ONCE: usize = 10_000;

//! The board: what became of each delivery.
//!
//! [`batch`] counts, [`deliveries`] lists, [`timeline`] tells one delivery's story, [`cursor`] turns pages, [`steering`]
//! pauses, resumes and cancels. Counts are tallies written together with every change of state; they sum to the batch's
//! total.

pub mod batch;
pub mod cursor;
pub mod deliveries;
pub mod steering;
pub mod timeline;

//! Porchlight's delivery worker: claims jobs at the provider's pace, sends, and records every outcome.

pub mod conveyor;

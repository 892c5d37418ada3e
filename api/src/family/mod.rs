//! After the door: a household's own page, and whom its head lets in.
//!
//! * [`session`] knows a browser in which somebody joined, [`ledger`] what belongs to them, [`inviting`] is how the head
//!   invites, [`pages`] what they see under `/home`.
//! * What is promised: only members see a household, and only its head changes it; a member's code is seen by the head who
//!   drew it and goes to whom they say, works once, for seven days; there are ten of them at most; there is always one head.

pub mod inviting;
pub mod ledger;
pub mod pages;
pub mod session;

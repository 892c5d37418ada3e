//! Invitations on paper: access passes, printed for households that have not joined.
//!
//! * [`request`] is the door, [`printing`] gives every household its live invitation and writes down what is printed,
//!   [`sheets`] makes the PDF, [`marking`] hands passes over and takes them back, [`ledger`] reads; [`endpoint`] is the
//!   HTTP API. [`paper`] knows nothing of all that: it draws.
//! * What is promised: a pass carries its household's one code, as its messages do; printing the same again gives the
//!   same codes at the same places, and the same bytes while no name has changed; nothing with a code in it is stored; a code that ended leaves its place on the sheet empty.

pub mod endpoint;
pub mod ledger;
pub mod marking;
pub mod paper;
pub mod printing;
pub mod request;
pub mod sheets;

//! The nouns of Porchlight and the rules that hold wherever they are met.
//!
//! Every type here is closed: its fields are private, parsing is the only way in, and what Postgres gives back
//! goes through the same parser. A closed set is one enum in Rust and one in Postgres, with the same words.

mod channel;
mod ids;

pub use channel::Channel;
pub use ids::{BatchId, CommunityId, ContactId, DeliveryId, HouseholdId, InvitationId, TokenId};

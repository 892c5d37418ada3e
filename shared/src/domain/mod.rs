//! The nouns of Porchlight and the rules that hold wherever they are met.
//!
//! Every type here is closed: its fields are private, parsing is the only way in, and what Postgres gives back
//! goes through the same parser. A closed set is one enum in Rust and one in Postgres, with the same words.

mod access_code;
mod attempt;
mod channel;
mod colour;
mod delivery;
mod email_address;
mod ids;
mod keyring;
mod kinds;
mod pause;
mod receipt;
pub mod segments;
mod suppression;
pub mod text_codes;
mod text_sid;
mod window;

pub use access_code::{AccessCode, AccessCodeError};
pub use attempt::{AddressVerdict, AttemptOutcome, AttemptReason, Refusal};
pub use channel::Channel;
pub use colour::{Colour, ColourError};
pub use delivery::{DeliveryState, HoldReason};
pub use email_address::{EmailAddress, EmailAddressError};
pub use ids::{
    AccountId, BatchId, CommunityId, ContactId, DeliveryId, DraftId, HouseholdId, InvitationId, LeaderId,
    LetterId, MemberId, PrintingId, PropertyId, RequestId, SuppressionId, TokenId,
};
pub use keyring::{KeyFile, KeyFileError, KeyUse, Keyring, Sealed, UnsealError};
pub use kinds::{DeliveryKind, InvitationKind, LetterKind, RequestEnd, RequestKind};
pub use pause::PauseReason;
pub use receipt::ReceiptKind;
pub use suppression::{SuppressionReason, masked};
pub use text_sid::{is_message_sid, is_sid};
pub use window::{Opening, TextWindow, TextWindowError};

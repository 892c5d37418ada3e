//! The other side of the door: a household joins with its access code.
//!
//! * [`endpoint`] is `POST /v1/join`, [`landing`] the pages behind the link and the box; both come to [`find`] and
//!   [`ledger::join`], and tell the same outcomes in their own way.
//! * What is promised: looking changes nothing; a join is one transaction, so a code lets one household in once,
//!   however many try in the same moment; a typing mistake is told without a look-up and counts for nothing; who
//!   guesses is slowed down over all API processes ([`tries`]), and nobody from elsewhere with them.

use jiff::Timestamp;
use porchlight_shared::domain::{AccessCode, AccessCodeError, CommunityId, HouseholdId, InvitationId};

use crate::{problem::Problem, state::AppState, visitor::Visitor};

pub mod endpoint;
pub mod landing;
pub mod ledger;
mod newcomer;
mod tries;

pub use tries::LocalTries;

/// A live invitation.
#[derive(Debug)]
pub struct Invitation {
    /// Which.
    pub id: InvitationId,
    /// Of which community.
    pub community: CommunityId,
    /// Whose.
    pub household: HouseholdId,
    /// Until when it can be used.
    pub expires_at: Timestamp,
    /// What residents read of the community.
    pub brand: Brand,
}

/// What residents read of a community.
#[derive(Clone, Debug)]
pub struct Brand {
    /// Its full name.
    pub name: String,
    /// Whom residents ask.
    pub contact: Option<String>,
    /// Where phone numbers without a country code are dialled.
    pub country: String,
    /// When its days begin.
    pub time_zone: String,
}

/// Why a code opens nothing.
#[derive(Debug)]
pub enum Closed {
    /// It is no code at all.
    Typing(AccessCodeError),
    /// Nobody has it.
    Unknown,
    /// Somebody joined with it, or their household joined with another.
    Used(Brand),
    /// Its time is over.
    Expired(Brand),
    /// A leader took it back.
    Revoked(Brand),
    /// Another took its place.
    Replaced(Brand),
    /// Too many wrong ones came from there; seconds to wait.
    TooManyTries(u32),
    /// The ledger cannot be asked.
    Unavailable(Problem),
}

impl From<sqlx::Error> for Closed {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(Problem::from(error))
    }
}

/// Looks a code up as it was typed. Changes nothing, but that a wrong one is counted against where it came from.
///
/// # Errors
/// When the code opens nothing.
pub async fn find(state: &AppState, visitor: Visitor, typed: &str) -> Result<Invitation, Closed> {
    let code: AccessCode = typed.parse().map_err(Closed::Typing)?;
    tries::admit(state, visitor).await.map_err(Closed::TooManyTries)?;
    let lookups = state.keyring.lookups(&code);
    let mut connection = state.pool.acquire().await?;
    let found = ledger::look(&mut connection, &lookups).await;
    drop(connection);
    if let Some(found) = found? {
        return found.live();
    }
    tries::count(state, visitor).await.map_err(Closed::TooManyTries)?;
    Err(Closed::Unknown)
}

//! The other side of the door: a household joins with its access code, a blank pass, or one of its members with theirs.
//!
//! * [`endpoint`] is `POST /v1/join`, [`landing`] the pages behind the link and the box, [`outcome`] the page of each way in
//!   which a code opens nothing; all come to [`find`] and [`enter`], whose statements are in [`ledger`] and [`blank`].
//! * What is promised: looking changes nothing; a join is one transaction, so a code lets one household in once,
//!   however many try in the same moment; a typing mistake is told without a look-up and counts for nothing; who
//!   guesses is slowed down over all API processes ([`tries`]), and nobody from elsewhere with them; an account is joined
//!   to only by whoever proves it.

use jiff::Timestamp;
use porchlight_shared::domain::{
    AccessCode, AccessCodeError, AccountId, CommunityId, HouseholdId, InvitationId, InvitationKind, MemberId,
};
use sqlx::PgConnection;

use crate::{
    problem::{Problem, commit_unclear},
    state::AppState,
    visitor::Visitor,
};

pub mod blank;
pub mod endpoint;
pub mod landing;
pub mod ledger;
pub mod newcomer;
mod outcome;
mod tries;

use self::{ledger::Found, newcomer::Newcomer};
pub use tries::LocalTries;
pub(crate) use tries::count as count_wrong;

/// A live invitation.
#[derive(Debug)]
pub struct Invitation {
    /// Which.
    pub id: InvitationId,
    /// Of which community.
    pub community: CommunityId,
    /// Whom it lets in.
    pub kind: InvitationKind,
    /// Whose; `None`: a blank pass.
    pub household: Option<HouseholdId>,
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
    /// Where residents go once they have joined.
    pub portal: Option<String>,
    /// Where its logo is, if it has one.
    pub logo: Option<String>,
}

/// Why a code opens nothing.
#[derive(Debug)]
pub enum Closed {
    /// It is no code at all.
    Typing(AccessCodeError),
    /// It stood in a sample, and is nobody's.
    Sample,
    /// Nobody has it.
    Unknown,
    /// Somebody joined with it, or their household joined with another.
    Used(Brand),
    /// Its time is over; whom it let in.
    Expired(Brand, InvitationKind),
    /// A leader took it back.
    Revoked(Brand),
    /// Another took its place.
    Replaced(Brand),
    /// A leader is asked whether somebody may join with it.
    Waiting(Brand),
    /// Who lives where the blank pass was to be used has joined already.
    HouseholdExists(Brand),
    /// Whoever wants to join belongs to the household already.
    Member(Brand),
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
/// When nobody has it, or it cannot be looked up.
pub async fn look(state: &AppState, visitor: Visitor, typed: &str) -> Result<Found, Closed> {
    let code: AccessCode = typed.parse().map_err(Closed::Typing)?;
    // Whoever follows a leader's test message guesses nothing.
    if code.is_sample() {
        return Err(Closed::Sample);
    }
    tries::admit(state, visitor).await.map_err(Closed::TooManyTries)?;
    let lookups = state.keyring.lookups(&code);
    let mut connection = state.pool.acquire().await?;
    let found = ledger::look(&mut connection, &lookups).await;
    drop(connection);
    if let Some(found) = found? {
        return Ok(found);
    }
    tries::count(state, visitor).await.map_err(Closed::TooManyTries)?;
    Err(Closed::Unknown)
}

/// The same for whoever wants to join.
///
/// # Errors
/// When the code opens nothing.
pub async fn find(state: &AppState, visitor: Visitor, typed: &str) -> Result<Invitation, Closed> {
    look(state, visitor, typed).await?.live()
}

/// Who joined, or asked to.
#[derive(Clone, Copy, Debug)]
pub struct Entered {
    /// Who they are from now on.
    pub account: AccountId,
    /// Where they are in; `None`: a leader is asked first.
    pub household: Option<Joined>,
}

/// Where somebody is in.
#[derive(Clone, Copy, Debug)]
pub struct Joined {
    /// Which household.
    pub household: HouseholdId,
    /// As which member.
    pub member: MemberId,
    /// When.
    pub at: Timestamp,
    /// Whether the address is one that a message with this code reached.
    pub verified: bool,
    /// Messages that are not sent any more.
    pub spared: u64,
}

/// Lets a newcomer in, in a transaction that `also` adds to: whoever comes second is told how the code stands then.
///
/// # Errors
/// When the code opens nothing any more.
pub async fn enter<T>(
    state: &AppState,
    visitor: Visitor,
    code: &str,
    invitation: Invitation,
    newcomer: &Newcomer,
    also: impl AsyncFnOnce(&mut PgConnection, AccountId) -> sqlx::Result<T>,
) -> Result<(Entered, T), Closed> {
    let mut rng = AppState::rng();
    let ids = ledger::NewIds::draw(state.clock.now(), &mut rng);
    let mut tx = state.pool.begin().await?;
    // A long list may hold the invitation; its household is asked to come again before all connections wait for it.
    sqlx::query("SET LOCAL lock_timeout = '3s'").execute(&mut *tx).await?;
    let let_in = match invitation.kind {
        InvitationKind::Household | InvitationKind::Member => {
            ledger::join(&mut tx, &invitation, &ids, newcomer).await?
        }
        InvitationKind::Blank => blank::join(&mut tx, &invitation, &ids, newcomer).await?,
    };
    let entered = match let_in {
        LetIn::Joined(joined, account) => Entered { account, household: Some(joined) },
        LetIn::Asked(account) => Entered { account, household: None },
        LetIn::Member => return Err(Closed::Member(invitation.brand)),
        LetIn::HouseholdExists => {
            drop(tx);
            tries::count(state, visitor).await.map_err(Closed::TooManyTries)?;
            return Err(Closed::HouseholdExists(invitation.brand));
        }
        LetIn::TooLate => {
            tx.rollback().await?;
            return Err(match find(state, visitor, code).await {
                Err(closed) => closed,
                Ok(invitation) => Closed::Used(invitation.brand),
            });
        }
    };
    let added = also(&mut tx, entered.account).await?;
    tx.commit().await.map_err(|error| Closed::Unavailable(commit_unclear(error)))?;
    let (community, kind, invitation) = (invitation.community, invitation.kind, invitation.id);
    if let Some(Joined { household, spared, .. }) = entered.household {
        if kind != InvitationKind::Member {
            state.metrics.households_joined.inc();
        }
        tracing::info!(%community, %household, %invitation, spared, "somebody joined");
    } else {
        tracing::info!(%community, %invitation, "somebody waits to be let in");
    }
    Ok((entered, added))
}

/// What the ledger made of a newcomer.
#[derive(Debug)]
pub enum LetIn {
    /// They are in.
    Joined(Joined, AccountId),
    /// A leader is asked.
    Asked(AccountId),
    /// They belong there already; nothing was changed.
    Member,
    /// Who lives there has joined; nothing was changed.
    HouseholdExists,
    /// Somebody was quicker, or the invitation ended meanwhile; nothing that was changed may stay.
    TooLate,
}

//! `admin add-leader`.

use jiff::Timestamp;
use porchlight_shared::domain::{CommunityId, EmailAddress, LeaderId};
use sqlx::PgPool;

use crate::{
    access::Role,
    audit::{Actor, By},
    people::{self, LONGEST_NAME, Refused},
};

/// Why nobody was added.
#[derive(Debug, thiserror::Error)]
pub enum AddLeaderError {
    /// There is no such community.
    #[error("there is no community {0}; `porchlight-api admin create-community` makes one")]
    NoSuchCommunity(CommunityId),
    /// An argument does not fit.
    #[error("{0}")]
    Argument(&'static str),
    /// The people of the community say no.
    #[error("nobody was added")]
    Refused(#[from] Refused),
}

impl From<sqlx::Error> for AddLeaderError {
    fn from(error: sqlx::Error) -> Self {
        Self::Refused(error.into())
    }
}

/// Adds a leader, as the operator. A worker sends the letter that says so.
///
/// # Errors
/// When an argument does not fit, they are a leader already, or the ledger does not answer.
pub async fn add_leader(
    pool: &PgPool,
    community: CommunityId,
    email: &EmailAddress,
    name: Option<&str>,
    role: Role,
    now: Timestamp,
) -> Result<LeaderId, AddLeaderError> {
    if role == Role::Service {
        return Err(AddLeaderError::Argument(
            "--role is owner or leader; a service is a program, and gets a token",
        ));
    }
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    if name.is_some_and(|name| name.chars().count() > LONGEST_NAME || name.contains(char::is_control)) {
        return Err(AddLeaderError::Argument("--name is at most 120 characters on one line"));
    }
    let known = sqlx::query_scalar!("SELECT id FROM communities WHERE id = $1", community.uuid());
    if known.fetch_optional(pool).await?.is_none() {
        return Err(AddLeaderError::NoSuchCommunity(community));
    }
    let actor = Actor { community, by: By::Operator };
    // Its delivery is due: the workers' outbox finds it.
    let (id, _) = people::add(pool, now, actor, email, name, role).await?;
    Ok(id)
}

//! `admin create-token`.

use jiff::Timestamp;
use porchlight_shared::domain::{CommunityId, TokenId};
use rand::CryptoRng;
use sqlx::PgPool;

use crate::{
    access::{PREFIX, Role},
    audit::{Act, By, Entry},
    secret::Secret,
};

/// Why no token was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateTokenError {
    /// There is no such community.
    #[error("there is no community {0}; `porchlight-api admin create-community` makes one")]
    NoSuchCommunity(CommunityId),
    /// The ledger did not take it.
    #[error("the token could not be stored; has `porchlight-api migrate` run?")]
    Store(#[from] sqlx::Error),
}

/// Makes a bearer token for one community and returns it; only its hash is kept.
///
/// # Errors
/// When there is no such community, or the ledger does not answer.
pub async fn create_token(
    pool: &PgPool,
    community: CommunityId,
    role: Role,
    now: Timestamp,
    rng: &mut impl CryptoRng,
) -> Result<String, CreateTokenError> {
    let token = Secret::draw(PREFIX, rng);
    let id = TokenId::new(now, rng);
    let mut tx = pool.begin().await?;
    let stored = sqlx::query!(
        "INSERT INTO tokens (id, community_id, role, sha256) SELECT $1, id, $3, $4 FROM communities WHERE id = $2",
        id.uuid(),
        community.uuid(),
        role as Role,
        &token.sha256()[..],
    )
    .execute(&mut *tx)
    .await?;
    if stored.rows_affected() == 0 {
        return Err(CreateTokenError::NoSuchCommunity(community));
    }
    Entry::of(By::Operator, Act::TokenCreated, id.uuid()).write(&mut tx, community).await?;
    tx.commit().await?;
    Ok(token.as_str().to_owned())
}

//! `admin sign-in-link`.

use porchlight_shared::{domain::CommunityId, runtime::site::Site};
use rand::CryptoRng;
use sqlx::PgPool;

use crate::{
    audit::{Act, By, Entry},
    secret::Secret,
};

/// Why no link was made.
#[derive(Debug, thiserror::Error)]
pub enum SignInLinkError {
    /// There is no such community.
    #[error("there is no community {0}; `porchlight-api admin create-community` makes one")]
    NoSuchCommunity(CommunityId),
    /// The ledger did not take it.
    #[error("the link could not be stored; has `porchlight-api migrate` run?")]
    Store(#[from] sqlx::Error),
}

/// Makes a link to the board that signs its first user in, within a day; only its hash is kept. That it was made stands in
/// the community's log.
///
/// # Errors
/// When there is no such community, or the ledger does not answer.
pub async fn sign_in_link(
    pool: &PgPool,
    community: CommunityId,
    site: &Site,
    rng: &mut impl CryptoRng,
) -> Result<String, SignInLinkError> {
    let secret = Secret::draw("", rng);
    let mut tx = pool.begin().await?;
    let stored = sqlx::query!(
        "INSERT INTO sign_in_links (sha256, community_id, expires_at)
         SELECT $1, id, app_now() + interval '1 day' FROM communities WHERE id = $2",
        &secret.sha256()[..],
        community.uuid(),
    )
    .execute(&mut *tx)
    .await?;
    if stored.rows_affected() == 0 {
        return Err(SignInLinkError::NoSuchCommunity(community));
    }
    Entry::whole(By::Operator, Act::LinkCreated).write(&mut tx, community).await?;
    tx.commit().await?;
    Ok(format!("{}/sign-in/{}", site.as_str(), secret.as_str()))
}

//! `Idempotency-Key`: the same key and request get the same answer for 24 hours.
//!
//! The key's row is written in the transaction that it answers for, so both are there or neither is, and a twin in
//! flight waits for the first one's commit.

use axum::http::{HeaderMap, Method, StatusCode};
use porchlight_shared::domain::CommunityId;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use crate::problem::{Kind, Problem};

const HEADER: &str = "idempotency-key";
const LONGEST: usize = 255;

/// A key together with what it was sent with.
#[derive(Debug)]
pub struct IdempotencyKey {
    key: String,
    request_hash: [u8; 32],
}

/// The newest answer that was given under a key that begins so.
///
/// # Errors
/// When the ledger does not answer.
pub async fn newest(
    tx: &mut PgConnection,
    community: CommunityId,
    beginning: &str,
) -> Result<Option<String>, sqlx::Error> {
    let newest = sqlx::query_scalar!(
        "SELECT response FROM idempotency_keys WHERE community_id = $1 AND starts_with(key, $2)
         ORDER BY created_at DESC LIMIT 1",
        community.uuid(),
        beginning,
    );
    Ok(newest.fetch_optional(tx).await?.flatten())
}

/// What a key means now.
#[derive(Debug)]
pub enum Claim {
    /// Nobody used it; answer, and [`IdempotencyKey::remember`] the answer before the commit.
    Fresh,
    /// The answer was given before.
    Replay(StatusCode, String),
}

impl IdempotencyKey {
    /// Reads the header, if there is one.
    ///
    /// # Errors
    /// When it is not 1 to 255 visible ASCII characters.
    pub fn of_request(
        headers: &HeaderMap,
        method: &Method,
        path: &str,
        body: &[u8],
    ) -> Result<Option<Self>, Problem> {
        let Some(value) = headers.get(HEADER) else { return Ok(None) };
        let fits = |key: &&str| {
            (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let Some(key) = value.to_str().ok().filter(fits) else {
            let detail =
                format!("Idempotency-Key must be 1 to {LONGEST} visible ASCII characters without spaces.");
            return Err(Problem::new(Kind::InvalidHeader, detail));
        };
        let mut hash = Sha256::new();
        for part in [method.as_str().as_bytes(), b"\0", path.as_bytes(), b"\0", body] {
            hash.update(part);
        }
        Ok(Some(Self { key: key.to_owned(), request_hash: hash.finalize().into() }))
    }

    /// A key that a form of ours carries, together with what it asks for.
    #[must_use]
    pub fn of_form(key: String, asked: &str) -> Self {
        Self { key, request_hash: Sha256::digest(asked).into() }
    }

    /// Claims the key for this transaction, waiting for a twin in flight as long as the transaction waits for locks.
    ///
    /// # Errors
    /// When the key was used for another request, a twin takes longer, or the ledger does not answer.
    pub async fn claim(&self, tx: &mut PgConnection, community: CommunityId) -> Result<Claim, Problem> {
        sqlx::query!(
            "DELETE FROM idempotency_keys
             WHERE community_id = $1 AND key = $2 AND created_at < app_now() - interval '24 hours'",
            community.uuid(),
            self.key,
        )
        .execute(&mut *tx)
        .await?;
        let claimed = sqlx::query!(
            "INSERT INTO idempotency_keys (community_id, key, request_hash) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            community.uuid(),
            self.key,
            &self.request_hash[..],
        )
        .execute(&mut *tx)
        .await?;
        if claimed.rows_affected() == 1 {
            return Ok(Claim::Fresh);
        }
        let earlier = sqlx::query!(
            "SELECT request_hash, status, response FROM idempotency_keys WHERE community_id = $1 AND key = $2",
            community.uuid(),
            self.key,
        )
        .fetch_one(&mut *tx)
        .await?;
        if earlier.request_hash != self.request_hash {
            let detail =
                "Another request was sent with this Idempotency-Key. Use a new key for a new request.";
            return Err(Problem::new(Kind::KeyReused, detail));
        }
        let status = earlier.status.and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
        Ok(Claim::Replay(
            StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
            earlier.response.unwrap_or_default(),
        ))
    }

    /// Keeps the answer, to be committed with what it answers for.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn remember(
        &self,
        tx: &mut PgConnection,
        community: CommunityId,
        status: StatusCode,
        response: &str,
    ) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "UPDATE idempotency_keys SET status = $3, response = $4 WHERE community_id = $1 AND key = $2",
            community.uuid(),
            self.key,
            i16::try_from(status.as_u16()).expect("HTTP statuses are small"),
            response,
        )
        .execute(tx)
        .await?;
        Ok(())
    }
}

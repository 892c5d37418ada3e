//! The statements about who must not be written to.

use jiff::Timestamp;
use porchlight_shared::domain::{Channel, CommunityId, Keyring, SuppressionId, SuppressionReason, masked};
use sqlx::PgPool;

use super::may_be_lifted;
use crate::{
    audit::{Act, Actor, Entry},
    intake::judging::Address,
};

/// An address that must not be written to, never the address itself.
#[derive(Clone, Debug)]
pub struct Suppression {
    /// Which.
    pub id: SuppressionId,
    /// What kind of address.
    pub channel: Channel,
    /// As it is shown; empty: it was forgotten on request.
    pub masked: String,
    /// Why.
    pub reason: SuppressionReason,
    /// Since when.
    pub since: Timestamp,
}

/// Which of them are listed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// That of this address alone, by its hash.
    pub hash: Option<&'a [u8; 32]>,
    /// Those before this one.
    pub before: Option<SuppressionId>,
    /// At most so many.
    pub most: i64,
}

/// Those in force, the newest first.
///
/// # Errors
/// When the ledger does not answer.
pub async fn list(
    pool: &PgPool,
    community: CommunityId,
    wanted: Wanted<'_>,
) -> sqlx::Result<Vec<Suppression>> {
    let rows = sqlx::query!(
        r#"SELECT s.id, s.channel AS "channel: Channel", s.address_masked, s.reason AS "reason: SuppressionReason", s.created_at
           FROM suppressions s
           WHERE s.lifted_at IS NULL
               AND (s.community_id = $1 OR s.community_id IS NULL AND EXISTS (
                   SELECT FROM contacts c
                   WHERE c.community_id = $1 AND c.channel = s.channel AND c.address_hash = s.address_hash
               ))
               AND ($2::bytea IS NULL OR s.address_hash = $2) AND ($3::uuid IS NULL OR s.id < $3)
           ORDER BY s.id DESC LIMIT $4"#,
        community.uuid(),
        wanted.hash.map(|hash| &hash[..]),
        wanted.before.map(SuppressionId::uuid),
        wanted.most,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Suppression {
            id: row.id.into(),
            channel: row.channel,
            masked: row.address_masked,
            reason: row.reason,
            since: row.created_at.to_jiff(),
        })
        .collect())
}

/// The country in which numbers without a country code are dialled.
///
/// # Errors
/// When the ledger does not answer.
pub async fn country(pool: &PgPool, community: CommunityId) -> sqlx::Result<String> {
    sqlx::query_scalar!("SELECT country FROM communities WHERE id = $1", community.uuid())
        .fetch_one(pool)
        .await
}

/// Writes down that a leader wants an address left alone. What waits for it ends when it would begin. One that is kept back
/// already stays as it is. Answers it, and whether it is new.
///
/// # Errors
/// When the ledger does not answer.
pub async fn add(
    pool: &PgPool,
    keyring: &Keyring,
    actor: Actor,
    id: SuppressionId,
    (channel, address): (Channel, &Address),
) -> sqlx::Result<(Option<Suppression>, bool)> {
    let hash = address.hash(keyring);
    let mut tx = pool.begin().await?;
    let added = sqlx::query!(
        "INSERT INTO suppressions (id, community_id, channel, address_hash, address_masked, reason) VALUES ($1, $2, $3, $4, $5, 'leader')
         ON CONFLICT (address_hash, community_id) WHERE lifted_at IS NULL DO NOTHING",
        id.uuid(),
        actor.community.uuid(),
        channel as Channel,
        &hash[..],
        masked(channel, address.as_str()),
    )
    .execute(&mut *tx)
    .await?;
    let is_new = added.rows_affected() > 0;
    if is_new {
        Entry::of(actor.by, Act::SuppressionAdded, id.uuid()).write(&mut tx, actor.community).await?;
    }
    tx.commit().await?;
    let wanted = Wanted { hash: Some(&hash), before: None, most: 1 };
    Ok((list(pool, actor.community, wanted).await?.into_iter().next(), is_new))
}

/// What became of lifting one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifted {
    /// It is.
    Done,
    /// It is, and something else keeps the same address back.
    Still,
    /// The community has none such in force.
    Nothing,
    /// Only who asked for it can.
    Theirs(SuppressionReason, Channel),
}

/// Lifts one, where a leader may.
///
/// # Errors
/// When the ledger does not answer.
pub async fn lift(pool: &PgPool, actor: Actor, id: SuppressionId) -> sqlx::Result<Lifted> {
    let mut tx = pool.begin().await?;
    let found = sqlx::query!(
        r#"SELECT s.reason AS "reason: SuppressionReason", s.channel AS "channel: Channel" FROM suppressions s
           WHERE s.id = $2 AND s.lifted_at IS NULL
               AND (s.community_id = $1 OR s.community_id IS NULL AND EXISTS (
                   SELECT FROM contacts c
                   WHERE c.community_id = $1 AND c.channel = s.channel AND c.address_hash = s.address_hash
               ))
           FOR NO KEY UPDATE OF s"#,
        actor.community.uuid(),
        id.uuid(),
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(found) = found else { return Ok(Lifted::Nothing) };
    if !may_be_lifted(found.reason) {
        return Ok(Lifted::Theirs(found.reason, found.channel));
    }
    let still = sqlx::query_scalar!(
        r#"WITH lifted AS (
               UPDATE suppressions SET lifted_at = app_now() WHERE id = $2 RETURNING id, channel, address_hash
           )
           SELECT EXISTS (
               SELECT FROM suppressions s JOIN lifted l ON l.channel = s.channel AND l.address_hash = s.address_hash
               WHERE s.id <> l.id AND s.lifted_at IS NULL AND (s.community_id = $1 OR s.community_id IS NULL)
           ) AS "still!""#,
        actor.community.uuid(),
        id.uuid(),
    )
    .fetch_one(&mut *tx)
    .await?;
    Entry::of(actor.by, Act::SuppressionLifted, id.uuid()).write(&mut tx, actor.community).await?;
    tx.commit().await?;
    Ok(if still { Lifted::Still } else { Lifted::Done })
}

//! Drafts: lists, or what was left of them, kept to be mended.

use jiff::Timestamp;
use porchlight_shared::domain::{BatchId, Channel, CommunityId, DraftId};
use sqlx::{PgConnection, Result};

use crate::audit::By;

/// A draft without its entries.
#[derive(Debug)]
pub struct Draft {
    /// Its id.
    pub id: DraftId,
    /// How the list is to be sent.
    pub channel: Channel,
    /// The batch that took the good entries, if there is one.
    pub batch: Option<BatchId>,
    /// How many entries it has.
    pub entries: i64,
    /// When it was saved.
    pub created_at: Timestamp,
    /// When it was last mended.
    pub changed_at: Timestamp,
    /// When it is dropped.
    pub expires_at: Timestamp,
}

/// An entry of a draft, as it was written.
#[derive(Clone, Debug)]
pub struct DraftEntry {
    /// Which entry of the list as it was sent in.
    pub position: i32,
    /// Its line.
    pub line: i32,
    /// Whether the list came as text.
    pub by_line: bool,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// How the message greets the reader.
    pub name: Option<String>,
    /// Where they live.
    pub unit: Option<String>,
    /// What the household is called.
    pub household: Option<String>,
    /// Whether the leader wants it sent.
    pub accept: bool,
    /// Whether a part of what was written could not be kept.
    pub incomplete: bool,
}

/// Stores a new draft.
pub async fn insert_draft(
    tx: &mut PgConnection,
    community: CommunityId,
    id: DraftId,
    channel: Channel,
    batch: Option<BatchId>,
    by: By,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO drafts (id, community_id, channel, batch_id, created_by, created_by_leader) VALUES ($1, $2, $3, $4, $5, $6)",
        id.uuid(),
        community.uuid(),
        channel as Channel,
        batch.map(BatchId::uuid),
        by.token(),
        by.leader(),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Puts entries into a draft, in the place of those that stood there.
pub async fn put_entries(tx: &mut PgConnection, draft: DraftId, entries: Vec<DraftEntry>) -> Result<()> {
    let (mut positions, mut lines, mut by_line) = (Vec::new(), Vec::new(), Vec::new());
    let (mut emails, mut phones, mut names) = (Vec::new(), Vec::new(), Vec::new());
    let (mut units, mut households, mut accepts) = (Vec::new(), Vec::new(), Vec::new());
    let mut incomplete = Vec::new();
    for entry in entries {
        positions.push(entry.position);
        lines.push(entry.line);
        by_line.push(entry.by_line);
        emails.push(entry.email);
        phones.push(entry.phone);
        names.push(entry.name);
        units.push(entry.unit);
        households.push(entry.household);
        accepts.push(entry.accept);
        incomplete.push(entry.incomplete);
    }
    sqlx::query!(
        "INSERT INTO draft_entries (draft_id, position, line, by_line, email, phone, name, unit, household, accept, incomplete)
         SELECT $1, * FROM unnest($2::int[], $3::int[], $4::bool[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bool[], $11::bool[])
         ON CONFLICT (draft_id, position) DO UPDATE SET email = excluded.email, phone = excluded.phone,
             name = excluded.name, unit = excluded.unit, household = excluded.household, accept = excluded.accept,
             incomplete = excluded.incomplete",
        draft.uuid(),
        &positions,
        &lines,
        &by_line,
        &emails as &[Option<String>],
        &phones as &[Option<String>],
        &names as &[Option<String>],
        &units as &[Option<String>],
        &households as &[Option<String>],
        &accepts,
        &incomplete,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Keeps only these entries of a draft.
pub async fn keep_only(tx: &mut PgConnection, draft: DraftId, positions: &[i32]) -> Result<()> {
    sqlx::query!(
        "DELETE FROM draft_entries WHERE draft_id = $1 AND position <> ALL($2)",
        draft.uuid(),
        positions,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes entries out of a draft.
pub async fn remove_entries(tx: &mut PgConnection, draft: DraftId, positions: &[i32]) -> Result<()> {
    sqlx::query!(
        "DELETE FROM draft_entries WHERE draft_id = $1 AND position = ANY($2)",
        draft.uuid(),
        positions
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Says of entries that they are sent although they call for a second look.
pub async fn accept_entries(tx: &mut PgConnection, draft: DraftId, positions: &[i32]) -> Result<()> {
    sqlx::query!(
        "UPDATE draft_entries SET accept = true WHERE draft_id = $1 AND position = ANY($2)",
        draft.uuid(),
        positions
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes down that a draft changed: it is kept for another 30 days.
pub async fn touch(tx: &mut PgConnection, draft: DraftId, batch: Option<BatchId>) -> Result<()> {
    sqlx::query!(
        "UPDATE drafts SET changed_at = app_now(), expires_at = app_now() + interval '30 days',
                           batch_id = coalesce($2, batch_id)
         WHERE id = $1",
        draft.uuid(),
        batch.map(BatchId::uuid),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Drops a draft; returns whether there was one.
pub async fn delete_draft(tx: &mut PgConnection, community: CommunityId, draft: DraftId) -> Result<bool> {
    let deleted = sqlx::query!(
        "DELETE FROM drafts WHERE community_id = $1 AND id = $2",
        community.uuid(),
        draft.uuid()
    );
    Ok(deleted.execute(tx).await?.rows_affected() == 1)
}

/// Locks a draft until the commit, so that two who send or mend it at once do so one after the other. Returns whether
/// there is one.
pub async fn lock_draft(tx: &mut PgConnection, community: CommunityId, draft: DraftId) -> Result<bool> {
    let found = sqlx::query!(
        "SELECT id FROM drafts WHERE community_id = $1 AND id = $2 AND expires_at > app_now() FOR UPDATE",
        community.uuid(),
        draft.uuid(),
    );
    Ok(found.fetch_optional(tx).await?.is_some())
}

/// The newest drafts of a community, or one of them.
pub async fn drafts(
    tx: &mut PgConnection,
    community: CommunityId,
    one: Option<DraftId>,
    most: i64,
) -> Result<Vec<Draft>> {
    let rows = sqlx::query!(
        r#"SELECT id, channel AS "channel: Channel", batch_id, created_at, changed_at, expires_at,
                  (SELECT count(*) FROM draft_entries e WHERE e.draft_id = d.id) AS "entries!"
           FROM drafts d
           WHERE community_id = $1 AND ($2::uuid IS NULL OR id = $2) AND expires_at > app_now()
           ORDER BY id DESC LIMIT $3"#,
        community.uuid(),
        one.map(DraftId::uuid),
        most,
    )
    .fetch_all(tx)
    .await?;
    let drafts = rows.into_iter().map(|row| Draft {
        id: row.id.into(),
        channel: row.channel,
        batch: row.batch_id.map(BatchId::from),
        entries: row.entries,
        created_at: row.created_at.to_jiff(),
        changed_at: row.changed_at.to_jiff(),
        expires_at: row.expires_at.to_jiff(),
    });
    Ok(drafts.collect())
}

/// What is left of the list that a batch took the good entries of: the draft, and how many entries it has.
pub async fn left_of(
    tx: impl sqlx::PgExecutor<'_>,
    community: CommunityId,
    batch: BatchId,
) -> Result<Option<(DraftId, i64)>> {
    let row = sqlx::query!(
        r#"SELECT id, (SELECT count(*) FROM draft_entries e WHERE e.draft_id = d.id) AS "entries!"
           FROM drafts d WHERE community_id = $1 AND batch_id = $2 AND expires_at > app_now()"#,
        community.uuid(),
        batch.uuid(),
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| (row.id.into(), row.entries)))
}

/// The entries of a draft, all or those at these positions, in order.
pub async fn entries(
    tx: &mut PgConnection,
    draft: DraftId,
    positions: Option<&[i32]>,
) -> Result<Vec<DraftEntry>> {
    sqlx::query_as!(
        DraftEntry,
        "SELECT position, line, by_line, email, phone, name, unit, household, accept, incomplete FROM draft_entries
         WHERE draft_id = $1 AND ($2::int[] IS NULL OR position = ANY($2)) ORDER BY position",
        draft.uuid(),
        positions as Option<&[i32]>,
    )
    .fetch_all(tx)
    .await
}

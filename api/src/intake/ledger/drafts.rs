//! Drafts: lists, or what was left of them, kept to be mended.

use jiff::Timestamp;
use porchlight_shared::domain::{BatchId, Channel, CommunityId, DraftId};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, Result, types::Json};

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
    /// How many entries it has, those that were removed left out.
    pub entries: i64,
    /// How many are kept for it, those that were removed, too: so many are read when it is looked at.
    pub kept: i64,
    /// When it was saved.
    pub created_at: Timestamp,
    /// When it was last mended.
    pub changed_at: Timestamp,
    /// When it is dropped.
    pub expires_at: Timestamp,
}

/// An entry of a draft, as it was written.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of its own")]
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
    /// Whether it is sent once more where its household is invited already; nothing: as the list as a whole.
    pub again: Option<bool>,
    /// Whether the leader took it out.
    pub removed: bool,
    /// What stood in it before it was first changed; nothing: what stands in it now.
    pub pasted: Option<Json<Pasted>>,
}

/// What stood in an entry before it was first changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pasted {
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
    /// Whether a part of what was written could not be kept.
    pub incomplete: bool,
}

impl DraftEntry {
    /// What stands in it.
    #[must_use]
    pub fn stands(&self) -> Pasted {
        Pasted {
            email: self.email.clone(),
            phone: self.phone.clone(),
            name: self.name.clone(),
            unit: self.unit.clone(),
            household: self.household.clone(),
            incomplete: self.incomplete,
        }
    }

    /// Remembers what stood in it before it was changed to what stands there now.
    pub fn changed_from(&mut self, before: Pasted) {
        let now = self.stands();
        if before != now {
            let pasted = self.pasted.take().map_or(before, |pasted| pasted.0);
            self.pasted = Some(pasted).filter(|pasted| *pasted != now).map(Json);
        }
    }

    /// Puts what was pasted in the place of what it was changed to.
    pub fn undo(&mut self) {
        let Some(Json(pasted)) = self.pasted.take() else { return };
        let Pasted { email, phone, name, unit, household, incomplete } = pasted;
        (self.email, self.phone, self.name) = (email, phone, name);
        (self.unit, self.household, self.incomplete) = (unit, household, incomplete);
        (self.accept, self.again) = (false, None);
    }
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
    let (mut incomplete, mut agains, mut removed) = (Vec::new(), Vec::new(), Vec::new());
    let mut pasted = Vec::new();
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
        agains.push(entry.again);
        removed.push(entry.removed);
        pasted.push(entry.pasted);
    }
    sqlx::query!(
        "INSERT INTO draft_entries (draft_id, position, line, by_line, email, phone, name, unit, household, accept, incomplete,
                                    again, removed, pasted)
         SELECT $1, * FROM unnest($2::int[], $3::int[], $4::bool[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bool[],
                                  $11::bool[], $12::bool[], $13::bool[], $14::jsonb[])
         ON CONFLICT (draft_id, position) DO UPDATE SET email = excluded.email, phone = excluded.phone,
             name = excluded.name, unit = excluded.unit, household = excluded.household, accept = excluded.accept,
             incomplete = excluded.incomplete, again = excluded.again, removed = excluded.removed, pasted = excluded.pasted",
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
        &agains as &[Option<bool>],
        &removed,
        &pasted as &[Option<Json<Pasted>>],
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Keeps only these entries of a draft, and those that were removed.
pub async fn keep_only(tx: &mut PgConnection, draft: DraftId, positions: &[i32]) -> Result<()> {
    sqlx::query!(
        "DELETE FROM draft_entries WHERE draft_id = $1 AND NOT removed AND position <> ALL($2)",
        draft.uuid(),
        positions,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Lets go of all entries of a draft.
pub async fn clear(tx: &mut PgConnection, draft: DraftId) -> Result<()> {
    sqlx::query!("DELETE FROM draft_entries WHERE draft_id = $1", draft.uuid()).execute(tx).await?;
    Ok(())
}

/// Takes entries out of a draft, or puts them back.
pub async fn remove_entries(
    tx: &mut PgConnection,
    draft: DraftId,
    positions: &[i32],
    removed: bool,
) -> Result<()> {
    sqlx::query!(
        "UPDATE draft_entries SET removed = $3 WHERE draft_id = $1 AND position = ANY($2)",
        draft.uuid(),
        positions,
        removed,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Says of one entry whether it is sent once more where its household is invited already. Who says so has looked at it.
pub async fn choose_again(tx: &mut PgConnection, draft: DraftId, position: i32, again: bool) -> Result<()> {
    sqlx::query!(
        "UPDATE draft_entries SET again = $3, accept = $3 WHERE draft_id = $1 AND position = $2",
        draft.uuid(),
        position,
        again,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes back what was said of single entries: the list as a whole decides.
pub async fn forget_again(tx: &mut PgConnection, draft: DraftId) -> Result<()> {
    sqlx::query!(
        "UPDATE draft_entries SET again = NULL, accept = accept AND NOT again WHERE draft_id = $1 AND again IS NOT NULL",
        draft.uuid(),
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
                  counted.entries AS "entries!", counted.kept AS "kept!"
           FROM drafts d CROSS JOIN LATERAL (
               SELECT count(*) FILTER (WHERE NOT removed) AS entries, count(*) AS kept
               FROM draft_entries e WHERE e.draft_id = d.id
           ) counted
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
        kept: row.kept,
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
        r#"SELECT id, (SELECT count(*) FROM draft_entries e WHERE e.draft_id = d.id AND NOT removed) AS "entries!"
           FROM drafts d WHERE community_id = $1 AND batch_id = $2 AND expires_at > app_now()"#,
        community.uuid(),
        batch.uuid(),
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| (row.id.into(), row.entries)))
}

/// The entries of a draft, all or those at these positions, in order; those that were removed, too.
pub async fn entries(
    tx: &mut PgConnection,
    draft: DraftId,
    positions: Option<&[i32]>,
) -> Result<Vec<DraftEntry>> {
    sqlx::query_as!(
        DraftEntry,
        r#"SELECT position, line, by_line, email, phone, name, unit, household, accept, incomplete, again, removed,
                  pasted AS "pasted: Json<Pasted>"
           FROM draft_entries WHERE draft_id = $1 AND ($2::int[] IS NULL OR position = ANY($2)) ORDER BY position"#,
        draft.uuid(),
        positions as Option<&[i32]>,
    )
    .fetch_all(tx)
    .await
}

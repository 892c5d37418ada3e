//! Writing a letter to somebody by name: the API for whoever signs in or was added, the worker for a batch that is done.
//!
//! It goes as a delivery of the batch of what is asked for, so that every reconciler looks after it.

use sqlx::{PgConnection, Result};

use crate::domain::{BatchId, Channel, CommunityId, DeliveryId, LeaderId, LetterId, LetterKind, MemberId};

/// What stands for consent with texts that somebody asked for.
const CONSENT: &str = "Asked for by a resident, for their own number or with its owner's consent.";

/// Ids for a letter, its delivery, and the batch of what is asked for, should it be the first.
#[derive(Clone, Copy, Debug)]
pub struct Ids {
    /// The letter's.
    pub letter: LetterId,
    /// Its delivery's.
    pub delivery: DeliveryId,
    /// The batch's.
    pub batch: BatchId,
}

/// Whom a letter is for.
#[derive(Clone, Copy, Debug)]
pub enum Reader {
    /// A leader.
    Leader(LeaderId),
    /// Somebody who joined.
    Member(MemberId),
}

/// What a letter is about, where that is not whom it is for.
#[derive(Clone, Copy, Debug)]
pub enum About {
    /// A batch, and how many of its households need somebody.
    Batch(BatchId, i32),
    /// Another leader.
    Leader(LeaderId),
}

/// A letter to be written.
#[derive(Clone, Copy, Debug)]
pub struct Letter {
    /// On whose behalf.
    pub community: CommunityId,
    /// What it says.
    pub kind: LetterKind,
    /// Whom it is for.
    pub to: Reader,
    /// How it travels.
    pub channel: Channel,
    /// What it is about.
    pub about: Option<About>,
    /// For how many seconds its link holds.
    pub holds: Option<f64>,
}

impl Letter {
    /// An e-mail about nothing but its reader.
    #[must_use]
    pub const fn of(community: CommunityId, kind: LetterKind, to: Reader) -> Self {
        Self { community, kind, to, channel: Channel::Email, about: None, holds: None }
    }

    /// The same, by another way.
    #[must_use]
    pub const fn by(self, channel: Channel) -> Self {
        Self { channel, ..self }
    }

    /// The same, about something.
    #[must_use]
    pub const fn about(self, about: About) -> Self {
        Self { about: Some(about), ..self }
    }

    /// Writes it, in the caller's transaction; whoever commits pushes its delivery. Answers false when the leader was told
    /// of this batch before.
    ///
    /// # Errors
    /// When the ledger does not take it.
    pub async fn write(&self, tx: &mut PgConnection, ids: Ids) -> Result<bool> {
        let (leader, member) = match self.to {
            Reader::Leader(leader) => (Some(leader.uuid()), None),
            Reader::Member(member) => (None, Some(member.uuid())),
        };
        let (batch, count, whom) = match self.about {
            Some(About::Batch(batch, count)) => (Some(batch.uuid()), Some(count), None),
            Some(About::Leader(whom)) => (None, None, Some(whom.uuid())),
            None => (None, None, None),
        };
        let written = sqlx::query!(
            "INSERT INTO letters (id, community_id, kind, leader_id, member_id, batch_id, count, expires_at, about_leader_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, app_now() + make_interval(secs => $8), $9)
             ON CONFLICT (batch_id, leader_id) WHERE batch_id IS NOT NULL DO NOTHING",
            ids.letter.uuid(),
            self.community.uuid(),
            self.kind as LetterKind,
            leader,
            member,
            batch,
            count,
            self.holds,
            whom,
        )
        .execute(&mut *tx)
        .await?;
        if written.rows_affected() == 0 {
            return Ok(false);
        }
        let (batch, row) = asked(&mut *tx, self.community, self.channel, ids.batch).await?;
        sqlx::query!(
            "INSERT INTO deliveries (id, community_id, kind, channel, letter_id, batch_id, batch_row, state, due_at, changed_at, created_at)
             SELECT $1, $2, $3, $7, $4, $5, $6, 'queued', now, now, now FROM (SELECT app_now() AS now) AS clock",
            ids.delivery.uuid(),
            self.community.uuid(),
            self.kind.delivery() as crate::domain::DeliveryKind,
            ids.letter.uuid(),
            batch.uuid(),
            row,
            self.channel as Channel,
        )
        .execute(tx)
        .await?;
        Ok(true)
    }
}

/// One more row of a community's batch of what is asked for: the batch, and the row's number. Number and the batch's life
/// come in one statement: whoever comes second waits here.
///
/// # Errors
/// When the ledger does not answer.
pub async fn asked(
    tx: &mut PgConnection,
    community: CommunityId,
    channel: Channel,
    new: BatchId,
) -> Result<(BatchId, i32)> {
    let row = sqlx::query!(
        "INSERT INTO batches (id, community_id, channel, purpose, list_hash, subject, template, total, consent_statement)
         SELECT $1, id, $3, 'asked', decode(repeat('00', 32), 'hex'), 'Your household is invited to ' || name, 1, 1,
                CASE WHEN $3 = 'text'::channel THEN $4 END
         FROM communities WHERE id = $2
         ON CONFLICT (community_id, channel) WHERE purpose = 'asked'
         DO UPDATE SET total = batches.total + 1, finished_at = NULL
         RETURNING id, total",
        new.uuid(),
        community.uuid(),
        channel as Channel,
        CONSENT,
    )
    .fetch_one(tx)
    .await?;
    Ok((row.id.into(), row.total))
}

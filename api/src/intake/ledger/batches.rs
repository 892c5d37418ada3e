//! Batches: who sends, whether the same list just went, and the deliveries of a new one.

use jiff::Timestamp;
use porchlight_shared::{
    domain::{
        BatchId, Channel, CommunityId, ContactId, DeliveryId, DeliveryState, HoldReason, InvitationId,
        Opening,
    },
    store::window::Known,
};
use sqlx::{PgConnection, Result};

use crate::audit::By;
use uuid::Uuid;

/// What is known of a community when it sends.
#[derive(Debug)]
pub struct Sender {
    /// Its full name.
    pub name: String,
    /// Where its phone numbers are dialled: ISO 3166-1 alpha-2.
    pub country: String,
    /// Whether its checklist is green.
    pub ready: bool,
    /// The ledger's clock.
    pub now: Timestamp,
    /// What is known of its window for texts.
    pub window: Known,
}

/// The community that sends.
pub async fn sender(tx: &mut PgConnection, community: CommunityId) -> Result<Sender> {
    let row = sqlx::query!(
        r#"SELECT name, country, ready_at IS NOT NULL AS "ready!", time_zone, text_window, text_opens_at, text_closes_at,
                  app_now() AS "now!"
           FROM communities WHERE id = $1"#,
        community.uuid(),
    )
    .fetch_one(tx)
    .await?;
    let opening = (row.text_opens_at, row.text_closes_at);
    let window = Known::new(community, row.time_zone, row.text_window, opening, row.now);
    Ok(Sender { name: row.name, country: row.country, ready: row.ready, now: window.now, window })
}

/// What messages of a community show of it, its name left out.
#[derive(Debug)]
pub struct Letterhead {
    /// Name in texts.
    pub short_name: String,
    /// Whom a resident may ask.
    pub contact: Option<String>,
    /// Where it gets its post.
    pub postal_address: Option<String>,
    /// The colour of the button.
    pub colour: Option<String>,
}

/// What messages of a community show of it.
pub async fn letterhead(tx: &mut PgConnection, community: CommunityId) -> Result<Letterhead> {
    sqlx::query_as!(
        Letterhead,
        "SELECT short_name, contact, postal_address, colour FROM communities WHERE id = $1",
        community.uuid(),
    )
    .fetch_one(tx)
    .await
}

/// Channels that are closed, and until when.
pub async fn closed_until(tx: &mut PgConnection) -> Result<Vec<(Channel, Timestamp)>> {
    let rows = sqlx::query!(
        r#"SELECT channel AS "channel: Channel", closed_until AS "closed_until!" FROM channels
           WHERE closed_until > app_now()"#
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.channel, row.closed_until.to_jiff())).collect())
}

/// Whether the same list was sent within the last day. Until the commit no other transaction gets an answer for the
/// same list.
pub async fn sent_lately(
    tx: &mut PgConnection,
    community: CommunityId,
    list_hash: &[u8; 32],
) -> Result<bool> {
    let lock = i64::from_be_bytes(*list_hash.first_chunk().expect("32 bytes hold 8"));
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", lock).execute(&mut *tx).await?;
    sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM batches
               WHERE community_id = $1 AND list_hash = $2 AND created_at > (SELECT app_now()) - interval '1 day'
           ) AS "exists!""#,
        community.uuid(),
        &list_hash[..],
    )
    .fetch_one(tx)
    .await
}

/// A new batch.
#[derive(Debug)]
pub struct NewBatch<'a> {
    /// Its id.
    pub id: BatchId,
    /// Who sends.
    pub community: CommunityId,
    /// How.
    pub channel: Channel,
    /// Who asked.
    pub requested_by: By,
    /// The list's keyed hash.
    pub list_hash: &'a [u8; 32],
    /// Subject line.
    pub subject: &'a str,
    /// Personal note.
    pub note: Option<&'a str>,
    /// Version of the message template.
    pub template: i16,
    /// Rows.
    pub total: i32,
    /// Not before.
    pub send_at: Option<Timestamp>,
    /// Not after.
    pub not_after: Option<Timestamp>,
    /// Who agreed to be texted, and when that was obtained.
    pub consent: Option<(&'a str, Option<Timestamp>)>,
}

/// Stores a new batch; returns whether it starts later (by the ledger's clock).
pub async fn insert_batch(tx: &mut PgConnection, new: &NewBatch<'_>) -> Result<bool> {
    sqlx::query_scalar!(
        r#"INSERT INTO batches
               (id, community_id, channel, requested_by, requested_by_leader, list_hash, subject, note, template, total, send_at, not_after,
                consent_statement, consent_obtained_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
           RETURNING coalesce(send_at > (SELECT app_now()), false) AS "later!""#,
        new.id.uuid(),
        new.community.uuid(),
        new.channel as Channel,
        new.requested_by.token(),
        new.requested_by.leader(),
        &new.list_hash[..],
        new.subject,
        new.note,
        new.template,
        new.total,
        new.send_at.map(jiff_sqlx::Timestamp::from) as Option<jiff_sqlx::Timestamp>,
        new.not_after.map(jiff_sqlx::Timestamp::from) as Option<jiff_sqlx::Timestamp>,
        new.consent.map(|(statement, _)| statement),
        new.consent.and_then(|(_, at)| at).map(jiff_sqlx::Timestamp::from) as Option<jiff_sqlx::Timestamp>,
    )
    .fetch_one(tx)
    .await
}

/// Why and until when a new batch's deliveries are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Why.
    pub reason: HoldReason,
    /// Until when.
    pub until: Timestamp,
}

impl Hold {
    /// What holds a batch back that starts at `start` (later than now), or whose window is shut: `opening` is the one
    /// that it meets.
    #[must_use]
    pub fn of(start: Option<Timestamp>, opening: Option<Opening>, now: Timestamp) -> Option<Self> {
        let opens_at =
            opening.map(|opening| opening.opens_at).filter(|opens_at| *opens_at > start.unwrap_or(now));
        match (start, opens_at) {
            (Some(start), opens_at) => {
                Some(Self { reason: HoldReason::Scheduled, until: opens_at.unwrap_or(start) })
            }
            (None, Some(until)) => Some(Self { reason: HoldReason::Window, until }),
            (None, None) => None,
        }
    }
}

/// New deliveries, as columns.
#[derive(Debug, Default)]
pub struct NewDeliveries {
    /// Ids.
    pub ids: Vec<Uuid>,
    /// Whose code they carry.
    pub invitations: Vec<Uuid>,
    /// Where they go.
    pub contacts: Vec<Uuid>,
    /// Places in the list.
    pub rows: Vec<i32>,
}

impl NewDeliveries {
    /// Adds one.
    pub fn push(&mut self, id: DeliveryId, invitation: InvitationId, contact: ContactId, row: i32) {
        self.ids.push(id.uuid());
        self.invitations.push(invitation.uuid());
        self.contacts.push(contact.uuid());
        self.rows.push(row);
    }
}

/// Stores a batch's deliveries: queued, or held.
pub async fn insert_deliveries(
    tx: &mut PgConnection,
    community: CommunityId,
    channel: Channel,
    batch: BatchId,
    hold: Option<Hold>,
    new: &NewDeliveries,
) -> Result<()> {
    let state = if hold.is_some() { DeliveryState::Held } else { DeliveryState::Queued };
    sqlx::query!(
        "INSERT INTO deliveries (id, community_id, kind, channel, invitation_id, contact_id, batch_id, batch_row,
                                 state, held_reason, due_at, changed_at, created_at)
         SELECT new.id, $1, 'invitation', $2, new.invitation_id, new.contact_id, $3, new.row, $4, $5,
                coalesce($6, clock.now), clock.now, clock.now
         FROM (SELECT app_now() AS now OFFSET 0) AS clock,
              unnest($7::uuid[], $8::uuid[], $9::uuid[], $10::int[]) AS new(id, invitation_id, contact_id, row)",
        community.uuid(),
        channel as Channel,
        batch.uuid(),
        state as DeliveryState,
        hold.map(|hold| hold.reason) as Option<HoldReason>,
        hold.map(|hold| jiff_sqlx::Timestamp::from(hold.until)) as Option<jiff_sqlx::Timestamp>,
        &new.ids,
        &new.invitations,
        &new.contacts,
        &new.rows,
    )
    .execute(tx)
    .await?;
    Ok(())
}

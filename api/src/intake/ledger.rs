//! The statements of intake: one function each, arrays in, the caller owns the transaction.
//!
//! Arrays are sorted by the caller where several transactions may meet on the same rows, so that they queue up and
//! never wait in a circle.

use jiff::Timestamp;
use porchlight_shared::domain::{
    BatchId, Channel, CommunityId, ContactId, DeliveryId, DeliveryState, HoldReason, HouseholdId,
    InvitationId, PropertyId, TokenId,
};
use sqlx::{PgConnection, Result};
use uuid::Uuid;

use super::{SuppressionReason, entry::Unit};

/// What the ledger knows of an address.
#[derive(Debug)]
pub struct KnownAddress {
    /// Index into the hashes asked for.
    pub index: usize,
    /// The contact and its household, if it is one of this community.
    pub contact: Option<(ContactId, HouseholdId)>,
    /// Whether that household joined.
    pub joined: bool,
    /// Whether the address was forgotten on request.
    pub erased: bool,
    /// Why the address must not be written to, if so.
    pub suppressed: Option<SuppressionReason>,
}

/// Looks up what is known of each address; the unknown ones are left out.
pub async fn known_addresses(
    tx: &mut PgConnection,
    community: CommunityId,
    channel: Channel,
    hashes: &[Vec<u8>],
) -> Result<Vec<KnownAddress>> {
    let rows = sqlx::query!(
        r#"SELECT asked.place AS "place!", c.id AS "contact?", c.household_id AS "household?",
                  h.joined_at IS NOT NULL AS "joined!", c.erased_at IS NOT NULL AS "erased!",
                  s.reason AS "reason?"
           FROM unnest($3::bytea[]) WITH ORDINALITY AS asked(hash, place)
           LEFT JOIN contacts c ON c.community_id = $1 AND c.channel = $2 AND c.address_hash = asked.hash
           LEFT JOIN households h ON h.id = c.household_id
           LEFT JOIN LATERAL (
               SELECT reason FROM suppressions
               WHERE address_hash = asked.hash AND (community_id = $1 OR community_id IS NULL) AND lifted_at IS NULL
               ORDER BY created_at LIMIT 1
           ) s ON true
           WHERE c.id IS NOT NULL OR s.reason IS NOT NULL"#,
        community.uuid(),
        channel as Channel,
        hashes,
    )
    .fetch_all(tx)
    .await?;
    let known = rows.into_iter().map(|row| KnownAddress {
        index: usize::try_from(row.place - 1).expect("ordinality counts from 1"),
        contact: row
            .contact
            .zip(row.household)
            .map(|(contact, household)| (contact.into(), household.into())),
        joined: row.joined,
        erased: row.erased,
        suppressed: row.reason,
    });
    Ok(known.collect())
}

/// Makes sure that the properties exist, and locks them until the commit, so that two lists which name the same unit
/// at once agree on its household. Sorted by key. Returns each key's id.
pub async fn lock_properties(
    tx: &mut PgConnection,
    community: CommunityId,
    units: &[(PropertyId, &Unit)],
) -> Result<Vec<(String, PropertyId)>> {
    let ids: Vec<Uuid> = units.iter().map(|(id, _)| id.uuid()).collect();
    let labels: Vec<String> = units.iter().map(|(_, unit)| unit.label.clone()).collect();
    let keys: Vec<String> = units.iter().map(|(_, unit)| unit.key.clone()).collect();
    sqlx::query!(
        "INSERT INTO properties (id, community_id, label, label_key)
         SELECT id, $1, label, label_key FROM unnest($2::uuid[], $3::text[], $4::text[]) AS new(id, label, label_key)
         ON CONFLICT (community_id, label_key) DO NOTHING",
        community.uuid(),
        &ids,
        &labels,
        &keys,
    )
    .execute(&mut *tx)
    .await?;
    let rows = sqlx::query!(
        "SELECT id, label_key FROM properties WHERE community_id = $1 AND label_key = ANY($2)
         ORDER BY label_key FOR NO KEY UPDATE",
        community.uuid(),
        &keys,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.label_key, row.id.into())).collect())
}

/// A household of a property.
#[derive(Debug)]
pub struct Resident {
    /// Where it lives.
    pub property: PropertyId,
    /// Which it is.
    pub household: HouseholdId,
    /// What it is called.
    pub name: Option<String>,
    /// Whether it joined.
    pub joined: bool,
}

/// The households of these properties, oldest first.
pub async fn residents(tx: &mut PgConnection, properties: &[Uuid]) -> Result<Vec<Resident>> {
    let rows = sqlx::query!(
        r#"SELECT property_id AS "property!", id, name, joined_at IS NOT NULL AS "joined!"
           FROM households WHERE property_id = ANY($1) ORDER BY id"#,
        properties,
    )
    .fetch_all(tx)
    .await?;
    let residents = rows.into_iter().map(|row| Resident {
        property: row.property.into(),
        household: row.id.into(),
        name: row.name,
        joined: row.joined,
    });
    Ok(residents.collect())
}

/// New households, as columns.
#[derive(Debug, Default)]
pub struct NewHouseholds {
    /// Ids.
    pub ids: Vec<Uuid>,
    /// Where they live.
    pub properties: Vec<Option<Uuid>>,
    /// What they are called.
    pub names: Vec<Option<String>>,
}

/// Stores new households.
pub async fn insert_households(
    tx: &mut PgConnection,
    community: CommunityId,
    new: &NewHouseholds,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO households (id, community_id, property_id, name, created_at)
         SELECT id, $1, property_id, name, (SELECT app_now())
         FROM unnest($2::uuid[], $3::uuid[], $4::text[]) AS new(id, property_id, name)",
        community.uuid(),
        &new.ids,
        &new.properties as &[Option<Uuid>],
        &new.names as &[Option<String>],
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes back new households that got no contact.
pub async fn delete_households(tx: &mut PgConnection, households: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "DELETE FROM households h WHERE id = ANY($1) AND NOT EXISTS (SELECT FROM contacts WHERE household_id = h.id)",
        households,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// New contacts, as columns, sorted by hash.
#[derive(Debug, Default)]
pub struct NewContacts {
    /// Ids.
    pub ids: Vec<Uuid>,
    /// Whom they reach.
    pub households: Vec<Uuid>,
    /// Addresses.
    pub addresses: Vec<String>,
    /// Their keyed hashes.
    pub hashes: Vec<Vec<u8>>,
    /// How to greet.
    pub names: Vec<Option<String>>,
}

/// Stores new contacts; returns the ids of those that another list did not store first.
pub async fn insert_contacts(
    tx: &mut PgConnection,
    community: CommunityId,
    channel: Channel,
    new: &NewContacts,
) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "INSERT INTO contacts (id, community_id, household_id, channel, address, address_hash, name, created_at)
         SELECT id, $1, household_id, $2, address, hash, name, (SELECT app_now())
         FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::bytea[], $7::text[]) AS new(id, household_id, address, hash, name)
         ON CONFLICT (community_id, channel, address_hash) DO NOTHING
         RETURNING id",
        community.uuid(),
        channel as Channel,
        &new.ids,
        &new.households,
        &new.addresses,
        &new.hashes,
        &new.names as &[Option<String>],
    )
    .fetch_all(tx)
    .await
}

/// A household's live invitation.
#[derive(Debug)]
pub struct LiveInvitation {
    /// Which it is.
    pub id: InvitationId,
    /// Whose.
    pub household: HouseholdId,
    /// Since when.
    pub created_at: Timestamp,
}

/// Ends the invitations of these households that have run out, locks the others and returns them.
pub async fn live_invitations(tx: &mut PgConnection, households: &[Uuid]) -> Result<Vec<LiveInvitation>> {
    sqlx::query!(
        "UPDATE invitations SET ended_as = 'expired', ended_at = (SELECT app_now()), code_sealed = NULL, code_sealed_key = NULL
         WHERE id IN (
             SELECT id FROM invitations
             WHERE household_id = ANY($1) AND ended_at IS NULL AND expires_at <= (SELECT app_now())
             ORDER BY id FOR NO KEY UPDATE
         )",
        households,
    )
    .execute(&mut *tx)
    .await?;
    let rows = sqlx::query!(
        "SELECT id, household_id, created_at FROM invitations
         WHERE household_id = ANY($1) AND ended_at IS NULL ORDER BY id FOR NO KEY UPDATE",
        households,
    )
    .fetch_all(tx)
    .await?;
    let live = rows.into_iter().map(|row| LiveInvitation {
        id: row.id.into(),
        household: row.household_id.into(),
        created_at: row.created_at.to_jiff(),
    });
    Ok(live.collect())
}

/// How often an invitation's messages went to a contact.
#[derive(Debug)]
pub struct Written {
    /// Which invitation.
    pub invitation: InvitationId,
    /// Which contact.
    pub contact: ContactId,
    /// Messages, those that never began left out.
    pub messages: i64,
    /// Whether the newest is younger than a day.
    pub lately: bool,
    /// Whether one is still under way.
    pub under_way: bool,
}

/// How often these invitations' messages went to each contact.
pub async fn written(tx: &mut PgConnection, invitations: &[Uuid]) -> Result<Vec<Written>> {
    let rows = sqlx::query!(
        r#"SELECT invitation_id AS "invitation!", contact_id,
                  count(*) FILTER (WHERE state NOT IN ('cancelled', 'suppressed', 'expired', 'not_needed')) AS "messages!",
                  coalesce(bool_or(created_at > (SELECT app_now()) - interval '24 hours')
                      FILTER (WHERE state NOT IN ('cancelled', 'suppressed', 'expired', 'not_needed')), false) AS "lately!",
                  bool_or(state IN ('held', 'queued', 'sending', 'retry_wait', 'checking')) AS "under_way!"
           FROM deliveries WHERE invitation_id = ANY($1) AND kind = 'invitation' GROUP BY invitation_id, contact_id"#,
        invitations,
    )
    .fetch_all(tx)
    .await?;
    let written = rows.into_iter().map(|row| Written {
        invitation: row.invitation.into(),
        contact: row.contact_id.into(),
        messages: row.messages,
        lately: row.lately,
        under_way: row.under_way,
    });
    Ok(written.collect())
}

/// New invitations, as columns, sorted by household.
#[derive(Debug, Default)]
pub struct NewInvitations {
    /// Ids.
    pub ids: Vec<Uuid>,
    /// Whose.
    pub households: Vec<Uuid>,
    /// Keyed look-ups of their codes.
    pub lookups: Vec<Vec<u8>>,
    /// Under which keys.
    pub lookup_keys: Vec<i16>,
    /// Sealed copies of their codes.
    pub sealed: Vec<Vec<u8>>,
    /// Under which keys.
    pub sealed_keys: Vec<i16>,
}

/// Stores new invitations, live until `days` after they are sent; returns the ids of those that met neither a live invitation of the same
/// household nor a code drawn before.
pub async fn insert_invitations(
    tx: &mut PgConnection,
    community: CommunityId,
    days: i32,
    send_at: Option<Timestamp>,
    new: &NewInvitations,
) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "INSERT INTO invitations
             (id, community_id, household_id, code_lookup, code_lookup_key, code_sealed, code_sealed_key, expires_at, created_at)
         SELECT id, $1, household_id, lookup, lookup_key, sealed, sealed_key, greatest((SELECT app_now()), $9) + make_interval(days => $8), (SELECT app_now())
         FROM unnest($2::uuid[], $3::uuid[], $4::bytea[], $5::smallint[], $6::bytea[], $7::smallint[])
             AS new(id, household_id, lookup, lookup_key, sealed, sealed_key)
         ON CONFLICT DO NOTHING
         RETURNING id",
        community.uuid(),
        &new.ids,
        &new.households,
        &new.lookups,
        &new.lookup_keys,
        &new.sealed,
        &new.sealed_keys,
        days,
        send_at.map(jiff_sqlx::Timestamp::from) as Option<jiff_sqlx::Timestamp>,
    )
    .fetch_all(tx)
    .await
}

/// What is known of a community when it sends.
#[derive(Debug)]
pub struct Sender {
    /// Its full name.
    pub name: String,
    /// Whether its checklist is green.
    pub ready: bool,
}

/// The community that sends.
pub async fn sender(tx: &mut PgConnection, community: CommunityId) -> Result<Sender> {
    let row = sqlx::query!(
        r#"SELECT name, ready_at IS NOT NULL AS "ready!" FROM communities WHERE id = $1"#,
        community.uuid(),
    )
    .fetch_one(tx)
    .await?;
    Ok(Sender { name: row.name, ready: row.ready })
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
    pub requested_by: TokenId,
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
}

/// Stores a new batch; returns whether it starts later (by the ledger's clock).
pub async fn insert_batch(tx: &mut PgConnection, new: &NewBatch<'_>) -> Result<bool> {
    sqlx::query_scalar!(
        r#"INSERT INTO batches
               (id, community_id, channel, requested_by, list_hash, subject, note, template, total, send_at, not_after)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
           RETURNING coalesce(send_at > (SELECT app_now()), false) AS "later!""#,
        new.id.uuid(),
        new.community.uuid(),
        new.channel as Channel,
        new.requested_by.uuid(),
        &new.list_hash[..],
        new.subject,
        new.note,
        new.template,
        new.total,
        new.send_at.map(jiff_sqlx::Timestamp::from) as Option<jiff_sqlx::Timestamp>,
        new.not_after.map(jiff_sqlx::Timestamp::from) as Option<jiff_sqlx::Timestamp>,
    )
    .fetch_one(tx)
    .await
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

/// Stores a batch's deliveries: queued, or held until `send_at`.
pub async fn insert_deliveries(
    tx: &mut PgConnection,
    community: CommunityId,
    channel: Channel,
    batch: BatchId,
    send_later_at: Option<Timestamp>,
    new: &NewDeliveries,
) -> Result<()> {
    let (state, reason) = match send_later_at {
        Some(_) => (DeliveryState::Held, Some(HoldReason::Scheduled)),
        None => (DeliveryState::Queued, None),
    };
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
        reason as Option<HoldReason>,
        send_later_at.map(jiff_sqlx::Timestamp::from) as Option<jiff_sqlx::Timestamp>,
        &new.ids,
        &new.invitations,
        &new.contacts,
        &new.rows,
    )
    .execute(tx)
    .await?;
    Ok(())
}

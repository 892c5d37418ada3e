//! One household: who it is, what was sent to it, its passes, and who has joined.

use jiff::Timestamp;
use porchlight_shared::domain::{
    AttemptReason, Channel, CommunityId, ContactId, DeliveryId, DeliveryState, HoldReason, HouseholdId,
    InvitationId, InvitationKind,
};
use sqlx::PgPool;

use super::words::{self, Words};
use crate::{
    family::ledger::{self as family, Member},
    intake::ledger::endings::InvitationEnd,
    passes::ledger::PassState,
};

/// A message to a household.
#[derive(Clone, Debug)]
pub struct Message {
    /// Which.
    pub id: DeliveryId,
    /// How it travels.
    pub channel: Channel,
    /// Where it goes; `None`: the address was deleted.
    pub to: Option<String>,
    /// Where it stands.
    pub state: DeliveryState,
    /// Since when.
    pub since: Timestamp,
    /// What a leader reads about that.
    pub words: Option<Words>,
}

/// Where a household can be written to.
#[derive(Clone)]
pub struct Contact {
    /// Which.
    pub id: ContactId,
    /// How.
    pub channel: Channel,
    /// The address.
    pub address: String,
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contact").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A pass of a household.
#[derive(Clone, Copy, Debug)]
pub struct PrintedPass {
    /// Its serial.
    pub serial: i32,
    /// What became of it.
    pub state: PassState,
    /// When it was handed over.
    pub handed_over_at: Option<Timestamp>,
}

/// Another household that may be the same.
#[derive(Clone)]
pub struct Twin {
    /// Which.
    pub id: HouseholdId,
    /// Its name, or a contact's.
    pub name: Option<String>,
    /// Where it lives.
    pub unit: Option<String>,
    /// Whether it has joined.
    pub joined: bool,
}

impl std::fmt::Debug for Twin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Twin").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A household, whole.
#[derive(Clone, Debug)]
pub struct Whole {
    /// Its name, or a contact's.
    pub name: Option<String>,
    /// Where it lives.
    pub unit: Option<String>,
    /// When it joined.
    pub joined_at: Option<Timestamp>,
    /// Its live invitation, and until when its code can be used, if there is one.
    pub live: Option<(InvitationId, Timestamp)>,
    /// Where it can be written to; what proved wrong is left out.
    pub contacts: Vec<Contact>,
    /// Its messages, the newest first.
    pub messages: Vec<Message>,
    /// Its passes, the newest first.
    pub passes: Vec<PrintedPass>,
    /// Who has joined, the head first.
    pub members: Vec<Member>,
    /// Households at the same unit, or of the same name.
    pub twins: Vec<Twin>,
}

/// Reads a household; `None`: the community has no such.
///
/// # Errors
/// When the ledger does not answer.
pub async fn read(
    pool: &PgPool,
    community: CommunityId,
    household: HouseholdId,
) -> sqlx::Result<Option<Whole>> {
    let found = sqlx::query!(
        r#"SELECT k.name, p.label AS "unit?", h.joined_at,
                  i.id AS "invitation?", i.expires_at AS "live_until?"
           FROM households h
           LEFT JOIN invitations i
               ON i.household_id = h.id AND i.kind = 'household' AND i.ended_at IS NULL AND i.expires_at > app_now()
           LEFT JOIN properties p ON p.id = h.property_id
           CROSS JOIN LATERAL called(h) AS k
           WHERE h.id = $1 AND h.community_id = $2"#,
        household.uuid(),
        community.uuid(),
    )
    .fetch_optional(pool)
    .await?;
    let Some(found) = found else { return Ok(None) };
    Ok(Some(Whole {
        name: found.name,
        unit: found.unit,
        joined_at: found.joined_at.map(jiff_sqlx::Timestamp::to_jiff),
        live: found.invitation.zip(found.live_until).map(|(id, until)| (id.into(), until.to_jiff())),
        contacts: contacts(pool, household).await?,
        messages: messages(pool, household).await?,
        passes: passes(pool, household).await?,
        members: family::members(pool, household).await?,
        twins: twins(pool, household).await?,
    }))
}

async fn contacts(pool: &PgPool, household: HouseholdId) -> sqlx::Result<Vec<Contact>> {
    let rows = sqlx::query!(
        r#"SELECT id, channel AS "channel: Channel", address AS "address!" FROM contacts
           WHERE household_id = $1 AND address IS NOT NULL AND wrong_at IS NULL AND NOT of_member ORDER BY id LIMIT 20"#,
        household.uuid(),
    )
    .fetch_all(pool)
    .await?;
    let contacts =
        rows.into_iter().map(|row| Contact { id: row.id.into(), channel: row.channel, address: row.address });
    Ok(contacts.collect())
}

async fn messages(pool: &PgPool, household: HouseholdId) -> sqlx::Result<Vec<Message>> {
    let rows = sqlx::query!(
        r#"SELECT d.id, d.channel AS "channel: Channel", c.address AS "address?", d.state AS "state: DeliveryState",
                  d.reason AS "reason: AttemptReason", d.changed_at, w.held_reason AS "held_reason?: HoldReason"
           FROM (SELECT id, kind FROM invitations WHERE household_id = $1 OFFSET 0) AS i
           JOIN deliveries d ON d.invitation_id = i.id
           JOIN contacts c ON c.id = d.contact_id
           JOIN channels ch ON ch.channel = d.channel
           CROSS JOIN LATERAL waits_for(d, ch) AS w
           WHERE i.kind <> 'member'
           ORDER BY d.id DESC LIMIT 50"#,
        household.uuid(),
    )
    .fetch_all(pool)
    .await?;
    let messages = rows.into_iter().map(|row| Message {
        id: row.id.into(),
        channel: row.channel,
        to: row.address,
        state: row.state,
        since: row.changed_at.to_jiff(),
        words: words::of(row.channel, row.state, row.held_reason, row.reason),
    });
    Ok(messages.collect())
}

async fn passes(pool: &PgPool, household: HouseholdId) -> sqlx::Result<Vec<PrintedPass>> {
    let rows = sqlx::query!(
        r#"SELECT p.serial, p.handed_over_at, i.ended_as AS "ended_as: InvitationEnd", i.kind AS "kind: InvitationKind",
                  i.expires_at <= app_now() AS "late!", h.joined_at IS NOT NULL AS "joined!"
           FROM (SELECT * FROM invitations WHERE household_id = $1 OFFSET 0) AS i
           JOIN passes p ON p.invitation_id = i.id
           JOIN households h ON h.id = i.household_id
           ORDER BY p.serial DESC LIMIT 50"#,
        household.uuid(),
    )
    .fetch_all(pool)
    .await?;
    let passes = rows.into_iter().map(|row| PrintedPass {
        serial: row.serial,
        state: PassState::of(row.ended_as, row.joined, row.late, row.handed_over_at.is_some()),
        handed_over_at: row.handed_over_at.map(jiff_sqlx::Timestamp::to_jiff),
    });
    Ok(passes.collect())
}

async fn twins(pool: &PgPool, household: HouseholdId) -> sqlx::Result<Vec<Twin>> {
    let rows = sqlx::query!(
        r#"SELECT o.id, k.name, p.label AS "unit?", o.joined_at IS NOT NULL AS "joined!"
           FROM households h
           JOIN households o ON o.community_id = h.community_id AND o.id <> h.id
               AND (o.property_id = h.property_id OR lower(o.name) = lower(h.name))
           LEFT JOIN properties p ON p.id = o.property_id
           CROSS JOIN LATERAL called(o) AS k
           WHERE h.id = $1 ORDER BY o.id LIMIT 20"#,
        household.uuid(),
    )
    .fetch_all(pool)
    .await?;
    let twins = rows.into_iter().map(|row| Twin {
        id: row.id.into(),
        name: row.name,
        unit: row.unit,
        joined: row.joined,
    });
    Ok(twins.collect())
}

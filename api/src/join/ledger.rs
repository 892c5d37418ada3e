//! The statements of joining.

use jiff::Timestamp;
use porchlight_shared::domain::{HouseholdId, MemberId};
use sqlx::PgConnection;

use super::{Brand, Closed, Invitation, newcomer::Newcomer};

/// How an invitation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "invitation_end", rename_all = "snake_case")]
pub enum InvitationEnd {
    /// Somebody joined with it.
    Joined,
    /// A leader took it back.
    Revoked,
    /// Another took its place.
    Replaced,
    /// Its time ran out.
    Expired,
}

/// What a code belongs to.
#[derive(Debug)]
pub struct Found {
    invitation: Invitation,
    ended_as: Option<InvitationEnd>,
    late: bool,
    joined: bool,
}

impl Found {
    /// The invitation, if somebody may join with it now.
    ///
    /// # Errors
    /// When nobody may.
    pub fn live(self) -> Result<Invitation, Closed> {
        let brand = || self.invitation.brand.clone();
        match self.ended_as {
            Some(InvitationEnd::Joined) => Err(Closed::Used(brand())),
            _ if self.joined => Err(Closed::Used(brand())),
            Some(InvitationEnd::Revoked) => Err(Closed::Revoked(brand())),
            Some(InvitationEnd::Replaced) => Err(Closed::Replaced(brand())),
            Some(InvitationEnd::Expired) => Err(Closed::Expired(brand())),
            None if self.late => Err(Closed::Expired(brand())),
            None => Ok(self.invitation),
        }
    }
}

/// Finds what a code belongs to, by what its look-up may be under each key.
///
/// # Errors
/// When the ledger does not answer.
pub async fn look(connection: &mut PgConnection, lookups: &[[u8; 32]]) -> sqlx::Result<Option<Found>> {
    let lookups: Vec<&[u8]> = lookups.iter().map(|lookup| &lookup[..]).collect();
    let row = sqlx::query!(
        r#"SELECT i.id, i.community_id, i.household_id, i.expires_at, i.ended_as AS "ended_as: InvitationEnd",
                  i.expires_at <= app_now() AS "late!", h.joined_at IS NOT NULL AS "joined!",
                  c.name, c.contact, c.country, c.time_zone
           FROM invitations i
           JOIN households h ON h.id = i.household_id
           JOIN communities c ON c.id = i.community_id
           WHERE i.code_lookup = ANY($1)"#,
        &lookups as &[&[u8]],
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Found {
        invitation: Invitation {
            id: row.id.into(),
            community: row.community_id.into(),
            household: row.household_id.into(),
            expires_at: row.expires_at.to_jiff(),
            brand: Brand {
                name: row.name,
                contact: row.contact,
                country: row.country,
                time_zone: row.time_zone,
            },
        },
        ended_as: row.ended_as,
        late: row.late,
        joined: row.joined,
    }))
}

/// Lets a household in: its invitation ends as joined, the newcomer becomes its head, and what still waits for the
/// household is not needed any more. `None`: somebody was quicker, or the invitation ended meanwhile.
///
/// Locks are taken in the order household, invitation, deliveries by id, as a list on its way into the ledger takes them.
///
/// # Errors
/// When the ledger does not answer.
pub async fn join(
    tx: &mut PgConnection,
    invitation: &Invitation,
    member: MemberId,
    newcomer: &Newcomer,
) -> sqlx::Result<Option<Joined>> {
    sqlx::query!("SELECT id FROM households WHERE id = $1 FOR NO KEY UPDATE", invitation.household.uuid())
        .fetch_optional(&mut *tx)
        .await?;
    let ended = sqlx::query!(
        "UPDATE invitations SET ended_as = 'joined', ended_at = app_now(), code_sealed = NULL, code_sealed_key = NULL
         WHERE id = $1 AND ended_at IS NULL AND expires_at > app_now()",
        invitation.id.uuid(),
    )
    .execute(&mut *tx)
    .await?;
    if ended.rows_affected() == 0 {
        return Ok(None);
    }
    let joined_at = sqlx::query_scalar!(
        r#"UPDATE households SET joined_at = app_now() WHERE id = $1 AND joined_at IS NULL RETURNING joined_at AS "at!""#,
        invitation.household.uuid(),
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(joined_at) = joined_at else { return Ok(None) };
    let verified = enter(tx, invitation, member, newcomer).await?;
    let spared = spare(tx, invitation.household).await?;
    Ok(Some(Joined { at: joined_at.to_jiff(), verified, spared }))
}

/// A household that joined.
#[derive(Debug)]
pub struct Joined {
    /// When.
    pub at: Timestamp,
    /// Whether the newcomer's address is one that a message with this code reached.
    pub verified: bool,
    /// Messages that are not sent any more.
    pub spared: u64,
}

/// Whether the household that joined with a code did so with this address: whoever presses twice is told the same.
///
/// # Errors
/// When the ledger does not answer.
pub async fn joined_before(
    connection: &mut PgConnection,
    lookups: &[[u8; 32]],
    hash: &[u8; 32],
) -> sqlx::Result<bool> {
    let lookups: Vec<&[u8]> = lookups.iter().map(|lookup| &lookup[..]).collect();
    sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM invitations i JOIN members m ON m.household_id = i.household_id
               WHERE i.code_lookup = ANY($1) AND i.ended_as = 'joined' AND m.role = 'head' AND m.address_hash = $2
           ) AS "before!""#,
        &lookups as &[&[u8]],
        &hash[..],
    )
    .fetch_one(connection)
    .await
}

/// Takes the head of the household in; returns whether a message with this code reached the address.
async fn enter(
    tx: &mut PgConnection,
    invitation: &Invitation,
    member: MemberId,
    newcomer: &Newcomer,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"INSERT INTO members (id, community_id, household_id, role, name, channel, address, address_hash, verified_at)
           VALUES ($1, $2, $3, 'head', $4, $5, $6, $7, (
               SELECT app_now() FROM contacts c
               WHERE c.community_id = $2 AND c.channel = $5 AND c.address_hash = $7 AND c.erased_at IS NULL AND EXISTS (
                   SELECT FROM deliveries
                   WHERE invitation_id = $8 AND contact_id = c.id AND state IN ('accepted', 'delivered')
               )
           ))
           RETURNING verified_at IS NOT NULL AS "verified!""#,
        member.uuid(),
        invitation.community.uuid(),
        invitation.household.uuid(),
        newcomer.name,
        newcomer.channel as porchlight_shared::domain::Channel,
        newcomer.address.as_str(),
        &newcomer.hash[..],
        invitation.id.uuid(),
    )
    .fetch_one(tx)
    .await
}

/// Takes back what waits for a household, and what nobody has to find out or decide any more.
async fn spare(tx: &mut PgConnection, household: HouseholdId) -> sqlx::Result<u64> {
    let spared = sqlx::query!(
        "WITH waiting AS MATERIALIZED (
             SELECT id FROM deliveries
             WHERE invitation_id IN (SELECT id FROM invitations WHERE household_id = $1) AND kind = 'invitation'
                 AND state IN ('held', 'queued', 'retry_wait', 'checking', 'needs_decision')
             ORDER BY id FOR NO KEY UPDATE
         )
         UPDATE deliveries AS d SET state = 'not_needed', held_reason = NULL, due_at = NULL, changed_at = app_now()
         FROM waiting
         WHERE d.id = waiting.id AND d.state IN ('held', 'queued', 'retry_wait', 'checking', 'needs_decision')",
        household.uuid(),
    )
    .execute(tx)
    .await?;
    Ok(spared.rows_affected())
}

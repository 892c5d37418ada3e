//! What belongs to a resident: their memberships, and their households' members and invites.

use jiff::Timestamp;
use porchlight_shared::domain::{
    AccountId, Channel, CommunityId, HouseholdId, InvitationId, MemberId, Sealed,
};
use sqlx::{PgConnection, PgPool};

use crate::{
    intake::ledger::endings::{InvitationEnd, end_codes},
    join::Brand,
    settings::logo,
};

/// What somebody may do in their household.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "member_role", rename_all = "snake_case")]
pub enum MemberRole {
    /// Invites, removes, and hands the role over.
    Head,
    /// Belongs to it.
    Member,
}

/// A household that somebody belongs to.
#[derive(Clone)]
pub struct Membership {
    /// As which member.
    pub member: MemberId,
    /// What they may do.
    pub role: MemberRole,
    /// Which household.
    pub household: HouseholdId,
    /// Where it lives, if the community knows.
    pub place: Option<String>,
    /// Of which community.
    pub community: CommunityId,
    /// What is shown of that.
    pub brand: Brand,
}

impl std::fmt::Debug for Membership {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Membership").field("member", &self.member).finish_non_exhaustive()
    }
}

/// The memberships of an account, the newest first.
///
/// # Errors
/// When the ledger does not answer.
pub async fn memberships(pool: &PgPool, account: AccountId) -> sqlx::Result<Vec<Membership>> {
    let rows = sqlx::query!(
        r#"SELECT m.id, m.role AS "role: MemberRole", m.household_id, m.community_id, p.label AS "place?",
                  c.name, c.contact, c.country, c.time_zone, c.portal_url, c.logo
           FROM members m
           JOIN communities c ON c.id = m.community_id
           JOIN households h ON h.id = m.household_id
           LEFT JOIN properties p ON p.id = h.property_id
           WHERE m.account_id = $1 ORDER BY m.id DESC"#,
        account.uuid(),
    )
    .fetch_all(pool)
    .await?;
    let memberships = rows.into_iter().map(|row| Membership {
        member: row.id.into(),
        role: row.role,
        household: row.household_id.into(),
        place: row.place,
        community: row.community_id.into(),
        brand: Brand {
            name: row.name,
            contact: row.contact,
            country: row.country,
            time_zone: row.time_zone,
            portal: row.portal_url,
            logo: row.logo.as_deref().map(logo::path),
        },
    });
    Ok(memberships.collect())
}

/// The communities whose leaders are asked to let an account in.
///
/// # Errors
/// When the ledger does not answer.
pub async fn waits_for(pool: &PgPool, account: AccountId) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "SELECT c.name FROM requests r JOIN communities c ON c.id = r.community_id
         WHERE r.account_id = $1 AND r.ended_at IS NULL ORDER BY r.id",
        account.uuid(),
    )
    .fetch_all(pool)
    .await
}

/// Name and address that an account used last.
///
/// # Errors
/// When the ledger does not answer.
pub async fn calling_card(pool: &PgPool, account: AccountId) -> sqlx::Result<Option<(String, String)>> {
    let row = sqlx::query!(
        "SELECT name, address FROM members WHERE account_id = $1 ORDER BY id DESC LIMIT 1",
        account.uuid()
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| (row.name, row.address)))
}

/// A member, as the family sees them.
#[derive(Clone)]
pub struct Member {
    /// Which.
    pub id: MemberId,
    /// What they may do.
    pub role: MemberRole,
    /// Their name.
    pub name: String,
    /// How they are reached.
    pub address: String,
}

impl std::fmt::Debug for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Member").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The members of a household, the head first.
///
/// # Errors
/// When the ledger does not answer.
pub async fn members(pool: &PgPool, household: HouseholdId) -> sqlx::Result<Vec<Member>> {
    let rows = sqlx::query!(
        r#"SELECT id, role AS "role: MemberRole", name, address FROM members
           WHERE household_id = $1 ORDER BY role, id"#,
        household.uuid()
    )
    .fetch_all(pool)
    .await?;
    let members = rows.into_iter().map(|row| Member {
        id: row.id.into(),
        role: row.role,
        name: row.name,
        address: row.address,
    });
    Ok(members.collect())
}

/// A member's code that nobody has used yet.
#[derive(Clone)]
pub struct Invite {
    /// Which.
    pub id: InvitationId,
    /// For whom, in the head's words.
    pub intended_for: Option<String>,
    /// Where it was sent, and how that stands.
    pub sent: Option<Sent>,
    /// Its sealed code.
    pub sealed: Sealed,
    /// Until when it works.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for Invite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invite").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The newest message with a member's code.
#[derive(Clone, Debug)]
pub struct Sent {
    /// How.
    pub channel: Channel,
    /// Where it stands.
    pub state: porchlight_shared::domain::DeliveryState,
}

/// The open invites of a household, the newest first; one of them, if that is said.
///
/// # Errors
/// When the ledger does not answer.
pub async fn invites(
    pool: &PgPool,
    household: HouseholdId,
    only: Option<InvitationId>,
) -> sqlx::Result<Vec<Invite>> {
    let rows = sqlx::query!(
        r#"SELECT i.id, i.intended_for, i.expires_at, i.code_sealed AS "sealed!", i.code_sealed_key AS "key!",
                  d.channel AS "channel?: Channel", d.state AS "state?: porchlight_shared::domain::DeliveryState"
           FROM invitations i
           LEFT JOIN LATERAL (
               SELECT channel, state FROM deliveries WHERE invitation_id = i.id ORDER BY id DESC LIMIT 1
           ) AS d ON true
           WHERE i.household_id = $1 AND i.kind = 'member' AND i.ended_at IS NULL AND i.expires_at > app_now()
               AND ($2::uuid IS NULL OR i.id = $2)
           ORDER BY i.id DESC"#,
        household.uuid(),
        only.map(InvitationId::uuid),
    )
    .fetch_all(pool)
    .await?;
    let invites = rows.into_iter().map(|row| Invite {
        id: row.id.into(),
        intended_for: row.intended_for,
        sent: row.channel.zip(row.state).map(|(channel, state)| Sent { channel, state }),
        sealed: Sealed { key: row.key, bytes: row.sealed },
        expires_at: row.expires_at.to_jiff(),
    });
    Ok(invites.collect())
}

/// Whether a member is the head, their household locked until the commit.
///
/// # Errors
/// When the ledger does not answer.
pub async fn lock_as_head(tx: &mut PgConnection, membership: &Membership) -> sqlx::Result<bool> {
    crate::join::ledger::lock_household(tx, membership.community, membership.household).await?;
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM members WHERE id = $1 AND household_id = $2 AND role = 'head') AS "head!""#,
        membership.member.uuid(),
        membership.household.uuid(),
    )
    .fetch_one(tx)
    .await
}

/// Removes a member who is not the head, and all that is known of them; `false`: there is none.
///
/// # Errors
/// When the ledger does not answer.
pub async fn remove(tx: &mut PgConnection, household: HouseholdId, member: MemberId) -> sqlx::Result<bool> {
    let removed = sqlx::query!(
        r#"DELETE FROM members WHERE id = $1 AND household_id = $2 AND role = 'member'
           RETURNING channel AS "channel: Channel", address_hash"#,
        member.uuid(),
        household.uuid(),
    );
    let Some(removed) = removed.fetch_optional(&mut *tx).await? else { return Ok(false) };
    // Where their invite was sent; an address from a leader's list stays the leader's.
    sqlx::query!(
        "UPDATE contacts SET address = NULL, name = NULL, erased_at = app_now()
         WHERE household_id = $1 AND channel = $2 AND address_hash = $3 AND of_member AND erased_at IS NULL
             AND NOT EXISTS (
                 SELECT FROM invitations i JOIN deliveries d ON d.invitation_id = i.id
                 WHERE i.household_id = $1 AND i.ended_at IS NULL AND d.contact_id = contacts.id
             )",
        household.uuid(),
        removed.channel as Channel,
        removed.address_hash,
    )
    .execute(tx)
    .await?;
    Ok(true)
}

/// Makes another member the head; `false`: there is none, and nothing may be committed.
///
/// # Errors
/// When the ledger does not answer.
pub async fn hand_over(
    tx: &mut PgConnection,
    household: HouseholdId,
    from: MemberId,
    to: MemberId,
) -> sqlx::Result<bool> {
    // First there is none, then there is one: of two at once the index has none.
    sqlx::query!("UPDATE members SET role = 'member' WHERE id = $1", from.uuid()).execute(&mut *tx).await?;
    let made = sqlx::query!(
        "UPDATE members SET role = 'head' WHERE id = $1 AND household_id = $2",
        to.uuid(),
        household.uuid(),
    );
    Ok(made.execute(tx).await?.rows_affected() > 0)
}

/// Takes an open invite back, and forgets where it was sent; `false`: there is none.
///
/// # Errors
/// When the ledger does not answer.
pub async fn withdraw(
    tx: &mut PgConnection,
    household: HouseholdId,
    invite: InvitationId,
) -> sqlx::Result<bool> {
    let theirs = sqlx::query_scalar!(
        "SELECT id FROM invitations WHERE id = $1 AND household_id = $2 AND kind = 'member'",
        invite.uuid(),
        household.uuid(),
    )
    .fetch_all(&mut *tx)
    .await?;
    if end_codes(tx, &theirs, InvitationEnd::Revoked).await?.is_empty() {
        return Ok(false);
    }
    sqlx::query!(
        "UPDATE contacts AS c SET address = NULL, name = NULL, erased_at = app_now()
         WHERE c.household_id = $1 AND c.of_member AND c.erased_at IS NULL
             AND EXISTS (SELECT FROM deliveries WHERE invitation_id = $2 AND contact_id = c.id)
             AND NOT EXISTS (
                 SELECT FROM members WHERE household_id = $1 AND channel = c.channel AND address_hash = c.address_hash
             )
             AND NOT EXISTS (
                 SELECT FROM invitations i JOIN deliveries d ON d.invitation_id = i.id
                 WHERE i.household_id = $1 AND i.ended_at IS NULL AND d.contact_id = c.id
             )",
        household.uuid(),
        invite.uuid(),
    )
    .execute(tx)
    .await?;
    Ok(true)
}

//! The statements of joining.

use jiff::Timestamp;
use porchlight_shared::domain::{
    AccountId, Channel, CommunityId, HouseholdId, InvitationId, InvitationKind, MemberId, RequestId,
};
use rand::Rng;
use sqlx::PgConnection;

use super::{Brand, Closed, Invitation, Joined, LetIn, newcomer::Newcomer};
use crate::{
    intake::ledger::endings::{Asked, InvitationEnd, end_as_joined, end_codes},
    settings::logo,
};

/// What a code belongs to.
#[derive(Debug)]
pub struct Found {
    /// The invitation, live or not.
    pub invitation: Invitation,
    ended_as: Option<InvitationEnd>,
    late: bool,
    joined: bool,
    waiting: bool,
}

impl Found {
    /// The invitation, if somebody may join with it now.
    ///
    /// # Errors
    /// When nobody may.
    #[expect(clippy::result_large_err, reason = "a page of its brand is made of it, once")]
    pub fn live(self) -> Result<Invitation, Closed> {
        let brand = || self.invitation.brand.clone();
        match self.ended_as {
            Some(InvitationEnd::Joined) => Err(Closed::Used(brand())),
            _ if self.waiting => Err(Closed::Waiting(brand())),
            _ if self.joined && self.invitation.kind == InvitationKind::Household => {
                Err(Closed::Used(brand()))
            }
            Some(InvitationEnd::Revoked) => Err(Closed::Revoked(brand())),
            Some(InvitationEnd::Replaced) => Err(Closed::Replaced(brand())),
            Some(InvitationEnd::Expired) => Err(Closed::Expired(brand(), self.invitation.kind)),
            None if self.late => Err(Closed::Expired(brand(), self.invitation.kind)),
            None => Ok(self.invitation),
        }
    }

    /// Whether its time is over, and its household may ask for a new one.
    #[must_use]
    pub fn may_be_renewed(&self) -> bool {
        let over = self.ended_as == Some(InvitationEnd::Expired) || self.ended_as.is_none() && self.late;
        over && !self.joined && !self.waiting && self.invitation.kind == InvitationKind::Household
    }

    /// Whether another took its place, which its household may be sent once more.
    #[must_use]
    pub fn was_replaced(&self) -> bool {
        self.ended_as == Some(InvitationEnd::Replaced) && !self.joined
    }

    /// Whether somebody may still join with it, or waits to.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.ended_as.is_none()
            && !self.late
            && !(self.joined && self.invitation.kind == InvitationKind::Household)
    }
}

/// Finds what a code belongs to, by what its look-up may be under each key.
///
/// # Errors
/// When the ledger does not answer.
pub async fn look(connection: &mut PgConnection, lookups: &[[u8; 32]]) -> sqlx::Result<Option<Found>> {
    let lookups: Vec<&[u8]> = lookups.iter().map(|lookup| &lookup[..]).collect();
    let row = sqlx::query!(
        r#"SELECT i.id AS "id!", i.community_id AS "community_id!", i.household_id, i.kind AS "kind!: InvitationKind",
                  i.expires_at AS "expires_at!",
                  i.ended_as AS "ended_as: InvitationEnd",
                  i.expires_at <= app_now() AS "late!", h.joined_at IS NOT NULL AS "joined!",
                  EXISTS (
                      SELECT FROM requests WHERE invitation_id = i.id AND kind = 'join' AND ended_at IS NULL
                  ) AS "waiting!",
                  c.name AS "name!", c.contact, c.country AS "country!", c.time_zone AS "time_zone!", c.portal_url, c.logo
           FROM invitations i
           LEFT JOIN households h ON h.id = i.household_id
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
            kind: row.kind,
            household: row.household_id.map(Into::into),
            expires_at: row.expires_at.to_jiff(),
            brand: Brand {
                name: row.name,
                contact: row.contact,
                country: row.country,
                time_zone: row.time_zone,
                portal: row.portal_url,
                logo: row.logo.as_deref().map(logo::path),
            },
        },
        ended_as: row.ended_as,
        late: row.late,
        joined: row.joined,
        waiting: row.waiting,
    }))
}

/// Ids for whatever a join makes.
#[derive(Clone, Copy, Debug)]
pub struct NewIds {
    /// Of somebody who has not proved to be anybody.
    pub account: AccountId,
    /// Of a member.
    pub member: MemberId,
    /// Of a household that was not known.
    pub household: HouseholdId,
    /// Of a request.
    pub request: RequestId,
}

impl NewIds {
    /// Draws them.
    #[must_use]
    pub fn draw(now: Timestamp, rng: &mut impl Rng) -> Self {
        Self {
            account: AccountId::new(now, rng),
            member: MemberId::new(now, rng),
            household: HouseholdId::new(now, rng),
            request: RequestId::new(now, rng),
        }
    }
}

/// Lets somebody in with a household's own code or with a member's: the code ends as joined. With the household's they
/// become its head, and what still waits for it is not needed any more; with a member's they belong to it.
///
/// Locks are taken in the order household, invitation, deliveries by id, as a list on its way into the ledger takes them.
///
/// # Errors
/// When the ledger does not answer.
pub async fn join(
    tx: &mut PgConnection,
    invitation: &Invitation,
    ids: &NewIds,
    newcomer: &Newcomer,
) -> sqlx::Result<LetIn> {
    let Some(household) = invitation.household else { return Ok(LetIn::TooLate) };
    lock_household(tx, invitation.community, household).await?;
    if !end_as_joined(tx, invitation.id, household, Asked::Now).await? {
        return Ok(LetIn::TooLate);
    }
    let account = account_of(tx, ids, newcomer).await?;
    let head = invitation.kind != InvitationKind::Member;
    let entry = Entry { community: invitation.community, household, invitation: invitation.id, head };
    if head {
        let joined = move_in(tx, &entry, account, ids.member, newcomer).await?;
        return Ok(joined.map_or(LetIn::TooLate, |joined| LetIn::Joined(joined, account)));
    }
    let added = add_member(tx, &entry, account, ids.member, newcomer).await?;
    Ok(added.map_or(LetIn::Member, |(at, verified)| {
        LetIn::Joined(Joined { household, member: ids.member, at, verified, spared: 0 }, account)
    }))
}

/// Locks a community's household; whether it has joined. `None`: the community has no such, whoever else may.
pub(crate) async fn lock_household(
    tx: &mut PgConnection,
    community: CommunityId,
    household: HouseholdId,
) -> sqlx::Result<Option<bool>> {
    sqlx::query_scalar!(
        r#"SELECT joined_at IS NOT NULL AS "joined!" FROM households
           WHERE id = $1 AND community_id = $2 FOR NO KEY UPDATE"#,
        household.uuid(),
        community.uuid(),
    )
    .fetch_optional(tx)
    .await
}

/// The account that the newcomer proved to be, or a new one.
pub(super) async fn account_of(
    tx: &mut PgConnection,
    ids: &NewIds,
    newcomer: &Newcomer,
) -> sqlx::Result<AccountId> {
    if let Some(account) = newcomer.account {
        return Ok(account);
    }
    sqlx::query!("INSERT INTO accounts (id) VALUES ($1)", ids.account.uuid()).execute(tx).await?;
    Ok(ids.account)
}

/// The household, locked and not joined, joins: the newcomer is its head, its other codes are replaced, and what waits for
/// it is not needed any more. `None`: it has joined.
pub(crate) async fn move_in(
    tx: &mut PgConnection,
    entry: &Entry,
    account: AccountId,
    member: MemberId,
    newcomer: &Newcomer,
) -> sqlx::Result<Option<Joined>> {
    let household = entry.household;
    let joined = sqlx::query!(
        "UPDATE households SET joined_at = app_now() WHERE id = $1 AND joined_at IS NULL",
        household.uuid(),
    )
    .execute(&mut *tx)
    .await?;
    if joined.rows_affected() == 0 {
        return Ok(None);
    }
    let others = sqlx::query_scalar!(
        "SELECT id FROM invitations WHERE household_id = $1 AND ended_at IS NULL AND id <> $2",
        household.uuid(),
        entry.invitation.uuid(),
    )
    .fetch_all(&mut *tx)
    .await?;
    end_codes(tx, &others, InvitationEnd::Replaced).await?;
    let Some((at, verified)) = add_member(tx, entry, account, member, newcomer).await? else {
        return Ok(None);
    };
    let spared = spare(tx, household).await?;
    Ok(Some(Joined { household, member, at, verified, spared }))
}

/// Whom a used code let in, if whoever has this address belongs to that household: whoever presses twice is told the same.
///
/// # Errors
/// When the ledger does not answer.
pub async fn joined_before(
    connection: &mut PgConnection,
    lookups: &[[u8; 32]],
    hash: &[u8; 32],
) -> sqlx::Result<Option<InvitationKind>> {
    let lookups: Vec<&[u8]> = lookups.iter().map(|lookup| &lookup[..]).collect();
    sqlx::query_scalar!(
        r#"SELECT i.kind AS "kind: InvitationKind" FROM invitations i JOIN members m ON m.household_id = i.household_id
           WHERE i.code_lookup = ANY($1) AND i.ended_as = 'joined' AND m.address_hash = $2"#,
        &lookups as &[&[u8]],
        &hash[..],
    )
    .fetch_optional(connection)
    .await
}

/// Where a member comes in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) community: CommunityId,
    pub(crate) household: HouseholdId,
    pub(crate) invitation: InvitationId,
    pub(crate) head: bool,
}

/// Takes a member in: when, and whether a message with this code reached the address. `None`: they belong there already.
pub(crate) async fn add_member(
    tx: &mut PgConnection,
    entry: &Entry,
    account: AccountId,
    member: MemberId,
    newcomer: &Newcomer,
) -> sqlx::Result<Option<(Timestamp, bool)>> {
    let row = sqlx::query!(
        r#"INSERT INTO members (id, community_id, household_id, role, name, channel, address, address_hash, account_id, verified_at)
           VALUES ($1, $2, $3, CASE WHEN $10 THEN 'head' ELSE 'member' END::member_role, $4, $5, $6, $7, $9, (
               -- A message with this code went there, or may have: whoever is quick joins before its outcome is recorded.
               SELECT app_now() FROM contacts c
               WHERE c.community_id = $2 AND c.channel = $5 AND c.address_hash = $7 AND c.erased_at IS NULL AND EXISTS (
                   SELECT FROM deliveries
                   WHERE invitation_id = $8 AND contact_id = c.id
                       AND state IN ('sending', 'checking', 'needs_decision', 'accepted', 'delivered')
               )
           ))
           ON CONFLICT DO NOTHING
           RETURNING created_at, verified_at IS NOT NULL AS "verified!""#,
        member.uuid(),
        entry.community.uuid(),
        entry.household.uuid(),
        newcomer.name,
        newcomer.channel as Channel,
        newcomer.address,
        &newcomer.hash[..],
        entry.invitation.uuid(),
        account.uuid(),
        entry.head,
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| (row.created_at.to_jiff(), row.verified)))
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

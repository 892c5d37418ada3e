//! Invitations: a household's live one, and new ones.

use jiff::Timestamp;
use porchlight_shared::domain::{
    CommunityId, ContactId, HouseholdId, InvitationId, InvitationKind, LeaderId,
};
use sqlx::{PgConnection, Result};
use uuid::Uuid;

use super::endings::{InvitationEnd, end_codes};
use crate::access::Role;

/// A household's live invitation.
#[derive(Debug)]
pub struct LiveInvitation {
    /// Which it is.
    pub id: InvitationId,
    /// Whose.
    pub household: HouseholdId,
    /// Since when.
    pub created_at: Timestamp,
    /// Who asked for its first message, if a token did.
    pub asked_by: Option<Role>,
    /// Whether any message was meant to carry it; else it is on paper alone.
    pub written: bool,
}

/// Ends the invitations of these households that have run out, locks the others and returns them.
pub async fn live_invitations(tx: &mut PgConnection, households: &[Uuid]) -> Result<Vec<LiveInvitation>> {
    let late = sqlx::query_scalar!(
        "SELECT id FROM invitations
         WHERE household_id = ANY($1) AND kind = 'household' AND ended_at IS NULL AND expires_at <= (SELECT app_now())
         ORDER BY id FOR NO KEY UPDATE",
        households,
    )
    .fetch_all(&mut *tx)
    .await?;
    end_codes(tx, &late, InvitationEnd::Expired).await?;
    sqlx::query!(
        "SELECT id FROM invitations WHERE household_id = ANY($1) AND kind = 'household' AND ended_at IS NULL ORDER BY id FOR NO KEY UPDATE",
        households,
    )
    .fetch_all(&mut *tx)
    .await?;
    still_live(tx, households).await
}

/// The live invitations of these households, as they are now. `OFFSET 0` keeps the planner from looking for an
/// invitation's first delivery by walking through all of them in order.
pub async fn still_live(tx: &mut PgConnection, households: &[Uuid]) -> Result<Vec<LiveInvitation>> {
    let rows = sqlx::query!(
        r#"SELECT i.id, i.household_id AS "household!", i.created_at,
                  (SELECT coalesce(t.role, 'leader')
                   FROM (SELECT id, batch_id FROM deliveries WHERE invitation_id = i.id OFFSET 0) d
                   JOIN batches b ON b.id = d.batch_id AND b.purpose = 'list' LEFT JOIN tokens t ON t.id = b.requested_by
                   ORDER BY d.id LIMIT 1) AS "asked_by: Role",
                  EXISTS (SELECT FROM (SELECT id FROM deliveries WHERE invitation_id = i.id OFFSET 0) AS d) AS "written!"
           FROM invitations i
           WHERE i.household_id = ANY($1) AND i.kind = 'household' AND i.ended_at IS NULL
               AND i.expires_at > (SELECT app_now()) ORDER BY i.id"#,
        households,
    )
    .fetch_all(tx)
    .await?;
    let live = rows.into_iter().map(|row| LiveInvitation {
        id: row.id.into(),
        household: row.household.into(),
        created_at: row.created_at.to_jiff(),
        asked_by: row.asked_by,
        written: row.written,
    });
    Ok(live.collect())
}

/// Who asked for an invitation's first message.
#[derive(Clone, Debug)]
pub struct Inviter {
    /// Which invitation.
    pub invitation: InvitationId,
    /// Since when it is there.
    pub at: Timestamp,
    /// The leader, if that is known.
    pub leader: Option<LeaderId>,
    /// How other leaders see them.
    pub name: Option<String>,
    /// The role of the token, if a program asked.
    pub role: Option<Role>,
}

/// Who invited.
pub async fn inviters(tx: &mut PgConnection, invitations: &[Uuid]) -> Result<Vec<Inviter>> {
    let rows = sqlx::query!(
        r#"SELECT i.id, i.created_at, first.requested_by_leader AS "leader?", coalesce(l.name, l.email) AS name,
                  t.role AS "role?: Role"
           FROM invitations i
           LEFT JOIN LATERAL (
               SELECT b.requested_by, b.requested_by_leader
               FROM (SELECT id, batch_id FROM deliveries WHERE invitation_id = i.id OFFSET 0) d
               JOIN batches b ON b.id = d.batch_id AND b.purpose = 'list' ORDER BY d.id LIMIT 1
           ) first ON true
           LEFT JOIN leaders l ON l.id = first.requested_by_leader
           LEFT JOIN tokens t ON t.id = first.requested_by
           WHERE i.id = ANY($1)"#,
        invitations,
    )
    .fetch_all(tx)
    .await?;
    let inviters = rows.into_iter().map(|row| Inviter {
        invitation: row.id.into(),
        at: row.created_at.to_jiff(),
        leader: row.leader.map(LeaderId::from),
        name: row.name,
        role: row.role,
    });
    Ok(inviters.collect())
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
        r#"SELECT invitation_id AS "invitation!", contact_id AS "contact!",
                  count(*) FILTER (WHERE state NOT IN ('cancelled', 'suppressed', 'expired', 'not_needed')) AS "messages!",
                  coalesce(bool_or(CASE WHEN state IN ('accepted', 'delivered', 'bounced', 'complained')
                                        THEN greatest(created_at, changed_at) ELSE created_at END > (SELECT app_now()) - interval '24 hours')
                      FILTER (WHERE state NOT IN ('cancelled', 'suppressed', 'expired', 'not_needed')), false) AS "lately!",
                  bool_or(state IN ('held', 'queued', 'sending', 'retry_wait', 'checking')) AS "under_way!"
           FROM deliveries WHERE invitation_id = ANY($1) AND kind = 'invitation' GROUP BY invitation_id, contact_id"#,
        invitations,
    )
    .fetch_all(tx)
    .await?;
    let written = rows.into_iter().map(|row| Written {
        invitation: row.invitation.into(),
        contact: row.contact.into(),
        messages: row.messages,
        lately: row.lately,
        under_way: row.under_way,
    });
    Ok(written.collect())
}

/// Codes that a message is about to carry can be used for so many days after it goes.
pub async fn extend(
    tx: &mut PgConnection,
    invitations: &[Uuid],
    send_at: Option<Timestamp>,
    days: i32,
) -> Result<()> {
    if invitations.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE invitations SET expires_at = greatest(expires_at, greatest(app_now(), $2) + make_interval(days => $3))
         WHERE id = ANY ($1) AND ended_at IS NULL",
        invitations,
        send_at.map(jiff_sqlx::Timestamp::from) as Option<jiff_sqlx::Timestamp>,
        days,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// New invitations of one kind, as columns, sorted by household.
#[derive(Debug)]
pub struct NewInvitations {
    /// Whom they let in.
    pub kind: InvitationKind,
    /// Ids.
    pub ids: Vec<Uuid>,
    /// Whose, if that is known.
    pub households: Vec<Option<Uuid>>,
    /// Keyed look-ups of their codes.
    pub lookups: Vec<Vec<u8>>,
    /// Under which keys.
    pub lookup_keys: Vec<i16>,
    /// Sealed copies of their codes.
    pub sealed: Vec<Vec<u8>>,
    /// Under which keys.
    pub sealed_keys: Vec<i16>,
}

impl NewInvitations {
    /// None yet.
    #[must_use]
    pub const fn none(kind: InvitationKind) -> Self {
        Self {
            kind,
            ids: Vec::new(),
            households: Vec::new(),
            lookups: Vec::new(),
            lookup_keys: Vec::new(),
            sealed: Vec::new(),
            sealed_keys: Vec::new(),
        }
    }
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
             (id, community_id, household_id, code_lookup, code_lookup_key, code_sealed, code_sealed_key, expires_at, created_at, kind)
         SELECT id, $1, household_id, lookup, lookup_key, sealed, sealed_key, greatest((SELECT app_now()), $9) + make_interval(days => $8), (SELECT app_now()), $10
         FROM unnest($2::uuid[], $3::uuid[], $4::bytea[], $5::smallint[], $6::bytea[], $7::smallint[])
             AS new(id, household_id, lookup, lookup_key, sealed, sealed_key)
         ON CONFLICT DO NOTHING
         RETURNING id",
        community.uuid(),
        &new.ids,
        &new.households as &[Option<Uuid>],
        &new.lookups,
        &new.lookup_keys,
        &new.sealed,
        &new.sealed_keys,
        days,
        send_at.map(jiff_sqlx::Timestamp::from) as Option<jiff_sqlx::Timestamp>,
        new.kind as InvitationKind,
    )
    .fetch_all(tx)
    .await
}

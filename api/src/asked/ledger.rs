//! What is open, and what a leader needs to know to answer it.

use jiff::Timestamp;
use porchlight_shared::domain::{
    Channel, CommunityId, ContactId, HouseholdId, InvitationId, RequestEnd, RequestId, RequestKind,
};
use serde::Serialize;
use sqlx::{PgConnection, PgPool};
use utoipa::ToSchema;
use uuid::Uuid;

use super::sending::Reachable;

/// Requests that are listed at once.
const LISTED: i64 = 200;

/// Puts a request down; `false`: the same was asked before, and is open.
///
/// # Errors
/// When the ledger does not answer.
pub async fn open(
    pool: &PgPool,
    id: RequestId,
    community: CommunityId,
    invitation: InvitationId,
    kind: RequestKind,
) -> sqlx::Result<bool> {
    let opened = sqlx::query!(
        "INSERT INTO requests (id, community_id, kind, invitation_id) VALUES ($1, $2, $3, $4)
         ON CONFLICT (invitation_id, kind) WHERE ended_at IS NULL DO NOTHING",
        id.uuid(),
        community.uuid(),
        kind as RequestKind,
        invitation.uuid(),
    )
    .execute(pool)
    .await?;
    Ok(opened.rows_affected() > 0)
}

/// Whoever a message reached says that they are not meant: the leaders learn of it, if it carried a code that is live.
///
/// # Errors
/// When the ledger does not answer.
pub async fn open_not_me(tx: &mut PgConnection, id: RequestId, contact: ContactId) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO requests (id, community_id, kind, invitation_id)
         SELECT $1, i.community_id, 'not_me', i.id
         FROM contacts c JOIN invitations i ON i.household_id = c.household_id
         WHERE c.id = $2 AND i.ended_at IS NULL AND i.expires_at > app_now()
             AND EXISTS (SELECT FROM deliveries WHERE invitation_id = i.id AND contact_id = c.id)
         ORDER BY i.id DESC LIMIT 1
         ON CONFLICT (invitation_id, kind) WHERE ended_at IS NULL DO NOTHING",
        id.uuid(),
        contact.uuid(),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The open requests with these codes.
///
/// # Errors
/// When the ledger does not answer.
pub async fn open_with(tx: &mut PgConnection, invitations: &[Uuid]) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "SELECT id FROM requests WHERE invitation_id = ANY ($1) AND ended_at IS NULL",
        invitations
    )
    .fetch_all(tx)
    .await
}

/// Ends those of these requests that are open, and forgets who asked; how many there were.
///
/// # Errors
/// When the ledger does not answer.
pub async fn end(tx: &mut PgConnection, requests: &[Uuid], how: RequestEnd) -> sqlx::Result<u64> {
    let ended = sqlx::query!(
        "UPDATE requests SET ended_as = $2, ended_at = app_now(), name = NULL, channel = NULL, address = NULL,
                             address_hash = NULL, place = NULL
         WHERE id = ANY ($1) AND ended_at IS NULL",
        requests,
        how as RequestEnd,
    );
    Ok(ended.execute(tx).await?.rows_affected())
}

/// Something that a resident asks for.
#[derive(Clone, Serialize, ToSchema)]
pub struct Request {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: RequestId,
    /// What for: `join` with a blank pass, `new_code` for one that expired, or `not_me`.
    #[schema(value_type = String)]
    pub kind: RequestKind,
    /// The household whose code it was; left out with a blank pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub household: Option<HouseholdId>,
    /// What that household is called, or who asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where that household lives, or where whoever asks says that they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// How whoever wants to join is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The serial of the pass with that code, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<i32>,
    /// When they asked.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Shows which, not who.
impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// The open requests of a community, the oldest first, at most 200. What a household asked for that has joined since is
/// not open any more.
///
/// # Errors
/// When the ledger does not answer.
pub async fn list(pool: &PgPool, community: CommunityId) -> sqlx::Result<Vec<Request>> {
    let rows = sqlx::query!(
        r#"SELECT r.id AS "id!", r.kind AS "kind!: RequestKind", r.household_id, coalesce(r.name, k.name) AS name,
                  coalesce(r.place, p.label) AS place, r.address,
                  (SELECT max(serial) FROM passes WHERE invitation_id = r.invitation_id) AS serial, r.created_at AS "created_at!"
           FROM open_requests r
           LEFT JOIN households h ON h.id = r.household_id
           LEFT JOIN properties p ON p.id = h.property_id
           CROSS JOIN LATERAL called(h) AS k
           WHERE r.community_id = $1 ORDER BY r.id LIMIT $2"#,
        community.uuid(),
        LISTED,
    )
    .fetch_all(pool)
    .await?;
    let requests = rows.into_iter().map(|row| Request {
        id: row.id.into(),
        kind: row.kind,
        household: row.household_id.map(Into::into),
        name: row.name,
        place: row.place,
        address: row.address,
        serial: row.serial,
        created_at: row.created_at.to_jiff(),
    });
    Ok(requests.collect())
}

/// How many there are.
///
/// # Errors
/// When the ledger does not answer.
pub async fn count(pool: &PgPool, community: CommunityId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM open_requests WHERE community_id = $1"#,
        community.uuid(),
    )
    .fetch_one(pool)
    .await
}

/// A household that whoever asks may belong to.
#[derive(Clone)]
pub struct Candidate {
    /// Which.
    pub id: HouseholdId,
    /// What it is called, or one of its contacts.
    pub name: Option<String>,
    /// Whether it has joined: then they would be one more member.
    pub joined: bool,
}

impl std::fmt::Debug for Candidate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Candidate").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The households at a place, as it is compared.
///
/// # Errors
/// When the ledger does not answer.
pub async fn candidates(pool: &PgPool, community: CommunityId, place: &str) -> sqlx::Result<Vec<Candidate>> {
    let rows = sqlx::query!(
        r#"SELECT h.id, k.name, h.joined_at IS NOT NULL AS "joined!"
           FROM properties p JOIN households h ON h.property_id = p.id
           CROSS JOIN LATERAL called(h) AS k
           WHERE p.community_id = $1 AND p.label_key = $2 ORDER BY h.id LIMIT 50"#,
        community.uuid(),
        place,
    )
    .fetch_all(pool)
    .await?;
    let found =
        rows.into_iter().map(|row| Candidate { id: row.id.into(), name: row.name, joined: row.joined });
    Ok(found.collect())
}

/// Contacts of a household that may be written to: all, or those that another invitation went to.
///
/// # Errors
/// When the ledger does not answer.
pub async fn contacts_of(
    tx: &mut PgConnection,
    household: HouseholdId,
    reached_by: Option<InvitationId>,
) -> sqlx::Result<Vec<Reachable>> {
    let rows = sqlx::query!(
        r#"SELECT c.id, c.channel AS "channel: Channel" FROM contacts c
           WHERE c.household_id = $1 AND c.address IS NOT NULL AND c.wrong_at IS NULL
               AND NOT EXISTS (
                   SELECT FROM suppressions
                   WHERE address_hash = c.address_hash AND lifted_at IS NULL
                       AND (community_id = c.community_id OR community_id IS NULL)
               )
               AND EXISTS (
                   SELECT FROM (SELECT id FROM invitations WHERE household_id = $1 AND kind <> 'member' OFFSET 0) AS i
                   JOIN deliveries d ON d.invitation_id = i.id
                   WHERE d.contact_id = c.id AND ($2::uuid IS NULL OR d.invitation_id = $2)
               )
           ORDER BY c.id"#,
        household.uuid(),
        reached_by.map(InvitationId::uuid),
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| Reachable { contact: row.id.into(), channel: row.channel }).collect())
}

/// Whether a code is on an access pass.
///
/// # Errors
/// When the ledger does not answer.
pub async fn is_on_paper(pool: &PgPool, invitation: InvitationId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM passes WHERE invitation_id = $1 AND handed_over_at IS NULL) AS "on_paper!""#,
        invitation.uuid(),
    )
    .fetch_one(pool)
    .await
}

//! Households whose best message stands among the problems: whom a leader has to chase, and what helps.

use porchlight_shared::domain::{
    AttemptReason, Channel, CommunityId, ContactId, DeliveryId, DeliveryState, HouseholdId,
};
use sqlx::PgPool;

use super::{
    standing::best_first,
    words::{self, Bucket, Group, Words},
};

/// Households that are looked at at once.
pub const MOST: i64 = 1_000;

/// A household that needs somebody.
#[derive(Clone)]
pub struct Problem {
    /// Which household.
    pub household: HouseholdId,
    /// Its name, or a contact's.
    pub name: Option<String>,
    /// Where it lives.
    pub unit: Option<String>,
    /// The message that stands for it.
    pub delivery: DeliveryId,
    /// To whom that went.
    pub contact: ContactId,
    /// Where that went; `None`: the address was deleted, or is known to be wrong.
    pub to: Option<String>,
    /// How.
    pub channel: Channel,
    /// What helps.
    pub group: Group,
    /// What a leader reads about it.
    pub words: Option<Words>,
}

impl std::fmt::Debug for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Problem").field("delivery", &self.delivery).finish_non_exhaustive()
    }
}

/// The first of them, by unit, at most [`MOST`].
///
/// # Errors
/// When the ledger does not answer.
pub async fn read(pool: &PgPool, community: CommunityId) -> sqlx::Result<Vec<Problem>> {
    let problems: Vec<_> = Bucket::Problem.states().collect();
    let rows = sqlx::query!(
        r#"SELECT h.id, k.name, p.label AS "unit?", best.id AS "delivery!",
                  best.contact_id AS "contact!", best.channel AS "channel!: Channel", best.state AS "state!: DeliveryState",
                  best.reason AS "reason?: AttemptReason", c.address AS "address?",
                  EXISTS (SELECT FROM deliveries o CROSS JOIN LATERAL unclear_attempts(o)
                          WHERE o.invitation_id = i.id AND o.contact_id = best.contact_id AND o.newest) AS "unknown!"
           FROM households h
           LEFT JOIN properties p ON p.id = h.property_id
           CROSS JOIN LATERAL (
               SELECT id, ended_as FROM (
                   SELECT id, ended_as FROM invitations WHERE household_id = h.id AND kind <> 'member' OFFSET 0
               ) AS own ORDER BY id DESC LIMIT 1
           ) AS i
           CROSS JOIN LATERAL (
               SELECT id, contact_id, channel, state, reason FROM deliveries
               WHERE invitation_id = i.id AND contact_id IS NOT NULL AND (newest OR state IN ('accepted', 'delivered'))
               ORDER BY array_position($2::delivery_state[], state), id DESC LIMIT 1
           ) AS best
           JOIN contacts c ON c.id = best.contact_id
           CROSS JOIN LATERAL called(h) AS k
           WHERE h.community_id = $1 AND h.joined_at IS NULL AND best.state = ANY ($3)
               -- Whom a leader took the invitation back from needs nobody.
               AND i.ended_as IS DISTINCT FROM 'revoked'
           ORDER BY p.label_key, h.id LIMIT $4"#,
        community.uuid(),
        &best_first() as &[DeliveryState],
        &problems as &[DeliveryState],
        MOST,
    )
    .fetch_all(pool)
    .await?;
    let problems = rows.into_iter().map(|row| Problem {
        household: row.id.into(),
        name: row.name,
        unit: row.unit,
        delivery: row.delivery.into(),
        contact: row.contact.into(),
        to: row.address,
        channel: row.channel,
        group: match Group::of(row.channel, row.state, row.reason) {
            // An attempt before may have arrived, whatever became of the last.
            Group::TryAgain | Group::Operator if row.unknown => Group::Decide,
            group => group,
        },
        words: words::of(row.channel, row.state, None, row.reason),
    });
    Ok(problems.collect())
}

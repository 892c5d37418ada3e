//! What the report says that no other page does: how everybody was invited, and who everybody is, in order.

use std::collections::BTreeMap;

use porchlight_shared::domain::{Channel, CommunityId, DeliveryState, HouseholdId};
use sqlx::{PgConnection, PgPool};

use super::{standing::best_first, words::Bucket};

/// Households that were invited one way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// How many.
    pub households: i64,
    /// How many of them have joined, this way or another.
    pub joined: i64,
    /// Where the best message of each stands; they sum to all of them.
    pub buckets: BTreeMap<Bucket, i64>,
}

/// How many households were invited by e-mail, and how many by text, with their newest invitation. One that was invited both
/// ways counts for each.
///
/// # Errors
/// When the ledger does not answer.
pub async fn ways(pool: &PgPool, community: CommunityId) -> sqlx::Result<[(Channel, Way); 2]> {
    let rows = sqlx::query!(
        r#"SELECT best.channel AS "channel!: Channel", best.state AS "state!: DeliveryState",
                  h.joined_at IS NOT NULL AS "joined!", count(*) AS "count!"
           FROM households h
           -- Its own ones first, as where everybody stands is read.
           CROSS JOIN LATERAL (
               SELECT id FROM (
                   SELECT id FROM invitations WHERE household_id = h.id AND kind <> 'member' OFFSET 0
               ) AS own ORDER BY id DESC LIMIT 1
           ) AS i
           CROSS JOIN LATERAL (
               SELECT DISTINCT ON (channel) channel, state FROM deliveries
               WHERE invitation_id = i.id AND (newest OR state IN ('accepted', 'delivered'))
               ORDER BY channel, array_position($2::delivery_state[], state)
           ) AS best
           WHERE h.community_id = $1
           GROUP BY 1, 2, 3"#,
        community.uuid(),
        &best_first() as &[DeliveryState],
    )
    .fetch_all(pool)
    .await?;
    Ok(Channel::ALL.map(|channel| {
        let mut way = Way::default();
        for row in rows.iter().filter(|row| row.channel == channel) {
            way.households += row.count;
            way.joined += if row.joined { row.count } else { 0 };
            *way.buckets.entry(Bucket::of(row.state)).or_default() += row.count;
        }
        (channel, way)
    }))
}

/// Households with an access pass that is valid, or that has let them in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnPaper {
    /// How many.
    pub households: i64,
    /// How many of them were handed one.
    pub handed_over: i64,
    /// How many of them have joined.
    pub joined: i64,
}

/// How many households have an access pass.
///
/// # Errors
/// When the ledger does not answer.
pub async fn on_paper(pool: &PgPool, community: CommunityId) -> sqlx::Result<OnPaper> {
    sqlx::query_as!(
        OnPaper,
        r#"SELECT count(DISTINCT h.id) AS "households!",
                  count(DISTINCT h.id) FILTER (WHERE p.handed_over_at IS NOT NULL) AS "handed_over!",
                  count(DISTINCT h.id) FILTER (WHERE h.joined_at IS NOT NULL) AS "joined!"
           FROM passes p
           JOIN invitations i ON i.id = p.invitation_id
           JOIN households h ON h.id = i.household_id
           WHERE p.community_id = $1 AND (i.ended_as = 'joined' OR i.ended_at IS NULL AND i.expires_at > app_now())"#,
        community.uuid(),
    )
    .fetch_one(pool)
    .await
}

/// Every household there is, in the order of [`super::households::list`].
///
/// # Errors
/// When the ledger does not answer.
pub async fn everybody(tx: &mut PgConnection, community: CommunityId) -> sqlx::Result<Vec<HouseholdId>> {
    let households = sqlx::query_scalar!(
        r#"SELECT h.id FROM households h
           LEFT JOIN properties p ON p.id = h.property_id
           CROSS JOIN LATERAL (SELECT coalesce(in_order(p.label_key), '') AS unit OFFSET 0) AS sorted
           WHERE h.community_id = $1
           ORDER BY sorted.unit = '', sorted.unit, h.id"#,
        community.uuid(),
    )
    .fetch_all(tx)
    .await?;
    Ok(households.into_iter().map(HouseholdId::from).collect())
}

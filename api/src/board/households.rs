//! All households of a community, in order, each with where it stands.

use jiff::Timestamp;
use porchlight_shared::domain::{Channel, CommunityId, DeliveryState, HouseholdId};
use sqlx::{PgExecutor, PgPool};
use uuid::Uuid;

use super::standing::best_first;
pub use super::standing::{Standing, counts, joins_by_day};

/// How many households a page shows.
const ON_A_PAGE: i64 = 50;

/// What a page of households begins after: a unit as it is sorted, empty for none, and one of its households.
pub type After = (String, HouseholdId);

/// A household, as the list of all shows it.
#[derive(Clone, Debug)]
pub struct Household {
    /// Which.
    pub id: HouseholdId,
    /// What the next page begins after.
    pub after: After,
    /// Its name, or a contact's.
    pub name: Option<String>,
    /// Where it lives.
    pub unit: Option<String>,
    /// Where it stands.
    pub standing: Standing,
    /// When it joined.
    pub joined_at: Option<Timestamp>,
    /// The serial of its newest pass that is valid, or was until it joined, and when one was handed over.
    pub pass: Option<(i32, Option<Timestamp>)>,
    /// Where the message goes that says so.
    pub to: Option<String>,
    /// How that one travels.
    pub channel: Option<Channel>,
    /// Since when that one stands there.
    pub since: Option<Timestamp>,
    /// What a leader reads about it.
    pub words: Option<super::words::Words>,
}

/// Households by unit, numbers by their value and those without a unit last, then by when they were entered: at most a page of them, those after `after`, that stand at `at` and
/// in whose name, unit or contacts `words` (lower case) stand; and whether there are more.
///
/// # Errors
/// When the ledger does not answer.
pub async fn list(
    pool: &PgPool,
    community: CommunityId,
    at: Option<Standing>,
    words: Option<&str>,
    after: Option<After>,
) -> sqlx::Result<(Vec<Household>, bool)> {
    read(pool, community, Wanted { after, most: ON_A_PAGE, ..Wanted::of(at, words) }).await
}

/// All of them, in the same order, at most so many; and whether there are more.
///
/// # Errors
/// When the ledger does not answer.
pub async fn matching(
    pool: &PgPool,
    community: CommunityId,
    at: Option<Standing>,
    words: Option<&str>,
    most: i64,
) -> sqlx::Result<(Vec<HouseholdId>, bool)> {
    let (found, more) = read(pool, community, Wanted { most, ..Wanted::of(at, words) }).await?;
    Ok((found.into_iter().map(|household| household.id).collect(), more))
}

/// The first households that have not joined, in the same order, at most so many; and whether there are more.
///
/// # Errors
/// When the ledger does not answer.
pub async fn not_joined(
    pool: &PgPool,
    community: CommunityId,
    most: i64,
) -> sqlx::Result<(Vec<Household>, bool)> {
    read(pool, community, Wanted { joined: Some(false), most, ..Wanted::default() }).await
}

/// Those of these households that are there, in the same order.
///
/// # Errors
/// When the ledger does not answer.
pub async fn some(
    pool: &PgPool,
    community: CommunityId,
    households: &[HouseholdId],
) -> sqlx::Result<Vec<Household>> {
    let most = i64::try_from(households.len()).unwrap_or(i64::MAX - 1);
    let among = Some(households.iter().map(|household| household.uuid()).collect());
    let mut tx = pool.begin().await?;
    // A plan that fits every wish looks at everybody, even for a few.
    sqlx::query!("SET LOCAL plan_cache_mode = 'force_custom_plan'").execute(&mut *tx).await?;
    let (found, _) = read(&mut *tx, community, Wanted { among, most, ..Wanted::default() }).await?;
    tx.commit().await?;
    Ok(found)
}

/// Which households are read; what is `None` does not matter.
#[derive(Default)]
struct Wanted<'a> {
    joined: Option<bool>,
    states: Option<Vec<DeliveryState>>,
    on_paper: Option<bool>,
    words: Option<&'a str>,
    after: Option<After>,
    among: Option<Vec<Uuid>>,
    most: i64,
}

impl<'a> Wanted<'a> {
    /// Those that stand there, and are called like that.
    fn of(at: Option<Standing>, words: Option<&'a str>) -> Self {
        let (joined, states): (Option<bool>, Option<Vec<DeliveryState>>) = match at {
            None => (None, None),
            Some(Standing::Joined) => (Some(true), None),
            Some(Standing::Invited(bucket)) => (Some(false), Some(bucket.states().collect())),
            Some(Standing::OnPaper | Standing::NotInvited) => (Some(false), Some(Vec::new())),
        };
        let on_paper = match at {
            Some(Standing::OnPaper) => Some(true),
            Some(Standing::NotInvited) => Some(false),
            None | Some(Standing::Joined | Standing::Invited(_)) => None,
        };
        Self { joined, states, on_paper, words, ..Self::default() }
    }
}

async fn read(
    ledger: impl PgExecutor<'_>,
    community: CommunityId,
    wanted: Wanted<'_>,
) -> sqlx::Result<(Vec<Household>, bool)> {
    let Wanted { joined, states, on_paper, words, after, among, most } = wanted;
    let (unit, id) = after.map(|(unit, id)| (unit, id.uuid())).unzip();
    let mut rows = sqlx::query!(
        r#"SELECT h.id, sorted.unit AS "place!", coalesce(h.name, k.name) AS name, p.label AS "unit?", h.joined_at,
                  best.channel AS "channel?: Channel", best.state AS "state?: DeliveryState",
                  best.reason AS "reason?: porchlight_shared::domain::AttemptReason", best.changed_at AS "changed_at?",
                  w.held_reason AS "held_reason?: porchlight_shared::domain::HoldReason", k.address AS "address?",
                  pass.serial, pass.handed_over_at
           FROM households h
           LEFT JOIN properties p ON p.id = h.property_id
           CROSS JOIN LATERAL (SELECT coalesce(in_order(p.label_key), '') AS unit OFFSET 0) AS sorted
           LEFT JOIN LATERAL (
               SELECT id, live FROM (
                   SELECT id, ended_at IS NULL AND expires_at > app_now() AS live
                   FROM invitations WHERE household_id = h.id AND kind <> 'member' OFFSET 0
               ) AS own ORDER BY id DESC LIMIT 1
           ) AS i ON true
           LEFT JOIN LATERAL (
               SELECT max(serial) AS serial, max(handed_over_at) AS handed_over_at
               FROM passes WHERE invitation_id = i.id AND (i.live OR h.joined_at IS NOT NULL)
           ) AS pass ON true
           LEFT JOIN LATERAL (
               SELECT * FROM deliveries WHERE invitation_id = i.id AND (newest OR state IN ('accepted', 'delivered'))
               ORDER BY array_position($2::delivery_state[], state), id DESC LIMIT 1
           ) AS best ON true
           LEFT JOIN channels ch ON ch.channel = best.channel
           LEFT JOIN LATERAL waits_for(best::deliveries, ch) AS w ON best.id IS NOT NULL
           LEFT JOIN LATERAL (
               SELECT name, address FROM contacts
               WHERE household_id = h.id AND NOT of_member ORDER BY id = best.contact_id DESC, id LIMIT 1
           ) AS k ON true
           WHERE h.community_id = $1
               AND ($3::boolean IS NULL OR (h.joined_at IS NOT NULL) = $3)
               AND ($4::delivery_state[] IS NULL OR CASE WHEN cardinality($4) = 0 THEN best.state IS NULL ELSE best.state = ANY ($4) END)
               AND ($9::boolean IS NULL OR (pass.serial IS NOT NULL) = $9)
               AND ($5::text IS NULL OR strpos(lower(concat_ws(' ', h.name, p.label, (
                       SELECT string_agg(concat_ws(' ', name, address), ' ') FROM contacts WHERE household_id = h.id
                   ))), $5) > 0)
               AND ($10::uuid[] IS NULL OR h.id = ANY ($10))
               AND ($6::text IS NULL OR (sorted.unit = '', sorted.unit, h.id) > ($6 = '', $6, $7::uuid))
           ORDER BY sorted.unit = '', sorted.unit, h.id
           LIMIT $8"#,
        community.uuid(),
        &best_first() as &[DeliveryState],
        joined,
        states as Option<Vec<DeliveryState>>,
        words,
        unit,
        id,
        most.saturating_add(1),
        on_paper,
        among as Option<Vec<Uuid>>,
    )
    .fetch_all(ledger)
    .await?;
    let more = i64::try_from(rows.len()).is_ok_and(|found| found > most);
    rows.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    let households = rows.into_iter().map(|row| {
        let spoken = row.channel.zip(row.state).filter(|_| row.joined_at.is_none());
        Household {
            id: row.id.into(),
            after: (row.place, row.id.into()),
            name: row.name,
            unit: row.unit,
            standing: Standing::of(row.joined_at.is_some(), row.state, row.serial.is_some()),
            pass: row.serial.map(|serial| (serial, row.handed_over_at.map(jiff_sqlx::Timestamp::to_jiff))),
            joined_at: row.joined_at.map(jiff_sqlx::Timestamp::to_jiff),
            to: row.address,
            channel: row.channel,
            since: row.changed_at.map(jiff_sqlx::Timestamp::to_jiff),
            words: spoken
                .and_then(|(channel, state)| super::words::of(channel, state, row.held_reason, row.reason)),
        }
    });
    Ok((households.collect(), more))
}

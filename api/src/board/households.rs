//! All households of a community: where each stands, and how many have joined by when.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use porchlight_shared::domain::{Channel, CommunityId, DeliveryState, HouseholdId};
use sqlx::{PgExecutor, PgPool};
use uuid::Uuid;

use super::words::{Bucket, JOINED};

/// The word for a household that nothing was ever meant for.
pub const NOT_INVITED: &str = "not_invited";
/// The word for one that has an access pass alone.
pub const ON_PAPER: &str = "on_paper";

/// How many households a page shows.
const ON_A_PAGE: i64 = 50;

/// Where a household stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It joined.
    Joined,
    /// Its invitation's best delivery stands there.
    Invited(Bucket),
    /// It has an access pass, and no message was meant for it.
    OnPaper,
    /// Nothing was ever meant for it.
    NotInvited,
}

impl Standing {
    /// Every standing, as pages list them.
    pub const ALL: [Self; 10] = [
        Self::Joined,
        Self::Invited(Bucket::Delivered),
        Self::Invited(Bucket::Sent),
        Self::Invited(Bucket::Sending),
        Self::Invited(Bucket::Waiting),
        Self::Invited(Bucket::Checking),
        Self::Invited(Bucket::Problem),
        Self::Invited(Bucket::NotSent),
        Self::OnPaper,
        Self::NotInvited,
    ];

    /// The word in addresses and style sheets.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Joined => JOINED,
            Self::Invited(bucket) => bucket.as_str(),
            Self::OnPaper => ON_PAPER,
            Self::NotInvited => NOT_INVITED,
        }
    }

    /// What a leader reads.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Joined => "Joined",
            Self::Invited(bucket) => bucket.title(),
            Self::OnPaper => "On paper",
            Self::NotInvited => "Not invited",
        }
    }

    /// What that means, in a sentence.
    #[must_use]
    pub const fn means(self) -> &'static str {
        match self {
            Self::Joined => "They have used their code.",
            Self::Invited(Bucket::Delivered) => "The invitation arrived. They have not joined yet.",
            Self::Invited(Bucket::Sent) => "The invitation is out. They have not joined yet.",
            Self::Invited(Bucket::Sending) => "The invitation is being sent right now.",
            Self::Invited(Bucket::Waiting) => "The invitation has not gone out yet.",
            Self::Invited(Bucket::Checking) => "The invitation may have arrived. We are finding out.",
            Self::Invited(Bucket::Problem) => "Somebody has to act before they can join.",
            Self::Invited(Bucket::NotSent) => "The invitation does not go out any more.",
            Self::OnPaper => "They have a printed access pass, and no message.",
            Self::NotInvited => "Nothing was ever meant for them.",
        }
    }

    /// The standing of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.as_str() == word)
    }

    fn of(joined: bool, state: Option<DeliveryState>, on_paper: bool) -> Self {
        match (joined, state) {
            (true, _) => Self::Joined,
            (false, Some(state)) => Self::Invited(Bucket::of(state)),
            (false, None) if on_paper => Self::OnPaper,
            (false, None) => Self::NotInvited,
        }
    }
}

/// Of several deliveries of one invitation the one that stands first here is the household's: what reached it counts, then
/// what may still do so. One that was sent again counts only if it reached it after all.
pub(super) fn best_first() -> Vec<DeliveryState> {
    use Bucket::{Checking, Delivered, NotSent, Problem, Sending, Sent, Waiting};
    [Delivered, Sent, Sending, Waiting, Checking, Problem, NotSent]
        .into_iter()
        .flat_map(Bucket::states)
        .collect()
}

/// How many households stand where; every standing is there.
///
/// # Errors
/// When the ledger does not answer.
pub async fn counts(pool: &PgPool, community: CommunityId) -> sqlx::Result<BTreeMap<&'static str, i64>> {
    let rows = sqlx::query!(
        r#"SELECT h.joined_at IS NOT NULL AS "joined!", best.state AS "state?: DeliveryState",
                  best.state IS NULL AND pass.serial IS NOT NULL AS "on_paper!", count(*) AS "count!"
           FROM households h
           -- Its own ones first: to walk all invitations from the newest on until one is the household's takes minutes.
           LEFT JOIN LATERAL (
               SELECT id, live FROM (
                   SELECT id, ended_at IS NULL AND expires_at > app_now() AS live
                   FROM invitations WHERE household_id = h.id AND kind <> 'member' OFFSET 0
               ) AS own ORDER BY id DESC LIMIT 1
           ) AS i ON h.joined_at IS NULL
           LEFT JOIN LATERAL (
               SELECT max(serial) AS serial FROM passes WHERE invitation_id = i.id AND i.live
           ) AS pass ON true
           LEFT JOIN LATERAL (
               SELECT state FROM deliveries WHERE invitation_id = i.id AND (newest OR state IN ('accepted', 'delivered'))
               ORDER BY array_position($2::delivery_state[], state), id DESC LIMIT 1
           ) AS best ON true
           WHERE h.community_id = $1
           GROUP BY 1, 2, 3"#,
        community.uuid(),
        &best_first() as &[DeliveryState],
    )
    .fetch_all(pool)
    .await?;
    let mut counts: BTreeMap<_, _> = Standing::ALL.iter().map(|standing| (standing.as_str(), 0)).collect();
    for row in rows {
        *counts.entry(Standing::of(row.joined, row.state, row.on_paper).as_str()).or_default() += row.count;
    }
    Ok(counts)
}

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
           -- Every number gets nine digits, so that 2 comes before 10.
           CROSS JOIN LATERAL (
               SELECT coalesce(regexp_replace(
                   regexp_replace(p.label_key, '([0-9]+)', '00000000\1', 'g'), '0*([0-9]{9})', '\1', 'g'
               ), '') AS unit OFFSET 0
           ) AS sorted
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

/// How many households joined on which day, of the community's time zone, in order.
///
/// # Errors
/// When the ledger does not answer.
pub async fn joins_by_day(
    pool: &PgPool,
    community: CommunityId,
    zone: &str,
) -> sqlx::Result<Vec<(Date, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT (joined_at AT TIME ZONE $2)::date::text AS "day!", count(*) AS "count!"
           FROM households WHERE community_id = $1 AND joined_at IS NOT NULL GROUP BY 1 ORDER BY 1"#,
        community.uuid(),
        zone,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.day.parse().ok()?, row.count))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_place_and_every_standing_its_word() {
        let mut order = best_first();
        assert_eq!(order.len(), DeliveryState::ALL.len());
        order.sort_unstable();
        order.dedup();
        assert_eq!(order.len(), DeliveryState::ALL.len());
        for standing in Standing::ALL {
            assert_eq!(Standing::from_word(standing.as_str()), Some(standing));
        }
        assert_eq!(Standing::from_word("nowhere"), None);
        assert_eq!(Standing::of(true, Some(DeliveryState::Failed), true), Standing::Joined);
        assert_eq!(Standing::of(false, None, true), Standing::OnPaper);
    }
}

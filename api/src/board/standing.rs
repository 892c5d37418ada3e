//! Where every household stands, in numbers, and how many have joined by when.

use std::collections::BTreeMap;

use jiff::civil::Date;
use porchlight_shared::domain::{CommunityId, DeliveryState};
use sqlx::PgPool;

use super::words::{Bucket, JOINED};

/// The word for a household that nothing was ever meant for.
pub const NOT_INVITED: &str = "not_invited";
/// The word for one that has an access pass alone.
pub const ON_PAPER: &str = "on_paper";

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
    pub fn title(self) -> &'static str {
        match self {
            Self::Joined => say!("household-joined"),
            Self::Invited(bucket) => bucket.title(),
            Self::OnPaper => say!("standing-on-paper"),
            Self::NotInvited => say!("standing-not-invited"),
        }
    }

    /// What that means, in a sentence.
    #[must_use]
    pub fn means(self) -> &'static str {
        match self {
            Self::Joined => say!("standing-joined-means"),
            Self::Invited(Bucket::Delivered) => say!("standing-delivered-means"),
            Self::Invited(Bucket::Sent) => say!("standing-sent-means"),
            Self::Invited(Bucket::Sending) => say!("standing-sending-means"),
            Self::Invited(Bucket::Waiting) => say!("standing-waiting-means"),
            Self::Invited(Bucket::Checking) => say!("standing-checking-means"),
            Self::Invited(Bucket::Problem) => say!("standing-problem-means"),
            Self::Invited(Bucket::NotSent) => say!("standing-not-sent-means"),
            Self::OnPaper => say!("standing-on-paper-means"),
            Self::NotInvited => say!("standing-not-invited-means"),
        }
    }

    /// The standing of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.as_str() == word)
    }

    pub(super) fn of(joined: bool, state: Option<DeliveryState>, on_paper: bool) -> Self {
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

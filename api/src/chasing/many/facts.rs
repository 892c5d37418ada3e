//! At whom a deed can be done, of many: what the step itself will find, read for all of them at once.
//!
//! It is a forecast, which locks nothing; the step under its household's lock has the last word.

use jiff::Timestamp;
use porchlight_shared::domain::{CommunityId, HouseholdId, InvitationId};
use sqlx::PgPool;
use uuid::Uuid;

use super::{Deed, Meant, Why};
use crate::{
    chasing::{MOST_A_DAY, steps::Step},
    intake::batch::{INVITATION_DAYS, MOST_MESSAGES},
};

/// What bears on a household.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "facts of one row, each asked for by itself")]
pub struct Fact {
    /// Which.
    pub household: HouseholdId,
    /// Its name, or where it is reached or lives.
    pub who: Option<String>,
    /// Its live invitation.
    pub live: Option<InvitationId>,
    /// Whether it has a valid pass.
    pub on_paper: bool,
    joined: bool,
    /// Whether its code holds about as long as it would be held.
    long_enough: bool,
    /// When its last invitation was cancelled, if nothing came after.
    cancelled_at: Option<Timestamp>,
    /// When the newest message that invites it was made, of those that went or still go.
    written_at: Option<Timestamp>,
    /// Whether an address of it can be written to now.
    reachable: bool,
    /// Whether one could be, but was within a day, or is about to be.
    lately: bool,
    /// Whether one could be, but was as often as may be.
    often: bool,
}

impl std::fmt::Debug for Fact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fact").field("household", &self.household).finish_non_exhaustive()
    }
}

impl Fact {
    /// Why a deed cannot be done there; `None`: it can.
    #[must_use]
    pub const fn stands_in_the_way(&self, deed: Deed) -> Option<Why> {
        if self.joined {
            return Some(Why::Joined);
        }
        match deed {
            Deed::Pass | Deed::Step(Step::Resend) if self.live.is_none() && self.cancelled_at.is_some() => {
                Some(Why::Cancelled)
            }
            Deed::Step(Step::Resend) if self.reachable => None,
            Deed::Step(Step::Resend) if self.lately => Some(Why::Lately),
            Deed::Step(Step::Resend) if self.often => Some(Why::Often),
            Deed::Step(Step::Resend) => Some(Why::Nobody),
            Deed::Step(_) if self.live.is_none() => Some(Why::NoCode),
            Deed::Step(Step::Extend) if self.long_enough => Some(Why::LongEnough),
            Deed::Pass | Deed::Step(_) => None,
        }
    }

    /// Whether a step was taken since the leader looked, when it could be.
    pub(super) fn is_done(&self, step: Step, meant: &Meant, seen: Timestamp) -> bool {
        let since = |at: Option<Timestamp>| at.is_some_and(|at| at >= seen);
        match step {
            Step::Resend => since(self.written_at) && self.live.is_some() && !self.joined,
            Step::Extend => self.long_enough && self.live == meant.invitation,
            Step::Revoke => since(self.cancelled_at) && self.live.is_none(),
            Step::Replace => false,
        }
    }
}

/// What bears on these households of a community, in this order; what it does not have is left out.
///
/// # Errors
/// When the ledger does not answer.
pub async fn facts(
    pool: &PgPool,
    community: CommunityId,
    texts: bool,
    households: &[HouseholdId],
) -> sqlx::Result<Vec<Fact>> {
    if households.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = households.iter().map(|household| household.uuid()).collect();
    let rows = sqlx::query!(
        r#"SELECT h.id, coalesce(h.name, k.name, k.address, p.label) AS who, h.joined_at IS NOT NULL AS "joined!",
                  live.id AS "live?", coalesce(live.expires_at > clock.now + make_interval(days => $5 - 1), false) AS "long_enough!",
                  EXISTS (SELECT FROM passes WHERE invitation_id = live.id) AS "on_paper!",
                  last.cancelled_at, last.written_at, coalesce(reach.can, false) AS "reachable!",
                  coalesce(reach.lately, false) AS "lately!", coalesce(reach.often, false) AS "often!"
           FROM unnest($2::uuid[]) WITH ORDINALITY AS chosen(id, place)
           JOIN households h ON h.id = chosen.id AND h.community_id = $1
           CROSS JOIN (SELECT app_now() AS now) AS clock
           LEFT JOIN properties p ON p.id = h.property_id
           LEFT JOIN invitations live
               ON live.household_id = h.id AND live.kind = 'household' AND live.ended_at IS NULL AND live.expires_at > clock.now
           LEFT JOIN LATERAL (
               SELECT name, address FROM contacts WHERE household_id = h.id AND NOT of_member ORDER BY id LIMIT 1
           ) AS k ON true
           LEFT JOIN LATERAL (
               SELECT max(i.ended_at) FILTER (WHERE i.ended_as = 'revoked' AND i.newest) AS cancelled_at,
                      max((SELECT max(created_at) FROM deliveries WHERE invitation_id = i.id AND kind = 'invitation'
                               AND state NOT IN ('cancelled', 'suppressed', 'expired', 'not_needed'))) AS written_at
               FROM (
                   SELECT id, ended_as, ended_at, row_number() OVER (ORDER BY id DESC) = 1 AS newest FROM (
                       SELECT id, ended_as, ended_at FROM invitations WHERE household_id = h.id AND kind = 'household' OFFSET 0
                   ) AS own
               ) AS i
           ) AS last ON true
           LEFT JOIN LATERAL (
               SELECT bool_or(NOT busy AND NOT often) AS can, bool_or(busy) AS lately, bool_or(often) AS often
               FROM contacts c
               CROSS JOIN LATERAL (
                   SELECT count(*) AS messages,
                          coalesce(bool_or(d.invitation_id = live.id AND d.kind = 'invitation' AND (
                              d.state IN ('held', 'queued', 'sending', 'retry_wait', 'checking')
                              OR CASE WHEN d.state IN ('accepted', 'delivered', 'bounced', 'complained')
                                      THEN greatest(d.created_at, d.changed_at)
                                      WHEN d.state NOT IN ('cancelled', 'suppressed', 'expired', 'not_needed') THEN d.created_at
                                 END > clock.now - interval '24 hours')), false)
                          OR count(*) FILTER (
                              WHERE i.kind = 'household' AND d.created_at > clock.now - interval '24 hours'
                                  AND d.state NOT IN ('cancelled', 'suppressed', 'expired', 'not_needed')) >= $6 AS busy,
                          count(*) FILTER (
                              WHERE d.invitation_id = live.id AND d.kind = 'invitation'
                                  AND d.state NOT IN ('cancelled', 'suppressed', 'expired', 'not_needed')) >= $4 AS often
                   FROM (
                       SELECT id, kind FROM invitations WHERE household_id = h.id AND kind <> 'member' OFFSET 0
                   ) AS i
                   JOIN deliveries d ON d.invitation_id = i.id
                   WHERE d.contact_id = c.id
               ) AS written
               WHERE c.household_id = h.id AND c.address IS NOT NULL AND c.wrong_at IS NULL AND written.messages > 0
                   AND (c.channel <> 'text' OR $3)
                   AND NOT EXISTS (
                       SELECT FROM suppressions
                       WHERE address_hash = c.address_hash AND lifted_at IS NULL
                           AND (community_id = c.community_id OR community_id IS NULL)
                   )
           ) AS reach ON true
           ORDER BY chosen.place"#,
        community.uuid(),
        &ids,
        texts,
        MOST_MESSAGES,
        INVITATION_DAYS,
        MOST_A_DAY,
    )
    .fetch_all(pool)
    .await?;
    let facts = rows.into_iter().map(|row| Fact {
        household: row.id.into(),
        who: row.who,
        live: row.live.map(Into::into),
        on_paper: row.on_paper,
        joined: row.joined,
        long_enough: row.long_enough,
        cancelled_at: row.cancelled_at.map(jiff_sqlx::Timestamp::to_jiff),
        written_at: row.written_at.map(jiff_sqlx::Timestamp::to_jiff),
        reachable: row.reachable,
        lately: row.lately,
        often: row.often,
    });
    Ok(facts.collect())
}

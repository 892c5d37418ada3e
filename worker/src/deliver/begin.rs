//! Begin: the ledger's word on whether a claimed delivery may go now. One statement for a whole group.
//!
//! Rows are locked in the order of their ids, so that two workers, or begin and a leader's cancel, queue up instead of
//! waiting in a circle. Every look-up is by primary key inside a lateral subquery: no statistics can turn that into a
//! scan. A begin whose answer was lost is asked again with the same token and gets the same attempt.

use std::{collections::HashSet, time::Duration};

use jiff::Timestamp;
use porchlight_shared::domain::{
    AttemptReason, BatchId, Channel, CommunityId, ContactId, DeliveryId, DeliveryKind, HoldReason,
    InvitationId, LetterId, LetterKind, Sealed,
};
use sqlx::PgPool;
use uuid::Uuid;

use super::lane::Statement;

/// For how long a link holds once it goes, in seconds.
const LINK_HOLDS: f64 = 15.0 * 60.0;
/// How long after it was asked for a link is still worth sending, in seconds: it is over an hour after that, whatever holds
/// it up.
const LINK_WORTH_SENDING: f64 = 45.0 * 60.0;

/// A claimed delivery that asks to begin.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// Which.
    pub delivery: DeliveryId,
    /// Whose worker asks.
    pub channel: Channel,
    /// Drawn for this claim; the same on a repeat.
    pub token: i64,
}

/// The ledger's answer.
#[derive(Clone, Debug)]
pub enum Begin {
    /// It is `sending` now, under this attempt.
    Begun(Box<Attempt>),
    /// Its time has not come.
    NotBefore(Duration),
    /// It is held; whoever lets it go pushes it again.
    Held(HoldReason),
    /// It ended, or another attempt runs: drop the job.
    Over,
}

/// A running attempt, and what its message needs.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// From 1.
    pub number: i32,
    /// What its message says.
    pub kind: DeliveryKind,
    /// Who sends.
    pub community: CommunityId,
    /// What the message has in common with others.
    pub batch: Option<BatchId>,
    /// Whose code it carries.
    pub invitation: Option<Invited>,
    /// Whom it reaches; signs the link that stops messages. A letter has none.
    pub contact: Option<ContactId>,
    /// The letter that it carries, if it is no invitation.
    pub letter: Option<Written>,
    /// Where it goes.
    pub address: String,
    /// How to greet.
    pub name: Option<String>,
    /// When the delivery was accepted: the message's date, the same on every attempt.
    pub written_at: Timestamp,
    /// Attempts before this one that counted.
    pub tries: usize,
    /// Attempts before this one that did not go while the channel was open.
    pub unsent: u32,
    /// For how long its window is open, counted from when it was asked for, if it has one; zero: it has closed.
    pub closes_in: Option<Duration>,
    /// What the channel is closed for, if this attempt is to show whether the provider takes messages again.
    pub probe: Option<AttemptReason>,
}

/// The letter that a message carries.
#[derive(Clone)]
pub struct Written {
    /// Which; signs its link.
    pub id: LetterId,
    /// What it says.
    pub kind: LetterKind,
    /// The batch that it is about, and how many of its households need somebody.
    pub about: Option<(BatchId, i32)>,
    /// How the leader is called whom it is about.
    pub whom: Option<String>,
}

/// Shows which, and nobody's name.
impl std::fmt::Debug for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Written").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// The invitation that a message carries.
#[derive(Clone, Debug)]
pub struct Invited {
    /// Which.
    pub id: InvitationId,
    /// Its sealed code.
    pub sealed: Sealed,
    /// Until when it can be used.
    pub expires_at: Timestamp,
}

/// The statement.
#[derive(Clone, Debug)]
pub struct BeginStatement {
    /// The ledger.
    pub pool: PgPool,
    /// How long an attempt may take.
    pub deadline: Duration,
}

impl Statement for BeginStatement {
    type Item = Ask;
    type Answer = Begin;

    async fn run(&self, items: &[Ask]) -> sqlx::Result<Vec<Begin>> {
        let mut answers: Vec<Option<Begin>> = vec![None; items.len()];
        for round in distinct(items.iter().map(|item| item.delivery.uuid())) {
            self.round(items, &round, &mut answers).await?;
        }
        // A delivery that the ledger does not have is over.
        Ok(answers.into_iter().map(|answer| answer.unwrap_or(Begin::Over)).collect())
    }
}

/// Cuts a group into rounds in which no delivery occurs twice, each in the order of ids.
pub(super) fn distinct(ids: impl Iterator<Item = Uuid>) -> Vec<Vec<usize>> {
    let mut order: Vec<(Uuid, usize)> = ids.zip(0..).collect();
    order.sort_unstable();
    let mut rounds = Vec::new();
    while !order.is_empty() {
        let (mut round, mut rest, mut seen) = (Vec::with_capacity(order.len()), Vec::new(), HashSet::new());
        for (id, index) in order {
            if seen.insert(id) { round.push(index) } else { rest.push((id, index)) }
        }
        rounds.push(round);
        order = rest;
    }
    rounds
}

impl BeginStatement {
    /// A link holds from when it goes, not from when it was asked for. Whoever is just using one needs it no longer.
    async fn hold_links(&self, letters: &[Uuid]) -> sqlx::Result<()> {
        if letters.is_empty() {
            return Ok(());
        }
        let held = sqlx::query!(
            "UPDATE letters SET expires_at = greatest(expires_at, app_now() + make_interval(secs => $2))
             WHERE id IN (SELECT id FROM letters WHERE id = ANY($1) AND expires_at IS NOT NULL AND used_at IS NULL
                          FOR NO KEY UPDATE SKIP LOCKED)",
            letters,
            LINK_HOLDS,
        );
        held.execute(&self.pool).await.map(drop)
    }

    #[expect(clippy::too_many_lines, reason = "one statement, whole")]
    async fn round(&self, items: &[Ask], round: &[usize], answers: &mut [Option<Begin>]) -> sqlx::Result<()> {
        let ids: Vec<Uuid> = round.iter().map(|&index| items[index].delivery.uuid()).collect();
        let tokens: Vec<i64> = round.iter().map(|&index| items[index].token).collect();
        let channels: Vec<Channel> = round.iter().map(|&index| items[index].channel).collect();
        let rows = sqlx::query!(
            r#"WITH clock AS MATERIALIZED (SELECT app_now() AS now),
            seen AS MATERIALIZED (
                SELECT d.*, asked.token, asked.place, asked.by
                FROM unnest($1::uuid[], $2::bigint[], $4::channel[]) WITH ORDINALITY AS asked(id, token, by, place)
                CROSS JOIN LATERAL (SELECT * FROM deliveries WHERE id = asked.id OFFSET 0 FOR NO KEY UPDATE) AS d
            ),
            judged AS MATERIALIZED (
                SELECT s.id, s.place, s.token, s.kind, s.community_id, s.batch_id, s.newest, s.state, s.due_at, s.tries, s.unsent,
                       s.attempt_number, s.created_at, s.contact_id, s.invitation_id, s.letter_id, clock.now,
                       i.code_sealed, i.code_sealed_key, i.expires_at, coalesce(c.address, l.address) AS address,
                       CASE WHEN s.kind = 'invitation' THEN coalesce(c.name, h.name) ELSE l.name END AS name,
                       l.kind AS letter, l.batch_id AS about, l.count AS about_count, l.whom,
                       CASE WHEN ch.probe = s.id THEN ch.reason END AS probe, co.text_opens_at, co.text_closes_at,
                       CASE
                           WHEN s.state = 'sending' AND s.attempt_token = s.token THEN 'begun_before'
                           WHEN s.state NOT IN ('queued', 'retry_wait') OR s.channel <> s.by THEN 'over'
                           WHEN b.cancelled_at IS NOT NULL OR i.ended_as IN ('revoked', 'replaced') THEN 'cancelled'
                           WHEN h.joined_at IS NOT NULL AND s.kind = 'invitation' OR i.ended_as = 'joined' THEN 'not_needed'
                           WHEN i.ended_at IS NOT NULL OR i.expires_at <= clock.now OR b.not_after <= clock.now THEN 'expired'
                           -- Whoever is a leader, or a member, no more gets none; a link that is over is no use.
                           WHEN s.letter_id IS NOT NULL AND (l.address IS NULL OR l.used_at IS NOT NULL) THEN 'not_needed'
                           WHEN l.expires_at IS NOT NULL AND l.created_at <= clock.now - make_interval(secs => $5) THEN 'expired'
                           -- Whoever wants no texts gets no link by text either; an e-mail that was asked for is another matter.
                           WHEN s.letter_id IS NULL AND c.address IS NULL OR EXISTS (
                               SELECT FROM suppressions
                               WHERE address_hash = coalesce(c.address_hash, l.address_hash) AND lifted_at IS NULL
                                   AND (community_id = s.community_id OR community_id IS NULL)
                           ) THEN 'suppressed'
                           WHEN s.due_at > clock.now THEN 'not_before'
                           WHEN b.paused_at IS NOT NULL THEN 'paused'
                           -- A text that somebody asked for just now, and waits for, goes at any hour.
                           WHEN s.channel = 'text' AND s.letter_id IS NULL AND co.open IS NOT TRUE THEN 'window'
                           WHEN ch.closed_at IS NOT NULL AND ch.probe IS DISTINCT FROM s.id THEN 'channel_closed'
                           ELSE 'begun'
                       END AS answer
                FROM clock CROSS JOIN seen AS s
                LEFT JOIN LATERAL (SELECT * FROM contacts WHERE id = s.contact_id OFFSET 0) AS c ON true
                LEFT JOIN LATERAL (SELECT * FROM households WHERE id = c.household_id OFFSET 0) AS h ON true
                LEFT JOIN LATERAL (
                    SELECT kind, batch_id, count, used_at, expires_at, created_at,
                           -- That they were removed is said to whoever is one no more.
                           CASE WHEN member_id IS NULL
                               THEN (SELECT email FROM leaders WHERE id = leader_id AND (removed_at IS NULL OR kind = 'removed'))
                               ELSE (SELECT address FROM members WHERE id = member_id AND channel = s.channel) END AS address,
                           (SELECT address_hash FROM members WHERE id = member_id AND channel = 'text' AND s.channel = 'text') AS address_hash,
                           (SELECT name FROM leaders WHERE id = leader_id) AS name,
                           (SELECT coalesce(name, email) FROM leaders WHERE id = about_leader_id) AS whom
                    FROM letters WHERE id = s.letter_id OFFSET 0
                ) AS l ON true
                LEFT JOIN LATERAL (SELECT * FROM invitations WHERE id = s.invitation_id OFFSET 0) AS i ON true
                LEFT JOIN LATERAL (SELECT * FROM batches WHERE id = s.batch_id OFFSET 0) AS b ON true
                LEFT JOIN LATERAL (SELECT * FROM channels WHERE channel = s.channel OFFSET 0) AS ch ON true
                LEFT JOIN LATERAL (
                    SELECT text_opens_at, text_closes_at, text_opens_at <= clock.now AND clock.now < text_closes_at AS open
                    FROM communities WHERE id = s.community_id AND s.channel = 'text' OFFSET 0
                ) AS co ON true
            ),
            changed AS (
                UPDATE deliveries AS d SET
                    state = (CASE WHEN j.answer = 'begun' THEN 'sending' WHEN j.answer IN ('paused', 'window', 'channel_closed') THEN 'held'
                             ELSE j.answer END)::delivery_state,
                    held_reason = (CASE WHEN j.answer IN ('paused', 'window', 'channel_closed') THEN j.answer END)::hold_reason,
                    due_at = CASE WHEN j.answer = 'window' AND j.text_opens_at > j.now THEN j.text_opens_at END,
                    attempt_number = d.attempt_number + (j.answer = 'begun')::int,
                    attempt_token = CASE j.answer WHEN 'begun' THEN j.token END,
                    attempt_began_at = CASE j.answer WHEN 'begun' THEN j.now END,
                    attempt_deadline = CASE j.answer WHEN 'begun' THEN j.now + make_interval(secs => $3) END,
                    changed_at = j.now
                FROM judged AS j
                WHERE d.id = j.id AND j.answer NOT IN ('over', 'begun_before', 'not_before')
            )
            SELECT place AS "place!", answer AS "answer!", id AS "id!", kind AS "kind!: DeliveryKind", community_id AS "community!", batch_id AS batch,
                   invitation_id AS invitation, contact_id AS contact, address, name,
                   letter_id, letter AS "letter?: LetterKind", about, about_count, whom, created_at AS "created_at!",
                   tries AS "tries!", unsent AS "unsent!", probe AS "probe: AttemptReason", attempt_number AS "attempt_number!",
                   code_sealed, code_sealed_key, expires_at AS "expires_at?",
                   extract(epoch FROM due_at - now)::float8 AS wait, CASE WHEN letter_id IS NULL THEN extract(epoch FROM text_closes_at - now)::float8 END AS "closes_in?"
            FROM judged"#,
            &ids,
            &tokens,
            self.deadline.as_secs_f64(),
            &channels as &[Channel],
            LINK_WORTH_SENDING,
        )
        .fetch_all(&self.pool)
        .await?;
        let begun = rows.iter().filter(|row| row.answer.starts_with("begun"));
        let letters: Vec<Uuid> = begun.filter_map(|row| row.letter_id).collect();
        self.hold_links(&letters).await?;
        for row in rows {
            let asked = usize::try_from(row.place - 1).ok().and_then(|place| round.get(place));
            let Some(slot) = asked.and_then(|&index| answers.get_mut(index)) else { continue };
            let running = row.answer == "begun_before";
            *slot = Some(match row.answer.as_str() {
                "begun" | "begun_before" => Begin::Begun(Box::new(Attempt {
                    delivery: row.id.into(),
                    number: row.attempt_number + i32::from(!running),
                    kind: row.kind,
                    community: row.community.into(),
                    batch: row.batch.map(Into::into),
                    invitation: row
                        .invitation
                        .zip(row.code_sealed)
                        .zip(row.code_sealed_key)
                        .zip(row.expires_at)
                        .map(|(((id, bytes), key), expires_at)| Invited {
                            id: id.into(),
                            sealed: Sealed { key, bytes },
                            expires_at: expires_at.to_jiff(),
                        }),
                    contact: row.contact.map(Into::into),
                    letter: row.letter_id.zip(row.letter).map(|(id, kind)| Written {
                        id: id.into(),
                        kind,
                        about: row.about.map(Into::into).zip(row.about_count),
                        whom: row.whom,
                    }),
                    address: row.address.unwrap_or_default(),
                    name: row.name,
                    written_at: row.created_at.to_jiff(),
                    tries: usize::try_from(row.tries).unwrap_or(0),
                    unsent: u32::try_from(row.unsent).unwrap_or(0),
                    closes_in: row
                        .closes_in
                        .map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or_default()),
                    probe: row.probe,
                })),
                "not_before" => {
                    Begin::NotBefore(Duration::try_from_secs_f64(row.wait.unwrap_or(0.0)).unwrap_or_default())
                }
                "paused" => Begin::Held(HoldReason::Paused),
                "window" => Begin::Held(HoldReason::Window),
                "channel_closed" => Begin::Held(HoldReason::ChannelClosed),
                _ => Begin::Over,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_round_has_a_delivery_twice_and_each_is_in_order() {
        let ids = [3, 1, 3, 2, 1, 3].map(Uuid::from_u128);
        assert_eq!(distinct(ids.into_iter()), [vec![1, 3, 0], vec![4, 2], vec![5]]);
        assert!(distinct(std::iter::empty()).is_empty());
    }
}

//! Finish: an attempt's outcome enters the ledger. One statement for a whole group.
//!
//! An outcome lands on the attempt it belongs to and nowhere else. If the attempt was given up as unknown meanwhile, the
//! late answer still counts (it is the truth), and the record says that it was late. A late *accepted* settles the
//! delivery even if a repeat was refused for now, or is refused after it: the provider has the message.

use std::time::Duration;

use porchlight_shared::domain::{AttemptOutcome, AttemptReason, DeliveryId, DeliveryState};
use sqlx::PgPool;
use uuid::Uuid;

use super::{begin::distinct, lane::Statement};

/// An attempt that ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// Which of its attempts.
    pub number: i32,
    /// How.
    pub outcome: AttemptOutcome,
    /// Why, unless accepted.
    pub reason: Option<AttemptReason>,
    /// What the provider said, masked.
    pub reply: Option<String>,
    /// The provider's name for the message.
    pub provider_id: Option<String>,
    /// Whether it was a closed channel's probe: then that it did not go says nothing about the delivery.
    pub probe: bool,
    /// What becomes of the delivery.
    pub next: DeliveryState,
    /// Until what is next.
    pub wait: Option<Duration>,
}

/// What the ledger made of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landing {
    /// It ended the running attempt.
    Landed,
    /// The attempt had been given up; the outcome still decided.
    Late,
    /// The delivery had gone on without it, or the outcome was recorded before.
    Stale,
}

/// The statement.
#[derive(Clone, Debug)]
pub struct FinishStatement {
    /// The ledger.
    pub pool: PgPool,
}

/// The arrays of one round, in the order of the statement's parameters.
#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    numbers: Vec<i32>,
    outcomes: Vec<AttemptOutcome>,
    reasons: Vec<Option<AttemptReason>>,
    replies: Vec<Option<String>>,
    provider_ids: Vec<Option<String>>,
    probes: Vec<bool>,
    nexts: Vec<DeliveryState>,
    waits: Vec<Option<f64>>,
}

impl Statement for FinishStatement {
    type Item = Ended;
    type Answer = Landing;

    async fn run(&self, items: &[Ended]) -> sqlx::Result<Vec<Landing>> {
        let mut answers = vec![Landing::Stale; items.len()];
        for round in distinct(items.iter().map(|item| item.delivery.uuid())) {
            self.round(items, &round, &mut answers).await?;
        }
        Ok(answers)
    }
}

impl FinishStatement {
    async fn round(&self, items: &[Ended], round: &[usize], answers: &mut [Landing]) -> sqlx::Result<()> {
        let mut columns = Columns::default();
        for item in round.iter().map(|&index| &items[index]) {
            columns.ids.push(item.delivery.uuid());
            columns.numbers.push(item.number);
            columns.outcomes.push(item.outcome);
            columns.reasons.push(item.reason);
            columns.replies.push(item.reply.clone());
            columns.provider_ids.push(item.provider_id.clone());
            columns.probes.push(item.probe);
            columns.nexts.push(item.next);
            columns.waits.push(item.wait.map(|wait| wait.as_secs_f64()));
        }
        let rows = sqlx::query!(
            r#"WITH clock AS MATERIALIZED (SELECT app_now() AS now),
            seen AS MATERIALIZED (
                SELECT told.*, d.attempt_began_at,
                       CASE
                           WHEN d.state = 'sending' AND d.attempt_number = told.number THEN 'landed'
                           WHEN told.outcome = 'unknown' THEN 'stale'
                           WHEN told.outcome = 'accepted' AND d.state = 'sending' AND told.number < d.attempt_number THEN 'noted'
                           WHEN told.outcome = 'accepted'
                               AND d.state IN ('checking', 'retry_wait', 'queued', 'held', 'needs_decision') THEN 'late'
                           WHEN d.attempt_number <> told.number THEN 'stale'
                           WHEN d.state = 'checking' AND told.next IN ('failed', 'retry_wait') THEN 'late'
                           WHEN d.state IN ('retry_wait', 'queued', 'held', 'needs_decision') AND told.next = 'failed' THEN 'late'
                           ELSE 'stale'
                       END AS landing,
                       d.taken
                FROM unnest($1::uuid[], $2::int[], $3::attempt_outcome[], $4::attempt_reason[], $5::text[], $6::text[],
                            $7::delivery_state[], $8::float8[], $9::bool[])
                     WITH ORDINALITY AS told(id, number, outcome, reason, reply, provider_id, next, wait, probe, place)
                CROSS JOIN LATERAL (SELECT * FROM deliveries WHERE id = told.id OFFSET 0 FOR NO KEY UPDATE) AS d
            ),
            changed AS (
                UPDATE deliveries AS d SET
                    state = CASE WHEN s.taken THEN 'accepted' ELSE s.next END,
                    held_reason = NULL,
                    due_at = CASE WHEN NOT s.taken THEN clock.now + make_interval(secs => s.wait) END,
                    tries = d.tries + (s.landing = 'landed' AND s.outcome IN ('refused_temporary', 'unknown'))::int,
                    unsent = d.unsent + (s.landing = 'landed' AND s.outcome = 'not_sent' AND (NOT s.probe OR s.reason = 'internal'))::int,
                    attempt_token = NULL, attempt_began_at = NULL, attempt_deadline = NULL,
                    reason = CASE WHEN NOT s.taken THEN s.reason END,
                    changed_at = clock.now
                FROM clock, seen AS s
                WHERE d.id = s.id AND s.landing IN ('landed', 'late')
                RETURNING d.id, s.number, s.attempt_began_at, s.landing, s.outcome, s.reason, s.reply, s.provider_id,
                          clock.now
            ),
            noted AS (
                -- The repeat that is under way reads it under its lock.
                UPDATE deliveries AS d SET taken = true FROM seen AS s WHERE d.id = s.id AND s.landing = 'noted'
            ),
            recorded AS (
                INSERT INTO attempts (delivery_id, number, began_at, ended_at, outcome, reason, reply, provider_id)
                SELECT id, number, attempt_began_at, now, outcome, reason, reply, provider_id
                FROM changed WHERE landing = 'landed'
            ),
            amended AS (
                UPDATE attempts AS a SET outcome = s.outcome, reason = s.reason, reply = s.reply, provider_id = s.provider_id,
                                         ended_at = clock.now, late = true
                FROM clock, seen AS s
                WHERE a.delivery_id = s.id AND a.number = s.number AND a.outcome = 'unknown'
                    AND s.landing <> 'landed' AND s.outcome <> 'unknown'
            )
            SELECT place AS "place!", landing AS "landing!" FROM seen"#,
            &columns.ids,
            &columns.numbers,
            &columns.outcomes as &[AttemptOutcome],
            &columns.reasons as &[Option<AttemptReason>],
            &columns.replies as &[Option<String>],
            &columns.provider_ids as &[Option<String>],
            &columns.nexts as &[DeliveryState],
            &columns.waits as &[Option<f64>],
            &columns.probes,
        )
        .fetch_all(&self.pool)
        .await?;
        for row in rows {
            let asked = usize::try_from(row.place - 1).ok().and_then(|place| round.get(place));
            if let Some(slot) = asked.and_then(|&index| answers.get_mut(index)) {
                *slot = match row.landing.as_str() {
                    "landed" => Landing::Landed,
                    "late" => Landing::Late,
                    _ => Landing::Stale,
                };
            }
        }
        Ok(())
    }
}

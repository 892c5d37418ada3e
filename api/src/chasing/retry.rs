//! What failed in a batch, or at some households, goes once more: safely, because each is decided under its own lock.

use std::sync::Arc;

use porchlight_shared::domain::{AttemptReason, BatchId, CommunityId, DeliveryId, DeliveryState};
use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;

use crate::{
    audit::{Act, Actor, Entry},
    board::deciding::{Answer, Choice, decide},
    problem::Problem,
    state::AppState,
};

/// Messages that one request tries again.
pub const MOST: i64 = 2_000;

/// What became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RetryAnswer)]
pub struct Retried {
    /// Messages that go again and certainly had not arrived.
    pub certain: usize,
    /// Messages that go again although they may have arrived: the household may get them twice.
    pub unknown: usize,
    /// Messages that nothing was done about: the household joined meanwhile, the batch was cancelled, or nobody may write
    /// there; each says so on its own page.
    pub left: usize,
}

/// The messages of a batch that stand in one of these states and, if any are named, for one of these reasons.
///
/// # Errors
/// When the ledger does not answer.
pub async fn of_batch(
    pool: &PgPool,
    community: CommunityId,
    batch: BatchId,
    states: &[DeliveryState],
    reasons: &[AttemptReason],
) -> sqlx::Result<Vec<DeliveryId>> {
    let found = sqlx::query_scalar!(
        "SELECT d.id FROM deliveries d JOIN contacts c ON c.id = d.contact_id JOIN households h ON h.id = c.household_id
         WHERE d.batch_id = $1 AND d.community_id = $2 AND d.newest AND h.joined_at IS NULL AND d.state = ANY ($3)
             AND (cardinality($4::attempt_reason[]) = 0 OR d.reason = ANY ($4))
             -- What may have arrived in an attempt before is not certain to be missing because the last one failed.
             AND ('needs_decision' = ANY ($3) OR NOT EXISTS (SELECT FROM unclear_attempts(d)))
         ORDER BY d.batch_row LIMIT $5",
        batch.uuid(),
        community.uuid(),
        states as &[DeliveryState],
        reasons as &[AttemptReason],
        MOST,
    );
    Ok(found.fetch_all(pool).await?.into_iter().map(DeliveryId::from).collect())
}

/// Tries these again, one after the other. What was done stays done when the ledger goes away in between; the same request
/// does the rest.
///
/// # Errors
/// When the ledger does not answer.
pub async fn all(
    state: &Arc<AppState>,
    actor: Actor,
    deliveries: &[DeliveryId],
    subject: Option<BatchId>,
) -> Result<Retried, Problem> {
    let mut retried = Retried::default();
    for delivery in deliveries {
        match decide(state, actor, *delivery, Choice::SendAgain).await {
            // Somebody else has just sent it again.
            Ok(Ok(decided)) if decided.answer == Answer::SentAgain && !decided.now => {}
            Ok(Ok(decided)) if decided.answer == Answer::SentAgain => {
                if decided.unknown {
                    retried.unknown += 1;
                } else {
                    retried.certain += 1;
                }
            }
            Ok(_) => retried.left += 1,
            Err(problem) if problem.is_not_found() => retried.left += 1,
            Err(problem) => return Err(problem),
        }
    }
    let count = i64::try_from(retried.certain + retried.unknown).unwrap_or(i64::MAX);
    if count > 0 {
        let entry = Entry {
            by: actor.by,
            act: Act::ProblemsRetried,
            subject: subject.map(BatchId::uuid),
            count: Some(count),
        };
        entry.write(&mut *state.pool.acquire().await?, actor.community).await?;
    }
    Ok(retried)
}

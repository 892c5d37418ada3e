//! `POST …/batches/{batch}/pause|resume|cancel`: a leader holds a batch, lets it go on, or takes back the rest.
//!
//! Every row that waits is changed here, under its lock, in the order of ids. A worker that is just beginning one either
//! has its lock, and then the row is *in flight* when we get there, or finds it changed. So when the answer arrives
//! nothing of the batch begins any more, and `in_flight` counts every message that may still arrive. A row that comes
//! back from an attempt later (refused for now) meets the batch's mark when it next tries to begin.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use jiff::Timestamp;
use porchlight_shared::{
    domain::{BatchId, CommunityId, DeliveryState},
    store::steering::change,
};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::{
    access::Caller,
    audit::{Act, Actor, Entry},
    problem::Problem,
    refusals::{LedgerAwayRepeat, NoBatch, NoToken},
    state::AppState,
};

/// Where a batch stands after it was steered.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchSteered {
    /// Which batch.
    #[schema(value_type = uuid::Uuid)]
    pub id: BatchId,
    /// Since when it is paused.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub paused_at: Option<Timestamp>,
    /// When the rest of it was cancelled.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub cancelled_at: Option<Timestamp>,
    /// Rows that this request changed.
    pub changed: u64,
    /// Messages that are being sent, or that the provider may have without having said so: these may still arrive.
    pub in_flight: i64,
    /// Rows that wait, held ones included.
    pub waiting: i64,
}

macro_rules! steering {
    ($(#[$doc:meta])* $name:ident, $path:literal, $description:literal, $step:expr) => {
        $(#[$doc])*
        #[utoipa::path(
            post, path = $path, tag = "Sending",
            params(
                ("community" = String, Path, format = Uuid, description = "The community"),
                ("batch" = String, Path, format = Uuid, description = "The batch"),
            ),
            responses(
                (status = 200, description = $description, body = BatchSteered),
                NoToken, NoBatch, LedgerAwayRepeat,
            ),
            security(("bearer" = [])),
        )]
        pub async fn $name(
            State(state): State<Arc<AppState>>,
            caller: Caller,
            Path((_, batch)): Path<(String, String)>,
        ) -> Result<Json<BatchSteered>, Problem> {
            let batch: BatchId = batch.parse().map_err(|_| Problem::not_found())?;
            steer(&state, caller.actor(), batch, $step).await.map(Json)
        }
    };
}

steering! {
    /// Pause a batch
    ///
    /// Nothing of it begins until it is resumed. Repeating the request changes nothing.
    pause_batch, "/v1/communities/{community}/batches/{batch}/pause", "Nothing more of it begins", Step::Pause
}
steering! {
    /// Resume a paused batch
    ///
    /// What waited goes on at the provider's pace. A batch that was cancelled stays so.
    resume_batch, "/v1/communities/{community}/batches/{batch}/resume", "It goes on", Step::Resume
}
steering! {
    /// Cancel the rest of a batch
    ///
    /// Every message that has not begun is taken back for good; those in flight may still arrive.
    cancel_batch, "/v1/communities/{community}/batches/{batch}/cancel", "The rest is cancelled", Step::Cancel
}

/// What is done to the rows that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing more of it begins.
    Pause,
    /// It goes on.
    Resume,
    /// The rest is taken back for good.
    Cancel,
}

impl Step {
    /// The state that they get.
    const fn state(self) -> DeliveryState {
        match self {
            Self::Pause => DeliveryState::Held,
            Self::Resume => DeliveryState::Queued,
            Self::Cancel => DeliveryState::Cancelled,
        }
    }
}

/// Steers a batch; a problem when the community has no such batch. What is asked for one by one is nobody's to steer.
///
/// # Errors
/// When there is no such batch, or the ledger does not answer.
pub async fn steer(
    state: &Arc<AppState>,
    Actor { community, by }: Actor,
    batch: BatchId,
    step: Step,
) -> Result<BatchSteered, Problem> {
    let mut tx = state.pool.begin().await?;
    let before = sqlx::query!(
        r#"SELECT paused_at IS NOT NULL AS "paused!", cancelled_at IS NOT NULL AS "cancelled!" FROM batches
           WHERE community_id = $1 AND id = $2 AND purpose = 'list' FOR NO KEY UPDATE"#,
        community.uuid(),
        batch.uuid(),
    );
    let before = before.fetch_optional(&mut *tx).await?.ok_or_else(Problem::not_found)?;
    let step = mark(&mut tx, community, batch, step).await?.ok_or_else(Problem::not_found)?;
    let (changed, repeats) = change(&mut tx, batch, step.state()).await?;
    let after = sqlx::query!(
        r#"SELECT b.channel, b.paused_at, b.cancelled_at,
                  coalesce(sum(t.count) FILTER (WHERE t.state IN ('sending', 'checking')), 0)::bigint AS "in_flight!",
                  coalesce(sum(t.count) FILTER (WHERE t.state IN ('held', 'queued', 'retry_wait')), 0)::bigint AS "waiting!"
           FROM batches b JOIN tallies t ON t.batch_id = b.id WHERE b.id = $1 GROUP BY b.id"#,
        batch.uuid(),
    )
    .fetch_one(&mut *tx)
    .await?;
    let act = match step {
        Step::Pause => (!before.paused).then_some(Act::BatchPaused),
        Step::Resume => before.paused.then_some(Act::BatchResumed),
        Step::Cancel => Some(Act::BatchCancelled),
    };
    // Said twice is done once.
    if let Some(act) = act.filter(|_| !before.cancelled) {
        let count = i64::try_from(changed.len()).unwrap_or(i64::MAX);
        Entry::of(by, act, batch.uuid()).many(count).write(&mut tx, community).await?;
    }
    tx.commit().await?;
    tracing::info!(%community, %batch, ?step, changed = changed.len(), in_flight = after.in_flight, "batch steered");
    let answer = BatchSteered {
        id: batch,
        paused_at: after.paused_at.map(jiff_sqlx::Timestamp::to_jiff),
        cancelled_at: after.cancelled_at.map(jiff_sqlx::Timestamp::to_jiff),
        changed: changed.len() as u64,
        in_flight: after.in_flight + repeats,
        waiting: after.waiting,
    };
    if step == Step::Resume {
        state.push_afterwards(after.channel, changed);
    }
    Ok(answer)
}

/// Marks the batch, and answers what is to be done with its rows; `None` when the community has no such batch. A batch
/// that was cancelled stays so, whatever is asked.
async fn mark(
    tx: &mut PgConnection,
    community: CommunityId,
    batch: BatchId,
    step: Step,
) -> sqlx::Result<Option<Step>> {
    let cancelled = sqlx::query_scalar!(
        r#"UPDATE batches SET
               paused_at = CASE WHEN $3 AND cancelled_at IS NULL THEN coalesce(paused_at, app_now()) END,
               -- What paused it first stays the reason.
               paused_for = CASE WHEN NOT $3 OR cancelled_at IS NOT NULL THEN NULL
                                 WHEN paused_at IS NULL THEN 'leader'::pause_reason
                                 ELSE coalesce(paused_for, 'leader') END,
               storm_count = CASE WHEN $3 AND cancelled_at IS NULL AND paused_at IS NOT NULL THEN storm_count END,
               storm_sends = CASE WHEN $3 AND cancelled_at IS NULL AND paused_at IS NOT NULL THEN storm_sends END,
               resumed_at = CASE WHEN $5 AND paused_at IS NOT NULL THEN app_now() ELSE resumed_at END,
               cancelled_at = CASE WHEN $4 THEN coalesce(cancelled_at, app_now()) ELSE cancelled_at END
           WHERE community_id = $1 AND id = $2 AND purpose = 'list'
           RETURNING cancelled_at IS NOT NULL AS "cancelled!""#,
        community.uuid(),
        batch.uuid(),
        step == Step::Pause,
        step == Step::Cancel,
        step == Step::Resume,
    )
    .fetch_optional(tx)
    .await?;
    Ok(cancelled.map(|cancelled| if cancelled { Step::Cancel } else { step }))
}

//! The rows of a batch that wait, when the batch is paused, resumed or cancelled.
//!
//! The API steers for a leader; the worker pauses what does harm. Both lock the batch's row first, then its rows in the
//! order of ids, as begin does.

use sqlx::{PgConnection, Result};

use crate::{
    domain::{BatchId, DeliveryState},
    queue::Job,
};

/// Changes every row of a batch that waits, in the caller's transaction, which has the batch's own row locked: `Held` for a
/// pause, `Queued` for those that a pause holds, `Cancelled` for the rest. Answers the rows' jobs, and how many of them may
/// still arrive: the provider may have what waits for its repeat.
///
/// # Errors
/// When the ledger does not answer.
pub async fn change(tx: &mut PgConnection, batch: BatchId, to: DeliveryState) -> Result<(Vec<Job>, i64)> {
    let changed = sqlx::query!(
        r#"WITH waiting AS MATERIALIZED (
             SELECT id FROM deliveries
             WHERE batch_id = $1 AND newest AND CASE $2::delivery_state
                 WHEN 'held' THEN state IN ('queued', 'retry_wait')
                 WHEN 'queued' THEN state = 'held' AND held_reason = 'paused'
                 ELSE state IN ('held', 'queued', 'retry_wait') END
             ORDER BY id FOR NO KEY UPDATE
         )
         UPDATE deliveries AS d SET
             state = $2,
             held_reason = CASE $2 WHEN 'held' THEN 'paused'::hold_reason END,
             due_at = CASE $2 WHEN 'held' THEN d.due_at WHEN 'queued' THEN coalesce(d.due_at, clock.now) END,
             changed_at = clock.now
         FROM (SELECT app_now() AS now OFFSET 0) AS clock, waiting
         WHERE d.id = waiting.id
         -- What a leader had sent again begins with its repeat used up: that says nothing about itself.
         RETURNING d.id, d.community_id, d.letter_id IS NOT NULL AS "is_letter!",
                   d.repeated AND EXISTS (SELECT FROM attempts WHERE delivery_id = d.id AND outcome = 'unknown' OFFSET 0) AS "repeat!""#,
        batch.uuid(),
        to as DeliveryState,
    )
    .fetch_all(tx)
    .await?;
    let repeats = changed.iter().filter(|row| row.repeat).count();
    let jobs = changed.into_iter().map(|row| Job::of(row.community_id.into(), row.id.into(), row.is_letter));
    Ok((jobs.collect(), i64::try_from(repeats).unwrap_or(i64::MAX)))
}

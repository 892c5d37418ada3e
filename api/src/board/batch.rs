//! `GET …/batches/{batch}`: how far a batch has come.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
};
use jiff::Timestamp;
use porchlight_shared::domain::{BatchId, Channel, CommunityId, DeliveryState};
use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;
use uuid::Uuid;

use super::words::{Bucket, JOINED};
use crate::{
    access::Caller,
    problem::{Problem, ProblemBody},
    state::AppState,
};

/// A batch and its counts.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct BatchStatus {
    /// Which batch.
    #[schema(value_type = uuid::Uuid)]
    pub id: BatchId,
    /// How it travels.
    #[schema(value_type = String)]
    pub channel: Channel,
    /// Rows.
    pub total: i32,
    /// Rows by state; they sum to `total`. Every state is there.
    #[schema(value_type = BTreeMap<String, i64>)]
    pub counts: BTreeMap<&'static str, i64>,
    /// Rows as a leader reads them; they sum to `total`, too. A household that joined counts as `joined`, whatever the
    /// state of its row.
    #[schema(value_type = BTreeMap<String, i64>)]
    pub buckets: BTreeMap<&'static str, i64>,
    /// Rows that left the queue each second since the start, on average; 0 while nothing of it may go.
    #[schema(value_type = f64)]
    pub rate_per_second: f64,
    /// Seconds until the rows that may go now are through at that rate; null when there are none, or no rate yet.
    pub eta_seconds: Option<u64>,
    /// Whether the provider takes nothing from us at the moment.
    pub channel_closed: bool,
    /// When it was accepted.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When its first row was taken up.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When its last row left the waiting, sending and checking states.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// Since when it is paused.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub paused_at: Option<Timestamp>,
    /// When the rest of it was cancelled.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub cancelled_at: Option<Timestamp>,
    /// Not before.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub send_at: Option<Timestamp>,
    /// Not after.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub not_after: Option<Timestamp>,
    /// The ledger's clock when all this was so.
    #[serde(skip)]
    pub at: Timestamp,
}

impl BatchStatus {
    /// Rows of a bucket.
    #[must_use]
    pub fn bucket(&self, bucket: Bucket) -> i64 {
        self.buckets.get(bucket.as_str()).copied().unwrap_or(0)
    }
}

/// Look at a batch
///
/// The counts are written together with every change of a row's state and always sum to the total.
#[utoipa::path(
    get, path = "/v1/communities/{community}/batches/{batch}", tag = "Watching",
    params(
        ("community" = String, Path, format = Uuid, description = "The community"),
        ("batch" = String, Path, format = Uuid, description = "The batch"),
    ),
    responses(
        (status = 200, description = "The batch", body = BatchStatus),
        (status = 401, description = "No valid token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such batch of this token's community", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
)]
pub async fn show_batch(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path((_, batch)): Path<(String, String)>,
) -> Result<Json<BatchStatus>, Problem> {
    let batch: BatchId = batch.parse().map_err(|_| Problem::not_found())?;
    read(&state.pool, caller.community, batch).await?.map(Json).ok_or_else(Problem::not_found)
}

/// Reads a batch; `None` when the community has no such batch.
///
/// # Errors
/// When the ledger does not answer.
pub async fn read(
    pool: &PgPool,
    community: CommunityId,
    batch: BatchId,
) -> sqlx::Result<Option<BatchStatus>> {
    Ok(among(pool, community, [batch.uuid(); 2], 1).await?.pop())
}

/// Reads the newest batches of a community, at most so many, the newest first.
///
/// # Errors
/// When the ledger does not answer.
pub async fn newest(pool: &PgPool, community: CommunityId, most: i64) -> sqlx::Result<Vec<BatchStatus>> {
    among(pool, community, [Uuid::nil(), Uuid::max()], most).await
}

/// The newest batches with ids from the first to the last of these.
async fn among(
    pool: &PgPool,
    community: CommunityId,
    [first, last]: [Uuid; 2],
    most: i64,
) -> sqlx::Result<Vec<BatchStatus>> {
    // One statement: batches and tallies of the same moment, so the counts sum.
    let rows = sqlx::query!(
        r#"SELECT b.id, b.channel, b.total, b.created_at, b.started_at, b.finished_at, b.paused_at, b.cancelled_at, b.send_at, b.not_after,
                  extract(epoch FROM coalesce(b.finished_at, app_now()) - b.started_at)::float8 AS seconds,
                  ch.closed_at IS NOT NULL AS "closed!", app_now() AS "at!", t.state AS "state?: DeliveryState", t.count AS "count?", j.count AS "joined?"
           FROM (
               SELECT * FROM batches WHERE community_id = $1 AND id BETWEEN $2 AND $3 ORDER BY id DESC LIMIT $4
           ) AS b
           JOIN channels ch ON ch.channel = b.channel
           LEFT JOIN LATERAL (
               SELECT state, sum(count)::bigint AS count FROM tallies WHERE batch_id = b.id GROUP BY state
           ) AS t ON true
           LEFT JOIN (
               -- From those who joined to their rows, look-up by look-up: no statistics can turn that into a scan of the batch.
               SELECT d.batch_id, d.state, count(*) AS count
               FROM (SELECT id FROM households WHERE community_id = $1 AND joined_at IS NOT NULL OFFSET 0) AS h
               CROSS JOIN LATERAL (SELECT id FROM invitations WHERE household_id = h.id OFFSET 0) AS i
               CROSS JOIN LATERAL (
                   SELECT batch_id, state, newest FROM deliveries WHERE invitation_id = i.id OFFSET 0
               ) AS d
               WHERE d.newest AND d.batch_id BETWEEN $2 AND $3
               GROUP BY 1, 2
           ) AS j ON j.batch_id = b.id AND j.state = t.state
           ORDER BY b.id DESC"#,
        community.uuid(),
        first,
        last,
        most,
    )
    .fetch_all(pool)
    .await?;
    let statuses = rows.chunk_by(|one, other| one.id == other.id).map(|rows| {
        let batch = &rows[0];
        let mut counts: BTreeMap<_, _> = DeliveryState::ALL.iter().map(|state| (state.as_str(), 0)).collect();
        let mut buckets: BTreeMap<_, _> = Bucket::ALL.iter().map(|bucket| (bucket.as_str(), 0)).collect();
        let mut all_joined = 0;
        for row in rows {
            let (Some(state), Some(count)) = (row.state, row.count) else { continue };
            let joined = row.joined.unwrap_or(0);
            counts.insert(state.as_str(), count);
            *buckets.entry(Bucket::of(state).as_str()).or_default() += count - joined;
            all_joined += joined;
        }
        buckets.insert(JOINED, all_joined);
        let open = counts["queued"] + counts["sending"];
        let done = i64::from(batch.total) - open - counts["held"] - counts["retry_wait"];
        let stands = batch.paused_at.is_some() || batch.cancelled_at.is_some() || batch.closed || open == 0;
        let pace = Pace::of(done, open, batch.seconds.filter(|_| !stands || batch.finished_at.is_some()));
        BatchStatus {
            id: batch.id.into(),
            channel: batch.channel,
            total: batch.total,
            counts,
            buckets,
            rate_per_second: pace.rate_per_second,
            eta_seconds: pace.eta_seconds,
            channel_closed: batch.closed,
            created_at: batch.created_at.to_jiff(),
            started_at: batch.started_at.map(jiff_sqlx::Timestamp::to_jiff),
            finished_at: batch.finished_at.map(jiff_sqlx::Timestamp::to_jiff),
            paused_at: batch.paused_at.map(jiff_sqlx::Timestamp::to_jiff),
            cancelled_at: batch.cancelled_at.map(jiff_sqlx::Timestamp::to_jiff),
            send_at: batch.send_at.map(jiff_sqlx::Timestamp::to_jiff),
            not_after: batch.not_after.map(jiff_sqlx::Timestamp::to_jiff),
            at: batch.at.to_jiff(),
        }
    });
    Ok(statuses.collect())
}

/// How fast a batch went so far, and how long the rest takes like that.
#[derive(Debug, PartialEq)]
struct Pace {
    rate_per_second: f64,
    eta_seconds: Option<u64>,
}

impl Pace {
    #[expect(clippy::cast_precision_loss, reason = "a batch has at most 100,000 rows")]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive, and saturating is right"
    )]
    fn of(done: i64, waiting: i64, seconds: Option<f64>) -> Self {
        let rate = seconds.filter(|seconds| *seconds > 0.0).map_or(0.0, |seconds| done as f64 / seconds);
        let eta_seconds = (waiting > 0 && rate > 0.0).then(|| (waiting as f64 / rate).ceil() as u64);
        Self { rate_per_second: (rate * 100.0).round() / 100.0, eta_seconds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_takes_as_long_as_the_rate_says() {
        assert_eq!(Pace::of(0, 10, None), Pace { rate_per_second: 0.0, eta_seconds: None });
        assert_eq!(Pace::of(0, 10, Some(5.0)), Pace { rate_per_second: 0.0, eta_seconds: None });
        assert_eq!(Pace::of(20, 10, Some(4.0)), Pace { rate_per_second: 5.0, eta_seconds: Some(2) });
        assert_eq!(Pace::of(30, 0, Some(4.0)), Pace { rate_per_second: 7.5, eta_seconds: None });
    }
}

//! `GET …/batches/{batch}`: how far a batch has come.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
};
use jiff::Timestamp;
use porchlight_shared::domain::{BatchId, Channel, CommunityId, DeliveryState, PauseReason};
use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    pace::{Pace, Sample, Standing},
    paused::{self, PausedWords},
    words::{Bucket, JOINED},
};
use crate::{
    access::Caller,
    problem::Problem,
    refusals::{NoBatch, NoToken},
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
    /// Rows that leave the queue each second, by the last minute; 0 while nothing of it goes.
    #[schema(value_type = f64)]
    pub rate_per_second: f64,
    /// Seconds until the rows that may go now are through at that rate; null when there are none, or while nothing of it goes.
    pub eta_seconds: Option<u64>,
    /// When something of it goes by itself while nothing does: the time that was chosen, the next opening of the community's
    /// window, or the next try at a provider that takes nothing; null when it goes, or when that is not known.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub waits_until: Option<Timestamp>,
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
    /// What paused it: `leader`, or by itself for `bounces` (dead addresses) or `complaints`; null when it is not paused.
    #[schema(value_type = Option<String>)]
    pub paused_for: Option<PauseReason>,
    /// The same in words; null when it is not paused.
    pub paused_words: Option<PausedWords>,
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
        NoToken, NoBatch,
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
                  b.paused_for, b.storm_count, b.storm_sends,
                  extract(epoch FROM clock.now - b.started_at)::float8 AS began,
                  extract(epoch FROM clock.now - greatest(b.resumed_at, ch.opened_at))::float8 AS resumed, p.ages, p.gone,
                  CASE WHEN next.at > clock.now THEN next.at END AS next_at,
                  ch.closed_at IS NOT NULL AS "closed!", clock.now AS "at!", t.state AS "state?: DeliveryState", t.count AS "count?", j.count AS "joined?"
           FROM (SELECT app_now() AS now OFFSET 0) AS clock
           CROSS JOIN (
               SELECT * FROM batches
               WHERE community_id = $1 AND purpose = 'list' AND id BETWEEN $2 AND $3 ORDER BY id DESC LIMIT $4
           ) AS b
           JOIN channels ch ON ch.channel = b.channel
           CROSS JOIN LATERAL (
               SELECT array_agg(extract(epoch FROM clock.now - at)::float8 ORDER BY at DESC) AS ages,
                      array_agg(gone ORDER BY at DESC) AS gone
               FROM batch_progress WHERE batch_id = b.id AND at <= clock.now AND at > clock.now - interval '2 minutes'
           ) AS p
           CROSS JOIN LATERAL (
               SELECT CASE WHEN ch.closed_at IS NOT NULL THEN ch.closed_until
                      ELSE greatest(b.send_at, (SELECT text_opens_at FROM communities WHERE id = $1 AND b.channel = 'text')) END AS at
           ) AS next
           LEFT JOIN LATERAL (
               SELECT state, sum(count)::bigint AS count FROM tallies WHERE batch_id = b.id GROUP BY state
           ) AS t ON true
           LEFT JOIN (
               -- From those who joined to their rows, look-up by look-up: no statistics can turn that into a scan of the batch.
               SELECT d.batch_id, d.state, count(*) AS count
               FROM (SELECT id FROM households WHERE community_id = $1 AND joined_at IS NOT NULL OFFSET 0) AS h
               CROSS JOIN LATERAL (SELECT id FROM invitations WHERE household_id = h.id AND kind <> 'member' OFFSET 0) AS i
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
        let (to_go, held) = (counts["queued"] + counts["sending"], counts["held"]);
        let stands = batch.paused_at.is_some() || batch.cancelled_at.is_some() || batch.closed || to_go == 0;
        let samples = Sample::all(batch.ages.as_deref(), batch.gone.as_deref());
        let gone = i64::from(batch.total) - to_go - held;
        let standing =
            Standing { gone, to_go, began: batch.began, resumed: batch.resumed, samples: &samples };
        let pace = if stands { Pace::default() } else { standing.pace() };
        let waits = (batch.closed || to_go == 0 && held > 0)
            && batch.paused_at.is_none()
            && batch.finished_at.is_none();
        let paused_for = batch.paused_at.map(|_| batch.paused_for.unwrap_or(PauseReason::Leader));
        let (count, sends) = (batch.storm_count.unwrap_or(0), batch.storm_sends.unwrap_or(0));
        BatchStatus {
            id: batch.id.into(),
            channel: batch.channel,
            total: batch.total,
            counts,
            buckets,
            rate_per_second: pace.rate_per_second,
            eta_seconds: pace.eta_seconds,
            waits_until: batch.next_at.filter(|_| waits).map(jiff_sqlx::Timestamp::to_jiff),
            channel_closed: batch.closed,
            created_at: batch.created_at.to_jiff(),
            started_at: batch.started_at.map(jiff_sqlx::Timestamp::to_jiff),
            finished_at: batch.finished_at.map(jiff_sqlx::Timestamp::to_jiff),
            paused_at: batch.paused_at.map(jiff_sqlx::Timestamp::to_jiff),
            paused_for,
            paused_words: paused_for
                .map(|reason| paused::words(batch.channel, reason, count.into(), sends.into())),
            cancelled_at: batch.cancelled_at.map(jiff_sqlx::Timestamp::to_jiff),
            send_at: batch.send_at.map(jiff_sqlx::Timestamp::to_jiff),
            not_after: batch.not_after.map(jiff_sqlx::Timestamp::to_jiff),
            at: batch.at.to_jiff(),
        }
    });
    Ok(statuses.collect())
}

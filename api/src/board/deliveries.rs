//! `GET …/batches/{batch}/deliveries`: every row of a batch, with state, since when, and why.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State},
};
use jiff::Timestamp;
use porchlight_shared::domain::{AttemptReason, BatchId, CommunityId, DeliveryId, DeliveryState, HoldReason};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use utoipa::{IntoParams, ToSchema};

use super::{
    cursor::{self, Page},
    words::{self, Words},
};
use crate::{
    access::Caller,
    problem::{Kind, Problem},
    refusals::{NoBatch, NoToken, UnfitParameter},
    state::AppState,
};

/// Which deliveries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Only this state.
    state: Option<String>,
}

/// What is asked of a batch's rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// Only these states; empty: all.
    pub states: Vec<DeliveryState>,
    /// Whether only those of households that joined, or of those that did not; `None`: both.
    pub joined: Option<bool>,
    /// Only those in whose address, name or unit these words stand.
    pub words: Option<String>,
    /// After which row.
    pub after: i32,
    /// How many.
    pub limit: i64,
}

/// One row of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DeliveryRow {
    /// Which delivery.
    #[schema(value_type = uuid::Uuid)]
    pub id: DeliveryId,
    /// Place in the list, from 1.
    pub position: i32,
    /// Where it goes; null once erased.
    pub to: Option<String>,
    /// How it greets the reader.
    pub name: Option<String>,
    /// Where its household lives, if that is known.
    pub unit: Option<String>,
    /// Where it stands.
    #[schema(value_type = String)]
    pub state: DeliveryState,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// When its household joined.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub joined_at: Option<Timestamp>,
    /// Why it does not go yet.
    #[schema(value_type = Option<String>)]
    pub held_reason: Option<HoldReason>,
    /// When something happens next by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_at: Option<Timestamp>,
    /// Why the newest attempt ended as it did.
    #[schema(value_type = Option<String>)]
    pub reason: Option<AttemptReason>,
    /// The same in words: what is the matter, who has to act, and what comes next.
    pub words: Option<Words>,
    /// Attempts so far, a running one included.
    pub attempts: i32,
}

/// A page of rows.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DeliveryPage {
    /// The rows, by position.
    pub items: Vec<DeliveryRow>,
    /// Where the next page begins; null on the last.
    pub next_cursor: Option<String>,
    /// The ledger's clock when all this was so; none without rows.
    #[serde(skip)]
    pub at: Option<Timestamp>,
}

/// List a batch's deliveries
#[utoipa::path(
    get, path = "/v1/communities/{community}/batches/{batch}/deliveries", tag = "Watching",
    params(
        ("community" = String, Path, format = Uuid, description = "The community"),
        ("batch" = String, Path, format = Uuid, description = "The batch"),
        Filter, Page,
    ),
    responses(
        (status = 200, description = "A page", body = DeliveryPage),
        UnfitParameter, NoToken, NoBatch,
    ),
    security(("bearer" = [])),
)]
pub async fn list_deliveries(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path((_, batch)): Path<(String, String)>,
    Query(filter): Query<Filter>,
    page: Result<Query<Page>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<DeliveryPage>, Problem> {
    let batch: BatchId = batch.parse().map_err(|_| Problem::not_found())?;
    let Query(page) = page.map_err(|_| Problem::new(Kind::InvalidParameter, "limit must be 1 to 1000."))?;
    let (after, limit) = page.bounds()?;
    let wanted = filter.state.map(|word| known_state(&word)).transpose()?;
    let view = View { states: wanted.into_iter().collect(), after, limit, ..View::default() };
    if !exists(&state.pool, caller.community, batch).await? {
        return Err(Problem::not_found());
    }
    Ok(Json(read(&state.pool, batch, &view).await?))
}

/// Whether the community has this batch.
///
/// # Errors
/// When the ledger does not answer.
pub async fn exists(pool: &PgPool, community: CommunityId, batch: BatchId) -> sqlx::Result<bool> {
    let exists = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM batches WHERE community_id = $1 AND id = $2) AS "exists!""#,
        community.uuid(),
        batch.uuid(),
    );
    exists.fetch_one(pool).await
}

/// Reads a page of a batch's rows. Whose batch it is was asked before.
///
/// # Errors
/// When the ledger does not answer.
pub async fn read(pool: &PgPool, batch: BatchId, view: &View) -> sqlx::Result<DeliveryPage> {
    let mut rows = sqlx::query!(
        r#"SELECT d.id, d.batch_row AS "position!", d.channel, c.address, coalesce(c.name, h.name) AS name, p.label AS "unit?",
                  d.state, d.changed_at, d.reason, d.attempt_number, h.joined_at,
                  w.held_reason AS "held_reason?: HoldReason", w.next_at, app_now() AS "at!"
           FROM deliveries d
           -- Look-up by look-up, in the order of rows, until the page is full.
           CROSS JOIN LATERAL (SELECT * FROM contacts WHERE id = d.contact_id OFFSET 0) AS c
           CROSS JOIN LATERAL (SELECT * FROM households WHERE id = c.household_id OFFSET 0) AS h
           LEFT JOIN LATERAL (SELECT label FROM properties WHERE id = h.property_id OFFSET 0) AS p ON true
           CROSS JOIN LATERAL (SELECT * FROM channels WHERE channel = d.channel OFFSET 0) AS ch
           CROSS JOIN LATERAL waits_for(d, ch::channels) AS w
           WHERE d.batch_id = $1 AND d.newest AND d.batch_row > $2
               AND (cardinality($3::delivery_state[]) = 0 OR d.state = ANY ($3))
               AND ($4::boolean IS NULL OR (h.joined_at IS NOT NULL) = $4)
               AND ($5::text IS NULL OR strpos(lower(concat_ws(' ', c.address, c.name, h.name, p.label)), $5) > 0)
           ORDER BY d.batch_row LIMIT $6"#,
        batch.uuid(),
        view.after,
        &view.states as &[DeliveryState],
        view.joined,
        view.words,
        view.limit + 1,
    )
    .fetch_all(pool)
    .await?;
    let more = i64::try_from(rows.len()).is_ok_and(|found| found > view.limit);
    rows.truncate(usize::try_from(view.limit).expect("a page is small"));
    let next_cursor = rows.last().filter(|_| more).map(|row| cursor::after(row.position));
    let at = rows.first().map(|row| row.at.to_jiff());
    let items = rows.into_iter().map(|row| DeliveryRow {
        id: row.id.into(),
        position: row.position,
        to: row.address,
        name: row.name,
        unit: row.unit,
        state: row.state,
        since: row.changed_at.to_jiff(),
        joined_at: row.joined_at.map(jiff_sqlx::Timestamp::to_jiff),
        held_reason: row.held_reason,
        next_at: row.next_at.map(jiff_sqlx::Timestamp::to_jiff),
        reason: row.reason,
        words: words::of(row.channel, row.state, row.held_reason, row.reason),
        attempts: row.attempt_number,
    });
    Ok(DeliveryPage { items: items.collect(), next_cursor, at })
}

fn known_state(word: &str) -> Result<DeliveryState, Problem> {
    DeliveryState::ALL.iter().copied().find(|state| state.as_str() == word).ok_or_else(|| {
        let words: Vec<_> = DeliveryState::ALL.iter().map(|state| state.as_str()).collect();
        Problem::new(Kind::InvalidParameter, format!("state must be one of {}.", words.join(", ")))
    })
}

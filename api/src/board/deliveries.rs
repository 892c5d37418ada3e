//! `GET …/batches/{batch}/deliveries`: every row of a batch, with state, since when, and why.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State},
};
use jiff::Timestamp;
use porchlight_shared::domain::{AttemptReason, BatchId, DeliveryId, DeliveryState, HoldReason};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::cursor::{self, Page};
use crate::{
    access::Caller,
    problem::{Kind, Problem, ProblemBody},
    state::AppState,
};

/// Which deliveries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Only this state.
    state: Option<String>,
}

/// One row of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryRow {
    /// Which delivery.
    #[schema(value_type = uuid::Uuid)]
    id: DeliveryId,
    /// Place in the list, from 1.
    position: i32,
    /// Where it goes; null once erased.
    to: Option<String>,
    /// How it greets the reader.
    name: Option<String>,
    /// Where it stands.
    #[schema(value_type = String)]
    state: DeliveryState,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Why it does not go yet.
    #[schema(value_type = Option<String>)]
    held_reason: Option<HoldReason>,
    /// When something happens next by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_at: Option<Timestamp>,
    /// Why the newest attempt ended as it did.
    #[schema(value_type = Option<String>)]
    reason: Option<AttemptReason>,
    /// Attempts so far, a running one included.
    attempts: i32,
}

/// A page of rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryPage {
    /// The rows, by position.
    items: Vec<DeliveryRow>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
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
        (status = 400, description = "A parameter does not fit", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No valid token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such batch of this token's community", body = ProblemBody, content_type = "application/problem+json"),
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
    let exists = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM batches WHERE community_id = $1 AND id = $2) AS "exists!""#,
        caller.community.uuid(),
        batch.uuid(),
    )
    .fetch_one(&state.pool)
    .await?;
    if !exists {
        return Err(Problem::not_found());
    }
    let mut rows = sqlx::query!(
        r#"SELECT d.id, d.batch_row AS "position!", c.address, c.name, d.state, d.changed_at, d.reason, d.attempt_number,
                  w.held_reason AS "held_reason?: HoldReason", w.next_at
           FROM deliveries d
           JOIN contacts c ON c.id = d.contact_id
           JOIN channels ch ON ch.channel = d.channel
           CROSS JOIN LATERAL waits_for(d, ch) AS w
           WHERE d.batch_id = $1 AND d.newest AND d.batch_row > $2 AND ($3::delivery_state IS NULL OR d.state = $3)
           ORDER BY d.batch_row LIMIT $4"#,
        batch.uuid(),
        after,
        wanted as Option<DeliveryState>,
        limit + 1,
    )
    .fetch_all(&state.pool)
    .await?;
    let more = i64::try_from(rows.len()).is_ok_and(|found| found > limit);
    rows.truncate(usize::try_from(limit).expect("a page is small"));
    let next_cursor = rows.last().filter(|_| more).map(|row| cursor::after(row.position));
    let items = rows.into_iter().map(|row| DeliveryRow {
        id: row.id.into(),
        position: row.position,
        to: row.address,
        name: row.name,
        state: row.state,
        since: row.changed_at.to_jiff(),
        held_reason: row.held_reason,
        next_at: row.next_at.map(jiff_sqlx::Timestamp::to_jiff),
        reason: row.reason,
        attempts: row.attempt_number,
    });
    Ok(Json(DeliveryPage { items: items.collect(), next_cursor }))
}

fn known_state(word: &str) -> Result<DeliveryState, Problem> {
    DeliveryState::ALL.iter().copied().find(|state| state.as_str() == word).ok_or_else(|| {
        let words: Vec<_> = DeliveryState::ALL.iter().map(|state| state.as_str()).collect();
        Problem::new(Kind::InvalidParameter, format!("state must be one of {}.", words.join(", ")))
    })
}

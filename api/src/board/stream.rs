//! `GET …/batches/{batch}/stream`: server-sent snapshots of a batch, for programs and for its page.
//!
//! Each event is whole, so that whoever reconnects is right at once. A stream ends after ten minutes, and the browser opens
//! the next: who is not signed in any more does not watch for longer.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::{Path, Query, State},
    http::{HeaderName, header},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{StreamExt, future, stream};
use porchlight_shared::domain::BatchId;

use super::{
    deliveries,
    live::{Seen, Sight, watch},
    pages::batch::{progress::progress, query::Query as Asked},
    session::Leader,
};
use crate::{
    access::Caller,
    problem::{Kind, Problem, ProblemBody},
    refusals::{NoBatch, NoToken},
    state::AppState,
};

/// How long a stream lasts.
const LASTS: Duration = Duration::from_mins(10);
/// How often a stream without news says that it is alive.
const ALIVE: Duration = Duration::from_secs(15);

/// Watch a batch
///
/// A stream of server-sent events named `status`, each with the whole batch as `GET …/batches/{batch}` answers it: the
/// first at once, then one whenever it changed, at most four a second.
#[utoipa::path(
    get, path = "/v1/communities/{community}/batches/{batch}/stream", tag = "Watching",
    params(
        ("community" = String, Path, format = Uuid, description = "The community"),
        ("batch" = String, Path, format = Uuid, description = "The batch"),
    ),
    responses(
        (status = 200, description = "The stream; it ends after ten minutes and may be opened again", body = String, content_type = "text/event-stream"),
        NoToken, NoBatch,
        (status = 503, description = "Too much is watched, or the ledger cannot be reached", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
)]
pub async fn stream_batch(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path((_, batch)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let batch: BatchId = batch.parse().map_err(|_| Problem::not_found())?;
    if !deliveries::exists(&state.pool, caller.community, batch).await? {
        return Err(Problem::not_found());
    }
    let snapshots = watch(&state, Sight::Batch(caller.community, batch)).ok_or_else(too_many)?;
    Ok(events(snapshots.filter_map(|seen| {
        future::ready(match &*seen {
            Seen::Batch(status) => {
                Some(event("status", &serde_json::to_string(status).expect("a status serialises")))
            }
            Seen::Rows(_) => None,
        })
    })))
}

/// The same for a batch's page: its progress and the rows that it shows, as HTML.
pub(super) async fn stream_page(
    State(state): State<Arc<AppState>>,
    leader: Option<Leader>,
    Path(batch): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let leader = leader.ok_or_else(Problem::not_found)?;
    let batch: BatchId = batch.parse().map_err(|_| Problem::not_found())?;
    if !deliveries::exists(&state.pool, leader.community, batch).await? {
        return Err(Problem::not_found());
    }
    let rows = Sight::Rows(batch, (&leader.zone).into(), asked.of_rows());
    let rows = watch(&state, rows).ok_or_else(too_many)?;
    let batch = watch(&state, Sight::Batch(leader.community, batch)).ok_or_else(too_many)?;
    // Not every news of a batch can be seen on its page.
    let mut shown = String::new();
    Ok(events(stream::select(batch, rows).filter_map(move |seen| {
        future::ready(match &*seen {
            Seen::Batch(status) => {
                let html = progress(status, &leader.zone, &asked);
                let differs = html != shown;
                shown = html;
                differs.then(|| event("progress", &shown))
            }
            Seen::Rows(html) => Some(event("rows", html)),
        })
    })))
}

/// A carriage return would end a line of an event.
fn event(name: &str, data: &str) -> Event {
    Event::default().event(name).data(data.replace('\r', ""))
}

fn too_many() -> Problem {
    Problem::new(Kind::Busy, "Too much is watched at the moment. Try again in a minute.").retry_after(60)
}

fn events(events: impl stream::Stream<Item = Event> + Send + 'static) -> Response {
    let whole = events.map(Ok::<_, Infallible>).take_until(tokio::time::sleep(LASTS));
    // Proxies that collect answers would keep the news to themselves.
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, Sse::new(whole).keep_alive(KeepAlive::new().interval(ALIVE))).into_response()
}

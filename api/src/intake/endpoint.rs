//! `POST /v1/communities/{community}/batches`.

use std::sync::Arc;

use super::{
    batch::{self, BatchAccepted, Wish},
    entry,
    idempotency::{Claim, IdempotencyKey},
    request::BatchRequest,
};
use crate::{
    access::Caller,
    problem::{Kind, Problem, ProblemBody},
    state::AppState,
};
use axum::{
    body::Bytes,
    extract::{OriginalUri, State, rejection::BytesRejection},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

/// Send a list
///
/// Checks every entry, stores the good ones with one invitation and access code for each household, and sends them in
/// the background. An entry that cannot go is reported and costs only itself. What was answered with 202 is stored.
#[utoipa::path(
    post, path = "/v1/communities/{community}/batches", tag = "Sending",
    params(
        ("community" = String, Path, format = Uuid, description = "The community"),
        ("Idempotency-Key" = Option<String>, Header, description = "Same key and body within 24 hours: same answer, nothing sent twice"),
    ),
    request_body = BatchRequest,
    responses(
        (status = 202, description = "Stored; the deliveries follow", body = BatchAccepted),
        (status = 400, description = "Not JSON, or a header does not fit", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No valid token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not this token's community", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The same list within a day, or a twin in flight", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 16 MiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not application/json", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field does not fit, or nothing can go", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The ledger cannot be reached", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
)]
pub async fn create_batch(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let body = body.map_err(|rejection| too_large_or_broken(&rejection))?;
    require_json(&headers)?;
    let key = IdempotencyKey::of_request(&headers, &method, uri.path(), &body)?;
    let keyring = Arc::clone(&state.keyring);
    let read = tokio::task::spawn_blocking(move || {
        let request = BatchRequest::parse(&body)?;
        let BatchRequest { rows, already_invited, note, send_at, not_after, again, .. } = request;
        Ok::<_, Problem>((
            entry::read(rows, &keyring),
            Wish { already_invited, note, send_at, not_after, again },
        ))
    });
    let (entries, wish) =
        read.await.map_err(|_| Problem::new(Kind::Internal, "The operator's log says more."))??;

    let mut tx = state.pool.begin().await?;
    // A twin in flight, by its key or by its list, is waited for this long.
    sqlx::query("SET LOCAL lock_timeout = '10s'").execute(&mut *tx).await?;
    if let Some(key) = &key
        && let Claim::Replay(status, response) = key.claim(&mut tx, caller.community).await?
    {
        return Ok(json(status, response));
    }
    let (answer, jobs) =
        batch::accept(&mut tx, caller, &state.keyring, state.clock.now(), wish, entries).await?;
    let response = serde_json::to_string(&answer).expect("an answer serialises");
    if let Some(key) = &key {
        key.remember(&mut tx, caller.community, batch::ACCEPTED, &response).await?;
    }
    tx.commit().await.map_err(commit_unclear)?;

    let declined = answer.skipped + answer.rejected + answer.to_check;
    state.metrics.entries_accepted.inc_by(answer.accepted as u64);
    state.metrics.entries_declined.inc_by(declined as u64);
    tracing::info!(community = %caller.community, batch = %answer.id, accepted = answer.accepted, declined, "batch accepted");
    state.push_afterwards(jobs);
    Ok(json(batch::ACCEPTED, response))
}

/// A commit whose answer was lost may have happened.
fn commit_unclear(error: sqlx::Error) -> Problem {
    Problem::from(error).because(
        "It is not known whether the list was stored. Send it again: with the same Idempotency-Key it gets its answer, \
         and without one the list is recognised and nothing goes out twice.",
    )
}

fn too_large_or_broken(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::new(Kind::BodyTooLarge, "A body has at most 16 MiB. Split the list.")
    } else {
        Problem::new(Kind::MalformedJson, "The body ended before it was complete.")
    }
}

fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = given.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::new(Kind::UnsupportedMediaType, "Send the list as application/json."))
}

fn json(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

//! `POST /v1/communities/{community}/batches`.

use std::sync::Arc;

use axum::{
    extract::{OriginalUri, State},
    http::{Method, StatusCode},
    response::Response,
};

use porchlight_shared::{domain::Channel, store::window};

use super::{
    batch::{self, BatchAccepted, List, Wish},
    body::{ListBody, json, require_json},
    drafts,
    idempotency::{Claim, IdempotencyKey},
    judging::Rules,
    ledger::batches,
    request::{self, BatchRequest, Source},
};
use crate::{
    access::Caller,
    problem::{Kind, Problem, ProblemBody},
    refusals::{LedgerAwayOrBusy, NoToken, NotApplicationJson, NotTheirs, TooLarge, TooMany, TooSlow},
    state::AppState,
};

/// Send a list
///
/// Checks every entry, stores the good ones with one invitation and access code for each household, and sends them in
/// the background. An entry that cannot go is reported and costs only itself; those to be checked or mended are kept as a
/// draft. What was answered with 202 is stored.
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
        NoToken, NotTheirs,
        (status = 409, description = "The same list within a day, or a twin in flight", body = ProblemBody, content_type = "application/problem+json"),
        TooSlow, TooLarge, NotApplicationJson,
        (status = 422, description = "A field does not fit, or nothing can go", body = ProblemBody, content_type = "application/problem+json"),
        TooMany, LedgerAwayOrBusy,
    ),
    security(("bearer" = [])),
)]
pub async fn create_batch(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    method: Method,
    OriginalUri(uri): OriginalUri,
    body: ListBody,
) -> Result<Response, Problem> {
    let (bytes, headers, _room) = body.into_parts();
    require_json(&headers, "the list")?;
    let key = IdempotencyKey::of_request(&headers, &method, uri.path(), &bytes)?;
    let read = tokio::task::spawn_blocking(move || BatchRequest::parse(&bytes));
    let (request, channel, source) = read.await.map_err(|_| Problem::internal())??;

    if channel == Channel::Text && state.texts.is_none() {
        let detail = "Texts are not set up on this installation. Send this list by e-mail.";
        return Err(Problem::new(Kind::ChannelNotSetUp, detail).at("/channel", "must be \"email\""));
    }

    if channel == Channel::Text {
        // Before the list's own transaction, which is to keep no second connection waiting: what waits for the window is told.
        let sender = batches::sender(&mut *state.pool.acquire().await?, caller.community).await?;
        window::renew(&state.pool, &sender.window, &state.text_window).await?;
    }
    let mut tx = state.pool.begin().await?;
    // A twin in flight, by its key or by its list, is waited for this long.
    sqlx::query("SET LOCAL lock_timeout = '10s'").execute(&mut *tx).await?;
    if let Some(key) = &key
        && let Claim::Replay(status, response) = key.claim(&mut tx, caller.community).await?
    {
        return Ok(json(status, response));
    }
    let sender = batches::sender(&mut tx, caller.community).await?;
    let start = request.send_at.map_or(sender.now, |at| at.max(sender.now));
    let opening = (channel == Channel::Text).then(|| sender.window.opening_at(start, &state.text_window));
    let rules = Rules { channel, country: &sender.country, keyring: &state.keyring, keep: true };
    let list = match source {
        Source::Draft(draft) => {
            let judged = drafts::take(&mut tx, caller.community, draft, rules).await?;
            List { judged, draft: Some(draft), channel, opening, asked: None }
        }
        source => {
            let (judged, _) = tokio::task::block_in_place(|| request::judge(source, rules))?;
            List { judged, draft: None, channel, opening, asked: None }
        }
    };
    let BatchRequest { accept_checks, already_invited, note, send_at, not_after, consent, again, .. } =
        request;
    let wish = Wish { accept_checks, already_invited, note, send_at, not_after, consent, again };
    let now = state.clock.now();
    let (answer, jobs) =
        batch::accept(&mut tx, caller.actor(), &state.keyring, now, &sender, wish, list).await?;
    let response = serde_json::to_string(&answer).expect("an answer serialises");
    if let Some(key) = &key {
        key.remember(&mut tx, caller.community, StatusCode::ACCEPTED, &response).await?;
    }
    tx.commit().await.map_err(list_unclear)?;

    batch::announce(&state, caller.community, channel, &answer, jobs);
    Ok(json(StatusCode::ACCEPTED, response))
}

/// A commit whose answer was lost may have happened.
fn list_unclear(error: sqlx::Error) -> Problem {
    Problem::from(error).because(
        "It is not known whether the list was stored. Send it again: with the same Idempotency-Key it gets its answer, \
         and without one the list is recognised and nothing goes out twice.",
    )
}

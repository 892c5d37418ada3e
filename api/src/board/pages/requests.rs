//! `/requests`: what residents ask for, one button for each answer.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query as Parameters, State, rejection::FormRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use porchlight_shared::domain::{RequestId, RequestKind};
use serde::Deserialize;

use super::{Frame, Place, board_with, moment, nothing_here};
use crate::{
    asked::{
        answering::{Answer, Outcome, answer},
        ledger::{self, Candidate, Request},
    },
    board::session::{Leader, SameOrigin, Turned},
    intake::judging::comparable,
    pages::leaders,
    state::AppState,
};

/// A request, as it is told.
struct Asked {
    id: RequestId,
    heading: &'static str,
    told: String,
    grant: &'static str,
    decline: &'static str,
    /// Who wants to join: to which households they may belong.
    candidates: Vec<Candidate>,
    wants_in: bool,
    place: Option<String>,
    name: Option<String>,
    address: Option<String>,
    since: String,
}

#[derive(Template)]
#[template(path = "board/requests.html")]
struct RequestsPage<'a> {
    frame: Frame<'a>,
    told: Option<String>,
    fault: Option<String>,
    requests: Vec<Asked>,
}

async fn told(
    state: &AppState,
    leader: &Leader,
    request: Request,
    now: &jiff::Zoned,
) -> Result<Asked, Turned> {
    let Request { id, kind, name, place, address, serial, created_at, .. } = request;
    let (heading, told, grant, decline) = match kind {
        RequestKind::Join => (
            say!("requests-join"),
            match serial {
                Some(serial) => say!("requests-join-means-pass", serial = format!("{serial:06}")),
                None => say!("requests-join-means").to_owned(),
            },
            say!("requests-join-grant"),
            say!("requests-join-decline"),
        ),
        RequestKind::NewCode => (
            say!("requests-new-code"),
            say!("requests-new-code-means").to_owned(),
            say!("requests-new-code-grant"),
            say!("requests-new-code-decline"),
        ),
        RequestKind::NotMe => (
            say!("requests-not-me"),
            say!("requests-not-me-means").to_owned(),
            say!("requests-not-me-grant"),
            say!("requests-not-me-decline"),
        ),
    };
    let wants_in = kind == RequestKind::Join;
    let candidates = match place.as_deref().filter(|_| wants_in) {
        Some(place) => ledger::candidates(&state.pool, leader.community, &comparable(place)).await?,
        None => Vec::new(),
    };
    let since = moment(created_at, now);
    Ok(Asked { id, heading, told, grant, decline, candidates, wants_in, place, name, address, since })
}

async fn requests_page(
    state: &AppState,
    leader: &Leader,
    message: Option<String>,
    fault: Option<String>,
) -> Result<Response, Turned> {
    let now = leader.now.to_zoned(leader.zone.clone());
    let mut requests = Vec::new();
    for request in ledger::list(&state.pool, leader.community).await? {
        requests.push(told(state, leader, request, &now).await?);
    }
    let status = if fault.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    let frame = Frame::of(leader, Place::Requests);
    Ok(board_with(status, &RequestsPage { frame, told: message, fault, requests }))
}

/// What was just answered.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Parameters(done): Parameters<Done>,
) -> Result<Response, Turned> {
    let done = done.done.as_deref().and_then(Outcome::from_word).map(|outcome| {
        match outcome {
            Outcome::LetIn => say!("requests-told-let-in"),
            Outcome::Sent => say!("requests-told-sent"),
            Outcome::Revoked => say!("requests-told-revoked"),
            Outcome::TooLate => say!("requests-told-too-late"),
            Outcome::Declined => say!("requests-told-declined"),
        }
        .to_owned()
    });
    requests_page(&state, &leader, done, None).await
}

/// What a leader says.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    answer: String,
    /// A household's id, that after `again:`, or `own`.
    #[serde(default)]
    household: String,
}

pub(super) async fn say(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    Path(request): Path<String>,
    form: Result<Form<Said>, FormRejection>,
) -> Result<Response, Turned> {
    let said = form.map(|Form(said)| said).unwrap_or_default();
    let (again, named) = match said.household.strip_prefix("again:") {
        Some(named) => (true, named),
        None => (false, said.household.as_str()),
    };
    let household =
        if named.is_empty() || named == "own" { Some(None) } else { named.parse().ok().map(Some) };
    let (Ok(id), Some(household)) = (request.parse::<RequestId>(), household) else {
        return Ok(nothing_here());
    };
    let said = match said.answer.as_str() {
        "grant" => Answer::Grant { household, again },
        "decline" => Answer::Decline,
        _ => return Ok(leaders(Redirect::to("/requests"))),
    };
    match answer(&state, leader.actor(), id, said).await {
        Ok(outcome) => {
            Ok(leaders(Redirect::to(&format!("/requests?done={}", outcome.as_str()))).into_response())
        }
        Err(problem) if problem.is_not_found() => Ok(nothing_here()),
        Err(problem) if problem.is_ours() => Err(Turned::Later),
        Err(problem) => requests_page(&state, &leader, None, Some(problem.told())).await,
    }
}

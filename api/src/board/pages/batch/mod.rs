//! `/batches/{batch}`: a batch filling up, and the buttons that steer it.
//!
//! [`query`] is what the address asks for, [`progress`] how far the batch is, [`rows`] its list. The last two are part of
//! the page and of its stream, so that what a script puts in place is what a reload would have shown.

pub mod progress;
pub mod query;
pub mod rows;

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Query as Parameters, State},
    response::{IntoResponse, Redirect, Response},
};
use porchlight_shared::domain::{BatchId, Channel, DraftId};

use self::{
    progress::{Progress, progress_of},
    query::Query,
    rows::{Rows, rows_of},
};
use super::{Frame, Place, board, counted, moment, nothing_here, search::Form};
use crate::{
    board::{
        batch, deliveries,
        session::{Leader, SameOrigin, Turned},
        steering::{Step, steer},
    },
    intake::ledger::drafts::left_of,
    pages::private,
    problem::Problem,
    state::AppState,
};

#[derive(Template)]
#[template(path = "board/batch.html")]
struct BatchPage<'a> {
    frame: Frame<'a>,
    id: String,
    title: String,
    created: String,
    told: Option<String>,
    /// What is left of its list: where, and how much.
    left: Option<(DraftId, String)>,
    progress: Progress,
    rows: Rows,
    form: Form,
    /// Whether not everybody is shown.
    is_part: bool,
    chosen: Option<&'static str>,
    stream: String,
}

/// What a batch is called.
pub(super) fn title(channel: Channel, total: i64) -> String {
    match channel {
        Channel::Email => counted(total, "e-mail", "e-mails"),
        Channel::Text => counted(total, "text message", "text messages"),
    }
}

pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Path(batch): Path<String>,
    Parameters(asked): Parameters<Query>,
) -> Result<Response, Turned> {
    let Ok(batch) = batch.parse::<BatchId>() else { return Ok(nothing_here()) };
    let Some(status) = batch::read(&state.pool, leader.community, batch).await? else {
        return Ok(nothing_here());
    };
    let left = left_of(&state.pool, leader.community, batch).await?;
    let view = asked.view();
    let now = leader.now.to_zoned(leader.zone.clone());
    let rows = rows_of(deliveries::read(&state.pool, batch, &view).await?, &asked, &view, &now);
    let query = asked.from(&asked.cursor);
    let progress = progress_of(&status, &asked, &now);
    let chosen = progress.counts.iter().find(|count| count.chosen).map(|count| count.title);
    Ok(board(&BatchPage {
        frame: Frame::of(&leader, Place::Elsewhere),
        id: batch.to_string(),
        title: title(status.channel, status.total.into()),
        created: moment(status.created_at, &now),
        told: asked.told(),
        left: left.map(|(draft, entries)| (draft, counted(entries, "entry", "entries"))),
        progress,
        rows,
        form: asked.search.form(format!("/batches/{batch}#list"), asked.shown()),
        is_part: chosen.is_some() || view.words.is_some(),
        chosen,
        stream: format!("/batches/{batch}/stream?{query}"),
    }))
}

#[derive(Template)]
#[template(path = "board/cancel.html")]
struct CancelPage<'a> {
    frame: Frame<'a>,
    id: String,
    title: String,
    waiting: i64,
    waiting_told: String,
    in_flight: Option<String>,
    /// What becomes of the batch without it.
    back: &'static str,
}

/// Says what cancelling would take back, before it does.
pub(super) async fn ask_cancel(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Path(batch): Path<String>,
) -> Result<Response, Turned> {
    let Ok(batch) = batch.parse::<BatchId>() else { return Ok(nothing_here()) };
    let Some(status) = batch::read(&state.pool, leader.community, batch).await? else {
        return Ok(nothing_here());
    };
    let count = |words: &[&str]| -> i64 { words.iter().filter_map(|word| status.counts.get(word)).sum() };
    let waiting = count(&["held", "queued", "retry_wait"]);
    let in_flight = count(&["sending", "checking"]);
    Ok(board(&CancelPage {
        frame: Frame::of(&leader, Place::Elsewhere),
        id: batch.to_string(),
        title: title(status.channel, status.total.into()),
        waiting,
        waiting_told: counted(waiting, "message", "messages"),
        in_flight: (in_flight > 0).then(|| counted(in_flight, "message is", "messages are")),
        back: match (waiting, status.paused_at) {
            (0, _) => "Back to the batch",
            (_, Some(_)) => "Leave it paused",
            (_, None) => "Keep sending",
        },
    }))
}

async fn steered(
    state: &Arc<AppState>,
    leader: &Leader,
    batch: &str,
    step: Step,
    done: &str,
) -> Result<Response, Problem> {
    let Ok(batch) = batch.parse::<BatchId>() else { return Ok(nothing_here()) };
    let steered = steer(state, leader.actor(), batch, step).await?;
    let told = if steered.cancelled_at.is_some() { "cancelled" } else { done };
    let page = format!("/batches/{batch}?done={told}&in_flight={}", steered.in_flight);
    Ok(private(Redirect::to(&page)))
}

macro_rules! button {
    ($name:ident, $step:expr, $done:literal) => {
        pub(super) async fn $name(
            State(state): State<Arc<AppState>>,
            _: SameOrigin,
            leader: Leader,
            Path(batch): Path<String>,
        ) -> Response {
            match steered(&state, &leader, &batch, $step, $done).await {
                Ok(response) => response,
                Err(problem) if problem.is_not_found() => nothing_here(),
                Err(_) => Turned::Later.into_response(),
            }
        }
    };
}

button!(pause, Step::Pause, "paused");
button!(resume, Step::Resume, "resumed");
button!(cancel, Step::Cancel, "cancelled");

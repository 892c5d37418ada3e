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
use super::{Frame, Place, board, moment, nothing_here, search::Form};
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
    left: Option<(DraftId, i64)>,
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
        Channel::Email => say!("batch-of-emails", count = total),
        Channel::Text => say!("batch-of-texts", count = total),
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
        left,
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
    in_flight: i64,
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
    Ok(board(&CancelPage {
        frame: Frame::of(&leader, Place::Elsewhere),
        id: batch.to_string(),
        title: title(status.channel, status.total.into()),
        waiting,
        in_flight: count(&["sending", "checking"]),
        back: match (waiting, status.paused_at) {
            (0, _) => say!("cancel-back"),
            (_, Some(_)) => say!("cancel-stay-paused"),
            (_, None) => say!("cancel-keep-sending"),
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

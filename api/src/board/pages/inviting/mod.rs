//! Inviting residents: from a pasted list to a batch, a page for each step.
//!
//! [`start`] is where a leader chooses how, [`paste`] takes the list in ([`form`] reads what a browser sends), [`columns`]
//! asks what a table's columns hold. [`verify`] shows what is wrong with which line ([`rows`] how one is told), [`mending`]
//! carries out what is done about it, unless the entry is another one by then ([`seen`]). [`message`] shows what residents will read ([`planning`] reads its form, [`preview`] renders it), [`confirm`]
//! says in numbers what will happen, and [`sending`] does it, once. A list is a draft from its first moment: nothing typed is lost.

mod columns;
mod confirm;
mod form;
mod mending;
mod message;
mod paste;
mod planning;
mod preview;
mod rows;
mod seen;
mod sending;
mod start;
mod verify;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use porchlight_shared::domain::{BatchId, Channel, DraftId};
use sqlx::PgConnection;
use tokio::sync::OwnedSemaphorePermit;

use super::{Frame, Place, astray, board_with, moment, nothing_here, number};
use crate::{
    board::session::{Leader, Turned},
    intake::{
        body::LARGEST_BODY,
        drafts::look::{Looked, read},
        idempotency,
        ledger::{
            drafts::{self, Draft},
            plans::{self, Plan},
        },
    },
    pages::private,
    problem::Problem,
    state::AppState,
};

/// Bytes of a form that is no list: a consent statement in a script of many bytes a letter.
const FORM: usize = 64 * 1024;

/// The pages of this room.
pub(super) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/invite", get(start::show))
        .route("/invite/household", post(start::one_household))
        .route("/invite/{channel}", get(paste::show).post(paste::save))
        .route("/invite/lists/{draft}", get(verify::show))
        .route("/invite/lists/{draft}/columns", get(columns::show).post(columns::read_again))
        .route("/invite/lists/{draft}/entries/{position}", post(mending::one))
        .route("/invite/lists/{draft}/several", post(mending::several))
        .route("/invite/lists/{draft}/drop", post(mending::throw_away))
        .route("/invite/lists/{draft}/message", get(message::show).post(message::save))
        .route("/invite/lists/{draft}/message/preview", get(preview::show))
        .route("/invite/lists/{draft}/send", get(confirm::show).post(sending::send))
        .layer(DefaultBodyLimit::max(FORM))
}

/// What a list of a channel is called.
fn list_title(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => say!("invite-email-list"),
        Channel::Text => say!("invite-text-list"),
    }
}

/// Where a step of a draft is.
fn path(draft: DraftId, step: &str) -> String {
    format!("/invite/lists/{draft}{step}")
}

fn lead_to(path: &str) -> Response {
    private(Redirect::to(path))
}

/// Bytes of the room of lists that judging an entry takes.
const ENTRY: usize = 160;

/// Room to read so many entries, and to judge them: many large lists at once wait, and have no connection meanwhile.
async fn room_for(state: &AppState, entries: i64) -> Result<OwnedSemaphorePermit, Problem> {
    let entries = usize::try_from(entries).unwrap_or(0);
    state.list_room.take((entries * ENTRY).min(LARGEST_BODY)).await
}

/// Room to judge a draft.
async fn room(state: &AppState, leader: &Leader, draft: &str) -> Result<OwnedSemaphorePermit, Problem> {
    let found = match draft.parse::<DraftId>() {
        Ok(draft) => find(&mut *state.pool.acquire().await?, leader, draft).await?,
        Err(_) => None,
    };
    room_for(state, found.map_or(0, |draft| draft.kept)).await
}

/// A draft of the leader's community.
async fn find(tx: &mut PgConnection, leader: &Leader, draft: DraftId) -> sqlx::Result<Option<Draft>> {
    Ok(drafts::drafts(tx, leader.community, Some(draft), 1).await?.into_iter().next())
}

/// A draft of the leader's community, judged as it would be sent, and how it is to be sent. Whoever asks holds its [`room`].
async fn open(
    state: &AppState,
    tx: &mut PgConnection,
    leader: &Leader,
    draft: &str,
) -> sqlx::Result<Option<(Looked, Plan)>> {
    let Ok(draft) = draft.parse::<DraftId>() else { return Ok(None) };
    let Some(found) = find(tx, leader, draft).await? else { return Ok(None) };
    let plan = plans::plan(tx, draft).await?;
    let read = read(state, tx, leader.community, found).await?;
    let looked = read.ask(tx, leader.community, plan.already_invited()).await?;
    Ok(Some((looked, plan)))
}

/// A draft that is not there. Where it was sent as a whole a moment ago, its batch is.
async fn gone(tx: &mut PgConnection, leader: &Leader, draft: &str) -> sqlx::Result<Response> {
    let Ok(draft) = draft.parse::<DraftId>() else { return Ok(nothing_here()) };
    let batch = sent_as(tx, leader, draft).await?;
    Ok(batch.map_or_else(nothing_here, |batch| lead_to(&format!("/batches/{batch}"))))
}

/// The batch that a draft was sent as a moment ago.
async fn sent_as(tx: &mut PgConnection, leader: &Leader, draft: DraftId) -> sqlx::Result<Option<BatchId>> {
    let answer = idempotency::newest(tx, leader.community, &sending::key(draft, "")).await?;
    Ok(answer.as_deref().and_then(sending::batch_of))
}

/// What is ours is told on a page of its own, what can be mended on the page that asked.
fn ours(problem: &Problem) -> Option<Response> {
    problem.is_ours().then(|| Turned::Later.into_response())
}

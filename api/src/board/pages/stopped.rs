//! `/settings/stopped`: who must not be written to, and why; a leader finds one by the whole address, adds one, or lifts one.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query as Parameters, State, rejection::FormRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use porchlight_shared::domain::{Channel, SuppressionId};
use serde::Deserialize;

use super::{Frame, Place, board_with, moment, nothing_here};
use crate::{
    board::session::{Leader, SameOrigin, Turned},
    intake::judging::Address,
    join::newcomer::{self, Unreadable},
    pages::leaders,
    state::AppState,
    suppressions::{
        ledger::{self, Lifted, Suppression, Wanted},
        may_be_lifted, told, way_back,
    },
};

const ON_A_PAGE: i64 = 100;

/// One of them, as it is told.
struct Row {
    id: SuppressionId,
    who: String,
    why: &'static str,
    way_back: &'static str,
    since: String,
    may_be_lifted: bool,
}

#[derive(Template)]
#[template(path = "board/stopped.html")]
struct StoppedPage<'a> {
    frame: Frame<'a>,
    section: &'static str,
    told: Option<&'static str>,
    fault: Option<&'static str>,
    /// Which form is at fault, and what was typed there.
    typed: Typed<'a>,
    /// Whether one address was looked for.
    searched: bool,
    rows: Vec<Row>,
    next: Option<SuppressionId>,
}

#[derive(Clone, Copy, Default)]
struct Typed<'a> {
    find: &'a str,
    add: &'a str,
}

fn row(row: Suppression, leader: &Leader) -> Row {
    let now = leader.now.to_zoned(leader.zone.clone());
    Row {
        id: row.id,
        who: if row.masked.is_empty() { say!("stopped-who-deleted").to_owned() } else { row.masked },
        why: told(row.reason),
        way_back: way_back(row.reason, row.channel),
        since: moment(row.since, &now),
        may_be_lifted: may_be_lifted(row.reason),
    }
}

/// What the page says beside the list.
#[derive(Default)]
struct Around<'a> {
    told: Option<&'static str>,
    fault: Option<&'static str>,
    typed: Typed<'a>,
    found: Option<Vec<Suppression>>,
    before: Option<SuppressionId>,
}

async fn stopped_page(state: &AppState, leader: &Leader, around: Around<'_>) -> Result<Response, Turned> {
    let searched = around.found.is_some();
    let mut rows = if let Some(found) = around.found {
        found
    } else {
        let wanted = Wanted { hash: None, before: around.before, most: ON_A_PAGE + 1 };
        ledger::list(&state.pool, leader.community, wanted).await?
    };
    let fits = usize::try_from(ON_A_PAGE).unwrap_or(usize::MAX);
    let more = rows.len() > fits;
    rows.truncate(fits);
    let status = if around.fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(board_with(
        status,
        &StoppedPage {
            frame: Frame::of(leader, Place::Settings),
            section: "stopped",
            told: around.told,
            fault: around.fault,
            typed: around.typed,
            searched,
            next: rows.last().filter(|_| more).map(|last| last.id),
            rows: rows.into_iter().map(|suppression| row(suppression, leader)).collect(),
        },
    ))
}

/// What was just done, and where the list begins.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Shown {
    done: Option<String>,
    before: Option<String>,
}

pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Parameters(shown): Parameters<Shown>,
) -> Result<Response, Turned> {
    let told = match shown.done.as_deref() {
        Some("added") => Some(say!("stopped-added")),
        Some("known") => Some(say!("stopped-known")),
        Some("lifted") => Some(say!("stopped-lifted")),
        Some("still") => Some(say!("stopped-lifted-still")),
        Some("gone") => Some(say!("stopped-lifted-before")),
        _ => None,
    };
    let before = shown.before.and_then(|before| before.parse().ok());
    stopped_page(&state, &leader, Around { told, before, ..Around::default() }).await
}

/// An address, in whole.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    address: String,
}

async fn read(
    state: &AppState,
    leader: &Leader,
    said: &Said,
) -> sqlx::Result<Result<(Channel, Address), &'static str>> {
    let country = ledger::country(&state.pool, leader.community).await?;
    Ok(newcomer::reached(&said.address, &country).map_err(|unreadable| match unreadable {
        Unreadable::Email => say!("stopped-misfit-email"),
        Unreadable::Neither => say!("stopped-misfit"),
    }))
}

/// Looks one up by its hash. The address goes nowhere: not into the page's own address, and not into the log.
pub(super) async fn find(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    form: Result<Form<Said>, FormRejection>,
) -> Result<Response, Turned> {
    let said = form.map(|Form(said)| said).unwrap_or_default();
    let typed = Typed { find: &said.address, add: "" };
    match read(&state, &leader, &said).await? {
        Ok((_, address)) => {
            let hash = address.hash(&state.keyring);
            let wanted = Wanted { hash: Some(&hash), before: None, most: ON_A_PAGE };
            let found = Some(ledger::list(&state.pool, leader.community, wanted).await?);
            stopped_page(&state, &leader, Around { typed, found, ..Around::default() }).await
        }
        Err(fault) => {
            stopped_page(&state, &leader, Around { fault: Some(fault), typed, ..Around::default() }).await
        }
    }
}

pub(super) async fn add(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    form: Result<Form<Said>, FormRejection>,
) -> Result<Response, Turned> {
    let said = form.map(|Form(said)| said).unwrap_or_default();
    match read(&state, &leader, &said).await? {
        Ok((channel, address)) => {
            let id = SuppressionId::new(state.clock.now(), &mut AppState::rng());
            let (_, is_new) =
                ledger::add(&state.pool, &state.keyring, leader.actor(), id, (channel, &address)).await?;
            let word = if is_new { "added" } else { "known" };
            Ok(leaders(Redirect::to(&format!("/settings/stopped?done={word}"))).into_response())
        }
        Err(fault) => {
            let typed = Typed { find: "", add: &said.address };
            stopped_page(&state, &leader, Around { fault: Some(fault), typed, ..Around::default() }).await
        }
    }
}

pub(super) async fn lift(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    Path(suppression): Path<String>,
) -> Result<Response, Turned> {
    let Ok(id) = suppression.parse() else { return Ok(nothing_here()) };
    let word = match ledger::lift(&state.pool, leader.actor(), id).await? {
        Lifted::Done => "lifted",
        Lifted::Still => "still",
        Lifted::Nothing => "gone",
        Lifted::Theirs(reason, channel) => {
            let lines = [say!("stopped-theirs-not-changed"), way_back(reason, channel)];
            return Ok(super::astray(StatusCode::CONFLICT, say!("stopped-theirs"), &lines));
        }
    };
    Ok(leaders(Redirect::to(&format!("/settings/stopped?done={word}"))).into_response())
}

//! What a leader does on a household's page: the buttons on its invitation, another address, its link, one pass.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{Path, State, rejection::FormRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use porchlight_shared::domain::HouseholdId;
use serde::Deserialize;

use super::{Frame, Place, astray, board, nothing_here, problems::print_for};
use crate::{
    board::session::{Leader, SameOrigin, Turned},
    chasing::{
        address::{NewAddress, take},
        steps::{Step, carry_out, show_code},
    },
    join::ledger::lock_household,
    pages::{private, qr},
    problem::Problem,
    state::AppState,
};

/// What the address of a household's page says was just done.
#[must_use]
pub(super) fn told(done: &str) -> Option<&'static str> {
    Some(match done {
        "merged" => say!("chasing-done-merged"),
        "resend" => say!("chasing-done-resent"),
        "extend" => say!("chasing-done-extended"),
        "replace" => say!("chasing-done-replaced"),
        "replaced" => say!("chasing-done-replaced-unsent"),
        "revoke" => say!("chasing-done-revoked"),
        "address" => say!("chasing-done-mended"),
        "added" => say!("chasing-done-added"),
        _ => return None,
    })
}

fn refused(problem: &Problem, household: HouseholdId) -> Result<Response, Turned> {
    if problem.is_ours() {
        return Err(Turned::Later);
    }
    if problem.is_not_found() {
        return Ok(nothing_here());
    }
    let why = problem
        .field()
        .map_or_else(|| problem.told(), |(_, detail)| say!("chasing-stopped-why", why = detail));
    Ok(stopped(household, problem.status(), &why))
}

#[derive(Template)]
#[template(path = "board/chase_stopped.html")]
struct Stopped<'a> {
    household: HouseholdId,
    why: &'a str,
}

fn stopped(household: HouseholdId, status: StatusCode, why: &str) -> Response {
    crate::pages::page(status, &Stopped { household, why })
}

/// Which invitation the leader saw.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Meant {
    #[serde(default)]
    invitation: String,
}

/// A button on the invitation.
pub(super) async fn step(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    Path((household, step)): Path<(String, String)>,
    form: Result<Form<Meant>, FormRejection>,
) -> Result<Response, Turned> {
    let (Ok(household), Some(step)) = (household.parse::<HouseholdId>(), Step::from_word(&step)) else {
        return Ok(nothing_here());
    };
    let meant = form.ok().and_then(|Form(meant)| meant.invitation.parse().ok());
    match carry_out(&state, leader.actor(), household, meant, step).await {
        Ok(stepped) => {
            let done =
                if step == Step::Replace && stepped.messages == 0 { "replaced" } else { step.as_str() };
            let page = format!("/households/{household}?done={done}");
            Ok(private(Redirect::to(&page)))
        }
        Err(problem) => refused(&problem, household),
    }
}

/// Another address.
#[derive(Default, Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    address: String,
    #[serde(default)]
    instead_of: String,
    #[serde(default)]
    may_text: String,
}

pub(super) async fn address(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    Path(household): Path<String>,
    form: Result<Form<Typed>, FormRejection>,
) -> Result<Response, Turned> {
    let Ok(household) = household.parse::<HouseholdId>() else { return Ok(nothing_here()) };
    let typed = form.map(|Form(typed)| typed).unwrap_or_default();
    let instead_of = typed.instead_of.parse().ok();
    if instead_of.is_none() && !typed.instead_of.is_empty() {
        return Ok(nothing_here());
    }
    let new = NewAddress { typed: &typed.address, instead_of, may_text: typed.may_text == "yes" };
    match take(&state, leader.actor(), household, new).await {
        Ok(_) => {
            let done = if instead_of.is_some() { "address" } else { "added" };
            Ok(private(Redirect::to(&format!("/households/{household}?done={done}"))))
        }
        Err(problem) => refused(&problem, household),
    }
}

#[derive(Template)]
#[template(path = "board/link.html")]
struct LinkPage<'a> {
    frame: Frame<'a>,
    household: HouseholdId,
    link: String,
    code: String,
    page: String,
    symbol: Option<qr::Symbol>,
}

/// Shows the household's link, for a leader who passes it on.
pub(super) async fn link(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    Path(household): Path<String>,
) -> Result<Response, Turned> {
    let Ok(household) = household.parse::<HouseholdId>() else { return Ok(nothing_here()) };
    let Some(site) = &state.site else {
        return Ok(stopped(household, StatusCode::CONFLICT, say!("chasing-no-site")));
    };
    let code = match show_code(&state, leader.actor(), household).await {
        Ok(code) => code,
        Err(problem) => return refused(&problem, household),
    };
    let link = format!("{}/j/{}", site.as_str(), code.plain());
    Ok(board(&LinkPage {
        frame: Frame::of(&leader, Place::Households),
        household,
        symbol: qr::symbol(&link),
        link,
        code: code.grouped(),
        page: format!("{}/join", site.as_str()),
    }))
}

/// Prints one pass.
pub(super) async fn pass(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    Path(household): Path<String>,
) -> Result<Response, Turned> {
    let Ok(household) = household.parse::<HouseholdId>() else { return Ok(nothing_here()) };
    if let Some(printed) = print_for(&state, &leader, vec![household]).await? {
        return Ok(printed);
    }
    let mut connection = state.pool.acquire().await?;
    if lock_household(&mut connection, leader.community, household).await?.is_none() {
        return Ok(nothing_here());
    }
    let lines = [say!("chasing-no-pass-why")];
    Ok(astray(StatusCode::CONFLICT, say!("chasing-no-pass"), &lines).into_response())
}

//! `/home`: what a resident sees of their household, and what its head does there.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use jiff::tz::TimeZone;
use porchlight_shared::domain::{HouseholdId, InvitationId};
use serde::Deserialize;

use super::{
    inviting::MOST_OPEN,
    ledger::{self, Member, MemberRole, Membership},
    session::{self, Closed, Resident},
};
use crate::{
    board::session::SameOrigin,
    join::newcomer::Misfit,
    pages::{Notice, cookie, leaders, leaders_page, page},
    state::AppState,
};

mod deeds;
mod invites;

use deeds::{leave, make_head, remove, withdraw};
use invites::{invite_member, show_invite, told};

/// The pages of a household.
pub fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/home", get(show_all))
        .route("/home/sign-out", post(sign_out))
        .route("/home/sign-out-everywhere", post(sign_out_everywhere))
        .route("/home/{household}", get(show))
        .route("/home/{household}/invite", post(invite_member))
        .route("/home/{household}/invites/{invite}", get(show_invite))
        .route("/home/{household}/invites/{invite}/withdraw", post(withdraw))
        .route("/home/{household}/members/{member}/remove", post(remove))
        .route("/home/{household}/members/{member}/make-head", post(make_head))
        .route("/home/{household}/leave", post(leave))
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    memberships: &'a [Membership],
    waits_for: &'a [String],
}

/// Leads to the one household; who has several, or none yet, sees which.
async fn show_all(State(state): State<Arc<AppState>>, resident: Resident) -> Result<Response, Closed> {
    let memberships = ledger::memberships(&state.pool, resident.account).await?;
    let waits_for = ledger::waits_for(&state.pool, resident.account).await?;
    if let ([only], []) = (&memberships[..], &waits_for[..]) {
        return Ok(leaders(Redirect::to(&format!("/home/{}", only.household))));
    }
    Ok(leaders_page(StatusCode::OK, &Home { memberships: &memberships, waits_for: &waits_for }))
}

/// An open invite, as the head reads it.
struct Open {
    id: InvitationId,
    name: String,
    told: String,
}

#[derive(Template)]
#[template(path = "household.html")]
struct HouseholdPage<'a> {
    membership: &'a Membership,
    is_head: bool,
    members: &'a [Member],
    invites: &'a [Open],
    full: bool,
    texts: bool,
    form: &'a Written,
    misfit: Option<Misfit>,
    told: Option<&'a str>,
}

impl HouseholdPage<'_> {
    fn fault(&self, field: &str) -> Option<&'static str> {
        self.misfit.filter(|misfit| misfit.field == field).map(|misfit| misfit.mend)
    }
}

/// What the head wrote.
#[derive(Default, Deserialize)]
struct Written {
    #[serde(default, rename = "for")]
    intended_for: String,
    #[serde(default)]
    contact: String,
    #[serde(default)]
    agreed: String,
    #[serde(default)]
    what: String,
}

/// The membership that a resident has there; `None`: no other's page is anybody's.
async fn membership(
    state: &AppState,
    resident: Resident,
    household: &str,
) -> Result<Option<Membership>, Closed> {
    let Ok(household) = household.parse::<HouseholdId>() else { return Ok(None) };
    let all = ledger::memberships(&state.pool, resident.account).await?;
    Ok(all.into_iter().find(|membership| membership.household == household))
}

fn nothing_here() -> Response {
    let lines = ["This address leads to nothing of yours. Go back to your household."];
    let heading = "There is nothing here";
    page(
        StatusCode::NOT_FOUND,
        &Notice { brand: None, heading, lines: &lines, contact: None, offer_code: false },
    )
}

async fn household_page(
    state: &AppState,
    membership: &Membership,
    status: StatusCode,
    form: &Written,
    misfit: Option<Misfit>,
    message: Option<&str>,
) -> Result<Response, Closed> {
    let members = ledger::members(&state.pool, membership.household).await?;
    let is_head = membership.role == MemberRole::Head;
    let zone = TimeZone::get(&membership.brand.time_zone).unwrap_or(TimeZone::UTC);
    let invites =
        if is_head { ledger::invites(&state.pool, membership.household, None).await? } else { Vec::new() };
    let invites: Vec<_> = invites
        .iter()
        .map(|invite| Open {
            id: invite.id,
            name: invite.intended_for.clone().unwrap_or_else(|| "An invite without a name".to_owned()),
            told: told(invite, &zone),
        })
        .collect();
    let full = i64::try_from(invites.len()).is_ok_and(|open| open >= MOST_OPEN);
    let page = HouseholdPage {
        membership,
        is_head,
        members: &members,
        invites: &invites,
        full,
        texts: state.texts.is_some(),
        form,
        misfit,
        told: message,
    };
    Ok(leaders_page(status, &page))
}

async fn show(
    State(state): State<Arc<AppState>>,
    resident: Resident,
    Path(household): Path<String>,
) -> Result<Response, Closed> {
    let Some(membership) = membership(&state, resident, &household).await? else { return Ok(nothing_here()) };
    let page = household_page(&state, &membership, StatusCode::OK, &Written::default(), None, None).await?;
    if !resident.passing {
        return Ok(page);
    }
    // Whoever never saw the answer to their join is here for the first time.
    let mut connection = state.pool.acquire().await?;
    let cookie = session::begin(&mut connection, resident.account, state.site.as_ref()).await?;
    Ok(([(header::SET_COOKIE, cookie)], page).into_response())
}

fn back(membership: &Membership) -> Response {
    leaders(Redirect::to(&format!("/home/{}", membership.household)))
}

async fn sign_out(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    resident: Option<Resident>,
) -> Result<Response, Closed> {
    if let Some(resident) = resident {
        resident.sign_out(&state).await?;
    }
    Ok(forgotten_here(&state))
}

async fn sign_out_everywhere(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    resident: Option<Resident>,
) -> Result<Response, Closed> {
    if let Some(resident) = resident {
        resident.sign_out_everywhere(&state).await?;
    }
    Ok(forgotten_here(&state))
}

fn forgotten_here(state: &AppState) -> Response {
    let cookie = cookie::RESIDENT.drop(state.site.as_ref());
    leaders(([(header::SET_COOKIE, cookie)], Redirect::to("/join"))).into_response()
}

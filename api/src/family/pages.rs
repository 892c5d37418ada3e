//! `/home`: what a resident sees of their household, and what its head does there.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form, Router,
    extract::{Path, State, rejection::FormRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use jiff::tz::TimeZone;
use porchlight_shared::domain::{Channel, DeliveryState, HouseholdId, InvitationId, MemberId};
use serde::Deserialize;

use super::{
    inviting::{Guest, MOST_OPEN, Refused, invite},
    ledger::{self, Invite, Member, MemberRole, Membership},
    session::{self, Closed, Resident},
};
use crate::{
    board::session::{SameOrigin, Turned},
    join::{count_wrong, newcomer::Misfit},
    pages::{
        Notice, cookie, leaders, leaders_page, page,
        qr::{self, Symbol},
    },
    state::AppState,
    visitor::Visitor,
};

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

fn told(invite: &Invite, zone: &TimeZone) -> String {
    let until = invite.expires_at.to_zoned(zone.clone()).strftime("%-d %B");
    let sent = match &invite.sent {
        None => "Not sent; give them the link",
        Some(sent) => match (sent.channel, sent.state) {
            (_, DeliveryState::Delivered) => "Delivered",
            (Channel::Email, DeliveryState::Accepted) => "Sent by e-mail",
            (Channel::Text, DeliveryState::Accepted) => "Sent as a text",
            (
                _,
                DeliveryState::Held
                | DeliveryState::Queued
                | DeliveryState::Sending
                | DeliveryState::RetryWait,
            ) => "On its way",
            (_, DeliveryState::Checking) => "Being checked",
            (_, DeliveryState::NeedsDecision) => "It may have arrived; if not, give them the link",
            _ => "Could not be sent; give them the link",
        },
    };
    format!("{sent}. Works until {until}.")
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

async fn invite_member(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    visitor: Visitor,
    resident: Resident,
    Path(household): Path<String>,
    form: Result<Form<Written>, FormRejection>,
) -> Result<Response, Closed> {
    let Some(membership) = membership(&state, resident, &household).await? else { return Ok(nothing_here()) };
    // A form that does not say what it is draws nothing.
    let Some(form) = form.ok().map(|Form(form)| form).filter(|form| form.what == "invite") else {
        return Ok(back(&membership));
    };
    let guest =
        Guest { intended_for: &form.intended_for, contact: &form.contact, agreed: form.agreed == "yes" };
    let (misfit, message) = match invite(&state, &membership, &guest).await {
        Ok(id) => {
            let to = format!("/home/{}/invites/{id}", membership.household);
            return Ok(leaders(Redirect::to(&to)));
        }
        Err(Refused::Field(misfit)) => (Some(misfit), None),
        Err(Refused::Because(message)) => (None, Some(message)),
        Err(Refused::Elsewhere) => {
            let mend = "We cannot write there. Leave this empty, and give them the link yourself.";
            match count_wrong(&state, visitor).await {
                Ok(()) => (Some(Misfit { field: "contact", mend }), None),
                Err(_) => (
                    None,
                    Some("That were too many addresses. Wait ten minutes, then give them a link instead."),
                ),
            }
        }
        Err(Refused::NotHead) => (None, Some("Only the Head of Household invites.")),
        Err(Refused::Problem(problem)) => {
            // Logged where it was made.
            drop(problem);
            return Err(Closed::Later(Turned::Later));
        }
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    household_page(&state, &membership, status, &form, misfit, message).await
}

fn back(membership: &Membership) -> Response {
    leaders(Redirect::to(&format!("/home/{}", membership.household)))
}

#[derive(Template)]
#[template(path = "invite.html")]
struct InvitePage<'a> {
    membership: &'a Membership,
    name: Option<&'a str>,
    told: String,
    link: Option<String>,
    code: &'a str,
    symbol: Option<Symbol>,
}

async fn show_invite(
    State(state): State<Arc<AppState>>,
    resident: Resident,
    Path((household, invite)): Path<(String, String)>,
) -> Result<Response, Closed> {
    let Some(membership) = membership(&state, resident, &household).await? else { return Ok(nothing_here()) };
    let Ok(id) = invite.parse::<InvitationId>() else { return Ok(nothing_here()) };
    if membership.role != MemberRole::Head {
        return Ok(nothing_here());
    }
    let found = ledger::invites(&state.pool, membership.household, Some(id)).await?;
    // It was used, or taken back: the list says what is left.
    let Some(invite) = found.first() else { return Ok(back(&membership)) };
    let code = match state.keyring.unseal(&invite.sealed, membership.community, id) {
        Ok(code) => code,
        Err(error) => {
            tracing::error!(invitation = %id, %error, "a member's code cannot be shown");
            return Err(Closed::Later(Turned::Later));
        }
    };
    let link = state.site.as_ref().map(|site| format!("{}/j/{}", site.as_str(), code.plain()));
    let zone = TimeZone::get(&membership.brand.time_zone).unwrap_or(TimeZone::UTC);
    Ok(leaders_page(
        StatusCode::OK,
        &InvitePage {
            membership: &membership,
            name: invite.intended_for.as_deref(),
            told: told(invite, &zone),
            symbol: link.as_deref().and_then(qr::symbol),
            link,
            code: &code.grouped(),
        },
    ))
}

/// What the head does to one of a household's rows.
#[derive(Clone, Copy)]
enum Deed {
    Withdraw(InvitationId),
    Remove(MemberId),
    MakeHead(MemberId),
}

/// Does it, if it is the head who asks; the household's page shows what is so then.
async fn does(
    state: &AppState,
    resident: Resident,
    household: &str,
    deed: Option<Deed>,
) -> Result<Response, Closed> {
    let Some(membership) = membership(state, resident, household).await? else { return Ok(nothing_here()) };
    let Some(deed) = deed else { return Ok(nothing_here()) };
    let of = membership.household;
    let mut tx = state.pool.begin().await?;
    sqlx::query("SET LOCAL lock_timeout = '3s'").execute(&mut *tx).await?;
    if !ledger::lock_as_head(&mut tx, &membership).await? {
        let message = Some("Only the Head of Household does that.");
        let form = Written::default();
        drop(tx);
        return household_page(state, &membership, StatusCode::FORBIDDEN, &form, None, message).await;
    }
    let done = match deed {
        Deed::Withdraw(invite) => ledger::withdraw(&mut tx, of, invite).await?,
        Deed::Remove(member) => ledger::remove(&mut tx, of, member).await?,
        Deed::MakeHead(member) => ledger::hand_over(&mut tx, of, membership.member, member).await?,
    };
    if done {
        tx.commit().await?;
        let what = match deed {
            Deed::Withdraw(_) => "an invite was taken back",
            Deed::Remove(_) => "a member was removed",
            Deed::MakeHead(_) => "the role of the head was handed over",
        };
        tracing::info!(community = %membership.community, household = %of, what, "a head changed their household");
    }
    Ok(back(&membership))
}

async fn withdraw(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    resident: Resident,
    Path((household, invite)): Path<(String, String)>,
) -> Result<Response, Closed> {
    does(&state, resident, &household, invite.parse().ok().map(Deed::Withdraw)).await
}

async fn remove(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    resident: Resident,
    Path((household, member)): Path<(String, String)>,
) -> Result<Response, Closed> {
    does(&state, resident, &household, member.parse().ok().map(Deed::Remove)).await
}

async fn make_head(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    resident: Resident,
    Path((household, member)): Path<(String, String)>,
) -> Result<Response, Closed> {
    does(&state, resident, &household, member.parse().ok().map(Deed::MakeHead)).await
}

/// A member leaves, and what is known of them goes with them. The head hands the role over first.
async fn leave(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    resident: Resident,
    Path(household): Path<String>,
) -> Result<Response, Closed> {
    let Some(membership) = membership(&state, resident, &household).await? else { return Ok(nothing_here()) };
    let mut tx = state.pool.begin().await?;
    sqlx::query("SET LOCAL lock_timeout = '3s'").execute(&mut *tx).await?;
    crate::join::ledger::lock_household(&mut tx, membership.community, membership.household).await?;
    if !ledger::remove(&mut tx, membership.household, membership.member).await? {
        drop(tx);
        let message =
            Some("Make somebody else the Head of Household first; if you are alone, ask your community.");
        let form = Written::default();
        return household_page(&state, &membership, StatusCode::CONFLICT, &form, None, message).await;
    }
    tx.commit().await?;
    tracing::info!(community = %membership.community, household = %membership.household, "a member left");
    let lines =
        ["You do not belong to this household any more, and your name and address are deleted from it."];
    let heading = "You have left";
    let brand = Some(membership.brand.name.as_str());
    Ok(page(StatusCode::OK, &Notice { brand, heading, lines: &lines, contact: None, offer_code: false }))
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

//! One more member: asked in, and their invite to look at.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{Path, State, rejection::FormRejection},
    http::StatusCode,
    response::{Redirect, Response},
};
use jiff::tz::TimeZone;
use porchlight_shared::domain::{Channel, DeliveryState, InvitationId};

use super::{Written, back, household_page, membership, nothing_here};
use crate::{
    board::session::{SameOrigin, Turned},
    family::{
        inviting::{Guest, Refused, invite},
        ledger::{self, Invite, MemberRole, Membership},
        session::{Closed, Resident},
    },
    join::{count_wrong, newcomer::Misfit},
    pages::{
        leaders, leaders_page,
        qr::{self, Symbol},
    },
    state::AppState,
    visitor::Visitor,
};

pub(super) async fn invite_member(
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

pub(super) async fn show_invite(
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

pub(super) fn told(invite: &Invite, zone: &TimeZone) -> String {
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

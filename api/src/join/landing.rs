//! The pages: the box at `/join`, and what the link in a message opens, `/j/{code}`. Looking changes nothing, whoever looks and
//! however often; a form that lacks a field changes nothing either.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form, Router,
    extract::{
        Path, State,
        rejection::{FormRejection, PathRejection},
    },
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use jiff::tz::TimeZone;
use porchlight_shared::domain::{AccessCode, AccessCodeError};
use serde::Deserialize;

use super::{
    Brand, Closed, Invitation,
    endpoint::enter,
    find, ledger,
    newcomer::{Misfit, Newcomer},
};
use crate::{
    pages::{Notice, page, private},
    state::AppState,
    visitor::Visitor,
};

/// The pages of joining.
pub fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/join", get(show_box).post(typed))
        .route("/j/{code}", get(show_landing).post(join))
        // As a QR code in capitals has it.
        .route("/J/{code}", get(show_landing).post(join))
}

#[derive(Default, Template)]
#[template(path = "code.html")]
struct CodeBox<'a> {
    typed: &'a str,
    fault: Option<&'a str>,
}

async fn show_box() -> Response {
    page(StatusCode::OK, &CodeBox::default())
}

#[derive(Deserialize)]
struct Typed {
    #[serde(default)]
    code: String,
}

/// Leads to the code's own page; a typing mistake comes back with what was typed.
async fn typed(form: Result<Form<Typed>, FormRejection>) -> Response {
    let code = form.map(|Form(Typed { code })| code).unwrap_or_default();
    match code.parse::<AccessCode>() {
        Ok(code) => private(Redirect::to(&format!("/j/{}", code.plain()))),
        Err(error) => mistyped(&code, error),
    }
}

fn mistyped(typed: &str, error: AccessCodeError) -> Response {
    let fault = match error {
        AccessCodeError::Length(0) => "Type the code from your invitation.".to_owned(),
        AccessCodeError::Length(found) => {
            format!("An access code has 12 letters and digits; this has {found}.")
        }
        AccessCodeError::Character { position } => format!(
            "There is a typing mistake: character {position} never occurs in an access code. Compare it with your invitation."
        ),
        AccessCodeError::Check => {
            "There is a typing mistake in this code. Compare it with your invitation, letter by letter."
                .to_owned()
        }
    };
    page(StatusCode::UNPROCESSABLE_ENTITY, &CodeBox { typed, fault: Some(&fault) })
}

#[derive(Template)]
#[template(path = "landing.html")]
struct Landing<'a> {
    brand: &'a Brand,
    code: &'a str,
    expires: String,
    name: &'a str,
    contact: &'a str,
    faults: &'a [Misfit],
}

impl Landing<'_> {
    fn fault(&self, field: &str) -> Option<&'static str> {
        self.faults.iter().find(|misfit| misfit.field == field).map(|misfit| misfit.mend)
    }
}

fn landing(invitation: &Invitation, code: &str, form: &Who, faults: &[Misfit]) -> Response {
    let brand = &invitation.brand;
    let zone = TimeZone::get(&brand.time_zone).unwrap_or(TimeZone::UTC);
    let expires = invitation.expires_at.to_zoned(zone).strftime("%-d %B %Y").to_string();
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let Who { name, contact } = form;
    page(status, &Landing { brand, code, expires, name, contact, faults })
}

async fn show_landing(
    State(state): State<Arc<AppState>>,
    visitor: Visitor,
    code: Result<Path<String>, PathRejection>,
) -> Response {
    let code = code.map(|Path(code)| code).unwrap_or_default();
    match find(&state, visitor, &code).await {
        Ok(invitation) => landing(&invitation, &plain(&code), &Who::default(), &[]),
        Err(closed) => tell(closed, &code),
    }
}

/// A code that was found, as it stands in a link.
fn plain(code: &str) -> String {
    code.parse::<AccessCode>().map(|code| code.plain().to_owned()).unwrap_or_default()
}

/// What the form says.
#[derive(Default, Deserialize)]
struct Who {
    #[serde(default)]
    name: String,
    #[serde(default)]
    contact: String,
}

async fn join(
    State(state): State<Arc<AppState>>,
    visitor: Visitor,
    code: Result<Path<String>, PathRejection>,
    form: Result<Form<Who>, FormRejection>,
) -> Response {
    let code = code.map(|Path(code)| code).unwrap_or_default();
    // A form of another kind is an empty one.
    let form = form.map(|Form(form)| form).unwrap_or_default();
    let invitation = match find(&state, visitor, &code).await {
        Ok(invitation) => invitation,
        Err(Closed::Used(brand)) => return used(&state, &code, &form, brand).await,
        Err(closed) => return tell(closed, &code),
    };
    let newcomer = match Newcomer::read(&form.name, &form.contact, &invitation.brand.country, &state.keyring)
    {
        Ok(newcomer) => newcomer,
        Err(faults) => return landing(&invitation, &plain(&code), &form, &faults),
    };
    let brand = invitation.brand.clone();
    match enter(&state, visitor, &code, invitation, &newcomer).await {
        Ok(_) => welcome(&brand),
        Err(Closed::Used(brand)) => used(&state, &code, &form, brand).await,
        Err(closed) => tell(closed, &code),
    }
}

fn welcome(brand: &Brand) -> Response {
    notice(
        StatusCode::OK,
        Some(brand),
        "Welcome! Your household has joined",
        &["You are its Head of Household. The access code is used up; nobody else can join with it."],
    )
}

/// Whoever pressed twice, or loads the page again, joined; somebody else did not.
async fn used(state: &AppState, code: &str, form: &Who, brand: Brand) -> Response {
    let newcomer = Newcomer::read(&form.name, &form.contact, &brand.country, &state.keyring);
    if let (Ok(newcomer), Ok(code)) = (newcomer, code.parse::<AccessCode>()) {
        let asked = async {
            let mut connection = state.pool.acquire().await?;
            ledger::joined_before(&mut connection, &state.keyring.lookups(&code), &newcomer.hash).await
        };
        match asked.await {
            Ok(true) => return welcome(&brand),
            Ok(false) => {}
            Err(error) => return tell(Closed::from(error), ""),
        }
    }
    tell(Closed::Used(brand), "")
}

fn notice(status: StatusCode, brand: Option<&Brand>, heading: &str, lines: &[&str]) -> Response {
    let contact = brand.and_then(|brand| brand.contact.as_deref());
    let offer_code = matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE);
    page(
        status,
        &Notice { brand: brand.map(|brand| brand.name.as_str()), heading, lines, contact, offer_code },
    )
}

/// Each way in which a code opens nothing, with what to do next; nobody is named.
fn tell(closed: Closed, typed: &str) -> Response {
    match closed {
        Closed::Typing(error) => mistyped(typed, error),
        Closed::Unknown => notice(
            StatusCode::NOT_FOUND,
            None,
            "This access code is not known",
            &[
                "Compare it with your invitation. If it is the same there, ask whoever invited you for a new one.",
            ],
        ),
        Closed::Used(brand) => notice(
            StatusCode::CONFLICT,
            Some(&brand),
            "This access code was used",
            &[
                "A household joins once. If it was somebody at home, ask them to add you; if it was none of you, tell your \
               community.",
            ],
        ),
        Closed::Expired(brand) => notice(
            StatusCode::GONE,
            Some(&brand),
            "This access code has expired",
            &["Your household can still join: ask your community for a new invitation."],
        ),
        Closed::Revoked(brand) => notice(
            StatusCode::GONE,
            Some(&brand),
            "This invitation was cancelled",
            &["Your community took it back. If that surprises you, ask them."],
        ),
        Closed::Replaced(brand) => notice(
            StatusCode::GONE,
            Some(&brand),
            "There is a newer invitation",
            &["This code was replaced by another. Use the newest message or pass that your household got."],
        ),
        Closed::TooManyTries(seconds) => {
            let wait = format!("Wait {} minutes, then try again.", seconds.div_ceil(60));
            let lines = ["Several wrong access codes came from your address.", wait.as_str()];
            let page = notice(StatusCode::TOO_MANY_REQUESTS, None, "Too many tries", &lines);
            ([(header::RETRY_AFTER, seconds.to_string())], page).into_response()
        }
        Closed::Unavailable(_) => notice(
            StatusCode::SERVICE_UNAVAILABLE,
            None,
            "This does not work right now",
            &[
                "Try again in a few minutes. If you were just joining, it may have worked: doing it again is safe.",
            ],
        ),
    }
}

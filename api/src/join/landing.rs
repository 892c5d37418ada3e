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
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use jiff::tz::TimeZone;
use porchlight_shared::domain::{AccessCode, InvitationKind};
use serde::Deserialize;
use sqlx::PgConnection;

use super::{
    Brand, Closed, Invitation, enter, find, ledger, look,
    newcomer::{Misfit, Newcomer, Said},
    outcome::{Asks, CodeBox, Step, exists, mistyped, outcome, tell, waiting, welcome},
};
use crate::{
    asked::{self, Asking},
    board::session::{Leader, NotForeign, SameOrigin},
    family::{self, session::Browser},
    pages::{leaders_page, page, private},
    passes::marking::hand_over_scanned,
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
        .route("/j/{code}/ask", post(ask))
        .route("/j/{code}/hand-over", post(hand_over))
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

#[derive(Template)]
#[template(path = "landing.html")]
struct Landing<'a> {
    brand: &'a Brand,
    kind: InvitationKind,
    code: &'a str,
    expires: String,
    who: &'a Who,
    /// Whether who that is is known in this browser.
    known: bool,
    /// The passes that a leader in this browser may hand over.
    pass: bool,
    faults: &'a [Misfit],
}

impl Landing<'_> {
    fn fault(&self, field: &str) -> Option<&'static str> {
        self.faults.iter().find(|misfit| misfit.field == field).map(|misfit| misfit.mend)
    }

    fn is_first_fault(&self, field: &str) -> bool {
        self.faults.first().is_some_and(|misfit| misfit.field == field)
    }

    fn is_blank(&self) -> bool {
        self.kind == InvitationKind::Blank
    }

    fn is_members(&self) -> bool {
        self.kind == InvitationKind::Member
    }
}

/// What is on a landing page beside the invitation.
#[derive(Default)]
struct Around<'a> {
    who: Who,
    known: bool,
    pass: bool,
    faults: &'a [Misfit],
}

fn landing(invitation: &Invitation, code: &str, around: &Around<'_>) -> Response {
    let brand = &invitation.brand;
    let zone = TimeZone::get(&brand.time_zone).unwrap_or(TimeZone::UTC);
    let expires = invitation.expires_at.to_zoned(zone).strftime("%-d %B %Y").to_string();
    let Around { who, known, pass, faults } = around;
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (known, pass) = (*known, *pass);
    let landing = Landing { brand, kind: invitation.kind, code, expires, who, known, pass, faults };
    // A leader's button is one whose browser has to say where it comes from.
    if pass { leaders_page(status, &landing) } else { page(status, &landing) }
}

async fn show_landing(
    State(state): State<Arc<AppState>>,
    visitor: Visitor,
    browser: Browser,
    leader: Option<Leader>,
    code: Result<Path<String>, PathRejection>,
) -> Response {
    let code = code.map(|Path(code)| code).unwrap_or_default();
    let shown = async {
        let invitation = find(&state, visitor, &code).await?;
        let known = match browser.resident {
            Some(resident) => family::ledger::calling_card(&state.pool, resident.account).await?,
            None => None,
        };
        let around = Around {
            known: known.is_some(),
            who: known.map(|(name, contact)| Who { name, contact, ..Who::default() }).unwrap_or_default(),
            pass: match leader {
                Some(leader) if leader.community == invitation.community => {
                    asked::ledger::is_on_paper(&state.pool, invitation.id).await?
                }
                _ => false,
            },
            faults: &[],
        };
        Ok(with_cookie(landing(&invitation, &plain(&code), &around), browser.greet(state.site.as_ref())))
    };
    shown.await.unwrap_or_else(|closed| tell(closed, &plain_or(&code)))
}

fn with_cookie(page: Response, cookie: Option<HeaderValue>) -> Response {
    match cookie {
        Some(cookie) => ([(header::SET_COOKIE, cookie)], page).into_response(),
        None => page,
    }
}

/// A code that was found, as it stands in a link.
fn plain(code: &str) -> String {
    code.parse::<AccessCode>().map(|code| code.plain().to_owned()).unwrap_or_default()
}

/// The same, or what was typed, to be mended.
fn plain_or(typed: &str) -> String {
    typed.parse::<AccessCode>().map_or_else(|_| typed.to_owned(), |code| code.plain().to_owned())
}

/// What the form says.
#[derive(Default, Deserialize)]
struct Who {
    #[serde(default)]
    name: String,
    #[serde(default)]
    contact: String,
    #[serde(default)]
    place: String,
    #[serde(default)]
    ask: String,
}

impl Who {
    fn said(&self, kind: InvitationKind) -> Said<'_> {
        let place = (kind == InvitationKind::Blank).then_some(self.place.as_str());
        Said { name: &self.name, contact: &self.contact, place }
    }
}

async fn join(
    State(state): State<Arc<AppState>>,
    _: NotForeign,
    visitor: Visitor,
    browser: Browser,
    code: Result<Path<String>, PathRejection>,
    form: Result<Form<Who>, FormRejection>,
) -> Response {
    let code = code.map(|Path(code)| code).unwrap_or_default();
    // A form of another kind is an empty one.
    let who = form.map(|Form(form)| form).unwrap_or_default();
    let invitation = match find(&state, visitor, &code).await {
        Ok(invitation) => invitation,
        Err(closed) => return closed_to(&state, &code, &who, closed).await,
    };
    let read = Newcomer::read(who.said(invitation.kind), &invitation.brand.country, &state.keyring);
    let newcomer = match read {
        Ok(newcomer) => {
            let account = browser.resident.map(|resident| resident.account);
            Newcomer { account, asks: who.ask == "yes", ..newcomer }
        }
        Err(faults) => {
            let around = Around { who, known: false, pass: false, faults: &faults };
            return landing(&invitation, &plain(&code), &around);
        }
    };
    let (brand, kind) = (invitation.brand.clone(), invitation.kind);
    let site = state.site.clone();
    let remember = async |tx: &mut PgConnection, account| browser.remember(tx, account, site.as_ref()).await;
    match enter(&state, visitor, &code, invitation, &newcomer, remember).await {
        Ok((entered, cookie)) => {
            let page = match entered.household {
                Some(_) => welcome(&brand, kind),
                None => waiting(StatusCode::ACCEPTED, &brand),
            };
            with_cookie(page, cookie)
        }
        Err(closed) => closed_to(&state, &code, &who, closed).await,
    }
}

/// Whoever pressed twice, or loads the page again, joined; somebody else did not.
async fn closed_to(state: &AppState, code: &str, who: &Who, closed: Closed) -> Response {
    let brand = match closed {
        Closed::Used(brand) => brand,
        Closed::HouseholdExists(brand) => {
            let asks = Asks { name: &who.name, contact: &who.contact, place: &who.place };
            return exists(&brand, &plain(code), Some(asks));
        }
        closed => return tell(closed, &plain_or(code)),
    };
    let said = who.said(InvitationKind::Household);
    let newcomer = Newcomer::read(said, &brand.country, &state.keyring);
    if let (Ok(newcomer), Ok(code)) = (newcomer, code.parse::<AccessCode>()) {
        let asked = async {
            let mut connection = state.pool.acquire().await?;
            ledger::joined_before(&mut connection, &state.keyring.lookups(&code), &newcomer.hash).await
        };
        match asked.await {
            Ok(Some(kind)) => return welcome(&brand, kind),
            Ok(None) => {}
            Err(error) => return tell(Closed::from(error), ""),
        }
    }
    tell(Closed::Used(brand), "")
}

/// What is asked for beside joining.
#[derive(Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    what: String,
}

/// A new code, the newest one once more, or not to be meant. A form that says nothing changes nothing.
async fn ask(
    State(state): State<Arc<AppState>>,
    visitor: Visitor,
    code: Result<Path<String>, PathRejection>,
    form: Result<Form<Wanted>, FormRejection>,
) -> Response {
    let code = code.map(|Path(code)| code).unwrap_or_default();
    let wanted = form.map(|Form(Wanted { what })| what).unwrap_or_default();
    let told = async {
        let found = look(&state, visitor, &code).await?;
        let asking = match wanted.as_str() {
            "new_code" if found.may_be_renewed() => Asking::NewCode,
            "again" if found.was_replaced() => Asking::Again,
            "not_me" if found.is_live() && found.invitation.kind != InvitationKind::Blank => Asking::NotMe,
            _ => return Ok(None),
        };
        asked::ask(&state, &found.invitation, asking).await?;
        Ok(Some((found.invitation.brand, asking)))
    };
    match told.await {
        Ok(Some((brand, asking))) => thanked(&brand, asking),
        // A scanner's form, an older page, or whoever types the address: the code's own page says how it stands.
        Ok(None) => private(Redirect::to(&format!("/j/{}", plain(&code)))),
        Err(closed) => tell(closed, &plain_or(&code)),
    }
}

fn thanked(brand: &Brand, asking: Asking) -> Response {
    let (heading, line) = match asking {
        Asking::NewCode => (
            "Your community was asked",
            "A leader sends you a new invitation, or gets in touch. Asking once is enough.",
        ),
        Asking::Again => (
            "It is sent again",
            "The newest invitation goes once more to where the one before it went, at most once a day. Nothing there? Ask \
             your community.",
        ),
        Asking::NotMe => (
            "Thank you for telling us",
            "Your community was told that this invitation reached the wrong person. You need do nothing more.",
        ),
    };
    outcome(StatusCode::OK, Some(brand), "", heading, &[line], &[] as &[Step])
}

/// A leader scanned a pass and gives it away.
async fn hand_over(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    visitor: Visitor,
    leader: Option<Leader>,
    code: Result<Path<String>, PathRejection>,
) -> Response {
    let code = code.map(|Path(code)| code).unwrap_or_default();
    let Some(leader) = leader else { return private(Redirect::to("/sign-in")) };
    let marked = async {
        let invitation = find(&state, visitor, &code).await?;
        if invitation.community != leader.community {
            return Err(Closed::Unknown);
        }
        hand_over_scanned(&state, leader.actor(), invitation.id).await.map_err(Closed::Unavailable)?;
        Ok(invitation.brand)
    };
    match marked.await {
        Ok(brand) => {
            let line = "The board shows this pass as handed over. You can scan the next one.";
            outcome(StatusCode::OK, Some(&brand), "", "Handed over", &[line], &[])
        }
        Err(closed) => tell(closed, &plain_or(&code)),
    }
}

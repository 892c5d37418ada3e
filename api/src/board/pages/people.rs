//! `/settings/people`: who may act for the community; its owners add, change and remove them.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query as Parameters, State, rejection::FormRejection},
    http::{HeaderValue, StatusCode, header},
    response::{Redirect, Response},
};
use porchlight_shared::{
    domain::{EmailAddress, LeaderId},
    store::Unquoted,
};
use serde::Deserialize;

use super::{Frame, Place, board, board_with, moment, nothing_here};
use crate::{
    access::Role,
    audit::By,
    board::session::{Leader, SameOrigin, Turned},
    limits::{self, Limit},
    pages::leaders,
    people::{self, LONGEST_NAME, Person, Refused},
    state::AppState,
};

/// Who may be added in how many seconds: each gets a letter.
const ADDED: (u32, u32) = (20, 3_600);

/// A leader, as they are told.
struct Told {
    id: LeaderId,
    called: String,
    /// Their address, where they are called something else.
    email: Option<String>,
    owner: bool,
    you: bool,
    /// The last owner stays.
    stays: bool,
    since: String,
    signed_in: Option<String>,
}

/// What was typed of somebody new.
#[derive(Default, Deserialize)]
pub(super) struct Written {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    role: String,
}

/// What does not fit, and in which field; `form` for none.
type Fault = (&'static str, &'static str);

#[derive(Template)]
#[template(path = "board/people.html")]
struct PeoplePage<'a> {
    frame: Frame<'a>,
    people: Vec<Told>,
    /// Whether whoever looks may change anything.
    owner: bool,
    /// Whether whoever looks has no name here.
    nameless: bool,
    no_owner: bool,
    done: Option<&'static str>,
    form: &'a Written,
    fault: Option<Fault>,
}

impl PeoplePage<'_> {
    fn fault(&self, field: &str) -> Option<&'static str> {
        self.fault.filter(|(of, _)| *of == field).map(|(_, mend)| mend)
    }
}

fn told(person: &Person, people: &[Person], leader: &Leader) -> Told {
    let now = leader.now.to_zoned(leader.zone.clone());
    let owners = people.iter().filter(|person| person.role == Role::Owner).count();
    let owner = person.role == Role::Owner;
    Told {
        id: person.id,
        called: person.called().to_owned(),
        email: person.name.as_ref().map(|_| person.email.clone()),
        owner,
        you: leader.by == By::Leader(person.id),
        stays: owner && owners == 1,
        since: person.since.to_zoned(leader.zone.clone()).strftime("%-d %b %Y").to_string(),
        signed_in: person.signed_in_at.map(|at| moment(at, &now)),
    }
}

async fn people_page(
    state: &AppState,
    leader: &Leader,
    status: StatusCode,
    done: Option<&'static str>,
    form: &Written,
    fault: Option<Fault>,
) -> Result<Response, Turned> {
    let people = people::list(&state.pool, leader.actor()).await?;
    let page = PeoplePage {
        frame: Frame::of(leader, Place::Settings),
        people: people.iter().map(|person| told(person, &people, leader)).collect(),
        owner: leader.role == Role::Owner,
        nameless: leader.by == By::Operator,
        no_owner: people.iter().all(|person| person.role != Role::Owner),
        done,
        form,
        fault,
    };
    Ok(board_with(status, &page))
}

/// What was just done.
#[derive(Default, Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Parameters(done): Parameters<Done>,
) -> Result<Response, Turned> {
    let done = done.done.as_deref().and_then(|done| match done {
        "added" => Some(say!("people-added")),
        "changed" => Some(say!("people-changed")),
        "removed" => Some(say!("people-removed")),
        _ => None,
    });
    people_page(&state, &leader, StatusCode::OK, done, &Written::default(), None).await
}

/// What a refusal is to a browser.
async fn refused(
    state: &AppState,
    leader: &Leader,
    form: &Written,
    refused: Refused,
) -> Result<Response, Turned> {
    let (status, fault) = match refused {
        Refused::AlreadyThere => (StatusCode::CONFLICT, ("email", say!("people-refused-there"))),
        Refused::LastOwner => (StatusCode::CONFLICT, ("form", say!("people-refused-last-owner"))),
        Refused::NotOwner => (StatusCode::FORBIDDEN, ("form", say!("people-refused-owners-only"))),
        Refused::NoSuchLeader => return Ok(nothing_here()),
        Refused::Store(error) => {
            tracing::error!(error = %Unquoted(&error), "a leader could not be changed");
            return Err(Turned::Later);
        }
    };
    people_page(state, leader, status, None, form, Some(fault)).await
}

fn back(done: &str) -> Response {
    leaders(Redirect::to(&format!("/settings/people?done={done}")))
}

fn role(word: &str) -> Option<Role> {
    match word {
        "owner" => Some(Role::Owner),
        "leader" => Some(Role::Leader),
        _ => None,
    }
}

pub(super) async fn add(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    form: Result<Form<Written>, FormRejection>,
) -> Result<Response, Turned> {
    let form = form.map(|Form(form)| form).unwrap_or_default();
    if leader.role != Role::Owner {
        return refused(&state, &leader, &form, Refused::NotOwner).await;
    }
    let again = async |fault| {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        people_page(&state, &leader, status, None, &form, Some(fault)).await
    };
    let name = Some(form.name.trim()).filter(|name| !name.is_empty());
    if name.is_some_and(|name| name.chars().count() > LONGEST_NAME || name.contains(char::is_control)) {
        return again(("name", say!("people-refused-name"))).await;
    }
    let Ok(email) = form.email.trim().parse::<EmailAddress>() else {
        return again(("email", say!("people-refused-email"))).await;
    };
    let Some(role) = role(&form.role) else {
        return again(("role", say!("people-refused-role"))).await;
    };
    let community = leader.community.uuid();
    let limit =
        Limit { name: "leaders-added", subject: community.as_bytes(), most: ADDED.0, seconds: ADDED.1 };
    if let Err(seconds) = limits::count(&state, &[limit]).await {
        let status = StatusCode::TOO_MANY_REQUESTS;
        let fault = ("form", say!("people-refused-too-many"));
        let mut answer = people_page(&state, &leader, status, None, &form, Some(fault)).await?;
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        return Ok(answer);
    }
    match people::add(&state.pool, state.clock.now(), leader.actor(), &email, name, role).await {
        Ok((_, posted)) => {
            for letter in posted {
                letter.push(&state);
            }
            Ok(back("added"))
        }
        Err(error) => refused(&state, &leader, &form, error).await,
    }
}

/// The role that somebody gets.
#[derive(Default, Deserialize)]
pub(super) struct Becomes {
    #[serde(default)]
    role: String,
}

pub(super) async fn change_role(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    Path(person): Path<String>,
    form: Result<Form<Becomes>, FormRejection>,
) -> Result<Response, Turned> {
    let becomes = form.map(|Form(form)| form).unwrap_or_default();
    let (Ok(person), Some(role)) = (person.parse(), role(&becomes.role)) else { return Ok(nothing_here()) };
    let changed = match leader.role {
        Role::Owner => people::change_role(&state.pool, state.clock.now(), &leader, person, role).await,
        Role::Leader | Role::Service => Err(Refused::NotOwner),
    };
    match changed {
        Ok(posted) => {
            for letter in posted {
                letter.push(&state);
            }
            Ok(back("changed"))
        }
        Err(error) => refused(&state, &leader, &Written::default(), error).await,
    }
}

#[derive(Template)]
#[template(path = "board/remove_person.html")]
struct RemovePage<'a> {
    frame: Frame<'a>,
    id: LeaderId,
    called: &'a str,
    you: bool,
}

/// Asks first.
pub(super) async fn ask_remove(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Path(person): Path<String>,
) -> Result<Response, Turned> {
    let people = people::list(&state.pool, leader.actor()).await?;
    let found = person.parse().ok().and_then(|id: LeaderId| people.iter().find(|person| person.id == id));
    let Some(person) = found else { return Ok(nothing_here()) };
    if leader.role != Role::Owner {
        return refused(&state, &leader, &Written::default(), Refused::NotOwner).await;
    }
    let you = leader.by == By::Leader(person.id);
    let frame = Frame::of(&leader, Place::Settings);
    Ok(board(&RemovePage { frame, id: person.id, called: person.called(), you }))
}

pub(super) async fn remove(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    Path(person): Path<String>,
) -> Result<Response, Turned> {
    let Ok(person) = person.parse() else { return Ok(nothing_here()) };
    let removed = match leader.role {
        Role::Owner => people::remove(&state.pool, state.clock.now(), &leader, person).await,
        Role::Leader | Role::Service => Err(Refused::NotOwner),
    };
    match removed {
        // Whoever removed themselves is led to the sign-in from there.
        Ok(posted) => {
            for letter in posted {
                letter.push(&state);
            }
            Ok(back("removed"))
        }
        Err(error) => refused(&state, &leader, &Written::default(), error).await,
    }
}

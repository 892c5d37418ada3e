//! `/invite`: how residents are invited, and the lists that are not sent yet.

use std::{borrow::Cow, sync::Arc};

use askama::Template;
use axum::{
    Form,
    extract::{Query as Parameters, State, rejection::FormRejection},
    http::StatusCode,
    response::Response,
};
use jiff::Timestamp;
use porchlight_shared::domain::{Channel, DraftId};
use serde::Deserialize;

use super::{Frame, Place, board_with, lead_to, moment, ours, path};
use crate::{
    board::session::{Leader, SameOrigin, Turned},
    intake::{
        drafts::look::save,
        judging::{Judging, Rules},
        ledger::{batches, drafts},
        reading::{Cells, Entry, Place as At},
    },
    problem::{Problem, commit_unclear},
    state::AppState,
};

/// Drafts that are listed.
const MOST_DRAFTS: i64 = 50;

struct DraftRow {
    id: DraftId,
    title: String,
    saved: String,
}

#[derive(Template)]
#[template(path = "board/invite/start.html")]
struct StartPage<'a> {
    frame: Frame<'a>,
    told: Option<&'static str>,
    is_ready: bool,
    email_waits: Option<String>,
    has_texts: bool,
    text_waits: Option<String>,
    drafts: Vec<DraftRow>,
    asked: &'a OneHousehold,
    fault: Option<String>,
}

/// The form for one household, as it was sent.
#[derive(Debug, Default, Deserialize)]
pub(super) struct OneHousehold {
    #[serde(default)]
    name: String,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    contact: String,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Pressed {
    #[serde(default)]
    done: String,
}

async fn page(
    state: &AppState,
    leader: &Leader,
    told: Option<&'static str>,
    asked: &OneHousehold,
    fault: Option<String>,
) -> Result<Response, Turned> {
    let mut connection = state.pool.acquire().await?;
    let sender = batches::sender(&mut connection, leader.community).await?;
    let drafts = drafts::drafts(&mut connection, leader.community, None, MOST_DRAFTS).await?;
    let now = leader.now.to_zoned(leader.zone.clone());
    let closed = batches::closed_until(&mut connection).await?;
    let waits = |channel: Channel| {
        let until: Option<Timestamp> = closed.iter().find(|(which, _)| *which == channel).map(|(_, at)| *at);
        until.map(|at| moment(at, &now))
    };
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = StartPage {
        frame: Frame::of(leader, Place::Invite),
        told,
        is_ready: sender.ready,
        email_waits: waits(Channel::Email),
        has_texts: state.texts.is_some(),
        text_waits: waits(Channel::Text),
        drafts: drafts
            .iter()
            .map(|draft| DraftRow {
                id: draft.id,
                title: if draft.batch.is_some() {
                    say!("invite-draft-left", channel = draft.channel.as_str(), count = draft.entries)
                } else {
                    say!("invite-draft", channel = draft.channel.as_str(), count = draft.entries)
                },
                saved: moment(draft.changed_at, &now),
            })
            .collect(),
        asked,
        fault,
    };
    Ok(board_with(status, &page))
}

pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Parameters(pressed): Parameters<Pressed>,
) -> Result<Response, Turned> {
    let told = match pressed.done.as_str() {
        "dropped" => Some(say!("invite-dropped")),
        "rest" => Some(say!("invite-dropped-rest")),
        "gone" => Some(say!("invite-dropped-gone")),
        _ => None,
    };
    page(&state, &leader, told, &OneHousehold::default(), None).await
}

/// Keeps one household as a list of one entry.
pub(super) async fn one_household(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    form: Result<Form<OneHousehold>, FormRejection>,
) -> Result<Response, Turned> {
    let asked = form.map(|Form(asked)| asked).unwrap_or_default();
    let contact = asked.contact.trim();
    let fault = if contact.is_empty() {
        Some(say!("invite-one-no-contact"))
    } else if !contact.contains('@') && state.texts.is_none() {
        Some(say!("invite-one-no-texts"))
    } else {
        None
    };
    if let Some(fault) = fault {
        return page(&state, &leader, None, &asked, Some(fault.to_owned())).await;
    }
    match keep(&state, &leader, &asked).await {
        Ok(draft) => Ok(lead_to(&path(draft, ""))),
        Err(problem) => match ours(&problem) {
            Some(answer) => Ok(answer),
            None => page(&state, &leader, None, &asked, Some(problem.told())).await,
        },
    }
}

async fn keep(state: &AppState, leader: &Leader, asked: &OneHousehold) -> Result<DraftId, Problem> {
    let channel = if asked.contact.contains('@') { Channel::Email } else { Channel::Text };
    let cell = |text: &str| {
        Some(text.trim()).filter(|text| !text.is_empty()).map(|text| Cow::Owned(text.to_owned()))
    };
    let contact = cell(&asked.contact);
    let (email, phone) = match channel {
        Channel::Email => (contact, None),
        Channel::Text => (None, contact),
    };
    let cells = Cells { email, phone, name: cell(&asked.name), unit: cell(&asked.unit), household: None };
    let mut tx = state.pool.begin().await?;
    let country = batches::sender(&mut tx, leader.community).await?.country;
    let mut judging = Judging::new(Rules { channel, country: &country, keyring: &state.keyring, keep: true });
    let place = At { line: 1, position: 1, by_line: false };
    judging.add(Entry { place, cells, accept: false, fault: None });
    let draft = save(state, &mut tx, leader.actor(), channel, &judging.finish()).await?;
    tx.commit().await.map_err(commit_unclear)?;
    Ok(draft)
}

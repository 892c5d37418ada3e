//! The sandbox's face: a page of the newest messages, the same as JSON, and the switches over HTTP.
//!
//! | route | |
//! | --- | --- |
//! | `GET /` | the newest messages |
//! | `GET /messages/{number}` | one of them: text, HTML, headers, link |
//! | `GET /messages/{number}/source` | its source as it came |
//! | `GET /inbox.json` | `{total, doubled, messages: [{number, recipient, …, link}]}`, newest first; `?to=` filters |
//! | `GET`, `POST /_sandbox/switches` | the [`Switches`] as JSON |
//! | `POST /_sandbox/reset` | forgets everything accepted |
//!
//! A message's HTML is shown in a frame that may do nothing.

mod page;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Serialize;

use super::{Doubled, Server, Switches, reading};
use crate::sandbox::frame::{self, Filter, LISTED, NOSNIFF, seconds};

type Sandbox = State<Arc<Server>>;

/// The sandbox as pages show it.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Face(pub(super) Arc<Server>);

impl Face {
    /// The whole inbox.
    pub(super) fn router(&self) -> Router {
        Router::new().route("/", get(list)).with_state(self.clone()).merge(self.pages())
    }

    /// The newest messages, as a part of a page.
    pub(in crate::sandbox) fn section(&self, filter: &Filter) -> frame::Section {
        let total = self.0.with_records(|records| records.total());
        page::section(total, &newest(&self.0, filter))
    }

    /// Everything but the list.
    pub(in crate::sandbox) fn pages(&self) -> Router {
        Router::new()
            .route("/messages/{number}", get(message))
            .route("/messages/{number}/source", get(source))
            .route("/inbox.json", get(json))
            .route("/_sandbox/switches", get(switches).post(set_switches))
            .route("/_sandbox/reset", post(reset))
            .with_state(Arc::clone(&self.0))
    }
}

#[derive(Debug, Serialize)]
struct Summary {
    number: u64,
    recipient: String,
    sender: String,
    message_id: Option<String>,
    accepted_at: u64,
    answered: bool,
    subject: String,
    link: Option<String>,
}

#[derive(Debug, Serialize)]
struct Overview {
    total: u64,
    doubled: Vec<DoubledSummary>,
    messages: Vec<Summary>,
}

#[derive(Debug, Serialize)]
struct DoubledSummary {
    recipient: String,
    times: u32,
}

impl From<Doubled> for DoubledSummary {
    fn from(doubled: Doubled) -> Self {
        Self { recipient: doubled.recipient, times: doubled.times }
    }
}

fn newest(server: &Server, filter: &Filter) -> Vec<Summary> {
    let kept = server.with_records(|records| records.newest(usize::MAX));
    kept.into_iter()
        .filter(|(accepted, _)| filter.fits(&accepted.recipient))
        .take(LISTED)
        .map(|(accepted, source)| {
            let reading = reading::read(&source);
            Summary {
                number: accepted.number,
                recipient: accepted.recipient.to_string(),
                sender: accepted.sender.to_string(),
                message_id: accepted.message_id.as_deref().map(str::to_owned),
                accepted_at: seconds(accepted.at),
                answered: accepted.answered,
                subject: reading.subject,
                link: reading.link,
            }
        })
        .collect()
}

async fn list(State(face): State<Face>, Query(filter): Query<Filter>) -> Response {
    frame::inbox(&[face.section(&filter)])
}

async fn message(State(server): Sandbox, Path(number): Path<u64>) -> Response {
    let found = server.with_records(|records| Some((records.get(number)?.clone(), records.source(number)?)));
    match found {
        Some((accepted, source)) => page::message(&accepted, &reading::read(&source)),
        None => (StatusCode::NOT_FOUND, frame::missing(&format!("Message {number}"))).into_response(),
    }
}

async fn source(State(server): Sandbox, Path(number): Path<u64>) -> Response {
    match server.with_records(|records| records.source(number)) {
        Some(source) => {
            ([(header::CONTENT_TYPE, "text/plain; charset=utf-8"), NOSNIFF], source.to_vec()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn json(State(server): Sandbox, Query(filter): Query<Filter>) -> Json<Overview> {
    let (total, doubled) = server.with_records(|records| (records.total(), records.doubled()));
    let doubled = doubled.into_iter().map(Into::into).collect();
    Json(Overview { total, doubled, messages: newest(&server, &filter) })
}

async fn switches(State(server): Sandbox) -> Json<Switches> {
    Json(server.switches())
}

/// JSON only, which no page of another site can send without asking first.
async fn set_switches(State(server): Sandbox, Json(switches): Json<Switches>) -> Json<Switches> {
    server.set(switches);
    Json(switches)
}

/// Takes `{}`, for the same reason.
async fn reset(
    State(server): Sandbox,
    Json(_): Json<serde_json::Map<String, serde_json::Value>>,
) -> StatusCode {
    server.reset();
    StatusCode::NO_CONTENT
}

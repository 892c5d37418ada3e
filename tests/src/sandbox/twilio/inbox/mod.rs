//! The sandbox's face: a page of the newest texts, the same as JSON, and the switches over HTTP.
//!
//! | route | |
//! | --- | --- |
//! | `GET /` | the newest texts |
//! | `GET /texts/{number}` | one of them: its words, link, status and callbacks |
//! | `GET /texts.json` | `{total, doubled, messages: [{number, to, …, link}]}`, newest first; `?to=` filters |
//! | `GET`, `POST /_sandbox/texts/switches` | the [`Switches`] as JSON |
//! | `POST /_sandbox/texts/reset` | forgets everything taken |

mod page;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Serialize;

use super::{Accepted, Doubled, Server, Switches, api::Sandbox};
use crate::sandbox::frame::{self, Filter, LISTED, first_link, seconds};

/// The sandbox as pages show it.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Face(pub(super) Arc<Server>);

impl Face {
    /// The whole inbox.
    pub(super) fn router(&self) -> Router {
        Router::new().route("/", get(list)).with_state(self.clone()).merge(self.pages())
    }

    /// The newest texts, as a part of a page.
    pub(in crate::sandbox) fn section(&self, filter: &Filter) -> frame::Section {
        let total = self.0.with_records(|records| records.total());
        page::section(total, &newest(&self.0, filter))
    }

    /// Everything but the list.
    pub(in crate::sandbox) fn pages(&self) -> Router {
        Router::new()
            .route("/texts/{number}", get(message))
            .route("/texts.json", get(json))
            .route("/_sandbox/texts/switches", get(switches).post(set_switches))
            .route("/_sandbox/texts/reset", post(reset))
            .with_state(Arc::clone(&self.0))
    }
}

#[derive(Debug, Serialize)]
struct Summary {
    number: u64,
    sid: String,
    to: String,
    from: String,
    body: String,
    segments: usize,
    accepted_at: u64,
    answered: bool,
    status: &'static str,
    error_code: Option<u32>,
    link: Option<String>,
}

impl From<&Accepted> for Summary {
    fn from(accepted: &Accepted) -> Self {
        Self {
            number: accepted.number,
            sid: accepted.sid.to_string(),
            to: accepted.to.to_string(),
            from: accepted.from.to_string(),
            body: accepted.body.to_string(),
            segments: accepted.segments,
            accepted_at: seconds(accepted.at),
            answered: accepted.answered,
            status: accepted.status.as_str(),
            error_code: accepted.code,
            link: first_link(&accepted.body),
        }
    }
}

#[derive(Debug, Serialize)]
struct Overview {
    total: u64,
    doubled: Vec<DoubledSummary>,
    messages: Vec<Summary>,
}

#[derive(Debug, Serialize)]
struct DoubledSummary {
    to: String,
    times: u32,
}

impl From<Doubled> for DoubledSummary {
    fn from(doubled: Doubled) -> Self {
        Self { to: doubled.to, times: doubled.times }
    }
}

fn newest(server: &Server, filter: &Filter) -> Vec<Summary> {
    server.with_records(|records| {
        let newest = records.accepted().iter().rev();
        newest.filter(|accepted| filter.fits(&accepted.to)).take(LISTED).map(Summary::from).collect()
    })
}

async fn list(State(face): State<Face>, Query(filter): Query<Filter>) -> Response {
    frame::inbox(&[face.section(&filter)])
}

async fn message(State(server): Sandbox, Path(number): Path<u64>) -> Response {
    let found = server.with_records(|records| {
        let accepted = records.by_number(number)?;
        let callbacks = records.callbacks().iter().filter(|callback| callback.sid == accepted.sid);
        Some((Summary::from(accepted), callbacks.cloned().collect::<Vec<_>>()))
    });
    match found {
        Some((summary, callbacks)) => page::message(&summary, &callbacks),
        None => (StatusCode::NOT_FOUND, frame::missing(&format!("Text {number}"))).into_response(),
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

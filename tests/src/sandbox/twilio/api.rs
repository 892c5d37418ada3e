//! The requests.

use std::{future::pending, io, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Path, Request, State},
    http::{StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use futures_util::stream::{self, StreamExt};
use serde_json::Value;

use super::{
    Rule, Server, Settings, Stage, answer, life, listing, order::Order, refusal::Refusal, server::pause,
};

/// What was written of an answer is on its way by then.
const WRITTEN: Duration = Duration::from_millis(20);

pub(super) type Sandbox = State<Arc<Server>>;

pub(super) fn router(server: &Arc<Server>) -> Router {
    let account = account(&server.settings);
    Router::new()
        .route(&format!("{account}/Messages.json"), get(listing::list).post(create))
        .route(&format!("{account}/Messages/{{file}}"), get(one))
        .fallback(missing)
        .layer(middleware::from_fn_with_state(Arc::clone(server), gate))
        .with_state(Arc::clone(server))
}

/// The path of everything that an account has.
pub(super) fn account(settings: &Settings) -> String {
    format!("/2010-04-01/Accounts/{}", settings.account_sid)
}

/// Everybody comes through here, and leaves as slowly as the switches want.
async fn gate(State(server): Sandbox, request: Request, next: Next) -> Response {
    if server.switches().away {
        // The connection is about to be closed.
        return pending().await;
    }
    let admitted = admit(&server, &request);
    let response = match admitted {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    pause(server.switches().answer_delay_ms).await;
    response
}

fn admit(server: &Server, request: &Request) -> Result<(), Refusal> {
    let switches = server.switches();
    if switches.unavailable {
        return Err(Refusal::unavailable());
    }
    if switches.refuse_auth || !is_authorised(&server.settings, request) {
        return Err(Refusal::unauthorised());
    }
    match server.throttled() {
        Some(seconds) => {
            server.note_switched();
            Err(Refusal::throttled(Some(seconds)))
        }
        None => Ok(()),
    }
}

/// The right credentials, and for the account that the path names.
fn is_authorised(settings: &Settings, request: &Request) -> bool {
    let given = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "))
        .and_then(|encoded| BASE64_STANDARD.decode(encoded.trim()).ok());
    let wanted = format!("{}:{}", settings.account_sid, settings.auth_token);
    let own = request.uri().path().strip_prefix(&account(settings));
    given.as_deref() == Some(wanted.as_bytes()) && own.is_some_and(|rest| rest.starts_with('/'))
}

async fn create(State(server): Sandbox, form: Bytes) -> Response {
    let order = match Order::read(&form, &server.settings) {
        Ok(order) => order,
        Err(refusal) => return refusal.into_response(),
    };
    server.barrier.pass(Stage::Asked).await;
    if let Some(code) = server.switches().refuse_code {
        return Refusal::of_code(code, &order.to, &order.from).into_response();
    }
    let rule = server.rule(&order.to);
    match rule {
        Some(Rule::Refuse(code)) => return Refusal::of_code(code, &order.to, &order.from).into_response(),
        Some(Rule::Throttle) => return Refusal::throttled(Some(1)).into_response(),
        Some(Rule::Fail) => return Refusal::broken().into_response(),
        _ => {}
    }
    let accepted = server.accept(&order, rule.is_none_or(Rule::tells));
    let answer = answer::message(&server.settings, &accepted);
    server.spawn(life::live(Arc::clone(&server), accepted, rule));
    match rule {
        Some(Rule::Silence) => pending().await,
        Some(Rule::CutOff) => cut_off(&answer),
        Some(Rule::FailAfter) => Refusal::broken().into_response(),
        _ => {
            server.barrier.pass(Stage::Taken).await;
            (StatusCode::CREATED, Json(answer)).into_response()
        }
    }
}

/// Half of an answer, and the connection closed.
fn cut_off(answer: &Value) -> Response {
    let whole = answer.to_string();
    let half = Bytes::copy_from_slice(&whole.as_bytes()[..whole.len() / 2]);
    let begun = stream::iter([Ok::<_, io::Error>(half)]);
    let broken = stream::once(async {
        tokio::time::sleep(WRITTEN).await;
        Err::<Bytes, _>(io::Error::other("cut off"))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_LENGTH, whole.len().to_string()),
    ];
    (StatusCode::CREATED, headers, Body::from_stream(begun.chain(broken))).into_response()
}

async fn one(State(server): Sandbox, Path(file): Path<String>, uri: Uri) -> Response {
    let sid = file.strip_suffix(".json").unwrap_or_default();
    match server.with_records(|records| records.by_sid(sid).cloned()) {
        Some(accepted) => Json(answer::message(&server.settings, &accepted)).into_response(),
        None => Refusal::missing(uri.path()).into_response(),
    }
}

async fn missing(uri: Uri) -> Refusal {
    Refusal::missing(uri.path())
}

//! One inbox for all sandboxes: their newest messages on one page, and each sandbox's own pages beside it.

use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};

use super::{
    frame::{self, Filter},
    smtp::{self, SmtpSandbox},
    twilio::{self, TwilioSandbox},
};

type Faces = (smtp::Face, twilio::Face);

/// The pages of both; `GET /` lists e-mail and texts.
pub fn router(mail: &SmtpSandbox, texts: &TwilioSandbox) -> Router {
    let faces = (mail.face(), texts.face());
    let pages = faces.0.pages().merge(faces.1.pages());
    Router::new().route("/", get(list)).with_state(faces).merge(pages)
}

async fn list(State((mail, texts)): State<Faces>, Query(filter): Query<Filter>) -> Response {
    frame::inbox(&[mail.section(&filter), texts.section(&filter)])
}

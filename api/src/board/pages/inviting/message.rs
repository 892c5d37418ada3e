//! `/invite/lists/{draft}/message`: what residents will read, and when it goes.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query as Parameters, State, rejection::FormRejection},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use porchlight_shared::domain::{Channel, DraftId, segments::Encoding};
use serde::Deserialize;

use super::{
    Frame, Place, board_with, gone, lead_to, moment, nothing_here, path,
    planning::{Asked, Fault},
    preview,
};
use crate::{
    board::session::{Leader, SameOrigin, Turned},
    intake::{
        batch::INVITATION_DAYS,
        ledger::{
            batches,
            drafts::{self, Draft},
            plans,
        },
        request::NOTE_CHARACTERS,
    },
    state::AppState,
};

/// The board's policy, and a frame of our own.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A text message as it is shown.
struct TextView {
    body: String,
    parts: String,
    is_long: bool,
}

#[derive(Template)]
#[template(path = "board/invite/message.html")]
struct MessagePage<'a> {
    frame: Frame<'a>,
    id: DraftId,
    told: Option<&'static str>,
    asked: &'a Asked,
    fault: Option<&'a Fault>,
    most: usize,
    subject: String,
    plain: String,
    text: Option<TextView>,
    is_text: bool,
    /// When texts go, where that is not at once.
    window: Option<String>,
    zone: String,
    days: i32,
}

impl MessagePage<'_> {
    /// What is wrong with a field.
    fn fault_of(&self, field: &str) -> Option<&str> {
        self.fault.filter(|(at, _)| *at == field).map(|(_, told)| &**told)
    }
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Pressed {
    #[serde(default)]
    done: String,
}

async fn page(
    state: &AppState,
    tx: &mut sqlx::PgConnection,
    leader: &Leader,
    draft: &Draft,
    asked: &Asked,
    told: Option<&'static str>,
    fault: Option<&Fault>,
) -> Result<Response, Turned> {
    let plan = plans::plan(tx, draft.id).await?;
    let letterhead = batches::letterhead(tx, leader.community).await?;
    let sender = batches::sender(tx, leader.community).await?;
    let now = leader.now.to_zoned(leader.zone.clone());
    let is_text = draft.channel == Channel::Text;
    let text = preview::text(state, &letterhead).filter(|_| is_text).map(|composed| {
        let (characters, parts) = (composed.text.chars().count(), composed.segments.count);
        TextView {
            parts: match composed.segments.encoding {
                Encoding::Gsm7 => say!("invite-preview-parts", characters = characters, parts = parts),
                Encoding::Ucs2 => say!("invite-preview-parts-odd", characters = characters, parts = parts),
            },
            is_long: parts > 1,
            body: composed.text,
        }
    });
    let start = plan.send_at.unwrap_or(leader.now).max(leader.now);
    let window = is_text.then(|| sender.window.opening_at(start, &state.text_window)).map(|opening| {
        let told = |at| moment(at, &now);
        let (opens, closes) = (told(opening.opens_at), told(opening.closes_at));
        if opening.opens_at > start {
            let hour = |at: jiff::Timestamp| at.to_zoned(leader.zone.clone()).strftime("%H:%M").to_string();
            let (from, to) = (hour(opening.opens_at), hour(opening.closes_at));
            say!("invite-when-texts-later", from = from, to = to, opens = opens)
        } else if plan.send_at.is_some() {
            say!("invite-when-texts-chosen", closes = closes)
        } else {
            say!("invite-when-texts-now", closes = closes)
        }
    });
    let letter = preview::letter(state, leader, &letterhead, plan.note.as_deref(), &plan).ok();
    let (subject, body) = letter.map(|letter| (letter.subject, letter.text)).unwrap_or_default();
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = MessagePage {
        frame: Frame::of(leader, Place::Invite),
        id: draft.id,
        told,
        asked,
        fault,
        most: NOTE_CHARACTERS,
        subject,
        plain: body,
        text,
        is_text,
        window,
        zone: leader.zone.iana_name().unwrap_or("UTC").replace('_', " "),
        days: INVITATION_DAYS,
    };
    let mut answer = board_with(status, &page);
    answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Ok(answer)
}

async fn find(
    tx: &mut sqlx::PgConnection,
    leader: &Leader,
    draft: &str,
) -> sqlx::Result<Result<Draft, Response>> {
    let Ok(id) = draft.parse::<DraftId>() else { return Ok(Err(nothing_here())) };
    match drafts::drafts(tx, leader.community, Some(id), 1).await?.into_iter().next() {
        Some(draft) => Ok(Ok(draft)),
        None => Ok(Err(gone(tx, leader, draft).await?)),
    }
}

pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Path(draft): Path<String>,
    Parameters(pressed): Parameters<Pressed>,
) -> Result<Response, Turned> {
    let mut connection = state.pool.acquire().await?;
    let draft = match find(&mut connection, &leader, &draft).await? {
        Ok(draft) => draft,
        Err(answer) => return Ok(answer),
    };
    let plan = plans::plan(&mut connection, draft.id).await?;
    let asked = Asked::of(&plan, &leader.zone);
    let told = (pressed.done == "updated").then(|| say!("invite-message-updated"));
    let missing = (pressed.done == "consent").then(|| ("consent", say!("invite-no-consent").to_owned()));
    page(&state, &mut connection, &leader, &draft, &asked, told, missing.as_ref()).await
}

/// Keeps how the list is to be sent, and leads on or shows the preview anew.
pub(super) async fn save(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    Path(draft): Path<String>,
    form: Result<Form<Asked>, FormRejection>,
) -> Result<Response, Turned> {
    let asked = form.map(|Form(asked)| asked).unwrap_or_default();
    let mut tx = state.pool.begin().await?;
    if let Ok(id) = draft.parse() {
        drafts::lock_draft(&mut tx, leader.community, id).await?;
    }
    let draft = match find(&mut tx, &leader, &draft).await? {
        Ok(draft) => draft,
        Err(answer) => return Ok(answer),
    };
    match asked.plan(&leader, draft.channel) {
        Ok(plan) => {
            plans::put_plan(&mut tx, draft.id, &plan).await?;
            drafts::touch(&mut tx, draft.id, None).await?;
            tx.commit().await?;
            let on = asked.go == "on";
            Ok(lead_to(&path(draft.id, if on { "/send" } else { "/message?done=updated#preview" })))
        }
        Err(fault) => page(&state, &mut tx, &leader, &draft, &asked, None, Some(&fault)).await,
    }
}

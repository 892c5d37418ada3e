//! `/invite/email`, `/invite/text`: a list is pasted, or a file chosen, and kept as a draft.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{FromRequest, Path, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use porchlight_shared::domain::{Channel, DraftId};

use super::{Frame, Place, astray, board_with, form::Sent, lead_to, list_title, nothing_here, path};
use crate::{
    board::session::{Leader, SameOrigin, Turned},
    intake::{
        body::{self, ListBody},
        drafts::{kept_text, look::save as keep},
        judging::Rules,
        ledger::{batches, plans},
        reading::{self, Shape, sample::Sample},
        request::{self, Source},
    },
    problem::{Kind, Problem, commit_unclear},
    state::AppState,
};

/// Characters that a page gives back with its fault; a longer list stays in the browser alone.
const GIVEN_BACK: usize = 512 * 1024;

#[derive(Template)]
#[template(path = "board/invite/paste.html")]
struct PastePage<'a> {
    frame: Frame<'a>,
    title: &'static str,
    word: &'static str,
    is_text: bool,
    /// Whether this installation can send so.
    is_set_up: bool,
    fault: Option<String>,
    typed: &'a str,
}

fn channel_of(word: &str) -> Option<Channel> {
    match word {
        "email" => Some(Channel::Email),
        "text" => Some(Channel::Text),
        _ => None,
    }
}

fn page(
    state: &AppState,
    leader: &Leader,
    channel: Channel,
    typed: &str,
    fault: Option<(StatusCode, String)>,
) -> Response {
    let is_text = channel == Channel::Text;
    let (status, fault) = fault.map_or((StatusCode::OK, None), |(status, told)| (status, Some(told)));
    let page = PastePage {
        frame: Frame::of(leader, Place::Invite),
        title: list_title(channel),
        word: if is_text { "text" } else { "email" },
        is_text,
        is_set_up: !is_text || state.texts.is_some(),
        fault,
        typed: if typed.len() <= GIVEN_BACK { typed } else { "" },
    };
    let mut answer = board_with(status, &page);
    // Where nobody's data stands, whoever comes back finds what they typed.
    if typed.is_empty() {
        answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    answer
}

pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Path(channel): Path<String>,
) -> Response {
    channel_of(&channel).map_or_else(nothing_here, |channel| page(&state, &leader, channel, "", None))
}

/// Keeps the list as a draft: all of it, whatever is wrong with its entries.
pub(super) async fn save(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Result<Leader, Turned>,
    Path(channel): Path<String>,
    request: Request,
) -> Result<Response, Turned> {
    // Only a leader's list takes room: whoever is nobody is listened to, and nothing of it is kept.
    let leader = match leader {
        Ok(leader) => leader,
        Err(Turned::Away) => {
            body::pass_over(request.into_body()).await;
            return Err(Turned::Away);
        }
        Err(Turned::Later) => {
            let lines = [say!("invite-paste-away-why"), say!("invite-paste-away-next")];
            return Ok(astray(StatusCode::SERVICE_UNAVAILABLE, say!("invite-paste-away"), &lines));
        }
    };
    let Some(channel) = channel_of(&channel) else { return Ok(nothing_here()) };
    let unfit = StatusCode::UNPROCESSABLE_ENTITY;
    let again =
        |typed: &str, status, told: String| Ok(page(&state, &leader, channel, typed, Some((status, told))));
    let body = match ListBody::from_request(request, &state).await {
        Ok(body) => body,
        Err(problem) => {
            let told = format!("{} {}", problem.told().trim_end(), say!("invite-paste-back"));
            return again("", problem.status(), told);
        }
    };
    let Some((sent, _room)) = Sent::read(body).await else {
        return again("", StatusCode::BAD_REQUEST, say!("invite-paste-not-whole").to_owned());
    };
    let text = match sent.file {
        Some(Ok(text)) => text,
        Some(Err(fault)) => {
            return again(&sent.typed, StatusCode::UNSUPPORTED_MEDIA_TYPE, fault.words().to_owned());
        }
        None => sent.typed.clone(),
    };
    match list(&state, &leader, channel, text).await {
        Ok((draft, is_clear)) => Ok(lead_to(&path(draft, if is_clear { "" } else { "/columns" }))),
        Err(problem) if problem.kind() == Kind::EmptyList => {
            again(&sent.typed, unfit, say!("invite-paste-empty").to_owned())
        }
        Err(problem) => again(&sent.typed, problem.status(), problem.told()),
    }
}

/// Judges and keeps a text. Returns its draft, and whether it is clear what its columns hold.
async fn list(
    state: &AppState,
    leader: &Leader,
    channel: Channel,
    text: String,
) -> Result<(DraftId, bool), Problem> {
    let mut tx = state.pool.begin().await?;
    let country = batches::sender(&mut tx, leader.community).await?.country;
    let rules = Rules { channel, country: &country, keyring: &state.keyring, keep: true };
    let (judged, table) = tokio::task::block_in_place(|| {
        let text = reading::plain_lines(text);
        let (judged, read_as) = request::judge(Source::Text(text.clone(), None), rules)?;
        let is_table = read_as.is_some_and(|read| read.shape == Shape::Table);
        let table = is_table.then(|| Sample::of(&text, channel, None).map(|sample| (text, sample))).flatten();
        Ok::<_, Problem>((judged, table))
    })?;
    let draft = keep(state, &mut tx, leader.actor(), channel, &judged).await?;
    let mut is_clear = true;
    if let Some((text, sample)) = table {
        is_clear = sample.is_clear(channel);
        plans::put_source(&mut tx, draft, &kept_text(text)).await?;
    }
    tx.commit().await.map_err(commit_unclear)?;
    Ok((draft, is_clear))
}

//! `/invite/lists/{draft}/send`: what will happen, in numbers, before it does.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use porchlight_shared::domain::{Channel, DraftId};
use sha2::{Digest, Sha256};

use super::{Frame, Place, board_with, gone, lead_to, many, messages, moment, open, path};
use crate::{
    board::session::{Leader, Turned},
    intake::{
        batch::INVITATION_DAYS,
        drafts::look::Looked,
        judging::{Counts, Verdict},
        ledger::{batches, drafts::Draft, plans::Plan},
    },
    state::AppState,
};

/// Why the page is shown once more.
#[derive(Clone, Debug)]
pub(super) enum Again {
    /// Something changed since it was confirmed; so many would go, where that is known.
    Changed(Option<usize>),
    /// The same list went within a day.
    SameList,
    /// Anything else that a leader can mend.
    Refused(String),
}

#[derive(Template)]
#[template(path = "board/invite/confirm.html")]
struct ConfirmPage<'a> {
    frame: Frame<'a>,
    id: DraftId,
    fault: Option<String>,
    heading: &'static str,
    is_ready: bool,
    number: usize,
    button: String,
    messages: String,
    households: String,
    left: Option<String>,
    skipped: Option<String>,
    when: String,
    not_after: Option<String>,
    note: Option<&'a str>,
    days: i32,
    digest: String,
    is_again: bool,
}

/// What somebody confirmed: the list as it stood, how it is sent, and how many go.
pub(super) fn digest(draft: &Draft, plan: &Plan, number: usize) -> String {
    let told = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let mut hash = Sha256::new();
    for part in [
        draft.id.to_string(),
        draft.changed_at.to_string(),
        plan.note.clone().unwrap_or_default(),
        told(plan.send_at),
        told(plan.not_after),
        plan.consent.clone().unwrap_or_default(),
        plan.resend.to_string(),
        number.to_string(),
    ] {
        hash.update(part);
        hash.update([0]);
    }
    hash.finalize().iter().take(16).fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

fn counts(looked: &Looked) -> Counts {
    let verdicts =
        looked.judged.iter().map(|entry| if entry.goes(false) { Verdict::Ready } else { entry.verdict() });
    Counts::of(verdicts)
}

pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Path(draft): Path<String>,
) -> Result<Response, Turned> {
    page(&state, &leader, &draft, None).await
}

/// The page as it stands now.
pub(super) async fn page(
    state: &AppState,
    leader: &Leader,
    draft: &str,
    again: Option<Again>,
) -> Result<Response, Turned> {
    let mut connection = state.pool.acquire().await?;
    let Some((looked, plan)) = open(state, &mut connection, leader, draft).await? else {
        return Ok(gone(&mut connection, leader, draft).await?);
    };
    let sender = batches::sender(&mut connection, leader.community).await?;
    drop(connection);
    let channel = looked.draft.channel;
    if channel == Channel::Text && plan.consent.is_none() {
        return Ok(lead_to(&path(looked.draft.id, "/message?done=consent")));
    }
    let counts = counts(&looked);
    let exact = match &again {
        Some(Again::Changed(exact)) => *exact,
        _ => None,
    };
    let number = exact.unwrap_or(counts.ready);
    let households = many(looked.foreseen.households.min(number), "household", "households");
    let now = leader.now.to_zoned(leader.zone.clone());
    let start = plan.send_at.unwrap_or(leader.now).max(leader.now);
    let opening = (channel == Channel::Text).then(|| sender.window.opening_at(start, &state.text_window));
    let when = match (plan.send_at, opening.filter(|opening| opening.opens_at > start)) {
        (_, Some(opening)) => {
            format!("It starts {}, when the window for texts opens.", moment(opening.opens_at, &now))
        }
        (Some(at), None) if at > leader.now => format!("It starts {}.", moment(at, &now)),
        _ => "It starts at once, and goes on in the background: you may close this page.".to_owned(),
    };
    let messages = messages(channel, number);
    let left = counts.check + counts.fix;
    let status = if again.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    let is_again = matches!(again, Some(Again::SameList));
    let is_refused = again.is_some();
    let fault = again.map(|again| match again {
        Again::Changed(_) => format!(
            "Nothing was sent yet: something changed since you looked. Now {messages} to {households} would go. Look at the numbers, and press the button again."
        ),
        Again::SameList => "Nothing was sent: exactly this list was sent within the last day. Most often that is a double press. If you mean it, send it all the same.".to_owned(),
        Again::Refused(told) => told,
    });
    let page = ConfirmPage {
        frame: Frame::of(leader, Place::Invite),
        id: looked.draft.id,
        fault,
        heading: if is_refused { "Nothing was sent yet" } else { "Ready to send?" },
        is_ready: sender.ready,
        number,
        button: if is_again {
            format!("Send it all the same: {messages} to {households}")
        } else {
            format!("Send {messages} to {households}")
        },
        messages,
        households,
        left: (left > 0).then(|| many(left, "entry stays", "entries stay")),
        skipped: (counts.skip > 0).then(|| many(counts.skip, "entry is", "entries are")),
        when,
        not_after: plan.not_after.map(|at| moment(at, &now)),
        note: plan.note.as_deref(),
        days: INVITATION_DAYS,
        digest: digest(&looked.draft, &plan, number),
        is_again,
    };
    Ok(board_with(status, &page))
}

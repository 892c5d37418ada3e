//! `/invite/lists/{draft}/send`: what will happen, in numbers, before it does.

use std::{collections::HashSet, sync::Arc};

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use jiff::Timestamp;
use porchlight_shared::domain::{Channel, DraftId, TextWindow};
use sha2::{Digest, Sha256};

use super::{Frame, Place, board_with, gone, lead_to, moment, open, path, room};
use crate::{
    board::session::{Leader, Turned},
    intake::{
        batch::INVITATION_DAYS,
        drafts::look::Looked,
        judging::{Counts, Verdict},
        ledger::{
            batches::{self, Letterhead, Sender},
            plans::Plan,
        },
    },
    state::AppState,
};

/// That the page is shown once more.
#[derive(Clone, Debug)]
pub(super) struct Again {
    /// Why.
    pub(super) why: Why,
    /// How many would go, where that is known.
    pub(super) number: Option<usize>,
    /// Whether it is said that the same list may go twice in a day.
    pub(super) all_the_same: bool,
}

/// Why the page is shown once more.
#[derive(Clone, Debug)]
pub(super) enum Why {
    /// Something changed since it was confirmed.
    Changed,
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
    channel: Channel,
    number: usize,
    households: usize,
    button: String,
    left: Option<String>,
    skipped: Option<String>,
    /// How many the leader took out.
    removed: Option<String>,
    /// That they are gone once the rest is.
    goes_with: Option<String>,
    when: String,
    not_after: Option<String>,
    note: Option<&'a str>,
    /// How many go to households that are invited already: once more, and for the first time.
    once_more: Option<String>,
    added: Option<String>,
    has_new: bool,
    days: i32,
    digest: String,
    is_again: bool,
}

/// When a list begins to go that is sent now; `None`: at once.
pub(super) fn start(channel: Channel, plan: &Plan, sender: &Sender, usual: &TextWindow) -> Option<Timestamp> {
    let start = plan.send_at.unwrap_or(sender.now).max(sender.now);
    let opens = match channel {
        Channel::Email => start,
        Channel::Text => sender.window.opening_at(start, usual).opens_at.max(start),
    };
    Some(opens).filter(|opens| *opens > sender.now)
}

/// What somebody confirmed: the list as it stood, how it is sent and when, what it says of the community, how many go to how
/// many households, and who of them joins an invitation that is there already.
pub(super) fn digest(
    looked: &Looked,
    plan: &Plan,
    (name, letterhead): (&str, &Letterhead),
    start: Option<Timestamp>,
    number: usize,
) -> String {
    let told = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let positions = |which: &HashSet<usize>| {
        let mut positions: Vec<_> = which.iter().map(|at| looked.entries[*at].position).collect();
        positions.sort_unstable();
        format!("{positions:?}")
    };
    let draft = &looked.draft;
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
        looked.foreseen.households.to_string(),
        positions(&looked.foreseen.added),
        positions(&looked.foreseen.again),
        told(start),
        name.to_owned(),
        format!("{letterhead:?}"),
    ] {
        hash.update(part);
        hash.update([0]);
    }
    hash.finalize().iter().take(16).fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// What the button that sends says.
fn button(channel: Channel, messages: usize, households: usize, is_again: bool) -> String {
    let channel = channel.as_str();
    if is_again {
        say!("invite-confirm-go-again", channel = channel, messages = messages, households = households)
    } else {
        say!("invite-confirm-go", channel = channel, messages = messages, households = households)
    }
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
    let _room = room(state, leader, draft).await.map_err(|_| Turned::Later)?;
    let mut connection = state.pool.acquire().await?;
    let Some((looked, plan)) = open(state, &mut connection, leader, draft).await? else {
        return Ok(gone(&mut connection, leader, draft).await?);
    };
    let sender = batches::sender(&mut connection, leader.community).await?;
    let letterhead = batches::letterhead(&mut connection, leader.community).await?;
    drop(connection);
    let channel = looked.draft.channel;
    if channel == Channel::Text && plan.consent.is_none() {
        return Ok(lead_to(&path(looked.draft.id, "/message?done=consent")));
    }
    let counts = counts(&looked);
    let number = again.as_ref().and_then(|again| again.number).unwrap_or(counts.ready);
    let goes = |which: &HashSet<usize>| which.iter().filter(|at| looked.judged[**at].goes(false)).count();
    let once_more = goes(&looked.foreseen.again).min(number);
    let added = goes(&looked.foreseen.added).min(number - once_more);
    let households = looked.foreseen.households.min(number);
    let now = leader.now.to_zoned(leader.zone.clone());
    let start = start(channel, &plan, &sender, &state.text_window);
    let when = match start {
        Some(at) if plan.send_at == Some(at) => say!("invite-confirm-starts", at = moment(at, &now)),
        Some(at) => say!("invite-confirm-starts-open", at = moment(at, &now)),
        None => say!("invite-confirm-starts-now").to_owned(),
    };
    let left = counts.check + counts.fix;
    let status = if again.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    let is_again = again.as_ref().is_some_and(|again| again.all_the_same);
    let is_refused = again.is_some();
    let fault = again.map(|again| match again.why {
        Why::Changed => say!(
            "invite-refused-changed",
            channel = channel.as_str(),
            messages = number,
            households = households
        ),
        Why::SameList => say!("invite-refused-same-list").to_owned(),
        Why::Refused(told) => told,
    });
    let page = ConfirmPage {
        frame: Frame::of(leader, Place::Invite),
        id: looked.draft.id,
        fault,
        heading: if is_refused { say!("invite-confirm-not-sent") } else { say!("invite-confirm") },
        is_ready: sender.ready,
        channel,
        number,
        households,
        button: button(channel, number, households, is_again),
        left: (left > 0).then(|| say!("invite-confirm-left", count = left)),
        skipped: (counts.skip > 0).then(|| say!("invite-confirm-skipped", count = counts.skip)),
        removed: (!looked.removed.is_empty())
            .then(|| say!("invite-confirm-removed", count = looked.removed.len())),
        goes_with: (left == 0 && !looked.removed.is_empty())
            .then(|| say!("invite-confirm-goes-with", count = looked.removed.len())),
        when,
        not_after: plan.not_after.map(|at| moment(at, &now)),
        note: plan.note.as_deref(),
        once_more: (once_more > 0).then(|| say!("invite-confirm-once-more", count = once_more)),
        added: (added > 0).then(|| say!("invite-confirm-added", count = added)),
        has_new: once_more + added < number,
        days: INVITATION_DAYS,
        digest: digest(&looked, &plan, (&sender.name, &letterhead), start, number),
        is_again,
    };
    Ok(board_with(status, &page))
}

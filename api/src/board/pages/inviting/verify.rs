//! `/invite/lists/{draft}`: what is right and wrong with a list, entry by entry.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Query as Parameters, State},
    response::Response,
};
use porchlight_shared::domain::{Channel, DraftId};
use serde::Deserialize;

use super::{
    Frame, Place, board, gone, many, messages, moment, number, open, room,
    rows::{Row, Several, entries_path, place, reason_words, several, standing, title, word},
};
use crate::{
    board::session::{Leader, Turned},
    intake::{drafts::look::Looked, judging::Verdict, ledger::batches},
    state::AppState,
};

/// Entries of a page.
const ON_A_PAGE: usize = 50;

/// What the page's address asks for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Query {
    /// Entries that stand so; empty: those that need a person.
    #[serde(default)]
    pub(super) show: String,
    /// How many come before the page.
    #[serde(default)]
    pub(super) after: String,
    /// What was just done.
    #[serde(default)]
    pub(super) done: String,
    /// To which entry.
    #[serde(default)]
    pub(super) at: String,
    /// How it stood before.
    #[serde(default)]
    pub(super) was: String,
}

impl Query {
    /// The word of the entries that it asks for.
    pub(super) fn shown(&self) -> &'static str {
        ["ready", "check", "fix", "skip", "all"].into_iter().find(|word| *word == self.show).unwrap_or("")
    }

    /// The part of an address that asks for the same page.
    pub(super) fn same(&self) -> String {
        format!("show={}&after={}", self.shown(), self.from())
    }

    fn from(&self) -> usize {
        self.after.parse().unwrap_or(0)
    }
}

struct Tile {
    word: &'static str,
    title: &'static str,
    told: String,
    link: String,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "board/invite/verify.html")]
struct VerifyPage<'a> {
    frame: Frame<'a>,
    id: DraftId,
    title: String,
    told: Option<String>,
    total: String,
    show: &'static str,
    tiles: Vec<Tile>,
    heading: &'static str,
    rows: Vec<Row>,
    entries: String,
    same: String,
    several: Vec<Several>,
    has_columns: bool,
    is_all_ready: bool,
    next_step: Option<String>,
    first: Option<String>,
    next: Option<String>,
    range: Option<String>,
    kept_until: String,
    is_ready_to_send: bool,
}

/// Which entries are shown, by their place in the list: those to mend before those to look at.
fn shown(looked: &Looked, show: &str, just: Option<(usize, &str)>) -> Vec<usize> {
    let rank = |at: usize| match just {
        Some((mended, was)) if mended == at => was.to_owned(),
        _ => word(standing(looked, at)).to_owned(),
    };
    let mut places: Vec<(bool, usize)> = Vec::new();
    for at in 0..looked.judged.len() {
        let stands = rank(at);
        let is_shown = match show {
            "" => stands == "fix" || stands == "check",
            "all" => true,
            show => stands == show,
        };
        if is_shown {
            places.push((show.is_empty() && stands != "fix", at));
        }
    }
    places.sort_unstable();
    places.into_iter().map(|(_, at)| at).collect()
}

/// What became of what was just done.
fn told(looked: &Looked, query: &Query, just: Option<usize>) -> Option<String> {
    let at = |words: &str| just.map(|at| format!("{} {words}", place(looked, at)));
    let stands = just.map(|at| standing(looked, at));
    match query.done.as_str() {
        "mended" if stands == Some(Verdict::Ready) => at("is ready now."),
        "mended" => {
            let said = just.map(|at| reason_words(&looked.judged[at].reason)).unwrap_or_default();
            just.map(|at| format!("{} still needs a look. {said}", place(looked, at)))
        }
        "accepted" => at("goes as it is."),
        "taken_back" => at("waits for your decision."),
        "removed" => Some(match query.at.parse::<u32>() {
            Ok(line) if query.was == "line" => format!("Line {line} is removed from the list."),
            _ => "The entry is removed from the list.".to_owned(),
        }),
        "several" => Some(match query.at.parse() {
            Ok(0) | Err(_) => "There was nothing left to change.".to_owned(),
            Ok(count) => format!("Done: {}.", many(count, "entry is changed", "entries are changed")),
        }),
        "resend" => Some("Households that are invited already are sent the same code once more.".to_owned()),
        "no_resend" => Some("Households that are invited already are not written to again.".to_owned()),
        "read" => Some("The list is read again.".to_owned()),
        _ => None,
    }
}

pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Path(draft): Path<String>,
    Parameters(query): Parameters<Query>,
) -> Result<Response, Turned> {
    let _room = room(&state, &leader, &draft).await.map_err(|_| Turned::Later)?;
    let mut connection = state.pool.acquire().await?;
    let Some((looked, plan)) = open(&state, &mut connection, &leader, &draft).await? else {
        return Ok(gone(&mut connection, &leader, &draft).await?);
    };
    let is_ready_to_send = batches::sender(&mut connection, leader.community).await?.ready;
    drop(connection);
    let id = looked.draft.id;
    let just = query.at.parse().ok().filter(|_| matches!(&*query.done, "mended" | "accepted" | "taken_back"));
    let just = just.and_then(|at: i32| looked.entries.binary_search_by_key(&at, |entry| entry.position).ok());
    let show = query.shown();
    let all = shown(&looked, show, just.map(|at| (at, &*query.was)));
    let from = query.from().min(all.len().saturating_sub(1) / ON_A_PAGE * ON_A_PAGE);
    let page = &all[from.min(all.len())..(from + ON_A_PAGE).min(all.len())];
    let count = |verdict| (0..looked.judged.len()).filter(|at| standing(&looked, *at) == verdict).count();
    let tiles = [Verdict::Ready, Verdict::Check, Verdict::Fix, Verdict::Skip].map(|verdict| Tile {
        word: word(verdict),
        title: title(verdict),
        told: told_number(count(verdict)),
        link: format!("show={}", word(verdict)),
        is_chosen: show == word(verdict),
    });
    let ready = count(Verdict::Ready);
    let link = |from: usize| format!("show={show}&after={from}");
    let told = told(&looked, &query, just);
    Ok(board(&VerifyPage {
        frame: Frame::of(&leader, Place::Invite),
        id,
        title: match looked.draft.channel {
            Channel::Email => "Look at your e-mail list".to_owned(),
            Channel::Text => "Look at your text message list".to_owned(),
        },
        told,
        total: told_number(looked.judged.len()),
        show,
        tiles: tiles.into(),
        heading: match show {
            "ready" => "Ready to send",
            "check" => "Have a second look",
            "fix" => "To be mended",
            "skip" => "Skipped",
            "all" => "The whole list",
            _ => "What needs you",
        },
        rows: page.iter().map(|at| Row::of(&looked, *at)).collect(),
        entries: entries_path(id),
        same: format!("show={show}&after={from}"),
        several: several(&looked, &all, show, plan.resend),
        has_columns: plan.has_source,
        is_all_ready: ready == looked.judged.len() || count(Verdict::Check) + count(Verdict::Fix) == 0,
        next_step: (ready > 0).then(|| format!("Go on with {}", messages(looked.draft.channel, ready))),
        first: (from > 0).then(|| link(from.saturating_sub(ON_A_PAGE))),
        next: (from + ON_A_PAGE < all.len()).then(|| link(from + ON_A_PAGE)),
        range: (all.len() > ON_A_PAGE).then(|| {
            format!("{} to {} of {}", from + 1, (from + ON_A_PAGE).min(all.len()), told_number(all.len()))
        }),
        kept_until: moment(looked.draft.expires_at, &leader.now.to_zoned(leader.zone.clone())),
        is_ready_to_send,
    }))
}

fn told_number(count: usize) -> String {
    number(i64::try_from(count).unwrap_or(i64::MAX))
}

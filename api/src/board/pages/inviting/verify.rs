//! `/invite/lists/{draft}`: what is right and wrong with a list, entry by entry.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Query as Parameters, State},
    http::StatusCode,
    response::Response,
};
use porchlight_shared::domain::{Channel, DraftId};
use serde::Deserialize;

use super::{
    Frame, Place, board_with, find, gone, moment, nothing_here, number, open, room_for,
    rows::{
        Row, STANDINGS, Several, Shelf, entries_path, place, reason_words, several, standing_of, title, word,
    },
    seen::Typed,
};
use crate::{
    board::session::{Leader, Turned},
    intake::{
        drafts::{
            memory::Version,
            verdicts::{Standing, Told, Verdicts},
        },
        ledger::{
            batches,
            drafts::{self, Draft},
            invitations,
            plans::{self, Plan},
        },
    },
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
        STANDINGS.into_iter().chain(["all"]).find(|word| *word == self.show).unwrap_or("")
    }

    /// The part of an address that asks for the same page.
    pub(super) fn same(&self) -> String {
        format!("show={}&after={}", self.shown(), self.from())
    }

    fn from(&self) -> usize {
        self.after.parse().unwrap_or(0)
    }
}

/// That something was asked of an entry that is another one by now: nothing is done, and the page shown as it stands.
pub(super) struct Late {
    pub(super) position: i32,
    /// What was written, which is not lost.
    pub(super) typed: Option<Typed>,
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
    title: &'static str,
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

/// What the page is made of.
struct Sight {
    draft: Draft,
    plan: Plan,
    verdicts: Arc<Verdicts>,
    /// Whether the community may send.
    is_ready: bool,
}

/// A draft as the page tells it; or the answer, if there is none.
async fn sight(state: &AppState, leader: &Leader, draft: &str) -> Result<Result<Sight, Response>, Turned> {
    let Ok(id) = draft.parse::<DraftId>() else { return Ok(Err(nothing_here())) };
    let mut connection = state.pool.acquire().await?;
    let is_ready = batches::sender(&mut connection, leader.community).await?.ready;
    // The version first: what is judged after it is at least as new.
    let version = Version::of(&mut connection, leader.community, id).await?;
    let found = find(&mut connection, leader, id).await?;
    let (Some(version), Some(draft)) = (version, found) else {
        return Ok(Err(gone(&mut connection, leader, draft).await?));
    };
    if let Some(verdicts) = state.verdicts.get(id, version, leader.now) {
        let plan = plans::plan(&mut connection, id).await?;
        return Ok(Ok(Sight { draft, plan, verdicts, is_ready }));
    }
    drop(connection);
    let _room = room_for(state, draft.kept).await.map_err(|_| Turned::Later)?;
    let mut connection = state.pool.acquire().await?;
    let Some((looked, plan)) = open(state, &mut connection, leader, &id.to_string()).await? else {
        return Ok(Err(gone(&mut connection, leader, &id.to_string()).await?));
    };
    let verdicts = Arc::new(Verdicts::of(&looked));
    state.verdicts.keep(id, version, leader.now, &verdicts);
    Ok(Ok(Sight { draft: looked.draft, plan, verdicts, is_ready }))
}

/// Which entries are shown: those to mend before those to look at. The one that was just changed stays where it was.
fn shown<'a>(verdicts: &'a Verdicts, show: &str, just: Option<(i32, Standing)>) -> Vec<&'a Told> {
    let stands = |told: &Told| match just {
        Some((changed, was)) if changed == told.position => was,
        _ => told.stands,
    };
    let with = |standing: Standing| verdicts.iter().filter(move |told| stands(told) == standing);
    match (show, standing_of(show)) {
        (_, Some(standing)) => with(standing).collect(),
        ("", None) => with(Standing::Fix).chain(with(Standing::Check)).collect(),
        _ => verdicts.iter().collect(),
    }
}

/// The entries of a page, with what stands in them and who invited whom.
async fn rows(
    state: &AppState,
    leader: &Leader,
    draft: &Draft,
    page: &[&Told],
    just: Option<(i32, Standing)>,
) -> sqlx::Result<Vec<Row>> {
    let mut connection = state.pool.acquire().await?;
    let positions: Vec<_> = page.iter().map(|told| told.position).collect();
    let entries = drafts::entries(&mut connection, draft.id, Some(&positions)).await?;
    let invited: Vec<_> = page.iter().filter_map(|told| Some(told.invited?.uuid())).collect();
    let inviters = if invited.is_empty() {
        Vec::new()
    } else {
        invitations::inviters(&mut connection, &invited).await?
    };
    let shelf = Shelf { channel: draft.channel, leader, inviters: &inviters };
    let row = |told: &&Told| {
        let at = entries.binary_search_by_key(&told.position, |entry| entry.position).ok()?;
        let was = just.filter(|(changed, _)| *changed == told.position).map_or(told.stands, |(_, was)| was);
        Some(Row::of(&shelf, told, was, &entries[at]))
    };
    Ok(page.iter().filter_map(row).collect())
}

/// What became of what was just done.
fn told(query: &Query, just: Option<&Told>, leader: &Leader) -> Option<String> {
    let place = just.map(place);
    let said = || just.map(|told| reason_words(&told.reason, &leader.zone)).unwrap_or_default();
    let is_ready = just.is_some_and(|told| told.stands == Standing::Ready);
    let count: usize = query.at.parse().unwrap_or(0);
    let changed = |told: String| if count == 0 { say!("invite-done-nothing").to_owned() } else { told };
    let told = match query.done.as_str() {
        "mended" if is_ready => say!("invite-done-ready", place = place?),
        "mended" => format!("{} {}", say!("invite-done-not-ready", place = place?), said()),
        "accepted" => say!("invite-done-accepted", place = place?),
        "taken_back" => say!("invite-done-taken-back", place = place?),
        "removed" => say!("invite-done-removed", place = just?.place.words()),
        "put_back" => say!("invite-done-put-back", place = place?),
        "undone" => say!("invite-done-undone", place = place?),
        "again" if is_ready => say!("invite-done-again", place = place?),
        "again" => format!("{} {}", say!("invite-done-not-again", place = place?), said()),
        "left_out" => say!("invite-done-left-out", place = place?),
        "several" => changed(say!("invite-done-several", count = count)),
        "several_removed" => changed(say!("invite-done-several-removed", count = count)),
        "several_back" => changed(say!("invite-done-several-back", count = count)),
        "several_late" => say!("invite-several-meanwhile").to_owned(),
        "resend" => say!("invite-done-resend").to_owned(),
        "no_resend" => say!("invite-done-no-resend").to_owned(),
        "read" => say!("invite-done-read").to_owned(),
        _ => return None,
    };
    Some(told)
}

/// What is said of an entry that is another one by now. What was written for it stands in its fields.
fn meanwhile(told: &Told, typed: Option<Typed>, rows: &mut [Row]) -> String {
    let row = rows.iter_mut().find(|row| row.position == told.position);
    let Some((row, typed)) = row.zip(typed) else {
        return say!("invite-meanwhile", place = place(told));
    };
    row.put(typed);
    say!("invite-meanwhile-typed", place = place(told))
}

/// What was done to one entry, and leaves it where it stood.
const DONE_TO_ONE: [&str; 8] =
    ["mended", "accepted", "taken_back", "removed", "put_back", "undone", "again", "left_out"];

pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Path(draft): Path<String>,
    Parameters(query): Parameters<Query>,
) -> Result<Response, Turned> {
    page(&state, &leader, &draft, &query, None).await
}

/// The page as it stands now.
pub(super) async fn page(
    state: &AppState,
    leader: &Leader,
    draft: &str,
    query: &Query,
    late: Option<Late>,
) -> Result<Response, Turned> {
    let Sight { draft, plan, verdicts, is_ready } = match sight(state, leader, draft).await? {
        Ok(sight) => sight,
        Err(answer) => return Ok(answer),
    };
    let id = draft.id;
    let done_to = || query.at.parse().ok().filter(|_| DONE_TO_ONE.contains(&&*query.done));
    let just = late.as_ref().map(|late| late.position).or_else(done_to);
    let just = just.and_then(|position: i32| verdicts.at(position));
    let show = query.shown();
    let was = just.zip(standing_of(&query.was)).map(|(just, was)| (just.position, was));
    let all = shown(&verdicts, show, was);
    let from = query.from().min(all.len().saturating_sub(1) / ON_A_PAGE * ON_A_PAGE);
    let page = &all[from.min(all.len())..(from + ON_A_PAGE).min(all.len())];
    let mut rows = rows(state, leader, &draft, page, was).await?;
    let (status, told) = match late {
        Some(late) => (StatusCode::CONFLICT, just.map(|just| meanwhile(just, late.typed, &mut rows))),
        None => (StatusCode::OK, told(query, just, leader)),
    };
    let count = |standing| verdicts.count(standing);
    let tiles = Standing::ALL
        .into_iter()
        .filter(|standing| *standing != Standing::Removed || show == word(*standing) || count(*standing) > 0);
    let tiles = tiles.map(|standing| Tile {
        word: word(standing),
        title: title(standing),
        told: told_number(count(standing)),
        link: format!("show={}", word(standing)),
        is_chosen: show == word(standing),
    });
    let ready = count(Standing::Ready);
    let link = |from: usize| format!("show={show}&after={from}");
    let page = VerifyPage {
        frame: Frame::of(leader, Place::Invite),
        id,
        title: match draft.channel {
            Channel::Email => say!("invite-look-emails"),
            Channel::Text => say!("invite-look-texts"),
        },
        told,
        total: told_number(verdicts.len()),
        show,
        tiles: tiles.collect(),
        heading: match show {
            "ready" => say!("invite-shown-ready"),
            "check" => say!("invite-shown-check"),
            "fix" => say!("invite-shown-fix"),
            "skip" => say!("invite-shown-skip"),
            "removed" => say!("invite-shown-removed"),
            "all" => say!("invite-shown-all"),
            _ => say!("invite-shown-needs-you"),
        },
        rows,
        entries: entries_path(id),
        same: format!("show={show}&after={from}"),
        several: several(&all, show, plan.resend),
        has_columns: plan.has_source,
        is_all_ready: count(Standing::Check) + count(Standing::Fix) == 0,
        next_step: (ready > 0)
            .then(|| say!("invite-look-go", channel = draft.channel.as_str(), count = ready)),
        first: (from > 0).then(|| link(from.saturating_sub(ON_A_PAGE))),
        next: (from + ON_A_PAGE < all.len()).then(|| link(from + ON_A_PAGE)),
        range: (all.len() > ON_A_PAGE).then(|| {
            let to = (from + ON_A_PAGE).min(all.len());
            say!("invite-look-range", from = from + 1, to = to, count = all.len())
        }),
        kept_until: moment(draft.expires_at, &leader.now.to_zoned(leader.zone.clone())),
        is_ready_to_send: is_ready,
    };
    Ok(board_with(status, &page))
}

fn told_number(count: usize) -> String {
    number(i64::try_from(count).unwrap_or(i64::MAX))
}

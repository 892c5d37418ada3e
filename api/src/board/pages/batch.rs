//! `/batches/{batch}`: a batch filling up.
//!
//! The same two pieces, [`progress`] and [`rows`], are part of the page and of its stream, so that what a script puts in
//! place is what a reload would have shown.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Query as Parameters, State},
    response::{IntoResponse, Redirect, Response},
};
use jiff::{Zoned, tz::TimeZone};
use porchlight_shared::domain::{BatchId, Channel, CommunityId};
use serde::Deserialize;
use url::form_urlencoded;

use super::{Frame, Place, board, counted, moment, nothing_here, now, number, searched};
use crate::{
    board::{
        batch::{self, BatchStatus},
        cursor,
        deliveries::{self, DeliveryPage, DeliveryRow, View},
        session::{Leader, SameOrigin, Turned},
        steering::{Step, steer},
        words::{Bucket, JOINED},
    },
    pages::private,
    problem::Problem,
    state::AppState,
};

/// How many rows a page shows.
const ON_A_PAGE: i64 = 50;

/// What the page's address asks for. What cannot be read is left out: an address that somebody shortened still works.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
pub struct Query {
    /// A bucket's word, or `joined`.
    #[serde(default)]
    show: String,
    /// What is searched for.
    #[serde(default)]
    q: String,
    /// Where the page begins.
    #[serde(default)]
    cursor: String,
    /// What was just done.
    #[serde(default)]
    done: String,
    /// How many messages were in flight when it was.
    #[serde(default)]
    in_flight: String,
}

impl Query {
    /// The rows that it asks for.
    #[must_use]
    pub fn view(&self) -> View {
        let bucket = Bucket::from_word(&self.show);
        let words = self.searched().to_lowercase();
        View {
            states: bucket.into_iter().flat_map(Bucket::states).collect(),
            joined: match bucket {
                Some(_) => Some(false),
                None => (self.show == JOINED).then_some(true),
            },
            words: Some(words).filter(|words| !words.is_empty()),
            after: cursor::read(&self.cursor).unwrap_or(0),
            limit: ON_A_PAGE,
        }
    }

    /// What is asked of the rows, as shortly as can be: who asks for the same watches the same.
    #[must_use]
    pub fn of_rows(&self) -> Self {
        let cursor = cursor::read(&self.cursor).filter(|row| *row > 0).map(cursor::after).unwrap_or_default();
        Self { cursor, ..self.of_progress() }
    }

    /// What is asked of the progress: its links lead on to the same search.
    #[must_use]
    pub fn of_progress(&self) -> Self {
        Self { show: self.shown().to_owned(), q: self.searched(), ..Self::default() }
    }

    /// What is searched for.
    fn searched(&self) -> String {
        searched(&self.q)
    }

    /// The bucket that it asks for, if there is such a one.
    fn shown(&self) -> &str {
        if self.show == JOINED { JOINED } else { Bucket::from_word(&self.show).map_or("", Bucket::as_str) }
    }

    /// The address's query with another bucket, from the first row on.
    fn showing(&self, show: &str) -> String {
        self.query(show, "")
    }

    fn query(&self, show: &str, cursor: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("show", show), ("q", &*self.searched()), ("cursor", cursor)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }

    /// What was just done, in words.
    fn told(&self) -> Option<String> {
        let in_flight = self.in_flight.parse().unwrap_or(0_i64).max(0);
        let done = match self.done.as_str() {
            "paused" => "Paused: nothing more begins.",
            "resumed" => return Some("It goes on.".to_owned()),
            "cancelled" => "The rest is cancelled.",
            _ => return None,
        };
        Some(match in_flight {
            0 => format!("{done} Nothing was under way."),
            count => format!(
                "{done} {} under way and may still arrive.",
                counted(count, "message was", "messages were")
            ),
        })
    }
}

/// One of the counts: a link to its rows, and a piece of the bar.
struct Count {
    word: &'static str,
    title: &'static str,
    none: bool,
    told: String,
    link: String,
    chosen: bool,
    /// Where its piece of the bar begins, and how long it is, in thousandths of the whole.
    from: i64,
    wide: i64,
}

/// From what is best to what is still to come: the bar fills from the left.
const ORDER: [Option<Bucket>; 8] = [
    None,
    Some(Bucket::Delivered),
    Some(Bucket::Sent),
    Some(Bucket::Sending),
    Some(Bucket::Checking),
    Some(Bucket::Problem),
    Some(Bucket::NotSent),
    Some(Bucket::Waiting),
];

fn tally(status: &BatchStatus, asked: &Query) -> Vec<Count> {
    let total = i64::from(status.total).max(1);
    let mut before = 0;
    let counts = ORDER.into_iter().map(|bucket| {
        let (word, title) = bucket.map_or((JOINED, "Joined"), |bucket| (bucket.as_str(), bucket.title()));
        let count = status.buckets.get(word).copied().unwrap_or(0);
        let from = before * 1000 / total;
        before += count;
        let wide = before * 1000 / total - from;
        let (link, chosen) = (asked.showing(word), asked.show == word);
        Count { word, title, none: count == 0, told: number(count), link, chosen, from, wide }
    });
    counts.collect()
}

/// How far the batch is, in a sentence or two.
fn sentence(status: &BatchStatus, now: &Zoned) -> String {
    let count = |word: &str| status.counts.get(word).copied().unwrap_or(0);
    let bucket = |bucket: Bucket| status.buckets.get(bucket.as_str()).copied().unwrap_or(0);
    let (open, later, held) = (count("queued") + count("sending"), count("retry_wait"), count("held"));
    if open + later + held == 0 {
        return ended(bucket(Bucket::Problem), bucket(Bucket::NotSent), bucket(Bucket::Checking));
    }
    if let Some(paused) = status.paused_at {
        let waiting = counted(open + later + held - count("sending"), "message waits", "messages wait");
        return format!("Paused since {}. {waiting} until you resume it.", moment(paused, now));
    }
    if status.channel_closed {
        let waiting = counted(open + later + held, "message waits", "messages wait");
        return format!(
            "Nothing goes out at the moment: the provider takes nothing from us. {waiting}; the operator is told."
        );
    }
    let mut told = Vec::new();
    if open > 0 {
        let left = status.eta_seconds.map(|seconds| format!(", {}", left(seconds))).unwrap_or_default();
        told.push(format!("{} to go{left}.", number(open)));
    }
    if later > 0 {
        told.push(format!(
            "{} again by itself after a pause.",
            counted(later, "message is tried", "messages are tried")
        ));
    }
    if held > 0 {
        told.push(format!(
            "{} held; the list says why and until when.",
            counted(held, "message is", "messages are")
        ));
    }
    told.join(" ")
}

/// What became of a batch of which nothing waits any more.
fn ended(problems: i64, not_sent: i64, checking: i64) -> String {
    let mut told = Vec::new();
    if problems > 0 {
        told.push(format!(
            "Nothing more is sent by itself; {} a problem.",
            counted(problems, "household has", "households have")
        ));
    }
    if not_sent > 0 {
        told.push(format!("{} not sent.", counted(not_sent, "message was", "messages were")));
    }
    if told.is_empty() {
        told.push("Everything is sent.".to_owned());
    }
    if checking > 0 {
        told.push(format!("{} being checked.", counted(checking, "message is", "messages are")));
    }
    told.join(" ")
}

/// A time that is left, as exact as it deserves.
fn left(seconds: u64) -> String {
    match seconds {
        0..=9 => "a few seconds left".to_owned(),
        10..=59 => format!("about {} seconds left", seconds / 10 * 10),
        60..=89 => "about a minute left".to_owned(),
        90..=5399 => format!("about {} minutes left", (seconds + 30) / 60),
        5400..=172_799 => format!("about {} hours left", (seconds + 1800) / 3600),
        _ => format!("about {} days left", (seconds + 43_200) / 86_400),
    }
}

fn rate(status: &BatchStatus) -> Option<String> {
    let moving = status.finished_at.is_none() && status.rate_per_second > 0.0;
    moving.then(|| match status.rate_per_second {
        rate if rate >= 1.0 => format!("{rate:.0} a second"),
        rate => format!("{:.0} a minute", rate * 60.0),
    })
}

#[derive(Template)]
#[template(path = "board/progress.html")]
struct Progress {
    sentence: String,
    rate: Option<String>,
    started: Option<String>,
    finished: Option<String>,
    counts: Vec<Count>,
    total: String,
    id: String,
    done: bool,
    can_pause: bool,
    can_resume: bool,
}

fn progress_of(status: &BatchStatus, asked: &Query, now: &Zoned) -> Progress {
    let waiting = status.buckets.get(Bucket::Waiting.as_str()).copied().unwrap_or(0);
    let waits = waiting > 0 && status.cancelled_at.is_none();
    Progress {
        sentence: sentence(status, now),
        rate: rate(status),
        started: status.started_at.map(|at| moment(at, now)),
        finished: status.finished_at.map(|at| moment(at, now)),
        counts: tally(status, asked),
        total: number(status.total.into()),
        id: status.id.to_string(),
        done: status.finished_at.is_some(),
        can_pause: waits && status.paused_at.is_none(),
        can_resume: waits && status.paused_at.is_some(),
    }
}

/// A batch's progress as HTML; `None` when the community has no such batch.
///
/// # Errors
/// When the ledger does not answer.
pub async fn progress(
    state: &AppState,
    community: CommunityId,
    batch: BatchId,
    zone: &TimeZone,
    asked: &Query,
) -> sqlx::Result<Option<String>> {
    let Some(status) = batch::read(&state.pool, community, batch).await? else { return Ok(None) };
    let now = now(state, zone).await?;
    let html = progress_of(&status, asked, &now).render();
    Ok(Some(html.expect("a template renders")))
}

/// One row as it is shown.
struct Row {
    id: String,
    who: String,
    to: Option<String>,
    word: &'static str,
    title: &'static str,
    since: String,
    what: Option<&'static str>,
    next_step: Option<&'static str>,
    next_at: Option<String>,
    needs: bool,
}

impl Row {
    fn of(row: DeliveryRow, now: &Zoned) -> Self {
        let bucket = Bucket::of(row.state);
        let (word, title, since) = match row.joined_at {
            Some(at) => (JOINED, "Joined", at),
            None => (bucket.as_str(), bucket.title(), row.since),
        };
        let words = row.words.filter(|_| row.joined_at.is_none() && bucket != Bucket::Sent);
        let lives = row.unit.map(|unit| format!(" · {unit}")).unwrap_or_default();
        let named = row.name.or_else(|| row.to.clone()).unwrap_or_else(|| "Details deleted".to_owned());
        Self {
            id: row.id.to_string(),
            who: format!("{named}{lives}"),
            to: row.to,
            word,
            title,
            since: moment(since, now),
            what: words.map(|words| words.what),
            next_step: words.map(|words| words.next_step),
            next_at: row
                .next_at
                .filter(|at| words.is_some() && *at > now.timestamp())
                .map(|at| moment(at, now)),
            needs: bucket == Bucket::Problem && row.joined_at.is_none(),
        }
    }
}

#[derive(Template)]
#[template(path = "board/rows.html")]
struct Rows {
    shown: Vec<Row>,
    filtered: bool,
    first: Option<String>,
    next: Option<String>,
}

fn rows_of(page: DeliveryPage, asked: &Query, view: &View, now: &Zoned) -> Rows {
    let filtered = !view.states.is_empty() || view.joined.is_some() || view.words.is_some() || view.after > 0;
    Rows {
        shown: page.items.into_iter().map(|row| Row::of(row, now)).collect(),
        filtered,
        first: (view.after > 0).then(|| asked.showing(&asked.show)),
        next: page.next_cursor.map(|cursor| asked.query(&asked.show, &cursor)),
    }
}

/// A part of a batch's rows as HTML.
///
/// # Errors
/// When the ledger does not answer.
pub async fn rows(state: &AppState, batch: BatchId, zone: &TimeZone, asked: &Query) -> sqlx::Result<String> {
    let view = asked.view();
    let page = deliveries::read(&state.pool, batch, &view).await?;
    let now = now(state, zone).await?;
    Ok(rows_of(page, asked, &view, &now).render().expect("a template renders"))
}

#[derive(Template)]
#[template(path = "board/batch.html")]
struct BatchPage<'a> {
    frame: Frame<'a>,
    id: String,
    title: String,
    created: String,
    told: Option<String>,
    progress: Progress,
    rows: Rows,
    asked: &'a Query,
    searched: String,
    chosen: Option<&'static str>,
    stream: String,
}

/// What a batch is called.
pub(super) fn title(channel: Channel, total: i64) -> String {
    match channel {
        Channel::Email => counted(total, "e-mail", "e-mails"),
        Channel::Text => counted(total, "text message", "text messages"),
    }
}

pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Path(batch): Path<String>,
    Parameters(asked): Parameters<Query>,
) -> Result<Response, Turned> {
    let Ok(batch) = batch.parse::<BatchId>() else { return Ok(nothing_here()) };
    let Some(status) = batch::read(&state.pool, leader.community, batch).await? else {
        return Ok(nothing_here());
    };
    let view = asked.view();
    let now = leader.now.to_zoned(leader.zone.clone());
    let rows = rows_of(deliveries::read(&state.pool, batch, &view).await?, &asked, &view, &now);
    let query = asked.query(&asked.show, &asked.cursor);
    let progress = progress_of(&status, &asked, &now);
    let chosen = progress.counts.iter().find(|count| count.chosen).map(|count| count.title);
    Ok(board(&BatchPage {
        frame: Frame::of(&leader, Place::Elsewhere),
        id: batch.to_string(),
        title: title(status.channel, status.total.into()),
        created: moment(status.created_at, &now),
        told: asked.told(),
        progress,
        rows,
        searched: asked.searched(),
        chosen,
        stream: format!("/batches/{batch}/stream?{query}"),
        asked: &asked,
    }))
}

#[derive(Template)]
#[template(path = "board/cancel.html")]
struct CancelPage<'a> {
    frame: Frame<'a>,
    id: String,
    title: String,
    waiting: i64,
    waiting_told: String,
    in_flight: Option<String>,
}

/// Says what cancelling would take back, before it does.
pub(super) async fn ask_cancel(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Path(batch): Path<String>,
) -> Result<Response, Turned> {
    let Ok(batch) = batch.parse::<BatchId>() else { return Ok(nothing_here()) };
    let Some(status) = batch::read(&state.pool, leader.community, batch).await? else {
        return Ok(nothing_here());
    };
    let count = |words: &[&str]| -> i64 { words.iter().filter_map(|word| status.counts.get(word)).sum() };
    let waiting = count(&["held", "queued", "retry_wait"]);
    let in_flight = count(&["sending", "checking"]);
    Ok(board(&CancelPage {
        frame: Frame::of(&leader, Place::Elsewhere),
        id: batch.to_string(),
        title: title(status.channel, status.total.into()),
        waiting,
        waiting_told: counted(waiting, "message", "messages"),
        in_flight: (in_flight > 0).then(|| counted(in_flight, "message is", "messages are")),
    }))
}

async fn steered(
    state: &Arc<AppState>,
    leader: &Leader,
    batch: &str,
    step: Step,
    done: &str,
) -> Result<Response, Problem> {
    let Ok(batch) = batch.parse::<BatchId>() else { return Ok(nothing_here()) };
    let steered = steer(state, leader.community, batch, step).await?;
    let told = if steered.cancelled_at.is_some() { "cancelled" } else { done };
    let page = format!("/batches/{batch}?done={told}&in_flight={}", steered.in_flight);
    Ok(private(Redirect::to(&page)))
}

macro_rules! button {
    ($name:ident, $step:expr, $done:literal) => {
        pub(super) async fn $name(
            State(state): State<Arc<AppState>>,
            _: SameOrigin,
            leader: Leader,
            Path(batch): Path<String>,
        ) -> Response {
            match steered(&state, &leader, &batch, $step, $done).await {
                Ok(response) => response,
                Err(problem) if problem.is_not_found() => nothing_here(),
                Err(_) => Turned::Later.into_response(),
            }
        }
    };
}

button!(pause, Step::Pause, "paused");
button!(resume, Step::Resume, "resumed");
button!(cancel, Step::Cancel, "cancelled");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_as_exactly_as_it_deserves() {
        for (seconds, told) in [
            (0, "a few seconds left"),
            (47, "about 40 seconds left"),
            (75, "about a minute left"),
            (90, "about 2 minutes left"),
            (719, "about 12 minutes left"),
            (7_300, "about 2 hours left"),
            (200_000, "about 2 days left"),
        ] {
            assert_eq!(left(seconds), told);
        }
    }

    #[test]
    fn what_ended_is_told_without_embellishment() {
        assert_eq!(ended(0, 0, 0), "Everything is sent.");
        assert_eq!(ended(0, 500, 0), "500 messages were not sent.");
        assert_eq!(
            ended(1, 0, 2),
            "Nothing more is sent by itself; 1 household has a problem. 2 messages are being checked."
        );
    }

    #[test]
    fn an_address_that_makes_no_sense_shows_everything() {
        let asked = Query { show: "nonsense".into(), cursor: "!".into(), q: "  ".into(), ..Query::default() };
        assert_eq!(asked.view(), View { limit: ON_A_PAGE, ..View::default() });
        let asked = Query { show: "problem".into(), q: " Elm ".into(), ..Query::default() };
        assert_eq!(asked.view().words.as_deref(), Some("elm"));
        assert_eq!(asked.view().joined, Some(false));
        assert_eq!(asked.showing("sent"), "show=sent&q=Elm");
    }

    #[test]
    fn what_was_done_is_told_with_what_may_still_arrive() {
        let told = |done: &str, in_flight: &str| {
            Query { done: done.into(), in_flight: in_flight.into(), ..Query::default() }.told()
        };
        assert_eq!(
            told("paused", "1").unwrap(),
            "Paused: nothing more begins. 1 message was under way and may still arrive."
        );
        assert_eq!(told("cancelled", "0").unwrap(), "The rest is cancelled. Nothing was under way.");
        assert_eq!(told("resumed", "-4").unwrap(), "It goes on.");
        assert_eq!(told("<script>", "1"), None);
    }
}

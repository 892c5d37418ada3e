//! `/passes`: printing access passes, what was printed, and what became of each pass.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query as Parameters, State, rejection::FormRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use jiff::Zoned;
use porchlight_shared::domain::PrintingId;
use serde::Deserialize;

use super::search::Turning;
use super::{Frame, Place, astray, board, board_with, moment, nothing_here};
use crate::{
    board::{
        households,
        session::{Leader, SameOrigin, Turned},
        words::JOINED,
    },
    pages::{leaders, private},
    passes::{
        endpoint,
        ledger::{self, PassState},
        marking::{Mark, Serials, mark},
        paper::{self, Layout},
        printing::{Printing, print},
        request::{For, MAX_BLANK, Sort, Wish},
    },
    state::AppState,
};

/// How many passes a page shows.
const ON_A_PAGE: i64 = 50;

/// What was printed, as it is listed.
struct Listed {
    id: String,
    title: String,
    layout: &'static str,
    created: String,
}

struct Choice {
    word: &'static str,
    name: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "board/passes.html")]
struct PassesPage<'a> {
    frame: Frame<'a>,
    /// How many would be printed.
    waiting: i64,
    /// How many of them at once.
    at_once: i64,
    layouts: Vec<Choice>,
    by_name: bool,
    start: String,
    count: String,
    fault: Option<String>,
    blank_fault: Option<String>,
    printings: Vec<Listed>,
}

/// The form, as it was sent.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    layout: String,
    #[serde(default)]
    sort: String,
    #[serde(default)]
    start: String,
    /// How many blank ones; empty: addressed ones are asked for.
    #[serde(default)]
    count: String,
}

impl Asked {
    fn is_blank(&self) -> bool {
        !self.count.is_empty()
    }
}

/// A serial as it is printed.
fn serial(number: i32) -> String {
    format!("{number:06}")
}

fn title(printing: &Printing) -> String {
    let (first, last) = (printing.first_serial, printing.last_serial);
    if first == last {
        say!("passes-one", serial = serial(first))
    } else {
        say!("passes-several", first = serial(first), last = serial(last))
    }
}

async fn passes_page(
    state: &AppState,
    leader: &Leader,
    asked: &Asked,
    fault: Option<String>,
) -> Result<Response, Turned> {
    let counts = households::counts(&state.pool, leader.community).await?;
    let printings = ledger::printings(&state.pool, leader.community).await?;
    let now = leader.now.to_zoned(leader.zone.clone());
    let waiting = counts.values().sum::<i64>() - counts[JOINED];
    let most = i64::try_from(paper::order::MAX_PASSES).unwrap_or(i64::MAX);
    let chosen = asked.layout.parse().unwrap_or(Layout::CardsLetter);
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = PassesPage {
        frame: Frame::of(leader, Place::Passes),
        waiting,
        at_once: waiting.min(most),
        layouts: Layout::ALL
            .into_iter()
            .map(|layout| Choice { word: layout.word(), name: layout.name(), chosen: layout == chosen })
            .collect(),
        by_name: asked.sort == "name",
        start: if asked.start.is_empty() { "1".to_owned() } else { asked.start.clone() },
        count: asked.count.clone(),
        fault: fault.clone().filter(|_| !asked.is_blank()),
        blank_fault: fault.filter(|_| asked.is_blank()),
        printings: printings
            .iter()
            .map(|printing| Listed {
                id: printing.id.to_string(),
                title: title(printing),
                layout: printing.layout.name(),
                created: moment(printing.created_at, &now),
            })
            .collect(),
    };
    Ok(board_with(status, &page))
}

pub(super) async fn show(State(state): State<Arc<AppState>>, leader: Leader) -> Result<Response, Turned> {
    passes_page(&state, &leader, &Asked::default(), None).await
}

/// Prints for everybody who has not joined.
pub(super) async fn create(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    form: Result<Form<Asked>, FormRejection>,
) -> Result<Response, Turned> {
    let asked = form.map(|Form(asked)| asked).unwrap_or_default();
    let wish = || {
        let layout = asked.layout.parse().map_err(|_| say!("passes-fault-layout").to_owned())?;
        let sort = if asked.sort == "name" { Sort::Name } else { Sort::Street };
        let start = asked.start.trim().parse().unwrap_or(0);
        let whom = if asked.is_blank() {
            let count = asked.count.trim().parse().ok().filter(|count| (1..=MAX_BLANK).contains(count));
            For::Blank(count.ok_or_else(|| say!("passes-fault-count", most = MAX_BLANK))?)
        } else {
            For::Everybody { as_many_as_fit: true }
        };
        Wish::new(layout, sort, start, whom)
            .map_err(|_| say!("passes-fault-start", last = layout.sheet().positions()))
    };
    let wish = match wish() {
        Ok(wish) => wish,
        Err(fault) => return passes_page(&state, &leader, &asked, Some(fault)).await,
    };
    match print(&state, leader.community, leader.by, &wish).await {
        Ok(printing) => Ok(private(Redirect::to(&format!("/passes/{}", printing.id)))),
        Err(problem) if problem.is_ours() => Err(Turned::Later),
        Err(problem) => passes_page(&state, &leader, &asked, Some(problem.told())).await,
    }
}

struct Row {
    serial: i32,
    who: String,
    unit: Option<String>,
    state: PassState,
    since: Option<String>,
}

#[derive(Template)]
#[template(path = "board/printing.html")]
struct PrintingPage<'a> {
    frame: Frame<'a>,
    id: String,
    title: String,
    layout: Layout,
    created: String,
    valid_until: String,
    first: i32,
    last: i32,
    told: Option<String>,
    rows: Vec<Row>,
    turning: Turning,
}

/// What the page's address says of a button that was just pressed.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Pressed {
    handed_over: Option<i64>,
    void: Option<i64>,
    /// Households that were meant and have no pass here.
    left: Option<i64>,
    /// After which serial the page begins.
    after: Option<i32>,
}

impl Pressed {
    fn told(&self) -> Option<String> {
        Some(match (self.handed_over, self.void) {
            (Some(0), _) => say!("passes-told-none-handed-over").to_owned(),
            (Some(count), _) => say!("passes-told-handed-over", count = count),
            (None, Some(0)) => say!("passes-told-none-void").to_owned(),
            (None, Some(count)) => say!("passes-told-void", count = count),
            (None, None) => {
                let left = self.left.filter(|count| (1..=1_000).contains(count))?;
                say!("households-pass-left", count = left)
            }
        })
    }
}

pub(super) async fn show_printing(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Path(printing): Path<String>,
    Parameters(pressed): Parameters<Pressed>,
) -> Result<Response, Turned> {
    let Ok(id) = printing.parse::<PrintingId>() else { return Ok(nothing_here()) };
    let Some(printing) = ledger::printing(&state.pool, leader.community, id).await? else {
        return Ok(nothing_here());
    };
    let now = leader.now.to_zoned(leader.zone.clone());
    let mut rows = ledger::passes(&state.pool, id, pressed.after.unwrap_or(0), ON_A_PAGE + 1).await?;
    let more = i64::try_from(rows.len()).is_ok_and(|found| found > ON_A_PAGE);
    rows.truncate(usize::try_from(ON_A_PAGE).unwrap_or(usize::MAX));
    let next = rows.last().filter(|_| more).map(|last| format!("after={}", last.serial));
    Ok(board(&PrintingPage {
        frame: Frame::of(&leader, Place::Passes),
        id: id.to_string(),
        title: title(&printing),
        layout: printing.layout,
        created: moment(printing.created_at, &now),
        valid_until: printing.valid_until.to_zoned(leader.zone.clone()).strftime("%-d %B %Y").to_string(),
        first: printing.first_serial,
        last: printing.last_serial,
        told: pressed.told(),
        rows: rows.into_iter().map(|pass| row(pass, &now)).collect(),
        turning: Turning { first: pressed.after.map(|_| "after=0".to_owned()), next },
    }))
}

fn row(pass: ledger::PassRow, now: &Zoned) -> Row {
    let named = pass.name.or_else(|| pass.unit.clone());
    let nameless = if pass.household.is_some() { say!("passes-nameless") } else { say!("passes-nobodys") };
    let who = named.unwrap_or_else(|| nameless.to_owned());
    let handed_over = pass.handed_over_at.filter(|_| pass.state == PassState::HandedOver);
    Row {
        serial: pass.serial,
        unit: pass.unit.filter(|unit| *unit != who),
        who,
        state: pass.state,
        since: handed_over.map(|at| moment(at, now)),
    }
}

pub(super) async fn sheets(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Path(printing): Path<String>,
) -> Response {
    let Ok(id) = printing.parse() else { return nothing_here() };
    match endpoint::pdf(&state, leader.community, id).await {
        Ok(response) => response,
        Err(problem) if problem.is_not_found() => nothing_here(),
        Err(problem) if problem.is_ours() => Turned::Later.into_response(),
        Err(problem) => {
            astray(StatusCode::UNPROCESSABLE_ENTITY, say!("passes-fault-sheets"), &[&problem.told()])
        }
    }
}

/// A sheet without codes, to see whether the printer keeps the measures.
pub(super) async fn test_sheet(_: Leader, Path(layout): Path<String>) -> Response {
    let Ok(layout) = layout.parse::<Layout>() else { return nothing_here() };
    match paper::calibration(layout) {
        Ok(bytes) => {
            let headers = [
                (header::CONTENT_TYPE, "application/pdf"),
                (header::CONTENT_DISPOSITION, r#"attachment; filename="test-sheet.pdf""#),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            leaders((headers, bytes))
        }
        Err(error) => {
            tracing::error!(%error, "a test sheet could not be drawn");
            Turned::Later.into_response()
        }
    }
}

/// Which passes, and on whose page.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    printing: String,
}

impl Which {
    fn serials(&self) -> Option<Serials> {
        let from = self.from.trim().parse().ok()?;
        let to = if self.to.trim().is_empty() { None } else { Some(self.to.trim().parse().ok()?) };
        Serials::new(from, to).ok()
    }
}

#[derive(Template)]
#[template(path = "board/void.html")]
struct VoidPage<'a> {
    frame: Frame<'a>,
    printing: PrintingId,
    from: i32,
    to: i32,
}

/// Asks once more: a pass that is void stays so.
pub(super) async fn ask_void(leader: Leader, Parameters(which): Parameters<Which>) -> Response {
    let (Some(serials), Ok(printing)) = (which.serials(), which.printing.parse()) else {
        return wrong_serials(&which);
    };
    let (from, to) = serials.ends();
    board(&VoidPage { frame: Frame::of(&leader, Place::Passes), printing, from, to })
}

fn wrong_serials(which: &Which) -> Response {
    let Ok(printing) = which.printing.parse::<PrintingId>() else { return nothing_here() };
    // What does not name passes changes nothing, and the page says which there are.
    private(Redirect::to(&format!("/passes/{printing}")))
}

macro_rules! marked {
    ($name:ident, $mark:expr, $word:literal) => {
        pub(super) async fn $name(
            State(state): State<Arc<AppState>>,
            _: SameOrigin,
            leader: Leader,
            form: Result<Form<Which>, FormRejection>,
        ) -> Response {
            let which = form.map(|Form(which)| which).unwrap_or_default();
            let (Some(serials), Ok(printing)) = (which.serials(), which.printing.parse::<PrintingId>())
            else {
                return wrong_serials(&which);
            };
            match mark(&state, leader.actor(), serials, $mark).await {
                Ok(marked) => {
                    let done = format!("/passes/{printing}?{}={}", $word, marked.changed);
                    private(Redirect::to(&done))
                }
                Err(problem) if problem.is_not_found() => nothing_here(),
                Err(_) => Turned::Later.into_response(),
            }
        }
    };
}

marked!(hand_over, Mark::HandedOver, "handed_over");
marked!(void, Mark::Void, "void");

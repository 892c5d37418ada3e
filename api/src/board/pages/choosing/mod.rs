//! `/households/chosen`: something for many households at once.
//!
//! The list's form leads to a page that says at how many it can be done and why not at the others, and does nothing. That
//! page's button carries the number, and what was seen: pressed twice it does it once. [`form`] is what both send,
//! [`words`] what is said.

pub(super) mod form;
pub(super) mod words;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use askama::Template;
use axum::{
    extract::{DefaultBodyLimit, Path, RawForm, State, rejection::RawFormRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use porchlight_shared::domain::PrintingId;

use self::{
    form::{Back, Chosen, Said},
    words::{heading, left_lines, means, nothing, pressed, question, too_many},
};
use super::{Frame, Place, astray, board, nothing_here};
use crate::{
    board::{
        households::{self, Standing},
        session::{Leader, SameOrigin, Turned},
    },
    chasing::many::{
        self, Deed, Done, Left, MOST, Meant, Why,
        facts::{Fact, facts},
    },
    pages::private,
    passes::{
        ledger,
        paper::Layout,
        printing::{Printing, print_as},
        request::{For, Sort, Wish},
    },
    state::AppState,
};

/// Households that *all that match* looks at.
pub(super) const MOST_MATCHING: i64 = 10_000;
/// Names that are shown of those who are meant.
const NAMED: usize = 40;
/// Names that are shown of those at whom nothing is done, for each reason.
const NAMED_LEFT: usize = 10;
/// The largest form: some 2,500 households, or 500 as they were seen.
const LARGEST_FORM: usize = 128 * 1024;

/// How large the forms may be.
pub(super) fn body() -> DefaultBodyLimit {
    DefaultBodyLimit::max(LARGEST_FORM)
}

/// Some households by name, and how many more.
struct Named {
    names: Vec<String>,
    more: Option<usize>,
}

impl Named {
    fn of<'a>(all: impl ExactSizeIterator<Item = &'a Fact>, most: usize) -> Self {
        let more = all.len().saturating_sub(most);
        let name = |fact: &Fact| fact.who.clone().unwrap_or_else(|| say!("household-nameless").to_owned());
        Self { names: all.take(most).map(name).collect(), more: (more > 0).then_some(more) }
    }
}

struct LeftLine {
    told: String,
    named: Named,
}

struct LayoutChoice {
    word: &'static str,
    name: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "board/choosing.html")]
struct ChoosingPage<'a> {
    frame: Frame<'a>,
    deed: &'static str,
    heading: String,
    /// What the button says; none: it can be done nowhere.
    button: Option<String>,
    ends: bool,
    means: Vec<String>,
    too_many: Option<String>,
    who: Named,
    left: Vec<LeftLine>,
    layouts: Vec<LayoutChoice>,
    back: &'a Back,
    /// What the page carries along.
    meant: String,
    seen: Timestamp,
    said: String,
    more: usize,
    printing: PrintingId,
}

/// Whoever comes without a form, as by a reload of the address, is where they began.
pub(super) async fn back(_: Leader) -> Response {
    private(Redirect::to("/households"))
}

fn too_large() -> Response {
    let lines = [say!("choosing-too-large-next")];
    astray(StatusCode::PAYLOAD_TOO_LARGE, say!("choosing-too-large"), &lines)
}

/// Says at whom it can be done.
pub(super) async fn ask(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    form: Result<RawForm, RawFormRejection>,
) -> Result<Response, Turned> {
    let Ok(RawForm(body)) = form else { return Ok(too_large()) };
    let chosen = Chosen::read(&body);
    let Some(deed) = Deed::from_word(&chosen.deed) else { return Ok(chosen.back.with("done=choose")) };
    let households = if chosen.all {
        let search = &chosen.back.search;
        let (at, words) = (Standing::from_word(&search.show), search.words());
        let (found, more) =
            households::matching(&state.pool, leader.community, at, words.as_deref(), MOST_MATCHING).await?;
        if more {
            return Ok(chosen.back.with("done=too_many"));
        }
        found
    } else {
        chosen.households
    };
    if households.is_empty() {
        return Ok(chosen.back.with("done=choose"));
    }
    let known = facts(&state.pool, leader.community, state.texts.is_some(), &households).await?;
    if known.is_empty() {
        return Ok(nothing_here());
    }
    Ok(board(&page(&state, &leader, deed, &known, &chosen.back)))
}

fn page<'a>(
    state: &AppState,
    leader: &'a Leader,
    deed: Deed,
    known: &[Fact],
    back: &'a Back,
) -> ChoosingPage<'a> {
    let (mut can, cannot): (Vec<_>, Vec<_>) =
        known.iter().partition(|fact| fact.stands_in_the_way(deed).is_none());
    if deed == Deed::Pass {
        // So that those who have none get theirs when not all fit.
        can.sort_by_key(|fact| fact.on_paper);
    }
    let more = can.len().saturating_sub(MOST);
    can.truncate(MOST);
    let mut left = Left::new();
    for fact in &cannot {
        let why = fact.stands_in_the_way(deed).expect("it stands among those where it cannot be done");
        *left.entry(why).or_default() += 1;
    }
    let lines = left_lines(&left).into_iter().zip(left.keys()).map(|(told, why)| {
        let those: Vec<_> =
            cannot.iter().filter(|fact| fact.stands_in_the_way(deed) == Some(*why)).copied().collect();
        LeftLine { told, named: Named::of(those.into_iter(), NAMED_LEFT) }
    });
    let new_codes = can.iter().filter(|fact| fact.live.is_none()).count();
    let meant: Vec<_> = can
        .iter()
        .map(|fact| Meant { household: fact.household, invitation: fact.live }.to_string())
        .collect();
    let layouts = Layout::ALL.into_iter().map(|layout| LayoutChoice {
        word: layout.word(),
        name: layout.name(),
        chosen: layout == Layout::CardsLetter,
    });
    ChoosingPage {
        frame: Frame::of(leader, Place::Households),
        deed: deed.as_str(),
        heading: if can.is_empty() { nothing(deed).to_owned() } else { question(deed, can.len()) },
        button: (!can.is_empty()).then(|| heading(deed, can.len())),
        ends: pressed(deed) == "danger",
        means: if can.is_empty() { Vec::new() } else { means(deed, can.len(), new_codes) },
        too_many: (more > 0).then(|| too_many(deed, more)),
        who: Named::of(can.iter().copied(), NAMED),
        left: lines.collect(),
        layouts: if deed == Deed::Pass { layouts.collect() } else { Vec::new() },
        back,
        meant: meant.join(" "),
        seen: leader.now,
        said: form::joined(&left),
        more,
        printing: PrintingId::new(state.clock.now(), &mut AppState::rng()),
    }
}

/// Does it.
pub(super) async fn carry_out(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    Path(deed): Path<String>,
    form: Result<RawForm, RawFormRejection>,
) -> Result<Response, Turned> {
    let Some(deed) = Deed::from_word(&deed) else { return Ok(nothing_here()) };
    let Ok(RawForm(body)) = form else { return Ok(too_large()) };
    let said = Said::read(&body);
    if said.meant.is_empty() || said.meant.len() > MOST {
        return Ok(said.back.with("done=choose"));
    }
    let done = match deed {
        Deed::Step(step) => {
            let seen = said.seen.unwrap_or(leader.now);
            match many::all(&state, leader.actor(), step, &said.meant, seen).await {
                Ok(done) => done,
                Err(problem) if problem.is_not_found() => return Ok(nothing_here()),
                Err(_) => return Err(Turned::Later),
            }
        }
        Deed::Pass => match printed(&state, &leader, &said).await? {
            Printed::Answered(response) => return Ok(response),
            Printed::Nobody(left) => Done { did: 0, left },
        },
    };
    let mut left = said.left;
    for (why, count) in done.left {
        *left.entry(why).or_default() += count;
    }
    let told =
        format!("done={}&did={}&left={}&more={}", deed.as_str(), done.did, form::joined(&left), said.more);
    Ok(said.back.with(&told))
}

enum Printed {
    Answered(Response),
    Nobody(Left),
}

/// The page of what was printed, which says at how many of those who were meant nothing was.
fn sheets(said: &Said, printing: &Printing) -> Printed {
    let left = i64::try_from(said.meant.len()).unwrap_or(i64::MAX) - i64::from(printing.passes);
    let told = if left > 0 { format!("?left={left}") } else { String::new() };
    Printed::Answered(private(Redirect::to(&format!("/passes/{}{told}", printing.id))))
}

/// Prints for those with whom nothing became different since; once on each layout, however often it is asked for.
async fn printed(state: &AppState, leader: &Leader, said: &Said) -> Result<Printed, Turned> {
    let households: Vec<_> = said.meant.iter().map(|meant| meant.household).collect();
    let known = facts(&state.pool, leader.community, state.texts.is_some(), &households).await?;
    if known.is_empty() {
        return Ok(Printed::Answered(nothing_here()));
    }
    // Looked for after the facts are read: codes that the same request drew a moment ago are no change.
    let id = said.printing(said.layout);
    if let Some(id) = id
        && let Some(before) = ledger::printing(&state.pool, leader.community, id).await?
    {
        return Ok(sheets(said, &before));
    }
    // Nor are those that it drew for sheets of another layout.
    let others: Vec<_> = Layout::ALL.into_iter().filter_map(|layout| said.printing(layout)).collect();
    let drawn = ledger::invitations(&state.pool, leader.community, &others).await?;
    let seen: HashMap<_, _> = said.meant.iter().map(|meant| (meant.household, meant.invitation)).collect();
    let mut left = Left::new();
    let mut wanted = BTreeMap::new();
    for fact in &known {
        let as_seen = seen.get(&fact.household) == Some(&fact.live)
            || fact.live.is_some_and(|live| drawn.contains(&live));
        match fact.stands_in_the_way(Deed::Pass) {
            Some(why) => *left.entry(why).or_default() += 1,
            None if as_seen => drop(wanted.insert(fact.household, fact.live)),
            None => *left.entry(Why::Changed).or_default() += 1,
        }
    }
    if wanted.is_empty() {
        return Ok(Printed::Nobody(left));
    }
    let Ok(wish) = Wish::new(said.layout, Sort::Street, 1, For::Seen(wanted)) else {
        return Ok(Printed::Nobody(left));
    };
    match print_as(state, leader.community, leader.by, &wish, id).await {
        Ok(printing) => Ok(sheets(said, &printing)),
        Err(problem) if problem.is_ours() => Err(Turned::Later),
        Err(problem) => {
            let page = astray(problem.status(), say!("chasing-no-pass"), &[&problem.told()]);
            Ok(Printed::Answered(page.into_response()))
        }
    }
}

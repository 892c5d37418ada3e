//! `/problems`: whom a leader has to chase, by what helps, with a button for each.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{Query as Parameters, State, rejection::FormRejection},
    response::{IntoResponse, Redirect, Response},
};
use porchlight_shared::domain::{Channel, ContactId, DeliveryId, HouseholdId};
use serde::Deserialize;

use super::{Frame, Place, board};
use crate::{
    board::{
        deciding::{Choice, decide},
        problems::{self, MOST, Problem},
        session::{Leader, SameOrigin, Turned},
        words::Group,
    },
    chasing::retry,
    pages::private,
    passes::{
        paper::Layout,
        printing::print,
        request::{For, Sort, Wish},
    },
    state::AppState,
};

struct Row {
    household: HouseholdId,
    delivery: DeliveryId,
    contact: ContactId,
    who: String,
    unit: Option<String>,
    to: Option<String>,
    is_text: bool,
    what: Option<&'static str>,
}

struct Section {
    word: &'static str,
    title: &'static str,
    said: &'static str,
    count: String,
    /// What the button says that sends them again.
    again: Option<String>,
    /// Whether they may have arrived.
    unknown: bool,
    /// What the button says that prints passes.
    print: Option<String>,
    wants_address: bool,
    rows: Vec<Row>,
    seen: usize,
}

#[derive(Template)]
#[template(path = "board/problems.html")]
struct ProblemsPage<'a> {
    frame: Frame<'a>,
    total: String,
    told: Option<String>,
    texts: bool,
    /// How many there are at most, if these are as many.
    more: Option<i64>,
    sections: Vec<Section>,
}

/// What was just done.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Done {
    #[serde(default, rename = "done")]
    what: String,
    #[serde(default)]
    certain: usize,
    #[serde(default)]
    unknown: usize,
    #[serde(default)]
    left: usize,
}

impl Done {
    fn told(&self) -> Option<String> {
        let left = (self.left > 0).then(|| say!("problems-told-left", count = self.left));
        let told = match self.what.as_str() {
            "retried" => {
                let certain = say!("problems-told-again", count = self.certain);
                let unknown =
                    (self.unknown > 0).then(|| say!("problems-told-again-unknown", count = self.unknown));
                [Some(certain), unknown, left]
            }
            "changed" => [Some(say!("problems-told-changed").to_owned()), None, None],
            "left_alone" => [Some(say!("problems-told-left-alone").to_owned()), None, left],
            _ => return None,
        };
        Some(told.into_iter().flatten().collect::<Vec<_>>().join(" "))
    }
}

fn row(problem: Problem) -> Row {
    let named = problem.name.or_else(|| problem.to.clone()).or_else(|| problem.unit.clone());
    let who = named.unwrap_or_else(|| say!("household-nameless").to_owned());
    Row {
        household: problem.household,
        delivery: problem.delivery,
        contact: problem.contact,
        unit: problem.unit.filter(|unit| *unit != who),
        to: problem.to.filter(|to| *to != who),
        who,
        is_text: problem.channel == Channel::Text,
        what: problem.words.map(|words| words.what),
    }
}

fn section(group: Group, problems: Vec<Problem>) -> Section {
    let count = problems.len();
    Section {
        word: group.as_str(),
        title: group.title(),
        said: group.said(),
        again: group.is_tried_again().then(|| say!("problems-again", count = count)),
        unknown: group == Group::Decide,
        print: (group != Group::Decide).then(|| say!("problems-print", count = count)),
        wants_address: group.wants_address(),
        count: say!("households-count", count = count),
        seen: count,
        rows: problems.into_iter().map(row).collect(),
    }
}

pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Parameters(done): Parameters<Done>,
) -> Result<Response, Turned> {
    let mut found = problems::read(&state.pool, leader.community).await?;
    let total = i64::try_from(found.len()).unwrap_or(i64::MAX);
    let mut sections = Vec::new();
    for group in Group::ALL {
        let (these, others) = found.into_iter().partition(|problem| problem.group == *group);
        found = others;
        let these: Vec<Problem> = these;
        if !these.is_empty() {
            sections.push(section(*group, these));
        }
    }
    Ok(board(&ProblemsPage {
        frame: Frame::of(&leader, Place::Households),
        total: say!("problems-total", count = total),
        told: done.told(),
        texts: state.texts.is_some(),
        more: (total >= MOST).then_some(MOST),
        sections,
    }))
}

/// Which group, and how many households of it were seen.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    group: String,
    #[serde(default)]
    seen: usize,
}

async fn chosen(
    state: &AppState,
    leader: &Leader,
    form: Result<Form<Chosen>, FormRejection>,
) -> sqlx::Result<Option<(Group, Vec<Problem>)>> {
    let Ok(Form(form)) = form else { return Ok(None) };
    let Some(group) = Group::from_word(&form.group) else { return Ok(None) };
    let mut found = problems::read(&state.pool, leader.community).await?;
    found.retain(|problem| problem.group == group);
    // Nothing is done to households that nobody saw.
    Ok((found.len() == form.seen).then_some((group, found)))
}

fn back() -> Response {
    private(Redirect::to("/problems?done=changed"))
}

/// Sends a group's messages again.
pub(super) async fn again(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    form: Result<Form<Chosen>, FormRejection>,
) -> Result<Response, Turned> {
    let Some((group, found)) = chosen(&state, &leader, form).await? else { return Ok(back()) };
    if !group.is_tried_again() {
        return Ok(back());
    }
    let deliveries: Vec<_> = found.iter().map(|problem| problem.delivery).collect();
    let Ok(retried) = retry::all(&state, leader.actor(), &deliveries, None).await else {
        return Err(Turned::Later);
    };
    let retry::Retried { certain, unknown, left } = retried;
    let page = format!("/problems?done=retried&certain={certain}&unknown={unknown}&left={left}");
    Ok(private(Redirect::to(&page)))
}

/// Leaves at that what may have arrived.
pub(super) async fn leave(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    form: Result<Form<Chosen>, FormRejection>,
) -> Result<Response, Turned> {
    let Some((Group::Decide, found)) = chosen(&state, &leader, form).await? else { return Ok(back()) };
    let mut left = 0;
    for problem in &found {
        match decide(&state, leader.actor(), problem.delivery, Choice::Leave).await {
            Ok(Ok(_)) => {}
            Err(problem) if problem.is_ours() => return Err(Turned::Later),
            Ok(Err(_)) | Err(_) => left += 1,
        }
    }
    Ok(private(Redirect::to(&format!("/problems?done=left_alone&left={left}"))))
}

/// Prints passes for a group.
pub(super) async fn passes(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    form: Result<Form<Chosen>, FormRejection>,
) -> Result<Response, Turned> {
    let Some((_, found)) = chosen(&state, &leader, form).await? else { return Ok(back()) };
    let households: Vec<_> = found.iter().map(|problem| problem.household).collect();
    Ok(print_for(&state, &leader, households).await?.unwrap_or_else(back))
}

/// Prints passes for these households, as cards; `None`: there is nobody to print for.
pub(super) async fn print_for(
    state: &AppState,
    leader: &Leader,
    households: Vec<HouseholdId>,
) -> Result<Option<Response>, Turned> {
    let Ok(wish) = Wish::new(Layout::CardsLetter, Sort::Street, 1, For::These(households)) else {
        return Ok(None);
    };
    match print(state, leader.community, leader.by, &wish).await {
        Ok(printing) => Ok(Some(private(Redirect::to(&format!("/passes/{}", printing.id))).into_response())),
        Err(problem) if problem.is_ours() => Err(Turned::Later),
        Err(_) => Ok(None),
    }
}

//! `/households`: everybody, where each stands, and what to do about it.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Query as Parameters, State},
    response::Response,
};
use porchlight_shared::domain::HouseholdId;
use serde::Deserialize;

use super::{
    Frame, Place, board, counted, moment, number,
    search::{Form, Search, Turning},
};
use crate::{
    board::{
        households::{self, After, Household, Standing},
        session::{Leader, Turned},
        words::{Bucket, Words},
    },
    state::AppState,
};

/// What the page's address asks for; what cannot be read is left out.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Query {
    /// Whom: a standing's word.
    #[serde(flatten)]
    search: Search,
    /// After which unit, and after which of its households, the page begins.
    #[serde(default)]
    unit: String,
    #[serde(default)]
    after: String,
}

impl Query {
    fn after(&self) -> Option<After> {
        Some((self.unit.replace('\0', ""), self.after.parse().ok()?))
    }
}

struct Filter {
    word: &'static str,
    title: &'static str,
    told: String,
    link: String,
    chosen: bool,
}

pub(super) struct Row {
    pub(super) who: String,
    pub(super) unit: Option<String>,
    word: &'static str,
    pub(super) title: &'static str,
    since: Option<String>,
    to: Option<String>,
    id: HouseholdId,
    pub(super) words: Option<Words>,
    pass: Option<String>,
    needs: bool,
}

#[derive(Template)]
#[template(path = "board/households.html")]
struct HouseholdsPage<'a> {
    frame: Frame<'a>,
    total: String,
    everybody: String,
    any: bool,
    filters: Vec<Filter>,
    chosen: Option<Standing>,
    form: Form,
    rows: Vec<Row>,
    turning: Turning,
}

pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Parameters(asked): Parameters<Query>,
) -> Result<Response, Turned> {
    let search = &asked.search;
    let (chosen, words) = (Standing::from_word(&search.show), search.words());
    let counts = households::counts(&state.pool, leader.community).await?;
    let (found, more) =
        households::list(&state.pool, leader.community, chosen, words.as_deref(), asked.after()).await?;
    let next = found.last().filter(|_| more).map(|last| {
        let (unit, household) = &last.after;
        search.link(&search.show, &[("unit", unit), ("after", &household.to_string())])
    });
    let now = leader.now.to_zoned(leader.zone.clone());
    let rows = found.into_iter().map(|household| row(household, &now));
    let filters = Standing::ALL.into_iter().map(|standing| Filter {
        word: standing.as_str(),
        title: standing.title(),
        told: number(counts[standing.as_str()]),
        link: search.link(standing.as_str(), &[]),
        chosen: chosen == Some(standing),
    });
    let total: i64 = counts.values().sum();
    let all = counted(total, "household", "households");
    Ok(board(&HouseholdsPage {
        frame: Frame::of(&leader, Place::Households),
        total: match chosen {
            Some(standing) => format!("{} of {all}", number(counts[standing.as_str()])),
            None => all,
        },
        everybody: number(total),
        any: total > 0,
        filters: filters.collect(),
        chosen,
        form: search.form("/households#list".to_owned(), chosen.map_or("", Standing::as_str)),
        rows: rows.collect(),
        turning: Turning { first: asked.after().map(|_| search.link(&search.show, &[])), next },
    }))
}

pub(super) fn row(household: Household, now: &jiff::Zoned) -> Row {
    let named = household.name.or_else(|| household.to.clone()).or_else(|| household.unit.clone());
    let who = named.unwrap_or_else(|| "Details deleted".to_owned());
    Row {
        unit: household.unit.filter(|unit| *unit != who),
        to: household.to.filter(|to| *to != who),
        who,
        word: household.standing.as_str(),
        title: household.standing.title(),
        since: household.joined_at.or(household.since).map(|at| moment(at, now)),
        id: household.id,
        words: household.words.filter(|_| !matches!(household.standing, Standing::Invited(Bucket::Sent))),
        pass: household.pass.filter(|_| household.joined_at.is_none()).map(|(serial, handed_over_at)| {
            match handed_over_at {
                Some(at) => format!("A pass was handed over {}.", moment(at, now)),
                None => format!("Pass {serial:06} is printed, and not marked as handed over."),
            }
        }),
        needs: household.standing == Standing::Invited(Bucket::Problem),
    }
}

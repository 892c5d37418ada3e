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
    Frame, Place, board,
    choosing::{
        self,
        form::{self, Back},
        words,
    },
    moment, number,
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
    /// What was just done, at how many, and at how many not.
    #[serde(default)]
    done: String,
    #[serde(default)]
    did: String,
    #[serde(default)]
    left: String,
    #[serde(default)]
    more: String,
    /// What was chosen before, for whoever comes back to choose otherwise.
    #[serde(default)]
    chosen: String,
}

impl Query {
    fn after(&self) -> Option<After> {
        Some((self.unit.replace('\0', ""), self.after.parse().ok()?))
    }

    fn back(&self) -> Back {
        Back {
            search: self.search.clone(),
            unit: self.unit.clone(),
            after: self.after.clone(),
            chosen: self.chosen.clone(),
        }
    }

    fn told(&self) -> Option<Told> {
        let fault = match self.done.as_str() {
            "choose" => Some(say!("choosing-fault-nobody").to_owned()),
            "too_many" => Some(say!("choosing-fault-too-many", most = choosing::MOST_MATCHING)),
            _ => None,
        };
        if let Some(fault) = fault {
            return Some(Told { what: fault, left: Vec::new(), fault: true });
        }
        let what = words::told(&self.done, self.did.parse().unwrap_or_default())?;
        let mut left = words::left_lines(&form::left(&self.left));
        if let Some(more) = self.more.parse::<usize>().ok().filter(|more| *more > 0) {
            left.push(say!("choosing-left-for-later", count = more));
        }
        Some(Told { what, left, fault: false })
    }
}

/// What was done.
struct Told {
    what: String,
    left: Vec<String>,
    fault: bool,
}

/// How many the form can be told to mean, when they are more than the page shows.
fn offered(total: i64, shown: usize) -> Option<i64> {
    let more = i64::try_from(shown).is_ok_and(|shown| total > shown);
    (more && total <= choosing::MOST_MATCHING).then_some(total)
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
    chosen: bool,
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
    told: Option<Told>,
    back: Back,
    /// How many match, if that is more than the page shows.
    all: Option<i64>,
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
    let before = form::households(&asked.chosen);
    let rows: Vec<_> = found
        .into_iter()
        .map(|household| Row { chosen: before.contains(&household.id), ..row(household, &now) })
        .collect();
    let matching = match &words {
        None => chosen.map_or_else(|| counts.values().sum(), |standing| counts[standing.as_str()]),
        Some(_) if !more && asked.after().is_none() => i64::try_from(rows.len()).unwrap_or(i64::MAX),
        Some(words) => {
            let most = choosing::MOST_MATCHING + 1;
            let (found, _) =
                households::matching(&state.pool, leader.community, chosen, Some(words), most).await?;
            i64::try_from(found.len()).unwrap_or(i64::MAX)
        }
    };
    let filters = Standing::ALL.into_iter().map(|standing| Filter {
        word: standing.as_str(),
        title: standing.title(),
        told: number(counts[standing.as_str()]),
        link: search.link(standing.as_str(), &[]),
        chosen: chosen == Some(standing),
    });
    let total: i64 = counts.values().sum();
    Ok(board(&HouseholdsPage {
        frame: Frame::of(&leader, Place::Households),
        total: match chosen {
            Some(standing) => say!("households-some", count = counts[standing.as_str()], all = total),
            None => say!("households-count", count = total),
        },
        everybody: number(total),
        any: total > 0,
        filters: filters.collect(),
        chosen,
        form: search.form("/households#list".to_owned(), chosen.map_or("", Standing::as_str)),
        told: asked.told(),
        all: offered(matching, rows.len()),
        back: asked.back(),
        rows,
        turning: Turning { first: asked.after().map(|_| search.link(&search.show, &[])), next },
    }))
}

pub(super) fn row(household: Household, now: &jiff::Zoned) -> Row {
    let named = household.name.or_else(|| household.to.clone()).or_else(|| household.unit.clone());
    let who = named.unwrap_or_else(|| say!("household-forgotten").to_owned());
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
                Some(at) => say!("households-pass-handed-over", at = moment(at, now)),
                None => say!("households-pass-printed", serial = format!("{serial:06}")),
            }
        }),
        chosen: false,
        needs: household.standing == Standing::Invited(Bucket::Problem),
    }
}

//! `/households`: everybody, where each stands, and what to do about it.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Query as Parameters, State},
    response::Response,
};
use porchlight_shared::domain::HouseholdId;
use serde::Deserialize;
use url::form_urlencoded;

use super::{Frame, Place, board, counted, moment, number, searched};
use crate::{
    board::{
        households::{self, Household, Standing},
        session::{Leader, Turned},
        words::{Bucket, Words},
    },
    state::AppState,
};

/// What the page's address asks for; what cannot be read is left out.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Query {
    #[serde(default)]
    show: String,
    #[serde(default)]
    q: String,
    /// After which unit, and after which of its households, the page begins.
    #[serde(default)]
    unit: String,
    #[serde(default)]
    after: String,
}

impl Query {
    fn after(&self) -> Option<(String, HouseholdId)> {
        Some((self.unit.replace('\0', ""), self.after.parse().ok()?))
    }

    fn query(&self, show: &str, after: Option<&(String, HouseholdId)>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("show", show), ("q", &*searched(&self.q))] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        if let Some((unit, id)) = after {
            query.append_pair("unit", unit).append_pair("after", &id.to_string());
        }
        query.finish()
    }
}

struct Filter {
    word: &'static str,
    title: &'static str,
    told: String,
    link: String,
    chosen: bool,
}

struct Row {
    who: String,
    unit: Option<String>,
    word: &'static str,
    title: &'static str,
    since: Option<String>,
    to: Option<String>,
    delivery: Option<String>,
    words: Option<Words>,
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
    searched: &'a str,
    rows: Vec<Row>,
    next: Option<String>,
    first: Option<String>,
}

pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Parameters(asked): Parameters<Query>,
) -> Result<Response, Turned> {
    let chosen = Standing::from_word(&asked.show);
    let typed = searched(&asked.q);
    let words = typed.to_lowercase();
    let words = (!words.is_empty()).then_some(words.as_str());
    let counts = households::counts(&state.pool, leader.community).await?;
    let (found, more) = households::list(&state.pool, leader.community, chosen, words, asked.after()).await?;
    let next = found.last().filter(|_| more).map(|last| asked.query(&asked.show, Some(&last.after)));
    let now = leader.now.to_zoned(leader.zone.clone());
    let rows = found.into_iter().map(|household| row(household, &now));
    let filters = Standing::ALL.into_iter().map(|standing| Filter {
        word: standing.as_str(),
        title: standing.title(),
        told: number(counts[standing.as_str()]),
        link: asked.query(standing.as_str(), None),
        chosen: chosen == Some(standing),
    });
    let total: i64 = counts.values().sum();
    Ok(board(&HouseholdsPage {
        frame: Frame::of(&leader, Place::Households),
        total: counted(total, "household", "households"),
        everybody: number(total),
        any: total > 0,
        filters: filters.collect(),
        chosen,
        searched: &typed,
        rows: rows.collect(),
        next,
        first: asked.after().map(|_| asked.query(&asked.show, None)),
    }))
}

fn row(household: Household, now: &jiff::Zoned) -> Row {
    let named = household.name.or_else(|| household.to.clone()).or_else(|| household.unit.clone());
    Row {
        who: named.unwrap_or_else(|| "Details deleted".to_owned()),
        unit: household.unit,
        word: household.standing.as_str(),
        title: household.standing.title(),
        since: household.joined_at.or(household.since).map(|at| moment(at, now)),
        to: household.to,
        delivery: household.delivery.map(|delivery| delivery.to_string()),
        words: household.words.filter(|_| !matches!(household.standing, Standing::Invited(Bucket::Sent))),
        needs: household.standing == Standing::Invited(Bucket::Problem),
    }
}

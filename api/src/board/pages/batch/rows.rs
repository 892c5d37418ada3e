//! The list of a batch's deliveries, a page at a time: whom each is for, where it stands, what that means, what comes next.

use askama::Template;
use jiff::{Zoned, tz::TimeZone};
use porchlight_shared::domain::{BatchId, DeliveryState};

use super::query::Query;
use crate::{
    board::{
        deliveries::{self, DeliveryPage, DeliveryRow, View},
        pages::{moment, search::Turning},
        words::{Bucket, JOINED},
    },
    state::AppState,
};

/// One row as it is shown.
struct Row {
    id: String,
    who: String,
    unit: Option<String>,
    /// Unless that is what they are called here.
    to: Option<String>,
    word: &'static str,
    title: &'static str,
    since: String,
    what: Option<&'static str>,
    next_step: Option<&'static str>,
    next_at: Option<String>,
    needs: bool,
    decide: bool,
}

impl Row {
    fn of(row: DeliveryRow, now: &Zoned) -> Self {
        let bucket = Bucket::of(row.state);
        let (word, title, since) = match row.joined_at {
            Some(at) => (JOINED, say!("household-joined"), at),
            None => (bucket.as_str(), bucket.title(), row.since),
        };
        let words = row.words.filter(|_| row.joined_at.is_none() && bucket != Bucket::Sent);
        let who =
            row.name.or_else(|| row.to.clone()).unwrap_or_else(|| say!("household-forgotten").to_owned());
        Self {
            id: row.id.to_string(),
            to: row.to.filter(|to| *to != who),
            who,
            unit: row.unit,
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
            decide: row.state == DeliveryState::NeedsDecision && row.joined_at.is_none(),
        }
    }
}

#[derive(Template)]
#[template(path = "board/rows.html")]
pub(super) struct Rows {
    shown: Vec<Row>,
    filtered: bool,
    turning: Turning,
}

pub(super) fn rows_of(page: DeliveryPage, asked: &Query, view: &View, now: &Zoned) -> Rows {
    let filtered = !view.states.is_empty() || view.joined.is_some() || view.words.is_some() || view.after > 0;
    Rows {
        shown: page.items.into_iter().map(|row| Row::of(row, now)).collect(),
        filtered,
        turning: Turning {
            first: (view.after > 0).then(|| asked.from("")),
            next: page.next_cursor.map(|cursor| asked.from(&cursor)),
        },
    }
}

/// A part of a batch's rows as HTML.
///
/// # Errors
/// When the ledger does not answer.
pub async fn rows(state: &AppState, batch: BatchId, zone: &TimeZone, asked: &Query) -> sqlx::Result<String> {
    let view = asked.view();
    let page = deliveries::read(&state.pool, batch, &view).await?;
    let now = page.at.unwrap_or_default().to_zoned(zone.clone());
    Ok(rows_of(page, asked, &view, &now).render().expect("a template renders"))
}

//! `/report`: how the community stands, for a meeting: to read, to print, and to take away. [`file`] is the same as a file, a
//! row for each household, of [`cells`].

mod cells;
pub(super) mod file;

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use jiff::Zoned;
use porchlight_shared::domain::Channel;

use super::{
    Frame, Place, board,
    chart::{Chart, chart},
    households as listed, number, overview,
};
use crate::{
    board::{
        batch,
        households::{self, Household, Standing},
        report::{self, OnPaper, Way},
        session::{Leader, Turned},
        words::{Bucket, JOINED},
    },
    state::AppState,
};

/// How many of the newest batches are shown.
const BATCHES: i64 = 5;
/// How many of those who have not joined are shown: more would not load quickly on a phone. The file has all.
const SHOWN: i64 = 250;

struct Line {
    word: &'static str,
    title: &'static str,
    count: String,
    means: &'static str,
}

/// One that has not joined.
struct Row {
    who: String,
    unit: Option<String>,
    title: &'static str,
    since: Option<String>,
    means: Option<&'static str>,
}

/// What became of the invitations, by e-mail and by text.
struct Fate {
    title: &'static str,
    counts: [String; 2],
}

#[derive(Template)]
#[template(path = "board/report.html")]
struct Report<'a> {
    frame: Frame<'a>,
    as_of: String,
    any: bool,
    joined: i64,
    households: i64,
    percent: i64,
    chart: Option<Chart>,
    lines: Vec<Line>,
    total: String,
    /// Empty: nobody was written to.
    fates: Vec<Fate>,
    paper: Option<String>,
    batches: Vec<overview::Batch>,
    not_joined: i64,
    rows: Vec<Row>,
    more: bool,
}

pub(super) async fn show(State(state): State<Arc<AppState>>, leader: Leader) -> Result<Response, Turned> {
    let (pool, community) = (&state.pool, leader.community);
    let counts = households::counts(pool, community).await?;
    let joins = households::joins_by_day(pool, community, leader.zone.iana_name().unwrap_or("UTC")).await?;
    let ways = report::ways(pool, community).await?;
    let paper = report::on_paper(pool, community).await?;
    let batches = batch::newest(pool, community, BATCHES).await?;
    let (rows, more) = households::not_joined(pool, community, SHOWN).await?;
    let now = leader.now.to_zoned(leader.zone.clone());
    let all: i64 = counts.values().sum();
    let joined = counts[JOINED];
    let lines = Standing::ALL.into_iter().map(|standing| Line {
        word: standing.as_str(),
        title: standing.title(),
        count: number(counts[standing.as_str()]),
        means: standing.means(),
    });
    Ok(board(&Report {
        frame: Frame::of(&leader, Place::Overview),
        as_of: now.strftime("%A %-d %B %Y, %H:%M").to_string(),
        any: all > 0,
        joined,
        households: all,
        percent: joined * 100 / all.max(1),
        chart: chart(&joins, all, now.date()),
        lines: lines.collect(),
        total: number(all),
        fates: fates(&ways),
        paper: (paper.households > 0).then(|| told(paper)),
        batches: batches.iter().map(|batch| overview::told(batch, &now)).collect(),
        not_joined: all - joined,
        rows: rows.into_iter().map(|household| row(household, &now)).collect(),
        more,
    }))
}

fn row(household: Household, now: &Zoned) -> Row {
    let since = household.since.map(|at| at.to_zoned(now.time_zone().clone()));
    let pass = household.pass.map(|(_, handed_over_at)| match handed_over_at {
        Some(_) => say!("report-pass-handed-over"),
        None => say!("report-pass-printed"),
    });
    let listed = listed::row(household, now);
    Row {
        who: listed.who,
        unit: listed.unit,
        title: listed.title,
        since: since
            .map(|at| at.strftime(if at.year() == now.year() { "%-d %b" } else { "%-d %b %Y" }).to_string()),
        means: listed.words.map(|words| words.what).or(pass),
    }
}

/// A line for all, one for each thing that became of them, which sum to that, and one for those who joined.
fn fates(ways: &[(Channel, Way); 2]) -> Vec<Fate> {
    if ways.iter().all(|(_, way)| way.households == 0) {
        return Vec::new();
    }
    let fate = |title, count: &dyn Fn(&Way) -> i64| {
        let mut counts = [Channel::Email, Channel::Text].map(|_| "0".to_owned());
        for (told, wanted) in counts.iter_mut().zip([Channel::Email, Channel::Text]) {
            let way = ways.iter().find(|(channel, _)| *channel == wanted);
            *told = number(way.map_or(0, |(_, way)| count(way)));
        }
        Fate { title, counts }
    };
    let of = |way: &Way, buckets: &[Bucket]| -> i64 {
        buckets.iter().filter_map(|bucket| way.buckets.get(bucket)).sum()
    };
    vec![
        fate(say!("report-households"), &|way| way.households),
        fate(say!("report-ways-delivered"), &|way| of(way, &[Bucket::Delivered])),
        fate(say!("report-ways-sent"), &|way| of(way, &[Bucket::Sent])),
        fate(say!("report-ways-on-the-way"), &|way| {
            of(way, &[Bucket::Waiting, Bucket::Sending, Bucket::Checking])
        }),
        fate(say!("report-ways-problem"), &|way| of(way, &[Bucket::Problem])),
        fate(say!("report-ways-not-sent"), &|way| of(way, &[Bucket::NotSent])),
        fate(say!("report-ways-joined"), &|way| way.joined),
    ]
}

fn told(paper: OnPaper) -> String {
    say!("report-on-paper", count = paper.households, handed = paper.handed_over, joined = paper.joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_invitations_sums() {
        let buckets = Bucket::ALL.into_iter().zip(1..).collect();
        let email = Way { households: 28, joined: 3, buckets };
        let fates = fates(&[(Channel::Text, Way::default()), (Channel::Email, email)]);
        let counts: Vec<i64> = fates.iter().map(|fate| fate.counts[0].parse().unwrap()).collect();
        assert_eq!(counts[1..6].iter().sum::<i64>(), counts[0]);
        assert!(fates.iter().all(|fate| fate.counts[1] == "0"));
        assert!(
            super::fates(&[(Channel::Text, Way::default()), (Channel::Email, Way::default())]).is_empty()
        );
    }
}

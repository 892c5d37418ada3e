//! `/`: where a leader arrives. How many have joined, where all others stand, and the newest batches.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use jiff::Zoned;
use porchlight_shared::domain::{BatchId, PauseReason};

use super::{
    Frame, Place,
    batch::title,
    board,
    chart::{Chart, chart},
    moment, number,
};
use crate::{
    asked,
    board::{
        batch::{self, BatchStatus},
        households::{self, Standing},
        session::{Leader, Turned},
        words::{Bucket, JOINED},
    },
    state::AppState,
};

/// How many of the newest batches are shown.
const BATCHES: i64 = 20;

struct Tile {
    word: &'static str,
    title: &'static str,
    told: String,
    none: bool,
}

pub(super) struct Batch {
    pub(super) id: BatchId,
    pub(super) title: String,
    pub(super) created: String,
    pub(super) state: String,
    /// What was sent, of a hundred.
    pub(super) sent: i64,
    pub(super) problems: Option<String>,
}

#[derive(Template)]
#[template(path = "board/overview.html")]
struct Overview<'a> {
    frame: Frame<'a>,
    households: i64,
    any: bool,
    joined: i64,
    percent: i64,
    tiles: Vec<Tile>,
    problems: Option<String>,
    requests: Option<String>,
    chart: Option<Chart>,
    batches: Vec<Batch>,
}

pub(super) async fn show(State(state): State<Arc<AppState>>, leader: Leader) -> Result<Response, Turned> {
    let zone = leader.zone.iana_name().unwrap_or("UTC");
    let counts = households::counts(&state.pool, leader.community).await?;
    let joins = households::joins_by_day(&state.pool, leader.community, zone).await?;
    let now = leader.now.to_zoned(leader.zone.clone());
    let batches = batch::newest(&state.pool, leader.community, BATCHES).await?;
    let requests = asked::ledger::count(&state.pool, leader.community).await?;
    let all: i64 = counts.values().sum();
    let (joined, problems) = (counts[JOINED], counts[Bucket::Problem.as_str()]);
    let tiles = Standing::ALL.into_iter().map(|standing| {
        let count = counts[standing.as_str()];
        Tile { word: standing.as_str(), title: standing.title(), told: number(count), none: count == 0 }
    });
    Ok(board(&Overview {
        frame: Frame::of(&leader, Place::Overview),
        households: all,
        any: all > 0,
        joined,
        percent: joined * 100 / all.max(1),
        tiles: tiles.collect(),
        problems: (problems > 0).then(|| say!("overview-problems", count = problems)),
        requests: (requests > 0).then(|| say!("overview-requests", count = requests)),
        chart: chart(&joins, all, now.date()),
        batches: batches.iter().map(|batch| told(batch, &now)).collect(),
    }))
}

pub(super) fn told(batch: &BatchStatus, now: &Zoned) -> Batch {
    let count = |bucket: Bucket| batch.bucket(bucket);
    let (open, problems) = (count(Bucket::Waiting) + count(Bucket::Sending), count(Bucket::Problem));
    let state = if batch.cancelled_at.is_some() {
        say!("overview-batch-cancelled").to_owned()
    } else if batch.paused_at.is_some() && open > 0 {
        let by_itself = batch.paused_for.is_some_and(|reason| reason != PauseReason::Leader);
        if by_itself {
            say!("overview-batch-paused-by-itself", count = open)
        } else {
            say!("overview-batch-paused", count = open)
        }
    } else if open > 0 {
        say!("overview-batch-open", count = open)
    } else if batch.finished_at.is_none() && count(Bucket::Checking) > 0 {
        say!("overview-batch-checking").to_owned()
    } else {
        say!("overview-batch-done").to_owned()
    };
    let total = i64::from(batch.total);
    let not_sent = open + count(Bucket::Checking) + problems + count(Bucket::NotSent);
    Batch {
        id: batch.id,
        title: title(batch.channel, total),
        created: moment(batch.created_at, now),
        state,
        sent: (total - not_sent) * 100 / total.max(1),
        problems: (problems > 0).then(|| say!("overview-batch-problems", count = problems)),
    }
}

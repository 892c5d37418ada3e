//! `/`: where a leader arrives. How many have joined, where all others stand, and the newest batches.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use jiff::Zoned;
use porchlight_shared::domain::{BatchId, Channel, CommunityId, DeliveryState};
use sqlx::PgPool;

use super::{
    Frame, Place,
    batch::title,
    board,
    chart::{Chart, chart},
    counted, moment, number,
};
use crate::{
    board::{
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

struct Batch {
    id: BatchId,
    title: String,
    created: String,
    state: String,
    /// What was sent, of a hundred.
    sent: i64,
    problems: Option<String>,
}

#[derive(Template)]
#[template(path = "board/overview.html")]
struct Overview<'a> {
    frame: Frame<'a>,
    households: String,
    any: bool,
    joined: String,
    percent: i64,
    tiles: Vec<Tile>,
    problems: Option<String>,
    chart: Option<Chart>,
    batches: Vec<Batch>,
}

pub(super) async fn show(State(state): State<Arc<AppState>>, leader: Leader) -> Result<Response, Turned> {
    let zone = leader.zone.iana_name().unwrap_or("UTC");
    let counts = households::counts(&state.pool, leader.community).await?;
    let joins = households::joins_by_day(&state.pool, leader.community, zone).await?;
    let now = leader.now.to_zoned(leader.zone.clone());
    let batches = newest(&state.pool, leader.community, &now).await?;
    let all: i64 = counts.values().sum();
    let (joined, problems) = (counts[JOINED], counts[Bucket::Problem.as_str()]);
    let tiles = Standing::ALL.into_iter().map(|standing| {
        let count = counts[standing.as_str()];
        Tile { word: standing.as_str(), title: standing.title(), told: number(count), none: count == 0 }
    });
    Ok(board(&Overview {
        frame: Frame::of(&leader, Place::Overview),
        households: counted(all, "household", "households"),
        any: all > 0,
        joined: number(joined),
        percent: joined * 100 / all.max(1),
        tiles: tiles.collect(),
        problems: (problems > 0)
            .then(|| counted(problems, "household has a problem", "households have a problem")),
        chart: chart(&joins, all, now.date()),
        batches,
    }))
}

async fn newest(pool: &PgPool, community: CommunityId, now: &Zoned) -> sqlx::Result<Vec<Batch>> {
    let rows = sqlx::query!(
        r#"SELECT b.id, b.channel, b.total, b.created_at, b.paused_at, b.cancelled_at, b.finished_at,
                  t.state AS "state?: DeliveryState", t.count - coalesce(j.count, 0) AS "count?"
           FROM (SELECT * FROM batches WHERE community_id = $1 ORDER BY id DESC LIMIT $2) AS b
           LEFT JOIN LATERAL (
               SELECT state, sum(count)::bigint AS count FROM tallies WHERE batch_id = b.id GROUP BY state
           ) AS t ON true
           LEFT JOIN (
               SELECT d.batch_id, d.state, count(*) AS count
               FROM (SELECT id FROM households WHERE community_id = $1 AND joined_at IS NOT NULL OFFSET 0) AS h
               CROSS JOIN LATERAL (SELECT id FROM invitations WHERE household_id = h.id OFFSET 0) AS i
               CROSS JOIN LATERAL (
                   SELECT batch_id, state FROM deliveries WHERE invitation_id = i.id AND newest OFFSET 0
               ) AS d
               GROUP BY 1, 2
           ) AS j ON j.batch_id = b.id AND j.state = t.state
           ORDER BY b.id DESC"#,
        community.uuid(),
        BATCHES,
    )
    .fetch_all(pool)
    .await?;
    let batches = rows.chunk_by(|one, other| one.id == other.id).map(|rows| {
        let first = &rows[0];
        let count = |wanted: &[Bucket]| -> i64 {
            let stands =
                |state: Option<DeliveryState>| state.is_some_and(|state| wanted.contains(&Bucket::of(state)));
            rows.iter().filter(|row| stands(row.state)).filter_map(|row| row.count).sum()
        };
        let channel: Channel = first.channel;
        let open = count(&[Bucket::Waiting, Bucket::Sending]);
        let state = if first.cancelled_at.is_some() {
            "The rest was cancelled".to_owned()
        } else if first.paused_at.is_some() && open > 0 {
            format!("Paused, {} to go", number(open))
        } else if open > 0 {
            format!("{} to go", number(open))
        } else if first.finished_at.is_none() && count(&[Bucket::Checking]) > 0 {
            "Being checked".to_owned()
        } else {
            "Done".to_owned()
        };
        let problems = count(&[Bucket::Problem]);
        Batch {
            id: first.id.into(),
            title: title(channel, first.total.into()),
            created: moment(first.created_at.to_jiff(), now),
            state,
            sent: (i64::from(first.total)
                - count(&[
                    Bucket::Waiting,
                    Bucket::Sending,
                    Bucket::Checking,
                    Bucket::Problem,
                    Bucket::NotSent,
                ]))
                * 100
                / i64::from(first.total).max(1),
            problems: (problems > 0).then(|| counted(problems, "problem", "problems")),
        }
    });
    Ok(batches.collect())
}

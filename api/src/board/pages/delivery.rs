//! `/deliveries/{delivery}`: what happened to one message, told like a story.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Query as Parameters, State},
    response::Response,
};
use jiff::Timestamp;
use porchlight_shared::domain::{Channel, DeliveryId, DeliveryState, HouseholdId};

use super::{
    Frame, Place, board,
    deciding::Pressed,
    moment, nothing_here,
    story::{Line, lines},
};
use crate::{
    board::{
        session::{Leader, Turned},
        timeline::{self, DeliveryStory, Event},
        words::{Bucket, JOINED, Words},
    },
    state::AppState,
};

#[derive(Template)]
#[template(path = "board/delivery.html")]
struct DeliveryPage<'a> {
    frame: Frame<'a>,
    id: String,
    told: Option<&'static str>,
    who: String,
    unit: Option<String>,
    to: Option<String>,
    to_title: &'static str,
    word: &'static str,
    title: &'static str,
    since: String,
    words: Option<Words>,
    next_at: Option<String>,
    decide: bool,
    /// Whether it certainly did not arrive, and may be tried again: its code still lets somebody in.
    again: bool,
    lines: Vec<Line>,
    batch: Option<String>,
    household: HouseholdId,
}

pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Path(delivery): Path<String>,
    Parameters(pressed): Parameters<Pressed>,
) -> Result<Response, Turned> {
    let Ok(delivery) = delivery.parse::<DeliveryId>() else { return Ok(nothing_here()) };
    let Some(story) = timeline::read(&state.pool, leader.community, delivery).await? else {
        return Ok(nothing_here());
    };
    let now = leader.now.to_zoned(leader.zone.clone());
    let bucket = Bucket::of(story.state);
    let undecided = story.state == DeliveryState::NeedsDecision && story.joined_at.is_none();
    let (word, title, since) = match story.joined_at {
        Some(at) => (JOINED, say!("household-joined"), at),
        // Nobody has to act any more.
        None if undecided && let Some(at) = sent_again_at(&story) => {
            (Bucket::Checking.as_str(), say!("delivery-sent-again"), at)
        }
        None => (bucket.as_str(), bucket.title(), story.since),
    };
    let lines = lines(&story, &now);
    let named = story.name.or_else(|| story.to.clone());
    Ok(board(&DeliveryPage {
        frame: Frame::of(&leader, Place::Elsewhere),
        id: story.id.to_string(),
        told: pressed.told(),
        decide: undecided && story.repeated_by.is_none(),
        again: matches!(story.state, DeliveryState::Failed | DeliveryState::Bounced)
            && story.joined_at.is_none()
            && !story.ended
            && story.repeated_by.is_none(),
        who: named.unwrap_or_else(|| say!("household-forgotten").to_owned()),
        unit: story.unit,
        to: story.to,
        to_title: match story.channel {
            Channel::Email => say!("delivery-email-to"),
            Channel::Text => say!("delivery-text-to"),
        },
        word,
        title,
        since: moment(since, &now),
        words: story.words.filter(|_| story.joined_at.is_none()),
        next_at: story.next_at.filter(|at| *at > now.timestamp()).map(|at| moment(at, &now)),
        lines,
        batch: story.batch.map(|batch| batch.to_string()),
        household: story.household,
    }))
}

fn sent_again_at(story: &DeliveryStory) -> Option<Timestamp> {
    story.timeline.iter().find_map(|event| match event {
        Event::SentAgain { at, .. } => Some(*at),
        _ => None,
    })
}

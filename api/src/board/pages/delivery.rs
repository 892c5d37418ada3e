//! `/deliveries/{delivery}`: what happened to one message, told like a story.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Query as Parameters, State},
    response::Response,
};
use jiff::{Timestamp, Zoned};
use porchlight_shared::domain::{
    AttemptOutcome, Channel, DeliveryId, DeliveryState, HoldReason, HouseholdId, ReceiptKind,
};

use super::{Frame, Place, board, deciding::Pressed, moment, nothing_here};
use crate::{
    board::{
        session::{Leader, Turned},
        timeline::{self, DeliveryStory, Event},
        words::{Bucket, JOINED, Words, clause},
    },
    state::AppState,
};

/// One line of the story.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    at: String,
    told: String,
    /// What the provider said, word for word.
    said: Option<String>,
    /// The page that goes on from here, and what it is.
    link: Option<(String, &'static str)>,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "board/delivery.html")]
struct DeliveryPage<'a> {
    frame: Frame<'a>,
    id: String,
    told: Option<&'static str>,
    who: String,
    unit: Option<String>,
    to: Option<String>,
    channel: &'static str,
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
        Some(at) => (JOINED, "Joined", at),
        // Nobody has to act any more.
        None if undecided && let Some(at) = sent_again_at(&story) => {
            (Bucket::Checking.as_str(), "Sent again", at)
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
        who: named.unwrap_or_else(|| "Details deleted".to_owned()),
        unit: story.unit,
        to: story.to,
        channel: way(story.channel),
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

const fn way(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "E-mail",
        Channel::Text => "Text message",
    }
}

/// The story's lines, the oldest first; the last says what comes next.
fn lines(story: &DeliveryStory, now: &Zoned) -> Vec<Line> {
    let mut lines: Vec<Line> = story.timeline.iter().map(|event| line(story.channel, event, now)).collect();
    if let (Some(earlier), Some(first)) = (story.repeats, lines.first_mut()) {
        "A leader had it sent again; the message was ready.".clone_into(&mut first.told);
        first.link = Some((format!("/deliveries/{earlier}"), "The earlier message"));
    }
    let next = story.next_at.filter(|at| *at > now.timestamp()).map(|at| moment(at, now));
    let ahead = match (story.state, next) {
        (DeliveryState::RetryWait, Some(at)) => Some((at, "Tried again.".to_owned())),
        (DeliveryState::Held, Some(at)) => {
            let goes = if story.held_reason == Some(HoldReason::ChannelClosed) {
                "The provider is tried again."
            } else {
                "It goes."
            };
            Some((at, goes.to_owned()))
        }
        (DeliveryState::Checking, Some(at)) => Some((at, "We look again what became of it.".to_owned())),
        _ => None,
    };
    if let Some((at, told)) = ahead {
        lines.push(Line { at, told, said: None, link: None, tone: "ahead" });
    }
    lines
}

fn line(channel: Channel, event: &Event, now: &Zoned) -> Line {
    let provider = match channel {
        Channel::Email => "the mail provider",
        Channel::Text => "the text provider",
    };
    let plain = |at, told: String, tone| Line { at: moment(at, now), told, said: None, link: None, tone };
    match event {
        Event::Created { at } => {
            plain(*at, "The list was accepted; the message was ready.".to_owned(), "plain")
        }
        Event::SentAgain { at, delivery } => Line {
            link: Some((format!("/deliveries/{delivery}"), "The newer message")),
            ..plain(*at, "A leader had it sent again.".to_owned(), "plain")
        },
        Event::Left { at } => plain(*at, "It was left at that.".to_owned(), "plain"),
        Event::Joined { at } => plain(*at, "The household joined.".to_owned(), "good"),
        Event::Sending { at, number, .. } => plain(*at, format!("{} is under way.", nth(*number)), "plain"),
        Event::Receipt { at, kind, reason, .. } => {
            let why = reason.map(|reason| format!(": {}", clause(reason))).unwrap_or_default();
            let (told, tone) = match kind {
                ReceiptKind::Accepted => {
                    (format!("{} says that it is on its way.", capital(provider)), "plain")
                }
                ReceiptKind::Delivered => (format!("{} says that it arrived.", capital(provider)), "good"),
                ReceiptKind::Bounced => {
                    (format!("{} says that it did not arrive{why}.", capital(provider)), "bad")
                }
                ReceiptKind::Complained => ("It arrived, and was reported as unwanted.".to_owned(), "bad"),
            };
            plain(*at, told, tone)
        }
        Event::Attempt { at, number, outcome, reason, reply, late, .. } => {
            let why = reason.map(|reason| format!(": {}", clause(reason))).unwrap_or_default();
            let (told, tone) = match outcome {
                AttemptOutcome::Accepted if *late => {
                    (format!("Handed to {provider}. That it was taken we learnt only later."), "good")
                }
                AttemptOutcome::Accepted => (format!("Handed to {provider}, which took it."), "good"),
                AttemptOutcome::RefusedPermanent => {
                    (format!("Handed to {provider}, which refused it{why}."), "bad")
                }
                AttemptOutcome::RefusedTemporary => (format!("Handed to {provider}{why}."), "wait"),
                AttemptOutcome::RefusedConfiguration => (
                    format!(
                        "{} takes nothing from us{why}. The household is not to blame.",
                        capital(provider)
                    ),
                    "wait",
                ),
                AttemptOutcome::NotSent => (format!("Not sent{why}."), "wait"),
                AttemptOutcome::Unknown => {
                    (format!("Handed to {provider}, and it may have arrived{why}."), "wait")
                }
            };
            let told = if *number > 1 { format!("{}: {}", nth(*number), small(&told)) } else { told };
            Line {
                said: reply.clone().filter(|_| *outcome != AttemptOutcome::Accepted),
                ..plain(*at, told, tone)
            }
        }
    }
}

fn nth(number: i32) -> String {
    match number {
        1 => "The first try".to_owned(),
        2 => "The second try".to_owned(),
        3 => "The third try".to_owned(),
        more => format!("Try {more}"),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn small(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use porchlight_shared::domain::AttemptReason;

    use super::*;

    fn now() -> Zoned {
        "2026-11-23T09:30:00-06:00[America/Chicago]".parse().unwrap()
    }

    fn attempt(number: i32, outcome: AttemptOutcome, reason: Option<AttemptReason>) -> Event {
        let at: Timestamp = "2026-11-23T15:02:00Z".parse().unwrap();
        let reply = reason.map(|_| "451 4.7.1 try again later".to_owned());
        Event::Attempt { at, number, ended_at: at, outcome, reason, reply, late: false }
    }

    #[test]
    fn a_story_reads_like_one() {
        let told = |event: &Event| line(Channel::Email, event, &now());
        let greylisted = told(&attempt(1, AttemptOutcome::RefusedTemporary, Some(AttemptReason::Greylisted)));
        assert_eq!(greylisted.at, "09:02");
        assert!(greylisted.told.starts_with("Handed to the mail provider: "), "{}", greylisted.told);
        assert_eq!(greylisted.said.as_deref(), Some("451 4.7.1 try again later"));
        let second = told(&attempt(2, AttemptOutcome::Accepted, None));
        assert_eq!(second.told, "The second try: handed to the mail provider, which took it.");
    }

    #[test]
    fn every_line_is_a_sentence() {
        use AttemptOutcome::{
            Accepted, NotSent, RefusedConfiguration, RefusedPermanent, RefusedTemporary, Unknown,
        };
        for channel in Channel::ALL {
            for outcome in
                [Accepted, NotSent, RefusedConfiguration, RefusedPermanent, RefusedTemporary, Unknown]
            {
                for &reason in AttemptReason::ALL {
                    for number in 1..5 {
                        let told = line(channel, &attempt(number, outcome, Some(reason)), &now()).told;
                        assert!(told.ends_with('.') && !told.contains(".."), "{told}");
                        assert!(told.starts_with(char::is_uppercase), "{told}");
                    }
                }
            }
        }
    }
}

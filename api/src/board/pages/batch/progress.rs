//! How far a batch is: a sentence, the bar, the tiles, the speed.
//!
//! The tiles sum to the batch's total, and the pieces of the bar to its length. What is said about the time that is left
//! is no more exact than it deserves.

use askama::Template;
use jiff::{Zoned, tz::TimeZone};
use porchlight_shared::domain::PauseReason;

use super::query::Query;
use crate::board::{
    batch::BatchStatus,
    pages::{moment, number},
    words::{Bucket, JOINED},
};

/// One of the counts: a link to its rows, and a piece of the bar.
pub(super) struct Count {
    word: &'static str,
    pub(super) title: &'static str,
    none: bool,
    told: String,
    link: String,
    pub(super) chosen: bool,
    /// Where its piece of the bar begins, and how long it is, in thousandths of the whole.
    from: i64,
    wide: i64,
}

/// From what is best to what is still to come: the bar fills from the left.
const ORDER: [Option<Bucket>; 8] = [
    None,
    Some(Bucket::Delivered),
    Some(Bucket::Sent),
    Some(Bucket::Sending),
    Some(Bucket::Checking),
    Some(Bucket::Problem),
    Some(Bucket::NotSent),
    Some(Bucket::Waiting),
];

fn tally(status: &BatchStatus, asked: &Query) -> Vec<Count> {
    let total = i64::from(status.total).max(1);
    let mut before = 0;
    let counts = ORDER.into_iter().map(|bucket| {
        let (word, title) = match bucket {
            Some(bucket) => (bucket.as_str(), bucket.title()),
            None => (JOINED, say!("household-joined")),
        };
        let count = status.buckets.get(word).copied().unwrap_or(0);
        let from = before * 1000 / total;
        before += count;
        let wide = before * 1000 / total - from;
        let (link, chosen) = (asked.showing(word), asked.search.show == word);
        Count { word, title, none: count == 0, told: number(count), link, chosen, from, wide }
    });
    counts.collect()
}

/// How far the batch is, in a sentence or two.
fn sentence(status: &BatchStatus, now: &Zoned) -> String {
    let count = |word: &str| status.counts.get(word).copied().unwrap_or(0);
    let (open, later, held) = (count("queued") + count("sending"), count("retry_wait"), count("held"));
    if open + later + held == 0 {
        return ended(
            status.bucket(Bucket::Problem),
            status.bucket(Bucket::NotSent),
            status.bucket(Bucket::Checking),
        );
    }
    if let Some(paused) = status.paused_at {
        let waiting = open + later + held - count("sending");
        return say!("batch-paused", count = waiting, since = moment(paused, now));
    }
    if status.channel_closed {
        let closed = say!("batch-channel-closed", count = open + later + held);
        let next = status.waits_until.map(|at| say!("batch-next-try", at = moment(at, now)));
        return [Some(closed), next].into_iter().flatten().collect::<Vec<_>>().join(" ");
    }
    let mut told = Vec::new();
    if open > 0 {
        told.push(to_go(open, status.eta_seconds));
    }
    if later > 0 {
        told.push(say!("batch-tried-again", count = later));
    }
    if held > 0 {
        told.push(match status.waits_until {
            Some(at) => say!("batch-held-until", count = held, at = moment(at, now)),
            None => say!("batch-held", count = held),
        });
    }
    told.join(" ")
}

/// Why it paused by itself, if it did and something still waits.
fn alarm(status: &BatchStatus) -> Option<String> {
    let by_itself = status.paused_for.is_some_and(|reason| reason != PauseReason::Leader);
    let words = status.paused_words.as_ref().filter(|_| by_itself && status.finished_at.is_none())?;
    Some(format!("{} {}", words.what, words.next_step))
}

/// What became of a batch of which nothing waits any more.
fn ended(problems: i64, not_sent: i64, checking: i64) -> String {
    let mut told = Vec::new();
    if problems > 0 {
        told.push(say!("batch-ended-problems", count = problems));
    }
    if not_sent > 0 {
        told.push(say!("batch-ended-not-sent", count = not_sent));
    }
    if told.is_empty() {
        told.push(say!("batch-ended-well").to_owned());
    }
    if checking > 0 {
        told.push(say!("batch-ended-checking", count = checking));
    }
    told.join(" ")
}

/// How many are still to go, and how long that takes, as exact as it deserves.
fn to_go(count: i64, seconds: Option<u64>) -> String {
    let Some(seconds) = seconds else { return say!("batch-to-go", count = count) };
    match seconds {
        0..=9 => say!("batch-to-go-few-seconds", count = count),
        10..=54 => say!("batch-to-go-seconds", count = count, seconds = (seconds + 5) / 10 * 10),
        55..=89 => say!("batch-to-go-minute", count = count),
        90..=5399 => say!("batch-to-go-minutes", count = count, minutes = (seconds + 30) / 60),
        5400..=172_799 => say!("batch-to-go-hours", count = count, hours = (seconds + 1800) / 3600),
        _ => say!("batch-to-go-days", count = count, days = (seconds + 43_200) / 86_400),
    }
}

fn rate(status: &BatchStatus) -> Option<String> {
    let moving = status.finished_at.is_none() && status.rate_per_second > 0.0;
    moving.then(|| match status.rate_per_second {
        rate if rate >= 1.0 => say!("batch-a-second", count = rate.round()),
        rate => say!("batch-a-minute", count = (rate * 60.0).round()),
    })
}

#[derive(Template)]
#[template(path = "board/progress.html")]
pub(super) struct Progress {
    sentence: String,
    /// Why it paused by itself.
    alarm: Option<String>,
    rate: Option<String>,
    started: Option<String>,
    finished: Option<String>,
    pub(super) counts: Vec<Count>,
    total: String,
    id: String,
    done: bool,
    can_pause: bool,
    can_resume: bool,
}

pub(super) fn progress_of(status: &BatchStatus, asked: &Query, now: &Zoned) -> Progress {
    let waits = status.bucket(Bucket::Waiting) > 0 && status.cancelled_at.is_none();
    Progress {
        sentence: sentence(status, now),
        alarm: alarm(status),
        rate: rate(status),
        started: status.started_at.map(|at| moment(at, now)),
        finished: status.finished_at.map(|at| moment(at, now)),
        counts: tally(status, asked),
        total: number(status.total.into()),
        id: status.id.to_string(),
        done: status.finished_at.is_some(),
        can_pause: waits && status.paused_at.is_none(),
        can_resume: waits && status.paused_at.is_some(),
    }
}

/// A batch's progress as HTML.
///
/// # Panics
/// Never: our templates write into memory.
#[must_use]
pub fn progress(status: &BatchStatus, zone: &TimeZone, asked: &Query) -> String {
    progress_of(status, asked, &status.at.to_zoned(zone.clone())).render().expect("a template renders")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_as_exactly_as_it_deserves() {
        for (seconds, told) in [
            (0, "a few seconds left"),
            (47, "about 50 seconds left"),
            (55, "about a minute left"),
            (75, "about a minute left"),
            (90, "about 2 minutes left"),
            (719, "about 12 minutes left"),
            (7_300, "about 2 hours left"),
            (200_000, "about 2 days left"),
        ] {
            assert_eq!(to_go(2_000, Some(seconds)), format!("2,000 to go, {told}."));
        }
    }

    #[test]
    fn what_ended_is_told_without_embellishment() {
        assert_eq!(ended(0, 0, 0), "Everything is sent.");
        assert_eq!(ended(0, 500, 0), "500 messages were not sent.");
        assert_eq!(
            ended(1, 0, 2),
            "Nothing more is sent by itself; 1 household has a problem. 2 messages are being checked."
        );
    }
}

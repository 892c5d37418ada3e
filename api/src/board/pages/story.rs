//! One message's story, told line by line.

use jiff::Zoned;
use porchlight_shared::domain::{AttemptOutcome, Channel, DeliveryState, HoldReason, ReceiptKind};

use super::moment;
use crate::board::{
    timeline::{DeliveryStory, Event},
    words::clause,
};

/// One line of the story.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) at: String,
    pub(super) told: String,
    /// What the provider said, word for word.
    pub(super) said: Option<String>,
    /// The page that goes on from here, and what it is.
    pub(super) link: Option<(String, &'static str)>,
    pub(super) tone: &'static str,
}

/// The lines, the oldest first; the last says what comes next.
pub(super) fn lines(story: &DeliveryStory, now: &Zoned) -> Vec<Line> {
    let mut lines: Vec<Line> = story.timeline.iter().map(|event| line(story.channel, event, now)).collect();
    if let (Some(earlier), Some(first)) = (story.repeats, lines.first_mut()) {
        say!("story-repeats").clone_into(&mut first.told);
        first.link = Some((format!("/deliveries/{earlier}"), say!("story-earlier")));
    }
    let next = story.next_at.filter(|at| *at > now.timestamp()).map(|at| moment(at, now));
    let ahead = match story.state {
        DeliveryState::RetryWait => Some(say!("story-ahead-retry")),
        DeliveryState::Held if story.held_reason == Some(HoldReason::ChannelClosed) => {
            Some(say!("story-ahead-provider"))
        }
        DeliveryState::Held => Some(say!("story-ahead-goes")),
        DeliveryState::Checking => Some(say!("story-ahead-looks")),
        _ => None,
    };
    if let (Some(told), Some(at)) = (ahead, next) {
        lines.push(Line { at, told: told.to_owned(), said: None, link: None, tone: "ahead" });
    }
    lines
}

fn line(channel: Channel, event: &Event, now: &Zoned) -> Line {
    let plain = |at, told: String, tone| Line { at: moment(at, now), told, said: None, link: None, tone };
    match event {
        Event::Created { at } => plain(*at, say!("story-created").to_owned(), "plain"),
        Event::SentAgain { at, delivery } => Line {
            link: Some((format!("/deliveries/{delivery}"), say!("story-newer"))),
            ..plain(*at, say!("story-sent-again").to_owned(), "plain")
        },
        Event::Left { at } => plain(*at, say!("story-left").to_owned(), "plain"),
        Event::Joined { at } => plain(*at, say!("story-joined").to_owned(), "good"),
        Event::Sending { at, number, .. } => plain(*at, say!("story-sending", number = *number), "plain"),
        Event::Receipt { at, kind, reason, .. } => {
            let (channel, why) = (channel.as_str(), reason.map_or("none", clause));
            let (told, tone) = match kind {
                ReceiptKind::Accepted => (say!("story-receipt-accepted", channel = channel), "plain"),
                ReceiptKind::Delivered => (say!("story-receipt-delivered", channel = channel), "good"),
                ReceiptKind::Bounced => (say!("story-receipt-bounced", channel = channel, why = why), "bad"),
                ReceiptKind::Complained => (say!("story-receipt-complained").to_owned(), "bad"),
            };
            plain(*at, told, tone)
        }
        Event::Attempt { at, number, outcome, reason, reply, late, .. } => {
            let (channel, why) = (channel.as_str(), reason.map_or("none", clause));
            let (told, tone) = match outcome {
                AttemptOutcome::Accepted if *late => (say!("story-accepted-late", channel = channel), "good"),
                AttemptOutcome::Accepted => (say!("story-accepted", channel = channel), "good"),
                AttemptOutcome::RefusedPermanent => {
                    (say!("story-refused", channel = channel, why = why), "bad")
                }
                AttemptOutcome::RefusedTemporary => {
                    (say!("story-put-off", channel = channel, why = why), "wait")
                }
                AttemptOutcome::RefusedConfiguration => {
                    (say!("story-turned-away", channel = channel, why = why), "wait")
                }
                AttemptOutcome::NotSent => (say!("story-not-sent", why = why), "wait"),
                AttemptOutcome::Unknown => (say!("story-unknown", channel = channel, why = why), "wait"),
            };
            let told =
                if *number > 1 { format!("{} {told}", say!("story-try", number = *number)) } else { told };
            Line {
                said: reply.clone().filter(|_| *outcome != AttemptOutcome::Accepted),
                ..plain(*at, told, tone)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
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
        assert_eq!(second.told, "The second try. Handed to the mail provider, which took it.");
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
                        assert!(
                            told.ends_with('.') && !told.contains("..") && !told.contains("none"),
                            "{told}"
                        );
                        assert!(told.starts_with(char::is_uppercase), "{told}");
                    }
                }
            }
        }
    }
}

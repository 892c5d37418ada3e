//! Why a batch is paused, in the style of the failure dictionary.

use porchlight_shared::domain::{Channel, PauseReason};
use serde::Serialize;
use utoipa::ToSchema;

use super::words::Who;

/// What a leader reads about a batch that is paused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PausedWords {
    /// What is so.
    pub what: String,
    /// Who has to act.
    pub who: Who,
    /// What to do.
    pub next_step: &'static str,
}

/// The words for a pause; `count` of `sends` rows caused it, if it came by itself.
#[must_use]
pub fn words(channel: Channel, reason: PauseReason, count: i64, sends: i64) -> PausedWords {
    let (what, next_step) = match (reason, channel) {
        (PauseReason::Leader, _) => {
            (say!("batch-paused-by-leader").to_owned(), say!("batch-paused-by-leader-next"))
        }
        (PauseReason::Bounces, Channel::Email) => {
            (say!("batch-paused-for-addresses", count = count, sends = sends), say!("batch-check-the-list"))
        }
        (PauseReason::Bounces, Channel::Text) => {
            (say!("batch-paused-for-numbers", count = count, sends = sends), say!("batch-check-the-list"))
        }
        (PauseReason::Complaints, _) => {
            (say!("batch-paused-for-complaints", count = count, sends = sends), say!("batch-make-sure"))
        }
    };
    PausedWords { what, who: Who::Leader, next_step }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_says_what_is_so_and_what_to_do() {
        use Channel::{Email, Text};
        use PauseReason::{Bounces, Complaints, Leader};
        for (channel, reason, count, sends, told) in [
            (Email, Leader, 0, 0, "The batch is paused. It goes on once you resume it, or cancel the rest."),
            (
                Email,
                Bounces,
                12,
                160,
                "Paused by itself: 12 of 160 addresses do not exist. Check the list, then resume or cancel the rest.",
            ),
            (
                Text,
                Bounces,
                60,
                1_200,
                "Paused by itself: 60 of 1,200 numbers do not exist or take no texts. Check the list, then resume or cancel the rest.",
            ),
            (
                Email,
                Complaints,
                1,
                200,
                "Paused by itself: 1 of 200 messages was reported as unwanted. Make sure that everybody on the list expects it, then resume or cancel the rest.",
            ),
        ] {
            let words = words(channel, reason, count, sends);
            assert_eq!(format!("{} {}", words.what, words.next_step), told);
            assert_eq!(words.who, Who::Leader);
        }
    }
}

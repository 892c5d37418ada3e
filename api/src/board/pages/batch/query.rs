//! What the page's address asks for.
//!
//! What cannot be read is left out: an address that somebody shortened still works. Two addresses that ask for the same
//! come to the same value, so that those who watch it share one view.

use serde::Deserialize;

use crate::board::{
    cursor,
    deliveries::View,
    pages::search::Search,
    words::{Bucket, JOINED},
};

/// How many rows a page shows.
const ON_A_PAGE: i64 = 50;

/// What the page's address asks for. What cannot be read is left out: an address that somebody shortened still works.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
pub struct Query {
    /// Which rows: a bucket's word, or `joined`.
    #[serde(flatten)]
    pub(super) search: Search,
    /// Where the page begins.
    #[serde(default)]
    pub(super) cursor: String,
    /// What was just done.
    #[serde(default)]
    done: String,
    /// How many messages were in flight when it was.
    #[serde(default)]
    in_flight: String,
}

impl Query {
    /// The rows that it asks for.
    #[must_use]
    pub fn view(&self) -> View {
        let bucket = Bucket::from_word(&self.search.show);
        View {
            states: bucket.into_iter().flat_map(Bucket::states).collect(),
            joined: match bucket {
                Some(_) => Some(false),
                None => (self.search.show == JOINED).then_some(true),
            },
            words: self.search.words(),
            after: cursor::read(&self.cursor).unwrap_or(0),
            limit: ON_A_PAGE,
        }
    }

    /// What is asked of the rows, as shortly as can be: who asks for the same watches the same.
    #[must_use]
    pub fn of_rows(&self) -> Self {
        let cursor = cursor::read(&self.cursor).filter(|row| *row > 0).map(cursor::after).unwrap_or_default();
        let search = Search { show: self.shown().to_owned(), q: self.search.typed() };
        Self { search, cursor, ..Self::default() }
    }

    /// The bucket that it asks for, if there is such a one.
    pub(super) fn shown(&self) -> &'static str {
        let show = &self.search.show;
        if show == JOINED { JOINED } else { Bucket::from_word(show).map_or("", Bucket::as_str) }
    }

    /// The address's query with another bucket, from the first row on.
    pub(super) fn showing(&self, show: &str) -> String {
        self.search.link(show, &[])
    }

    /// The address's query from another row on.
    pub(super) fn from(&self, cursor: &str) -> String {
        self.search.link(&self.search.show, &[("cursor", cursor)])
    }

    /// What was just done, in words.
    pub(super) fn told(&self) -> Option<String> {
        let in_flight = self.in_flight.parse().unwrap_or(0_i64).max(0);
        let done = match self.done.as_str() {
            "paused" => say!("batch-told-paused"),
            "resumed" => return Some(say!("batch-told-resumed").to_owned()),
            "accepted" => return Some(say!("batch-told-accepted").to_owned()),
            "cancelled" => say!("batch-told-cancelled"),
            _ => return None,
        };
        let under_way = match in_flight {
            0 => say!("batch-told-none-under-way").to_owned(),
            count => say!("batch-told-under-way", count = count),
        };
        Some(format!("{done} {under_way}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_makes_no_sense_shows_everything() {
        let asked = |show: &str, q: &str| Query {
            search: Search { show: show.into(), q: q.into() },
            cursor: "!".into(),
            ..Query::default()
        };
        let nonsense = asked("nonsense", "  ");
        assert_eq!(nonsense.view(), View { limit: ON_A_PAGE, ..View::default() });
        assert_eq!(nonsense.of_rows(), Query::default());
        let asked = asked("problem", " Elm ");
        assert_eq!(asked.view().words.as_deref(), Some("elm"));
        assert_eq!(asked.view().joined, Some(false));
        assert_eq!(asked.showing("sent"), "show=sent&q=Elm");
    }

    #[test]
    fn what_was_done_is_told_with_what_may_still_arrive() {
        let told = |done: &str, in_flight: &str| {
            Query { done: done.into(), in_flight: in_flight.into(), ..Query::default() }.told()
        };
        assert_eq!(
            told("paused", "1").unwrap(),
            "Paused: nothing more begins. 1 message was under way and may still arrive."
        );
        assert_eq!(told("cancelled", "0").unwrap(), "The rest is cancelled. Nothing was under way.");
        assert_eq!(told("resumed", "-4").unwrap(), "It goes on.");
        assert_eq!(told("<script>", "1"), None);
    }
}

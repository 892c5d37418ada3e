//! Whom a list's page shows, what is searched for, and how its pages are turned.

use askama::Template;
use serde::Deserialize;
use url::form_urlencoded;

/// The longest that is searched for, in characters.
const LONGEST: usize = 100;

/// The part of an address that says whom a list shows. Which words for that there are is the list's to say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
pub struct Search {
    /// Where those stand whom it shows; empty: anywhere.
    #[serde(default)]
    pub(super) show: String,
    /// What is searched for, as it came.
    #[serde(default)]
    pub(super) q: String,
}

impl Search {
    /// What is searched for, as it can be.
    pub(super) fn typed(&self) -> String {
        let told = self.q.trim().chars().filter(|letter| !letter.is_control());
        told.take(LONGEST).collect()
    }

    /// The same as it is compared; `None` when nothing is searched for.
    pub(super) fn words(&self) -> Option<String> {
        Some(self.typed().to_lowercase()).filter(|words| !words.is_empty())
    }

    /// The query of an address that shows `show` of the same search, from its first row, or from where `place` says.
    pub(super) fn link(&self, show: &str, place: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("show", show), ("q", &*self.typed())].iter().chain(place) {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }

    /// The form to search by, among those who stand at `show`; it leads to `action`.
    pub(super) fn form(&self, action: String, show: &'static str) -> Form {
        Form { action, show, typed: self.typed() }
    }
}

/// The form to search by.
#[derive(Template)]
#[template(path = "board/search.html")]
pub(super) struct Form {
    action: String,
    show: &'static str,
    typed: String,
}

/// Links to the first page of a list and to the next one, if there are such.
#[derive(Template)]
#[template(path = "board/turning.html")]
pub(super) struct Turning {
    pub(super) first: Option<String>,
    pub(super) next: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_short_and_leads_on() {
        let search = Search { show: "problem".into(), q: " Elm\u{0} Street ".into() };
        assert_eq!(search.words().unwrap(), "elm street");
        assert_eq!(search.link("sent", &[]), "show=sent&q=Elm+Street");
        assert_eq!(search.link("", &[("cursor", "x"), ("unit", "")]), "q=Elm+Street&cursor=x");
        let long = Search { q: "x".repeat(1_000), ..Search::default() };
        assert_eq!(long.typed().len(), LONGEST);
        assert_eq!(Search { q: " \u{7}".into(), ..Search::default() }.words(), None);
    }
}

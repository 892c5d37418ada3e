//! What the forms of `/households/chosen` send. A name may come many times: each box is a household.

use std::collections::HashSet;

use axum::response::{Redirect, Response};
use jiff::Timestamp;
use porchlight_shared::domain::{HouseholdId, PrintingId};
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::super::search::Search;
use crate::{
    chasing::many::{Left, Meant, Why},
    pages::private,
    passes::paper::Layout,
};

/// Where in the list the leader was.
#[derive(Clone, Debug, Default)]
pub(in crate::board::pages) struct Back {
    pub(in crate::board::pages) search: Search,
    pub(in crate::board::pages) unit: String,
    pub(in crate::board::pages) after: String,
    /// What was chosen there: all that match, or households.
    pub(in crate::board::pages) chosen: String,
}

/// All that match, as an address says it.
const ALL: &str = "all";

impl Back {
    /// Whether all that match were chosen.
    pub(in crate::board::pages) fn is_all(&self) -> bool {
        self.chosen == ALL
    }

    /// The address of that place in the list.
    pub(in crate::board::pages) fn link(&self) -> String {
        let search = &self.search;
        let place = [("unit", &*self.unit), ("after", &self.after), ("chosen", &self.chosen)];
        let query = search.link(&search.show, &place);
        if query.is_empty() { "/households".to_owned() } else { format!("/households?{query}") }
    }

    /// Leads back there, which tells what was done.
    pub(super) fn with(&self, told: &str) -> Response {
        let link = Self { chosen: String::new(), ..self.clone() }.link();
        let sign = if link.contains('?') { '&' } else { '?' };
        private(Redirect::to(&format!("{link}{sign}{told}")))
    }

    fn take(&mut self, name: &str, value: &str) {
        let value = value.to_owned();
        match name {
            "show" => self.search.show = value,
            "q" => self.search.q = value,
            "unit" => self.unit = value,
            "after" => self.after = value,
            _ => {}
        }
    }
}

/// The households that an address says were chosen.
pub(in crate::board::pages) fn households(chosen: &str) -> HashSet<HouseholdId> {
    chosen.split('.').filter_map(|word| word.parse::<uuid::Uuid>().ok()).map(HouseholdId::from).collect()
}

/// Households of which an address says that they were chosen: as many as a page shows.
const A_PAGE: usize = 50;

/// The list's form.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    pub(super) deed: String,
    /// Whether all that match are meant, and not only those of the page.
    pub(super) all: bool,
    pub(super) households: Vec<HouseholdId>,
    pub(super) back: Back,
}

impl Chosen {
    /// What cannot be read is left out.
    pub(super) fn read(body: &[u8]) -> Self {
        let (mut chosen, mut known) = (Self::default(), HashSet::new());
        for (name, value) in form_urlencoded::parse(body) {
            match &*name {
                "deed" => chosen.deed = value.into_owned(),
                "all" => chosen.all = value == "yes",
                "household" => {
                    chosen.households.extend(
                        value.parse().ok().filter(|household: &HouseholdId| known.insert(*household)),
                    );
                }
                other => chosen.back.take(other, &value),
            }
        }
        if chosen.all {
            ALL.clone_into(&mut chosen.back.chosen);
        } else if chosen.households.len() <= A_PAGE {
            let words: Vec<_> =
                chosen.households.iter().map(|household| household.uuid().simple().to_string()).collect();
            chosen.back.chosen = words.join(".");
        }
        chosen
    }
}

/// The form of the page that asks.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) meant: Vec<Meant>,
    /// When the page was shown.
    pub(super) seen: Option<Timestamp>,
    /// At whom it could not be done then.
    pub(super) left: Left,
    /// How many more there were than can be done at once.
    pub(super) more: usize,
    pub(super) layout: Layout,
    pub(super) printing: Option<PrintingId>,
    pub(super) back: Back,
}

impl Said {
    /// What cannot be read is left out.
    pub(super) fn read(body: &[u8]) -> Self {
        let mut said = Self {
            meant: Vec::new(),
            seen: None,
            left: Left::new(),
            more: 0,
            layout: Layout::CardsLetter,
            printing: None,
            back: Back::default(),
        };
        let mut known = HashSet::new();
        for (name, value) in form_urlencoded::parse(body) {
            match &*name {
                "meant" => {
                    let meant = value.split_ascii_whitespace().filter_map(|word| word.parse::<Meant>().ok());
                    said.meant.extend(meant.filter(|meant| known.insert(meant.household)));
                }
                "seen" => said.seen = value.parse().ok(),
                "left" => said.left = left(&value),
                "more" => said.more = value.parse().unwrap_or_default(),
                "layout" => said.layout = value.parse().unwrap_or(Layout::CardsLetter),
                "printing" => said.printing = value.parse().ok(),
                other => said.back.take(other, &value),
            }
        }
        said
    }

    /// The act of printing that this form asks for, on sheets of a layout: the same for the same households each time that
    /// the button is pressed, and another one with another layout. Begins as what the page gave out does, which sorts it.
    pub(super) fn printing(&self, layout: Layout) -> Option<PrintingId> {
        let given = self.printing?;
        let mut hash = Sha256::new();
        hash.update(given.as_bytes());
        hash.update(layout.word());
        for meant in &self.meant {
            hash.update(meant.household.as_bytes());
        }
        let (mut id, hash) = (*given.as_bytes(), hash.finalize());
        id[8..].copy_from_slice(&hash[..8]);
        id[8] = id[8] & 0x3f | 0x80;
        Some(PrintingId::from_bytes(id))
    }
}

/// How many by why, in an address.
pub(super) fn joined(left: &Left) -> String {
    let parts: Vec<_> = left.iter().map(|(why, count)| format!("{}.{count}", why.as_str())).collect();
    parts.join("-")
}

/// The same, read; what cannot be is left out.
pub(in crate::board::pages) fn left(text: &str) -> Left {
    let read = |part: &str| {
        let (word, count) = part.split_once('.')?;
        let why = Why::ALL.into_iter().find(|why| why.as_str() == word)?;
        Some((why, count.parse().ok().filter(|count| (1..=1_000_000).contains(count))?))
    };
    text.split('-').filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_of_one_name_are_many_households() {
        let (one, two) = (uuid::Uuid::from_u128(1), uuid::Uuid::from_u128(2));
        let body = format!(
            "show=problem&q=elm+street&household={one}&household={two}&household={one}&household=x&deed=pass"
        );
        let chosen = Chosen::read(body.as_bytes());
        assert_eq!(chosen.households, [HouseholdId::from(one), HouseholdId::from(two)]);
        assert_eq!((&*chosen.deed, chosen.all), ("pass", false));
        assert_eq!(
            chosen.back.link(),
            "/households?show=problem&q=elm+street&chosen=00000000000000000000000000000001.00000000000000000000000000000002"
        );
        assert_eq!(households(&chosen.back.chosen), HashSet::from([one.into(), two.into()]));
        assert_eq!(Chosen::read(b"\xff&&=&all=yes").back.link(), "/households?chosen=all");
        assert_eq!(Chosen::read(b"").back.link(), "/households");
    }

    #[test]
    fn a_printing_is_one_for_its_households_and_layout() {
        let (one, two) = (uuid::Uuid::from_u128(1).simple(), uuid::Uuid::from_u128(2).simple());
        let given = "0198a000-0000-7000-8000-000000000000";
        let printing = |meant: &str, layout| {
            Said::read(format!("meant={meant}&printing={given}").as_bytes()).printing(layout).unwrap()
        };
        let first = printing(&format!("{one}+{two}"), Layout::CardsA4);
        assert_eq!(first, printing(&format!("{one}.{two}+{two}"), Layout::CardsA4));
        assert!(first.to_string().starts_with("0198a000-0000-7000-"), "{first}");
        assert_ne!(first, printing(&format!("{one}+{two}"), Layout::CardsLetter));
        assert_ne!(first, printing(&one.to_string(), Layout::CardsA4));
        assert_eq!(Said::read(b"printing=x").printing(Layout::CardsA4), None);
    }

    #[test]
    fn what_was_left_is_read_as_it_was_written() {
        let left_over = Left::from([(Why::Joined, 3), (Why::NoCode, 1)]);
        assert_eq!(joined(&left_over), "joined.3-no_code.1");
        assert_eq!(left(&joined(&left_over)), left_over);
        assert_eq!(left("joined.-1-joined.x-nothing.2--joined.99999999999999999999"), Left::new());
    }
}

//! Entries of one list that mean the same home or the same person: each that goes is compared with those before it
//! that go, too.

use std::{
    collections::{HashMap, hash_map::Entry as Slot},
    hash::Hash,
};

use super::{Address, Judged, Reason, comparable, domains::same_mailbox};
use crate::intake::reading::Place;

/// The homes of a list so far.
#[derive(Default)]
struct Homes<'a> {
    units: HashMap<&'a str, Unit>,
    /// The first entry of each household, by its unit, if it has one.
    households: HashMap<(Option<&'a str>, String), Place>,
}

/// The entries of one unit so far.
struct Unit {
    /// The first of them.
    first: Place,
    /// The first that named no household; a household that comes later may be the one it meant.
    unnamed: Option<Place>,
}

impl<'a> Homes<'a> {
    /// Takes an entry in. Returns what is to be said of it beside those before.
    fn add(&mut self, unit: Option<&'a str>, household: Option<String>, place: Place) -> Option<Reason> {
        let Some(unit) = unit else {
            return first(&mut self.households, (None, household?), place).map(Reason::SameHousehold);
        };
        let (home, before) = match self.units.entry(unit) {
            Slot::Occupied(slot) => {
                let first = slot.get().first;
                (slot.into_mut(), Some(first))
            }
            Slot::Vacant(slot) => (slot.insert(Unit { first: place, unnamed: None }), None),
        };
        // Without a name on either side both mean whoever lives there.
        let of = match household {
            None => {
                home.unnamed.get_or_insert(place);
                before
            }
            Some(household) => match self.households.entry((Some(unit), household)) {
                Slot::Occupied(before) => Some(*before.get()),
                Slot::Vacant(slot) => {
                    let of = home.unnamed.take();
                    slot.insert(of.unwrap_or(place));
                    of
                }
            },
        };
        match of {
            Some(of) => Some(Reason::SameUnit { of, shared: true }),
            None => before.map(|of| Reason::SameUnit { of, shared: false }),
        }
    }
}

/// Marks the entries that share a home or a mailbox with an earlier one, unless there is something to be said of them
/// already.
pub fn look(judged: &mut [Judged]) {
    for (at, remark) in remarks(judged) {
        judged[at].reason = remark;
    }
}

fn remarks(judged: &[Judged]) -> Vec<(usize, Reason)> {
    let mut homes = Homes::default();
    let mut mailboxes: HashMap<String, Place> = HashMap::new();
    let mut remarks = Vec::new();
    for (at, entry) in judged.iter().enumerate().filter(|(_, entry)| entry.may_go()) {
        let unit = entry.unit.as_ref().map(|unit| unit.key.as_str());
        let home = homes.add(unit, entry.household.as_deref().map(comparable), entry.place);
        let mailbox = match entry.contact.as_ref().map(|contact| &contact.address) {
            Some(Address::Email(address)) => same_mailbox(address.local_part(), address.domain()),
            _ => None,
        };
        let person = mailbox.and_then(|mailbox| first(&mut mailboxes, mailbox, entry.place));
        if entry.reason == Reason::Ready
            && let Some(remark) = person.map(Reason::SamePerson).or(home)
        {
            remarks.push((at, remark));
        }
    }
    remarks
}

/// Who came first under a key, if it was somebody else.
fn first<K: Eq + Hash>(seen: &mut HashMap<K, Place>, key: K, place: Place) -> Option<Place> {
    match seen.entry(key) {
        Slot::Occupied(first) => Some(*first.get()),
        Slot::Vacant(slot) => {
            slot.insert(place);
            None
        }
    }
}

//! Entries of one list that mean the same home or the same person: each that goes is compared with those before it
//! that go, too.

use std::collections::{HashMap, hash_map::Entry as Slot};

use super::{Address, Judged, Reason, comparable, domains::same_mailbox};
use crate::intake::reading::Place;

/// The entries of one unit so far.
#[derive(Default)]
struct Unit {
    /// The first of them.
    first: Option<Place>,
    /// The first that named no household; a household that comes later may be the one it meant.
    unnamed: Option<Place>,
    /// The first of each household.
    households: HashMap<String, Place>,
}

impl Unit {
    /// Takes an entry in. Returns what is to be said of it beside those before.
    fn add(&mut self, household: Option<String>, place: Place) -> Option<Reason> {
        let first = *self.first.get_or_insert(place);
        // Without a name on either side both mean whoever lives there.
        let of = match household {
            None => {
                self.unnamed.get_or_insert(place);
                (first != place).then_some(first)
            }
            Some(household) => match self.households.entry(household) {
                Slot::Occupied(before) => Some(*before.get()),
                Slot::Vacant(slot) => {
                    let of = self.unnamed.take();
                    slot.insert(of.unwrap_or(place));
                    of
                }
            },
        };
        match of {
            Some(of) => Some(Reason::SameUnit { of, shared: true }),
            None if first != place => Some(Reason::SameUnit { of: first, shared: false }),
            None => None,
        }
    }
}

/// Marks the entries that share a home or a mailbox with an earlier one, unless there is something to be said of them
/// already.
pub fn look(judged: &mut [Judged]) {
    let mut units: HashMap<String, Unit> = HashMap::new();
    let mut households: HashMap<String, Place> = HashMap::new();
    let mut mailboxes: HashMap<String, Place> = HashMap::new();
    for entry in judged.iter_mut().filter(|entry| entry.may_go()) {
        let household = entry.household.as_deref().map(comparable);
        let remark = match (&entry.unit, household) {
            (Some(unit), household) => units.entry(unit.key.clone()).or_default().add(household, entry.place),
            (None, Some(household)) => {
                first(&mut households, household, entry.place).map(Reason::SameHousehold)
            }
            (None, None) => None,
        };
        let mailbox = match entry.contact.as_ref().map(|contact| &contact.address) {
            Some(Address::Email(address)) => same_mailbox(address.local_part(), address.domain()),
            _ => None,
        };
        let person = mailbox.and_then(|mailbox| first(&mut mailboxes, mailbox, entry.place));
        if entry.reason == Reason::Ready
            && let Some(remark) = person.map(Reason::SamePerson).or(remark)
        {
            entry.reason = remark;
        }
    }
}

/// Who came first under a key, if it was somebody else.
fn first(seen: &mut HashMap<String, Place>, key: String, place: Place) -> Option<Place> {
    match seen.entry(key) {
        Slot::Occupied(first) => Some(*first.get()),
        Slot::Vacant(slot) => {
            slot.insert(place);
            None
        }
    }
}

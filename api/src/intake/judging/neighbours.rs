//! Entries of one list that mean the same home or the same person: each that goes is compared with those before it
//! that go, too.

use std::collections::{HashMap, hash_map::Entry as Slot};

use super::{Address, Judged, Reason, Verdict, comparable, domains::same_mailbox};
use crate::intake::reading::Place;

/// Marks the entries that share a home or a mailbox with an earlier one, unless there is something to be said of them
/// already.
pub fn look(judged: &mut [Judged]) {
    let mut units: HashMap<String, Vec<(Place, Option<String>)>> = HashMap::new();
    let mut households: HashMap<String, Place> = HashMap::new();
    let mut mailboxes: HashMap<String, Place> = HashMap::new();
    for entry in judged.iter_mut().filter(|entry| matches!(entry.verdict(), Verdict::Ready | Verdict::Check))
    {
        let household = entry.household.as_deref().map(comparable);
        let mut remark = None;
        if let Some(unit) = &entry.unit {
            let before = units.entry(unit.key.clone()).or_default();
            // Without a name on either side both mean whoever lives there.
            let means = |name: &Option<String>| household.is_none() || name.is_none() || *name == household;
            let same = before.iter().find(|(_, name)| means(name));
            remark = match (same, before.first()) {
                (Some((of, _)), _) => Some(Reason::SameUnit { of: *of, shared: true }),
                (None, Some((of, _))) => Some(Reason::SameUnit { of: *of, shared: false }),
                (None, None) => None,
            };
            before.push((entry.place, household));
        } else if let Some(household) = household {
            remark = first(&mut households, household, entry.place).map(Reason::SameHousehold);
        }
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

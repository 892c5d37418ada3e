//! Every entry that goes gets its contact and household, old or new.

use std::collections::HashMap;

use porchlight_shared::domain::{ContactId, HouseholdId, PropertyId};

use super::{Addressed, Intake, Invited};
use crate::{
    intake::{
        facts::Known,
        homes::{Homes, Moves},
        judging::Reason,
        ledger::{
            ROWS_AT_ONCE,
            contacts::{self, NewContacts},
            homes,
        },
    },
    problem::Problem,
};

impl Intake<'_> {
    /// Settles all entries that go; those that cannot be settled are skipped.
    pub(super) async fn settle(
        &mut self,
        known: &Known,
        accept_checks: bool,
    ) -> Result<Vec<Addressed>, Problem> {
        let (mut addressed, mut strangers) = (Vec::with_capacity(self.judged.len()), Vec::new());
        for (at, entry) in self.judged.iter().enumerate() {
            if !entry.goes(accept_checks) || entry.contact.is_none() {
                continue;
            }
            match known.get(&at) {
                Some((contact, household)) => {
                    addressed.push(Addressed {
                        at,
                        contact: *contact,
                        household: *household,
                        fresh: false,
                        stranger: false,
                    });
                }
                None => strangers.push(at),
            }
        }
        if !strangers.is_empty() {
            addressed.extend(self.welcome(&strangers).await?);
            addressed.sort_unstable_by_key(|entry| entry.at);
        }
        Ok(addressed)
    }

    /// Stores contacts that the community does not know yet, and the households that they need.
    async fn welcome(&mut self, strangers: &[usize]) -> Result<Vec<Addressed>, Problem> {
        let community = self.community();
        let units = strangers.iter().filter_map(|at| self.judged[*at].unit.as_ref()).collect();
        let new = || PropertyId::new(self.now, &mut self.rng);
        let (mut homes, _) = Homes::locked(self.tx, community, units, new).await?;
        let mut moves = Moves::default();
        let mut entries = Vec::with_capacity(strangers.len());
        for &at in strangers {
            match self.house(at, &mut homes, &mut moves) {
                Some((household, fresh)) => {
                    let contact = ContactId::new(self.now, &mut self.rng);
                    entries.push(Addressed { at, contact, household, fresh, stranger: true });
                }
                None => self.skip(at, Reason::AlreadyJoined),
            }
        }
        moves.store(self.tx, community).await?;
        let hash = |entry: &Addressed| self.judged[entry.at].contact.as_ref().map(|contact| contact.hash);
        entries.sort_unstable_by_key(hash);
        let mut stored = Vec::with_capacity(entries.len());
        for entries in entries.chunks(ROWS_AT_ONCE) {
            let mut new = NewContacts::default();
            for entry in entries {
                let judged = &self.judged[entry.at];
                let Some(contact) = &judged.contact else { continue };
                new.ids.push(entry.contact.uuid());
                new.households.push(entry.household.uuid());
                new.addresses.push(contact.address.as_str());
                new.hashes.push(&contact.hash);
                new.names.push(judged.name.as_deref());
            }
            stored.extend(contacts::insert_contacts(self.tx, community, self.channel, &new).await?);
        }
        let stored: HashMap<_, _> = stored.into_iter().map(|(id, hash)| (hash, id)).collect();
        let (mut kept, mut overtaken) = (Vec::with_capacity(entries.len()), Vec::new());
        for entry in entries {
            let hash = self.judged[entry.at].contact.as_ref().map(|contact| contact.hash);
            match hash.and_then(|hash| stored.get(&hash[..])) {
                Some(id) => kept.push(Addressed { contact: (*id).into(), ..entry }),
                None => overtaken.push(entry),
            }
        }
        if overtaken.is_empty() {
            return Ok(kept);
        }
        for entry in &overtaken {
            self.skip(entry.at, Reason::Overtaken);
        }
        let empty: Vec<_> =
            overtaken.iter().filter(|entry| entry.fresh).map(|entry| entry.household.uuid()).collect();
        homes::delete_households(self.tx, &empty).await?;
        Ok(kept)
    }

    /// Writes the addresses of those who are invited again where they had lapsed.
    pub(super) async fn bring_back(&mut self, known: &Known, invited: &[Invited]) -> Result<(), Problem> {
        let known: Vec<_> = invited.iter().filter(|entry| known.contains_key(&entry.at)).collect();
        for entries in known.chunks(ROWS_AT_ONCE) {
            let (mut ids, mut addresses, mut names) = (Vec::new(), Vec::new(), Vec::new());
            for entry in entries {
                let judged = &self.judged[entry.at];
                let Some(contact) = &judged.contact else { continue };
                ids.push(entry.contact.uuid());
                addresses.push(contact.address.as_str());
                names.push(judged.name.as_deref());
            }
            contacts::bring_back(self.tx, &ids, &addresses, &names).await?;
        }
        Ok(())
    }

    /// The household of an entry, and whether this list made it; none, if it joined.
    fn house(&mut self, at: usize, homes: &mut Homes, moves: &mut Moves) -> Option<(HouseholdId, bool)> {
        let entry = &self.judged[at];
        let (unit, name) = (entry.unit.as_ref(), entry.household.as_deref());
        if let Some((home, named)) = homes.claim(unit, name) {
            if home.joined {
                return None;
            }
            if let Some(name) = name.filter(|_| named) {
                moves.name(home.household, name);
            }
            return Some((home.household, home.fresh));
        }
        let household = HouseholdId::new(self.now, &mut self.rng);
        moves.add(household, homes.property(unit), name);
        homes.add(unit, name, household);
        Some((household, true))
    }
}

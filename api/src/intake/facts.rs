//! The ledger's word on a judged list: who must not be written to, who joined, who is invited, which units there are.
//!
//! Sending asks under the locks that it needs anyway (`super::batch`); what both ask is here, and what a leader is told
//! before sending, without any lock.

use std::collections::{HashMap, HashSet};

use porchlight_shared::domain::{Channel, CommunityId, ContactId, HouseholdId, InvitationId, PropertyId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    batch::MOST_MESSAGES,
    homes::Homes,
    judging::{Judged, Reason, Unit, neighbours},
    ledger::{
        contacts::{self, KnownAddress},
        homes, invitations,
    },
    reading::Place,
    request::AlreadyInvited,
};

/// Properties among which the one that was meant is looked for.
const MOST_LABELS: i64 = 5_000;
/// Units of one list for which the nearest property is looked for.
const MOST_SEARCHES: usize = 200;

/// The contact and household of entries, by their place in the list.
pub type Known = HashMap<usize, (ContactId, HouseholdId)>;

/// All that the ledger has to say before anything is sent.
///
/// # Errors
/// When it does not answer.
pub async fn add_all(
    connection: &mut PgConnection,
    community: CommunityId,
    channel: Channel,
    judged: &mut [Judged],
) -> sqlx::Result<()> {
    let known = add(connection, community, channel, judged).await?;
    foresee(connection, community, judged, &known, AlreadyInvited::Skip, |_| true).await.map(drop)
}

/// What sending would do, as far as that can be told before.
#[derive(Debug, Default)]
pub struct Foreseen {
    /// Entries whose household is sent its invitation once more, by their place in the list.
    pub again: HashSet<usize>,
    /// The live invitations of the households that entries belong to, where somebody was written to.
    pub invited: HashMap<usize, InvitationId>,
    /// Entries of invited households whose contact is new: they go if the leader accepts them.
    pub additions: HashSet<usize>,
    /// Entries of invited households whose contact is new, and that the leader accepted: they go, with the same code.
    pub added: HashSet<usize>,
    /// Households that the entries that go belong to.
    pub households: usize,
}

/// All that the ledger has to say before anything is sent, the contacts that it knows, and what sending would do.
///
/// # Errors
/// When it does not answer.
pub async fn foresee_all(
    connection: &mut PgConnection,
    community: CommunityId,
    channel: Channel,
    judged: &mut [Judged],
    already_invited: AlreadyInvited,
) -> sqlx::Result<(Known, Foreseen)> {
    let known = add(connection, community, channel, judged).await?;
    let foreseen = foresee(connection, community, judged, &known, already_invited, |_| true).await?;
    Ok((known, foreseen))
}

/// Marks what must not go, and looks for neighbours among the rest. Returns the contacts that the ledger knows.
///
/// # Errors
/// When the ledger does not answer.
pub async fn add(
    tx: &mut PgConnection,
    community: CommunityId,
    channel: Channel,
    judged: &mut [Judged],
) -> sqlx::Result<Known> {
    let known = addresses(tx, community, channel, judged).await?;
    units(tx, community, judged, &known).await?;
    neighbours::look(judged);
    Ok(known)
}

/// What sending would find, without sending: households that joined or have a live invitation. `whose` says which entries
/// are looked at; an addition to an invited household that the leader accepts goes.
///
/// # Errors
/// When the ledger does not answer.
pub async fn foresee(
    tx: &mut PgConnection,
    community: CommunityId,
    judged: &mut [Judged],
    known: &Known,
    already_invited: AlreadyInvited,
    whose: impl Fn(&Judged) -> bool,
) -> sqlx::Result<Foreseen> {
    let strangers = judged.iter().enumerate().filter(|(at, entry)| entry.may_go() && !known.contains_key(at));
    let keys = unit_keys(strangers.map(|(_, entry)| entry));
    let mut homes = if keys.is_empty() {
        Homes::default()
    } else {
        let units = homes::known_units(tx, community, &keys).await?;
        let ids: Vec<_> = units.iter().map(|unit| unit.property.uuid()).collect();
        Homes::of(units.into_iter().map(|unit| (unit.key, unit.property)), homes::residents(tx, &ids).await?)
    };
    let mut at_home: Vec<(usize, HouseholdId)> = Vec::new();
    let mut lives: HashMap<usize, HouseholdId> = HashMap::new();
    for (at, entry) in judged.iter_mut().enumerate().filter(|(_, entry)| entry.may_go() && whose(entry)) {
        if let Some((_, household)) = known.get(&at) {
            at_home.push((at, *household));
            lives.insert(at, *household);
        } else if let Some((home, _)) = homes.claim(entry.unit.as_ref(), entry.household.as_deref()) {
            lives.insert(at, home.household);
            if home.joined {
                entry.reason = Reason::AlreadyJoined;
            } else {
                at_home.push((at, home.household));
            }
        }
    }
    let mut households: Vec<Uuid> = at_home.iter().map(|(_, household)| household.uuid()).collect();
    households.sort_unstable();
    households.dedup();
    let mut foreseen = Foreseen::default();
    if households.is_empty() {
        foreseen.households = count_households(judged, &lives, homes);
        return Ok(foreseen);
    }
    let live = invitations::still_live(tx, &households).await?;
    let live: HashMap<_, _> = live.into_iter().map(|live| (live.household, live)).collect();
    let again = at_home.iter().filter(|(at, _)| judged[*at].goes_again(already_invited));
    let mut again: Vec<_> = again.filter_map(|(_, household)| Some(live.get(household)?.id.uuid())).collect();
    again.sort_unstable();
    again.dedup();
    let written = if again.is_empty() { Vec::new() } else { invitations::written(tx, &again).await? };
    let written: HashMap<_, _> =
        written.into_iter().map(|row| ((row.invitation, row.contact), row)).collect();
    for (at, household) in at_home {
        // Whoever has a pass alone was not written to yet.
        let Some(live) = live.get(&household).filter(|live| live.written) else { continue };
        foreseen.invited.insert(at, live.id);
        if judged[at].accept && !known.contains_key(&at) {
            foreseen.added.insert(at);
            continue;
        }
        if !judged[at].goes_again(already_invited) {
            judged[at].reason = Reason::AlreadyInvited { at: live.created_at, by: live.asked_by };
            if !known.contains_key(&at) {
                foreseen.additions.insert(at);
            }
            continue;
        }
        match known.get(&at).and_then(|(contact, _)| written.get(&(live.id, *contact))) {
            Some(row) if row.under_way => judged[at].reason = Reason::UnderWay,
            Some(row) if row.lately => judged[at].reason = Reason::TooSoon,
            Some(row) if row.messages >= MOST_MESSAGES => judged[at].reason = Reason::TooOften,
            _ => drop(foreseen.again.insert(at)),
        }
    }
    foreseen.households = count_households(judged, &lives, homes);
    Ok(foreseen)
}

/// How many households the entries that go belong to: those that the ledger knows, and those that would be new.
fn count_households(judged: &[Judged], lives: &HashMap<usize, HouseholdId>, mut homes: Homes) -> usize {
    let mut drawn = 0_u128;
    let mut draw = || {
        drawn += 1;
        drawn.to_be_bytes()
    };
    let mut counted = HashSet::new();
    for (at, entry) in judged.iter().enumerate().filter(|(_, entry)| entry.goes(false)) {
        let (unit, name) = (entry.unit.as_ref(), entry.household.as_deref());
        let household = lives.get(&at).copied().unwrap_or_else(|| {
            homes.expect(unit, || PropertyId::from_bytes(draw()));
            if let Some((home, _)) = homes.claim(unit, name) {
                return home.household;
            }
            let household = HouseholdId::from_bytes(draw());
            homes.add(unit, name, household);
            household
        });
        counted.insert(household);
    }
    counted.len()
}

/// Marks addresses that must not be written to, and households that joined.
async fn addresses(
    tx: &mut PgConnection,
    community: CommunityId,
    channel: Channel,
    judged: &mut [Judged],
) -> sqlx::Result<Known> {
    let asked = judged.iter().enumerate().filter(|(_, entry)| entry.may_go());
    let asked = asked.filter_map(|(at, entry)| Some((at, &entry.contact.as_ref()?.hash[..])));
    let (places, hashes): (Vec<_>, Vec<_>) = asked.unzip();
    let mut known = Known::new();
    if hashes.is_empty() {
        return Ok(known);
    }
    for address in contacts::known_addresses(tx, community, channel, &hashes).await? {
        let at = places[address.index];
        match address {
            KnownAddress { suppressed: Some(reason), .. } => judged[at].reason = Reason::Suppressed(reason),
            KnownAddress { erased: true, .. } => judged[at].reason = Reason::Erased,
            KnownAddress { joined: true, .. } => judged[at].reason = Reason::AlreadyJoined,
            KnownAddress { contact: Some(contact), .. } => {
                known.insert(at, contact);
            }
            KnownAddress { .. } => {}
        }
    }
    Ok(known)
}

/// Where the community has a list of properties, marks units that are not in it.
async fn units(
    tx: &mut PgConnection,
    community: CommunityId,
    judged: &mut [Judged],
    known: &Known,
) -> sqlx::Result<()> {
    // A double may turn out to be the first that goes.
    let asked = judged.iter().filter(|entry| entry.may_go() || matches!(entry.reason, Reason::Duplicate(_)));
    let keys = unit_keys(asked);
    if keys.is_empty() || !homes::has_property_list(tx, community).await? {
        return Ok(());
    }
    let found = homes::known_units(tx, community, &keys).await?;
    let found: HashSet<_> = found.into_iter().map(|unit| unit.key).collect();
    if keys.iter().all(|key| found.contains(*key)) {
        return Ok(());
    }
    let labels = Labels::new(homes::property_labels(tx, community, MOST_LABELS).await?);
    let mut searches = MOST_SEARCHES;
    let mut unknown = HashSet::new();
    for (at, entry) in judged.iter_mut().enumerate() {
        // A contact that is known lives where the ledger says.
        if !entry.may_go() || known.contains_key(&at) {
            continue;
        }
        let Some(unit) = entry.unit.as_ref().filter(|unit| !found.contains(&unit.key)) else { continue };
        entry.suggestion = labels.same(&unit.key).or_else(|| {
            searches = searches.checked_sub(1)?;
            labels.nearest(&unit.key)
        });
        entry.reason = Reason::UnknownUnit;
        unknown.insert(entry.place.position);
    }
    // Who came after one that has to be mended is no double of anything that goes.
    let mut first: HashMap<u32, Place> = HashMap::new();
    for entry in judged.iter_mut() {
        let Reason::Duplicate(of) = entry.reason else { continue };
        if unknown.contains(&of.position) {
            let lives = entry.unit.as_ref().is_none_or(|unit| found.contains(&unit.key));
            entry.reason = match first.get(&of.position) {
                Some(before) => Reason::Duplicate(*before),
                None if lives => {
                    first.insert(of.position, entry.place);
                    Reason::Ready
                }
                None => Reason::UnknownUnit,
            };
        }
    }
    Ok(())
}

/// The labels of a community's properties.
struct Labels {
    all: Vec<Unit>,
    /// By what they say without the words that some leave out.
    plain: HashMap<String, usize>,
}

impl Labels {
    fn new(all: Vec<Unit>) -> Self {
        let plain = all.iter().enumerate().map(|(at, unit)| (bare(&unit.key), at)).collect();
        Self { all, plain }
    }

    /// The label that says the same in other words.
    fn same(&self, key: &str) -> Option<String> {
        self.plain.get(&bare(key)).map(|at| self.all[*at].label.clone())
    }

    /// The label that is one or two slips away. A digit makes another house.
    fn nearest(&self, key: &str) -> Option<String> {
        let digits = |key: &str| key.bytes().filter(u8::is_ascii_digit).collect::<Vec<_>>();
        let wanted = digits(key);
        let near = self
            .all
            .iter()
            .filter(|unit| unit.key.len().abs_diff(key.len()) <= 2 && digits(&unit.key) == wanted);
        near.map(|unit| (strsim::osa_distance(&unit.key, key), unit))
            .filter(|(distance, _)| *distance <= 2)
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, unit)| unit.label.clone())
    }
}

/// A unit without the words and marks that some write and others leave out.
fn bare(key: &str) -> String {
    let words = key.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let spelled = words
        .filter(|word| !["unit", "apt", "apartment", "lot", "no", "number", "suite", "house"].contains(word));
    let spelled = spelled.map(|word| match word {
        "street" => "st",
        "avenue" => "ave",
        "road" => "rd",
        "lane" => "ln",
        "drive" => "dr",
        "court" => "ct",
        "boulevard" => "blvd",
        "place" => "pl",
        word => word,
    });
    spelled.collect::<Vec<_>>().join(" ")
}

/// The units that entries name, sorted, each once.
fn unit_keys<'a>(entries: impl Iterator<Item = &'a Judged>) -> Vec<&'a str> {
    let mut keys: Vec<_> = entries.filter_map(|entry| Some(entry.unit.as_ref()?.key.as_str())).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::judging::comparable;

    #[test]
    fn the_nearest_label_is_the_one_that_was_meant() {
        let labels = ["12 Elm Street", "14 Elm Street", "Unit 4B", "Lot 7"];
        let labels = Labels::new(labels.iter().filter_map(|label| Unit::new((*label).to_owned())).collect());
        for (written, meant) in [
            ("12 Elm St.", Some("12 Elm Street")),
            ("12 elm stret", Some("12 Elm Street")),
            ("#4b", Some("Unit 4B")),
            ("7", Some("Lot 7")),
            ("16 Elm Street", None),
            ("Somewhere else", None),
        ] {
            let key = comparable(written);
            let found = labels.same(&key).or_else(|| labels.nearest(&key));
            assert_eq!(found.as_deref(), meant, "{written}");
        }
    }
}

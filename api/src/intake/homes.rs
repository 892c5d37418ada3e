//! Who lives where, as far as a list names places.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use porchlight_shared::domain::{CommunityId, HouseholdId, PropertyId};
use sqlx::PgConnection;

use super::{
    judging::{Unit, comparable},
    ledger::{
        ROWS_AT_ONCE,
        homes::{self, NewHousehold, Resident},
    },
};

/// A household at home.
#[derive(Clone, Debug)]
pub struct Home {
    /// Which household.
    pub household: HouseholdId,
    /// Whether it joined.
    pub joined: bool,
    /// Whether this list made it, so that nobody else can know it yet.
    pub fresh: bool,
    name: Option<String>,
}

/// The households of a property, oldest first.
#[derive(Debug, Default)]
struct Residents {
    homes: Vec<Home>,
    named: HashMap<String, usize>,
    /// Those without a name, oldest first.
    unnamed: VecDeque<usize>,
}

impl Residents {
    fn add(&mut self, home: Home) {
        let at = self.homes.len();
        match &home.name {
            Some(name) => {
                self.named.entry(name.clone()).or_insert(at);
            }
            None => self.unnamed.push_back(at),
        }
        self.homes.push(home);
    }

    /// The household that an entry means: the one of that name, else one without a name; where the entry gives no name,
    /// the oldest. One without a name takes the entry's. Returns it, and whether it did.
    fn claim(&mut self, name: Option<&str>) -> Option<(Home, bool)> {
        let Some(name) = name.map(comparable) else { return Some((self.homes.first()?.clone(), false)) };
        if let Some(at) = self.named.get(&name) {
            return Some((self.homes[*at].clone(), false));
        }
        let at = self.unnamed.pop_front()?;
        self.homes[at].name = Some(name.clone());
        self.named.insert(name, at);
        Some((self.homes[at].clone(), true))
    }
}

/// Properties and their households.
#[derive(Debug, Default)]
pub struct Homes {
    properties: HashMap<String, PropertyId>,
    residents: HashMap<PropertyId, Residents>,
}

impl Homes {
    /// What the ledger has.
    pub fn of(properties: impl Iterator<Item = (String, PropertyId)>, residents: Vec<Resident>) -> Self {
        let mut homes = Self { properties: properties.collect(), residents: HashMap::new() };
        for resident in residents {
            homes.residents.entry(resident.property).or_default().add(Home {
                household: resident.household,
                joined: resident.joined,
                fresh: false,
                name: resident.name.as_deref().map(comparable),
            });
        }
        homes
    }

    /// The properties that these units are, new where there is none, locked until the commit, and who lives there; and
    /// how many are new.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn locked(
        tx: &mut PgConnection,
        community: CommunityId,
        mut units: Vec<&Unit>,
        mut new: impl FnMut() -> PropertyId,
    ) -> sqlx::Result<(Self, usize)> {
        if units.is_empty() {
            return Ok((Self::default(), 0));
        }
        units.sort_by(|a, b| a.key.cmp(&b.key));
        units.dedup_by(|a, b| a.key == b.key);
        let units: Vec<_> = units.into_iter().map(|unit| (new(), unit)).collect();
        let drawn: HashSet<_> = units.iter().map(|(id, _)| *id).collect();
        let properties = homes::lock_properties(tx, community, &units).await?;
        let added = properties.iter().filter(|(_, id)| drawn.contains(id)).count();
        let ids: Vec<_> = properties.iter().map(|(_, id)| id.uuid()).collect();
        let residents = homes::residents(tx, &ids).await?;
        Ok((Self::of(properties.into_iter(), residents), added))
    }

    /// The property of a unit.
    #[must_use]
    pub fn property(&self, unit: Option<&Unit>) -> Option<PropertyId> {
        self.properties.get(&unit?.key).copied()
    }

    /// Finds the household that an entry means, and gives it the entry's name if it has none. Returns it, and whether it
    /// was named so.
    pub fn claim(&mut self, unit: Option<&Unit>, name: Option<&str>) -> Option<(Home, bool)> {
        let property = self.property(unit)?;
        self.residents.get_mut(&property)?.claim(name)
    }

    /// Takes in a property that the ledger has not.
    pub fn expect(&mut self, unit: Option<&Unit>, new: impl FnOnce() -> PropertyId) {
        if let Some(unit) = unit
            && !self.properties.contains_key(&unit.key)
        {
            self.properties.insert(unit.key.clone(), new());
        }
    }

    /// Takes a new household in.
    pub fn add(&mut self, unit: Option<&Unit>, name: Option<&str>, household: HouseholdId) {
        if let Some(property) = self.property(unit) {
            let home = Home { household, joined: false, fresh: true, name: name.map(comparable) };
            self.residents.entry(property).or_default().add(home);
        }
    }
}

/// Households on their way into the ledger: new ones, and old ones that get a name.
#[derive(Debug, Default)]
pub struct Moves {
    new: Vec<NewHousehold>,
    named: BTreeMap<HouseholdId, String>,
}

impl Moves {
    /// Takes a new household in.
    pub fn add(&mut self, household: HouseholdId, property: Option<PropertyId>, name: Option<&str>) {
        self.new.push(NewHousehold { id: household, property, name: name.map(str::to_owned) });
    }

    /// Gives a household its name.
    pub fn name(&mut self, household: HouseholdId, name: &str) {
        self.named.insert(household, name.to_owned());
    }

    /// New ones, and old ones that get a name.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.new.len(), self.named.len())
    }

    /// Writes them down.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn store(self, tx: &mut PgConnection, community: CommunityId) -> sqlx::Result<()> {
        for new in self.new.chunks(ROWS_AT_ONCE) {
            homes::insert_households(tx, community, new).await?;
        }
        if !self.named.is_empty() {
            let (ids, names): (Vec<_>, Vec<_>) =
                self.named.into_iter().map(|(household, name)| (household.uuid(), name)).unzip();
            homes::name_households(tx, &ids, &names).await?;
        }
        Ok(())
    }
}

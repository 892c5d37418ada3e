//! Changes to a draft.

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::kept_cell;
use crate::{
    intake::{ledger::drafts::DraftEntry, request},
    problem::Problem,
};

/// Changes in one request.
const MOST_CHANGES: usize = 1_000;

/// Changes to a draft.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DraftChanges)]
pub struct Changes {
    /// At most 1,000.
    pub entries: Vec<Change>,
}

impl Changes {
    /// Reads a request's body.
    ///
    /// # Errors
    /// When it is not JSON, does not fit, or holds too many changes.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        let known =
            ["entries", "position", "email", "phone", "name", "unit", "household", "accept", "remove"];
        let changes: Self = request::parse(body, &known, "needs entries")?;
        if changes.entries.len() > MOST_CHANGES {
            return Err(request::invalid("/entries", format!("has more than {MOST_CHANGES} changes")));
        }
        Ok(changes)
    }
}

/// A change to one entry. What is left out stays; `null` empties a field.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DraftChange)]
pub struct Change {
    /// Which entry.
    pub position: u32,
    /// E-mail address.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    email: Mend,
    /// Phone number.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    phone: Mend,
    /// How the message greets the reader.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    name: Mend,
    /// Where they live.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    unit: Mend,
    /// What the household is called.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    household: Mend,
    /// Whether it is sent although it calls for a second look. Taken back when the entry is changed without it.
    accept: Option<bool>,
    /// Takes the entry out of the draft.
    #[serde(default)]
    pub remove: bool,
}

/// What becomes of a field.
#[derive(Debug, Default)]
enum Mend {
    /// It stays.
    #[default]
    Keep,
    /// It becomes this, or empty.
    Put(Option<String>),
}

impl<'de> Deserialize<'de> for Mend {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::Put)
    }
}

/// What a form says of an entry's fields; what it has not stays.
#[derive(Debug, Default)]
pub struct Fields {
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// How the message greets the reader.
    pub name: Option<String>,
    /// Where they live.
    pub unit: Option<String>,
    /// What the household is called.
    pub household: Option<String>,
}

impl Change {
    /// A change of fields, and of whether the entry is sent as it is.
    #[must_use]
    pub fn of(position: u32, fields: Fields, accept: Option<bool>) -> Self {
        let mend = |field: Option<String>| {
            field.map_or(Mend::Keep, |text| Mend::Put(Some(text).filter(|text| !text.trim().is_empty())))
        };
        Self {
            position,
            email: mend(fields.email),
            phone: mend(fields.phone),
            name: mend(fields.name),
            unit: mend(fields.unit),
            household: mend(fields.household),
            accept,
            remove: false,
        }
    }

    /// Takes an entry out.
    #[must_use]
    pub fn removal(position: u32) -> Self {
        Self { remove: true, ..Self::of(position, Fields::default(), None) }
    }

    /// Carries the change out.
    pub fn mend(self, entry: &mut DraftEntry) {
        let before = entry.stands();
        let fields = [
            (self.email, &mut entry.email),
            (self.phone, &mut entry.phone),
            (self.name, &mut entry.name),
            (self.unit, &mut entry.unit),
            (self.household, &mut entry.household),
        ];
        let mut changed = false;
        for (mend, field) in fields {
            if let Mend::Put(cell) = mend {
                *field = cell.map(|cell| kept_cell(&cell));
                changed = true;
            }
        }
        entry.incomplete &= !changed;
        entry.accept = self.accept.unwrap_or(entry.accept && !changed);
        entry.again = entry.again.filter(|_| !changed);
        entry.changed_from(before);
    }
}

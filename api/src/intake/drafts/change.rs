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

impl Change {
    /// Carries the change out.
    pub fn mend(self, entry: &mut DraftEntry) {
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
    }
}

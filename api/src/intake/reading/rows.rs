//! JSON rows: read leniently, so that a row that does not fit is judged with the others and costs only itself.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use utoipa::ToSchema;

use super::{Cells, Entry, MOST_ENTRIES, Place};
use crate::intake::judging::{Field, Reason};

/// The entries of a request: no more are kept than a list may have, however many were sent.
#[derive(Debug, Default)]
pub struct Rows {
    /// The first of them.
    pub kept: Vec<Row>,
    /// How many there were.
    pub found: usize,
}

/// One entry as it was sent, whatever it is.
#[derive(Debug, Default)]
pub struct Row {
    is_object: bool,
    has_unknown_field: bool,
    email: Cell,
    phone: Cell,
    name: Cell,
    unit: Cell,
    household: Cell,
    accept: Flag,
}

/// One field of an entry.
#[derive(Debug, Default, PartialEq, Eq)]
enum Cell {
    /// Left out, or null.
    #[default]
    Missing,
    /// A text.
    Text(Box<str>),
    /// A whole number: of a house, a lot, or a phone, from a spreadsheet.
    Number(Box<str>),
    /// Something else: a flag, an array.
    NotText,
}

/// A yes or no.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Flag {
    #[default]
    No,
    Yes,
    Neither,
}

/// One entry of a list: `email` is needed for the e-mail channel, `phone` for texts.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "stands for `Row` in the OpenAPI document")]
#[schema(as = ListEntry)]
pub struct RowFields {
    /// E-mail address.
    email: Option<String>,
    /// Phone number; without a country code it is one of the community's country.
    phone: Option<String>,
    /// How the message greets the reader; at most 200 characters.
    name: Option<String>,
    /// Street address, lot or unit: entries of one unit share one invitation.
    unit: Option<String>,
    /// What the household is called.
    household: Option<String>,
    /// Send it although it calls for a second look.
    accept: Option<bool>,
}

impl Row {
    /// The entry that it is.
    #[must_use]
    pub fn into_entry(self, position: u32) -> Entry<'static> {
        let mut not_text = None;
        let mut cell = |cell, field| match cell {
            Cell::Missing => None,
            Cell::Text(text) => Some(Cow::Owned(text.into())),
            Cell::Number(text) if matches!(field, Field::Unit | Field::Phone) => {
                Some(Cow::Owned(text.into()))
            }
            Cell::Number(_) | Cell::NotText => {
                not_text.get_or_insert(Reason::NotText(field));
                None
            }
        };
        let cells = Cells {
            email: cell(self.email, Field::Email),
            phone: cell(self.phone, Field::Phone),
            name: cell(self.name, Field::Name),
            unit: cell(self.unit, Field::Unit),
            household: cell(self.household, Field::Household),
        };
        let fault = if !self.is_object {
            Some(Reason::NotAnObject)
        } else if self.has_unknown_field {
            Some(Reason::UnknownField)
        } else if self.accept == Flag::Neither {
            Some(Reason::NotAFlag)
        } else {
            not_text
        };
        let place = Place { line: position, position, by_line: false };
        Entry { place, cells, accept: self.accept == Flag::Yes, fault }
    }
}

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(RowsVisitor)
    }
}

struct RowsVisitor;

impl<'de> Visitor<'de> for RowsVisitor {
    type Value = Rows;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Rows, A::Error> {
        let mut rows = Rows::default();
        while rows.kept.len() < MOST_ENTRIES {
            match seq.next_element()? {
                Some(row) => rows.kept.push(row),
                None => break,
            }
        }
        rows.found = rows.kept.len();
        while seq.next_element::<IgnoredAny>()?.is_some() {
            rows.found += 1;
        }
        Ok(rows)
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RowVisitor)
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FlagVisitor)
    }
}

/// Visits what is neither the one thing wanted nor an error: it is taken note of and passed over.
macro_rules! anything_else {
    ($other:expr, $nothing:expr) => {
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($other)
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok($other)
        }
    };
}

macro_rules! any_number {
    ($other:expr) => {
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($other)
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($other)
        }
    };
}

macro_rules! any_object {
    ($other:expr) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok($other)
        }
    };
}

struct RowVisitor;

impl<'de> Visitor<'de> for RowVisitor {
    type Value = Row;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entry")
    }

    anything_else!(Row::default(), Row::default());
    any_number!(Row::default());

    fn visit_bool<E>(self, _: bool) -> Result<Row, E> {
        Ok(Row::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Row, E> {
        Ok(Row::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
        let mut row = Row { is_object: true, ..Row::default() };
        while let Some(field) = map.next_key::<Cow<'de, str>>()? {
            let cell = match &*field {
                "email" => &mut row.email,
                "phone" => &mut row.phone,
                "name" => &mut row.name,
                "unit" => &mut row.unit,
                "household" => &mut row.household,
                "accept" => {
                    row.accept = map.next_value()?;
                    continue;
                }
                _ => {
                    row.has_unknown_field = true;
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *cell = map.next_value()?;
        }
        Ok(row)
    }
}

struct CellVisitor;

impl<'de> Visitor<'de> for CellVisitor {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    anything_else!(Cell::NotText, Cell::Missing);
    any_object!(Cell::NotText);

    fn visit_i64<E>(self, number: i64) -> Result<Cell, E> {
        Ok(Cell::Number(number.to_string().into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Cell, E> {
        Ok(Cell::Number(number.to_string().into()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Cell, E> {
        Ok(Cell::NotText)
    }

    fn visit_str<E>(self, text: &str) -> Result<Cell, E> {
        Ok(Cell::Text(text.into()))
    }
}

struct FlagVisitor;

impl<'de> Visitor<'de> for FlagVisitor {
    type Value = Flag;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false")
    }

    anything_else!(Flag::Neither, Flag::No);
    any_number!(Flag::Neither);
    any_object!(Flag::Neither);

    fn visit_bool<E>(self, flag: bool) -> Result<Flag, E> {
        Ok(if flag { Flag::Yes } else { Flag::No })
    }

    fn visit_str<E>(self, _: &str) -> Result<Flag, E> {
        Ok(Flag::Neither)
    }
}

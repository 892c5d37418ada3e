//! What `POST …/batches` takes. Strict about the request, lenient about its rows: a row that does not fit is judged
//! with the others and costs only itself.

use std::fmt;

use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use utoipa::ToSchema;

use crate::problem::{Kind, Problem};

/// Entries in one request.
pub const MOST_ENTRIES: usize = 100_000;
const NOTE_CHARACTERS: usize = 300;

/// A list to send, and how.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchRequest {
    /// How it travels.
    #[schema(value_type = ChannelName)]
    pub channel: String,
    /// The entries, at most 100,000.
    #[schema(value_type = Vec<RowFields>)]
    pub rows: Vec<Row>,
    /// Send entries that call for a second look, too.
    #[serde(default)]
    pub accept_checks: bool,
    /// What to do with households that have a live invitation.
    #[serde(default)]
    pub already_invited: AlreadyInvited,
    /// A personal note of the leader: plain text, at most 300 characters.
    pub note: Option<String>,
    /// Not before this instant.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub send_at: Option<Timestamp>,
    /// What has not begun by then expires.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub not_after: Option<Timestamp>,
    /// Send although the same list went out within the last day.
    #[serde(default)]
    pub again: bool,
}

/// The channels that can be named.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum ChannelName {
    /// E-mail.
    Email,
    /// Text message.
    Text,
}

/// What becomes of an entry whose household has a live invitation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlreadyInvited {
    /// Nothing is sent.
    #[default]
    Skip,
    /// The same invitation is sent once more, with the same code.
    Resend,
}

/// One entry as it was sent, whatever it is.
#[derive(Debug, Default)]
pub struct Row {
    /// Whether it is an object at all.
    pub is_object: bool,
    /// A field that no entry has.
    pub has_unknown_field: bool,
    /// E-mail address.
    pub email: Cell,
    /// Phone number.
    pub phone: Cell,
    /// How the message greets the reader.
    pub name: Cell,
    /// Street address, lot or unit.
    pub unit: Cell,
    /// What the household is called.
    pub household: Cell,
}

/// One field of an entry.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum Cell {
    /// Left out, or null.
    #[default]
    Missing,
    /// A text.
    Text(Box<str>),
    /// Something else: a number, an array.
    NotText,
}

/// One entry of a list: `email` is needed for the e-mail channel.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "stands for `Row` in the OpenAPI document")]
pub struct RowFields {
    /// E-mail address.
    email: Option<String>,
    /// Phone number.
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

impl BatchRequest {
    /// Reads a request's body.
    ///
    /// # Errors
    /// When it is not JSON, or a field of the request itself does not fit.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        // An array would be read field by field.
        if body.trim_ascii_start().first() == Some(&b'[') {
            return Err(invalid("", "is an array; the request is an object with channel and rows"));
        }
        let mut json = serde_json::Deserializer::from_slice(body);
        let request: Self = serde_path_to_error::deserialize(&mut json).map_err(|error| unfit(&error))?;
        json.end().map_err(|error| {
            Problem::new(
                Kind::MalformedJson,
                format!("There is more after the end of the object, in line {}.", error.line()),
            )
        })?;
        request.check()?;
        Ok(request)
    }

    fn check(&self) -> Result<(), Problem> {
        match self.channel.as_str() {
            "email" => {}
            "text" => {
                let detail = "Texts are not set up on this installation. Send this list by e-mail.";
                return Err(Problem::new(Kind::ChannelNotSetUp, detail).at("/channel", "must be \"email\""));
            }
            _ => return Err(invalid("/channel", "must be \"email\"")),
        }
        if self.rows.is_empty() {
            let detail = "Send at least one entry in `rows`.";
            return Err(Problem::new(Kind::EmptyList, detail).at("/rows", "has no entry"));
        }
        if self.rows.len() > MOST_ENTRIES {
            let found = self.rows.len();
            let detail =
                format!("A list has at most {MOST_ENTRIES} entries, this one has {found}. Split it.");
            return Err(
                Problem::new(Kind::TooManyEntries, detail).at("/rows", format!("has {found} entries"))
            );
        }
        if let Some(note) = &self.note {
            let length = note.chars().count();
            if length > NOTE_CHARACTERS {
                return Err(invalid(
                    "/note",
                    format!("has {length} characters; at most {NOTE_CHARACTERS} fit"),
                ));
            }
            if note.contains(|c: char| c.is_control() && c != '\n' && c != '\r') {
                return Err(invalid(
                    "/note",
                    "holds a control character; plain text and line breaks are fine",
                ));
            }
        }
        if let (Some(from), Some(until)) = (self.send_at, self.not_after)
            && from >= until
        {
            return Err(invalid("/not_after", "is not later than send_at"));
        }
        Ok(())
    }
}

fn invalid(pointer: &str, detail: impl Into<String>) -> Problem {
    Problem::new(Kind::InvalidField, "Nothing was stored. Mend the field and send the list again.")
        .at(pointer, detail)
}

fn unfit(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let inner = error.inner();
    let place = format!("line {}, column {}", inner.line(), inner.column());
    if inner.is_data() {
        let pointer: String = error
            .path()
            .iter()
            .map(|segment| match segment {
                serde_path_to_error::Segment::Seq { index } => format!("/{index}"),
                serde_path_to_error::Segment::Map { key } => format!("/{key}"),
                serde_path_to_error::Segment::Enum { .. } | serde_path_to_error::Segment::Unknown => {
                    String::new()
                }
            })
            .collect();
        let known =
            ["channel", "rows", "accept_checks", "already_invited", "note", "send_at", "not_after", "again"];
        let detail = match pointer.trim_start_matches('/') {
            "" => "needs channel and rows".to_owned(),
            field if known.contains(&field) => format!("is not of the type it should have ({place})"),
            _ => format!("is not a field of this request; it has {}", known.join(", ")),
        };
        // A field that no request has was named by the caller; only known ones are repeated.
        let pointer = if known.contains(&pointer.trim_start_matches('/')) { pointer } else { String::new() };
        return invalid(&pointer, detail);
    }
    Problem::new(Kind::MalformedJson, format!("The body cannot be read as JSON: see {place}."))
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

/// Visits what is neither the one thing wanted nor an error: it is taken note of and passed over.
macro_rules! anything_else {
    ($other:expr, $nothing:expr) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($other)
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($other)
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($other)
        }
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

struct RowVisitor;

impl<'de> Visitor<'de> for RowVisitor {
    type Value = Row;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entry")
    }

    anything_else!(Row::default(), Row::default());

    fn visit_str<E>(self, _: &str) -> Result<Row, E> {
        Ok(Row::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
        let mut row = Row { is_object: true, ..Row::default() };
        while let Some(field) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let cell = match &*field {
                "email" => &mut row.email,
                "phone" => &mut row.phone,
                "name" => &mut row.name,
                "unit" => &mut row.unit,
                "household" => &mut row.household,
                other => {
                    row.has_unknown_field |= other != "accept";
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

    fn visit_str<E>(self, text: &str) -> Result<Cell, E> {
        Ok(Cell::Text(text.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cell, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Cell::NotText)
    }
}

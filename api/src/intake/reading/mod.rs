//! Reading: whatever a volunteer pastes or a spreadsheet saves becomes entries, one for each recipient.
//!
//! [`encoding`] makes text of bytes, [`layout`] decides whether the text is a table or a list of recipients,
//! [`table`] and [`recipients`] read the two, [`rows`] reads JSON, and [`clean`] takes off what nobody meant to
//! write. What is promised:
//!
//! * Every line with something on it becomes an entry or a part of one, but for a table's head, lines drawn with
//!   characters, and columns that hold nothing of ours ([`ReadAs`] names them).
//! * A line that is out of shape costs only itself: an unbalanced quote does not swallow its neighbours.
//! * Time and memory grow with the length of the input and with nothing else.

use std::{borrow::Cow, ops::ControlFlow};

use porchlight_shared::domain::Channel;
use serde::Serialize;
use utoipa::ToSchema;

use super::judging::Reason;

pub mod clean;
pub mod columns;
pub mod encoding;
pub mod layout;
pub mod recipients;
pub mod rows;
pub mod sample;
pub mod table;

pub use columns::Column;
use layout::Layout;

/// Entries of one list.
pub const MOST_ENTRIES: usize = 100_000;

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line of the text, from 1; of a list that came as JSON, the position.
    pub line: u32,
    /// Which entry of the list, from 1.
    pub position: u32,
    /// Whether it is found by its line: the list came as text.
    pub by_line: bool,
}

impl Place {
    /// Where it is found.
    #[must_use]
    pub fn words(self) -> String {
        if self.by_line {
            say!("verdict-place-line", number = self.line.to_string())
        } else {
            say!("verdict-place-entry", number = self.position.to_string())
        }
    }
}

/// What stands in an entry, as it was written. Nothing here is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells<'a> {
    /// E-mail address.
    pub email: Option<Cow<'a, str>>,
    /// Phone number.
    pub phone: Option<Cow<'a, str>>,
    /// How the message greets the reader.
    pub name: Option<Cow<'a, str>>,
    /// Street address, lot or unit.
    pub unit: Option<Cow<'a, str>>,
    /// What the household is called.
    pub household: Option<Cow<'a, str>>,
}

impl Cells<'_> {
    /// The same, owning what it holds.
    #[must_use]
    pub fn into_owned(self) -> Cells<'static> {
        let own = |cell: Option<Cow<'_, str>>| cell.map(|cell| Cow::Owned(cell.into_owned()));
        Cells {
            email: own(self.email),
            phone: own(self.phone),
            name: own(self.name),
            unit: own(self.unit),
            household: own(self.household),
        }
    }
}

/// One recipient of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Where it stands.
    pub place: Place,
    /// What stands there.
    pub cells: Cells<'a>,
    /// Whether the leader wants it sent although it calls for a second look.
    pub accept: bool,
    /// What is wrong with its shape, whatever stands in it.
    pub fault: Option<Reason>,
}

/// How a text was understood, so that a leader can say otherwise.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReadAs {
    /// `table`: a row is an entry. `recipients`: a line may hold several.
    pub shape: Shape,
    /// What stands between the cells of a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub separator: Option<char>,
    /// Whether the first line names the columns.
    pub header: bool,
    /// What each column of a table holds; say otherwise in `columns`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<Column>,
    /// Whether the reader broke off before the end.
    #[serde(skip)]
    pub broken_off: bool,
}

/// The two shapes of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TextShape)]
pub enum Shape {
    /// Rows and columns.
    Table,
    /// One recipient after the other.
    Recipients,
}

/// Reads a text and hands over its entries one by one, until there are no more or `each` breaks off.
pub fn read<'a>(
    text: &'a str,
    channel: Channel,
    columns: Option<&[Column]>,
    mut each: impl FnMut(Entry<'a>) -> ControlFlow<()>,
) -> ReadAs {
    let layout = Layout::of(text, channel, columns);
    let mut position = 0;
    let mut number = |line: u32, cells: Cells<'a>, fault: Option<Reason>| {
        position += 1;
        each(Entry { place: Place { line, position, by_line: true }, cells, accept: false, fault })
    };
    let end = match &layout {
        Layout::Table(table) => table::read(text, table, &mut number),
        Layout::Recipients { header } => recipients::read(text, channel, *header, &mut number),
    };
    ReadAs { broken_off: end.is_break(), ..layout.read_as() }
}

/// Reads a text about homes: a table with a column for units or households, or a unit on each line.
pub fn read_homes<'a>(
    text: &'a str,
    columns: Option<&[Column]>,
    mut each: impl FnMut(Entry<'a>) -> ControlFlow<()>,
) -> ReadAs {
    let layout = Layout::of(text, Channel::Email, columns);
    // A table of something else has no homes in it, and its rows say so.
    if matches!(layout, Layout::Table(_)) {
        return read(text, Channel::Email, columns, each);
    }
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    let end = lines.zip(1..).try_for_each(|((line, number), position)| {
        let place = Place { line: number, position, by_line: true };
        let cells = Cells { unit: Some(clean::tidy(line)), ..Cells::default() };
        each(Entry { place, cells, accept: false, fault: None })
    });
    let shape = Layout::Recipients { header: false };
    ReadAs { columns: vec![Column::Unit], broken_off: end.is_break(), ..shape.read_as() }
}

/// The text with lines that end as ours do, where it was written with the line ends of an old Mac.
#[must_use]
pub fn plain_lines(text: String) -> String {
    if text.contains('\r') && !text.contains('\n') { text.replace('\r', "\n") } else { text }
}

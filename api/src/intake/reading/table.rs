//! Tables: which lines make a row, which cells a row has, and the entry that it is.
//!
//! `csv-core` takes a row apart; which lines belong to a row is decided here, because a quote that nobody closed would
//! otherwise swallow the rest of the list. A row goes on in the next line only if its quote is closed within a few lines,
//! the cell ends there, and no line on the way is a row by itself; else the quote is a character like any other and the
//! row ends with its line. A quote alone in its cell is a ditto mark.

use std::{borrow::Cow, ops::ControlFlow};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::{
    Cells, Column,
    clean::tidy,
    layout::{MOST_COLUMNS, TableLayout},
};
use crate::intake::judging::Reason;

/// Lines of one row: an address may stand on several lines of a cell, a page of text may not.
const MOST_LINES: usize = 8;

/// Takes a line apart for a first look. Quotes keep separators together.
pub(super) fn roughly(line: &str, separator: char) -> Vec<&str> {
    let mut quoted = false;
    line.split(|c: char| {
        quoted ^= c == '"';
        c == separator && !quoted
    })
    .take(MOST_COLUMNS)
    .map(|cell| cell.trim().trim_matches('"'))
    .collect()
}

/// Reads a table row by row.
pub(super) fn read<'a>(
    text: &'a str,
    layout: &TableLayout,
    entry: &mut impl FnMut(u32, Cells<'a>, Option<Reason>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut rows = Rows::new(text, layout.separator, layout.columns.len());
    let mut header = layout.header;
    while let Some(row) = rows.next_row() {
        if row.is_blank() {
            continue;
        }
        if let Some(before) = header {
            header = before.checked_sub(1);
            if before == 0 {
                continue;
            }
        }
        match too_wide(&row, layout.columns.len()) {
            None => entry(row.line, cells(row.cells, &layout.columns), None)?,
            Some(fault) => entry(row.line, in_one(&row.cells, layout.separator), Some(fault))?,
        }
    }
    ControlFlow::Continue(())
}

/// More cells than columns: something is in the wrong place, perhaps the address.
fn too_wide(row: &Row<'_>, expected: usize) -> Option<Reason> {
    let written = row.cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |last| last + 1);
    (row.cut || written > expected).then_some(Reason::TooManyCells { found: written, expected })
}

/// A row whose cells cannot be told apart: whoever mends it sees all of it where the address should be.
fn in_one<'a>(cells: &[Cow<'a, str>], separator: char) -> Cells<'a> {
    let row: Cow<'a, str> = cells.join(separator.encode_utf8(&mut [0; 4]) as &str).into();
    Cells { email: Some(row.clone()), phone: Some(row), ..Cells::default() }
}

/// The cells of a row under the names of their columns.
fn cells<'a>(row: Vec<Cow<'a, str>>, columns: &[Column]) -> Cells<'a> {
    let mut cells = Cells::default();
    let (mut first, mut last) = (None, None);
    for (cell, column) in row.into_iter().zip(columns) {
        if cell.trim().is_empty() {
            continue;
        }
        let slot = match column {
            Column::Email => &mut cells.email,
            Column::Phone => &mut cells.phone,
            Column::Unit => &mut cells.unit,
            Column::Household => &mut cells.household,
            Column::Name => &mut cells.name,
            Column::First => &mut first,
            Column::Last => &mut last,
            Column::Ignore => continue,
        };
        let cell = one_line(cell);
        *slot = Some(match slot.take() {
            Some(before) => Cow::Owned(format!("{before} {cell}")),
            None => cell,
        });
    }
    if first.is_some() || last.is_some() {
        cells.name = match (first, last) {
            (Some(first), Some(last)) => Some(Cow::Owned(format!("{first} {last}"))),
            (first, last) => first.or(last),
        };
    }
    cells
}

/// A cell of a spreadsheet may hold line breaks; none of ours does.
fn one_line(cell: Cow<'_, str>) -> Cow<'_, str> {
    match cell {
        Cow::Borrowed(cell) => tidy(cell),
        Cow::Owned(cell) => Cow::Owned(tidy(&cell).into_owned()),
    }
}

pub(super) struct Row<'a> {
    /// The line that it begins on.
    line: u32,
    pub(super) cells: Vec<Cow<'a, str>>,
    /// Whether cells beyond the widest table were left out.
    cut: bool,
}

impl Row<'_> {
    /// Whether there is nothing on it but what draws a line, or tells Excel its separator.
    pub(super) fn is_blank(&self) -> bool {
        let drawn = |cell: &str| cell.chars().all(|c| c.is_whitespace() || "-=:+_".contains(c));
        let tells = |cell: &str| cell.trim().eq_ignore_ascii_case("sep=");
        self.cells.iter().all(|cell| drawn(cell))
            || self.cells.first().is_some_and(|cell| tells(cell)) && self.cells.len() <= 2
    }
}

/// The rows of a text.
pub(super) struct Rows<'a> {
    rest: &'a str,
    line: u32,
    separator: char,
    /// Columns of the table; a line with as many cells is a row by itself.
    width: usize,
    reader: Reader,
    output: Vec<u8>,
    ends: [usize; MOST_COLUMNS],
}

impl<'a> Rows<'a> {
    pub(super) fn new(text: &'a str, separator: char, width: usize) -> Self {
        let delimiter = u8::try_from(separator).unwrap_or(b',');
        let reader = ReaderBuilder::new().delimiter(delimiter).build();
        Self { rest: text, line: 0, separator, width, reader, output: Vec::new(), ends: [0; MOST_COLUMNS] }
    }

    pub(super) fn next_row(&mut self) -> Option<Row<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let line = self.line + 1;
        let extent = extent(self.rest, self.separator, self.width);
        let (row, rest) = self.rest.split_at(extent.bytes);
        self.rest = rest;
        self.line += extent.lines;
        let row = row.trim_end_matches(['\n', '\r']);
        let (cells, cut) = match extent.quotes {
            Quotes::None | Quotes::Literal => {
                let mut cells = row.split(self.separator);
                // A quote at the end of a cell was meant to surround it.
                let cell = |cell: &'a str| Cow::Borrowed(cell.trim().trim_matches('"'));
                let taken = cells.by_ref().take(MOST_COLUMNS).map(cell).collect();
                (taken, cells.next().is_some())
            }
            Quotes::Meant => self.unquoted(row),
        };
        Some(Row { line, cells, cut })
    }

    /// A row with quotes that mean something.
    fn unquoted(&mut self, row: &str) -> (Vec<Cow<'a, str>>, bool) {
        self.reader.reset();
        self.output.resize(row.len() + 1, 0);
        let (mut read, mut written, mut ended) = (0, 0, 0);
        let cut = loop {
            let (input, output, ends) =
                (&row.as_bytes()[read..], &mut self.output[written..], &mut self.ends[ended..]);
            let (result, input, output, ends) = self.reader.read_record(input, output, ends);
            read += input;
            written += output;
            ended += ends;
            match result {
                // The whole row was handed over; an empty input ends it.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::Record | ReadRecordResult::End => break false,
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => break true,
            }
        };
        let mut begin = 0;
        let cells = self.ends[..ended].iter().map(|end| {
            let cell = String::from_utf8_lossy(&self.output[begin..*end]).into_owned();
            begin = *end;
            Cow::Owned(cell)
        });
        (cells.collect(), cut)
    }
}

/// What the quotes of a row are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quotes {
    /// There are none.
    None,
    /// They surround cells.
    Meant,
    /// Characters like any other.
    Literal,
}

#[derive(Debug, PartialEq, Eq)]
struct Extent {
    /// Up to and with the line's end.
    bytes: usize,
    lines: u32,
    quotes: Quotes,
}

/// How far the row goes that `text` begins with.
fn extent(text: &str, separator: char, width: usize) -> Extent {
    let first = text.find('\n').map_or(text.len(), |end| end + 1);
    if !text.as_bytes()[..first].contains(&b'"') {
        return Extent { bytes: first, lines: 1, quotes: Quotes::None };
    }
    let (mut end, mut lines) = (first, 1);
    loop {
        match quotes(&text[..end], separator) {
            Balance::Closed => return Extent { bytes: end, lines, quotes: Quotes::Meant },
            Balance::Broken => break,
            Balance::Open => {}
        }
        if end == text.len() || lines as usize == MOST_LINES {
            break;
        }
        let more = text[end..].find('\n').map_or(text.len() - end, |more| more + 1);
        if width > 1 && roughly(&text[end..end + more], separator).len() >= width {
            break;
        }
        end += more;
        lines += 1;
    }
    Extent { bytes: first, lines: 1, quotes: Quotes::Literal }
}

enum Balance {
    /// Every quoted cell ends where its quote does.
    Closed,
    /// A quoted cell goes on.
    Open,
    /// Something stands between a quote's end and the cell's.
    Broken,
}

/// Whether the cells that begin with a quote end with one.
fn quotes(row: &str, separator: char) -> Balance {
    let mut rest = row;
    loop {
        let Some(inside) = rest.strip_prefix('"') else {
            // A cell without quotes at its ends.
            match rest.find([separator, '\n']) {
                Some(at) if rest.as_bytes()[at] != b'\n' => {
                    rest = &rest[at + separator.len_utf8()..];
                    continue;
                }
                _ => return Balance::Closed,
            }
        };
        if inside.starts_with([separator, '\n', '\r']) || inside.is_empty() {
            return Balance::Broken;
        }
        let mut inside = inside;
        loop {
            let Some(quote) = inside.find('"') else { return Balance::Open };
            inside = &inside[quote + 1..];
            match inside.strip_prefix('"') {
                Some(more) => inside = more,
                None => break,
            }
        }
        rest = match inside.strip_prefix(separator) {
            Some(next) => next,
            None if inside.trim_end_matches(['\n', '\r', ' ']).is_empty() => return Balance::Closed,
            None => return Balance::Broken,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(text: &str) -> Vec<(u32, Vec<String>)> {
        let mut rows = Rows::new(text, ',', 2);
        std::iter::from_fn(|| rows.next_row())
            .map(|row| (row.line, row.cells.into_iter().map(Cow::into_owned).collect()))
            .collect()
    }

    fn row(line: u32, cells: &[&str]) -> (u32, Vec<String>) {
        (line, cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn quotes_keep_commas_and_line_breaks_together() {
        assert_eq!(
            rows("\"Ek, Bo\",b@x\r\n\"12 Elm St\nApt 4\",\"say \"\"hi\"\"\"\nlast,"),
            [row(1, &["Ek, Bo", "b@x"]), row(2, &["12 Elm St\nApt 4", "say \"hi\""]), row(4, &["last", ""])]
        );
    }

    #[test]
    fn a_ditto_mark_joins_no_rows() {
        let rows = |text| {
            let mut rows = Rows::new(text, '\t', 3);
            std::iter::from_fn(|| rows.next_row()).map(|row| row.cells.len()).collect::<Vec<_>>()
        };
        assert_eq!(rows("12\t\"\ta@x.org\n13\t\"\tb@x.org\n"), [3, 3]);
        assert_eq!(rows("Bo\tbo@x.org\t\"\nCy\tcy@x.org\t\"\n"), [3, 3]);
    }

    #[test]
    fn an_unbalanced_quote_costs_only_its_own_row() {
        assert_eq!(
            rows("\"Ek,b@x\nBo \"The Boat\" Ek,c@x\nLee,\"d@x\nOm,e@x"),
            [
                row(1, &["Ek", "b@x"]),
                row(2, &["Bo \"The Boat\" Ek", "c@x"]),
                row(3, &["Lee", "d@x"]),
                row(4, &["Om", "e@x"])
            ]
        );
        let text = "\"a,1@x\n".repeat(3) + "\"b\",2@x\n";
        assert_eq!(rows(&text).len(), 4);
    }

    #[test]
    fn a_line_of_a_million_columns_is_cut_and_says_so() {
        let wide = ",".repeat(1_000_000);
        let mut rows = Rows::new(&wide, ',', 2);
        let first = rows.next_row().unwrap();
        assert_eq!((first.cells.len(), first.cut), (MOST_COLUMNS, true));
        let quoted = "\"a\",".repeat(1_000);
        let first = Rows::new(&quoted, ',', 2).next_row().unwrap();
        assert_eq!((first.cells.len(), first.cut), (MOST_COLUMNS, true));
    }

    proptest! {
        #[test]
        fn every_line_is_in_one_row(text in "[ab,\"\n\r; ]{0,60}") {
            let mut rows = Rows::new(&text, ',', 3);
            let (mut line, mut left) = (0, text.len());
            while let Some(row) = rows.next_row() {
                prop_assert_eq!(row.line, line + 1);
                line = rows.line;
                prop_assert!(rows.rest.len() < left);
                left = rows.rest.len();
            }
            prop_assert_eq!(line as usize, text.lines().count());
        }

        #[test]
        fn what_a_spreadsheet_quotes_comes_back(cells in proptest::collection::vec("a([a,\" ]{0,6}|[a\n]{0,6})", 1..5)) {
            let quoted: Vec<_> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
            let text = quoted.join(",");
            prop_assume!(text.lines().count() <= MOST_LINES);
            let text = text + "\n";
            // No line on the way is as wide as the table.
            prop_assume!(text.lines().skip(1).all(|line| roughly(line, ',').len() < cells.len().max(2)));
            let row = Rows::new(&text, ',', cells.len()).next_row().unwrap();
            let read: Vec<_> = row.cells.into_iter().map(Cow::into_owned).collect();
            prop_assert_eq!(read, cells);
        }
    }
}

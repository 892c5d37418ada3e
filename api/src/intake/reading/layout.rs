//! Table or list of recipients: decided once, from the first lines.
//!
//! A table is known by a header, or by two lines with the same number of columns. A text in which every cell is a
//! recipient of its own is a list, however many stand in a line.

use porchlight_shared::domain::Channel;

use super::{
    Column, ReadAs, Shape,
    clean::tidy,
    columns::{looks_like_a_number, of_content, of_header, settle},
    table::{Row, Rows},
};

/// What may stand between cells, the surest first.
const SEPARATORS: [char; 4] = ['\t', ';', '|', ','];
/// Rows within which a table's head stands: there may be a title above it.
const HEADER_WITHIN: usize = 3;
/// Rows that are looked at.
const SAMPLE: usize = 40;
/// The widest table; what stands further right is not read.
pub const MOST_COLUMNS: usize = 256;

/// How a text is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Rows and columns.
    Table(TableLayout),
    /// One recipient after the other.
    Recipients {
        /// Whether the first line is a head and no recipient.
        header: bool,
    },
}

/// How a table is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableLayout {
    /// Between cells.
    pub separator: char,
    /// Which row names the columns, from 0, blank ones not counted; what stands above it is an entry like any other.
    pub header: Option<usize>,
    /// What they hold.
    pub columns: Vec<Column>,
}

impl Layout {
    /// Looks at the first lines of a text. `columns`, where given, says what a leader knows better.
    #[must_use]
    pub fn of(text: &str, channel: Channel, columns: Option<&[Column]>) -> Self {
        let candidates = SEPARATORS.map(|separator| Candidate::new(text, separator));
        if let Some(columns) = columns {
            return Self::told(&candidates, columns);
        }
        let headed = candidates.iter().filter_map(|candidate| Some((candidate, candidate.header()?)));
        // Of two that are as good the first is the surer.
        if let Some((candidate, (row, columns))) = headed.rev().max_by_key(|(_, (_, columns))| known(columns))
        {
            // A head above one column: its lines may hold several recipients each.
            if matches!(columns[..], [Column::Email | Column::Phone]) {
                return Self::Recipients { header: true };
            }
            return Self::Table(TableLayout { separator: candidate.separator, header: Some(row), columns });
        }
        let plain = candidates.iter().filter_map(|candidate| Some((candidate, candidate.columns(channel)?)));
        match plain.rev().max_by_key(|(candidate, _)| candidate.alike()) {
            Some((candidate, columns)) => {
                Self::Table(TableLayout { separator: candidate.separator, header: None, columns })
            }
            None => Self::Recipients { header: false },
        }
    }

    /// The table whose columns the leader named.
    fn told(candidates: &[Candidate], columns: &[Column]) -> Self {
        let fits =
            |candidate: &&Candidate| candidate.rows.first().is_some_and(|row| row.len() == columns.len());
        let candidate = candidates.iter().filter(fits).max_by_key(|candidate| candidate.alike());
        let candidate = candidate.unwrap_or(&candidates[SEPARATORS.len() - 1]);
        let mut settled = columns.to_vec();
        settle(&mut settled, false);
        Self::Table(TableLayout {
            separator: candidate.separator,
            header: candidate.header().map(|(row, _)| row),
            columns: settled,
        })
    }

    /// For the answer.
    #[must_use]
    pub fn read_as(&self) -> ReadAs {
        match self {
            Self::Table(table) => ReadAs {
                shape: Shape::Table,
                separator: Some(table.separator),
                header: table.header.is_some(),
                columns: table.columns.clone(),
                broken_off: false,
            },
            Self::Recipients { header } => {
                let shape = Shape::Recipients;
                ReadAs { shape, separator: None, header: *header, columns: Vec::new(), broken_off: false }
            }
        }
    }
}

/// How many columns hold something that matters.
fn known(columns: &[Column]) -> usize {
    columns.iter().filter(|column| **column != Column::Ignore).count()
}

/// The first rows, as one separator would take them apart.
struct Candidate {
    separator: char,
    rows: Vec<Vec<String>>,
}

impl Candidate {
    fn new(text: &str, separator: char) -> Self {
        let mut rows = Rows::new(text, separator, usize::MAX);
        let rows = std::iter::from_fn(|| rows.next_row()).filter(|row| !row.is_blank()).take(SAMPLE);
        let cells = |row: Row<'_>| row.cells.into_iter().map(|cell| tidy(&cell).into_owned()).collect();
        Self { separator, rows: rows.map(cells).collect() }
    }

    /// Which of the first rows is a header, and what it names. Below a title it has to name two columns.
    fn header(&self) -> Option<(usize, Vec<Column>)> {
        self.rows.iter().take(HEADER_WITHIN).enumerate().find_map(|(row, cells)| {
            let columns = of_header(cells.iter().map(String::as_str))?;
            (row == 0 || known(&columns) >= 2).then_some((row, columns))
        })
    }

    /// Rows as wide as the first.
    fn alike(&self) -> usize {
        let width = self.rows.first().map_or(0, Vec::len);
        self.rows.iter().filter(|row| row.len() == width).count()
    }

    /// What the columns hold, if the first two rows are as wide and this is no list of recipients.
    fn columns(&self, channel: Channel) -> Option<Vec<Column>> {
        let [first, second, ..] = &self.rows[..] else { return None };
        if first.len() < 2 || first.len() != second.len() {
            return None;
        }
        let recipient = |cell: &String| match channel {
            Channel::Email => cell.contains('@'),
            Channel::Text => looks_like_a_number(cell),
        };
        let cells = || [first, second].into_iter().flatten().filter(|cell| !cell.trim().is_empty());
        // `Lovelace, Ada <ada@example.org>` is one recipient, whatever the comma says.
        if cells().all(recipient) || cells().any(|cell| cell.contains('<') && cell.contains('@')) {
            return None;
        }
        of_content(&self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> String {
        match Layout::of(text, Channel::Email, None) {
            Layout::Recipients { header } => format!("recipients {header}"),
            Layout::Table(table) => format!("{:?} {:?} {:?}", table.separator, table.header, table.columns),
        }
    }

    #[test]
    fn a_table_is_told_from_a_list() {
        for (text, told) in [
            ("", "recipients false"),
            ("a@example.org\nb@example.org", "recipients false"),
            ("a@example.org, b@example.org\nc@example.org, d@example.org", "recipients false"),
            ("Ek, Bo <b@example.org>\nLee, Al <a@example.org>", "recipients false"),
            ("Email\na@example.org\nb@example.org", "recipients true"),
            ("Name,Email\nBo,b@example.org", "',' Some(0) [Name, Email]"),
            ("Name;Email;Address\nBo;b@example.org;12 Elm St, Apt 4", "';' Some(0) [Name, Email, Unit]"),
            ("Bo Ek\tb@example.org\nAl Lee\ta@example.org", "'\\t' None [Name, Email]"),
            ("Bo Ek | b@example.org\nAl Lee | a@example.org", "'|' None [Name, Email]"),
            ("Bo Ek, b@example.org", "recipients false"),
            ("sep=;\nName;Email\nBo;b@example.org", "';' Some(0) [Name, Email]"),
            ("Residents 2026\n,,\nName,Email,Unit\nBo,b@example.org,1", "',' Some(1) [Name, Email, Unit]"),
            ("\"Name\",\"E-mail\naddress\",\"Unit\"\nBo,b@example.org,1", "',' Some(0) [Name, Email, Unit]"),
            ("Greg,House,\nBo,Ek,b@example.org", "',' None [First, Last, Email]"),
            ("Unit\n12 Elm St\n14 Elm St", "'\\t' Some(0) [Unit]"),
        ] {
            assert_eq!(shape(text), told, "{text:?}");
        }
    }

    #[test]
    fn a_leader_knows_better() {
        let text = "x,b@example.org,Bo\ny,a@example.org,Al";
        let told = [Column::Household, Column::Email, Column::Name];
        let Layout::Table(table) = Layout::of(text, Channel::Email, Some(&told)) else { panic!("no table") };
        assert_eq!((table.separator, table.header, &table.columns[..]), (',', None, &told[..]));
    }
}

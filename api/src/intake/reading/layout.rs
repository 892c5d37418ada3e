//! Table or list of recipients: decided once, from the first lines.
//!
//! A table is known by a header, or by two lines with the same number of columns. A text in which every cell is a
//! recipient of its own is a list, however many stand in a line.

use porchlight_shared::domain::Channel;

use super::{
    Column, ReadAs, Shape,
    columns::{looks_like_a_number, of_content, of_header, settle},
    table,
};

/// What may stand between cells, the surest first.
const SEPARATORS: [char; 4] = ['\t', ';', '|', ','];
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
    /// Whether the first row names the columns.
    pub header: bool,
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
        let known =
            |columns: &Vec<Column>| columns.iter().filter(|column| **column != Column::Ignore).count();
        let headed = candidates.iter().filter_map(|candidate| Some((candidate, candidate.header()?)));
        // Of two that are as good the first is the surer.
        if let Some((candidate, columns)) = headed.rev().max_by_key(|(_, columns)| known(columns)) {
            if let [column] = columns[..] {
                // A head above one column: its lines may hold several recipients each.
                if matches!(column, Column::Email | Column::Phone) {
                    return Self::Recipients { header: true };
                }
            }
            return Self::Table(TableLayout { separator: candidate.separator, header: true, columns });
        }
        let plain = candidates.iter().filter_map(|candidate| Some((candidate, candidate.columns(channel)?)));
        match plain.rev().max_by_key(|(candidate, _)| candidate.alike()) {
            Some((candidate, columns)) => {
                Self::Table(TableLayout { separator: candidate.separator, header: false, columns })
            }
            None => Self::Recipients { header: false },
        }
    }

    /// The table whose columns the leader named.
    fn told(candidates: &[Candidate<'_>], columns: &[Column]) -> Self {
        let fits =
            |candidate: &&Candidate<'_>| candidate.rows.first().is_some_and(|row| row.len() == columns.len());
        let candidate = candidates.iter().filter(fits).max_by_key(|candidate| candidate.alike());
        let candidate = candidate.unwrap_or(&candidates[SEPARATORS.len() - 1]);
        let mut settled = columns.to_vec();
        settle(&mut settled);
        Self::Table(TableLayout {
            separator: candidate.separator,
            header: candidate.header().is_some(),
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
                header: table.header,
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

/// The first rows, as one separator would take them apart.
struct Candidate<'a> {
    separator: char,
    rows: Vec<Vec<&'a str>>,
}

impl<'a> Candidate<'a> {
    fn new(text: &'a str, separator: char) -> Self {
        let lines = text.lines().filter(|line| !line.trim().is_empty()).take(SAMPLE);
        Self { separator, rows: lines.map(|line| table::roughly(line, separator)).collect() }
    }

    /// What the first row names, if it is a header.
    fn header(&self) -> Option<Vec<Column>> {
        of_header(self.rows.first()?.iter().copied())
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
        let recipient = |cell: &&str| match channel {
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
            Layout::Table(table) => format!("{:?} {} {:?}", table.separator, table.header, table.columns),
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
            ("Name,Email\nBo,b@example.org", "',' true [Name, Email]"),
            ("Name;Email;Address\nBo;b@example.org;12 Elm St, Apt 4", "';' true [Name, Email, Unit]"),
            ("Bo Ek\tb@example.org\nAl Lee\ta@example.org", "'\\t' false [Name, Email]"),
            ("Bo Ek | b@example.org\nAl Lee | a@example.org", "'|' false [Name, Email]"),
            ("Bo Ek, b@example.org", "recipients false"),
            ("Unit\n12 Elm St\n14 Elm St", "'\\t' true [Unit]"),
        ] {
            assert_eq!(shape(text), told, "{text:?}");
        }
    }

    #[test]
    fn a_leader_knows_better() {
        let text = "x,b@example.org,Bo\ny,a@example.org,Al";
        let told = [Column::Household, Column::Email, Column::Name];
        let Layout::Table(table) = Layout::of(text, Channel::Email, Some(&told)) else { panic!("no table") };
        assert_eq!((table.separator, table.header, &table.columns[..]), (',', false, &told[..]));
    }
}

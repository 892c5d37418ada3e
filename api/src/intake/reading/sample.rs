//! The first rows of a table, for the leader who says what its columns hold.

use porchlight_shared::domain::Channel;

use super::{Column, clean::tidy, layout::Layout, table::Rows};

/// Rows that are shown.
const MOST: usize = 5;

/// How a table begins.
#[derive(Debug)]
pub struct Sample {
    /// What its columns hold, as it is understood.
    pub columns: Vec<Column>,
    /// The names at their heads, if it has such.
    pub head: Option<Vec<String>>,
    /// The first rows below.
    pub rows: Vec<Vec<String>>,
}

impl Sample {
    /// How a text begins that is a table. `columns`, where given, says what a leader knows better.
    #[must_use]
    pub fn of(text: &str, channel: Channel, columns: Option<&[Column]>) -> Option<Self> {
        let Layout::Table(layout) = Layout::of(text, channel, columns) else { return None };
        let mut rows = Rows::new(text, layout.separator, usize::MAX);
        let wide = layout.columns.len();
        let rows = std::iter::from_fn(|| rows.next_row()).filter(|row| !row.is_blank());
        let cells = rows.map(|row| {
            let mut cells: Vec<_> = row.cells.iter().map(|cell| tidy(cell).into_owned()).collect();
            cells.resize(wide, String::new());
            cells
        });
        let mut rows: Vec<_> = cells.take(layout.header.map_or(0, |row| row + 1) + MOST).collect();
        let head = layout.header.and_then(|row| rows.drain(..=row).next_back());
        Some(Self { columns: layout.columns, head, rows })
    }

    /// Whether the head says all that is needed: nobody has to be asked.
    #[must_use]
    pub fn is_clear(&self, channel: Channel) -> bool {
        let wanted = match channel {
            Channel::Email => Column::Email,
            Channel::Text => Column::Phone,
        };
        self.head.is_some() && self.columns.contains(&wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_shows_how_it_begins() {
        let text = "Residents\n,,\nName,Email,Unit\nBo,b@example.org,1\nAl,a@example.org\n";
        let sample = Sample::of(text, Channel::Email, None).unwrap();
        assert_eq!(sample.head.as_deref(), Some(&["Name", "Email", "Unit"].map(String::from)[..]));
        assert_eq!(sample.rows, [["Bo", "b@example.org", "1"], ["Al", "a@example.org", ""]]);
        assert!(sample.is_clear(Channel::Email) && !sample.is_clear(Channel::Text));
        assert!(Sample::of("a@example.org\nb@example.org", Channel::Email, None).is_none());
        let told = [Column::Name, Column::Ignore, Column::Unit];
        let sample = Sample::of(text, Channel::Email, Some(&told)).unwrap();
        assert_eq!(sample.columns, told);
    }
}

//! What a column holds: by the words at its head in the languages of our communities, or by what stands in it.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;

mod heads;
#[cfg(test)]
mod tests;

use heads::HEADS;

/// What a column of a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// E-mail address.
    Email,
    /// Phone number.
    Phone,
    /// Street address, lot or unit; several are read as one, from left to right.
    Unit,
    /// What the household is called.
    Household,
    /// Whole name.
    Name,
    /// First name.
    First,
    /// Last name.
    Last,
    /// Nothing that matters here.
    Ignore,
}

/// A head as it is compared: lower case, no accents, words with single spaces.
fn comparable(head: &str) -> String {
    let plain: String = head
        .nfkd()
        .filter(|c| !matches!(c, '\u{300}'..='\u{36f}'))
        .nfc()
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .flat_map(char::to_lowercase)
        .collect();
    let plain = plain.replace('ß', "ss").replace('ł', "l");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a column with this head holds, if the head is one that we know. `Email 2` and `Phone (home)` are not.
#[must_use]
pub fn of_head(head: &str) -> Option<Column> {
    // Nothing that long is the head of a column.
    if head.len() > 80 {
        return None;
    }
    let head = comparable(head);
    let numbered = head.strip_suffix(" 1").unwrap_or(&head);
    HEADS.iter().find(|(_, heads)| heads.contains(&numbered)).map(|(column, _)| *column)
}

/// What the columns of a header hold: nothing, if this is no header. A second column of a sort that makes sense only
/// once is left out.
#[must_use]
pub fn of_header<'a>(cells: impl Iterator<Item = &'a str>) -> Option<Vec<Column>> {
    let mut bare = false;
    let mut columns = Vec::new();
    for cell in cells {
        if cell.contains('@') {
            return None;
        }
        let column = of_head(cell).unwrap_or(Column::Ignore);
        bare |= column == Column::Name && BARE_NAMES.contains(&comparable(cell).as_str());
        columns.push(column);
    }
    let says = columns.iter().filter(|column| **column != Column::Ignore).count();
    // One word may stand anywhere, unless it is the whole row or names what a list is about.
    let sure =
        columns.iter().any(|column| matches!(column, Column::Email | Column::Phone)) || columns.len() == 1;
    if says < 2 && !(says == 1 && sure) {
        return None;
    }
    settle(&mut columns, bare);
    Some(columns)
}

/// Heads that mean a part of the name where the other part has a column of its own.
const BARE_NAMES: [&str; 7] = ["name", "nom", "nome", "naam", "namn", "nimi", "nombre"];

/// Settles what a column means beside the others: a `bare` *Name* beside *Vorname* is the last name, beside *Apellidos* the
/// first; any other goes before its parts. Only units come in several columns.
pub fn settle(columns: &mut [Column], bare: bool) {
    let has = |columns: &[Column], column| columns.contains(&column);
    if let Some(name) = columns.iter().position(|column| *column == Column::Name) {
        match (has(columns, Column::First), has(columns, Column::Last)) {
            (true, false) if bare => columns[name] = Column::Last,
            (false, true) if bare => columns[name] = Column::First,
            (true, false) | (false, true) => {
                let part = |column: &&mut Column| matches!(column, Column::First | Column::Last);
                columns.iter_mut().filter(part).for_each(|column| *column = Column::Ignore);
            }
            // Both parts are there; the whole is theirs.
            (true, true) => columns[name] = Column::Ignore,
            (false, false) => {}
        }
    }
    for at in 0..columns.len() {
        if columns[at] != Column::Unit && columns[..at].contains(&columns[at]) {
            columns[at] = Column::Ignore;
        }
    }
}

/// What columns without heads hold, by the cells of some rows: one e-mail or phone column at least, or nothing.
#[must_use]
pub fn of_content(rows: &[Vec<String>]) -> Option<Vec<Column>> {
    let width = rows.first()?.len();
    let most = |at: usize, is_so: fn(&str) -> bool| {
        let cells = rows.iter().filter_map(|row| row.get(at)).filter(|cell| !cell.trim().is_empty());
        let (all, so) = cells.fold((0, 0), |(all, so), cell| (all + 1, so + usize::from(is_so(cell))));
        so * 2 > all
    };
    let mut words = Vec::new();
    let mut columns = vec![Column::Ignore; width];
    for (at, column) in columns.iter_mut().enumerate() {
        *column = if most(at, |cell| cell.contains('@')) {
            Column::Email
        } else if most(at, looks_like_a_number) {
            Column::Phone
        } else if most(at, |cell| cell.contains(|c: char| c.is_ascii_digit())) {
            Column::Unit
        } else if most(at, |cell| cell.contains(char::is_alphabetic)) {
            // What is the same in every row is nobody's name.
            if rows.iter().any(|row| row.get(at) != rows[0].get(at)) {
                words.push(at);
            }
            Column::Ignore
        } else {
            Column::Ignore
        };
    }
    let single = |at: usize| most(at, |cell| !cell.trim().contains(' '));
    match words[..] {
        [first, last, ..] if last == first + 1 && single(first) && single(last) => {
            columns[first] = Column::First;
            columns[last] = Column::Last;
        }
        [name, ..] => columns[name] = Column::Name,
        [] => {}
    }
    settle(&mut columns, false);
    (columns.contains(&Column::Email) || columns.contains(&Column::Phone)).then_some(columns)
}

/// Whether a cell looks like a phone number: digits and what is written between them, seven at least.
#[must_use]
pub fn looks_like_a_number(cell: &str) -> bool {
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    digits >= 7
        && cell.chars().all(|c| {
            c.is_ascii_digit()
                || c.is_whitespace()
                || "+()-./·–‑\u{ad}\u{200b}\u{202a}\u{202c}\u{feff}'".contains(c)
        })
}

//! Pages: where the last one ended, in a form that callers hand back without reading it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::problem::{Kind, Problem};

const DEFAULT: u32 = 100;
const MOST: u32 = 1_000;

/// Which page of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// `next_cursor` of the page before; left out for the first.
    cursor: Option<String>,
    /// Items on a page: 1 to 1,000, 100 if left out.
    limit: Option<u32>,
}

impl Page {
    /// After which row the page begins, and how many it has.
    ///
    /// # Errors
    /// When cursor or limit were made up.
    pub fn bounds(&self) -> Result<(i32, i64), Problem> {
        let refuse = |detail: &str| Problem::new(Kind::InvalidParameter, detail);
        let limit = self.limit.unwrap_or(DEFAULT);
        if !(1..=MOST).contains(&limit) {
            return Err(refuse("limit must be 1 to 1000."));
        }
        let after = match &self.cursor {
            None => 0,
            Some(cursor) => {
                read(cursor).ok_or_else(|| refuse("cursor must be the next_cursor of the page before."))?
            }
        };
        Ok((after, i64::from(limit)))
    }
}

/// The cursor after a row.
#[must_use]
pub fn after(row: i32) -> String {
    URL_SAFE_NO_PAD.encode(row.to_be_bytes())
}

/// The row that a cursor names; `None` when it was made up.
#[must_use]
pub fn read(cursor: &str) -> Option<i32> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    Some(i32::from_be_bytes(bytes.try_into().ok()?)).filter(|row| *row >= 0)
}

/// The cursor after an entry of the audit log.
#[must_use]
pub fn after_entry(entry: i64) -> String {
    URL_SAFE_NO_PAD.encode(entry.to_be_bytes())
}

/// The entry that a cursor names; `None` when it was made up.
#[must_use]
pub fn read_entry(cursor: &str) -> Option<i64> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    Some(i64::from_be_bytes(bytes.try_into().ok()?)).filter(|entry| *entry >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_a_made_up_one_is_not() {
        let page = |cursor: &str| Page { cursor: Some(cursor.to_owned()), limit: Some(7) };
        assert_eq!(page(&after(4711)).bounds().unwrap(), (4711, 7));
        for made_up in ["", "!", "AAAA", "_____w"] {
            assert!(page(made_up).bounds().is_err(), "{made_up}");
        }
        assert_eq!(read_entry(&after_entry(5_000_000_000)), Some(5_000_000_000));
        assert_eq!((read_entry("AAAA"), read_entry(&after_entry(-1))), (None, None));
        assert!(Page { cursor: None, limit: Some(0) }.bounds().is_err());
        assert_eq!(Page::default().bounds().unwrap(), (0, 100));
    }
}

//! The list of a request: rows, a text, or a draft; and what is made of it.

use axum::{
    extract::{FromRequestParts, Query},
    http::{HeaderMap, request::Parts},
};
use porchlight_shared::domain::DraftId;
use serde::Deserialize;

use super::fields::invalid;
use crate::{
    intake::{
        body::content_type,
        judging::{Judged, Judging, Rules},
        reading::{self, Column, MOST_ENTRIES, ReadAs, encoding, layout::MOST_COLUMNS, rows::Rows},
    },
    problem::{Kind, Problem},
};

/// A list as it came in.
#[derive(Debug)]
pub enum Source {
    /// Rows of JSON.
    Rows(Rows),
    /// A text, and what the leader says of its columns.
    Text(String, Option<Vec<Column>>),
    /// A draft that was kept.
    Draft(DraftId),
}

/// What a list that comes as plain text says in its address.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// For text/csv and text/plain: `email` (the default) or `text`.
    pub(super) channel: Option<String>,
    /// For text/csv and text/plain: what the columns hold, with commas between, where the head does not say.
    columns: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for ListQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = Query::try_from_uri(&parts.uri);
        query
            .map(|Query(query)| query)
            .map_err(|_| Problem::new(Kind::InvalidParameter, "Look at channel and columns."))
    }
}

impl ListQuery {
    pub(super) fn columns(&self) -> Result<Option<Vec<Column>>, Problem> {
        let Some(columns) = &self.columns else { return Ok(None) };
        let column = |name: &str| -> Option<Column> {
            serde_json::from_value(serde_json::Value::String(name.trim().to_owned())).ok()
        };
        let columns: Option<Vec<_>> = columns.split(',').map(column).collect();
        columns.map(Some).ok_or_else(|| {
            let detail = "columns is made of email, phone, unit, household, name, first, last and ignore, with commas \
                          between.";
            Problem::new(Kind::InvalidParameter, detail)
        })
    }
}

/// The text of a body that is one, and its encoding; nothing, if it is JSON.
pub(super) fn plain(headers: &HeaderMap, body: &[u8]) -> Result<Option<(String, &'static str)>, Problem> {
    let (kind, charset) = content_type(headers);
    match kind.as_str() {
        "application/json" => return Ok(None),
        "text/csv" | "text/plain" | "text/tab-separated-values" => {}
        _ => {
            let detail =
                "Send the list as application/json, text/csv, text/tab-separated-values or text/plain.";
            return Err(Problem::new(Kind::UnsupportedMediaType, detail));
        }
    }
    let (text, encoding) = encoding::decode(body, charset.as_deref())
        .map_err(|error| Problem::new(Kind::UnsupportedMediaType, error.words()))?;
    Ok(Some((text.into_owned(), encoding)))
}

/// The one list of a request.
pub(super) fn source(
    rows: Option<Rows>,
    text: Option<String>,
    draft: Option<DraftId>,
    columns: Option<Vec<Column>>,
) -> Result<Source, Problem> {
    if let Some(columns) = &columns {
        if columns.is_empty() || columns.len() > MOST_COLUMNS {
            return Err(invalid("/columns", format!("names 1 to {MOST_COLUMNS} columns")));
        }
        if text.is_none() {
            return Err(invalid("/columns", "goes with text"));
        }
    }
    match (rows, text, draft) {
        (Some(rows), None, None) => Ok(Source::Rows(rows)),
        (None, Some(text), None) => Ok(Source::Text(text, columns)),
        (None, None, Some(draft)) => Ok(Source::Draft(draft)),
        (None, None, None) => Err(invalid("", "has no list: give rows or text")),
        _ => Err(invalid("", "has more than one list: give one of rows, text and draft")),
    }
}

/// Reads and judges a list by itself.
///
/// # Errors
/// When it has no entry, or too many.
pub fn judge(source: Source, rules: Rules<'_>) -> Result<(Vec<Judged>, Option<ReadAs>), Problem> {
    let mut judging = Judging::new(rules);
    let (read_as, pointer) = match source {
        Source::Rows(rows) => {
            if rows.found > MOST_ENTRIES {
                return Err(too_many(&rows.found.to_string(), "/rows"));
            }
            for (row, position) in rows.kept.into_iter().zip(1..) {
                judging.add(row.into_entry(position));
            }
            (None, "/rows")
        }
        Source::Text(text, columns) => {
            let text = reading::plain_lines(text);
            let read_as = reading::read(&text, rules.channel, columns.as_deref(), |entry| {
                if judging.len() == MOST_ENTRIES {
                    return std::ops::ControlFlow::Break(());
                }
                judging.add(entry);
                std::ops::ControlFlow::Continue(())
            });
            if read_as.broken_off {
                return Err(too_many("more", "/text"));
            }
            (Some(read_as), "/text")
        }
        Source::Draft(_) => (None, "/draft"),
    };
    if judging.is_empty() {
        let detail = "Send at least one entry.";
        return Err(Problem::new(Kind::EmptyList, detail).at(pointer, "has no entry"));
    }
    Ok((judging.finish(), read_as))
}

/// A list that is longer than a list may be.
#[must_use]
pub fn too_many(found: &str, pointer: &str) -> Problem {
    let detail = format!("A list has at most {MOST_ENTRIES} entries, this one has {found}. Split it.");
    Problem::new(Kind::TooManyEntries, detail).at(pointer, format!("has {found} entries"))
}

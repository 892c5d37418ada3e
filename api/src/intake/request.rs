//! What is asked for: strict about the request, lenient about its entries.

use axum::{
    extract::{FromRequestParts, Query},
    http::{HeaderMap, request::Parts},
};
use jiff::Timestamp;
use porchlight_shared::domain::{Channel, DraftId};
use serde::{Deserialize, de::DeserializeOwned};
use utoipa::ToSchema;

use super::{
    body::content_type,
    judging::{Judged, Judging, Rules},
    reading::{
        self, Column, MOST_ENTRIES, ReadAs, encoding,
        layout::MOST_COLUMNS,
        rows::{RowFields, Rows},
    },
};
use crate::problem::{Kind, Problem};

/// Characters of a personal note.
pub const NOTE_CHARACTERS: usize = 300;
/// Characters of what is said of consent.
pub const CONSENT_CHARACTERS: usize = 1_000;

/// A list to send, and how. The list is one of `rows`, `text` and `draft`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchRequest {
    /// How it travels.
    #[schema(value_type = ChannelName)]
    channel: String,
    /// The entries, at most 100,000.
    #[schema(value_type = Option<Vec<RowFields>>)]
    rows: Option<Rows>,
    /// The list as it was pasted: a table, or recipients one after the other.
    text: Option<String>,
    /// A draft that was kept.
    #[schema(value_type = Option<Uuid>)]
    draft: Option<DraftId>,
    /// What the columns of a pasted table hold, where its head does not say.
    columns: Option<Vec<Column>>,
    /// Send entries that call for a second look, too.
    #[serde(default)]
    pub accept_checks: bool,
    /// What to do with households that have a live invitation.
    #[serde(default)]
    pub already_invited: AlreadyInvited,
    /// A personal note of the leader: plain text, at most 300 characters. Texts have no room for one.
    pub note: Option<String>,
    /// Not before this instant.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub send_at: Option<Timestamp>,
    /// What has not begun by then expires.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub not_after: Option<Timestamp>,
    /// Who consented to being texted; texts need it.
    pub consent: Option<Consent>,
    /// Send although the same list went out within the last day.
    #[serde(default)]
    pub again: bool,
}

/// That the people on a list agreed to be texted: kept with the batch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// Who agreed, how and when, in the leader's words: at most 1,000 characters.
    pub statement: String,
    /// When it was obtained.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub obtained_at: Option<Timestamp>,
}

/// A list to be looked at. The list is one of `rows` and `text`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRequest {
    /// How it is to travel.
    #[schema(value_type = ChannelName)]
    channel: String,
    /// The entries, at most 100,000.
    #[schema(value_type = Option<Vec<RowFields>>)]
    rows: Option<Rows>,
    /// The list as it was pasted: a table, or recipients one after the other.
    text: Option<String>,
    /// What the columns of a pasted table hold, where its head does not say.
    columns: Option<Vec<Column>>,
}

/// Homes to be taken in. The list is one of `rows` and `text`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportRequest {
    /// The entries, at most 100,000: `unit`, `household`, or both.
    #[schema(value_type = Option<Vec<RowFields>>)]
    rows: Option<Rows>,
    /// The list as it was pasted: a table, or a unit on each line.
    text: Option<String>,
    /// What the columns of a pasted table hold, where its head does not say.
    columns: Option<Vec<Column>>,
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

impl BatchRequest {
    /// Reads a request's body. Returns it with its channel and list.
    ///
    /// # Errors
    /// When it is not JSON, or a field of the request itself does not fit.
    pub fn parse(body: &[u8]) -> Result<(Self, Channel, Source), Problem> {
        let known = [
            "channel",
            "rows",
            "text",
            "draft",
            "columns",
            "accept_checks",
            "already_invited",
            "note",
            "send_at",
            "not_after",
            "consent",
            "again",
        ];
        let mut request: Self = parse(body, &known, "needs channel and one of rows, text and draft")?;
        let channel = channel(&request.channel)?;
        let source = source(request.rows.take(), request.text.take(), request.draft, request.columns.take())?;
        request.check(channel)?;
        Ok((request, channel, source))
    }

    fn check(&self, channel: Channel) -> Result<(), Problem> {
        match (channel, &self.consent) {
            (Channel::Email, None) => {}
            (Channel::Text, Some(consent)) => consent.check()?,
            (Channel::Text, None) => {
                let missing = "is missing; texts go only to people who agreed: say who did, how and when";
                return Err(invalid("/consent", missing));
            }
            (Channel::Email, Some(_)) => return Err(invalid("/consent", "goes with texts")),
        }
        if channel == Channel::Text && self.note.is_some() {
            return Err(invalid("/note", "does not fit into a text; leave it out, or send e-mails"));
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

impl Consent {
    fn check(&self) -> Result<(), Problem> {
        let statement = self.statement.trim();
        let length = statement.chars().count();
        if length < 3 {
            return Err(invalid("/consent/statement", "does not say who agreed, how and when"));
        }
        if length > CONSENT_CHARACTERS {
            return Err(invalid(
                "/consent/statement",
                format!("has {length} characters; at most {CONSENT_CHARACTERS} fit"),
            ));
        }
        if statement.contains(|c: char| c.is_control() && c != '\n' && c != '\r') {
            return Err(invalid("/consent/statement", "holds a control character"));
        }
        Ok(())
    }
}

impl ListRequest {
    /// Reads a list to be looked at: JSON, or the text itself with its channel and columns in the query.
    ///
    /// # Errors
    /// When it is neither, or a field does not fit.
    pub fn parse(
        headers: &HeaderMap,
        query: &ListQuery,
        body: &[u8],
    ) -> Result<(Channel, Source, Option<&'static str>), Problem> {
        let Some((text, encoding)) = plain(headers, body)? else {
            let known = ["channel", "rows", "text", "columns"];
            let request: Self = parse(body, &known, "needs channel and one of rows and text")?;
            let channel = channel(&request.channel)?;
            return Ok((channel, source(request.rows, request.text, None, request.columns)?, None));
        };
        let channel = match query.channel.as_deref() {
            None | Some("email") => Channel::Email,
            Some("text") => Channel::Text,
            Some(_) => {
                return Err(Problem::new(Kind::InvalidParameter, "channel is email or text."));
            }
        };
        Ok((channel, source(None, Some(text), None, query.columns()?)?, Some(encoding)))
    }
}

impl ImportRequest {
    /// Reads homes to be taken in: JSON, or the text itself with its columns in the query.
    ///
    /// # Errors
    /// When it is neither, or a field does not fit.
    pub fn parse(headers: &HeaderMap, query: &ListQuery, body: &[u8]) -> Result<Source, Problem> {
        let Some((text, _)) = plain(headers, body)? else {
            let request: Self = parse(body, &["rows", "text", "columns"], "needs one of rows and text")?;
            return source(request.rows, request.text, None, request.columns);
        };
        source(None, Some(text), None, query.columns()?)
    }
}

/// What a list that comes as plain text says in its address.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// For text/csv and text/plain: `email` (the default) or `text`.
    channel: Option<String>,
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
    fn columns(&self) -> Result<Option<Vec<Column>>, Problem> {
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
fn plain(headers: &HeaderMap, body: &[u8]) -> Result<Option<(String, &'static str)>, Problem> {
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
        .map_err(|error| Problem::new(Kind::UnsupportedMediaType, error.to_string()))?;
    Ok(Some((text.into_owned(), encoding)))
}

fn channel(name: &str) -> Result<Channel, Problem> {
    match name {
        "email" => Ok(Channel::Email),
        "text" => Ok(Channel::Text),
        _ => Err(invalid("/channel", "must be \"email\" or \"text\"")),
    }
}

/// The one list of a request.
fn source(
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

/// A field that does not fit.
#[must_use]
pub fn invalid(pointer: &str, detail: impl Into<String>) -> Problem {
    Problem::new(Kind::InvalidField, "Nothing was stored. Mend the field and send the list again.")
        .at(pointer, detail)
}

/// Reads a JSON object with these fields.
///
/// # Errors
/// When it is not JSON, or a field does not fit: with its place, and none of what stands there.
pub fn parse<T: DeserializeOwned>(body: &[u8], known: &[&str], needs: &str) -> Result<T, Problem> {
    // An array would be read field by field.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(invalid("", format!("is an array; the request is an object that {needs}")));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let request: T =
        serde_path_to_error::deserialize(&mut json).map_err(|error| unfit(&error, known, needs))?;
    json.end().map_err(|error| {
        Problem::new(
            Kind::MalformedJson,
            format!("There is more after the end of the object, in line {}.", error.line()),
        )
    })?;
    Ok(request)
}

fn unfit(error: &serde_path_to_error::Error<serde_json::Error>, known: &[&str], needs: &str) -> Problem {
    let inner = error.inner();
    let place = format!("line {}, column {}", inner.line(), inner.column());
    if !inner.is_data() {
        return Problem::new(Kind::MalformedJson, format!("The body cannot be read as JSON: see {place}."));
    }
    let mut pointer = String::new();
    for segment in error.path() {
        match segment {
            serde_path_to_error::Segment::Seq { index } => pointer.extend(["/", &index.to_string()]),
            serde_path_to_error::Segment::Map { key } if known.contains(&key.as_str()) => {
                pointer.extend(["/", key]);
            }
            // What no request has was named by the caller; only known fields are repeated.
            serde_path_to_error::Segment::Map { .. } => {
                let detail =
                    format!("has a field that this request has not ({place}); it has {}", known.join(", "));
                return invalid(&pointer, detail);
            }
            serde_path_to_error::Segment::Enum { .. } | serde_path_to_error::Segment::Unknown => {}
        }
    }
    match pointer.as_str() {
        "" => invalid("", needs),
        pointer => invalid(pointer, format!("is not of the type it should have ({place})")),
    }
}

//! What is asked for: strict about the request, lenient about its entries.

use axum::http::HeaderMap;
use jiff::Timestamp;
use porchlight_shared::domain::{Channel, DraftId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::reading::{
    Column,
    rows::{RowFields, Rows},
};
use crate::problem::{Kind, Problem};

mod fields;
mod list;

pub use fields::{invalid, parse};
pub use list::{ListQuery, Source, judge, too_many};
use list::{plain, source};

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

fn channel(name: &str) -> Result<Channel, Problem> {
    match name {
        "email" => Ok(Channel::Email),
        "text" => Ok(Channel::Text),
        _ => Err(invalid("/channel", "must be \"email\" or \"text\"")),
    }
}

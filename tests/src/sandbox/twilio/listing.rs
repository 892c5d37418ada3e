//! The list of texts, filtered and in pages.

use axum::{
    Json,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use jiff::{civil::Date, tz::TimeZone};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{
    Accepted, Server, answer,
    api::{self, Sandbox},
    refusal::Refusal,
};

const USUAL_PAGE: usize = 50;
const LARGEST_PAGE: usize = 1_000;
const EVER: (Date, Date) = (Date::MIN, Date::MAX);

#[derive(Debug)]
struct Query {
    to: Option<String>,
    from: Option<String>,
    /// The first and the last day, in UTC.
    days: (Date, Date),
    page: usize,
    page_size: usize,
    /// What the next page is asked with, too.
    filters: Vec<(String, String)>,
}

pub(super) async fn list(State(server): Sandbox, RawQuery(query): RawQuery) -> Response {
    match Query::read(&query.unwrap_or_default()) {
        Ok(query) => Json(query.answer(&server)).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

impl Query {
    /// Like Twilio it passes over what it does not know.
    fn read(query: &str) -> Result<Self, Refusal> {
        let mut read =
            Self { to: None, from: None, days: EVER, page: 0, page_size: USUAL_PAGE, filters: Vec::new() };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "Page" => {
                    read.page = number(&name, &value)?;
                    continue;
                }
                "PageSize" => {
                    read.page_size = number(&name, &value)?.clamp(1, LARGEST_PAGE);
                    continue;
                }
                "To" => read.to = Some(value.to_string()),
                "From" => read.from = Some(value.to_string()),
                "DateSent" => {
                    let day = day(&name, &value)?;
                    read.days = (day, day);
                }
                "DateSent>" => read.days.0 = day(&name, &value)?,
                "DateSent<" => read.days.1 = day(&name, &value)?,
                _ => {}
            }
            read.filters.push((name.into_owned(), value.into_owned()));
        }
        Ok(read)
    }

    /// A text that was not sent yet has no day.
    fn fits(&self, accepted: &Accepted) -> bool {
        let (first, last) = self.days;
        let in_time = match accepted.sent_at {
            Some(at) => (first..=last).contains(&answer::timestamp(at).to_zoned(TimeZone::UTC).date()),
            None => self.days == EVER,
        };
        in_time
            && self.to.as_deref().is_none_or(|to| *to == *accepted.to)
            && self.from.as_deref().is_none_or(|from| *from == *accepted.from)
    }

    fn answer(&self, server: &Server) -> Value {
        let start = self.page.saturating_mul(self.page_size);
        // One more than the page holds says whether there is a next one.
        let mut found: Vec<Accepted> = server.with_records(|records| {
            let newest = records.accepted().iter().rev();
            newest
                .filter(|accepted| self.fits(accepted))
                .skip(start)
                .take(self.page_size + 1)
                .cloned()
                .collect()
        });
        let more = found.len() > self.page_size;
        found.truncate(self.page_size);
        let messages: Vec<_> =
            found.iter().map(|accepted| answer::message(&server.settings, accepted)).collect();
        let uri = |page| self.uri(server, page);
        json!({
            "end": (start + found.len()).saturating_sub(1),
            "first_page_uri": uri(0),
            "messages": messages,
            "next_page_uri": more.then(|| uri(self.page + 1)),
            "page": self.page,
            "page_size": self.page_size,
            "previous_page_uri": self.page.checked_sub(1).map(uri),
            "start": start,
            "uri": uri(self.page),
        })
    }

    fn uri(&self, server: &Server, page: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.filters);
        query.append_pair("PageSize", &self.page_size.to_string());
        query.append_pair("Page", &page.to_string());
        format!("{}/Messages.json?{}", api::account(&server.settings), query.finish())
    }
}

fn day(name: &str, value: &str) -> Result<Date, Refusal> {
    value.parse().map_err(|_| wrong(name, value))
}

fn number(name: &str, value: &str) -> Result<usize, Refusal> {
    value.parse().map_err(|_| wrong(name, value))
}

fn wrong(name: &str, value: &str) -> Refusal {
    Refusal::bad(20001, format!("{value} is not a valid {name}"))
}

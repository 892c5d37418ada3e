//! The frame of every inbox page. Everything that came from outside goes through [`escape`].
//!
//! Pages need no script and ask nobody else for anything; the content policy says so to the browser.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::{
    http::{HeaderName, header},
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;

/// How many messages a page lists.
pub(super) const LISTED: usize = 100;
pub(super) const NOSNIFF: (HeaderName, &str) = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");

const STYLE: &str = include_str!("frame.css");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// Which messages are shown.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Filter {
    /// Only those to this address or number.
    to: Option<String>,
}

impl Filter {
    pub(super) fn fits(&self, recipient: &str) -> bool {
        self.to.as_deref().is_none_or(|to| to == recipient)
    }
}

/// One sandbox's part of the inbox.
pub(super) struct Section {
    heading: &'static str,
    total: u64,
    html: String,
}

/// The page of the newest messages, one section for each sandbox, and the way to each from the top.
pub(super) fn inbox(sections: &[Section]) -> Response {
    let links = sections
        .iter()
        .enumerate()
        .map(|(n, Section { heading, total, .. })| format!("<a href=\"#part-{n}\">{heading} ({total})</a>"));
    let links: Vec<_> = links.collect();
    let nav = if sections.len() > 1 { format!("<nav>{}</nav>", links.join(" · ")) } else { String::new() };
    let parts = sections
        .iter()
        .enumerate()
        .map(|(n, section)| format!("<section id=\"part-{n}\">{}</section>", section.html));
    let parts: String = parts.collect();
    let body = format!("<header><h1>Sandbox inbox</h1>{nav}</header><main>{parts}</main>");
    page("Sandbox inbox", &body)
}

/// One sandbox's part of the inbox: how many there are, and the newest as items of a list.
pub(super) fn section(heading: &'static str, total: u64, items: &[String], nothing: &str) -> Section {
    let list = if items.is_empty() {
        format!("<p class=\"empty\">{nothing}</p>")
    } else {
        format!("<ol class=\"messages\">{}</ol>", items.concat())
    };
    let html = format!("<h2>{heading}</h2><p class=\"count\">{}</p>{list}", counted(total, items.len()));
    Section { heading, total, html }
}

/// The page for a message that is not kept.
pub(super) fn missing(what: &str) -> Response {
    let body = format!(
        "<header><p><a href=\"/\">← All messages</a></p><h1>{what} is not here</h1></header>\
         <main><p>It never came, or newer ones took its place.</p></main>"
    );
    page("Not here", &body)
}

/// A whole page.
pub(super) fn page(title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <link rel=\"icon\" href=\"data:,\"><title>{}</title><style>{STYLE}</style></head><body>{body}</body></html>",
        escape(title),
    );
    let headers =
        [(header::CONTENT_SECURITY_POLICY, POLICY), NOSNIFF, (header::REFERRER_POLICY, "no-referrer")];
    (headers, Html(html)).into_response()
}

fn counted(total: u64, listed: usize) -> String {
    match total {
        0 => "No messages".into(),
        1 => "1 message".into(),
        _ if total > listed as u64 => format!("{total} messages, the newest {listed} below"),
        _ => format!("{total} messages"),
    }
}

/// The first link in a text.
pub(super) fn first_link(text: &str) -> Option<String> {
    let start = ["https://", "http://"].iter().filter_map(|scheme| text.find(scheme)).min()?;
    let rest = &text[start..];
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\'' | ')'));
    Some(rest[..end.unwrap_or(rest.len())].trim_end_matches(['.', ',', ';', '!', '?']).to_owned())
}

/// A link that shows where it leads.
pub(super) fn link(address: &str) -> String {
    let address = escape(address);
    format!("<p class=\"link\"><a href=\"{address}\" rel=\"noreferrer\">{address}</a></p>")
}

/// Whole seconds since 1970.
pub(super) fn seconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

/// The time of day, in UTC.
pub(super) fn clock(seconds: u64) -> String {
    format!("{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
}

/// Safe in text and in a double-quoted attribute.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_place() {
        assert_eq!(escape("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
    }

    #[test]
    fn time_of_day() {
        assert_eq!(clock(86_400 + 3_661), "01:01:01");
    }

    #[test]
    fn links_end_where_the_sentence_does() {
        let text = "Join: https://join.example.org/j/7KWM3RTX9CHR. Reply HELP for help.";
        assert_eq!(first_link(text).as_deref(), Some("https://join.example.org/j/7KWM3RTX9CHR"));
        assert_eq!(first_link("no link here"), None);
    }
}

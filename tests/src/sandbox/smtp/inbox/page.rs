//! The inbox's HTML. Everything that came from outside goes through [`escape`].

use std::{
    fmt::Write as _,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{super::Accepted, super::reading::Reading, Summary};

const STYLE: &str = include_str!("page.css");

pub(super) fn list(total: u64, messages: &[Summary]) -> String {
    let mut body =
        format!("<header><h1>Sandbox inbox</h1><p>{}</p></header><main>", counted(total, messages.len()));
    if messages.is_empty() {
        body += "<p class=\"empty\">Nothing yet. Mail sent to the sandbox shows up here; reload to look again.</p>";
    } else {
        body += "<ol class=\"messages\">";
        for message in messages {
            // Writing to a string does not fail, here and below.
            let _written = write!(
                body,
                "<li><a href=\"/messages/{}\"><span class=\"to\">{}</span>\
                 <span class=\"subject\">{}</span><time>{}</time>{}</a></li>",
                message.number,
                escape(&message.recipient),
                subject(&message.subject),
                clock(message.accepted_at),
                if message.answered { "" } else { "<span class=\"note\">not answered</span>" },
            );
        }
        body += "</ol>";
    }
    body += "</main>";
    page("Sandbox inbox", &body)
}

pub(super) fn message(accepted: &Accepted, reading: &Reading) -> String {
    let mut body = format!(
        "<header><p><a href=\"/\">← All messages</a></p><h1>{}</h1><dl>\
         <dt>From</dt><dd>{}</dd><dt>To</dt><dd>{}</dd><dt>Taken</dt><dd>{} UTC{}</dd></dl></header><main>",
        subject(&reading.subject),
        escape(&reading.from),
        escape(&accepted.recipient),
        clock(seconds(accepted.at)),
        if accepted.answered { "" } else { ", not answered" },
    );
    if let Some(link) = &reading.link {
        let link = escape(link);
        let _written = write!(body, "<p class=\"link\"><a href=\"{link}\" rel=\"noreferrer\">{link}</a></p>");
    }
    if let Some(html) = &reading.html {
        let _written = write!(
            body,
            "<section><h2>HTML</h2><iframe sandbox=\"\" title=\"The message as HTML\" srcdoc=\"{}\"></iframe></section>",
            escape(html),
        );
    }
    if let Some(text) = &reading.text {
        let _written = write!(body, "<section><h2>Text</h2><pre>{}</pre></section>", escape(text));
    }
    let _written = write!(
        body,
        "<details><summary>Headers</summary><pre>{}</pre></details>\
         <p><a href=\"/messages/{}/source\">Source</a></p></main>",
        escape(&reading.headers),
        accepted.number,
    );
    page(&reading.subject, &body)
}

pub(super) fn missing(number: u64) -> String {
    let body = format!(
        "<header><p><a href=\"/\">← All messages</a></p><h1>Message {number} is not here</h1></header>\
         <main><p>It never came, or newer ones took its place.</p></main>"
    );
    page("Not here", &body)
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <link rel=\"icon\" href=\"data:,\"><title>{}</title><style>{STYLE}</style></head><body>{body}</body></html>",
        escape(title),
    )
}

fn counted(total: u64, listed: usize) -> String {
    match total {
        0 => "No messages".into(),
        1 => "1 message".into(),
        _ if total > listed as u64 => format!("{total} messages, the newest {listed} below"),
        _ => format!("{total} messages"),
    }
}

fn subject(subject: &str) -> String {
    if subject.is_empty() { "(no subject)".into() } else { escape(subject) }
}

/// Whole seconds since 1970.
pub(super) fn seconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

/// The time of day, in UTC.
fn clock(seconds: u64) -> String {
    format!("{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
}

/// Safe in text and in a double-quoted attribute.
fn escape(text: &str) -> String {
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
}

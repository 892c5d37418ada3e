//! The HTML of the inbox. Everything that came from outside goes through [`escape`].

use std::fmt::Write as _;

use axum::response::Response;

use super::{super::Callback, Summary};
use crate::sandbox::frame::{self, clock, escape};

pub(super) fn section(total: u64, texts: &[Summary]) -> frame::Section {
    let items: Vec<_> = texts.iter().map(item).collect();
    frame::section(
        "Text messages",
        total,
        &items,
        "Nothing yet. Texts sent to the sandbox show up here; reload to look again.",
    )
}

fn item(text: &Summary) -> String {
    let note = note(text).map(|note| format!("<span class=\"note\">{note}</span>")).unwrap_or_default();
    format!(
        "<li><a href=\"/texts/{}\"><span class=\"to\">{}</span>\
         <span class=\"subject\">{}</span><time>{}</time>{note}</a></li>",
        text.number,
        escape(&text.to),
        escape(&text.body),
        clock(text.accepted_at),
    )
}

pub(super) fn message(text: &Summary, callbacks: &[Callback]) -> Response {
    let title = format!("Text to {}", text.to);
    let mut body = format!(
        "<header><p><a href=\"/\">← All messages</a></p><h1>{}</h1><dl>\
         <dt>From</dt><dd>{}</dd><dt>Taken</dt><dd>{} UTC{}</dd><dt>Status</dt><dd>{}</dd>\
         <dt>Segments</dt><dd>{}</dd><dt>Id</dt><dd>{}</dd></dl></header><main>",
        escape(&title),
        escape(&text.from),
        clock(text.accepted_at),
        if text.answered { "" } else { ", not answered" },
        status(text),
        text.segments,
        escape(&text.sid),
    );
    if let Some(link) = &text.link {
        body += &frame::link(link);
    }
    // Writing to a string does not fail, here and below.
    let _written = write!(body, "<pre>{}</pre>", escape(&text.body));
    if !callbacks.is_empty() {
        body += "<section><h2>Callbacks</h2><ol>";
        for callback in callbacks {
            let _written = match callback.answer {
                Some(answer) => write!(body, "<li>{}, answered {answer}</li>", callback.status.as_str()),
                None => write!(body, "<li>{}, not answered</li>", callback.status.as_str()),
            };
        }
        body += "</ol></section>";
    }
    body += "</main>";
    frame::page(&title, &body)
}

/// What is worth saying in a list.
fn note(text: &Summary) -> Option<String> {
    match (text.answered, text.error_code) {
        (false, _) => Some("not answered".into()),
        (true, Some(_)) => Some(status(text)),
        (true, None) => None,
    }
}

fn status(text: &Summary) -> String {
    match text.error_code {
        Some(code) => format!("{}, {code}", text.status),
        None => text.status.into(),
    }
}

//! The HTML of the inbox. Everything that came from outside goes through [`escape`].

use std::fmt::Write as _;

use axum::response::Response;

use super::{super::Accepted, super::reading::Reading, Summary};
use crate::sandbox::frame::{self, clock, escape, seconds};

pub(super) fn section(total: u64, messages: &[Summary]) -> frame::Section {
    let items: Vec<_> = messages.iter().map(item).collect();
    frame::section(
        "E-mail",
        total,
        &items,
        "Nothing yet. Mail sent to the sandbox shows up here; reload to look again.",
    )
}

fn item(message: &Summary) -> String {
    format!(
        "<li><a href=\"/messages/{}\"><span class=\"to\">{}</span>\
         <span class=\"subject\">{}</span><time>{}</time>{}</a></li>",
        message.number,
        escape(&message.recipient),
        subject(&message.subject),
        clock(message.accepted_at),
        if message.answered { "" } else { "<span class=\"note\">not answered</span>" },
    )
}

pub(super) fn message(accepted: &Accepted, reading: &Reading) -> Response {
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
        body += &frame::link(link);
    }
    // Writing to a string does not fail, here and below.
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
    frame::page(&reading.subject, &body)
}

fn subject(subject: &str) -> String {
    if subject.is_empty() { "(no subject)".into() } else { escape(subject) }
}

//! What an invitation says, before it has a form.

use std::{borrow::Cow, fmt};

use jiff::Timestamp;
use porchlight_shared::domain::{Colour, DeliveryId};

use crate::email::session::EnvelopeError;

/// Who is invited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guest {
    /// A household.
    Household,
    /// Somebody of a household that joined already.
    Member,
}

/// One invitation to one address. Borrowed throughout: it lives as long as its composition.
#[derive(Clone, Copy)]
pub struct Letter<'a> {
    /// The delivery: Message-ID and boundary are made of it.
    pub delivery: DeliveryId,
    /// The `Date`: that of the delivery, not of the attempt, so that a repeat says the same.
    pub written_at: Timestamp,
    /// On whose behalf.
    pub community: Sender<'a>,
    /// The address of `PORCHLIGHT_SMTP_FROM`.
    pub from: &'a str,
    /// To whom.
    pub recipient: &'a str,
    /// Who that is, if known: a person or a household.
    pub recipient_name: Option<&'a str>,
    /// Who is invited.
    pub guest: Guest,
    /// The subject.
    pub subject: &'a str,
    /// The access code in groups. Secret.
    pub code: &'a str,
    /// `https://…/j/{code}`. Secret.
    pub join_link: &'a str,
    /// The installation's own address, `https://…` without a path: `/join` and `/genuine` are below it.
    pub site: &'a str,
    /// `https://…/u/{token}`. Secret.
    pub unsubscribe_link: &'a str,
    /// Until when the code is valid, in words: `22 December 2026`.
    pub expires: &'a str,
    /// A leader's note, plain text.
    pub note: Option<&'a str>,
}

/// The community in a letter. What is missing is left out.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whom a resident may ask: a name, an address, a number.
    pub contact: Option<&'a str>,
    /// Where replies go; left out when it is not an e-mail address.
    pub reply_to: Option<&'a str>,
    /// Its postal address, in one line or several.
    pub postal_address: Option<&'a str>,
    /// The colour of the button.
    pub colour: Option<Colour>,
}

/// Shows the delivery only.
impl fmt::Debug for Letter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("delivery", &self.delivery).finish_non_exhaustive()
    }
}

/// Why a letter has no form.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// An address cannot be used in SMTP.
    #[error("an address cannot be written to")]
    Envelope(#[source] EnvelopeError),
    /// An address cannot be put into a header.
    #[error("the {0} address cannot be put into a header")]
    Address(&'static str),
    /// A link cannot be put into a letter.
    #[error("the {0} link must be an http(s) URL of printable ASCII, at most 900 characters")]
    Link(&'static str),
    /// A template failed.
    #[error("the template cannot be rendered")]
    Template(#[from] askama::Error),
}

/// A letter's words, each fit for its place: names on one line, links that are links.
#[derive(Debug)]
pub(super) struct Words<'a> {
    pub(super) community: Cow<'a, str>,
    pub(super) recipient_name: Option<Cow<'a, str>>,
    pub(super) to_member: bool,
    pub(super) subject: Cow<'a, str>,
    pub(super) contact: Option<Cow<'a, str>>,
    pub(super) postal_address: Vec<Cow<'a, str>>,
    pub(super) note: Vec<Cow<'a, str>>,
    pub(super) code: &'a str,
    pub(super) expires: Cow<'a, str>,
    pub(super) join_link: &'a str,
    pub(super) join_page: String,
    pub(super) join_page_link: String,
    pub(super) genuine_link: String,
    pub(super) unsubscribe_link: &'a str,
    pub(super) colour: Colour,
    pub(super) on_colour: Colour,
}

impl<'a> Letter<'a> {
    pub(super) fn words(&self) -> Result<Words<'a>, ComposeError> {
        let site = link("site", self.site)?.trim_end_matches('/');
        let host = site.split_once("://").map_or(site, |(_, host)| host);
        let colour = self.community.colour.unwrap_or(Colour::DEFAULT);
        let present = |text: Option<&'a str>| text.map(one_line).filter(|text| !text.is_empty());
        Ok(Words {
            community: one_line(self.community.name),
            recipient_name: present(self.recipient_name),
            to_member: self.guest == Guest::Member,
            subject: one_line(self.subject),
            contact: present(self.community.contact),
            postal_address: lines(self.community.postal_address),
            note: lines(self.note),
            code: self.code,
            expires: one_line(self.expires),
            join_link: link("join", self.join_link)?,
            join_page: format!("{host}/join"),
            join_page_link: format!("{site}/join"),
            genuine_link: format!("{site}/genuine"),
            unsubscribe_link: link("unsubscribe", self.unsubscribe_link)?,
            colour,
            on_colour: colour.ink(),
        })
    }
}

/// A character that has no business in a line of text: a control character, or one that turns the direction of others.
fn is_unwanted(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// `text` on one line: unwanted characters and runs of spaces become a space.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unwanted) && !text.contains("  ") {
        return Cow::Borrowed(text.trim());
    }
    let mut out = String::with_capacity(text.len());
    for word in text.split(|c: char| c == ' ' || is_unwanted(c)).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    Cow::Owned(out)
}

/// The lines of `text`, without empty ones at its ends.
pub(super) fn lines(text: Option<&str>) -> Vec<Cow<'_, str>> {
    text.unwrap_or_default().trim().lines().map(one_line).filter(|line| !line.is_empty()).collect()
}

pub(super) fn link<'a>(what: &'static str, link: &'a str) -> Result<&'a str, ComposeError> {
    let has_scheme = link.starts_with("https://") || link.starts_with("http://");
    let is_clean =
        link.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'"' | b'\'' | b'\\'));
    if has_scheme && is_clean && link.len() <= 900 { Ok(link) } else { Err(ComposeError::Link(what)) }
}

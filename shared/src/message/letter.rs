//! What an invitation's e-mail says: its words, and the two forms that they take.

use std::{borrow::Cow, fmt};

use askama::Template;

use super::Guest;
use crate::domain::Colour;

/// An invitation by e-mail, before it is addressed. Borrowed throughout: it lives as long as its composition.
#[derive(Clone, Copy)]
pub struct Invitation<'a> {
    /// On whose behalf.
    pub community: Sender<'a>,
    /// Who reads it, if known: a person or a household.
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

/// Shows who sends it only.
impl fmt::Debug for Invitation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitation").field("community", &self.community.name).finish_non_exhaustive()
    }
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

/// Why there are no words for an invitation.
#[derive(Debug, thiserror::Error)]
pub enum WordsError {
    /// A link cannot be put into a letter.
    #[error("the {0} link must be an http(s) URL of printable ASCII, at most 900 characters")]
    Link(&'static str),
    /// A template failed.
    #[error("the template cannot be rendered")]
    Template(#[from] askama::Error),
}

/// An invitation's words, each fit for its place: names on one line, links that are links.
pub struct Words<'a> {
    /// The community's name.
    pub community: Cow<'a, str>,
    /// Who reads it.
    pub recipient_name: Option<Cow<'a, str>>,
    /// Whether somebody of a household that joined is invited.
    pub to_member: bool,
    /// The subject.
    pub subject: Cow<'a, str>,
    /// Whom to ask.
    pub contact: Option<Cow<'a, str>>,
    /// Lines of the postal address.
    pub postal_address: Vec<Cow<'a, str>>,
    /// Lines of the leader's note.
    pub note: Vec<Cow<'a, str>>,
    /// The code in groups. Secret.
    pub code: &'a str,
    /// Until when the code is valid.
    pub expires: Cow<'a, str>,
    /// Where the button leads. Secret.
    pub join_link: &'a str,
    /// Where the code can be typed, as it is read.
    pub join_page: String,
    /// The same as a link.
    pub join_page_link: String,
    /// Where it says whether this is genuine.
    pub genuine_link: String,
    /// How to stop. Secret.
    pub unsubscribe_link: &'a str,
    /// The colour of the button.
    pub colour: Colour,
    /// What is written on it.
    pub on_colour: Colour,
}

impl<'a> Invitation<'a> {
    /// Its words.
    ///
    /// # Errors
    /// When a link is none.
    pub fn words(&self) -> Result<Words<'a>, WordsError> {
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

/// Shows who sends it only.
impl fmt::Debug for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Words").field("community", &self.community).finish_non_exhaustive()
    }
}

/// The plain text.
#[derive(Template)]
#[template(path = "messages/invitation.txt")]
struct Text<'a> {
    words: &'a Words<'a>,
}

/// The HTML.
#[derive(Template)]
#[template(path = "messages/invitation.html")]
struct Html<'a> {
    words: &'a Words<'a>,
}

impl Words<'_> {
    /// The plain text, a paragraph on each line.
    ///
    /// # Errors
    /// When the template fails.
    pub fn text(&self) -> Result<String, WordsError> {
        Ok(Text { words: self }.render()?)
    }

    /// The HTML: nothing in it is fetched from anywhere.
    ///
    /// # Errors
    /// When the template fails.
    pub fn html(&self) -> Result<String, WordsError> {
        Ok(Html { words: self }.render()?)
    }
}

/// A character that has no business in a line of text: a control character, or one that turns the direction of others.
fn is_unwanted(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// `text` on one line: unwanted characters and runs of spaces become a space.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
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
#[must_use]
pub fn lines(text: Option<&str>) -> Vec<Cow<'_, str>> {
    text.unwrap_or_default().trim().lines().map(one_line).filter(|line| !line.is_empty()).collect()
}

/// `link`, if it is a clean http(s) link of at most 900 characters; `what` names it in the error.
///
/// # Errors
/// When it is not.
pub fn link<'a>(what: &'static str, link: &'a str) -> Result<&'a str, WordsError> {
    let has_scheme = link.starts_with("https://") || link.starts_with("http://");
    let is_clean =
        link.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'"' | b'\'' | b'\\'));
    if has_scheme && is_clean && link.len() <= 900 { Ok(link) } else { Err(WordsError::Link(what)) }
}

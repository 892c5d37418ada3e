//! A word to somebody by name: one sentence, one button, and what it is good for.

use std::{borrow::Cow, fmt};

use askama::Template;
use jiff::Timestamp;
use porchlight_shared::{
    domain::{Colour, DeliveryId},
    message::{Sender, WordsError, lines, link, one_line},
};

use super::{Composed, Head, composed, letter::ComposeError};

/// A message to a leader, or to somebody who joined. Borrowed throughout, as a [`Letter`](super::Letter).
#[derive(Clone, Copy)]
pub struct Notice<'a> {
    /// The delivery: Message-ID and boundary are made of it.
    pub delivery: DeliveryId,
    /// The `Date`.
    pub written_at: Timestamp,
    /// On whose behalf.
    pub community: Sender<'a>,
    /// The address of `PORCHLIGHT_SMTP_FROM`.
    pub from: &'a str,
    /// To whom.
    pub recipient: &'a str,
    /// Who that is, if known.
    pub recipient_name: Option<&'a str>,
    /// The subject.
    pub subject: &'a str,
    /// What it is about, in a sentence or two.
    pub sentence: &'a str,
    /// The button, where there is something to press.
    pub button: Option<Button<'a>>,
    /// For how long it holds, or what else is to be known of it.
    pub hint: &'a str,
    /// What whoever did not expect it does.
    pub aside: &'a str,
    /// The installation's own address.
    pub site: &'a str,
}

/// What is to be pressed.
#[derive(Clone, Copy)]
pub struct Button<'a> {
    /// What it says.
    pub says: &'a str,
    /// Where it leads. May be secret.
    pub link: &'a str,
}

/// Shows what it says, not where it leads.
impl fmt::Debug for Button<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Button").field("says", &self.says).finish_non_exhaustive()
    }
}

/// Shows the delivery only.
impl fmt::Debug for Notice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notice").field("delivery", &self.delivery).finish_non_exhaustive()
    }
}

/// Its words, each fit for its place.
struct Words<'a> {
    community: Cow<'a, str>,
    recipient_name: Option<Cow<'a, str>>,
    subject: Cow<'a, str>,
    sentence: Cow<'a, str>,
    button: Option<Button<'a>>,
    hint: Cow<'a, str>,
    aside: Cow<'a, str>,
    contact: Option<Cow<'a, str>>,
    postal_address: Vec<Cow<'a, str>>,
    genuine_link: String,
    colour: Colour,
    on_colour: Colour,
}

#[derive(Template)]
#[template(path = "messages/notice.txt")]
struct Text<'a> {
    words: &'a Words<'a>,
}

#[derive(Template)]
#[template(path = "messages/notice.html")]
struct Html<'a> {
    words: &'a Words<'a>,
}

impl Button<'_> {
    fn checked(self) -> Result<Self, WordsError> {
        link("button's", self.link)?;
        Ok(self)
    }
}

impl<'a> Notice<'a> {
    fn words(&self) -> Result<Words<'a>, WordsError> {
        let colour = self.community.colour.unwrap_or(Colour::DEFAULT);
        let present = |text: Option<&'a str>| text.map(one_line).filter(|text| !text.is_empty());
        Ok(Words {
            community: one_line(self.community.name),
            recipient_name: present(self.recipient_name),
            subject: one_line(self.subject),
            sentence: one_line(self.sentence),
            button: self.button.map(Button::checked).transpose()?,
            hint: one_line(self.hint),
            aside: one_line(self.aside),
            contact: present(self.community.contact),
            postal_address: lines(self.community.postal_address),
            genuine_link: format!("{}/genuine", link("site", self.site)?.trim_end_matches('/')),
            colour,
            on_colour: colour.ink(),
        })
    }

    /// The message.
    ///
    /// # Errors
    /// When an address or a link does not fit its place.
    pub fn compose(&self) -> Result<Composed, ComposeError> {
        let words = self.words()?;
        let head = Head {
            delivery: self.delivery,
            written_at: self.written_at,
            from: self.from,
            community: &words.community,
            recipient: self.recipient,
            recipient_name: words.recipient_name.as_deref(),
            reply_to: self.community.reply_to,
            subject: &words.subject,
            unsubscribe_link: None,
        };
        let text = Text { words: &words }.render().map_err(WordsError::from)?;
        let html = Html { words: &words }.render().map_err(WordsError::from)?;
        composed(&head, &text, &html)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_says_the_same_in_both_parts_and_nothing_that_was_typed_leaves_its_place() {
        let invitation = crate::email::compose::tests::letter();
        let notice = Notice {
            delivery: invitation.delivery,
            written_at: invitation.written_at,
            community: Sender { name: "Oak\r\nBcc: x@example.org <b>", ..invitation.community },
            from: invitation.from,
            recipient: "pat@example.net",
            recipient_name: Some("Pat"),
            subject: "Sign in to Oakridge HOA",
            sentence: "Press the button to sign in.",
            button: Some(Button { says: "Sign in", link: "https://join.oakridgehoa.org/sign-in/Zm9v" }),
            hint: "The link works once.",
            aside: "You did not ask for this?\nIgnore it.",
            site: invitation.site,
        };
        let message = String::from_utf8(notice.compose().unwrap().bytes).unwrap();
        let (header, body) = message.split_once("\r\n\r\n").unwrap();
        assert!(!header.contains("\nBcc:") && !header.contains("List-Unsubscribe"), "{header}");
        assert!(header.contains("Subject: Sign in to Oakridge HOA\r\n"), "{header}");
        for said in
            ["Press the button to sign in.", "https://join.oakridgehoa.org/sign-in/Zm9v", "Ignore it."]
        {
            assert!(body.matches(said).count() >= 2, "{said}: {body}");
        }
        assert!(!body.split("text/html").nth(1).unwrap().contains("<b>"), "{body}");
        assert_eq!(notice.compose().unwrap().bytes, message.as_bytes());
        let bad = Some(Button { says: "Sign in", link: "javascript:alert(1)" });
        assert!(Notice { button: bad, ..notice }.compose().is_err());
        let without = String::from_utf8(Notice { button: None, ..notice }.compose().unwrap().bytes).unwrap();
        assert!(!without.contains("/sign-in/") && !without.contains("The same as a link"), "{without}");
        assert!(without.matches("Press the button to sign in.").count() >= 2, "{without}");
    }
}

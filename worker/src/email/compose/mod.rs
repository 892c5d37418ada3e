//! From a [`Letter`], which invites, or a [`Notice`] to somebody by name to the bytes that travel.
//!
//! The same letter always gives the same bytes: date, Message-ID and MIME boundary are the letter's own, so that a repeat
//! after an unknown outcome is recognisably the same message. Both parts are seven-bit on the wire, whatever is in them;
//! each `List-` header stays on one line, as receivers demand; nothing a person typed can begin a header or a tag.

mod headers;
mod letter;
mod notice;
mod parts;
#[cfg(test)]
mod tests;

use porchlight_shared::domain::DeliveryId;

pub use self::{
    letter::{ComposeError, Letter},
    notice::{Button, Notice},
};
use super::session::{Envelope, EnvelopeError};
use headers::Head;

/// A message that is ready to be sent.
#[derive(Clone, Debug)]
pub struct Composed {
    /// From whom and to whom.
    pub envelope: Envelope,
    /// The message: header and body, lines ended by CRLF.
    pub bytes: Vec<u8>,
}

impl Letter<'_> {
    /// The message.
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
            unsubscribe_link: Some(words.unsubscribe_link),
        };
        composed(&head, &words.text()?, &words.html()?)
    }
}

/// Both parts under their header.
fn composed(head: &Head<'_>, text: &str, html: &str) -> Result<Composed, ComposeError> {
    let envelope = Envelope::new(head.from, head.recipient)?;
    let (text, html) = (parts::seven_bit_text(text), parts::seven_bit_html(html));
    let mut bytes = Vec::with_capacity(text.content.len() + html.content.len() + 2048);
    headers::write(&mut bytes, head)?;
    parts::write(&mut bytes, &boundary(head.delivery), &text, &html);
    Ok(Composed { envelope, bytes })
}

/// A boundary of the delivery's own. `=_` cannot come up in quoted-printable, and no part names the delivery.
fn boundary(delivery: DeliveryId) -> String {
    format!("=_{}", delivery.uuid().simple())
}

impl From<EnvelopeError> for ComposeError {
    fn from(error: EnvelopeError) -> Self {
        Self::Envelope(error)
    }
}

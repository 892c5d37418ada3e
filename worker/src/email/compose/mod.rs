//! From a [`Letter`] to the bytes that travel.
//!
//! The same letter always gives the same bytes: date, Message-ID and MIME boundary are the letter's own, so that a repeat
//! after an unknown outcome is recognisably the same message. Both parts are seven-bit on the wire, whatever is in them;
//! each `List-` header stays on one line, as receivers demand; nothing a person typed can begin a header or a tag.

mod headers;
mod letter;
mod parts;
#[cfg(test)]
mod tests;

pub use self::letter::{ComposeError, Letter};
use super::session::{Envelope, EnvelopeError};

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
        let envelope = Envelope::new(self.from, self.recipient)?;
        let words = self.words()?;
        let text = parts::seven_bit_text(&words.text()?);
        let html = parts::seven_bit_html(&words.html()?);

        let mut bytes = Vec::with_capacity(text.content.len() + html.content.len() + 2048);
        headers::write(&mut bytes, self, &words)?;
        parts::write(&mut bytes, &boundary(self), &text, &html);
        Ok(Composed { envelope, bytes })
    }
}

/// A boundary of the delivery's own. `=_` cannot come up in quoted-printable, and no part names the delivery.
fn boundary(letter: &Letter<'_>) -> String {
    format!("=_{}", letter.delivery.uuid().simple())
}

impl From<EnvelopeError> for ComposeError {
    fn from(error: EnvelopeError) -> Self {
        Self::Envelope(error)
    }
}

//! An invitation on its way to one address.

use std::fmt;

use jiff::Timestamp;
use porchlight_shared::{
    domain::DeliveryId,
    message::{Guest, Invitation, Sender, Words, WordsError},
};

use crate::email::session::EnvelopeError;

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
    /// There are no words for it.
    #[error(transparent)]
    Words(#[from] WordsError),
}

impl<'a> Letter<'a> {
    pub(super) fn words(&self) -> Result<Words<'a>, WordsError> {
        let invitation = Invitation {
            community: self.community,
            recipient_name: self.recipient_name,
            guest: self.guest,
            subject: self.subject,
            code: self.code,
            join_link: self.join_link,
            site: self.site,
            unsubscribe_link: self.unsubscribe_link,
            expires: self.expires,
            note: self.note,
        };
        invitation.words()
    }
}

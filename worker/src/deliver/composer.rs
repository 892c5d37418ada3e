//! Composing: what an attempt's message says, from the ledger's row, the batch's letterhead and the opened code.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use porchlight_shared::{
    domain::{AccessCode, AttemptOutcome, BatchId, CommunityId, ContactId, DeliveryId, Keyring, UnsealError},
    runtime::site::Site,
};

use super::{
    begin::{Attempt, Invited},
    letterhead::{Letterhead, Letterheads},
    report::Report,
};
use crate::{
    email::{self, Letter},
    text,
};

/// Everything that a message is made of.
#[derive(Debug)]
pub struct Composer {
    /// What messages have in common.
    pub letterheads: Letterheads,
    /// The key file.
    pub keyring: Arc<Keyring>,
    /// Where links lead.
    pub site: Site,
    /// Envelope and header sender of e-mails.
    pub from: String,
}

/// What makes an invitation's message, whatever its channel.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// Who sends.
    pub community: CommunityId,
    /// What it has in common with others.
    pub batch: Option<BatchId>,
    /// Whose code it carries.
    pub invitation: Option<&'a Invited>,
}

impl<'a> From<&'a Attempt> for Subject<'a> {
    fn from(attempt: &'a Attempt) -> Self {
        Self {
            delivery: attempt.delivery,
            community: attempt.community,
            batch: attempt.batch,
            invitation: attempt.invitation.as_ref(),
        }
    }
}

impl Composer {
    /// An attempt's e-mail.
    pub(super) async fn email(&self, attempt: &Attempt) -> Result<email::Composed, Report> {
        let subject = Subject::from(attempt);
        let (letterhead, invited, code) = self.parts(subject).await?;
        let site = self.site.as_str();
        let letter = Letter {
            delivery: attempt.delivery,
            written_at: attempt.written_at,
            community: letterhead.sender(),
            from: &self.from,
            recipient: &attempt.address,
            recipient_name: attempt.name.as_deref(),
            subject: &letterhead.subject,
            code: &code.grouped(),
            join_link: &self.join_link(&code),
            site,
            unsubscribe_link: &format!("{site}/u/{}", self.unsubscribe_token(attempt.contact)),
            expires: &letterhead.day(invited.expires_at),
            note: letterhead.note.as_deref(),
        };
        letter
            .compose()
            .map_err(|error| subject.cannot_be_composed("a message could not be composed", &error))
    }

    /// What an attempt's text said; `None` when that cannot be told now.
    pub(crate) async fn text_again(&self, subject: Subject<'_>) -> Option<text::Composed> {
        self.text(subject).await.ok()
    }

    /// An attempt's text.
    pub(super) async fn text(&self, subject: Subject<'_>) -> Result<text::Composed, Report> {
        let (letterhead, _, code) = self.parts(subject).await?;
        text::invitation(&letterhead.short_name, &self.join_link(&code))
            .map_err(|error| subject.cannot_be_composed("a text could not be composed", &error))
    }

    async fn parts<'a>(
        &self,
        subject: Subject<'a>,
    ) -> Result<(Arc<Letterhead>, &'a Invited, AccessCode), Report> {
        let delivery = subject.delivery;
        let Some(batch) = subject.batch else {
            return Err(subject
                .cannot_be_composed("a delivery without a batch cannot be composed", &"nothing to say"));
        };
        // The invitation ended between two askings for the same begin; the next begin says how.
        let Some(invited) = subject.invitation else {
            return Err(Report::not_composed(AttemptOutcome::NotSent));
        };
        let letterhead = match self.letterheads.of(batch).await {
            Ok(letterhead) => letterhead,
            Err(error) => {
                tracing::warn!(%delivery, %error, "the batch could not be read; trying again later");
                return Err(Report::not_composed(AttemptOutcome::NotSent));
            }
        };
        match self.keyring.unseal(&invited.sealed, subject.community, invited.id) {
            Ok(code) => Ok((letterhead, invited, code)),
            Err(error @ UnsealError::NoSuchKey(_)) => {
                tracing::error!(%delivery, %error, "PORCHLIGHT_KEYS_FILE is not the one that the API seals with");
                Err(Report::not_composed(AttemptOutcome::NotSent))
            }
            Err(error) => Err(subject.cannot_be_composed("an access code does not open", &error)),
        }
    }

    fn join_link(&self, code: &AccessCode) -> String {
        format!("{}/j/{}", self.site.as_str(), code.plain())
    }

    /// Names a contact to `/u/{token}`: its id and our signature of it, so that nothing has to be stored.
    fn unsubscribe_token(&self, contact: ContactId) -> String {
        let signature = self.keyring.link_signature("unsubscribe", contact.as_bytes());
        URL_SAFE_NO_PAD.encode([*contact.as_bytes(), signature].concat())
    }
}

impl Subject<'_> {
    /// Our own fault, for good.
    fn cannot_be_composed(&self, what: &'static str, error: &dyn std::fmt::Display) -> Report {
        tracing::error!(delivery = %self.delivery, %error, "{what}");
        Report::not_composed(AttemptOutcome::RefusedPermanent)
    }
}

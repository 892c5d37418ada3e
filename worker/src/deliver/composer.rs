//! Composing: what an attempt's message says, from the ledger's row, the batch's letterhead and the opened code.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use porchlight_shared::{
    domain::{AccessCode, AttemptOutcome, CommunityId, ContactId, DeliveryKind, Keyring, UnsealError},
    message::{self, Guest},
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

impl Composer {
    /// An attempt's e-mail.
    pub(super) async fn email(&self, attempt: &Attempt) -> Result<email::Composed, Report> {
        if let Some(letter) = &attempt.letter {
            return self.letter(attempt, letter).await;
        }
        let (letterhead, invited, code) = self.parts(attempt).await?;
        let guest = attempt.guest()?;
        let Some(contact) = attempt.contact else {
            return Err(attempt.cannot_be_composed(
                "an invitation without a contact cannot be composed",
                &"nobody to write to",
            ));
        };
        let site = self.site.as_str();
        let letter = Letter {
            delivery: attempt.delivery,
            written_at: attempt.written_at,
            community: letterhead.sender(),
            from: &self.from,
            recipient: &attempt.address,
            recipient_name: attempt.name.as_deref(),
            guest,
            subject: &letterhead.subject_for(guest),
            code: &code.grouped(),
            join_link: &self.join_link(&code),
            site,
            unsubscribe_link: &format!("{site}/u/{}", self.unsubscribe_token(contact)),
            expires: &letterhead.day(invited.expires_at),
            note: letterhead.note.as_deref(),
        };
        letter
            .compose()
            .map_err(|error| attempt.cannot_be_composed("a message could not be composed", &error))
    }

    /// By what an invitation's text is recognised, whatever words and site stood around it: where its link leads to.
    pub(crate) fn recognised_by(
        &self,
        community: CommunityId,
        invited: &Invited,
    ) -> Result<String, UnsealError> {
        let code = self.keyring.unseal(&invited.sealed, community, invited.id)?;
        Ok(join_path(&code))
    }

    /// An attempt's text.
    pub(super) async fn text(&self, attempt: &Attempt) -> Result<text::Composed, Report> {
        if let Some(letter) = &attempt.letter {
            return self.letter_in_text(attempt, letter).await;
        }
        let (letterhead, _, code) = self.parts(attempt).await?;
        message::text::invitation(attempt.guest()?, &letterhead.short_name, &self.join_link(&code))
            .map_err(|error| attempt.cannot_be_composed("a text could not be composed", &error))
    }

    async fn parts<'a>(
        &self,
        attempt: &'a Attempt,
    ) -> Result<(Arc<Letterhead>, &'a Invited, AccessCode), Report> {
        let delivery = attempt.delivery;
        let Some(batch) = attempt.batch else {
            return Err(attempt
                .cannot_be_composed("a delivery without a batch cannot be composed", &"nothing to say"));
        };
        // The invitation ended between two askings for the same begin; the next begin says how.
        let Some(invited) = &attempt.invitation else {
            return Err(Report::not_composed(AttemptOutcome::NotSent));
        };
        let letterhead = match self.letterheads.of(batch).await {
            Ok(letterhead) => letterhead,
            Err(error) => {
                tracing::warn!(%delivery, %error, "the batch could not be read; trying again later");
                return Err(Report::not_composed(AttemptOutcome::NotSent));
            }
        };
        match self.keyring.unseal(&invited.sealed, attempt.community, invited.id) {
            Ok(code) => Ok((letterhead, invited, code)),
            Err(error @ UnsealError::NoSuchKey(_)) => {
                tracing::error!(%delivery, %error, "PORCHLIGHT_KEYS_FILE is not the one that the API seals with");
                Err(Report::not_composed(AttemptOutcome::NotSent))
            }
            Err(error) => Err(attempt.cannot_be_composed("an access code does not open", &error)),
        }
    }

    pub(super) fn join_link(&self, code: &AccessCode) -> String {
        format!("{}{}", self.site.as_str(), join_path(code))
    }

    /// Names a contact to `/u/{token}`: its id and our signature of it, so that nothing has to be stored.
    fn unsubscribe_token(&self, contact: ContactId) -> String {
        let signature = self.keyring.link_signature("unsubscribe", contact.as_bytes());
        URL_SAFE_NO_PAD.encode([*contact.as_bytes(), signature].concat())
    }
}

fn join_path(code: &AccessCode) -> String {
    format!("/j/{}", code.plain())
}

impl Attempt {
    /// Who is invited.
    fn guest(&self) -> Result<Guest, Report> {
        match self.kind {
            DeliveryKind::Invitation => Ok(Guest::Household),
            DeliveryKind::MemberInvite => Ok(Guest::Member),
            DeliveryKind::SignInLink
            | DeliveryKind::OneTimeCode
            | DeliveryKind::OptOutConfirmation
            | DeliveryKind::LeaderNotice => {
                Err(self.cannot_be_composed("a message of this kind is not an invitation", &"nothing to say"))
            }
        }
    }

    /// Our own fault, for good.
    pub(super) fn cannot_be_composed(&self, what: &'static str, error: &dyn std::fmt::Display) -> Report {
        tracing::error!(delivery = %self.delivery, %error, "{what}");
        Report::not_composed(AttemptOutcome::RefusedPermanent)
    }
}

//! Composing letters to people by name: what each kind of them says.
//!
//! The secret of a link that signs in stands nowhere: it is the letter's id and our signature of it, as with the link that
//! stops messages. A copy of the ledger without the key file opens no door.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use porchlight_shared::{
    domain::{AccessCode, AttemptOutcome, BatchId, LetterId, LetterKind},
    message::{self, Guest},
};

use super::{
    begin::{Attempt, Written},
    composer::Composer,
    letterhead::Letterhead,
    report::Report,
};
use crate::{
    email::{
        Composed, Letter,
        compose::{Button, Notice},
    },
    text,
};

/// For how long an invitation's code is valid.
const SAMPLE_HOLDS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What a letter says, before it has a form.
struct Says {
    subject: String,
    sentence: String,
    /// What the button says, and where it leads.
    button: Option<(&'static str, String)>,
    hint: &'static str,
    aside: String,
}

impl Written {
    /// How the leader is called whom it is about.
    fn whom(&self) -> &str {
        self.whom.as_deref().unwrap_or("Somebody")
    }
}

/// There is nothing to press for whoever is nobody here any more.
fn removed(community: &str) -> Says {
    Says {
        subject: format!("You are no longer a leader of {community}"),
        sentence: format!(
            "You were removed as a leader of {community}, and signed out everywhere: links to sign in are sent to you no more."
        ),
        button: None,
        hint: "There is nothing that you have to do.",
        aside: format!("You think that this is a mistake? Ask the owners of {community}."),
    }
}

impl Composer {
    /// An attempt's letter to somebody by name.
    pub(super) async fn letter(&self, attempt: &Attempt, letter: &Written) -> Result<Composed, Report> {
        let letterhead = self.letterhead(attempt).await?;
        let community = letterhead.sender().name;
        let composed = match letter.kind {
            LetterKind::Sample => return self.sample(attempt, &letterhead),
            LetterKind::SignIn => self.notice(attempt, &letterhead, &Says {
                subject: format!("Sign in to {community}"),
                sentence: format!("Press the button to sign in as a leader of {community}."),
                ..self.signs_in(letter.id)
            }),
            LetterKind::ResidentSignIn => self.notice(attempt, &letterhead, &Says {
                subject: format!("Sign in to {community}"),
                sentence: format!("Press the button to get to your household in {community}."),
                ..self.signs_in(letter.id)
            }),
            LetterKind::Added => self.notice(attempt, &letterhead, &Says {
                subject: format!("You are a leader of {community} now"),
                sentence: format!(
                    "You were added as a leader of {community}: you see there every invitation, and what became of it."
                ),
                button: Some(("Sign in", format!("{}/sign-in", self.site.as_str()))),
                hint: "Sign in with this address: each time, a link is sent to it, and there is no password to remember.",
                aside: "You know nothing of this? Then ignore it, and nothing happens.".to_owned(),
            }),
            LetterKind::BatchDone => self.notice(attempt, &letterhead, &self.batch_done(community, letter.about)),
            LetterKind::Removed => self.notice(attempt, &letterhead, &removed(community)),
            LetterKind::MadeOwner => self.notice(attempt, &letterhead, &self.made_owner(community)),
            LetterKind::MadeLeader => self.notice(attempt, &letterhead, &self.made_leader(community)),
            LetterKind::OwnerAdded => self.notice(attempt, &letterhead, &self.owner_added(community, letter.whom())),
            LetterKind::OwnerRemoved => self.notice(attempt, &letterhead, &self.owner_removed(community, letter.whom())),
        };
        composed.map_err(|error| attempt.cannot_be_composed("a letter could not be composed", &error))
    }

    /// An attempt's text to somebody by name: a link for a resident, and nothing else goes so.
    pub(super) async fn letter_in_text(
        &self,
        attempt: &Attempt,
        letter: &Written,
    ) -> Result<text::Composed, Report> {
        if letter.kind != LetterKind::ResidentSignIn {
            return Err(attempt.cannot_be_composed("a letter of this kind is no text", &"nothing to say"));
        }
        let letterhead = self.letterhead(attempt).await?;
        message::text::sign_in(&letterhead.short_name, &self.sign_in_link(letter.id))
            .map_err(|error| attempt.cannot_be_composed("a text could not be composed", &error))
    }

    async fn letterhead(&self, attempt: &Attempt) -> Result<Arc<Letterhead>, Report> {
        let Some(batch) = attempt.batch else {
            return Err(
                attempt.cannot_be_composed("a letter without a batch cannot be composed", &"nothing to say")
            );
        };
        self.letterheads.of(batch).await.map_err(|error| {
            tracing::warn!(delivery = %attempt.delivery, %error, "the community could not be read; trying again later");
            Report::not_composed(AttemptOutcome::NotSent)
        })
    }

    fn notice(
        &self,
        attempt: &Attempt,
        letterhead: &Letterhead,
        says: &Says,
    ) -> Result<Composed, crate::email::ComposeError> {
        let notice = Notice {
            delivery: attempt.delivery,
            written_at: attempt.written_at,
            community: letterhead.sender(),
            from: &self.from,
            recipient: &attempt.address,
            recipient_name: attempt.name.as_deref(),
            subject: &says.subject,
            sentence: &says.sentence,
            button: says.button.as_ref().map(|(says, link)| Button { says, link }),
            hint: says.hint,
            aside: &says.aside,
            site: self.site.as_str(),
        };
        notice.compose()
    }

    fn sign_in_link(&self, letter: LetterId) -> String {
        let signature = self.keyring.link_signature("sign-in", letter.as_bytes());
        let token = URL_SAFE_NO_PAD.encode([*letter.as_bytes(), signature].concat());
        format!("{}/sign-in/{token}", self.site.as_str())
    }

    fn signs_in(&self, letter: LetterId) -> Says {
        Says {
            subject: String::new(),
            sentence: String::new(),
            button: Some(("Sign in", self.sign_in_link(letter))),
            hint: "The link holds for 15 minutes, and works once.",
            aside: "You did not ask for this? Ignore it: without this letter nobody gets in.".to_owned(),
        }
    }

    fn batch_done(&self, community: &str, about: Option<(BatchId, i32)>) -> Says {
        let (path, count) =
            about.map_or((String::new(), 0), |(batch, count)| (format!("/batches/{batch}"), count));
        let need = if count == 1 {
            "1 household needs you".to_owned()
        } else {
            format!("{count} households need you")
        };
        Says {
            subject: need.clone(),
            sentence: format!(
                "A list has gone out, and {need}: what was sent to them failed, came back, or may not have arrived."
            ),
            button: Some(("See what to do", format!("{}{path}", self.site.as_str()))),
            hint: "For each of them it says there what happened, and what you can do.",
            aside: format!("You get this once for a list, as a leader of {community}."),
        }
    }

    fn made_owner(&self, community: &str) -> Says {
        Says {
            subject: format!("You are an owner of {community} now"),
            sentence: format!(
                "You were made an owner of {community}: besides what leaders do, you manage its leaders and its settings."
            ),
            button: Some(("See who may act", self.people())),
            hint: "You sign in as before.",
            aside: format!("You did not expect this? Ask the other owners of {community}."),
        }
    }

    fn made_leader(&self, community: &str) -> Says {
        Says {
            subject: format!("You are no longer an owner of {community}"),
            sentence: format!(
                "You are a leader of {community} as before, and no longer an owner: others manage its leaders and its settings."
            ),
            button: Some(("See who may act", self.people())),
            hint: "You sign in as before.",
            aside: format!("You did not expect this? Ask the owners of {community}."),
        }
    }

    fn owner_added(&self, community: &str, whom: &str) -> Says {
        Says {
            subject: format!("{community} has another owner"),
            sentence: format!(
                "{whom} is an owner of {community} now, and manages its leaders and its settings as you do."
            ),
            ..self.of_owners(community)
        }
    }

    fn owner_removed(&self, community: &str, whom: &str) -> Says {
        Says {
            subject: format!("{community} has an owner less"),
            sentence: format!("{whom} is no longer an owner of {community}."),
            ..self.of_owners(community)
        }
    }

    fn of_owners(&self, community: &str) -> Says {
        Says {
            subject: String::new(),
            sentence: String::new(),
            button: Some(("See who may act", self.people())),
            hint: "Who did it, and when, stands in the log beside it.",
            aside: format!("You get this as an owner of {community}."),
        }
    }

    /// Where leaders see who may act.
    fn people(&self) -> String {
        format!("{}/settings/people", self.site.as_str())
    }

    /// The invitation as a household would get it, with a code that opens nothing.
    fn sample(&self, attempt: &Attempt, letterhead: &Letterhead) -> Result<Composed, Report> {
        let code = AccessCode::sample();
        let site = self.site.as_str();
        let until = attempt.written_at.checked_add(SAMPLE_HOLDS).unwrap_or(Timestamp::MAX);
        let community = letterhead.sender();
        let letter = Letter {
            delivery: attempt.delivery,
            written_at: attempt.written_at,
            community,
            from: &self.from,
            recipient: &attempt.address,
            recipient_name: attempt.name.as_deref(),
            guest: Guest::Household,
            subject: &format!("Sample: Your household is invited to {}", community.name),
            code: &code.grouped(),
            join_link: &self.join_link(&code),
            site,
            unsubscribe_link: &format!("{site}/u/sample"),
            expires: &letterhead.day(until),
            note: None,
        };
        letter.compose().map_err(|error| attempt.cannot_be_composed("a sample could not be composed", &error))
    }
}

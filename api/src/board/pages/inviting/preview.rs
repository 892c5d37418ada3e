//! What residents will read: rendered by what the worker sends with, around a made-up code.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use jiff::SignedDuration;
use porchlight_shared::{
    domain::{AccessCode, EmailAddress},
    message::{self, Guest, Invitation, Sender, WordsError, text::Composed},
};

use super::{gone, nothing_here};
use crate::{
    board::session::{Leader, Turned},
    intake::{
        batch::INVITATION_DAYS,
        ledger::{
            batches::{self, Letterhead},
            drafts,
            plans::{self, Plan},
        },
    },
    pages::leaders,
    state::AppState,
};

/// A code that no household has: a vector that everybody may know.
const SAMPLE: &str = "2345-6789-CDF2";
/// Where links lead while the installation does not know its own name.
const NOWHERE: &str = "https://your-address.example";
/// The message alone, in a frame of our own page: no script, nothing fetched.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; \
                      frame-ancestors 'self'";

/// An e-mail as residents read it.
pub(super) struct Letter {
    pub(super) subject: String,
    pub(super) html: String,
    pub(super) text: String,
}

fn code() -> AccessCode {
    SAMPLE.parse().expect("a test reads it")
}

fn site(state: &AppState) -> String {
    state.site.as_ref().map_or_else(|| NOWHERE.to_owned(), |site| site.as_str().to_owned())
}

/// The e-mail that a plan comes to.
///
/// # Errors
/// When the installation's own address cannot be put into one.
pub(super) fn letter(
    state: &AppState,
    leader: &Leader,
    letterhead: &Letterhead,
    note: Option<&str>,
    plan: &Plan,
) -> Result<Letter, WordsError> {
    let (site, code) = (site(state), code());
    let start = plan.send_at.unwrap_or(leader.now).max(leader.now);
    let expires = start + SignedDuration::from_hours(24 * i64::from(INVITATION_DAYS));
    let subject = message::subject(&leader.name);
    let reply_to = letterhead.contact.as_deref().and_then(|contact| contact.parse::<EmailAddress>().ok());
    let invitation = Invitation {
        community: Sender {
            name: &leader.name,
            contact: letterhead.contact.as_deref(),
            reply_to: reply_to.as_ref().map(EmailAddress::as_str),
            postal_address: letterhead.postal_address.as_deref(),
            colour: letterhead.colour.as_deref().and_then(|colour| colour.parse().ok()),
        },
        recipient_name: Some(say!("invite-preview-household")),
        guest: Guest::Household,
        subject: &subject,
        code: &code.grouped(),
        join_link: &format!("{site}/j/{}", code.plain()),
        site: &site,
        unsubscribe_link: &format!("{site}/u/sample"),
        expires: &message::day(expires, &leader.zone),
        note,
    };
    let words = invitation.words()?;
    Ok(Letter { html: words.html()?, text: words.text()?, subject })
}

/// The text that residents get.
pub(super) fn text(state: &AppState, letterhead: &Letterhead) -> Option<Composed> {
    let link = format!("{}/j/{}", site(state), code().plain());
    message::text::invitation(Guest::Household, &letterhead.short_name, &link).ok()
}

/// The HTML of a draft's e-mail, for the frame of its page.
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Path(draft): Path<String>,
) -> Result<Response, Turned> {
    let Ok(id) = draft.parse() else { return Ok(nothing_here()) };
    let mut connection = state.pool.acquire().await?;
    if drafts::drafts(&mut connection, leader.community, Some(id), 1).await?.is_empty() {
        return Ok(gone(&mut connection, &leader, &draft).await?);
    }
    let plan = plans::plan(&mut connection, id).await?;
    let letterhead = batches::letterhead(&mut connection, leader.community).await?;
    let Ok(letter) = letter(&state, &leader, &letterhead, plan.note.as_deref(), &plan) else {
        return Ok(nothing_here());
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok(leaders((headers, letter.html)).into_response())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_sample_is_a_code() {
        assert_eq!(super::code().grouped(), super::SAMPLE);
    }
}

//! What residents ask for, and what becomes of it.
//!
//! * [`ask`] takes their word: a new code, the newest one once more, or that they are not meant; who wants to join with a
//!   blank pass is put here by `join`. [`ledger`] lists what is open, [`answering`] carries out what a leader says,
//!   [`sending`] sends what a single resident asked for, [`endpoint`] is the HTTP API.
//! * What is promised: asking twice asks once; nobody learns from an answer who lives where; what a leader is not asked
//!   for goes only where the same household was written to before, at most once a day and five times; whoever answers
//!   second is told what the first one said.

use std::sync::Arc;

use porchlight_shared::domain::{RequestId, RequestKind};

use crate::{
    join::{Closed, Invitation},
    problem::commit_unclear,
    state::AppState,
};

pub mod answering;
pub mod endpoint;
pub mod ledger;
pub mod sending;

/// What a resident asks for with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// A new one for it.
    NewCode,
    /// The one that took its place, sent once more to where it went.
    Again,
    /// Not to be meant.
    NotMe,
}

/// Takes a resident's word.
///
/// # Errors
/// When the ledger does not answer.
pub async fn ask(state: &Arc<AppState>, invitation: &Invitation, asking: Asking) -> Result<(), Closed> {
    match asking {
        Asking::NewCode => note(state, invitation, RequestKind::NewCode).await,
        Asking::NotMe => note(state, invitation, RequestKind::NotMe).await,
        Asking::Again => again(state, invitation).await,
    }
}

/// Puts it before the leaders.
async fn note(state: &AppState, invitation: &Invitation, kind: RequestKind) -> Result<(), Closed> {
    let id = RequestId::new(state.clock.now(), &mut AppState::rng());
    let new = ledger::open(&state.pool, id, invitation.community, invitation.id, kind).await?;
    if new {
        tracing::info!(community = %invitation.community, request = %id, ?kind, "a resident asks");
    }
    Ok(())
}

/// Sends the household's live invitation to the contacts that the one before it went to.
async fn again(state: &Arc<AppState>, invitation: &Invitation) -> Result<(), Closed> {
    let Some(household) = invitation.household else { return Ok(()) };
    let mut tx = state.pool.begin().await?;
    sqlx::query("SET LOCAL lock_timeout = '3s'").execute(&mut *tx).await?;
    let locked = crate::join::ledger::lock_household(&mut tx, invitation.community, household);
    if locked.await? != Some(false) {
        return Ok(());
    }
    let live = crate::intake::ledger::invitations::live_invitations(&mut tx, &[household.uuid()]).await?;
    let Some(live) = live.first() else { return Ok(()) };
    let reached = ledger::contacts_of(&mut tx, household, Some(invitation.id)).await?;
    let sender = sending::Sending { community: invitation.community, invitation: live.id };
    let sent = sender.invitation(&mut tx, state, &reached).await?;
    tx.commit().await.map_err(|error| Closed::Unavailable(commit_unclear(error)))?;
    tracing::info!(community = %invitation.community, invitation = %live.id, sent = sent.len(), "sent again on request");
    sending::push(state, invitation.community, sent);
    Ok(())
}

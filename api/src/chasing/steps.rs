//! Steps on a household's code.

use std::sync::Arc;

use jiff::Timestamp;
use porchlight_shared::domain::{AccessCode, HouseholdId, InvitationId, Sealed};

use super::{Chase, nobody_to_write_to};
use crate::{
    asked::ledger::contacts_of,
    audit::{Act, Actor},
    intake::{
        batch::INVITATION_DAYS,
        ledger::{
            endings::{self, InvitationEnd},
            invitations,
        },
    },
    problem::{Kind, Problem},
    state::AppState,
};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The invitation goes once more, with the same code; with a new one where that has expired.
    Resend,
    /// The code can be used for 30 days from now on.
    Extend,
    /// The code ends, and a new one goes where the old one went.
    Replace,
    /// The code ends, and none takes its place.
    Revoke,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 4] = [Self::Resend, Self::Extend, Self::Replace, Self::Revoke];

    /// The word in addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resend => "resend",
            Self::Extend => "extend",
            Self::Replace => "replace",
            Self::Revoke => "revoke",
        }
    }

    /// The step of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == word)
    }

    const fn act(self) -> Act {
        match self {
            Self::Resend => Act::InvitationResent,
            Self::Extend => Act::InvitationExtended,
            Self::Replace => Act::InvitationReplaced,
            Self::Revoke => Act::InvitationRevoked,
        }
    }
}

/// What became of it.
#[derive(Clone, Copy, Debug)]
pub struct Stepped {
    /// The household's invitation now: a new one where the code was replaced, or had expired.
    pub invitation: InvitationId,
    /// Messages that are on their way.
    pub messages: usize,
    /// Until when its code can be used; `None`: it has ended.
    pub expires_at: Option<Timestamp>,
}

/// Carries a step out. `meant` is the invitation that the leader saw: one that took its place meanwhile is left alone, so
/// that pressing twice does it once.
///
/// # Errors
/// When there is no such household, it has joined, it has no live code for that, nobody can be written to, or the ledger
/// does not answer.
pub async fn carry_out(
    state: &Arc<AppState>,
    actor: Actor,
    household: HouseholdId,
    meant: Option<InvitationId>,
    step: Step,
) -> Result<Stepped, Problem> {
    let mut chase = Chase::begin(state, actor, household).await?;
    let live = chase.live().await?;
    if live.is_some() && meant.is_some() && live != meant {
        return Err(Problem::new(Kind::CodeReplaced, say!("chasing-code-replaced")));
    }
    if let (None, Some(meant)) = (live, meant)
        && chase.was_revoked(meant).await?
    {
        return Err(Problem::new(Kind::CodeRevoked, say!("chasing-cancelled")));
    }
    let (invitation, messages) = match (step, live) {
        (Step::Resend, live) => {
            let invitation = match live {
                Some(live) => live,
                None => chase.draw().await?,
            };
            let to = contacts_of(chase.connection(), household, None).await?;
            let messages = chase.send(invitation, &to).await?;
            if messages == 0 {
                return Err(nobody_to_write_to());
            }
            invitations::extend(chase.connection(), &[invitation.uuid()], None, INVITATION_DAYS).await?;
            (invitation, messages)
        }
        (_, None) => return Err(no_live_code()),
        (Step::Extend, Some(live)) => {
            invitations::extend(chase.connection(), &[live.uuid()], None, INVITATION_DAYS).await?;
            (live, 0)
        }
        (Step::Replace, Some(live)) => {
            endings::end(chase.connection(), live, InvitationEnd::Replaced).await?;
            let invitation = chase.draw().await?;
            let to = contacts_of(chase.connection(), household, None).await?;
            (invitation, chase.send(invitation, &to).await?)
        }
        (Step::Revoke, Some(live)) => {
            endings::end(chase.connection(), live, InvitationEnd::Revoked).await?;
            (live, 0)
        }
    };
    chase.note(step.act(), invitation.uuid()).await?;
    let expires_at = sqlx::query_scalar!(
        "SELECT expires_at FROM invitations WHERE id = $1 AND ended_at IS NULL",
        invitation.uuid()
    )
    .fetch_optional(chase.connection())
    .await?;
    chase.finish().await?;
    let expires_at = expires_at.map(jiff_sqlx::Timestamp::to_jiff);
    Ok(Stepped { invitation, messages, expires_at })
}

/// Shows a household's live code to a leader, who wants to pass it on themselves.
///
/// # Errors
/// When there is no such household, it has joined or has no live code, or the ledger does not answer.
pub async fn show_code(
    state: &Arc<AppState>,
    actor: Actor,
    household: HouseholdId,
) -> Result<AccessCode, Problem> {
    let mut chase = Chase::begin(state, actor, household).await?;
    let live = chase.live().await?.ok_or_else(no_live_code)?;
    let sealed = sqlx::query!(
        r#"SELECT code_sealed AS "bytes!", code_sealed_key AS "key!" FROM invitations WHERE id = $1 AND ended_at IS NULL"#,
        live.uuid(),
    )
    .fetch_one(chase.connection())
    .await?;
    let sealed = Sealed { key: sealed.key, bytes: sealed.bytes };
    let code = state.keyring.unseal(&sealed, actor.community, live).map_err(|error| {
        tracing::error!(invitation = %live, %error, "an access code does not open");
        Problem::internal()
    })?;
    chase.note(Act::CodeShown, live.uuid()).await?;
    chase.finish().await?;
    Ok(code)
}

fn no_live_code() -> Problem {
    Problem::new(Kind::CodeExpired, say!("chasing-no-code"))
}

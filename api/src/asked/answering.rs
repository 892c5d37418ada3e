//! A leader's answer, carried out. Locks are taken in the order property, household, invitation, request.

use std::sync::Arc;

use porchlight_shared::domain::{
    AccountId, Channel, CommunityId, DeliveryId, HouseholdId, InvitationId, MemberId, PropertyId, RequestEnd,
    RequestId, RequestKind,
};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::{ledger, sending};
use crate::{
    audit::{self, Act, Actor},
    intake::{
        batch::{INVITATION_DAYS, drawing::Drawing},
        judging::Unit,
        ledger::{
            endings::{self, Asked, InvitationEnd},
            homes::{NewHousehold, insert_households, lock_properties},
            invitations,
        },
    },
    join::{
        ledger::{Entry, add_member, lock_household, move_in},
        newcomer::Newcomer,
    },
    problem::{Kind, Problem, commit_unclear},
    state::AppState,
};

/// What a leader says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is done: whoever wants to join is let in, a new code is sent, or the code that reached the wrong one ends.
    Grant {
        /// The household that whoever wants to join belongs to; `None`: one of their own.
        household: Option<HouseholdId>,
        /// Whether they are the one who joined there with this address, and are known in another browser from now on.
        again: bool,
    },
    /// It is not: the pass of whoever wanted to join ends, and nothing else changes.
    Decline,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RequestOutcome)]
pub enum Outcome {
    /// They are in.
    LetIn,
    /// A new invitation is on its way.
    Sent,
    /// The code is no longer valid.
    Revoked,
    /// The code had been used, or had ended.
    TooLate,
    /// Nothing was done.
    Declined,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 5] = [Self::LetIn, Self::Sent, Self::Revoked, Self::TooLate, Self::Declined];

    /// The word in addresses and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LetIn => "let_in",
            Self::Sent => "sent",
            Self::Revoked => "revoked",
            Self::TooLate => "too_late",
            Self::Declined => "declined",
        }
    }

    /// The outcome of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == word)
    }
}

/// A request, as it stands.
struct Open {
    kind: RequestKind,
    invitation: InvitationId,
    household: Option<HouseholdId>,
    /// Who wants to join.
    wants: Option<Newcomer>,
}

/// Carries an answer out.
///
/// # Errors
/// When there is no such request, it was answered before, it cannot be done, or the ledger does not answer.
pub async fn answer(
    state: &Arc<AppState>,
    Actor { community, by }: Actor,
    request: RequestId,
    answer: Answer,
) -> Result<Outcome, Problem> {
    let mut tx = state.pool.begin().await?;
    sqlx::query("SET LOCAL lock_timeout = '3s'").execute(&mut *tx).await?;
    let known = read(&mut tx, community, request).await?.ok_or_else(Problem::not_found)?;
    // Whose household it is may be known only afterwards: then the invitation leads there.
    let subject = known.household.map_or(known.invitation.uuid(), HouseholdId::uuid);
    let mut sent = Vec::new();
    let outcome = match (answer, known.kind) {
        (Answer::Decline, RequestKind::Join) => {
            endings::end(&mut tx, known.invitation, InvitationEnd::Revoked).await?;
            end(&mut tx, request, RequestEnd::Declined).await?;
            Outcome::Declined
        }
        (Answer::Decline, RequestKind::NewCode | RequestKind::NotMe) => {
            end(&mut tx, request, RequestEnd::Declined).await?;
            Outcome::Declined
        }
        (Answer::Grant { household, again }, RequestKind::Join) => {
            let wants = known.wants.ok_or_else(answered)?;
            let_in(&mut tx, state, community, known.invitation, wants, household, again).await?;
            end(&mut tx, request, RequestEnd::Granted).await?;
            Outcome::LetIn
        }
        (Answer::Grant { .. }, RequestKind::NewCode) => {
            let household = known.household.ok_or_else(Problem::internal)?;
            sent = renew(&mut tx, state, community, household).await?;
            end(&mut tx, request, RequestEnd::Granted).await?;
            Outcome::Sent
        }
        (Answer::Grant { .. }, RequestKind::NotMe) => {
            if let Some(household) = known.household {
                lock_household(&mut tx, community, household).await?;
            }
            let revoked = endings::end(&mut tx, known.invitation, InvitationEnd::Revoked).await?;
            end(&mut tx, request, RequestEnd::Granted).await?;
            if revoked { Outcome::Revoked } else { Outcome::TooLate }
        }
    };
    let act = if outcome == Outcome::Declined { Act::RequestDeclined } else { Act::RequestGranted };
    audit::Entry::of(by, act, subject).write(&mut tx, community).await?;
    tx.commit().await.map_err(commit_unclear)?;
    tracing::info!(%community, %request, ?outcome, "a leader answered");
    sending::push(state, community, sent);
    Ok(outcome)
}

fn answered() -> Problem {
    Problem::new(Kind::NothingToAnswer, say!("requests-fault-answered"))
}

async fn read(
    tx: &mut PgConnection,
    community: CommunityId,
    request: RequestId,
) -> Result<Option<Open>, Problem> {
    let row = sqlx::query!(
        r#"SELECT r.kind AS "kind: RequestKind", r.invitation_id, i.household_id, r.account_id, r.name,
                  r.channel AS "channel: Channel", r.address, r.address_hash, r.place
           FROM requests r JOIN invitations i ON i.id = r.invitation_id
           WHERE r.id = $1 AND r.community_id = $2"#,
        request.uuid(),
        community.uuid(),
    )
    .fetch_optional(tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let said = row.account_id.zip(row.name).zip(row.channel).zip(row.address).zip(row.address_hash);
    let wants = said.and_then(|((((account, name), channel), address), hash)| {
        Some(Newcomer {
            name,
            channel,
            address,
            hash: hash.try_into().ok()?,
            place: row.place.and_then(Unit::new),
            account: Some(account.into()),
            asks: true,
        })
    });
    let household = row.household_id.map(Into::into);
    Ok(Some(Open { kind: row.kind, invitation: row.invitation_id.into(), household, wants }))
}

/// Ends a request, unless somebody did before.
async fn end(tx: &mut PgConnection, request: RequestId, how: RequestEnd) -> Result<(), Problem> {
    if ledger::end(tx, &[request.uuid()], how).await? == 0 { Err(answered()) } else { Ok(()) }
}

/// Whoever holds a blank pass is let in where a leader says.
async fn let_in(
    tx: &mut PgConnection,
    state: &AppState,
    community: CommunityId,
    invitation: InvitationId,
    newcomer: Newcomer,
    household: Option<HouseholdId>,
    again: bool,
) -> Result<(), Problem> {
    let (now, mut rng) = (state.clock.now(), AppState::rng());
    let account = newcomer.account.ok_or_else(Problem::internal)?;
    let household = if let Some(household) = household {
        household
    } else {
        let place = newcomer.place.as_ref().ok_or_else(Problem::internal)?;
        let property = PropertyId::new(now, &mut rng);
        let found = lock_properties(tx, community, &[(property, place)]).await?;
        let property = found.first().map(|(_, property)| *property);
        let id = HouseholdId::new(now, &mut rng);
        insert_households(tx, community, &[NewHousehold { id, property, name: None }]).await?;
        id
    };
    let joined = lock_household(tx, community, household).await?.ok_or_else(Problem::not_found)?;
    // They asked in time, even when a leader answers later.
    if !endings::end_as_joined(tx, invitation, household, Asked::Before).await? {
        return Err(answered());
    }
    let member = MemberId::new(now, &mut rng);
    let entry = Entry { community, household, invitation, head: !joined };
    if joined {
        if again {
            know_again(tx, household, account, &newcomer).await?;
        } else if add_member(tx, &entry, account, member, &newcomer).await?.is_none() {
            return Err(Problem::new(Kind::MemberAlready, say!("requests-fault-member")));
        }
    } else {
        move_in(tx, &entry, account, member, &newcomer).await?.ok_or_else(Problem::internal)?;
        state.metrics.households_joined.inc();
    }
    Ok(())
}

/// Whoever joined there, and asks in another browser, is known in that one from now on: a leader says so. Their role, and
/// all that belongs to it, goes with that.
async fn know_again(
    tx: &mut PgConnection,
    household: HouseholdId,
    account: AccountId,
    newcomer: &Newcomer,
) -> Result<(), Problem> {
    let known = sqlx::query!(
        "UPDATE members AS m SET account_id = $2
         WHERE household_id = $1 AND channel = $3 AND address_hash = $4
             AND NOT EXISTS (SELECT FROM members WHERE household_id = $1 AND account_id = $2)
             AND EXISTS (SELECT FROM resident_sessions WHERE account_id = $2 AND expires_at > app_now())",
        household.uuid(),
        account.uuid(),
        newcomer.channel as Channel,
        &newcomer.hash[..],
    );
    if known.execute(tx).await?.rows_affected() == 0 {
        return Err(Problem::new(Kind::NothingToAnswer, say!("requests-fault-unknown")));
    }
    Ok(())
}

/// A household gets a new code, sent to its contacts.
async fn renew(
    tx: &mut PgConnection,
    state: &AppState,
    community: CommunityId,
    household: HouseholdId,
) -> Result<Vec<(Channel, DeliveryId)>, Problem> {
    let (now, mut rng) = (state.clock.now(), AppState::rng());
    if lock_household(tx, community, household).await? != Some(false) {
        return Err(answered());
    }
    let live = invitations::live_invitations(tx, &[household.uuid()]).await?;
    let invitation = if let Some(live) = live.first() {
        live.id
    } else {
        let keyring = &state.keyring;
        let drawing = Drawing { keyring, community, days: INVITATION_DAYS, from: None, now };
        let drawn = drawing.draw(tx, &mut rng, vec![household]).await?;
        *drawn.get(&household).ok_or_else(Problem::internal)?
    };
    let to = ledger::contacts_of(tx, household, None).await?;
    let sent = sending::Sending { community, invitation }.invitation(tx, state, &to).await?;
    if sent.is_empty() {
        return Err(Problem::new(Kind::CannotBeSent, say!("requests-fault-cannot-be-sent")));
    }
    Ok(sent)
}

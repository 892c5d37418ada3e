//! Chasing: what a leader does about an invitation that did not arrive, or no longer fits.
//!
//! [`steps`] are those on a household's code: send it once more, hold it longer, replace it, take it back, show it.
//! [`address`] mends where it goes; [`many`] takes a step at many households; [`retry`] tries again what failed in a batch; [`endpoint`] and [`listing`] are the same for
//! programs. What is promised:
//!
//! * Each step is one transaction under the household's lock: two leaders in the same second make one live code.
//! * A wrong address ends the code that went there, at once; every other contact of the household gets the new one.
//! * Nothing goes to anybody who asked not to be contacted, or more often than an invitation may be sent.

pub mod address;
pub mod endpoint;
pub mod listing;
pub mod many;
pub mod retry;
pub mod steps;

use std::sync::Arc;

use porchlight_shared::domain::{Channel, DeliveryId, HouseholdId, InvitationId};
use sqlx::{PgConnection, Postgres, Transaction};

use crate::{
    asked::sending::{self, Reachable, Sending},
    audit::{Act, Actor, Entry},
    intake::{
        batch::{INVITATION_DAYS, drawing::Drawing},
        ledger::{batches, invitations},
    },
    join::ledger::lock_household,
    problem::{Kind, Problem, commit_unclear},
    state::AppState,
};

/// Messages that a contact gets within a day at most, however often its household's code is replaced.
const MOST_A_DAY: i64 = 3;

/// A household that has not joined, locked until the commit, and what goes to it afterwards.
struct Chase<'a> {
    state: &'a Arc<AppState>,
    actor: Actor,
    household: HouseholdId,
    tx: Transaction<'static, Postgres>,
    sent: Vec<(Channel, DeliveryId)>,
}

impl<'a> Chase<'a> {
    async fn begin(
        state: &'a Arc<AppState>,
        actor: Actor,
        household: HouseholdId,
    ) -> Result<Chase<'a>, Problem> {
        let mut tx = state.pool.begin().await?;
        sqlx::query("SET LOCAL lock_timeout = '3s'").execute(&mut *tx).await?;
        match lock_household(&mut tx, actor.community, household).await? {
            None => Err(Problem::not_found()),
            Some(true) => Err(Problem::new(Kind::HouseholdExists, say!("chasing-joined"))),
            Some(false) => Ok(Self { state, actor, household, tx, sent: Vec::new() }),
        }
    }

    fn connection(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// The household's live invitation, if it has one.
    async fn live(&mut self) -> sqlx::Result<Option<InvitationId>> {
        let live = invitations::live_invitations(&mut self.tx, &[self.household.uuid()]).await?;
        Ok(live.first().map(|live| live.id))
    }

    /// A new invitation, which there must be none of.
    async fn draw(&mut self) -> Result<InvitationId, Problem> {
        if !batches::sender(&mut self.tx, self.actor.community).await?.ready {
            return Err(Problem::new(Kind::NotReady, say!("chasing-not-ready")));
        }
        let drawing = Drawing {
            keyring: &self.state.keyring,
            community: self.actor.community,
            days: INVITATION_DAYS,
            from: None,
            now: self.state.clock.now(),
        };
        let drawn = drawing.draw(&mut self.tx, &mut AppState::rng(), vec![self.household]).await?;
        drawn.get(&self.household).copied().ok_or_else(Problem::internal)
    }

    /// Whether a leader took an invitation back.
    async fn was_revoked(&mut self, invitation: InvitationId) -> sqlx::Result<bool> {
        sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM invitations WHERE id = $1 AND ended_as = 'revoked') AS "revoked!""#,
            invitation.uuid(),
        )
        .fetch_one(&mut *self.tx)
        .await
    }

    /// Sends an invitation to these, but to nobody too often, however many codes the household has had today; how many
    /// messages that makes.
    async fn send(&mut self, invitation: InvitationId, to: &[Reachable]) -> Result<usize, Problem> {
        let enough = sqlx::query_scalar!(
            "SELECT d.contact_id FROM (SELECT id FROM invitations WHERE household_id = $1 AND kind = 'household' OFFSET 0) AS i
             JOIN deliveries d ON d.invitation_id = i.id
             WHERE d.contact_id IS NOT NULL AND d.created_at > app_now() - interval '24 hours'
                 AND d.state NOT IN ('cancelled', 'suppressed', 'expired', 'not_needed')
             GROUP BY d.contact_id HAVING count(*) >= $2",
            self.household.uuid(),
            MOST_A_DAY,
        )
        .fetch_all(&mut *self.tx)
        .await?;
        let to: Vec<_> = to.iter().copied().filter(|to| !enough.contains(&Some(to.contact.uuid()))).collect();
        let sending = Sending { community: self.actor.community, invitation };
        let sent = sending.invitation(&mut self.tx, self.state, &to).await?;
        let count = sent.len();
        self.sent.extend(sent);
        Ok(count)
    }

    async fn note(&mut self, act: Act, subject: uuid::Uuid) -> sqlx::Result<()> {
        Entry::of(self.actor.by, act, subject).write(&mut self.tx, self.actor.community).await
    }

    /// Commits, and pushes what is to be sent.
    async fn finish(self) -> Result<(), Problem> {
        let Self { state, actor, household, tx, sent } = self;
        tx.commit().await.map_err(commit_unclear)?;
        tracing::info!(community = %actor.community, %household, messages = sent.len(), "a leader chased");
        sending::push(state, actor.community, sent);
        Ok(())
    }
}

/// Nobody of a household can be written to.
fn nobody_to_write_to() -> Problem {
    Problem::new(Kind::CannotBeSent, say!("chasing-nobody"))
}

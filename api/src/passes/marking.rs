//! Passes handed over, and passes taken back, by their serials.

use porchlight_shared::domain::{CommunityId, InvitationId, RequestEnd};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::paper::order::MAX_PASSES;
use crate::{
    asked::ledger as asked,
    audit::{Act, Actor, Entry},
    intake::{
        ledger::endings::{self, InvitationEnd},
        request,
    },
    problem::{Problem, commit_unclear},
    state::AppState,
};

/// Serials, the first and the last included; one, when there is no last.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Serials {
    /// The first.
    from: i32,
    /// The last.
    to: Option<i32>,
}

impl Serials {
    /// From one to another.
    ///
    /// # Errors
    /// When that is none, or more than are changed at once.
    pub fn new(from: i32, to: Option<i32>) -> Result<Self, Problem> {
        let last = to.unwrap_or(from);
        let most = i32::try_from(MAX_PASSES).unwrap_or(i32::MAX);
        if from < 1 {
            return Err(request::invalid("/from", "must be a serial, from 1"));
        }
        if last < from || last - from >= most {
            return Err(request::invalid(
                "/to",
                format!("must be {from} or more, and {most} passes at most"),
            ));
        }
        Ok(Self { from, to: Some(last) })
    }

    /// Reads a request's body.
    ///
    /// # Errors
    /// When it is not JSON, or names no serials.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        let asked: Self = request::parse(body, &["from", "to"], "needs from, and may have to")?;
        Self::new(asked.from, asked.to)
    }

    /// The first, and the last.
    #[must_use]
    pub const fn ends(self) -> (i32, i32) {
        match self.to {
            Some(to) => (self.from, to),
            None => (self.from, self.from),
        }
    }
}

/// What becomes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Somebody has them.
    HandedOver,
    /// Nobody can use them any more, nor the messages with the same codes.
    Void,
}

/// The answer.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = PassesMarked)]
pub struct Marked {
    /// How many passes this changed; those that were so already, or whose code had ended, are left out.
    pub changed: u64,
}

/// Marks passes.
///
/// # Errors
/// When there is no such pass, or the ledger does not answer.
pub async fn mark(
    state: &AppState,
    Actor { community, by }: Actor,
    serials: Serials,
    mark: Mark,
) -> Result<Marked, Problem> {
    let mut tx = state.pool.begin().await?;
    sqlx::query("SET LOCAL lock_timeout = '10s'").execute(&mut *tx).await?;
    let (from, to) = serials.ends();
    let known = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM passes WHERE community_id = $1 AND serial BETWEEN $2 AND $3) AS "known!""#,
        community.uuid(),
        from,
        to,
    );
    if !known.fetch_one(&mut *tx).await? {
        return Err(Problem::not_found());
    }
    let changed = match mark {
        Mark::HandedOver => hand_over(&mut tx, community, from, to).await?,
        Mark::Void => void(&mut tx, community, from, to).await?,
    };
    let act = match mark {
        Mark::HandedOver => Act::PassesHandedOver,
        Mark::Void => Act::PassesVoided,
    };
    if changed > 0 {
        let count = i64::try_from(changed).unwrap_or(i64::MAX);
        Entry::whole(by, act).many(count).write(&mut tx, community).await?;
    }
    tx.commit().await.map_err(commit_unclear)?;
    tracing::info!(%community, from, to, ?mark, changed, "passes marked");
    Ok(Marked { changed })
}

/// All passes with a code that a leader has scanned are handed over.
///
/// # Errors
/// When the ledger does not answer.
pub async fn hand_over_scanned(
    state: &AppState,
    Actor { community, by }: Actor,
    invitation: InvitationId,
) -> Result<u64, Problem> {
    let mut tx = state.pool.begin().await?;
    let marked = sqlx::query!(
        "UPDATE passes SET handed_over_at = app_now()
         WHERE invitation_id = $1 AND community_id = $2 AND handed_over_at IS NULL",
        invitation.uuid(),
        community.uuid(),
    );
    let changed = marked.execute(&mut *tx).await?.rows_affected();
    if changed > 0 {
        let entry = Entry::of(by, Act::PassesHandedOver, invitation.uuid());
        entry.many(i64::try_from(changed).unwrap_or(i64::MAX)).write(&mut tx, community).await?;
    }
    tx.commit().await.map_err(commit_unclear)?;
    tracing::info!(%community, %invitation, changed, "a pass was scanned and handed over");
    Ok(changed)
}

async fn hand_over(tx: &mut PgConnection, community: CommunityId, from: i32, to: i32) -> sqlx::Result<u64> {
    let marked = sqlx::query!(
        "UPDATE passes AS p SET handed_over_at = app_now() FROM invitations AS i
         WHERE i.id = p.invitation_id AND i.ended_at IS NULL AND i.expires_at > app_now()
             AND p.community_id = $1 AND p.serial BETWEEN $2 AND $3 AND p.handed_over_at IS NULL",
        community.uuid(),
        from,
        to,
    );
    Ok(marked.execute(tx).await?.rows_affected())
}

/// Ends the codes, and takes back what waits to carry them, and what somebody would have to decide. Locks are taken in the order household, invitation,
/// deliveries, as a household that joins takes its own.
async fn void(tx: &mut PgConnection, community: CommunityId, from: i32, to: i32) -> sqlx::Result<u64> {
    sqlx::query!(
        "SELECT id FROM households WHERE id IN (
             SELECT i.household_id FROM passes p JOIN invitations i ON i.id = p.invitation_id
             WHERE p.community_id = $1 AND p.serial BETWEEN $2 AND $3
         ) ORDER BY id FOR NO KEY UPDATE",
        community.uuid(),
        from,
        to,
    )
    .fetch_all(&mut *tx)
    .await?;
    let printed = sqlx::query_scalar!(
        "SELECT invitation_id FROM passes WHERE community_id = $1 AND serial BETWEEN $2 AND $3",
        community.uuid(),
        from,
        to,
    )
    .fetch_all(&mut *tx)
    .await?;
    let ended = endings::end_codes(tx, &printed, InvitationEnd::Revoked).await?;
    // Whoever waits for an answer has it.
    let waiting = asked::open_with(tx, &ended).await?;
    asked::end(tx, &waiting, RequestEnd::Declined).await?;
    endings::take_back(&mut *tx, &ended).await?;
    let passes = sqlx::query_scalar!(
        r#"SELECT count(*) AS "passes!" FROM passes
           WHERE community_id = $1 AND serial BETWEEN $2 AND $3 AND invitation_id = ANY ($4)"#,
        community.uuid(),
        from,
        to,
        &ended,
    );
    Ok(u64::try_from(passes.fetch_one(tx).await?).unwrap_or(0))
}

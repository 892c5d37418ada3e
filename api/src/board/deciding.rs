//! `POST …/deliveries/{delivery}/send-again|leave`: a leader's word where nobody else can say whether a message arrived.
//!
//! *Send again* makes a newer message of the same entry of the list, with the same code; the one asked about gives up its
//! place in the counts and stays as it is, so that late news of it still lands. *Leave it* ends it. Either is said once:
//! whoever says the same again, or in the same moment, gets the same answer, and nothing more is sent.
//!
//! Locks are taken in the order household, batch, delivery: as a household that joins, and a leader who steers, take
//! theirs. What begin would turn away is turned away here, in words: [`obstacles`](super::obstacles).

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use porchlight_shared::{
    domain::{Channel, CommunityId, DeliveryId, DeliveryState, HoldReason},
    queue::Job,
};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    obstacles::{Obstacle, Refused},
    timeline::{Neighbours, neighbours},
    words,
};
use crate::{
    access::Caller,
    audit::{Act, Actor, Entry},
    intake::batch::MOST_MESSAGES,
    join::ledger::lock_household,
    problem::{Problem, ProblemBody},
    refusals::{LedgerAwayRepeat, NoDelivery, NoToken},
    state::AppState,
};

/// What a leader says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// It goes once more; it may arrive twice.
    SendAgain,
    /// Nothing more is sent.
    Leave,
}

/// What became of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DecisionAnswer)]
pub enum Answer {
    /// There is a newer message.
    SentAgain,
    /// It is left at that.
    Left,
    /// The household has joined meanwhile: nothing is sent, and nothing is left to decide.
    NotNeeded,
}

/// The answer to a leader's decision.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct DeliveryDecided {
    /// The delivery that was asked about.
    #[schema(value_type = uuid::Uuid)]
    pub delivery: DeliveryId,
    /// What became of the decision.
    pub answer: Answer,
    /// Where that delivery stands now. One that was sent again stays in `needs_decision` until news of it comes.
    #[schema(value_type = String)]
    pub state: DeliveryState,
    /// The newer message, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub new_delivery: Option<DeliveryId>,
    /// Whether this request did it, and none before.
    #[serde(skip)]
    pub now: bool,
    /// Whether a message of its row may have arrived before, whatever became of the last.
    #[serde(skip)]
    pub unknown: bool,
}

macro_rules! deciding {
    ($(#[$doc:meta])* $name:ident, $path:literal, $description:literal, $choice:expr) => {
        $(#[$doc])*
        #[utoipa::path(
            post, path = $path, tag = "Sending",
            params(
                ("community" = String, Path, format = Uuid, description = "The community"),
                ("delivery" = String, Path, format = Uuid, description = "The delivery"),
            ),
            responses(
                (status = 200, description = $description, body = DeliveryDecided),
                NoToken, NoDelivery,
                (status = 409, description = "It is not, or no longer, in `needs_decision`, or it may not be sent again; `detail` says where it stands, and why", body = ProblemBody, content_type = "application/problem+json"),
                (status = 422, description = "Its channel is not set up here", body = ProblemBody, content_type = "application/problem+json"),
                LedgerAwayRepeat,
            ),
            security(("bearer" = [])),
        )]
        pub async fn $name(
            State(state): State<Arc<AppState>>,
            caller: Caller,
            Path((_, delivery)): Path<(String, String)>,
        ) -> Result<Json<DeliveryDecided>, Problem> {
            let delivery: DeliveryId = delivery.parse().map_err(|_| Problem::not_found())?;
            Ok(Json(decide(&state, caller.actor(), delivery, $choice).await??))
        }
    };
}

deciding! {
    /// Send a message again that may have arrived
    ///
    /// For a delivery in `needs_decision`: a new one takes its place, with the same code, and the household may get both. What
    /// `failed` or `bounced` is tried again in the same way. The new one is not repeated by itself. Repeating the request gives the same answer and sends nothing more.
    send_delivery_again, "/v1/communities/{community}/deliveries/{delivery}/send-again", "It goes once more; or its household has joined, and nothing goes", Choice::SendAgain
}
deciding! {
    /// Leave a message at that which may have arrived
    ///
    /// For a delivery in `needs_decision`: it is `cancelled`, and nothing more is sent. Repeating the request changes nothing.
    leave_delivery, "/v1/communities/{community}/deliveries/{delivery}/leave", "It is left at that; or its household has joined", Choice::Leave
}

/// Does what a leader decided about a delivery, or says why not.
///
/// # Errors
/// When the community has no such delivery, or the ledger does not answer.
pub async fn decide(
    state: &Arc<AppState>,
    Actor { community, by }: Actor,
    delivery: DeliveryId,
    choice: Choice,
) -> Result<Result<DeliveryDecided, Refused>, Problem> {
    let mut tx = state.pool.begin().await?;
    sqlx::query("SET LOCAL lock_timeout = '3s'").execute(&mut *tx).await?;
    let asked = Asked::lock(&mut tx, community, delivery).await?.ok_or_else(Problem::not_found)?;
    let outcome = match asked.judge(choice) {
        Verdict::Told(answer, new_delivery) => {
            return Ok(Ok(DeliveryDecided {
                delivery,
                answer,
                state: asked.state,
                new_delivery,
                now: false,
                unknown: asked.unknown,
            }));
        }
        Verdict::Refused(obstacle) => return Ok(Err(asked.refused(obstacle))),
        Verdict::End(answer, state) => {
            asked.end(&mut tx, state).await?;
            DeliveryDecided { delivery, answer, state, new_delivery: None, now: true, unknown: asked.unknown }
        }
        Verdict::SendAgain => {
            let texts = state.texts.is_some();
            if let Some(obstacle) = asked.obstacle(&mut tx, texts).await? {
                return Ok(Err(asked.refused(obstacle)));
            }
            let new = DeliveryId::new(state.clock.now(), &mut AppState::rng());
            asked.send_again(&mut tx, new).await?;
            let (answer, new_delivery) = (Answer::SentAgain, Some(new));
            DeliveryDecided {
                delivery,
                answer,
                state: asked.state,
                new_delivery,
                now: true,
                unknown: asked.unknown,
            }
        }
    };
    let act = match outcome.answer {
        Answer::SentAgain => Some(Act::MessageSentAgain),
        Answer::Left => Some(Act::MessageLeft),
        Answer::NotNeeded => None,
    };
    if let Some(act) = act {
        Entry::of(by, act, delivery.uuid()).write(&mut tx, community).await?;
    }
    tx.commit().await.map_err(|error| {
        Problem::from(error).because(
            "It is not known whether this was recorded. Send the same request again: nothing is sent twice.",
        )
    })?;
    let DeliveryDecided { answer, new_delivery, .. } = outcome;
    tracing::info!(%community, %delivery, ?answer, new = new_delivery.map(tracing::field::display), "a leader decided");
    if let Some(new) = new_delivery.filter(|_| !asked.paused) {
        state.push_afterwards(asked.channel, vec![Job { community, delivery: new }]);
    }
    Ok(Ok(outcome))
}

/// What is to be done.
enum Verdict {
    /// Nothing: it was said before.
    Told(Answer, Option<DeliveryId>),
    /// Nothing.
    Refused(Obstacle),
    /// The delivery ends in this state.
    End(Answer, DeliveryState),
    /// A newer one takes its place, if nothing stands in the way.
    SendAgain,
}

/// A delivery that is asked about, and all that bears on it, locked until the commit.
#[expect(clippy::struct_excessive_bools, reason = "facts of one row, each asked for by itself")]
struct Asked {
    id: Uuid,
    batch: Uuid,
    paused: bool,
    joined: bool,
    channel: Channel,
    state: DeliveryState,
    /// What a leader reads about that.
    what: Option<&'static str>,
    /// Whether it stands for a message that may have arrived.
    unclear: bool,
    /// Whether an attempt of its row may have arrived.
    unknown: bool,
    /// The message that took its place.
    later: Option<DeliveryId>,
}

impl Asked {
    /// Each lock by a statement of its own: what follows sees what was committed while it was waited for.
    async fn lock(
        tx: &mut PgConnection,
        community: CommunityId,
        delivery: DeliveryId,
    ) -> sqlx::Result<Option<Self>> {
        let known = sqlx::query!(
            r#"SELECT d.batch_id AS "batch!", coalesce(i.household_id, c.household_id) AS "household!"
               FROM deliveries d JOIN contacts c ON c.id = d.contact_id LEFT JOIN invitations i ON i.id = d.invitation_id
               WHERE d.community_id = $1 AND d.id = $2 AND d.batch_id IS NOT NULL"#,
            community.uuid(),
            delivery.uuid(),
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(known) = known else { return Ok(None) };
        // The household whose code it carries, even if its contact is another's by now.
        let Some(joined) = lock_household(tx, community, known.household.into()).await? else {
            return Ok(None);
        };
        let paused = sqlx::query_scalar!(
            r#"SELECT paused_at IS NOT NULL AS "paused!" FROM batches WHERE id = $1 FOR NO KEY UPDATE"#,
            known.batch,
        )
        .fetch_one(&mut *tx)
        .await?;
        let row = sqlx::query!(
            r#"SELECT channel, state, held_reason, reason, kind = 'invitation' AS "invites!",
                      EXISTS (SELECT FROM unclear_attempts(d)) AS "unknown!"
               FROM deliveries d WHERE id = $1 FOR NO KEY UPDATE OF d"#,
            delivery.uuid(),
        )
        .fetch_one(&mut *tx)
        .await?;
        let Neighbours { later, .. } = neighbours(&mut *tx, delivery).await?;
        Ok(Some(Self {
            id: delivery.uuid(),
            batch: known.batch,
            paused,
            // One more member of a household that joined is invited all the same.
            joined: joined && row.invites,
            channel: row.channel,
            state: row.state,
            what: words::of(row.channel, row.state, row.held_reason, row.reason).map(|words| words.what),
            unclear: row.reason.is_some_and(words::may_have_arrived),
            unknown: row.unknown || row.state == DeliveryState::NeedsDecision,
            later: later.map(|(id, _)| id),
        }))
    }

    fn judge(&self, choice: Choice) -> Verdict {
        use DeliveryState::{Bounced, Cancelled, Failed, NeedsDecision, NotNeeded};
        match (choice, self.state) {
            (Choice::SendAgain, _) if self.later.is_some() => Verdict::Told(Answer::SentAgain, self.later),
            (Choice::Leave, _) if self.later.is_some() => Verdict::Refused(Obstacle::Repeated),
            (_, NeedsDecision) if self.joined => Verdict::End(Answer::NotNeeded, NotNeeded),
            // What certainly did not arrive is tried again like what may have.
            (Choice::SendAgain, Failed | Bounced) if self.joined => Verdict::Told(Answer::NotNeeded, None),
            (Choice::SendAgain, NeedsDecision | Failed | Bounced) => Verdict::SendAgain,
            (Choice::Leave, NeedsDecision) => Verdict::End(Answer::Left, Cancelled),
            (Choice::Leave, Cancelled) if self.unclear => Verdict::Told(Answer::Left, None),
            // Joining ended it, or whoever asked before.
            (_, NotNeeded) if self.unclear => Verdict::Told(Answer::NotNeeded, None),
            _ => Verdict::Refused(Obstacle::Settled),
        }
    }

    const fn refused(&self, obstacle: Obstacle) -> Refused {
        Refused { obstacle, state: self.state, what: self.what }
    }

    /// What keeps it from being sent again: what begin would find, and how often an invitation may be sent.
    async fn obstacle(&self, tx: &mut PgConnection, texts: bool) -> sqlx::Result<Option<Obstacle>> {
        if self.channel == Channel::Text && !texts {
            return Ok(Some(Obstacle::NotSetUp));
        }
        let word = sqlx::query_scalar!(
            r#"SELECT CASE
                   WHEN b.cancelled_at IS NOT NULL THEN 'batch_cancelled'
                   WHEN i.ended_as = 'revoked' THEN 'revoked'
                   WHEN i.ended_as = 'replaced' THEN 'replaced'
                   WHEN i.ended_at IS NOT NULL OR i.expires_at <= clock.now THEN 'expired'
                   WHEN b.not_after <= clock.now THEN 'too_late'
                   WHEN c.address IS NULL THEN 'erased'
                   WHEN EXISTS (
                       SELECT FROM suppressions
                       WHERE address_hash = c.address_hash AND lifted_at IS NULL
                           AND (community_id = d.community_id OR community_id IS NULL)
                   ) THEN 'suppressed'
                   -- Another list has written there since, or is about to.
                   WHEN EXISTS (
                       SELECT FROM deliveries o
                       WHERE o.invitation_id = d.invitation_id AND o.contact_id = d.contact_id
                           AND (o.batch_id, o.batch_row) IS DISTINCT FROM (d.batch_id, d.batch_row)
                           AND (o.state IN ('held', 'queued', 'sending', 'retry_wait', 'checking')
                                OR o.state IN ('accepted', 'delivered')
                                   AND greatest(o.created_at, o.changed_at) > clock.now - interval '24 hours')
                   ) THEN 'another_goes'
                   WHEN $2 <= (
                       SELECT count(*) FROM deliveries
                       WHERE invitation_id = d.invitation_id AND contact_id = d.contact_id
                           AND state NOT IN ('cancelled', 'suppressed', 'expired', 'not_needed')
                   ) THEN 'too_often'
               END
               FROM (SELECT app_now() AS now OFFSET 0) AS clock, deliveries d
               JOIN batches b ON b.id = d.batch_id
               JOIN contacts c ON c.id = d.contact_id
               LEFT JOIN invitations i ON i.id = d.invitation_id
               WHERE d.id = $1"#,
            self.id,
            MOST_MESSAGES,
        )
        .fetch_one(tx)
        .await?;
        Ok(word.map(|word| Obstacle::from_word(&word).expect("the statement says words of ours")))
    }

    /// Its outcome stays on record: that is what a leader went by.
    async fn end(&self, tx: &mut PgConnection, state: DeliveryState) -> sqlx::Result<()> {
        sqlx::query!(
            "UPDATE deliveries SET state = $2, due_at = NULL, changed_at = app_now() WHERE id = $1",
            self.id,
            state as DeliveryState,
        )
        .execute(tx)
        .await?;
        Ok(())
    }

    /// A batch of which a row is open is looked after again, and judged by what ends from now on: what ended before was
    /// over. The new message inherits that the one repeat was used: what a leader sends again goes once.
    async fn send_again(&self, tx: &mut PgConnection, new: DeliveryId) -> sqlx::Result<()> {
        sqlx::query!(
            "UPDATE batches SET finished_at = NULL, resumed_at = app_now() WHERE id = $1 AND finished_at IS NOT NULL",
            self.batch
        )
        .execute(&mut *tx)
        .await?;
        // Before the new one: of a batch's row there is one newest.
        sqlx::query!("UPDATE deliveries SET newest = false WHERE id = $1", self.id).execute(&mut *tx).await?;
        let (state, held_reason) = if self.paused {
            (DeliveryState::Held, Some(HoldReason::Paused))
        } else {
            (DeliveryState::Queued, None)
        };
        sqlx::query!(
            "INSERT INTO deliveries (id, community_id, kind, channel, invitation_id, contact_id, batch_id, batch_row,
                                     state, held_reason, due_at, repeated, changed_at, created_at)
             SELECT $2, d.community_id, d.kind, d.channel, d.invitation_id, d.contact_id, d.batch_id, d.batch_row,
                    $3, $4, clock.now, d.repeated, clock.now, clock.now
             FROM (SELECT app_now() AS now OFFSET 0) AS clock, deliveries d WHERE d.id = $1",
            self.id,
            new.uuid(),
            state as DeliveryState,
            held_reason as Option<HoldReason>,
        )
        .execute(tx)
        .await?;
        Ok(())
    }
}

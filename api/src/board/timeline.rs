//! `GET …/deliveries/{delivery}`: one delivery's story, read from its row, its attempts and its receipts.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use jiff::Timestamp;
use porchlight_shared::domain::{
    AttemptOutcome, AttemptReason, BatchId, Channel, CommunityId, DeliveryId, DeliveryState, HoldReason,
    HouseholdId, InvitationId, ReceiptKind,
};
use serde::Serialize;
use sqlx::{PgExecutor, PgPool};
use utoipa::ToSchema;

use super::words::{self, Words};
use crate::{
    access::Caller,
    problem::Problem,
    refusals::{NoDelivery, NoToken},
    state::AppState,
};

/// A delivery and what happened to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryStory {
    /// Which delivery.
    #[schema(value_type = uuid::Uuid)]
    pub id: DeliveryId,
    /// The act of sending that it belongs to.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub batch: Option<BatchId>,
    /// To which household it went.
    #[schema(value_type = uuid::Uuid)]
    pub household: HouseholdId,
    /// Place in that list, from 1.
    pub position: Option<i32>,
    /// Whose code it carries.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub invitation: Option<InvitationId>,
    /// How it travels.
    #[schema(value_type = String)]
    pub channel: Channel,
    /// Where it goes; null once erased.
    pub to: Option<String>,
    /// How it greets the reader.
    pub name: Option<String>,
    /// Where its household lives, if that is known.
    pub unit: Option<String>,
    /// Where it stands.
    #[schema(value_type = String)]
    pub state: DeliveryState,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Why it is held.
    #[schema(value_type = Option<String>)]
    pub held_reason: Option<HoldReason>,
    /// When something happens next by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_at: Option<Timestamp>,
    /// When its household joined.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub joined_at: Option<Timestamp>,
    /// Whether the code that it carries lets nobody in any more.
    #[serde(skip)]
    pub ended: bool,
    /// The earlier message that it repeats, because a leader said so.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub repeats: Option<DeliveryId>,
    /// The newer message that repeats it, because a leader said so.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub repeated_by: Option<DeliveryId>,
    /// How it stands in words: what is the matter, who has to act, and what comes next.
    pub words: Option<Words>,
    /// What happened, oldest first.
    pub timeline: Vec<Event>,
}

/// Something that happened to a delivery.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The list was accepted.
    Created {
        /// When.
        #[schema(value_type = String, format = DateTime)]
        at: Timestamp,
    },
    /// A try ended.
    Attempt {
        /// When it began.
        #[schema(value_type = String, format = DateTime)]
        at: Timestamp,
        /// From 1.
        number: i32,
        /// When its outcome was recorded.
        #[schema(value_type = String, format = DateTime)]
        ended_at: Timestamp,
        /// How it ended.
        #[schema(value_type = String)]
        outcome: AttemptOutcome,
        /// Why, unless it was accepted.
        #[schema(value_type = Option<String>)]
        reason: Option<AttemptReason>,
        /// What the provider said, addresses replaced.
        reply: Option<String>,
        /// Whether the outcome came after the attempt had been given up as unknown.
        late: bool,
    },
    /// The provider told more.
    Receipt {
        /// When.
        #[schema(value_type = String, format = DateTime)]
        at: Timestamp,
        /// About which try, from 1.
        number: i32,
        /// What became of the message.
        #[schema(value_type = String)]
        kind: ReceiptKind,
        /// Why it came back.
        #[schema(value_type = Option<String>)]
        reason: Option<AttemptReason>,
        /// The provider's own code for that.
        code: Option<i32>,
    },
    /// A leader had it sent again.
    SentAgain {
        /// When.
        #[schema(value_type = String, format = DateTime)]
        at: Timestamp,
        /// The newer message.
        #[schema(value_type = uuid::Uuid)]
        delivery: DeliveryId,
    },
    /// It may have arrived, and was left at that.
    Left {
        /// When.
        #[schema(value_type = String, format = DateTime)]
        at: Timestamp,
    },
    /// The household joined, with this message's code or another's.
    Joined {
        /// When.
        #[schema(value_type = String, format = DateTime)]
        at: Timestamp,
    },
    /// A try is running.
    Sending {
        /// When it began.
        #[schema(value_type = String, format = DateTime)]
        at: Timestamp,
        /// From 1.
        number: i32,
        /// When it is given up as unknown.
        #[schema(value_type = String, format = DateTime)]
        deadline: Timestamp,
    },
}

impl Event {
    const fn at(&self) -> Timestamp {
        match self {
            Self::Created { at }
            | Self::SentAgain { at, .. }
            | Self::Left { at }
            | Self::Joined { at }
            | Self::Attempt { at, .. }
            | Self::Receipt { at, .. }
            | Self::Sending { at, .. } => *at,
        }
    }
}

/// Read a delivery's story
#[utoipa::path(
    get, path = "/v1/communities/{community}/deliveries/{delivery}", tag = "Watching",
    params(
        ("community" = String, Path, format = Uuid, description = "The community"),
        ("delivery" = String, Path, format = Uuid, description = "The delivery"),
    ),
    responses(
        (status = 200, description = "The delivery", body = DeliveryStory),
        NoToken, NoDelivery,
    ),
    security(("bearer" = [])),
)]
pub async fn show_delivery(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path((_, delivery)): Path<(String, String)>,
) -> Result<Json<DeliveryStory>, Problem> {
    let delivery: DeliveryId = delivery.parse().map_err(|_| Problem::not_found())?;
    read(&state.pool, caller.community, delivery).await?.map(Json).ok_or_else(Problem::not_found)
}

/// Reads a delivery's story; `None` when the community has no such delivery.
///
/// # Errors
/// When the ledger does not answer.
pub async fn read(
    pool: &PgPool,
    community: CommunityId,
    delivery: DeliveryId,
) -> sqlx::Result<Option<DeliveryStory>> {
    let row = sqlx::query!(
        r#"SELECT CASE WHEN b.purpose = 'list' THEN d.batch_id END AS batch_id, d.batch_row, h.id AS household_id, d.invitation_id, d.channel, c.address AS "address?", d.state, d.changed_at,
                  d.created_at, d.attempt_number, d.attempt_began_at, d.attempt_deadline, d.reason,
                  -- A contact that is another household's by now greets nobody of this one.
                  CASE WHEN c.household_id = h.id THEN coalesce(c.name, h.name) ELSE h.name END AS name, p.label AS "unit?", h.joined_at,
                  i.ended_at IS NOT NULL OR i.expires_at <= app_now() AS ended,
                  w.held_reason AS "held_reason?: HoldReason", w.next_at
           FROM deliveries d
           JOIN contacts c ON c.id = d.contact_id
           LEFT JOIN invitations i ON i.id = d.invitation_id
           JOIN households h ON h.id = coalesce(i.household_id, c.household_id)
           LEFT JOIN properties p ON p.id = h.property_id
           JOIN channels ch ON ch.channel = d.channel
           LEFT JOIN batches b ON b.id = d.batch_id
           CROSS JOIN LATERAL waits_for(d, ch) AS w
           WHERE d.community_id = $1 AND d.id = $2"#,
        community.uuid(),
        delivery.uuid(),
    )
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let attempts = sqlx::query!(
        "SELECT number, began_at, ended_at, outcome, reason, reply, late FROM attempts WHERE delivery_id = $1 ORDER BY number",
        delivery.uuid(),
    )
    .fetch_all(pool)
    .await?;
    let receipts = sqlx::query!(
        "SELECT received_at, attempt, kind, reason, code FROM receipts WHERE delivery_id = $1",
        delivery.uuid(),
    )
    .fetch_all(pool)
    .await?;
    let neighbours = neighbours(pool, delivery).await?;
    let mut timeline = vec![Event::Created { at: row.created_at.to_jiff() }];
    timeline.extend(attempts.into_iter().map(|attempt| Event::Attempt {
        at: attempt.began_at.to_jiff(),
        number: attempt.number,
        ended_at: attempt.ended_at.to_jiff(),
        outcome: attempt.outcome,
        reason: attempt.reason,
        reply: attempt.reply,
        late: attempt.late,
    }));
    timeline.extend(receipts.into_iter().map(|receipt| Event::Receipt {
        at: receipt.received_at.to_jiff(),
        number: receipt.attempt,
        kind: receipt.kind,
        reason: receipt.reason,
        code: receipt.code,
    }));
    if let (Some(began), Some(deadline)) = (row.attempt_began_at, row.attempt_deadline) {
        let (at, deadline) = (began.to_jiff(), deadline.to_jiff());
        timeline.push(Event::Sending { at, number: row.attempt_number, deadline });
    }
    if let Some((delivery, at)) = neighbours.later {
        timeline.push(Event::SentAgain { at, delivery });
    }
    if row.state == DeliveryState::Cancelled && row.reason.is_some_and(words::may_have_arrived) {
        timeline.push(Event::Left { at: row.changed_at.to_jiff() });
    }
    if let Some(joined) = row.joined_at {
        timeline.push(Event::Joined { at: joined.to_jiff() });
    }
    timeline.sort_by_key(Event::at);
    let words = match neighbours.later {
        Some(_) if row.state == DeliveryState::NeedsDecision => Some(words::sent_again()),
        _ => words::of(row.channel, row.state, row.held_reason, row.reason),
    };
    Ok(Some(DeliveryStory {
        id: delivery,
        batch: row.batch_id.map(Into::into),
        household: row.household_id.into(),
        position: row.batch_row,
        invitation: row.invitation_id.map(Into::into),
        channel: row.channel,
        to: row.address,
        name: row.name,
        unit: row.unit,
        state: row.state,
        since: row.changed_at.to_jiff(),
        held_reason: row.held_reason,
        next_at: row.next_at.map(jiff_sqlx::Timestamp::to_jiff),
        joined_at: row.joined_at.map(jiff_sqlx::Timestamp::to_jiff),
        ended: row.ended.unwrap_or_default(),
        repeats: neighbours.earlier.map(|(earlier, _)| earlier),
        repeated_by: neighbours.later.map(|(later, _)| later),
        words,
        timeline,
    }))
}

/// The messages of the same entry of the list before and after a delivery, and when each was made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Neighbours {
    /// The one that it repeats.
    pub earlier: Option<(DeliveryId, Timestamp)>,
    /// The one that repeats it.
    pub later: Option<(DeliveryId, Timestamp)>,
}

/// Reads a delivery's neighbours: by the ledger's clock, and by way of the invitation that they have in common.
///
/// # Errors
/// When the ledger does not answer.
pub async fn neighbours(ledger: impl PgExecutor<'_>, delivery: DeliveryId) -> sqlx::Result<Neighbours> {
    let rows = sqlx::query!(
        r#"SELECT o.id, o.created_at, (o.created_at, o.id) > (d.created_at, d.id) AS "later!"
           FROM deliveries d
           CROSS JOIN LATERAL (
               SELECT * FROM deliveries WHERE invitation_id = d.invitation_id OFFSET 0
           ) AS o
           WHERE d.id = $1 AND o.id <> d.id AND o.batch_id = d.batch_id AND o.batch_row = d.batch_row
           ORDER BY o.created_at, o.id"#,
        delivery.uuid(),
    )
    .fetch_all(ledger)
    .await?;
    let mut found = Neighbours::default();
    for row in rows {
        let neighbour = Some((row.id.into(), row.created_at.to_jiff()));
        if !row.later {
            found.earlier = neighbour;
        } else if found.later.is_none() {
            found.later = neighbour;
        }
    }
    Ok(found)
}

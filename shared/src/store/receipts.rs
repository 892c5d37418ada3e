//! Receipts: recorded once each, and heeded as soon as our own record of the attempt is there.
//!
//! Both sides run these: the API when a provider calls, the worker when it has asked, and when a receipt was quicker
//! than the record that it waits for.

use sqlx::{PgConnection, PgPool, Result};

use super::{
    channels::{self, Closed, Closing, Heard},
    suppress,
};
use crate::domain::{
    AttemptReason, DeliveryId, DeliveryState, ReceiptKind, Refusal, SuppressionId, SuppressionReason,
    text_codes,
};

/// A receipt that names the attempt it is about.
#[derive(Clone, Copy, Debug)]
pub struct Receipt<'a> {
    /// Of which delivery.
    pub delivery: DeliveryId,
    /// Of which of its attempts.
    pub attempt: i32,
    /// What it says.
    pub kind: ReceiptKind,
    /// The provider's own name for the message.
    pub provider_id: &'a str,
    /// The provider's own code for why it came back.
    pub code: Option<u32>,
}

impl Receipt<'_> {
    /// Whose matter it is that it came back, and why; `None`: it did not.
    fn loss(&self) -> Option<(Refusal, AttemptReason)> {
        (self.kind == ReceiptKind::Bounced).then(|| text_codes::meaning_of_loss(self.code))
    }
}

/// What became of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// We have no such attempt, or it is another message's.
    Unknown,
    /// It was told before.
    Repeated,
    /// It is new; this is the state that the delivery went on to, if it did.
    New(Option<DeliveryState>),
}

/// Records a receipt and heeds it, in the caller's transaction. What is about us closes the channel; a recipient who wants
/// nothing from our number is suppressed, under `suppression`.
///
/// # Errors
/// When the ledger does not answer.
pub async fn record(
    tx: &mut PgConnection,
    suppression: SuppressionId,
    receipt: &Receipt<'_>,
) -> Result<Recorded> {
    let loss = receipt.loss();
    let about = sqlx::query!(
        r#"SELECT d.channel, d.attempt_number >= $2 AND coalesce(a.provider_id, $3) = $3 AS "known!",
                  CASE WHEN a.late OR a.outcome = 'unknown' THEN a.began_at ELSE coalesce(a.ended_at, app_now()) END AS "taken_at!"
           FROM deliveries d LEFT JOIN attempts a ON a.delivery_id = d.id AND a.number = $2
           WHERE d.id = $1 FOR NO KEY UPDATE OF d"#,
        receipt.delivery.uuid(),
        receipt.attempt,
        receipt.provider_id,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(about) = about.filter(|about| about.known) else { return Ok(Recorded::Unknown) };
    let new = sqlx::query!(
        "INSERT INTO receipts (delivery_id, attempt, kind, provider_id, reason, code) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING",
        receipt.delivery.uuid(),
        receipt.attempt,
        receipt.kind as ReceiptKind,
        receipt.provider_id,
        loss.map(|(_, reason)| reason) as Option<AttemptReason>,
        receipt.code.filter(|_| loss.is_some()).and_then(|code| i32::try_from(code).ok()),
    )
    .execute(&mut *tx)
    .await?;
    if new.rows_affected() == 0 {
        return Ok(Recorded::Repeated);
    }
    if let Some((Refusal::Configuration, reason)) = loss {
        let heard = Heard::Afterwards { taken_at: about.taken_at.to_jiff() };
        let closing = Closing { channel: about.channel, delivery: receipt.delivery, reason, heard };
        close_channel(tx, closing, receipt.code).await?;
    }
    let state = heed(tx, receipt.delivery).await?;
    if let Some((_, AttemptReason::OptedOut)) = loss {
        let reason = SuppressionReason::OptedOut;
        suppress::recipient_everywhere(tx, suppression, receipt.delivery, reason).await?;
    }
    Ok(Recorded::New(state))
}

/// Deliveries with receipts that wait for our own record, the oldest first, at most `most`.
///
/// # Errors
/// When the ledger does not answer.
pub async fn unheeded(pool: &PgPool, most: i64) -> Result<Vec<DeliveryId>> {
    let waiting = sqlx::query_scalar!(
        "SELECT delivery_id FROM receipts WHERE heeded_at IS NULL GROUP BY delivery_id ORDER BY min(received_at) LIMIT $1",
        most,
    );
    Ok(waiting.fetch_all(pool).await?.into_iter().map(DeliveryId::from).collect())
}

/// Heeds a delivery's receipts, in the caller's transaction; answers the state that it went on to, if it did.
///
/// A receipt proves that the provider has the message: an attempt whose outcome was unknown is amended.
///
/// # Errors
/// When the ledger does not answer.
pub async fn heed(tx: &mut PgConnection, delivery: DeliveryId) -> Result<Option<DeliveryState>> {
    let before =
        sqlx::query_scalar!("SELECT state FROM deliveries WHERE id = $1 FOR NO KEY UPDATE", delivery.uuid(),)
            .fetch_one(&mut *tx)
            .await?;
    if before == DeliveryState::Sending {
        return Ok(None);
    }
    let open = sqlx::query!(
        r#"WITH heeded AS (
               UPDATE receipts SET heeded_at = app_now() WHERE delivery_id = $1 AND heeded_at IS NULL
               RETURNING attempt, kind, provider_id, reason
           )
           SELECT h.*, h.attempt = d.attempt_number AS "newest!"
           FROM heeded h JOIN deliveries d ON d.id = $1 ORDER BY h.attempt, h.kind"#,
        delivery.uuid(),
    )
    .fetch_all(&mut *tx)
    .await?;
    let (mut state, mut reason) = (before, None);
    for receipt in open {
        sqlx::query!(
            "UPDATE attempts SET outcome = 'accepted', reason = NULL, provider_id = $3, ended_at = app_now(), late = true
             WHERE delivery_id = $1 AND number = $2 AND outcome = 'unknown'",
            delivery.uuid(),
            receipt.attempt,
            receipt.provider_id,
        )
        .execute(&mut *tx)
        .await?;
        // That an earlier one came back says nothing about the newest.
        let matters = receipt.newest || receipt.kind != ReceiptKind::Bounced;
        while matters && let Some(next) = receipt.kind.heed(state) {
            (state, reason) = (next, receipt.reason);
            go_on(tx, delivery, state, reason).await?;
        }
    }
    tracing::debug!(%delivery, %state, ?reason, "receipts heeded");
    Ok((state != before).then_some(state))
}

/// Closes the channel of a message that was taken and then refused for our sake.
async fn close_channel(tx: &mut PgConnection, closing: Closing, code: Option<u32>) -> Result<()> {
    let Closing { channel, reason, .. } = closing;
    if let Some(Closed { was_open, again_in }) = channels::close(tx, closing).await? {
        if was_open {
            tracing::error!(%channel, %reason, code, ?again_in, "the provider says afterwards that it takes nothing from us: the channel is closed, and opens by itself when a single message gets through");
        } else {
            tracing::warn!(%channel, %reason, code, ?again_in, "the channel stays closed");
        }
    }
    Ok(())
}

async fn go_on(
    tx: &mut PgConnection,
    delivery: DeliveryId,
    state: DeliveryState,
    reason: Option<AttemptReason>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE deliveries SET state = $2, reason = $3, held_reason = NULL, due_at = NULL, changed_at = app_now()
         WHERE id = $1",
        delivery.uuid(),
        state as DeliveryState,
        reason as Option<AttemptReason>,
    )
    .execute(tx)
    .await?;
    Ok(())
}

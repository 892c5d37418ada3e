//! Closing a channel: the provider will have nothing of *us*, whether it says so at once or in a receipt.

use std::time::Duration;

use jiff_sqlx::ToSqlx as _;
use sqlx::{PgExecutor, Result};

use crate::domain::{AttemptReason, Channel, DeliveryId};

/// What closes a channel.
#[derive(Clone, Copy, Debug)]
pub struct Closing {
    /// Which.
    pub channel: Channel,
    /// Whose message was refused.
    pub delivery: DeliveryId,
    /// What for.
    pub reason: AttemptReason,
    /// When it was said.
    pub heard: Heard,
}

/// When the provider says that it takes nothing from us.
#[derive(Clone, Copy, Debug)]
pub enum Heard {
    /// As its answer to the attempt that runs.
    AtOnce {
        /// Whether that was to try the provider.
        probe: bool,
    },
    /// About a message that it had taken.
    Afterwards {
        /// When.
        taken_at: jiff::Timestamp,
    },
}

/// What a closing did.
#[derive(Clone, Copy, Debug)]
pub struct Closed {
    /// Whether it was open until then.
    pub was_open: bool,
    /// When the provider is tried again.
    pub again_in: Duration,
}

/// Closes a channel, or keeps it closed for twice as long if `delivery` was its probe. Of many messages that are refused
/// at once the first one closes it; the others change nothing, and neither does what went before it was last opened.
///
/// # Errors
/// When the ledger does not answer.
pub async fn close(ledger: impl PgExecutor<'_>, closing: Closing) -> Result<Option<Closed>> {
    let (first, longest) = waits(closing.reason);
    let (may_be_probe, taken_at) = match closing.heard {
        Heard::AtOnce { probe } => (probe, None),
        Heard::Afterwards { taken_at } => (true, Some(taken_at.to_sqlx())),
    };
    let closed = sqlx::query!(
        r#"UPDATE channels AS c SET
               closed_at = coalesce(c.closed_at, app_now()), reason = $2, heard_afterwards = c.heard_afterwards OR $7::timestamptz IS NOT NULL,
               closings = least(was.closings + 1, 30),
               closed_until = app_now() + make_interval(secs => least($3 * 2 ^ was.closings, $4)),
               probe = NULL, probe_until = NULL
           FROM (SELECT channel, closed_at IS NULL AS is_open, opened_at,
                        CASE WHEN closed_at IS NULL AND opened_at < app_now() - interval '1 hour' THEN 0 ELSE closings END AS closings
                 FROM channels WHERE channel = $1 FOR NO KEY UPDATE) AS was
           WHERE c.channel = was.channel
               AND CASE WHEN was.is_open
                   THEN was.opened_at IS NULL
                       OR was.opened_at < coalesce($7, (SELECT attempt_began_at FROM deliveries WHERE id = $5))
                   ELSE $6 AND c.probe = $5 END
           RETURNING was.is_open AS "was_open!", extract(epoch FROM c.closed_until - app_now())::float8 AS "wait!""#,
        closing.channel as Channel,
        closing.reason as AttemptReason,
        first.as_secs_f64(),
        longest.as_secs_f64(),
        closing.delivery.uuid(),
        may_be_probe,
        taken_at as Option<jiff_sqlx::Timestamp>,
    )
    .fetch_optional(ledger)
    .await?;
    Ok(closed.map(|closed| Closed {
        was_open: closed.was_open,
        again_in: Duration::try_from_secs_f64(closed.wait).unwrap_or_default(),
    }))
}

/// How long a closed channel waits before its first probe, and at the very most. What refuses us takes a person to mend,
/// and may count our tries; what cannot be reached may be back any moment.
#[must_use]
pub const fn waits(reason: AttemptReason) -> (Duration, Duration) {
    use AttemptReason::{
        AuthFailed, BodyNotWritten, ConnectFailed, ConnectionLost, HandshakeFailed, ProtocolViolation,
        TlsFailed,
    };
    match reason {
        ConnectFailed | TlsFailed | HandshakeFailed | AuthFailed | ConnectionLost | BodyNotWritten
        | ProtocolViolation => (Duration::from_secs(15), Duration::from_mins(5)),
        _ => (Duration::from_mins(1), Duration::from_mins(15)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_refuses_us_is_asked_less_often_than_who_is_away() {
        assert!(waits(AttemptReason::AuthRefused) > waits(AttemptReason::ConnectFailed));
    }
}

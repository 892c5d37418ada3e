//! Batches whose list does harm.
//!
//! Who goes on writing to addresses that do not exist, or to people who call it spam, is soon refused everywhere, and takes
//! every other community of the installation along. Such a batch pauses by itself, says why, and goes on when a leader
//! resumes it; it is then judged by what ended since.

use porchlight_shared::{
    domain::{AddressVerdict, AttemptReason, BatchId, DeliveryState, PauseReason},
    store::steering::change,
};
use sqlx::Connection;

use super::{LookError, Reconciler, report::Report};

/// Dead addresses of a thousand sends that are too many,
const BOUNCES: i64 = 50;
/// once there are so many sends.
const LEAST_SENDS: i64 = 40;
/// Complaints of a thousand sends that are too many.
const COMPLAINTS: i64 = 3;

/// Rows of a batch whose outcome is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sends {
    all: i64,
    dead: i64,
    complained: i64,
}

impl Sends {
    /// Counts rows that stand in a state for a reason. A failure counts if the address was refused: what we could not
    /// hand over says nothing about the list.
    fn add(&mut self, state: DeliveryState, reason: Option<AttemptReason>, rows: i64) {
        let verdict = reason.map_or(AddressVerdict::Unsaid, AttemptReason::verdict_on_address);
        match (state, verdict) {
            (DeliveryState::Failed | DeliveryState::Bounced, AddressVerdict::Dead) => self.dead += rows,
            (DeliveryState::Failed, AddressVerdict::Unsaid) => return,
            (DeliveryState::Complained, _) => self.complained += rows,
            _ => {}
        }
        self.all += rows;
    }

    /// Why the batch has to pause, and how many rows say so; `None`: it need not.
    const fn storm(self) -> Option<(PauseReason, i64)> {
        if self.complained > 0 && self.complained * 1_000 >= self.all * COMPLAINTS {
            Some((PauseReason::Complaints, self.complained))
        } else if self.all >= LEAST_SENDS && self.dead * 1_000 >= self.all * BOUNCES {
            Some((PauseReason::Bounces, self.dead))
        } else {
            None
        }
    }
}

impl Reconciler {
    /// Pauses them.
    pub(super) async fn storms(&self) -> Result<Report, LookError> {
        // The tallies do not know reasons, nor what ended before a leader resumed: they only say where to look. What would
        // pause nothing because nothing waits is left alone.
        let suspects = sqlx::query_scalar!(
            "SELECT b.id
             FROM batches b
             CROSS JOIN LATERAL (
                 SELECT sum(count) FILTER (WHERE state IN ('held', 'queued', 'retry_wait')) AS waiting,
                        coalesce(sum(count) FILTER (WHERE state IN ('accepted', 'delivered', 'complained')), 0) AS taken,
                        coalesce(sum(count) FILTER (WHERE state IN ('failed', 'bounced')), 0) AS lost,
                        coalesce(sum(count) FILTER (WHERE state = 'complained'), 0) AS complained
                 FROM tallies WHERE batch_id = b.id OFFSET 0
             ) AS t
             WHERE b.finished_at IS NULL AND b.paused_at IS NULL AND b.cancelled_at IS NULL AND b.purpose = 'list' AND t.waiting > 0
                 AND CASE WHEN b.resumed_at IS NOT NULL THEN t.lost > 0 OR t.complained > 0
                     ELSE t.taken + t.lost >= $1::bigint AND 1000 * t.lost >= $2::bigint * (t.taken + t.lost)
                          OR t.complained > 0 AND 1000 * t.complained >= $3::bigint * t.taken END
             ORDER BY b.id",
            LEAST_SENDS,
            BOUNCES,
            COMPLAINTS,
        )
        .fetch_all(&self.pool)
        .await?;
        let mut paused = 0;
        for batch in suspects {
            paused += u64::from(self.storm_of(batch.into()).await?);
        }
        Ok(Report::Storms(paused))
    }

    /// Whether the batch was paused. Its row is locked first, as by whoever steers it: what a leader has just decided
    /// stands, and of two workers one pauses it.
    async fn storm_of(&self, batch: BatchId) -> Result<bool, LookError> {
        let mut connection = self.pool.acquire().await?;
        let mut tx = connection.begin().await?;
        let marks = sqlx::query!(
            r#"SELECT community_id, channel, resumed_at, paused_for IS NOT NULL AS "resumed_by_old!" FROM batches
               WHERE id = $1 AND finished_at IS NULL AND paused_at IS NULL AND cancelled_at IS NULL
               FOR NO KEY UPDATE SKIP LOCKED"#,
            batch.uuid(),
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(marks) = marks else { return Ok(false) };
        if marks.resumed_by_old {
            // An API of the release before this resumed it, and knows nothing of why it had paused.
            sqlx::query!(
                "UPDATE batches SET paused_for = NULL, storm_count = NULL, storm_sends = NULL, resumed_at = app_now() WHERE id = $1",
                batch.uuid(),
            )
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
            return Ok(false);
        }
        let rows = sqlx::query!(
            r#"SELECT state, reason, count(*) AS "rows!" FROM deliveries
               WHERE batch_id = $1 AND newest AND state IN ('accepted', 'delivered', 'bounced', 'complained', 'failed')
                   AND ($2::timestamptz IS NULL OR changed_at > $2)
               GROUP BY state, reason"#,
            batch.uuid(),
            marks.resumed_at as _,
        )
        .fetch_all(&mut *tx)
        .await?;
        let mut sends = Sends::default();
        for row in rows {
            sends.add(row.state, row.reason, row.rows);
        }
        let Some((reason, count)) = sends.storm() else { return Ok(false) };
        sqlx::query!(
            "UPDATE batches SET paused_at = app_now(), paused_for = $2, storm_count = $3, storm_sends = $4 WHERE id = $1",
            batch.uuid(),
            reason as PauseReason,
            i32::try_from(count).unwrap_or(i32::MAX),
            i32::try_from(sends.all).unwrap_or(i32::MAX),
        )
        .execute(&mut *tx)
        .await?;
        let (held, _) = change(&mut tx, batch, DeliveryState::Held).await?;
        tx.commit().await?;
        self.metrics.pause(marks.channel, reason);
        tracing::error!(
            %batch, community = %marks.community_id, channel = %marks.channel, %reason, count,
            sends = sends.all, held = held.len(),
            "a batch paused by itself: its list does harm, and a leader of its community has to decide",
        );
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use porchlight_shared::domain::AttemptReason::{
        BlockedByPolicy, Greylisted, MailboxFull, MailboxUnknown, NumberNotMobile, PhoneUnreachable,
    };

    use super::*;

    #[test]
    fn a_storm_is_five_of_a_hundred_dead_after_forty_or_three_of_a_thousand_complaints() {
        let storm = |all, dead, complained| Sends { all, dead, complained }.storm().map(|(reason, _)| reason);
        for (all, dead, complained, expected) in [
            (0, 0, 0, None),
            (39, 39, 0, None),
            (40, 1, 0, None),
            (40, 2, 0, Some(PauseReason::Bounces)),
            (100, 4, 0, None),
            (100, 5, 0, Some(PauseReason::Bounces)),
            (1_000, 49, 2, None),
            (1_000, 0, 3, Some(PauseReason::Complaints)),
            (333, 0, 1, Some(PauseReason::Complaints)),
            (334, 0, 1, None),
            (1, 0, 1, Some(PauseReason::Complaints)),
            (100, 50, 1, Some(PauseReason::Complaints)),
        ] {
            assert_eq!(storm(all, dead, complained), expected, "{dead} and {complained} of {all}");
        }
    }

    #[test]
    fn only_what_an_address_is_to_blame_for_counts() {
        use DeliveryState::{Accepted, Bounced, Complained, Delivered, Failed};
        for (state, reason, all, dead, complained) in [
            (Accepted, None, 1, 0, 0),
            (Delivered, None, 1, 0, 0),
            (Failed, Some(MailboxUnknown), 1, 1, 0),
            (Bounced, Some(MailboxUnknown), 1, 1, 0),
            (Failed, Some(NumberNotMobile), 1, 1, 0),
            (Failed, Some(MailboxFull), 1, 0, 0),
            (Bounced, Some(PhoneUnreachable), 1, 0, 0),
            (Bounced, Some(BlockedByPolicy), 1, 0, 0),
            (Failed, Some(BlockedByPolicy), 0, 0, 0),
            (Failed, Some(Greylisted), 0, 0, 0),
            (Complained, None, 1, 0, 1),
        ] {
            let mut sends = Sends::default();
            sends.add(state, reason, 1);
            assert_eq!(sends, Sends { all, dead, complained }, "{state}, {reason:?}");
        }
    }
}

//! Lists that are done and need a leader.
//!
//! That a text was taken is not yet that it arrived: a list of texts is looked at once the provider has told of each, or
//! long enough after the last. A community without leaders is waited for, a while.
//!
//! Whoever sent the list, or every leader where that is not known, gets one letter that says how many households need
//! them. That a batch's leaders were told is written in the transaction that writes the letters, and each letter stands
//! once for its batch and leader, so that no crash makes two of it, or none.

use porchlight_shared::{
    domain::{BatchId, Channel, DeliveryId, LetterId, LetterKind},
    queue::Job,
    store::letters::{About, Ids, Letter, Reader},
};
use rand::{
    SeedableRng,
    rand_core::UnwrapErr,
    rngs::{StdRng, SysRng},
};

use super::{LookError, Reconciler, report::Report};

/// Batches in one look.
const MOST: i64 = 100;
/// How long after a list of texts went out its receipts are waited for, in seconds.
const RECEIPTS_WITHIN: f64 = 15.0 * 60.0;
/// How long a community is waited for that has no leader by name, in seconds.
const LEADERS_WITHIN: f64 = 7.0 * 24.0 * 3600.0;

impl Reconciler {
    /// Tells the leaders of batches that are finished.
    pub(super) async fn notices(&self) -> Result<Report, LookError> {
        let untold = sqlx::query_scalar!(
            "SELECT id FROM batches b
             WHERE finished_at IS NOT NULL AND told_at IS NULL AND purpose = 'list'
                 AND (channel <> 'text' OR finished_at <= app_now() - make_interval(secs => $2)
                      OR 0 = (SELECT coalesce(sum(count), 0) FROM tallies WHERE batch_id = b.id AND state = 'accepted'))
                 AND (finished_at <= app_now() - make_interval(secs => $3)
                      OR EXISTS (SELECT FROM leaders WHERE community_id = b.community_id AND removed_at IS NULL))
             ORDER BY id LIMIT $1",
            MOST,
            RECEIPTS_WITHIN,
            LEADERS_WITHIN,
        )
        .fetch_all(&self.pool)
        .await?;
        let (mut letters, mut looked, mut failed) = (0, untold.is_empty(), None);
        for batch in untold.into_iter().map(BatchId::from) {
            match self.notices_of(batch).await {
                Ok(written) => (letters, looked) = (letters + written, true),
                // The others' leaders do not wait for this one.
                Err(error) => {
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::warn!(%batch, %error, cause, "leaders could not be told of a list; trying again");
                    failed = Some(error);
                }
            }
        }
        match failed {
            Some(error) if !looked => Err(error),
            _ => Ok(Report::Notices(letters)),
        }
    }

    /// Answers how many letters were written.
    async fn notices_of(&self, batch: BatchId) -> Result<u64, LookError> {
        let mut tx = self.pool.begin().await?;
        // A leader may be sending one of its messages again: then it is not finished yet.
        let told = sqlx::query!(
            "UPDATE batches SET told_at = app_now()
             WHERE id = (SELECT id FROM batches WHERE id = $1 AND finished_at IS NOT NULL AND told_at IS NULL
                         FOR NO KEY UPDATE SKIP LOCKED)
             RETURNING community_id, requested_by_leader",
            batch.uuid(),
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(told) = told else { return Ok(0) };
        // Whoever was reached another way, or joined meanwhile, needs nobody.
        let count = sqlx::query_scalar!(
            r#"SELECT count(DISTINCT c.household_id)::int AS "count!"
               FROM deliveries d JOIN contacts c ON c.id = d.contact_id JOIN households h ON h.id = c.household_id
               WHERE d.batch_id = $1 AND d.newest AND d.state IN ('failed', 'bounced', 'complained', 'needs_decision')
                   AND h.joined_at IS NULL
                   AND NOT EXISTS (SELECT FROM deliveries WHERE invitation_id = d.invitation_id AND newest
                                       AND state IN ('accepted', 'delivered'))"#,
            batch.uuid(),
        )
        .fetch_one(&mut *tx)
        .await?;
        let mut jobs = Vec::new();
        if count > 0 {
            let leaders = sqlx::query_scalar!(
                "SELECT id FROM leaders
                 WHERE community_id = $1 AND removed_at IS NULL
                     AND (id = $2 OR NOT EXISTS (SELECT FROM leaders WHERE id = $2 AND removed_at IS NULL))
                 ORDER BY id",
                told.community_id,
                told.requested_by_leader,
            )
            .fetch_all(&mut *tx)
            .await?;
            let (now, mut rng) = (self.clock.now(), StdRng::from_rng(&mut UnwrapErr(SysRng)));
            for leader in leaders {
                let to = Reader::Leader(leader.into());
                let letter = Letter::of(told.community_id.into(), LetterKind::BatchDone, to)
                    .about(About::Batch(batch, count));
                let ids = Ids {
                    letter: LetterId::new(now, &mut rng),
                    delivery: DeliveryId::new(now, &mut rng),
                    batch: BatchId::new(now, &mut rng),
                };
                if letter.write(&mut tx, ids).await? {
                    jobs.push((Channel::Email, Job::of(letter.community, ids.delivery, true)));
                }
            }
        }
        tx.commit().await?;
        self.push_now(&jobs).await;
        Ok(jobs.len() as u64)
    }
}

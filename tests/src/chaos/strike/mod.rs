//! Doing harm: each row of the matrix, carried out while messages are on their way.
//!
//! Who is to be struck at a step is stopped there first, by the provider's sandbox or by the lines around it; what is
//! asserted about the step is looked up, not hoped for. What a dead process had sent off may still arrive after it.
//! [`workers`] are killed at each step of a message's story, [`servers`] are APIs, Redis and Postgres, [`providers`]
//! misbehave.

mod providers;
mod servers;
mod workers;

use std::{sync::Arc, time::Duration};

use rand::RngExt;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::{
    Run,
    row::{Part, Row},
};
use crate::installation::Failure;

/// How long a conversation is waited for at the place where it is to be stopped: a push that was lost is made up for
/// within 15 seconds.
const ARRIVAL: Duration = Duration::from_secs(30);
/// How long is waited for messages to move, of which there may be none left.
const MOMENT: Duration = Duration::from_secs(1);
/// How long something is out of order, where that is the harm.
const TROUBLE: Duration = Duration::from_secs(2);

impl Run {
    /// Does it once, with messages on their way, and puts back in order what no operator would leave so.
    pub(super) async fn strike(&mut self, row: Row) -> Result<(), Failure> {
        match row.part() {
            Part::Worker => self.strike_worker(row).await,
            Part::Api => self.strike_api(row).await,
            Part::Redis => self.strike_redis(row).await,
            Part::Postgres => self.strike_postgres(row).await,
            Part::Provider => self.strike_provider(row).await,
        }
    }

    fn any_worker(&mut self) -> usize {
        self.rng.random_range(0..self.fleet.workers.len())
    }

    /// One fault's messages, promised by an API before this returns.
    async fn feed(&self) -> Result<(), Failure> {
        self.feed_part(1).await
    }

    async fn feed_part(&self, of: usize) -> Result<(), Failure> {
        let (emails, texts) = self.portion(of);
        Arc::clone(&self.fleet.feeder).send_both(emails, texts).await
    }

    /// The same, while other things happen.
    fn feeding(&self, of: usize) -> JoinHandle<Result<(), Failure>> {
        let (emails, texts) = self.portion(of);
        tokio::spawn(Arc::clone(&self.fleet.feeder).send_both(emails, texts))
    }

    /// A few of the messages are taken; how many, the seed says.
    async fn some_progress(&mut self) -> Result<(), Failure> {
        let (emails, texts) = self.portion(1);
        let few = self.rng.random_range(0..(emails + texts).max(2) / 2) as u64;
        let (from, fleet) = (self.fleet.taken(), &self.fleet);
        // Less may be left to take than that.
        let _slow = fleet.until("some are taken", MOMENT, async || Ok(fleet.taken() >= from + few)).await;
        Ok(())
    }

    /// Whoever is in the middle of an attempt holds its claim; looked at while nothing moves.
    async fn check_claims(&mut self) -> Result<(), Failure> {
        let since = self.began();
        let before = self.sending(since).await?;
        let claimed = self.fleet.redis.claimed().await?;
        let after = self.sending(since).await?;
        let unclaimed = before.iter().filter(|row| after.contains(row) && !claimed.contains(&row.0));
        self.note_unclaimed(unclaimed.count());
        Ok(())
    }

    /// Attempts under way that began since then.
    async fn sending(&self, since: f64) -> Result<Vec<(Uuid, i32)>, Failure> {
        let sending = sqlx::query_as(
            "SELECT id, attempt_number FROM deliveries
             WHERE state = 'sending' AND attempt_began_at > to_timestamp($1)",
        );
        Ok(sending.bind(since).fetch_all(&self.fleet.installation.pool).await?)
    }
}

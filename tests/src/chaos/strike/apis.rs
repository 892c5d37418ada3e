//! APIs, killed while a list comes in.
//!
//! Lists come to the one that is struck, and to the others when it does not answer.

use std::time::Duration;

use rand::RngExt;
use tokio::task::JoinHandle;

use super::{ARRIVAL, MOMENT};
use crate::{
    chaos::{Run, fleet::PATIENCE},
    installation::Failure,
    stack::proxy::Way,
};

/// How often a list is sent before an API is where it is to be killed.
const TRIES: usize = 3;
/// More pieces than any list is stored in.
const PIECES: usize = 400;

/// A list on its way.
type Feeding = JoinHandle<Result<(), Failure>>;

impl Run {
    /// One that has got over the fault before this one.
    async fn any_api(&mut self) -> Result<usize, Failure> {
        let place = self.rng.random_range(0..self.fleet.apis.len());
        let fleet = &self.fleet;
        fleet.until("the API is ready", PATIENCE, async || fleet.feeder.is_ready(place).await).await?;
        Ok(place)
    }

    fn feed_to(&self, place: usize) -> Feeding {
        self.fleet.feeder.prefer(place);
        self.feeding(1)
    }

    /// Rows are written, others are not, and nothing is committed.
    pub(super) async fn kill_api_committing(&mut self) -> Result<(), Failure> {
        let place = self.any_api().await?;
        for _ in 0..TRIES {
            self.fleet.apis[place].ledger.hold(Way::Requests);
            let feeding = self.feed_to(place);
            let mut there = self.go_on(place, async || self.is_writing_a_list().await).await?;
            // So many statements more go through, another number each time.
            for _ in 0..self.rng.random_range(0..4) {
                let ledger = &self.fleet.apis[place].ledger;
                let seen = ledger.arrived();
                ledger.step();
                there &=
                    ledger.wait_for_another(seen, MOMENT).await > seen && self.is_writing_a_list().await?;
            }
            if there {
                return self.end_api(place, feeding).await;
            }
            self.fleet.apis[place].ledger.release();
            feeding.await??;
        }
        Err("no list's transaction was under way".into())
    }

    /// The list is stored, and of its jobs none is in Redis.
    pub(super) async fn kill_api_not_pushed(&mut self) -> Result<(), Failure> {
        let place = self.any_api().await?;
        let known = self.batches().await?;
        self.fleet.apis[place].queue.hold(Way::Requests);
        let feeding = self.feed_to(place);
        let held = self.fleet.apis[place].queue.wait_for_held(1, ARRIVAL).await;
        let there = held > 0 && self.batches().await? > known;
        self.end_api(place, feeding).await?;
        if there { Ok(()) } else { Err("no list was stored, or no job about to be pushed".into()) }
    }

    /// The list is stored, and the API itself does not know.
    pub(super) async fn kill_api_not_answered(&mut self) -> Result<(), Failure> {
        let place = self.any_api().await?;
        let known = self.batches().await?;
        self.fleet.apis[place].ledger.hold(Way::Answers);
        let feeding = self.feed_to(place);
        let there = self.go_on(place, async || Ok(self.batches().await? > known)).await?;
        self.end_api(place, feeding).await?;
        if there { Ok(()) } else { Err("no list was stored".into()) }
    }

    pub(super) async fn kill_api_at_any_time(&mut self) -> Result<(), Failure> {
        let place = self.any_api().await?;
        let feeding = self.feed_to(place);
        tokio::time::sleep(Duration::from_millis(self.rng.random_range(0..60))).await;
        self.end_api(place, feeding).await
    }

    /// Kills it; what it had sent off is lost with it, or arrives now. Its list comes in all the same.
    async fn end_api(&mut self, place: usize, feeding: Feeding) -> Result<(), Failure> {
        if let Some(process) = self.fleet.apis[place].process.take() {
            process.kill().await?;
        }
        let member = &self.fleet.apis[place];
        if self.rng.random() {
            member.ledger.cut();
            member.queue.cut();
        }
        member.ledger.release();
        member.queue.release();
        self.fleet.feeder.prefer_none();
        self.fleet.start_api(place).await?;
        feeding.await?
    }

    /// Lets what an API and the ledger say to each other through, piece by piece, until it is so or there is no more;
    /// answers whether it is.
    async fn go_on(
        &self,
        place: usize,
        is_so: impl AsyncFn() -> Result<bool, Failure>,
    ) -> Result<bool, Failure> {
        let ledger = &self.fleet.apis[place].ledger;
        ledger.wait_for_held(1, ARRIVAL).await;
        for _ in 0..PIECES {
            if is_so().await? {
                return Ok(true);
            }
            let seen = ledger.arrived();
            ledger.step();
            if ledger.wait_for_another(seen, MOMENT).await == seen {
                return is_so().await;
            }
        }
        Ok(false)
    }

    /// Whether some API has written rows of a list and not committed them.
    async fn is_writing_a_list(&self) -> Result<bool, Failure> {
        let writing = sqlx::query_scalar(
            "SELECT EXISTS (
                 SELECT FROM pg_stat_activity AS a JOIN pg_locks AS l USING (pid)
                 WHERE a.datname = current_database() AND a.application_name = 'porchlight-api'
                   AND a.state = 'idle in transaction' AND l.mode = 'RowExclusiveLock'
                   AND l.relation = ANY (ARRAY['households', 'contacts', 'invitations', 'batches', 'deliveries']::regclass[]))",
        );
        Ok(writing.fetch_one(&self.fleet.installation.pool).await?)
    }

    async fn batches(&self) -> Result<i64, Failure> {
        let count = sqlx::query_scalar("SELECT count(*) FROM batches WHERE purpose = 'list'");
        Ok(count.fetch_one(&self.fleet.installation.pool).await?)
    }
}

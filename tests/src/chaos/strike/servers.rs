//! APIs, Redis and Postgres.

use std::time::Duration;

use rand::RngExt;

use super::{ARRIVAL, MOMENT, TROUBLE};
use crate::{
    chaos::{Run, redis::Redis, row::Row},
    installation::Failure,
    stack::{Ending, Server, proxy::Way},
};

impl Run {
    pub(super) async fn strike_api(&mut self, row: Row) -> Result<(), Failure> {
        let place = self.rng.random_range(0..self.fleet.apis.len());
        let known = self.batches().await?;
        let member = &self.fleet.apis[place];
        match row {
            Row::ApiCommitting => member.ledger.hold(Way::Requests),
            Row::ApiNotPushed => member.queue.hold(Way::Requests),
            Row::ApiNotAnswered => member.ledger.hold(Way::Answers),
            _ => {}
        }
        // Lists come to the one that is struck, and to the others when it does not answer.
        self.fleet.feeder.prefer(place);
        let feeding = self.feeding(1);
        let there = match row {
            Row::ApiNotPushed => {
                let held = self.fleet.apis[place].queue.wait_for_held(1, ARRIVAL).await;
                held > 0 && self.batches().await? > known
            }
            Row::ApiCommitting => {
                // So many statements of the transaction go through, another number each time.
                let most = self.rng.random_range(1..12);
                self.go_on(place, most, async || Ok(false)).await?;
                self.batches().await? == known
            }
            Row::ApiNotAnswered => self.go_on(place, 100, async || Ok(self.batches().await? > known)).await?,
            _ => {
                tokio::time::sleep(Duration::from_millis(self.rng.random_range(0..60))).await;
                true
            }
        };
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
        feeding.await??;
        if there { Ok(()) } else { Err("no list was there when the API was killed".into()) }
    }

    /// Lets what an API and the ledger say to each other through, piece by piece, until it is so or there is no more;
    /// answers whether it is.
    async fn go_on(
        &self,
        place: usize,
        most: usize,
        is_so: impl AsyncFn() -> Result<bool, Failure>,
    ) -> Result<bool, Failure> {
        let ledger = &self.fleet.apis[place].ledger;
        let mut seen = 0;
        for _ in 0..most {
            let arrived = ledger.wait_for_another(seen, MOMENT).await;
            if is_so().await? {
                return Ok(true);
            }
            if arrived == seen {
                break;
            }
            seen = ledger.arrived();
            ledger.step();
        }
        Ok(false)
    }

    async fn batches(&self) -> Result<i64, Failure> {
        let count = sqlx::query_scalar("SELECT count(*) FROM batches");
        Ok(count.fetch_one(&self.fleet.installation.pool).await?)
    }

    pub(super) async fn strike_redis(&mut self, row: Row) -> Result<(), Failure> {
        self.feed().await?;
        self.some_progress().await?;
        match row {
            Row::RedisRestarted => {
                self.fleet.redis.stop().await?;
                self.fleet.redis.come_up().await
            }
            Row::RedisKilled => {
                self.fleet.redis.kill().await?;
                self.fleet.redis.come_up().await
            }
            Row::RedisFlushed => {
                let mut connection = self.fleet.redis.connection().await?;
                Ok(redis::cmd("FLUSHALL").exec_async(&mut connection).await?)
            }
            Row::RedisEmptied => {
                self.fleet.redis.kill().await?;
                self.fleet.redis.lose_file()?;
                self.fleet.redis.come_up().await
            }
            Row::RedisFailover => self.fail_over().await,
            Row::RedisCut => {
                for member in self.fleet.apis.iter().chain(&self.fleet.workers) {
                    member.queue.cut();
                }
                Ok(())
            }
            _ => {
                for member in self.fleet.apis.iter().chain(&self.fleet.workers) {
                    member.queue.hold(Way::Requests);
                }
                tokio::time::sleep(TROUBLE).await;
                for member in self.fleet.apis.iter().chain(&self.fleet.workers) {
                    member.queue.release();
                }
                Ok(())
            }
        }
    }

    /// A replica catches up, messages go on, the one that led dies, and the replica leads.
    async fn fail_over(&mut self) -> Result<(), Failure> {
        let mut next = match self.fleet.spare.take() {
            Some(spare) => spare,
            None => Redis::start().await?,
        };
        next.come_up_if_down().await?;
        next.follow(&self.fleet.redis).await?;
        self.feed_part(2).await?;
        self.fleet.redis.kill().await?;
        next.lead().await?;
        self.fleet.spare = Some(std::mem::replace(&mut self.fleet.redis, next));
        self.fleet.lead_to_redis();
        Ok(())
    }

    pub(super) async fn strike_postgres(&mut self, row: Row) -> Result<(), Failure> {
        self.feed().await?;
        self.some_progress().await?;
        match row {
            Row::PostgresRestarted => Ok(self.fleet.stack.restart_postgres().await?),
            Row::PostgresKilled => {
                self.fleet.stack.end(Server::Postgres, Ending::Kill).await?;
                Ok(self.fleet.stack.start_again(Server::Postgres).await?)
            }
            Row::PostgresCut => {
                let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                           WHERE datname = current_database() AND pid <> pg_backend_pid()";
                sqlx::query(cut).execute(&self.fleet.installation.pool).await?;
                Ok(())
            }
            Row::PostgresFull => self.fill_disk().await,
            Row::PostgresAnswersLost => {
                for member in &self.fleet.workers {
                    member.ledger.hold(Way::Answers);
                }
                self.fleet.workers[0].ledger.wait_for_held(1, MOMENT).await;
                for member in &self.fleet.workers {
                    member.ledger.cut();
                    member.ledger.release();
                }
                Ok(())
            }
            _ => {
                for member in self.fleet.apis.iter().chain(&self.fleet.workers) {
                    member.ledger.hold(Way::Requests);
                }
                tokio::time::sleep(TROUBLE).await;
                for member in self.fleet.apis.iter().chain(&self.fleet.workers) {
                    member.ledger.release();
                }
                Ok(())
            }
        }
    }

    /// Refuses every write as a full disk does.
    async fn fill_disk(&self) -> Result<(), Failure> {
        let pool = &self.fleet.installation.pool;
        for statement in [
            "CREATE OR REPLACE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
             $$BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END$$",
            "CREATE TRIGGER disk_full BEFORE INSERT OR UPDATE ON deliveries EXECUTE FUNCTION disk_full()",
            "CREATE TRIGGER disk_full BEFORE INSERT OR UPDATE ON attempts EXECUTE FUNCTION disk_full()",
        ] {
            sqlx::query(statement).execute(pool).await?;
        }
        tokio::time::sleep(TROUBLE).await;
        sqlx::query("DROP FUNCTION disk_full CASCADE").execute(pool).await?;
        Ok(())
    }
}

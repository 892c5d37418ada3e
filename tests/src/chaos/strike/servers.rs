//! Redis and Postgres.

use super::{ARRIVAL, Line, TROUBLE};
use crate::{
    chaos::{Run, redis::Redis},
    installation::Failure,
    stack::{Ending, Server, proxy::Way},
};

impl Run {
    pub(super) async fn restart_redis(&mut self) -> Result<(), Failure> {
        self.feed_and_move().await?;
        self.fleet.redis.stop().await?;
        self.fleet.redis.come_up().await
    }

    pub(super) async fn kill_redis(&mut self) -> Result<(), Failure> {
        self.feed_and_move().await?;
        self.fleet.redis.kill().await?;
        self.fleet.redis.come_up().await
    }

    pub(super) async fn flush_redis(&mut self) -> Result<(), Failure> {
        self.feed_and_move().await?;
        let mut connection = self.fleet.redis.connection().await?;
        Ok(redis::cmd("FLUSHALL").exec_async(&mut connection).await?)
    }

    pub(super) async fn empty_redis(&mut self) -> Result<(), Failure> {
        self.feed_and_move().await?;
        self.fleet.redis.kill().await?;
        self.fleet.redis.lose_file()?;
        self.fleet.redis.come_up().await
    }

    /// A replica catches up, messages go on, the one that led dies, and the replica leads.
    pub(super) async fn fail_over(&mut self) -> Result<(), Failure> {
        self.feed_and_move().await?;
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

    pub(super) async fn cut_redis_off(&mut self) -> Result<(), Failure> {
        self.feed_and_move().await?;
        self.fleet.members().for_each(|member| member.queue.cut());
        Ok(())
    }

    /// A server says nothing to anybody for a while.
    pub(super) async fn silence(&mut self, line: Line) -> Result<(), Failure> {
        self.feed_and_move().await?;
        self.fleet.members().for_each(|member| line.of(member).hold(Way::Requests));
        tokio::time::sleep(TROUBLE).await;
        self.fleet.members().for_each(|member| line.of(member).release());
        Ok(())
    }

    pub(super) async fn restart_postgres(&mut self) -> Result<(), Failure> {
        self.feed_and_move().await?;
        Ok(self.fleet.stack.restart_postgres().await?)
    }

    pub(super) async fn kill_postgres(&mut self) -> Result<(), Failure> {
        self.feed_and_move().await?;
        self.fleet.stack.end(Server::Postgres, Ending::Kill).await?;
        Ok(self.fleet.stack.start_again(Server::Postgres).await?)
    }

    pub(super) async fn cut_postgres_off(&mut self) -> Result<(), Failure> {
        self.feed_and_move().await?;
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        sqlx::query(cut).execute(&self.fleet.installation.pool).await?;
        Ok(())
    }

    /// What workers ask of the ledger is done, and they never hear of it.
    pub(super) async fn lose_answers(&mut self) -> Result<(), Failure> {
        self.feed_and_move().await?;
        self.fleet.workers.iter().for_each(|worker| worker.ledger.hold(Way::Answers));
        let held = self.fleet.workers[0].ledger.wait_for_held(1, ARRIVAL).await;
        for worker in &self.fleet.workers {
            worker.ledger.cut();
            worker.ledger.release();
        }
        if held == 0 { Err("no statement was answered".into()) } else { Ok(()) }
    }

    /// Refuses every write as a full disk does.
    pub(super) async fn fill_disk(&mut self) -> Result<(), Failure> {
        self.feed_and_move().await?;
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

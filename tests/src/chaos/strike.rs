//! Doing harm: each row of the matrix, carried out while messages are on their way.
//!
//! Who is to be struck at a step is stopped there first, by the provider's sandbox or by the lines around it; what is
//! asserted about the step is looked up, not hoped for. What a dead process had sent off may still arrive after it.

use std::{sync::Arc, time::Duration};

use rand::RngExt;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::{
    Run, clock,
    fleet::CONNECTIONS,
    row::{Part, Row},
};
use crate::{
    installation::{Failure, Signal},
    sandbox::{smtp, twilio},
    stack::{Ending, Server, proxy::Way},
};

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

    async fn strike_worker(&mut self, row: Row) -> Result<(), Failure> {
        if let Some(stage) = row.smtp_stage() {
            return self.kill_at_smtp(stage).await;
        }
        if let Some(stage) = row.text_stage() {
            return self.kill_at_text(stage).await;
        }
        let place = self.any_worker();
        match row {
            Row::Claimed | Row::Begun | Row::Recorded | Row::NotRecorded => {
                self.kill_at_ledger(place, row).await
            }
            Row::NotAcknowledged => {
                self.fleet.workers[place].queue.hold(Way::Requests);
                self.feed().await?;
                self.fleet.until_still().await?;
                self.kill_worker(place).await?;
                self.fleet.workers[place].queue.cut();
                self.fleet.workers[place].queue.release();
                self.fleet.start_worker(place).await
            }
            Row::WorkerAnyTime => {
                self.feed().await?;
                self.some_progress().await?;
                self.kill_worker(place).await?;
                self.fleet.start_worker(place).await
            }
            Row::AllWorkers => {
                self.feed().await?;
                self.some_progress().await?;
                for place in 0..self.fleet.workers.len() {
                    self.kill_worker(place).await?;
                }
                for place in 0..self.fleet.workers.len() {
                    self.fleet.start_worker(place).await?;
                }
                Ok(())
            }
            Row::WorkerStopped => {
                self.feed().await?;
                self.some_progress().await?;
                self.stop_worker(place).await
            }
            Row::Rolling => self.roll().await,
            Row::ClockJumps => self.jump_clock(place).await,
            _ => {
                self.feed().await?;
                self.some_progress().await?;
                self.signal(place, Signal::Stop).await;
                tokio::time::sleep(TROUBLE / 2).await;
                self.signal(place, Signal::Cont).await;
                Ok(())
            }
        }
    }

    /// Stops e-mails at a stage until every connection of one worker is there, and kills it.
    async fn kill_at_smtp(&mut self, stage: smtp::Stage) -> Result<(), Failure> {
        let place = self.any_worker();
        self.signal_others(place, Signal::Stop).await;
        self.fleet.installation.smtp.hold_at(stage);
        if matches!(stage, smtp::Stage::Greeting | smtp::Stage::Ehlo) {
            self.fleet.installation.smtp.cut();
        }
        self.feed().await?;
        let held = self.fleet.installation.smtp.wait_for_held(CONNECTIONS, ARRIVAL).await;
        self.fleet.until_still().await?;
        self.check_claims().await?;
        self.kill_worker(place).await?;
        self.fleet.installation.smtp.release();
        self.signal_others(place, Signal::Cont).await;
        self.fleet.start_worker(place).await?;
        if held == 0 { Err(format!("no conversation came to {stage:?}").into()) } else { Ok(()) }
    }

    /// The same for texts.
    async fn kill_at_text(&mut self, stage: twilio::Stage) -> Result<(), Failure> {
        let place = self.any_worker();
        self.signal_others(place, Signal::Stop).await;
        self.fleet.installation.twilio.hold_at(stage);
        self.feed().await?;
        let held = self.fleet.installation.twilio.wait_for_held(CONNECTIONS, ARRIVAL).await;
        self.fleet.until_still().await?;
        self.check_claims().await?;
        self.kill_worker(place).await?;
        self.fleet.installation.twilio.release();
        self.signal_others(place, Signal::Cont).await;
        self.fleet.start_worker(place).await?;
        if held == 0 { Err(format!("no request came to {stage:?}").into()) } else { Ok(()) }
    }

    /// Stops what a worker and the ledger say to each other, and kills it.
    async fn kill_at_ledger(&mut self, place: usize, row: Row) -> Result<(), Failure> {
        let way = if matches!(row, Row::Begun | Row::Recorded) { Way::Answers } else { Way::Requests };
        if matches!(row, Row::Recorded | Row::NotRecorded) {
            // Begun everywhere, and taken by the provider: its word is what the worker has yet to record.
            self.fleet.installation.smtp.hold_at(smtp::Stage::Taken);
            self.feed().await?;
            self.fleet.installation.smtp.wait_for_held(CONNECTIONS, ARRIVAL).await;
            self.fleet.workers[place].ledger.hold(way);
            self.fleet.installation.smtp.release();
        } else {
            self.fleet.workers[place].ledger.hold(way);
            self.feed().await?;
        }
        let held = self.fleet.workers[place].ledger.wait_for_held(1, ARRIVAL).await;
        self.fleet.until_still().await?;
        self.kill_worker(place).await?;
        if self.rng.random() {
            // What it had sent off is lost with it; else it arrives now.
            self.fleet.workers[place].ledger.cut();
        }
        self.fleet.workers[place].ledger.release();
        self.fleet.start_worker(place).await?;
        if held == 0 { Err("the worker asked the ledger nothing".into()) } else { Ok(()) }
    }

    /// A worker goes by a clock of its own for a while.
    async fn jump_clock(&mut self, place: usize) -> Result<(), Failure> {
        let Some(library) = clock::library() else { return Ok(()) };
        let clock = clock::Clock::new()?;
        self.end_worker(place).await?;
        self.fleet.start_worker_with(place, &clock.variables(&library)).await?;
        for hours in [1, -1, 0] {
            self.feed_part(3).await?;
            self.some_progress().await?;
            clock.set(hours)?;
        }
        self.stop_worker(place).await
    }

    /// Every API and every worker, one after the other, while lists come in.
    async fn roll(&mut self) -> Result<(), Failure> {
        for place in 0..self.fleet.workers.len() {
            self.feed_part(3).await?;
            self.stop_worker(place).await?;
        }
        for place in 0..self.fleet.apis.len() {
            let feeding = self.feeding(3);
            if let Some(process) = self.fleet.apis[place].process.take()
                && !process.stop().await?.success()
            {
                return Err("an API that was told to stop did not end well".into());
            }
            self.fleet.start_api(place).await?;
            feeding.await??;
        }
        Ok(())
    }

    async fn strike_api(&mut self, row: Row) -> Result<(), Failure> {
        let place = self.rng.random_range(0..self.fleet.apis.len());
        let other = 1 - place;
        // The other API is kept out of it until the deed is done.
        self.fleet.apis[other].ledger.hold(Way::Requests);
        let member = &self.fleet.apis[place];
        match row {
            Row::ApiCommitting => member.ledger.hold(Way::Requests),
            Row::ApiNotPushed => member.queue.hold(Way::Requests),
            Row::ApiNotAnswered => member.ledger.hold(Way::Answers),
            _ => {}
        }
        let feeding = self.feeding(1);
        match row {
            Row::ApiNotPushed => {
                self.fleet.apis[other].ledger.release();
                member.queue.wait_for_held(1, ARRIVAL).await;
            }
            Row::ApiCommitting | Row::ApiNotAnswered => {
                // A few steps of the transaction, so that the harm is done at another each time.
                for _ in 0..self.rng.random_range(1..12) {
                    self.fleet.apis[place].ledger.wait_for_held(1, MOMENT).await;
                    self.fleet.apis[place].ledger.step();
                }
            }
            _ => tokio::time::sleep(Duration::from_millis(self.rng.random_range(0..60))).await,
        }
        if let Some(process) = self.fleet.apis[place].process.take() {
            process.kill().await?;
        }
        self.fleet.apis[other].ledger.release();
        let member = &self.fleet.apis[place];
        if self.rng.random() {
            member.ledger.cut();
            member.queue.cut();
        }
        member.ledger.release();
        member.queue.release();
        self.fleet.start_api(place).await?;
        feeding.await?
    }

    async fn strike_redis(&mut self, row: Row) -> Result<(), Failure> {
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
                Ok(redis::cmd("FLUSHALL").to_owned().exec_async(&mut connection).await?)
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
            None => super::redis::Redis::start().await?,
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

    async fn strike_postgres(&mut self, row: Row) -> Result<(), Failure> {
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

    async fn strike_provider(&mut self, row: Row) -> Result<(), Failure> {
        match row {
            Row::MailReset | Row::MailResetEarly => {
                let stage = if row == Row::MailReset { smtp::Stage::Taken } else { smtp::Stage::Data };
                self.fleet.installation.smtp.hold_at(stage);
                self.feed().await?;
                self.fleet.installation.smtp.wait_for_held(2 * CONNECTIONS, ARRIVAL).await;
                self.fleet.installation.smtp.cut();
                self.fleet.installation.smtp.release();
                Ok(())
            }
            Row::MailSlow | Row::MailAway => {
                let switches = if row == Row::MailSlow {
                    smtp::Switches { reply_delay_ms: 200, ..smtp::Switches::default() }
                } else {
                    smtp::Switches { refuse_greeting: true, ..smtp::Switches::default() }
                };
                self.fleet.installation.smtp.set(switches);
                self.fleet.installation.smtp.cut();
                self.feed().await?;
                tokio::time::sleep(TROUBLE).await;
                self.fleet.installation.smtp.set(smtp::Switches::default());
                Ok(())
            }
            _ => {
                let calm = twilio::Switches::default();
                let switches = match row {
                    Row::TextThrottled => twilio::Switches { throttle_ms: 2_000, ..calm },
                    Row::ReceiptsLate => twilio::Switches { callbacks_held: true, ..calm },
                    Row::ReceiptsDoubled => twilio::Switches { callbacks_doubled: true, ..calm },
                    _ => twilio::Switches { callbacks_reordered: true, ..calm },
                };
                self.fleet.installation.twilio.set(switches);
                self.feed().await?;
                self.some_progress().await?;
                tokio::time::sleep(TROUBLE).await;
                self.fleet.installation.twilio.set(calm);
                Ok(())
            }
        }
    }

    fn any_worker(&mut self) -> usize {
        self.rng.random_range(0..self.fleet.workers.len())
    }

    /// Frozen, the others leave everything to one.
    async fn signal_others(&self, place: usize, signal: Signal) {
        for other in (0..self.fleet.workers.len()).filter(|other| *other != place) {
            self.signal(other, signal).await;
        }
    }

    async fn signal(&self, place: usize, signal: Signal) {
        if let Some(process) = &self.fleet.workers[place].process {
            process.signal(signal).await;
        }
    }

    async fn kill_worker(&mut self, place: usize) -> Result<(), Failure> {
        let at = self.fleet.now().await?;
        if let Some(process) = self.fleet.workers[place].process.take() {
            process.kill().await?;
        }
        self.note_kill(at);
        Ok(())
    }

    /// Told to stop, it ends well and in time; then it comes back.
    async fn stop_worker(&mut self, place: usize) -> Result<(), Failure> {
        self.end_worker(place).await?;
        self.fleet.start_worker(place).await
    }

    async fn end_worker(&mut self, place: usize) -> Result<(), Failure> {
        let began = tokio::time::Instant::now();
        if let Some(process) = self.fleet.workers[place].process.take()
            && !process.stop().await?.success()
        {
            return Err("a worker that was told to stop did not end well".into());
        }
        self.note_stop(began.elapsed());
        Ok(())
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
        let sending: Vec<Uuid> = sqlx::query_scalar(
            "SELECT id FROM deliveries WHERE state = 'sending' AND attempt_began_at > to_timestamp($1)",
        )
        .bind(since)
        .fetch_all(&self.fleet.installation.pool)
        .await?;
        let claimed = self.fleet.redis.claimed().await?;
        self.note_unclaimed(sending.iter().filter(|id| !claimed.contains(id)).count());
        Ok(())
    }
}

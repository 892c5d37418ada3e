//! Workers: killed at a step, stopped, frozen, and out of time.

use super::{ARRIVAL, TROUBLE};
use rand::RngExt;

use crate::{
    chaos::{Run, clock, fleet::CONNECTIONS, row::Row},
    installation::{Failure, Signal},
    sandbox::{smtp, twilio},
    stack::proxy::Way,
};

/// How often a worker is stopped before it is where it is to be killed.
const TRIES: usize = 3;

impl Run {
    pub(super) async fn strike_worker(&mut self, row: Row) -> Result<(), Failure> {
        if let Some(stage) = row.smtp_stage() {
            return self.kill_at_smtp(stage).await;
        }
        if let Some(stage) = row.text_stage() {
            return self.kill_at_text(stage).await;
        }
        let place = self.any_worker();
        match row {
            Row::Claimed | Row::Begun => self.kill_before_sending(place, row).await,
            Row::Recorded | Row::NotRecorded | Row::NotAcknowledged => {
                self.kill_after_sending(place, row).await
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
        if self.rng.random() {
            // What it had sent off is lost with it, and what the frozen ones had with them; else it arrives now.
            self.fleet.installation.smtp.cut();
        }
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

    /// Stops what a worker and the ledger say to each other about begin, and kills it.
    async fn kill_before_sending(&mut self, place: usize, row: Row) -> Result<(), Failure> {
        let (way, states) =
            if row == Row::Claimed { (Way::Requests, "queued") } else { (Way::Answers, "sending") };
        self.signal_others(place, Signal::Stop).await;
        let mut there = false;
        for _ in 0..TRIES {
            self.fleet.workers[place].ledger.hold(way);
            self.feed().await?;
            there = self.until_claimed_is(place, way, states).await?;
            if there {
                break;
            }
            // It does not get over the fault before this one, and claims nothing, while the ledger says nothing.
            self.fleet.workers[place].ledger.release();
            self.some_progress().await?;
        }
        self.end_struck(place).await?;
        if there { Ok(()) } else { Err("the worker had claimed nothing, or was further".into()) }
    }

    /// Lets a worker send, stops what it then says to the ledger or to the queue, and kills it.
    async fn kill_after_sending(&mut self, place: usize, row: Row) -> Result<(), Failure> {
        self.signal_others(place, Signal::Stop).await;
        self.fleet.installation.smtp.hold_at(smtp::Stage::Taken);
        self.feed().await?;
        self.fleet.installation.smtp.wait_for_held(CONNECTIONS, ARRIVAL).await;
        let member = &self.fleet.workers[place];
        let (way, state) = match row {
            Row::NotRecorded => (Way::Requests, "sending"),
            Row::Recorded => (Way::Answers, "accepted"),
            _ => (Way::Requests, "accepted"),
        };
        if row == Row::NotAcknowledged {
            member.queue.hold(way);
        } else {
            member.ledger.hold(way);
        }
        self.fleet.installation.smtp.release();
        let there = self.until_claimed_is(place, way, state).await?;
        self.end_struck(place).await?;
        if there { Ok(()) } else { Err("nothing of what the worker had claimed was there".into()) }
    }

    /// Waits until something that was claimed since the fault began stands so in the ledger; answers whether it does.
    /// Answers go through one by one meanwhile: the first may only say that a statement was understood.
    async fn until_claimed_is(&self, place: usize, way: Way, state: &str) -> Result<bool, Failure> {
        for _ in 0..40 {
            self.fleet.until_still().await?;
            let claimed: Vec<_> = self.fleet.redis.claimed().await?.into_iter().collect();
            let there: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM deliveries
                 WHERE id = ANY ($1) AND state::text = $2 AND changed_at > to_timestamp($3)",
            )
            .bind(claimed)
            .bind(state)
            .bind(self.began())
            .fetch_one(&self.fleet.installation.pool)
            .await?;
            if there > 0 {
                return Ok(true);
            }
            if way == Way::Answers {
                self.fleet.workers[place].ledger.step();
            }
        }
        Ok(false)
    }

    /// Kills a worker whose lines are held; what it had sent off is lost with it, or arrives now.
    async fn end_struck(&mut self, place: usize) -> Result<(), Failure> {
        self.kill_worker(place).await?;
        let member = &self.fleet.workers[place];
        if self.rng.random() {
            member.ledger.cut();
            member.queue.cut();
        }
        member.ledger.release();
        member.queue.release();
        self.signal_others(place, Signal::Cont).await;
        self.fleet.start_worker(place).await
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
        if let Some(process) = self.fleet.workers[place].process.take() {
            process.kill().await?;
        }
        self.note_kill();
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
}

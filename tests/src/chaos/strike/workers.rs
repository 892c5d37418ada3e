//! Workers: killed at a step, stopped, frozen, and out of time.

use super::{ARRIVAL, TROUBLE};
use rand::RngExt;

use crate::{
    chaos::{Run, clock, fleet::CONNECTIONS, row::Row},
    installation::{Failure, Signal},
    sandbox::{smtp, twilio},
    stack::proxy::Way,
};

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
}

//! Workers: killed at a step, stopped, frozen, and out of time.

use std::fmt::Debug;

use rand::RngExt;

use super::{ARRIVAL, Line, TROUBLE};
use crate::{
    barrier::Barrier,
    chaos::{Run, clock, fleet::CONNECTIONS},
    installation::{Failure, Signal},
    sandbox::{smtp, twilio},
    stack::proxy::Way,
};

/// How often a worker is stopped before it is where it is to be killed.
const TRIES: usize = 3;

impl Run {
    /// Stops e-mails at a stage until one worker has as many there as it can, and kills it.
    pub(super) async fn kill_at_smtp(&mut self, at: smtp::Stage) -> Result<(), Failure> {
        // Whoever is connected goes by no greeting any more.
        let anew = matches!(at, smtp::Stage::Greeting | smtp::Stage::Ehlo);
        let barrier = self.fleet.installation.smtp.barrier();
        self.kill_held(&barrier, at, anew).await
    }

    /// The same for texts.
    pub(super) async fn kill_at_text(&mut self, at: twilio::Stage) -> Result<(), Failure> {
        let barrier = self.fleet.installation.twilio.barrier();
        self.kill_held(&barrier, at, false).await
    }

    async fn kill_held<P>(&mut self, barrier: &Barrier<P>, at: P, anew: bool) -> Result<(), Failure>
    where
        P: Copy + PartialEq + Debug,
    {
        let place = self.leave_all_to_one().await?;
        barrier.close(at);
        if anew {
            self.fleet.installation.smtp.cut();
        }
        self.feed().await?;
        let held = barrier.wait_for(CONNECTIONS, ARRIVAL).await;
        self.fleet.until_still().await?;
        self.check_claims().await?;
        self.kill_worker(place).await?;
        if self.rng.random() {
            // What it had sent off is lost with it, and what the frozen ones had with them; else it arrives now.
            self.fleet.installation.smtp.cut();
        }
        barrier.open();
        self.note_arrived().await?;
        self.signal_others(place, Signal::Cont).await;
        self.fleet.start_worker(place).await?;
        if held == 0 { Err(format!("nobody came to {at:?}").into()) } else { Ok(()) }
    }

    pub(super) async fn kill_at_any_time(&mut self) -> Result<(), Failure> {
        let place = self.any_worker();
        self.feed_and_move().await?;
        self.kill_worker(place).await?;
        self.note_end().await?;
        self.fleet.start_worker(place).await
    }

    pub(super) async fn kill_all(&mut self) -> Result<(), Failure> {
        self.feed_and_move().await?;
        for place in 0..self.fleet.workers.len() {
            self.kill_worker(place).await?;
        }
        self.note_end().await?;
        for place in 0..self.fleet.workers.len() {
            self.fleet.start_worker(place).await?;
        }
        Ok(())
    }

    pub(super) async fn stop_under_load(&mut self) -> Result<(), Failure> {
        let place = self.any_worker();
        self.feed_and_move().await?;
        self.stop_worker(place).await
    }

    pub(super) async fn freeze(&mut self) -> Result<(), Failure> {
        let place = self.any_worker();
        self.feed_and_move().await?;
        self.signal(place, Signal::Stop).await;
        tokio::time::sleep(TROUBLE / 2).await;
        self.signal(place, Signal::Cont).await;
        Ok(())
    }

    /// Stops what a worker and the ledger say to each other about begin, and kills it.
    pub(super) async fn kill_before_sending(&mut self, way: Way, state: &str) -> Result<(), Failure> {
        let place = self.leave_all_to_one().await?;
        let mut there = false;
        for _ in 0..TRIES {
            self.fleet.workers[place].ledger.hold(way);
            self.feed().await?;
            there = self.until_claimed_is(place, way, state).await?;
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
    pub(super) async fn kill_after_sending(
        &mut self,
        line: Line,
        way: Way,
        state: &str,
    ) -> Result<(), Failure> {
        let (place, barrier) = (self.leave_all_to_one().await?, self.fleet.installation.smtp.barrier());
        let mut there = false;
        for _ in 0..TRIES {
            barrier.close(smtp::Stage::Taken);
            self.feed().await?;
            barrier.wait_for(CONNECTIONS, ARRIVAL).await;
            line.of(&self.fleet.workers[place]).hold(way);
            barrier.open();
            there = self.until_claimed_is(place, way, state).await?;
            if there {
                break;
            }
            // It had not got over the fault before this one, and what it sent was claimed before.
            line.of(&self.fleet.workers[place]).release();
            self.fleet.until_still().await?;
            self.claimed_before = self.fleet.redis.claimed().await?;
        }
        self.end_struck(place).await?;
        if there { Ok(()) } else { Err("nothing of what the worker had claimed was there".into()) }
    }

    /// Waits until something that was claimed since the fault began stands so in the ledger; answers whether it does.
    /// Answers go through one by one meanwhile: the first may only say that a statement was understood.
    async fn until_claimed_is(&self, place: usize, way: Way, state: &str) -> Result<bool, Failure> {
        for _ in 0..40 {
            self.fleet.until_still().await?;
            let claimed = self.fleet.redis.claimed().await?;
            let claimed: Vec<_> = claimed.difference(&self.claimed_before).copied().collect();
            let there: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM deliveries
                 WHERE id = ANY ($1) AND state::text = $2",
            )
            .bind(claimed)
            .bind(state)
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
        self.note_arrived().await?;
        self.signal_others(place, Signal::Cont).await;
        self.fleet.start_worker(place).await
    }

    /// The others still frozen, waits until all has arrived that the dead one had sent off. What begins from now on is
    /// none of it.
    async fn note_arrived(&mut self) -> Result<(), Failure> {
        self.fleet.until_still().await?;
        self.note_end().await
    }

    /// A worker goes by a clock of its own for a while.
    pub(super) async fn jump_clock(&mut self) -> Result<(), Failure> {
        let place = self.any_worker();
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
    pub(super) async fn roll(&mut self) -> Result<(), Failure> {
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

    /// Freezes all workers but one, which does what there is to do. What is claimed after that is that one's.
    async fn leave_all_to_one(&mut self) -> Result<usize, Failure> {
        let place = self.any_worker();
        self.signal_others(place, Signal::Stop).await;
        self.fleet.until_still().await?;
        self.claimed_before = self.fleet.redis.claimed().await?;
        self.alone_since = self.fleet.now().await?;
        Ok(place)
    }

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

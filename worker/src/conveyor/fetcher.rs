//! Claims what free slots can start now, and sleeps while there is nothing.

use std::{sync::Arc, time::Duration};

use porchlight_shared::queue::{Job, Part, within};
use rand::{Rng, rngs::StdRng};
use redis::aio::ConnectionManager;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc::UnboundedSender},
    time::sleep,
};

use super::{
    Options,
    claim::{Claim, Desk, Member},
    link::{Claimed, Link, RESPONSE},
    outage::Outage,
};

/// The most one call claims: it keeps the server for well under a millisecond.
const MOST: usize = 256;
/// Look again after this even when nobody woke us: a worker that was woken may have died.
pub(super) const LONGEST_SLEEP: Duration = Duration::from_secs(5);

pub(super) struct Fetcher {
    pub(super) link: Arc<Link>,
    /// Where the worker takes claims from. It learns that we ended when this is dropped.
    pub(super) belt: UnboundedSender<Claim>,
    pub(super) desk: Desk,
    pub(super) options: Options,
    pub(super) slots: Arc<Semaphore>,
    /// A connection of its own, because it blocks.
    pub(super) sleeper: ConnectionManager,
    pub(super) claiming: Outage,
    pub(super) sleeping: Outage,
    pub(super) rng: StdRng,
}

impl Fetcher {
    pub(super) async fn run(mut self) {
        let stop = self.options.stop.clone();
        while let Some(mut slots) = stop.run_until_cancelled(self.free_slots()).await {
            let want = slots.num_permits();
            let Some((token, found)) = self.claim(want).await else { return };
            let idle = found.jobs.len() < want;
            for &(job, expiries) in &found.jobs {
                let slot = slots.split(1).expect("no more is claimed than there are slots");
                let mut member: Member = [0; _];
                member[..Job::LENGTH].copy_from_slice(&job.to_bytes());
                member[Job::LENGTH..].copy_from_slice(&token.to_be_bytes());
                let lease = Some(self.desk.lease(member, found.admitted, slot));
                // Nobody takes it any more: dropped, it goes back.
                let _ = self.belt.send(Claim { job, expiries, lease });
            }
            drop(slots);
            if idle && stop.run_until_cancelled(self.sleep(&found)).await.is_none() {
                return;
            }
        }
    }

    /// Waits until something may be claimed, and takes every slot that is free then.
    async fn free_slots(&mut self) -> OwnedSemaphorePermit {
        let first = Arc::clone(&self.slots).acquire_owned().await;
        let mut slots = first.expect("the slots are never closed");
        // Whoever could hold us is gone: nobody does.
        let _ = self.options.held.wait_for(|held| !held).await;
        while slots.num_permits() < MOST
            && let Ok(one) = Arc::clone(&self.slots).try_acquire_owned()
        {
            slots.merge(one);
        }
        slots
    }

    /// Claims, until it succeeds or we stop. Never given up half-way: leases that nobody knows of have to expire.
    async fn claim(&mut self, want: usize) -> Option<(u64, Claimed)> {
        let (token, mut again) = (self.rng.next_u64(), false);
        // Asked first: a slot may become free in the moment of the stop.
        while !self.options.stop.is_cancelled() {
            match self.claiming.note(self.link.claim(want, token, again).await) {
                Ok(claimed) => return Some((token, claimed)),
                Err(pause) => self.options.stop.run_until_cancelled(sleep(pause)).await?,
            }
            again = true;
        }
        None
    }

    /// Sleeps until something can be claimed, or if it helps to listen, until a push.
    async fn sleep(&mut self, found: &Claimed) {
        let wait = found.wait.min(LONGEST_SLEEP);
        if !found.listen || wait.is_zero() {
            // Jobs that were turned away gave their tokens back: a hundred of them must not take a hundred turns.
            tokio::select! {
                () = sleep(wait) => {}
                () = self.link.returned.notified() => {}
            }
            return;
        }
        let mut block = redis::cmd("BLPOP");
        block.arg(self.link.queue.key(Part::Wake)).arg(wait.as_secs_f64());
        let woken = within(wait + RESPONSE, block.query_async::<()>(&mut self.sleeper)).await;
        if let Err(pause) = self.sleeping.note(woken) {
            sleep(pause).await;
        }
    }
}

//! Claims what free slots can start now, and sleeps while there is nothing.

use std::{sync::Arc, time::Duration};

use porchlight_shared::queue::{Job, Part, within};
use rand::{Rng, rngs::StdRng};
use redis::aio::ConnectionManager;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use super::{
    belt::Belt,
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
    pub(super) belt: Arc<Belt>,
    pub(super) desk: Desk,
    pub(super) slots: Arc<Semaphore>,
    /// A connection of its own, because it blocks.
    pub(super) sleeper: ConnectionManager,
    pub(super) held: watch::Receiver<bool>,
    pub(super) stop: CancellationToken,
    pub(super) claiming: Outage,
    pub(super) sleeping: Outage,
    pub(super) rng: StdRng,
}

impl Fetcher {
    pub(super) async fn run(mut self) {
        let stop = self.stop.clone();
        while let Some(permits) = stop.run_until_cancelled(self.free_slots()).await {
            let want = permits.num_permits();
            let Some((token, found)) = self.claim(want).await else { break };
            let (pause, listen, idle) = (found.wait, found.listen, found.jobs.len() < want);
            self.belt.put(self.lease(token, found, permits));
            if idle && stop.run_until_cancelled(self.sleep(pause, listen)).await.is_none() {
                break;
            }
        }
        self.belt.close();
    }

    /// Waits until something may be claimed, and takes every slot that is free then.
    async fn free_slots(&mut self) -> OwnedSemaphorePermit {
        let first = Arc::clone(&self.slots).acquire_owned().await;
        let mut slots = first.expect("the slots are never closed");
        // Whoever could hold us is gone: nobody does.
        let _ = self.held.wait_for(|held| !held).await;
        let more = self.slots.available_permits().min(MOST - 1);
        let more = u32::try_from(more).unwrap_or(0);
        if let Ok(more) = Arc::clone(&self.slots).try_acquire_many_owned(more) {
            slots.merge(more);
        }
        slots
    }

    /// Claims, until it succeeds or we stop. Never given up half-way: leases that nobody knows of have to expire.
    async fn claim(&mut self, want: usize) -> Option<(u64, Claimed)> {
        let (token, mut again) = (self.rng.next_u64(), false);
        loop {
            match self.link.claim(want, token, again).await {
                Ok(claimed) => {
                    self.claiming.over();
                    return Some((token, claimed));
                }
                Err(error) => {
                    let pause = self.claiming.failed(&error);
                    self.stop.run_until_cancelled(sleep(pause)).await?;
                }
            }
            again = true;
        }
    }

    fn lease(&self, token: u64, claimed: Claimed, mut slots: OwnedSemaphorePermit) -> Vec<Claim> {
        let mut claims = Vec::with_capacity(claimed.jobs.len());
        for (job, expiries) in claimed.jobs {
            let slot = slots.split(1).expect("no more is claimed than there are slots");
            let mut member: Member = [0; _];
            member[..Job::LENGTH].copy_from_slice(&job.to_bytes());
            member[Job::LENGTH..].copy_from_slice(&token.to_be_bytes());
            let lease = self.desk.lease(member, claimed.admitted, slot);
            claims.push(Claim { job, expiries, lease: Some(lease) });
        }
        claims
    }

    /// Sleeps for `wait`, and if it helps to `listen`, until a push.
    async fn sleep(&mut self, wait: Duration, listen: bool) {
        let wait = wait.min(LONGEST_SLEEP);
        if !listen || wait.is_zero() {
            return sleep(wait).await;
        }
        let mut block = redis::cmd("BLPOP");
        block.arg(self.link.queue.key(Part::Wake)).arg(wait.as_secs_f64());
        match within(wait + RESPONSE, block.query_async::<()>(&mut self.sleeper)).await {
            Ok(()) => self.sleeping.over(),
            Err(error) => sleep(self.sleeping.failed(&error)).await,
        }
    }
}

//! Carries fates back to Redis, and keeps the leases of what still runs.

use std::{
    convert::Infallible,
    sync::{Arc, PoisonError},
};

use tokio::{sync::mpsc, time::sleep};

use super::{
    claim::{Acknowledgement, Held, Member},
    link::Link,
    outage::Outage,
};

/// The most one call acknowledges or renews.
const MOST: usize = 256;

pub(super) struct Finisher {
    pub(super) link: Arc<Link>,
    pub(super) fates: mpsc::UnboundedReceiver<Acknowledgement>,
    pub(super) held: Held,
    pub(super) acknowledging: Outage,
    pub(super) renewing: Outage,
}

impl Finisher {
    /// Ends when every lease is gone and its fate has arrived.
    pub(super) async fn run(self) {
        let Self { link, fates, held, acknowledging, renewing } = self;
        tokio::select! {
            () = acknowledge(&link, fates, acknowledging) => {}
            never = renew(&link, &held, renewing) => match never {},
        }
    }
}

/// No timer: a batch is what queued while the last call ran.
async fn acknowledge(link: &Link, mut fates: mpsc::UnboundedReceiver<Acknowledgement>, mut outage: Outage) {
    let mut batch = Vec::with_capacity(MOST);
    while fates.recv_many(&mut batch, MOST).await > 0 {
        while let Err(error) = link.acknowledge(&batch).await {
            sleep(outage.failed(&error)).await;
        }
        outage.over();
        batch.clear();
    }
}

/// A job whose lease turned out lost goes on: another may claim it, and the ledger decides.
async fn renew(link: &Link, held: &Held, mut outage: Outage) -> Infallible {
    let mut pause = link.lease / 3;
    loop {
        sleep(pause).await;
        pause = link.lease / 3;
        let leases: Vec<Member> =
            held.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        for chunk in leases.chunks(MOST) {
            match link.renew(chunk).await {
                Ok(lost) => {
                    outage.over();
                    let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
                    // One that was settled while we asked is not lost.
                    let lost = lost.iter().filter(|&&at| held.remove(&chunk[at])).count();
                    if lost > 0 {
                        link.metrics.lost.inc_by(lost as u64);
                        tracing::warn!(queue = %link.queue, lost, "leases of running jobs were lost");
                    }
                }
                Err(error) => {
                    pause = outage.failed(&error).min(pause);
                    break;
                }
            }
        }
    }
}

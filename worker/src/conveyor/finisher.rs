//! Carries fates back to Redis, and keeps the leases of what still runs.

use std::{
    convert::Infallible,
    sync::{Arc, PoisonError},
};

use tokio::{sync::mpsc::UnboundedReceiver, time::sleep};

use super::{
    claim::{Acknowledgement, Held, Member},
    link::Link,
    outage::Outage,
};

/// The most one call acknowledges or renews.
const MOST: usize = 256;

/// Ends when every lease is gone and its fate has arrived.
pub(super) async fn finish(link: Arc<Link>, fates: UnboundedReceiver<Acknowledgement>, held: Held) {
    tokio::select! {
        () = acknowledge(&link, fates) => {}
        never = renew(&link, &held) => match never {},
    }
}

/// No timer: a batch is what queued while the last call ran.
async fn acknowledge(link: &Link, mut fates: UnboundedReceiver<Acknowledgement>) {
    let mut outage = Outage::new("acknowledging", link.metrics.redis_errors.clone());
    let mut batch = Vec::with_capacity(MOST);
    while fates.recv_many(&mut batch, MOST).await > 0 {
        while let Err(pause) = outage.note(link.acknowledge(&batch).await) {
            sleep(pause).await;
        }
        batch.clear();
    }
}

/// A job whose lease turned out lost goes on: another may claim it, and the ledger decides.
async fn renew(link: &Link, held: &Held) -> Infallible {
    let mut outage = Outage::new("renewing leases", link.metrics.redis_errors.clone());
    let mut pause = link.lease / 3;
    loop {
        sleep(pause).await;
        pause = link.lease / 3;
        let leases: Vec<Member> =
            held.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        for chunk in leases.chunks(MOST) {
            match outage.note(link.renew(chunk).await) {
                Ok(lost) => {
                    let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
                    // One that was settled while we asked is not lost.
                    let lost = lost.iter().filter(|&&at| held.remove(&chunk[at])).count();
                    if lost > 0 {
                        link.metrics.leases_lost.inc_by(lost as u64);
                        tracing::warn!(queue = %link.queue, lost, "leases of running jobs were lost");
                    }
                }
                Err(soon) => {
                    pause = soon.min(pause);
                    break;
                }
            }
        }
    }
}

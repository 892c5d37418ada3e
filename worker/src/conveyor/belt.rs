//! The short stretch between the fetcher and the worker: claims that a free slot is about to take.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use futures_util::task::AtomicWaker;

use super::claim::Claim;

#[derive(Debug, Default)]
pub(super) struct Belt {
    load: Mutex<Load>,
    worker: AtomicWaker,
}

#[derive(Debug, Default)]
struct Load {
    claims: VecDeque<Claim>,
    closed: bool,
}

impl Belt {
    /// Puts claims down in order. On a closed belt they are dropped, which gives them back.
    pub(super) fn put(&self, claims: impl IntoIterator<Item = Claim>) {
        let mut load = self.load();
        if !load.closed {
            load.claims.extend(claims);
            drop(load);
            self.worker.wake();
        }
    }

    /// Gives back what nobody has taken. Idempotent.
    pub(super) fn close(&self) {
        let mut load = self.load();
        load.closed = true;
        let left = std::mem::take(&mut load.claims);
        drop(load);
        // The last becomes the first of its list, so the order stays.
        left.into_iter().rev().for_each(drop);
        self.worker.wake();
    }

    pub(super) fn is_closed(&self, cx: &Context<'_>) -> bool {
        self.worker.register(cx.waker());
        self.load().closed
    }

    pub(super) fn poll_take(&self, cx: &Context<'_>) -> Poll<Claim> {
        self.worker.register(cx.waker());
        self.load().claims.pop_front().map_or(Poll::Pending, Poll::Ready)
    }

    fn load(&self) -> MutexGuard<'_, Load> {
        self.load.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

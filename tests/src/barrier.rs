//! Places where those who come by can be made to wait, and lines that can be cut.
//!
//! A fault harness stops a conversation at a step of its choosing, looks, strikes, and lets go.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Whoever passes a place is held there while the barrier is closed at it.
#[derive(Debug)]
pub struct Barrier<P> {
    /// Where, and how often those who waited were let go.
    closed: watch::Sender<(Option<P>, u64)>,
    held: watch::Sender<Held>,
}

/// Who waits.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    now: usize,
    ever: u64,
}

impl<P> Default for Barrier<P> {
    fn default() -> Self {
        Self { closed: watch::Sender::new((None, 0)), held: watch::Sender::default() }
    }
}

impl<P: Copy + PartialEq> Barrier<P> {
    /// Closes it at `place`; at no other any more.
    pub fn close(&self, place: P) {
        self.closed.send_modify(|(closed, _)| *closed = Some(place));
    }

    /// Lets everybody go.
    pub fn open(&self) {
        self.closed.send_modify(|(closed, times)| (*closed, *times) = (None, *times + 1));
    }

    /// Lets those go who wait now; whoever comes next waits.
    pub fn step(&self) {
        self.closed.send_modify(|(_, times)| *times += 1);
    }

    /// Whether whoever comes to `place` now waits there.
    pub fn is_closed_at(&self, place: P) -> bool {
        self.closed.borrow().0 == Some(place)
    }

    /// Goes by `place`, and waits there while it is closed.
    pub async fn pass(&self, place: P) {
        let now = *self.closed.borrow();
        if now.0 != Some(place) {
            return;
        }
        self.held.send_modify(|held| (held.now, held.ever) = (held.now + 1, held.ever + 1));
        // Whoever waits may be dropped there.
        let _counted = Counted(&self.held);
        let mut closed = self.closed.subscribe();
        // The sender lives in ourselves, so that the channel is never closed.
        let _opened = closed.wait_for(|closed| closed.1 != now.1).await;
    }

    /// How many wait.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.borrow().now
    }

    /// How many have come to wait, ever.
    #[must_use]
    pub fn arrived(&self) -> u64 {
        self.held.borrow().ever
    }

    /// Waits until more than so many have come, and no longer than `patience`; answers how many have.
    pub async fn wait_for_another(&self, than: u64, patience: Duration) -> u64 {
        let mut held = self.held.subscribe();
        let _reached = tokio::time::timeout(patience, held.wait_for(|held| held.ever > than)).await;
        self.arrived()
    }

    /// Waits until so many wait, and no longer than `patience`; answers how many do.
    pub async fn wait_for(&self, count: usize, patience: Duration) -> usize {
        let mut held = self.held.subscribe();
        let _reached = tokio::time::timeout(patience, held.wait_for(|held| held.now >= count)).await;
        self.held()
    }
}

struct Counted<'a>(&'a watch::Sender<Held>);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|held| held.now -= 1);
    }
}

/// Lines that end together.
#[derive(Debug, Default)]
pub struct Lines(Mutex<CancellationToken>);

/// One of them.
#[derive(Debug)]
pub struct Line(CancellationToken);

impl Line {
    /// Carries until it is over, or the line is cut: then nothing more of it happens, whoever else lets it go.
    pub async fn carry(self, conversation: impl Future) {
        tokio::select! {
            biased;
            () = self.0.cancelled() => {}
            _ = conversation => {}
        }
    }
}

impl Lines {
    /// A new line, which the next cut ends.
    #[must_use]
    pub fn open(&self) -> Line {
        Line(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Cuts all lines of now; later ones are not concerned.
    pub fn cut(&self) {
        let mut token = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *token).cancel();
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn whoever_comes_to_the_place_waits_and_others_do_not() {
        let barrier = Barrier::default();
        barrier.close('b');
        barrier.pass('a').await;
        let waiting = barrier.pass('b');
        tokio::pin!(waiting);
        assert!(futures_util::poll!(waiting.as_mut()).is_pending());
        assert_eq!(barrier.wait_for(1, Duration::from_secs(1)).await, 1);
        barrier.open();
        waiting.await;
        assert_eq!(barrier.held(), 0);
    }

    #[tokio::test]
    async fn whoever_is_cut_off_does_not_go_on_when_the_barrier_opens() {
        let (barrier, lines) = (Barrier::default(), Lines::default());
        barrier.close(());
        let went_on = Cell::new(false);
        let conversation = lines.open().carry(async {
            barrier.pass(()).await;
            went_on.set(true);
        });
        tokio::pin!(conversation);
        assert!(futures_util::poll!(conversation.as_mut()).is_pending());
        lines.cut();
        barrier.open();
        conversation.await;
        assert!(!went_on.get());
        lines.open().carry(async { went_on.set(true) }).await;
        assert!(went_on.get(), "a later line is not concerned");
    }
}

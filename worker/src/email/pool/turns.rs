//! Who is next: a fixed number of turns, given round-robin over communities and in order of arrival inside one.
//!
//! A turn is a value; dropping it lets the next one in. Whoever stops waiting leaves no hole: a turn that reaches
//! nobody goes on to the next.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

/// Gives out turns.
pub(super) struct Turns<K: Key> {
    shared: Arc<Mutex<State<K>>>,
}

/// What waiters are grouped by.
pub trait Key: Copy + Eq + Hash + Send + fmt::Debug + 'static {}

impl<T: Copy + Eq + Hash + Send + fmt::Debug + 'static> Key for T {}

struct State<K: Key> {
    free: usize,
    closed: bool,
    /// The communities that wait, each once, the next one first.
    ring: VecDeque<K>,
    lanes: HashMap<K, VecDeque<oneshot::Sender<Turn<K>>>>,
}

/// The right to use one connection.
pub(super) struct Turn<K: Key> {
    /// `None` once the turn was passed on.
    shared: Option<Arc<Mutex<State<K>>>>,
}

impl<K: Key> Turns<K> {
    pub(super) fn new(turns: usize) -> Self {
        let state = State { free: turns.max(1), closed: false, ring: VecDeque::new(), lanes: HashMap::new() };
        Self { shared: Arc::new(Mutex::new(state)) }
    }

    /// Waits for a turn on behalf of `key`; `None` once the turns are closed.
    pub(super) async fn take(&self, key: K) -> Option<Turn<K>> {
        let ticket = {
            let mut state = lock(&self.shared);
            if state.closed {
                return None;
            }
            // Free turns mean that nobody waits: whoever gives one back passes it on first.
            if state.free > 0 {
                state.free -= 1;
                return Some(Turn { shared: Some(Arc::clone(&self.shared)) });
            }
            let (turn, ticket) = oneshot::channel();
            let lane = state.lanes.entry(key).or_default();
            let is_new = lane.is_empty();
            lane.push_back(turn);
            if is_new {
                state.ring.push_back(key);
            }
            ticket
        };
        ticket.await.ok()
    }

    /// Sends everybody who waits away, now and from now on.
    pub(super) fn close(&self) {
        let waiting = {
            let mut state = lock(&self.shared);
            state.closed = true;
            state.ring.clear();
            std::mem::take(&mut state.lanes)
        };
        drop(waiting);
    }

    /// Whether nobody gets a turn any more.
    pub(super) fn is_closed(&self) -> bool {
        lock(&self.shared).closed
    }

    /// How many wait.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        let state = lock(&self.shared);
        state.lanes.values().map(|lane| lane.iter().filter(|turn| !turn.is_closed()).count()).sum()
    }
}

impl<K: Key> State<K> {
    /// The next who still waits.
    fn next(&mut self) -> Option<oneshot::Sender<Turn<K>>> {
        while let Some(key) = self.ring.pop_front() {
            let Some(lane) = self.lanes.get_mut(&key) else { continue };
            let mut next = None;
            while let Some(turn) = lane.pop_front() {
                if !turn.is_closed() {
                    next = Some(turn);
                    break;
                }
            }
            if lane.is_empty() {
                self.lanes.remove(&key);
            } else {
                self.ring.push_back(key);
            }
            if next.is_some() {
                return next;
            }
        }
        None
    }
}

impl<K: Key> Drop for Turn<K> {
    fn drop(&mut self) {
        let Some(mut shared) = self.shared.take() else { return };
        loop {
            // The lock is let go before the turn is passed on: a receiver that left meanwhile drops it, which comes here.
            let next = {
                let mut state = lock(&shared);
                let Some(next) = state.next() else {
                    state.free += 1;
                    return;
                };
                next
            };
            match next.send(Self { shared: Some(shared) }) {
                Ok(()) => return,
                // It left in this moment; what comes back is the turn itself, and the next one gets it.
                Err(mut back) => match back.shared.take() {
                    Some(again) => shared = again,
                    None => return,
                },
            }
        }
    }
}

impl<K: Key> fmt::Debug for Turn<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Turn")
    }
}

/// No code panics while it holds this lock, and nothing in the state could be left half done if it did.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt as _, future::BoxFuture};

    use super::*;

    type Waiting<'a> = BoxFuture<'a, Option<Turn<char>>>;

    /// Begins to wait, and does wait.
    fn waiting(turns: &Turns<char>, key: char) -> Waiting<'_> {
        let mut waiting = turns.take(key).boxed();
        assert!((&mut waiting).now_or_never().is_none());
        waiting
    }

    /// Gives the turn back again and again and says who got it.
    fn order(mut turn: Turn<char>, mut waiting: Vec<(&'static str, Waiting<'_>)>) -> Vec<&'static str> {
        let mut order = Vec::new();
        while !waiting.is_empty() {
            drop(turn);
            let (at, next) = waiting
                .iter_mut()
                .enumerate()
                .find_map(|(at, (_, waiting))| waiting.now_or_never().map(|turn| (at, turn.unwrap())))
                .unwrap();
            order.push(waiting.remove(at).0);
            turn = next;
        }
        order
    }

    #[tokio::test]
    async fn goes_round_the_communities_and_in_order_inside_one() {
        let turns = Turns::new(1);
        let first = turns.take('a').await.unwrap();
        let all = vec![
            ("a1", waiting(&turns, 'a')),
            ("a2", waiting(&turns, 'a')),
            ("a3", waiting(&turns, 'a')),
            ("b1", waiting(&turns, 'b')),
            ("c1", waiting(&turns, 'c')),
            ("b2", waiting(&turns, 'b')),
        ];
        assert_eq!(order(first, all), ["a1", "b1", "c1", "a2", "b2", "a3"]);
    }

    #[tokio::test]
    async fn who_leaves_leaves_no_hole() {
        let turns = Turns::new(1);
        let first = turns.take('a').await.unwrap();
        let gone = waiting(&turns, 'a');
        let a2 = waiting(&turns, 'a');
        let b1 = waiting(&turns, 'b');
        let gone_too = waiting(&turns, 'c');
        drop((gone, gone_too));
        assert_eq!(turns.waiting(), 2);
        assert_eq!(order(first, vec![("a2", a2), ("b1", b1)]), ["a2", "b1"]);
        assert!(turns.take('z').now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_turn_that_was_given_and_not_fetched_goes_on() {
        let turns = Turns::new(1);
        let first = turns.take('a').await.unwrap();
        let gone = waiting(&turns, 'a');
        let mut b1 = waiting(&turns, 'b');
        drop(first);
        assert!((&mut b1).now_or_never().is_none());
        drop(gone);
        assert!((&mut b1).now_or_never().unwrap().is_some());
    }

    #[tokio::test]
    async fn closing_sends_everybody_away() {
        let turns = Turns::new(2);
        let held = [turns.take('a').await.unwrap(), turns.take('a').await.unwrap()];
        let waits = waiting(&turns, 'b');
        turns.close();
        assert!(waits.await.is_none());
        drop(held);
        assert!(turns.take('b').await.is_none());
    }
}

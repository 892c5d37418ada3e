//! Connections: a fixed number at most, reused while they are good, handed out in community order.
//!
//! * A turn is waited for per community, so that one community's thousands do not stand before another's single letter.
//! * A connection that the server closed while it was idle costs nobody an attempt: when nothing was sent yet, the
//!   message goes over a fresh one, once.
//! * While the server is in trouble, connections are opened only at a measured pace.

mod dial;
mod turns;

#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_util::future::join_all;
use governor::{
    Quota, RateLimiter, clock::Clock, middleware::NoOpMiddleware, state::InMemoryState, state::NotKeyed,
};
use tokio::time::{Instant, sleep, sleep_until};

use self::turns::{Turn, Turns};
pub use self::{
    dial::{Dial, TcpDial},
    turns::Key,
};
use super::session::{Cause, Envelope, Failure, Introduction, Reply, Session, Stage};

/// The connections to one provider. `K` is what fairness is about: the community.
pub struct Pool<K: Key> {
    shared: Arc<Shared<K>>,
}

struct Shared<K: Key> {
    turns: Turns<K>,
    dial: Box<dyn Dial>,
    introduction: Introduction,
    idle: Mutex<Idle>,
    /// The last thing heard of the server was a failure: connections are opened at a measured pace.
    troubled: AtomicBool,
    reopening: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<std::time::Instant>>,
}

#[derive(Default)]
struct Idle {
    /// The one used last is at the end, and is used next: the others may then age and go.
    sessions: Vec<(Session, Instant)>,
    is_swept: bool,
}

/// The clock of the runtime, which a test can hold still.
#[derive(Clone, Copy, Debug)]
struct TokioClock;

impl Clock for TokioClock {
    type Instant = std::time::Instant;

    fn now(&self) -> Self::Instant {
        Instant::now().into_std()
    }
}

/// A connection in use, and the turn that allows it.
struct Lease<K: Key> {
    session: Session,
    turn: Turn<K>,
    is_fresh: bool,
}

impl<K: Key> Pool<K> {
    /// A pool that opens connections by `dial` and introduces itself by `introduction`.
    #[must_use]
    pub fn new(dial: Box<dyn Dial>, introduction: Introduction) -> Self {
        let settings = introduction.settings();
        let quota = Quota::per_second(settings.keeping.reopen_per_second);
        let shared = Shared {
            turns: Turns::new(settings.connections),
            dial,
            idle: Mutex::default(),
            troubled: AtomicBool::new(false),
            reopening: RateLimiter::direct_with_clock(quota, TokioClock),
            introduction,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Sends one message when it is `key`'s turn. See [`Session::send`].
    pub async fn send(
        &self,
        key: K,
        envelope: &Envelope,
        message: &[u8],
        may_go: impl FnOnce() -> bool + Send,
    ) -> Result<Reply, Failure> {
        let shared = &self.shared;
        let Some(turn) = shared.turns.take(key).await else {
            return Err(Failure::new(Stage::Connect, Cause::ShuttingDown));
        };
        let mut may_go = Some(may_go);
        let mut lease = shared.lease(turn).await?;
        let mut sent =
            lease.session.send(envelope, message, || may_go.take().is_some_and(|may_go| may_go())).await;
        if let Err(failure) = &sent
            && !lease.is_fresh
            && is_stale(failure)
        {
            tracing::debug!(host = shared.host(), %failure, "an idle connection was gone; opening another");
            lease = shared.open(lease.turn).await?;
            sent =
                lease.session.send(envelope, message, || may_go.take().is_some_and(|may_go| may_go())).await;
        }
        shared.take_back(lease, sent.as_ref().err());
        sent
    }

    /// Sends waiters away, lets go of idle connections with a short goodbye. Connections in use end with their message.
    pub async fn close(&self) {
        self.shared.turns.close();
        let idle = std::mem::take(&mut self.shared.idle().sessions);
        join_all(idle.into_iter().map(|(session, _)| session.quit())).await;
    }
}

impl<K: Key> fmt::Debug for Pool<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("host", &self.shared.host()).finish_non_exhaustive()
    }
}

/// Whether a reused connection turned out to be gone before anything of the message was heard. An answer to MAIL itself
/// is an answer; only 421, the server's word that it hangs up, is not about the message.
fn is_stale(failure: &Failure) -> bool {
    failure.stage == Stage::Mail
        && match &failure.cause {
            Cause::Closed | Cause::Io(_) | Cause::Timeout | Cause::Protocol(_) => true,
            Cause::Reply(reply) => reply.is_closing(),
            Cause::TooLarge | Cause::NoTimeLeft | Cause::ShuttingDown => false,
        }
}

impl<K: Key> Shared<K> {
    fn host(&self) -> &str {
        self.introduction.settings().url.host()
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        // No code panics while it holds this lock.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An idle connection that still lives, or a fresh one.
    async fn lease(&self, turn: Turn<K>) -> Result<Lease<K>, Failure> {
        loop {
            let Some((mut session, _)) = self.idle().sessions.pop() else { break };
            if session.is_alive() {
                return Ok(Lease { session, turn, is_fresh: false });
            }
        }
        self.open(turn).await
    }

    async fn open(&self, turn: Turn<K>) -> Result<Lease<K>, Failure> {
        while self.troubled.load(Ordering::Relaxed) {
            match self.reopening.check() {
                Ok(()) => break,
                Err(not_yet) => sleep(not_yet.wait_time_from(TokioClock.now())).await,
            }
        }
        let opened = async {
            let io = self.dial.dial().await?;
            Session::open(io, &self.introduction).await
        };
        match opened.await {
            Ok(session) => Ok(Lease { session, turn, is_fresh: true }),
            Err(failure) => {
                self.troubled.store(true, Ordering::Relaxed);
                tracing::warn!(host = self.host(), %failure, "no session with the mail server");
                Err(failure)
            }
        }
    }

    fn take_back(self: &Arc<Self>, lease: Lease<K>, failure: Option<&Failure>) {
        let Lease { session, turn, .. } = lease;
        let keeping = self.introduction.settings().keeping;
        if !session.is_usable() {
            let withdrawn = failure.is_some_and(|failure| failure.cause == Cause::NoTimeLeft);
            if !withdrawn {
                self.troubled.store(true, Ordering::Relaxed);
            }
            return;
        }
        self.troubled.store(false, Ordering::Relaxed);
        if session.sent() >= keeping.max_messages || self.turns.is_closed() {
            // The turn is given back after the goodbye: the server never sees more connections than agreed.
            tokio::spawn(async move {
                session.quit().await;
                drop(turn);
            });
            return;
        }
        let mut idle = self.idle();
        idle.sessions.push((session, Instant::now()));
        if !std::mem::replace(&mut idle.is_swept, true) {
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
        drop(idle);
        // Only now: whoever is next finds the connection.
        drop(turn);
    }
}

/// Closes connections that were idle for too long, until none is idle.
async fn sweep<K: Key>(pool: Weak<Shared<K>>) {
    loop {
        let (old, next) = {
            let Some(pool) = pool.upgrade() else { return };
            let max = pool.introduction.settings().keeping.max_idle;
            let mut idle = pool.idle();
            let now = Instant::now();
            let is_old = |(_, since): &mut (Session, Instant)| now.duration_since(*since) >= max;
            let old: Vec<_> = idle.sessions.extract_if(.., is_old).collect();
            let next = idle.sessions.iter().map(|(_, since)| *since + max).min();
            idle.is_swept = next.is_some();
            (old, next)
        };
        join_all(old.into_iter().map(|(session, _)| session.quit())).await;
        match next {
            Some(next) => sleep_until(next).await,
            None => return,
        }
    }
}

//! Group commit without a timer: a group is what queued up while the last statement ran.
//!
//! A lane runs one statement at a time. When Postgres is away the lane waits and repeats, and says so through
//! [`Lane::is_stuck`], so that nothing new is claimed meanwhile; statements are written so that a repeat after a lost
//! answer does nothing twice. A statement that fails because of one row's data is cut in halves until that row is
//! alone, and only that row is refused.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use porchlight_shared::store::Unquoted;
use tokio::sync::{mpsc, oneshot, watch};

use crate::metrics::LaneMetrics;

/// Items in one statement.
const MOST: usize = 256;
/// What a statement takes at the very most.
const STATEMENT_PATIENCE: Duration = Duration::from_secs(30);
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// One statement for many items.
pub trait Statement: Send + Sync + 'static {
    /// What goes in.
    type Item: Send + Sync + 'static;
    /// What comes out for each item, in the same order.
    type Answer: Send + 'static;

    /// Runs the statement. It must be harmless to run it again when its answer was lost.
    fn run(&self, items: &[Self::Item]) -> impl Future<Output = sqlx::Result<Vec<Self::Answer>>> + Send;
}

/// The statement cannot be run for this item: its data does not fit, and never will.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ledger refuses this row")]
pub struct Poisoned;

type Waiting<S> = (<S as Statement>::Item, oneshot::Sender<Result<<S as Statement>::Answer, Poisoned>>);

/// Where single items are handed in. Clones lead to the same lane.
pub struct Lane<S: Statement> {
    items: mpsc::UnboundedSender<Waiting<S>>,
    stuck: watch::Receiver<bool>,
}

impl<S: Statement> Lane<S> {
    /// Starts a lane; it ends when the last handle is dropped and the last item answered.
    pub fn start(name: &'static str, statement: S, metrics: LaneMetrics) -> Self {
        let (items, queue) = mpsc::unbounded_channel();
        let (say_stuck, stuck) = watch::channel(false);
        let runner = Runner { name, statement, metrics, stuck: say_stuck };
        tokio::spawn(runner.run(queue));
        Self { items, stuck }
    }

    /// Hands an item in and waits for its answer, for as long as Postgres is away.
    ///
    /// # Errors
    /// When the item's own data cannot be stored.
    pub async fn run(&self, item: S::Item) -> Result<S::Answer, Poisoned> {
        let (tell, answer) = oneshot::channel();
        // The runner outlives every handle; it only goes when its task was aborted with the runtime.
        if self.items.send((item, tell)).is_err() {
            return std::future::pending().await;
        }
        match answer.await {
            Ok(answer) => answer,
            Err(_) => std::future::pending().await,
        }
    }

    /// Whether statements fail at the moment because Postgres is away.
    #[must_use]
    pub fn is_stuck(&self) -> watch::Receiver<bool> {
        self.stuck.clone()
    }
}

impl<S: Statement> Clone for Lane<S> {
    fn clone(&self) -> Self {
        Self { items: self.items.clone(), stuck: self.stuck.clone() }
    }
}

impl<S: Statement> fmt::Debug for Lane<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").finish_non_exhaustive()
    }
}

struct Runner<S> {
    name: &'static str,
    statement: S,
    metrics: LaneMetrics,
    stuck: watch::Sender<bool>,
}

impl<S: Statement> Runner<S> {
    async fn run(self, mut queue: mpsc::UnboundedReceiver<Waiting<S>>) {
        let mut waiting = Vec::new();
        while queue.recv_many(&mut waiting, MOST).await > 0 {
            let (items, tell): (Vec<_>, Vec<_>) = waiting.drain(..).unzip();
            let began = tokio::time::Instant::now();
            let answers = self.answers(&items).await;
            self.metrics.observe(items.len(), began.elapsed());
            for (tell, answer) in tell.into_iter().zip(answers) {
                // Whoever asked may have gone; the ledger has it all the same.
                let _ = tell.send(answer);
            }
        }
    }

    /// Runs the statement for all items, repeating and halving as the errors ask for.
    async fn answers(&self, items: &[S::Item]) -> Vec<Result<S::Answer, Poisoned>> {
        let mut answers = Vec::with_capacity(items.len());
        let mut parts = vec![items];
        while let Some(part) = parts.pop() {
            match self.patiently(part).await {
                Ok(found) => answers.extend(found.into_iter().map(Ok)),
                Err(error) if part.len() == 1 => {
                    tracing::error!(lane = self.name, error = %Unquoted(&error), "the ledger refuses a row");
                    answers.push(Err(Poisoned));
                }
                Err(_) => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
            }
        }
        answers
    }

    /// Repeats while the error passes by itself; returns one that does not.
    async fn patiently(&self, items: &[S::Item]) -> sqlx::Result<Vec<S::Answer>> {
        let mut pause = SHORTEST_PAUSE;
        loop {
            // A connection that went silent is an outage too; a repeat is harmless.
            let answer = tokio::time::timeout(STATEMENT_PATIENCE, self.statement.run(items)).await;
            match answer.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
                Ok(answers) => {
                    if self.stuck.send_replace(false) {
                        tracing::info!(lane = self.name, "the ledger answers again");
                    }
                    return Ok(answers);
                }
                Err(error) if is_contention(&error) => {}
                Err(error) if is_poison(&error) => {
                    // It answered.
                    self.stuck.send_replace(false);
                    return Err(error);
                }
                Err(error) => {
                    if !self.stuck.send_replace(true) {
                        tracing::error!(lane = self.name, error = %Unquoted(&error), "the ledger cannot be reached; nothing new is begun until it answers");
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }
}

/// Lost against another transaction: at once again.
fn is_contention(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("40P01" | "40001"))
}

/// Whether the data of some row is at fault: classes 22 (data exception) and 23 (a rule of ours). Anything else is taken
/// for an outage, whatever it is: an outcome is rather recorded late than given up.
fn is_poison(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
        }
        sqlx::Error::Encode(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => true,
        _ => false,
    }
}

/// True while any of the lanes is stuck.
#[must_use]
pub fn any_stuck(lanes: &[watch::Receiver<bool>]) -> watch::Receiver<bool> {
    let (say, any) = watch::channel(false);
    let say = Arc::new(say);
    for mut lane in lanes.iter().cloned() {
        let (say, lanes) = (Arc::clone(&say), lanes.to_vec());
        tokio::spawn(async move {
            while lane.changed().await.is_ok() {
                say.send_replace(lanes.iter().any(|lane| *lane.borrow()));
            }
        });
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use tokio::sync::Notify;

    /// Doubles numbers; refuses 13; is away while told so; takes as long as the test wants.
    #[derive(Default)]
    struct Doubling {
        groups: Mutex<Vec<Vec<u32>>>,
        away: std::sync::atomic::AtomicBool,
        gate: Option<Arc<Notify>>,
    }

    impl Statement for Arc<Doubling> {
        type Item = u32;
        type Answer = u32;

        async fn run(&self, items: &[u32]) -> sqlx::Result<Vec<u32>> {
            if let Some(gate) = &self.gate {
                gate.notified().await;
            }
            if self.away.load(std::sync::atomic::Ordering::SeqCst) {
                return Err(sqlx::Error::PoolTimedOut);
            }
            self.groups.lock().unwrap().push(items.to_vec());
            if items.contains(&13) {
                Err(sqlx::Error::Decode("thirteen".into()))
            } else {
                Ok(items.iter().map(|item| item * 2).collect())
            }
        }
    }

    #[tokio::test]
    async fn a_group_is_what_queued_while_the_last_statement_ran() {
        let gate = Arc::new(Notify::new());
        let doubling = Arc::new(Doubling { gate: Some(Arc::clone(&gate)), ..Doubling::default() });
        let lane = Arc::new(Lane::start("test", Arc::clone(&doubling), LaneMetrics::default()));
        let ask = |item| {
            let lane = Arc::clone(&lane);
            tokio::spawn(async move { lane.run(item).await })
        };
        let first = ask(1);
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        let rest: Vec<_> = (2..6).map(ask).collect();
        tokio::task::yield_now().await;
        gate.notify_one();
        assert_eq!(first.await.unwrap(), Ok(2));
        gate.notify_one();
        for (item, answer) in (2..6).zip(rest) {
            assert_eq!(answer.await.unwrap(), Ok(item * 2));
        }
        assert_eq!(*doubling.groups.lock().unwrap(), [vec![1], vec![2, 3, 4, 5]]);
    }

    #[tokio::test]
    async fn one_bad_row_is_refused_alone() {
        let runner = Runner {
            name: "test",
            statement: Arc::new(Doubling::default()),
            metrics: LaneMetrics::default(),
            stuck: watch::channel(false).0,
        };
        let answers = runner.answers(&[1, 2, 13, 4, 5]).await;
        assert_eq!(answers, [Ok(2), Ok(4), Err(Poisoned), Ok(8), Ok(10)]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_is_waited_out_and_shown() {
        let doubling = Arc::new(Doubling::default());
        doubling.away.store(true, std::sync::atomic::Ordering::SeqCst);
        let lane = Arc::new(Lane::start("test", Arc::clone(&doubling), LaneMetrics::default()));
        let mut stuck = any_stuck(&[lane.is_stuck()]);
        let answer = tokio::spawn({
            let lane = Arc::clone(&lane);
            async move { lane.run(3).await }
        });
        stuck.wait_for(|stuck| *stuck).await.unwrap();
        doubling.away.store(false, std::sync::atomic::Ordering::SeqCst);
        assert_eq!(answer.await.unwrap(), Ok(6));
        stuck.wait_for(|stuck| !*stuck).await.unwrap();
    }
}

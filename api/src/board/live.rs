//! Live views: each thing that somebody watches is read once for all who watch it in this process.
//!
//! What is read is a whole snapshot: who comes late, or comes back, gets the newest and has missed
//! nothing. A reader goes on as long as somebody watches. It rests between two looks, the longer the more a look costs and
//! the longer nothing has changed, so that watching is never what slows a send down.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::stream::{self, Stream};
use jiff::tz::TimeZone;
use porchlight_shared::domain::{BatchId, CommunityId};
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    batch::{self, BatchStatus},
    pages::batch::{query::Query, rows::rows},
};
use crate::state::AppState;

/// What one look may take of the time between looks, so that no view uses more of the ledger than a tenth of a connection.
const SHARE: u32 = 10;
/// After so many looks without a change the next ones come at [`CALM`].
const UNCHANGED: u32 = 20;
/// What is watched at most in one process; more is too much for the ledger, and somebody's game.
const MOST: usize = 1_000;
/// How often something is looked at that has not changed for a while: what begins to move is seen within a second.
const CALM: Duration = Duration::from_millis(750);

/// What can be watched.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Sight {
    /// How far a batch is: programs and pages tell it each in their own way.
    Batch(CommunityId, BatchId),
    /// A part of a batch's rows, as its page shows them in this time zone.
    Rows(BatchId, Zone, Query),
}

/// What a look saw.
#[derive(Debug)]
pub enum Seen {
    /// How far the batch is.
    Batch(Box<BatchStatus>),
    /// The rows as HTML.
    Rows(String),
}

impl Seen {
    /// Whether there is news; that time went by is none.
    fn differs(&self, known: &Self) -> bool {
        match (self, known) {
            (Self::Batch(now), Self::Batch(then)) => {
                BatchStatus { at: then.at, ..BatchStatus::clone(now) } != **then
            }
            (Self::Rows(now), Self::Rows(then)) => now != then,
            _ => true,
        }
    }
}

/// A time zone by its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Zone(String);

impl From<&TimeZone> for Zone {
    fn from(zone: &TimeZone) -> Self {
        Self(zone.iana_name().unwrap_or("UTC").to_owned())
    }
}

impl Zone {
    fn get(&self) -> TimeZone {
        TimeZone::get(&self.0).unwrap_or(TimeZone::UTC)
    }
}

impl Sight {
    /// How often it is looked at while it changes.
    const fn every(&self) -> Duration {
        match self {
            Self::Batch(..) => Duration::from_millis(250),
            Self::Rows(..) => Duration::from_secs(2),
        }
    }

    async fn read(&self, state: &AppState) -> sqlx::Result<Option<Seen>> {
        match self {
            Self::Batch(community, batch) => Ok(batch::read(&state.pool, *community, *batch)
                .await?
                .map(|status| Seen::Batch(Box::new(status)))),
            Self::Rows(batch, zone, asked) => {
                Ok(Some(Seen::Rows(rows(state, *batch, &zone.get(), asked).await?)))
            }
        }
    }
}

type Snapshot = Option<Arc<Seen>>;

/// Everything that is watched in this process.
#[derive(Debug)]
pub struct Views {
    open: Mutex<HashMap<Sight, Arc<watch::Sender<Snapshot>>>>,
    stopping: CancellationToken,
}

impl Views {
    /// None yet; all end when `stopping` is cancelled.
    #[must_use]
    pub fn until(stopping: CancellationToken) -> Self {
        Self { open: Mutex::default(), stopping }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Sight, Arc<watch::Sender<Snapshot>>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Snapshots of what is watched: the newest at once, then each that differs. Ends when the process stops, or when the thing
/// is not there. `None` when too much is watched already.
pub fn watch(state: &Arc<AppState>, sight: Sight) -> Option<impl Stream<Item = Arc<Seen>> + use<>> {
    let receiver = {
        let mut open = state.views.open();
        if let Some(sender) = open.get(&sight) {
            let mut receiver = sender.subscribe();
            receiver.mark_changed();
            receiver
        } else {
            if open.len() >= MOST {
                return None;
            }
            let (sender, receiver) = watch::channel(None);
            let sender = Arc::new(sender);
            open.insert(sight.clone(), Arc::clone(&sender));
            state.afterwards.spawn(look(Arc::clone(state), sight, sender));
            receiver
        }
    };
    Some(stream::unfold(receiver, |mut receiver| async move {
        loop {
            receiver.changed().await.ok()?;
            let newest = receiver.borrow_and_update().clone();
            if let Some(newest) = newest {
                return Some((newest, receiver));
            }
        }
    }))
}

/// Looks until nobody watches any more.
async fn look(state: Arc<AppState>, sight: Sight, sender: Arc<watch::Sender<Snapshot>>) {
    let mut unchanged = 0;
    loop {
        let began = Instant::now();
        match sight.read(&state).await {
            Ok(Some(newest)) => {
                let changed = sender.send_if_modified(|known| {
                    let changed = known.as_deref().is_none_or(|known| newest.differs(known));
                    if changed {
                        *known = Some(Arc::new(newest));
                    }
                    changed
                });
                unchanged = if changed { 0 } else { unchanged + 1 };
            }
            Ok(None) => break,
            Err(error) => {
                tracing::warn!(error = %porchlight_shared::store::Unquoted(&error), "a view could not be read; looking again");
                unchanged = UNCHANGED;
            }
        }
        let rest = sight.every().max(began.elapsed() * SHARE);
        let rest = if unchanged >= UNCHANGED { rest.max(CALM) } else { rest };
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            () = sender.closed() => {}
            () = state.views.stopping.cancelled() => break,
        }
        // Who begins to watch takes the lock, too: nobody is left with a view that has ended.
        let mut open = state.views.open();
        if sender.receiver_count() == 0 {
            open.remove(&sight);
            return;
        }
    }
    state.views.open().remove(&sight);
}

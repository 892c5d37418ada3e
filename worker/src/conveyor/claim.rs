//! A claimed job on its way through the worker, and what becomes of it.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use apalis_core::{error::BoxDynError, task::into_response::IntoResponse};
use porchlight_shared::queue::Job;
use tokio::sync::{OwnedSemaphorePermit, mpsc::UnboundedSender};

/// How long a job waits whose handler panicked, erred or was dropped half-way.
pub(super) const AFTER_ACCIDENT: Duration = Duration::from_secs(30);

/// The name of a lease: community, delivery, token.
pub(super) type Member = [u8; Job::LENGTH + 8];

/// A job that is ours until it is settled. Dropped before it began, it goes back to the front of its list.
#[derive(Debug)]
pub struct Claim {
    /// What to do.
    pub job: Job,
    /// How many leases of this job ended without an acknowledgement.
    pub expiries: u32,
    pub(super) lease: Option<Lease>,
}

impl Claim {
    /// A job that lost as many leases as this has probably taken its workers with it.
    pub const EXPIRIES_ALLOWED: u32 = 3;

    /// Whether its handler has to decide if the job is at fault, before it is tried once more.
    #[must_use]
    pub const fn is_dead(&self) -> bool {
        self.expiries >= Self::EXPIRIES_ALLOWED
    }
}

/// What becomes of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It leaves the conveyor.
    Done,
    /// It comes back after a while, by Redis' clock.
    After(Duration),
    /// It has not begun: back to the front of its list.
    GiveBack,
}

/// A handler's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Settlement {
    pub(super) fate: Fate,
    pub(super) contacted: bool,
}

impl Settlement {
    /// The ledger has it.
    pub const fn done() -> Self {
        Self { fate: Fate::Done, contacted: true }
    }

    /// Once more, later.
    pub const fn after(wait: Duration) -> Self {
        Self { fate: Fate::After(wait), contacted: true }
    }

    /// Not begun.
    pub const fn give_back() -> Self {
        Self { fate: Fate::GiveBack, contacted: false }
    }

    /// The provider heard nothing of it: the admission goes to another job.
    pub const fn without_contact(self) -> Self {
        Self { contacted: false, ..self }
    }
}

impl IntoResponse for Settlement {
    type Output = Self;

    fn into_response(self) -> Result<Self, BoxDynError> {
        Ok(self)
    }
}

/// A fate on its way to Redis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Acknowledgement {
    pub(super) member: Member,
    pub(super) fate: Fate,
    /// When Redis admitted it (µs), if the token was not used.
    pub(super) unused: Option<u64>,
}

/// The leases to renew.
pub(super) type Held = Arc<Mutex<HashSet<Member>>>;

/// Hands out leases and takes their fates. The finisher ends when the desk and every lease are gone.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    pub(super) fates: UnboundedSender<Acknowledgement>,
    pub(super) held: Held,
}

impl Desk {
    pub(super) fn lease(&self, member: Member, admitted: u64, slot: OwnedSemaphorePermit) -> Lease {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(member);
        Lease { member, admitted, settlement: Settlement::give_back(), desk: self.clone(), _slot: slot }
    }
}

/// One lease; sends its settlement when dropped, and frees the slot.
#[derive(Debug)]
pub(super) struct Lease {
    member: Member,
    admitted: u64,
    settlement: Settlement,
    desk: Desk,
    _slot: OwnedSemaphorePermit,
}

impl Lease {
    pub(super) fn settle(&mut self, settlement: Settlement) {
        self.settlement = settlement;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.desk.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.member);
        let Settlement { fate, contacted } = self.settlement;
        let unused = (!contacted).then_some(self.admitted);
        // Without a finisher (an aborted runtime) the lease expires.
        let _ = self.desk.fates.send(Acknowledgement { member: self.member, fate, unused });
    }
}

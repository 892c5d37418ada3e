//! The queue: the job that travels from intake to worker, the names of its keys, and push.
//!
//! Neighbours: `porchlight-api` pushes here after its transaction, the worker's reconciler pushes what is missing,
//! and the worker's conveyor claims, renews and acknowledges on the same keys. What is promised:
//!
//! * **Ids only.** A job is a community and a delivery; everything else is looked up in the ledger. Nothing in Redis
//!   names a person, and all of it may be lost at any moment: the reconciler asks [`absent`] and pushes again.
//! * **Once.** A delivery that the conveyor knows (ready, delayed or claimed) is not queued a second time, so a push
//!   may be repeated after any failure. A push beats a later due time set by [`push_after`].
//! * **Versioned.** The layout's version is part of every key. A new layout gets a new version, so an old worker never
//!   sees, and never discards, the jobs of a new one.
//! * **Movable.** All keys of a channel carry one hash tag. Redis 6.2 or later, or Valkey; `maxmemory-policy` must be
//!   `noeviction`, because an evicted list leaves its members in the set of waiting ids. Workers notice that only once
//!   nothing else is ready; then the set goes, and what is due is absent and pushed again.

mod connect;
mod push;

use std::fmt;

pub use connect::{connect, within};
pub use push::{absent, push, push_after};

use crate::domain::{Channel, CommunityId, DeliveryId};

/// One delivery that waits to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Job {
    /// Whose turn in the ring it takes: see [`Job::of`].
    pub community: CommunityId,
    /// The row in the ledger.
    pub delivery: DeliveryId,
}

impl Job {
    /// The job of a delivery that carries an invitation, or a letter. Letters of a community take turns of their own in
    /// the ring, as if they were another community's: none waits behind a list, today or when it is tried again.
    #[must_use]
    pub const fn of(community: CommunityId, delivery: DeliveryId, is_letter: bool) -> Self {
        if !is_letter {
            return Self { community, delivery };
        }
        let mut turn = *community.as_bytes();
        // No id of ours is a UUIDv8.
        turn[6] = turn[6] & 0x0f | 0x80;
        Self { community: CommunityId::from_bytes(turn), delivery }
    }

    /// Bytes of a job in Redis: the community's sixteen, then the delivery's.
    pub const LENGTH: usize = 32;

    /// The job as it lies in a sorted set.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        bytes[..16].copy_from_slice(self.community.as_bytes());
        bytes[16..].copy_from_slice(self.delivery.as_bytes());
        bytes
    }

    /// Reads a job back; `None` when the length is not [`Self::LENGTH`].
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (community, delivery) = bytes.split_first_chunk::<16>()?;
        let delivery = delivery.try_into().ok()?;
        Some(Self {
            community: CommunityId::from_bytes(*community),
            delivery: DeliveryId::from_bytes(delivery),
        })
    }
}

/// The parts of a queue; each is one key, except that every community has a ready list of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Prefix of the ready lists: followed by the sixteen bytes of a community, or of its letters. Elements are delivery ids.
    Ready,
    /// List of the communities whose ready list is not empty, each once.
    Ring,
    /// Set of the delivery ids the conveyor knows: ready, delayed or claimed.
    Waiting,
    /// Sorted set of jobs by the millisecond they fall due.
    Delayed,
    /// Sorted set of job and token by the millisecond the lease ends. The token is part of the member, so a stale
    /// claim simply does not find itself.
    Leases,
    /// Hash from delivery to how many of its leases ended without an acknowledgement; only where there were any.
    Expiries,
    /// Hash of the pace: when the next token is due in theory, and when the bucket was last full (µs).
    Pace,
    /// The millisecond until which the provider is left alone.
    Gate,
    /// List that sleeping workers block on; at most one element.
    Wake,
}

impl Part {
    /// Every part, in the order in which scripts take them as `KEYS`.
    pub const ALL: [Self; 9] = [
        Self::Ready,
        Self::Ring,
        Self::Waiting,
        Self::Delayed,
        Self::Leases,
        Self::Expiries,
        Self::Pace,
        Self::Gate,
        Self::Wake,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready:",
            Self::Ring => "ring",
            Self::Waiting => "waiting",
            Self::Delayed => "delayed",
            Self::Leases => "leases",
            Self::Expiries => "expiries",
            Self::Pace => "pace",
            Self::Gate => "gate",
            Self::Wake => "wake",
        }
    }
}

/// The names of one channel's queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    channel: Channel,
    base: String,
}

impl Queue {
    /// The first word of every key.
    pub const PREFIX: &str = "porchlight";
    /// The layout of jobs and keys. Raise it with any change that an older worker would not understand.
    pub const VERSION: u32 = 1;
    /// What every script begins with: the parts by name, and how to queue and to wake.
    pub const PREAMBLE: &str = include_str!("preamble.lua");

    /// The queue of `channel`.
    #[must_use]
    pub fn new(channel: Channel) -> Self {
        Self::with_prefix(Self::PREFIX, channel)
    }

    /// The queue of `channel` under another first word, so that tests can share a server. No braces in `prefix`.
    #[must_use]
    pub fn with_prefix(prefix: &str, channel: Channel) -> Self {
        Self { channel, base: format!("{prefix}:{{{channel}:v{}}}:", Self::VERSION) }
    }

    /// Whose jobs these are.
    #[must_use]
    pub const fn channel(&self) -> Channel {
        self.channel
    }

    /// The key of one part.
    #[must_use]
    pub fn key(&self, part: Part) -> String {
        format!("{}{}", self.base, part.as_str())
    }

    /// All keys in the order of [`Part::ALL`], as every script takes them.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        Part::ALL.iter().map(|&part| self.key(part)).collect()
    }
}

impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base.trim_end_matches(':'))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn keys_carry_the_hash_tag_and_the_version() {
        let queue = Queue::new(Channel::Email);
        assert_eq!(queue.key(Part::Ring), "porchlight:{email:v1}:ring");
        assert_eq!(queue.to_string(), "porchlight:{email:v1}");
        assert!(queue.keys().iter().all(|key| key.starts_with("porchlight:{email:v1}:")));
    }

    #[test]
    fn a_job_is_read_back_and_a_wrong_length_is_not() {
        let mut rng = StdRng::seed_from_u64(1);
        let job = Job {
            community: CommunityId::new(Timestamp::UNIX_EPOCH, &mut rng),
            delivery: DeliveryId::new(Timestamp::UNIX_EPOCH, &mut rng),
        };
        assert_eq!(Job::from_bytes(&job.to_bytes()), Some(job));
        assert_eq!(Job::from_bytes(&job.to_bytes()[1..]), None);
        assert_eq!(Job::from_bytes(b""), None);
    }

    #[test]
    fn letters_take_turns_of_their_own() {
        let mut rng = StdRng::seed_from_u64(1);
        let community = CommunityId::new(Timestamp::UNIX_EPOCH, &mut rng);
        let delivery = DeliveryId::new(Timestamp::UNIX_EPOCH, &mut rng);
        let (invitation, letter) = (Job::of(community, delivery, false), Job::of(community, delivery, true));
        assert_eq!(invitation, Job { community, delivery });
        assert_ne!(letter.community, community);
        assert_eq!(letter, Job::of(letter.community, delivery, true));
        assert_eq!(letter.community.uuid().get_version_num(), 8);
    }
}

//! Ports that are free, as far as one can know.

use std::{
    hash::{BuildHasher, RandomState},
    net::{Ipv4Addr, TcpListener},
};

use super::StackError;

/// Below the ports that outgoing connections get, so that a restarted server finds its port free.
const RANGE: std::ops::Range<u64> = 15_000..30_000;

/// A port on loopback at which nobody listens now. Somebody may a moment later: who starts a server
/// there looks whether it came up, and draws again.
pub(crate) fn free() -> Result<u16, StackError> {
    let state = RandomState::new();
    (0..200_u32)
        .filter_map(|draw| u16::try_from(RANGE.start + state.hash_one(draw) % (RANGE.end - RANGE.start)).ok())
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .ok_or_else(|| StackError::Supervisor("found no free port between 15000 and 30000".into()))
}

use porchlight_shared::queue::{Part, Queue};
use redis::{RedisResult, aio::ConnectionLike};

/// How many jobs a queue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// Ready to be claimed.
    pub waiting: u64,
    /// Due later.
    pub delayed: u64,
    /// Claimed.
    pub leased: u64,
}

/// Counts them.
pub async fn depth(connection: &mut impl ConnectionLike, queue: &Queue) -> RedisResult<Depth> {
    let mut pipeline = redis::pipe();
    pipeline.cmd("SCARD").arg(queue.key(Part::Waiting));
    pipeline.cmd("ZCARD").arg(queue.key(Part::Delayed));
    pipeline.cmd("ZCARD").arg(queue.key(Part::Leases));
    let (known, delayed, leased): (u64, u64, u64) = pipeline.query_async(connection).await?;
    Ok(Depth { waiting: known.saturating_sub(delayed + leased), delayed, leased })
}

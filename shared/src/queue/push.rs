//! Putting jobs on the conveyor and asking which it does not know.
//!
//! Jobs go in chunks, one script call each, all of a push in one pipeline: a chunk is atomic, a push is not. After an
//! error some chunks may have arrived; pushing again is harmless. Errors are the `redis` crate's.

use std::{collections::HashMap, time::Duration};

use redis::{Pipeline, RedisResult, aio::ConnectionLike};

use super::{Job, Part, Queue};
use crate::domain::DeliveryId;

/// Jobs in one script call: Lua's stack holds 8,000, and a call must not keep the server for long.
const CHUNK: usize = 1_000;

const PUSH: &str = concat!(include_str!("preamble.lua"), include_str!("push.lua"));
const PUSH_AFTER: &str = concat!(include_str!("preamble.lua"), include_str!("push_after.lua"));

/// Queues jobs that are due now and wakes a sleeping worker. Answers how many the conveyor did not know yet.
///
/// It waits as long as Redis is away: whoever answers a request wraps it in [`within`](super::within).
pub async fn push(connection: &mut impl ConnectionLike, queue: &Queue, jobs: &[Job]) -> RedisResult<u64> {
    let mut groups = HashMap::<_, Vec<_>>::new();
    for job in jobs {
        groups.entry(job.community).or_default().push(job.delivery);
    }
    let mut pipeline = redis::pipe();
    for (community, deliveries) in &groups {
        for chunk in deliveries.chunks(CHUNK) {
            script(&mut pipeline, queue, PUSH).arg(community.as_bytes());
            for delivery in chunk {
                pipeline.arg(delivery.as_bytes());
            }
        }
    }
    total(connection, &pipeline).await
}

/// Queues jobs that fall due after a while, by Redis' clock. Answers how many the conveyor did not know yet; those it
/// knew keep their due time.
pub async fn push_after(
    connection: &mut impl ConnectionLike,
    queue: &Queue,
    jobs: &[(Job, Duration)],
) -> RedisResult<u64> {
    let mut pipeline = redis::pipe();
    for chunk in jobs.chunks(CHUNK) {
        script(&mut pipeline, queue, PUSH_AFTER);
        for (job, after) in chunk {
            pipeline.arg(&job.to_bytes()).arg(u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
        }
    }
    total(connection, &pipeline).await
}

/// Answers for each delivery whether the conveyor does **not** know it: it is then neither ready, delayed nor claimed,
/// and a due one has to be pushed.
pub async fn absent(
    connection: &mut impl ConnectionLike,
    queue: &Queue,
    deliveries: &[DeliveryId],
) -> RedisResult<Vec<bool>> {
    let mut pipeline = redis::pipe();
    for chunk in deliveries.chunks(CHUNK) {
        pipeline.cmd("SMISMEMBER").arg(queue.key(Part::Waiting));
        for delivery in chunk {
            pipeline.arg(delivery.as_bytes());
        }
    }
    if deliveries.is_empty() {
        return Ok(Vec::new());
    }
    let known: Vec<Vec<bool>> = pipeline.query_async(connection).await?;
    Ok(known.into_iter().flatten().map(|known| !known).collect())
}

/// Begins a script call. `EVAL` with the whole text: a kilobyte beside sixteen of ids, and no `NOSCRIPT` to repair in
/// the middle of a pipeline.
fn script<'a>(pipeline: &'a mut Pipeline, queue: &Queue, text: &str) -> &'a mut Pipeline {
    pipeline.cmd("EVAL").arg(text).arg(Part::ALL.len()).arg(queue.keys())
}

async fn total(connection: &mut impl ConnectionLike, pipeline: &Pipeline) -> RedisResult<u64> {
    if pipeline.is_empty() {
        return Ok(0);
    }
    let counts: Vec<u64> = pipeline.query_async(connection).await?;
    Ok(counts.into_iter().sum())
}

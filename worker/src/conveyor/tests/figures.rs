//! Figures, on demand: `cargo test --release -p porchlight-worker figures -- --ignored --nocapture`.

use std::{io::Write, time::Instant};

use super::*;

#[tokio::test]
#[ignore = "a measurement"]
#[expect(clippy::cast_precision_loss, reason = "figures")]
async fn figures() {
    const JOBS: usize = 20_000;
    let mut bench = Bench::new().await;
    let jobs = bench.jobs(JOBS);
    let started = Instant::now();
    bench.push(&jobs).await;
    let push = JOBS as f64 / started.elapsed().as_secs_f64();
    let mut bytes = 0;
    let ready = [bench.queue.key(Part::Ready).as_bytes(), jobs[0].community.as_bytes()].concat();
    for key in [ready, bench.queue.key(Part::Waiting).into_bytes()] {
        let mut usage = redis::cmd("MEMORY");
        usage.arg("USAGE").arg(key).arg("SAMPLES").arg(0);
        bytes += usage.query_async::<usize>(&mut bench.connection).await.unwrap();
    }
    let link = bench.link(None, None);
    let (started, mut token, mut done) = (Instant::now(), 0, 0);
    while done < JOBS {
        token += 1;
        let claimed = link.claim(64, token, false).await.unwrap();
        let fates: Vec<_> =
            claimed.jobs.iter().map(|&(job, _)| acknowledgement(job, token, Fate::Done, None)).collect();
        done += fates.len();
        link.acknowledge(&fates).await.unwrap();
    }
    let through = JOBS as f64 / started.elapsed().as_secs_f64();
    let per_job = bytes as f64 / JOBS as f64;
    writeln!(std::io::stderr(), "push {push:.0}/s, claim+ack {through:.0}/s, {per_job:.0} B waiting")
        .unwrap();
}

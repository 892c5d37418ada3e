//! Figures, on demand: `cargo test --release --workspace --lib conveyor::tests::figures -- --ignored --nocapture`.
//!
//! Whatever else runs on the machine spoils them.

use std::{io::Write, time::Instant};

use apalis::prelude::WorkerBuilder;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::conveyor::{Claim, Conveyor, Options, Settlement};

/// How long something took, here and on the processor that Redis has.
struct Took {
    seconds: f64,
    redis: f64,
}

impl Took {
    fn figure(&self, jobs: usize) -> String {
        let jobs = f64::from(u32::try_from(jobs).unwrap());
        format!("{:6.0} jobs/s, {:4.1} µs of Redis' CPU a job", jobs / self.seconds, self.redis * 1e6 / jobs)
    }
}

impl Bench {
    /// Seconds of processor time so far.
    async fn cpu(&mut self) -> f64 {
        let info: String = redis::cmd("INFO").arg("cpu").query_async(&mut self.connection).await.unwrap();
        let value = |line: &str| line.split_once(':').unwrap().1.trim().parse::<f64>().unwrap();
        info.lines()
            .filter(|line| matches!(line.split(':').next(), Some("used_cpu_sys" | "used_cpu_user")))
            .map(value)
            .sum()
    }

    async fn measured(&mut self, work: impl AsyncFnOnce(&mut Self)) -> Took {
        let (cpu, started) = (self.cpu().await, Instant::now());
        work(self).await;
        let seconds = started.elapsed().as_secs_f64();
        Took { seconds, redis: self.cpu().await - cpu }
    }

    async fn bytes(&mut self) -> usize {
        let keys: Vec<Vec<u8>> = redis::cmd("KEYS").arg("*").query_async(&mut self.connection).await.unwrap();
        let mut usage = redis::pipe();
        for key in keys {
            usage.cmd("MEMORY").arg("USAGE").arg(key).arg("SAMPLES").arg(0);
        }
        usage.query_async::<Vec<usize>>(&mut self.connection).await.unwrap().iter().sum()
    }

    /// Claims and acknowledges by the scripts alone, until nothing is left.
    async fn drain(&mut self, each: usize) {
        let link = self.link(None, None);
        for token in 0.. {
            let claimed = link.claim(each, token, false).await.unwrap().jobs;
            if claimed.is_empty() {
                return;
            }
            let done: Vec<_> =
                claimed.iter().map(|&(job, _)| acknowledgement(job, token, Fate::Done, None)).collect();
            link.acknowledge(&done).await.unwrap();
        }
    }

    /// The same under apalis, with a handler that does nothing.
    async fn work(&mut self, slots: usize, jobs: usize) {
        let ((_hold, held), stop) = (watch::channel(false), CancellationToken::new());
        let options = Options { slots, limit: None, lease: LEASE, held, stop: stop.clone() };
        let (queue, metrics, rng) = (self.queue.clone(), Metrics::default(), StdRng::seed_from_u64(1));
        let conveyor = Conveyor::start(queue, &self.server.url, options, &metrics, rng).unwrap();
        let worker =
            WorkerBuilder::new("figures").backend(conveyor).build(|_: Claim| async { Settlement::done() });
        let worker = tokio::spawn(worker.run());
        until(|| metrics.acknowledgements.get() == jobs as u64).await;
        stop.cancel();
        worker.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn figures() {
    let mut bench = Bench::new().await;
    let mut page = std::io::stderr();
    for (jobs, communities) in [(20_000, 1), (100_000, 1), (100_000, 1_000)] {
        writeln!(page, "\n{jobs} jobs in {communities} communities").unwrap();
        let some: Vec<_> =
            std::iter::repeat_with(|| bench.jobs(jobs / communities)).take(communities).flatten().collect();
        for slots in [64, 256] {
            let pushed = bench.measured(async |bench| assert_eq!(bench.push(&some).await, jobs as u64)).await;
            let bytes = f64::from(u32::try_from(bench.bytes().await).unwrap() / 1_000) * 1_000.0;
            let drained = bench.measured(async |bench| bench.drain(slots).await).await;
            bench.push(&some).await;
            let worked = bench.measured(async |bench| bench.work(slots, jobs).await).await;
            bench.is_clean().await;
            let each = bytes / f64::from(u32::try_from(jobs).unwrap());
            writeln!(page, "  {slots:3} at a time: push            {}, {each:.0} B", pushed.figure(jobs))
                .unwrap();
            writeln!(page, "       scripts: claim and acknowledge {}", drained.figure(jobs)).unwrap();
            writeln!(page, "       apalis:  claim and acknowledge {}, no key left", worked.figure(jobs))
                .unwrap();
        }
    }
}

//! What a contender is put through, the same for each.
//!
//! Its intake takes a list while nobody sends; its workers send that, single invitations, and a list that is watched for
//! processor time and memory; then the provider takes its time for a list, and for single invitations behind one.
//! Processor time is that of the contender's processes and of both servers; the driver and its provider are left out.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    Arguments,
    behind::{LATENCY, Taker, behind_list, slow_down},
    memory, percentile, processor, report, round,
    sending::{Door, Sender, list, rows, singles},
};
use crate::{
    installation::{Failure, Process},
    sandbox::smtp::Switches,
    stack::Stack,
};

/// Messages before anything is measured.
const WARM: u32 = 1_000;

/// Who can be measured beside another.
pub(super) trait Contender {
    const NAME: &'static str;

    /// What it sends by, for one community.
    fn sender(&self) -> Sender<'_>;
    /// Where another community's lists go in.
    fn other(&self) -> Door;
    /// The process that takes lists.
    fn intake(&self) -> u32;
    /// Starts what sends, for a provider that takes its time or for one that does not.
    async fn start_workers(&mut self, slow: bool) -> Result<Vec<Process>, Failure>;
}

/// What was reported of a contender, by figure.
pub(super) type Said = BTreeMap<&'static str, Value>;

/// Measures a contender whose intake is running and whose workers are not; so it is left.
pub(super) async fn turn<C: Contender>(
    contender: &mut C,
    stack: &Stack,
    arguments: &Arguments,
) -> Result<Said, Failure> {
    let (messages, servers) = (arguments.messages, stack.supervisor_pid());
    let mut turn = Turn { contender, messages, servers, said: Said::new() };
    turn.intake().await?;
    let workers = turn.contender.start_workers(false).await?;
    turn.catch_up().await?;
    turn.singles(arguments.singles).await?;
    turn.list(&workers).await?;
    stop(workers).await?;
    slow_down(turn.contender.sender().smtp);
    let workers = turn.contender.start_workers(true).await?;
    turn.slow_list().await?;
    turn.behind().await?;
    stop(workers).await?;
    Ok(turn.said)
}

struct Turn<'a, C> {
    contender: &'a mut C,
    messages: u32,
    /// The process above Postgres and Redis.
    servers: u32,
    said: Said,
}

impl<C: Contender> Turn<'_, C> {
    fn say(&mut self, figure: &'static str, mut values: Value) {
        values["subject"] = C::NAME.into();
        report(figure, &values);
        self.said.insert(figure, values);
    }

    /// How fast a list is accepted while nobody sends.
    async fn intake(&mut self) -> Result<(), Failure> {
        let sender = self.contender.sender();
        sender.smtp.reset();
        sender.smtp.set(Switches::default());
        // What was written before is not to be flushed in this one's time.
        sqlx::raw_sql("CHECKPOINT").execute(sender.pool).await?;
        sender.door.send(rows("warm-", WARM)).await?;
        let list = rows("stored-", self.messages);
        let began = Instant::now();
        sender.door.send(list).await?;
        let rate = f64::from(self.messages) / began.elapsed().as_secs_f64();
        self.say("peer_intake", json!({"rows": self.messages, "per_second": round(rate)}));
        Ok(())
    }

    /// Waits until what was accepted is sent: nothing else warms a contender up as well.
    async fn catch_up(&self) -> Result<(), Failure> {
        let sender = self.contender.sender();
        sender.until_taken(u64::from(WARM + self.messages)).await;
        sender.until_recorded(sender.stored().await?).await
    }

    async fn singles(&mut self, count: u32) -> Result<(), Failure> {
        let took = singles(&self.contender.sender(), count).await?;
        let values =
            json!({"count": count, "p50_ms": percentile(&took, 50), "p99_ms": percentile(&took, 99)});
        self.say("peer_single", values);
        Ok(())
    }

    /// A list from the call to the last outcome, what it took of the processors until all rested, and of memory.
    async fn list(&mut self, workers: &[Process]) -> Result<(), Failure> {
        let own: Vec<_> = workers.iter().map(Process::id).collect();
        let all = [&own[..], &[self.contender.intake(), self.servers]].concat();
        let of_servers = || processor::used(&[self.servers]);
        let began = (processor::until_resting(&all).await?, of_servers()?);
        let sender = self.contender.sender();
        let (listed, peak) = memory::peak_pss_mb(&own, list(&sender, "list-", self.messages)).await?;
        let ended = (processor::until_resting(&all).await?, of_servers()?);
        let each = |used: Duration| round(used.as_secs_f64() * 1e6 / f64::from(self.messages));
        let processor = json!({
            "messages": self.messages, "ms_per_1000": each(ended.0.saturating_sub(began.0)),
            "of_that_servers_ms": each(ended.1.saturating_sub(began.1)),
        });
        self.say("peer_list", listed?.values());
        self.say("peer_processor", processor);
        self.say("peer_memory", json!({"workers": own.len(), "peak_mb": peak}));
        Ok(())
    }

    async fn slow_list(&mut self) -> Result<(), Failure> {
        let sender = self.contender.sender();
        list(&sender, "slow-warm-", WARM).await?;
        let mut values = list(&sender, "slow-", self.messages / 2).await?.values();
        values["latency_ms"] = LATENCY.into();
        self.say("peer_list_slow", values);
        Ok(())
    }

    async fn behind(&mut self) -> Result<(), Failure> {
        let sender = self.contender.sender();
        let took =
            behind_list(&Taker::Mails(sender.smtp), &sender.door, &self.contender.other(), self.messages)
                .await?;
        sender.until_recorded(sender.stored().await?).await?;
        let values = json!({
            "messages": self.messages, "latency_ms": LATENCY, "count": took.len(),
            "p50_ms": percentile(&took, 50), "p99_ms": percentile(&took, 99),
        });
        self.say("peer_behind", values);
        Ok(())
    }
}

async fn stop(workers: Vec<Process>) -> Result<(), Failure> {
    for worker in workers {
        worker.stop().await?;
    }
    Ok(())
}

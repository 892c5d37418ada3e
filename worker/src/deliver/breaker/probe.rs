//! Looking at the channel, and trying the provider with one message.

use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::in_time;
use crate::deliver::courier::Courier;

/// How often a worker looks at the channel.
const EVERY: Duration = Duration::from_secs(5);

/// Tends the channel until `stopping` is cancelled: mirrors its state to the gate, and carries its probes. Looking goes on while a probe
/// is under way, or the gate would open.
pub async fn tend(courier: Arc<Courier>, stopping: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut probing = JoinSet::new();
    while stopping.run_until_cancelled(ticks.tick()).await.is_some() {
        let breaker = &courier.breaker;
        while probing.try_join_next().is_some() {}
        match in_time(breaker.look()).await {
            Ok(true) if probing.is_empty() && !stopping.is_cancelled() => {
                probing.spawn(probe(Arc::clone(&courier)));
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, channel = %breaker.channel(), "the channel could not be looked at; looking again");
            }
        }
    }
    while probing.join_next().await.is_some() {}
}

async fn probe(courier: Arc<Courier>) {
    let breaker = &courier.breaker;
    let probed = async {
        if let Some(delivery) = in_time(breaker.choose()).await? {
            tracing::info!(%delivery, channel = %breaker.channel(), "trying the provider with one message");
            // The ledger has the outcome; the job, should Redis hold one, finds that out by itself.
            let _ = courier.carry(delivery).await;
            in_time(breaker.dismiss(delivery)).await?;
        }
        Ok::<_, sqlx::Error>(())
    };
    if let Err(error) = probed.await {
        tracing::warn!(%error, channel = %breaker.channel(), "the provider could not be tried; trying again");
    }
}

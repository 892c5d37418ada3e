//! A provider that takes its time: a list, a single invitation, and another community's single one behind the list.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use serde_json::json;
use tokio::{task::JoinSet, time::MissedTickBehavior};

use super::{Door, Sender, Subject, list, percentile, report, round, rows};
use crate::{
    installation::Failure,
    sandbox::smtp::{SmtpSandbox, Switches},
};

/// What the provider takes for each message, in milliseconds.
pub(super) const LATENCY: u64 = 30;
/// Between two single invitations.
const EVERY: Duration = Duration::from_millis(100);
/// So many of them may be under way when the list is through.
const UNDER_WAY: u64 = 20;
/// How many of them are sent without a list before them.
const LIGHT: u32 = 100;

/// With a provider that takes its time, from here to the end of the run.
pub(super) async fn behind(subject: &Subject, messages: u32) -> Result<(), Failure> {
    slow_down(&subject.installation.smtp);
    let other = subject.installation.create_community("Hillside Choir", &[]).await?;
    let (sender, other) = (subject.sender(), subject.sender_of(other).door);
    let light = singles(&sender, &other, "light", None, LIGHT).await?;
    report("list_slow", &list(&sender, "slow-", messages / 2).await?.values());
    let behind = behind_list(&sender, &other, messages).await?;
    report(
        "behind",
        &json!({
            "messages": messages, "latency_ms": LATENCY, "light": light.len(), "behind": behind.len(),
            "light_p50_ms": percentile(&light, 50), "light_p99_ms": percentile(&light, 99),
            "behind_p50_ms": percentile(&behind, 50), "behind_p99_ms": percentile(&behind, 99),
            "ratio_p99": ratio(&behind, &light),
        }),
    );
    Ok(())
}

/// From now on the provider takes its time.
pub(super) fn slow_down(smtp: &SmtpSandbox) {
    smtp.set(Switches { message_latency_ms: LATENCY, ..Switches::default() });
}

/// Sends a list, and through the other door single invitations until the list is through. Answers, sorted, what each of
/// those took from the call to the provider's "taken".
pub(super) async fn behind_list(
    sender: &Sender<'_>,
    other: &Door,
    messages: u32,
) -> Result<Vec<Duration>, Failure> {
    let all = sender.smtp.total() + u64::from(messages);
    let answer = sender.door.send(rows("huge-", messages));
    let (answer, behind) = tokio::join!(answer, singles(sender, other, "behind", Some(all), u32::MAX));
    answer?;
    behind
}

fn ratio(behind: &[Duration], light: &[Duration]) -> Option<f64> {
    Some(round(percentile(behind, 99)? / percentile(light, 99)?))
}

/// Sends single invitations, ten a second whatever became of the ones before, until `count` were sent or the provider has
/// taken `until` messages. Answers, sorted, what each took from the call to the provider's "taken".
async fn singles(
    sender: &Sender<'_>,
    door: &Door,
    prefix: &str,
    until: Option<u64>,
    count: u32,
) -> Result<Vec<Duration>, Failure> {
    let smtp = sender.smtp;
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut began, mut calls) = (HashMap::new(), JoinSet::new());
    for n in 0..count {
        if until.is_some_and(|until| smtp.total() + UNDER_WAY >= until + u64::from(n)) {
            break;
        }
        ticks.tick().await;
        let name = format!("{prefix}-{n}-");
        let (door, list) = (door.clone(), rows(&name, 1));
        began.insert(format!("{name}0@example.net"), now());
        calls.spawn(async move { door.send(list).await });
    }
    while let Some(answer) = calls.join_next().await {
        answer??;
    }
    let taken = || smtp.accepted().into_iter().filter(|taken| began.contains_key(&*taken.recipient));
    while taken().count() < began.len() {
        tokio::time::sleep(EVERY).await;
    }
    let took = taken().map(|taken| taken.at.duration_since(began[&*taken.recipient]).unwrap_or_default());
    let mut took: Vec<_> = took.collect();
    took.sort_unstable();
    Ok(took)
}

#[expect(
    clippy::disallowed_methods,
    reason = "compared with the clock of the sandbox provider, which is this one"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

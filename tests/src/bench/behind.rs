//! A provider that takes its time: a list, a single invitation, and another community's single one behind the list.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde_json::json;
use tokio::{task::JoinSet, time::MissedTickBehavior};

use super::{Subject, list, percentile, report, round, rows, send_as};
use crate::{
    installation::{Community, Failure},
    sandbox::smtp::Switches,
};

/// What the provider takes for each message, in milliseconds.
const LATENCY: u64 = 30;
/// Between two single invitations.
const EVERY: Duration = Duration::from_millis(100);
/// So many of them may be under way when the list is through.
const UNDER_WAY: u64 = 20;
/// How many of them are sent without a list before them.
const LIGHT: u32 = 100;

/// With a provider that takes its time, from here to the end of the run.
pub(super) async fn behind(subject: &Subject, messages: u32) -> Result<(), Failure> {
    subject.installation.smtp.set(Switches { message_latency_ms: LATENCY, ..Switches::default() });
    let other = Arc::new(subject.installation.create_community("Hillside Choir", &[]).await?);
    let light = singles(subject, &other, "light", None, LIGHT).await?;
    list(subject, "slow-", "list_slow", messages / 2).await?;
    let taken = subject.installation.smtp.total();
    let answer = send_as(subject, &subject.community, rows("huge-", messages));
    let all = taken + u64::from(messages);
    let (answer, behind) = tokio::join!(answer, singles(subject, &other, "behind", Some(all), u32::MAX));
    answer?;
    let behind = behind?;
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

fn ratio(behind: &[Duration], light: &[Duration]) -> Option<f64> {
    Some(round(percentile(behind, 99)? / percentile(light, 99)?))
}

/// Sends single invitations, ten a second whatever became of the ones before, until `count` were sent or the provider has
/// taken `until` messages. Answers, sorted, what each took from the call to the provider's "taken".
async fn singles(
    subject: &Subject,
    community: &Arc<Community>,
    prefix: &str,
    until: Option<u64>,
    count: u32,
) -> Result<Vec<Duration>, Failure> {
    let smtp = &subject.installation.smtp;
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut began, mut calls) = (HashMap::new(), JoinSet::new());
    for n in 0..count {
        if until.is_some_and(|until| smtp.total() + UNDER_WAY >= until + u64::from(n)) {
            break;
        }
        ticks.tick().await;
        let name = format!("{prefix}-{n}-");
        let body = json!({"channel": "email", "rows": rows(&name, 1)});
        let (client, community) = (subject.client.clone(), Arc::clone(community));
        began.insert(format!("{name}0@example.net"), now());
        calls.spawn(async move { client.send_list(&community, &body).await });
    }
    while let Some(answer) = calls.join_next().await {
        let answer = answer??;
        if answer.status != 202 {
            return Err(format!("a single invitation was not accepted: {}", answer.body).into());
        }
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

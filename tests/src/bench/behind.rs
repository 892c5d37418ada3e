//! A provider that takes its time: a list, a single invitation, and another community's single one behind the list. The
//! same for texts, with a provider that answers at once.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde_json::json;
use tokio::{task::JoinSet, time::MissedTickBehavior};

use super::{Door, Subject, list, percentile, report, round};
use crate::{
    installation::Failure,
    sandbox::{
        smtp::{SmtpSandbox, Switches},
        twilio::TwilioSandbox,
    },
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
    let (sender, community) = (subject.sender(), subject.community.clone());
    let mails = Taker::Mails(&subject.installation.smtp);
    let single = subject.sender_of(other.clone()).door;
    let light = singles(&mails, &single, "light", None, LIGHT).await?;
    report("list_slow", &list(&sender, "slow-", messages / 2).await?.values());
    let behind = behind_list(&mails, &sender.door, &single, messages).await?;
    tell("behind", messages, &light, &behind);

    let texts = Taker::Texts(&subject.installation.twilio);
    let client = || subject.client.clone();
    let (list, single) = (Door::Texts(client(), community), Door::Texts(client(), other));
    let light = singles(&texts, &single, "light", None, LIGHT).await?;
    let behind = behind_list(&texts, &list, &single, messages).await?;
    tell("behind_texts", messages, &light, &behind);
    Ok(())
}

fn tell(figure: &str, messages: u32, light: &[Duration], behind: &[Duration]) {
    report(
        figure,
        &json!({
            "messages": messages, "light": light.len(), "behind": behind.len(),
            "light_p50_ms": percentile(light, 50), "light_p99_ms": percentile(light, 99),
            "behind_p50_ms": percentile(behind, 50), "behind_p99_ms": percentile(behind, 99),
            "ratio_p99": ratio(behind, light),
        }),
    );
}

/// Who takes messages.
#[derive(Clone, Copy, Debug)]
pub(super) enum Taker<'a> {
    /// E-mails.
    Mails(&'a SmtpSandbox),
    /// Texts.
    Texts(&'a TwilioSandbox),
}

impl Taker<'_> {
    /// How many were taken.
    fn total(self) -> u64 {
        match self {
            Self::Mails(smtp) => smtp.total(),
            Self::Texts(twilio) => twilio.total(),
        }
    }

    /// For whom, and when.
    fn taken(self) -> Vec<(Arc<str>, SystemTime)> {
        match self {
            Self::Mails(smtp) => {
                smtp.accepted().into_iter().map(|taken| (taken.recipient, taken.at)).collect()
            }
            Self::Texts(twilio) => twilio.accepted().into_iter().map(|taken| (taken.to, taken.at)).collect(),
        }
    }
}

/// From now on the provider takes its time.
pub(super) fn slow_down(smtp: &SmtpSandbox) {
    smtp.set(Switches { message_latency_ms: LATENCY, ..Switches::default() });
}

/// Sends a list, and through the other door single invitations until the list is through. Answers, sorted, what each of
/// those took from the call to the provider's "taken".
pub(super) async fn behind_list(
    taker: &Taker<'_>,
    list: &Door,
    other: &Door,
    messages: u32,
) -> Result<Vec<Duration>, Failure> {
    let all = taker.total() + u64::from(messages);
    let answer = list.send(list.rows("huge-", messages));
    let (answer, behind) = tokio::join!(answer, singles(taker, other, "behind", Some(all), u32::MAX));
    answer?;
    behind
}

fn ratio(behind: &[Duration], light: &[Duration]) -> Option<f64> {
    Some(round(percentile(behind, 99)? / percentile(light, 99)?))
}

/// Sends single invitations, ten a second whatever became of the ones before, until `count` were sent or the provider has
/// taken `until` messages. Answers, sorted, what each took from the call to the provider's "taken".
async fn singles(
    taker: &Taker<'_>,
    door: &Door,
    prefix: &str,
    until: Option<u64>,
    count: u32,
) -> Result<Vec<Duration>, Failure> {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut began, mut calls) = (HashMap::new(), JoinSet::new());
    for n in 0..count {
        if until.is_some_and(|until| taker.total() + UNDER_WAY >= until + u64::from(n)) {
            break;
        }
        ticks.tick().await;
        let (door, list) = (door.clone(), door.rows(&format!("{prefix}-{n}-"), 1));
        let address = list.iter().find_map(|row| row["email"].as_str().or_else(|| row["phone"].as_str()));
        began.insert(address.unwrap_or_default().to_owned(), now());
        calls.spawn(async move { door.send(list).await });
    }
    while let Some(answer) = calls.join_next().await {
        answer??;
    }
    let ours = || taker.taken().into_iter().filter(|(address, _)| began.contains_key(&**address));
    while ours().count() < began.len() {
        tokio::time::sleep(EVERY).await;
    }
    let took = ours().map(|(address, at)| at.duration_since(began[&*address]).unwrap_or_default());
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

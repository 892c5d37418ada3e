//! Lists: how long a leader waits for the verdicts on a pasted list, and for a list to be accepted.

use serde_json::json;
use tokio::time::Instant;

use super::{Subject, memory, percentile, report, round, rows};
use crate::installation::Failure;

/// Pasted lists: entries, and how often each is looked at.
const PASTED: [(u32, u32); 3] = [(500, 200), (10_000, 60), (100_000, 20)];
/// Lists of 300 rows that are sent one after the other.
const BATCHES: u32 = 100;

/// Looks at pasted lists, among whose addresses some are known to the ledger already.
pub(super) async fn verify(subject: &Subject) -> Result<(), Failure> {
    for (entries, times) in PASTED {
        let body = json!({"channel": "email", "text": pasted("verify", entries)}).to_string().into_bytes();
        memory::forget_peak(subject.api.id())?;
        let mut took = Vec::new();
        for _ in 0..times {
            let body = body.clone();
            let began = Instant::now();
            let answer = subject.client.post_raw(&subject.community, "lists:verify", body).await?;
            took.push(began.elapsed());
            if answer.0 != 200 {
                return Err(format!("the list was not looked at: {}", answer.0).into());
            }
        }
        took.sort_unstable();
        let values = json!({
            "entries": entries, "count": times, "p50_ms": percentile(&took, 50), "p99_ms": percentile(&took, 99),
            "api_peak_mb": memory::peak_mb(subject.api.id())?,
        });
        report("verify", &values);
    }
    Ok(())
}

/// A list as a volunteer pastes it: names, units, a few slips, a few doubles, and members of the list before.
pub(super) fn pasted(prefix: &str, entries: u32) -> String {
    let mut text = String::from("Name;E-mail;Unit\n");
    for n in 0..entries {
        let line = match n % 100 {
            13 => format!("\"Member, {n}\";{prefix}{n}@gmial.com;{n} {prefix} Street\n"),
            37 => format!("Member {n};{prefix}{n}@example;{n} {prefix} Street\n"),
            51 => format!("Member {n};{}{}@example.net;{n} {prefix} Street\n", prefix.to_uppercase(), n - 1),
            77 => format!("Member {n};a-{n}@example.net;{n} {prefix} Street\n"),
            _ => format!("Member {n};{prefix}{n}@example.net;{n} {prefix} Street\n"),
        };
        text.push_str(&line);
    }
    text
}

/// Sends lists of 300 rows, each when the one before has gone out.
pub(super) async fn batches(subject: &Subject) -> Result<(), Failure> {
    let sender = subject.sender();
    let mut recorded = sender.stored().await?;
    let mut took = Vec::new();
    for n in 0..BATCHES {
        let list = rows(&format!("batch-{n}-"), 300);
        let began = Instant::now();
        sender.door.send(list).await?;
        took.push(began.elapsed());
        recorded += 300;
        sender.until_recorded(recorded).await?;
    }
    took.sort_unstable();
    let values = json!({"rows": 300, "count": BATCHES, "p50_ms": percentile(&took, 50), "p99_ms": percentile(&took, 99)});
    report("batch", &values);
    Ok(())
}

/// Sends a list as long as a list may be, and says what the API needed for it.
pub(super) async fn longest(subject: &Subject) -> Result<(), Failure> {
    memory::forget_peak(subject.api.id())?;
    let (sender, list) = (subject.sender(), rows("longest-", 100_000));
    let began = Instant::now();
    sender.door.send(list).await?;
    let values = json!({
        "rows": 100_000, "seconds": round(began.elapsed().as_secs_f64()), "api_peak_mb": memory::peak_mb(subject.api.id())?,
    });
    report("longest", &values);
    Ok(())
}

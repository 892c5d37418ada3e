//! Inviting on the board: how long a leader waits for the page that lists a pasted list's entries, for one that is mended
//! there, and for the button that sends.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::{Subject, leader::Leader, lists::pasted, memory, percentile, report};
use crate::installation::Failure;

/// A list: its entries, how often one is pasted, and how many of those are sent.
const LISTS: [(u32, u32, u32); 2] = [(10_000, 10, 5), (100_000, 5, 3)];
/// Pages that are turned on each list.
const TURNED: u32 = 10;
/// Entries that are mended on each list.
const MENDED: u32 = 3;

#[derive(Default)]
struct Took {
    opened: Vec<Duration>,
    turned: Vec<Duration>,
    mended: Vec<Duration>,
    confirmed: Vec<Duration>,
    sent: Vec<Duration>,
    /// Bytes of the largest page.
    bytes: usize,
}

/// Walks lists from their first page to their batch, which is cancelled.
pub(super) async fn inviting(subject: &Subject) -> Result<(), Failure> {
    let leader = Leader::sign_in(subject).await?;
    for (entries, times, sent) in LISTS {
        let mut took = Took::default();
        memory::forget_peak(subject.api.id())?;
        for time in 0..times {
            walk(subject, &leader, entries, &format!("page{time}-{entries}-"), time < sent, &mut took)
                .await?;
        }
        let peak = memory::peak_mb(subject.api.id())?;
        for (step, mut times) in [
            ("opened", took.opened),
            ("turned", took.turned),
            ("mended", took.mended),
            ("confirmed", took.confirmed),
            ("sent", took.sent),
        ] {
            times.sort_unstable();
            report(
                "inviting",
                &json!({
                    "entries": entries, "step": step, "count": times.len(), "p50_ms": percentile(&times, 50),
                    "p95_ms": percentile(&times, 95), "page_bytes": took.bytes, "api_peak_mb": peak,
                }),
            );
        }
    }
    Ok(())
}

async fn walk(
    subject: &Subject,
    leader: &Leader,
    entries: u32,
    prefix: &str,
    sends: bool,
    took: &mut Took,
) -> Result<(), Failure> {
    let body = json!({"channel": "email", "text": pasted(prefix, entries)}).to_string().into_bytes();
    let saved = subject.client.post(&subject.community, "drafts", body, &[]).await?.body;
    let id = saved["id"].as_str().ok_or_else(|| format!("the list was not kept: {saved}"))?;
    let draft = format!("/invite/lists/{id}");
    let began = Instant::now();
    let page = leader.page(&draft).await?;
    took.opened.push(began.elapsed());
    took.bytes = took.bytes.max(page.len());
    for turn in 0..TURNED {
        let began = Instant::now();
        let page = leader.page(&format!("{draft}?show=all&after={}", 50 * turn)).await?;
        took.turned.push(began.elapsed());
        took.bytes = took.bytes.max(page.len());
    }
    for entry in 0..MENDED {
        // Each hundred has one whose address ends too early.
        let path = format!("{draft}/entries/{}?show=&after=0&was=fix", 100 * entry + 38);
        let began = Instant::now();
        let place = leader.press(&path, format!("email={prefix}mended{entry}%40example.net")).await?;
        let page = leader.page(&place).await?;
        took.mended.push(began.elapsed());
        if !page.contains("is ready now.") {
            let told = page.split("role=\"status\">").nth(1).and_then(|told| told.split('<').next());
            return Err(format!("an entry was not mended: {told:?}").into());
        }
    }
    let began = Instant::now();
    let page = leader.page(&format!("{draft}/send")).await?;
    took.confirmed.push(began.elapsed());
    if sends {
        let field = |name: &str| {
            let value = page.split(&format!("name=\"{name}\" value=\"")).nth(1)?;
            value.split('"').next()
        };
        let fields = field("number").zip(field("digest")).ok_or("the page has no button")?;
        let form = format!("number={}&digest={}", fields.0, fields.1);
        let began = Instant::now();
        let place = leader.press(&format!("{draft}/send"), form).await?;
        took.sent.push(began.elapsed());
        let batch = place.split('?').next().unwrap_or_default().trim_start_matches("/batches/").to_owned();
        let cancel = format!("batches/{batch}/cancel");
        let answer = subject.client.post(&subject.community, &cancel, Vec::new(), &[]).await?;
        if !answer.status.is_success() {
            return Err(format!("the batch was not cancelled: {}", answer.body).into());
        }
    }
    Ok(())
}

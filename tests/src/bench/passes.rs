//! Access passes: how long it takes until they can be fetched, and until the sheets are there.

use serde_json::json;
use tokio::time::Instant;

use super::{Subject, memory, percentile, report, round};
use crate::installation::Failure;

/// Passes that are printed at once.
const PASSES: u32 = 500;
/// How often the sheets are fetched.
const TIMES: u32 = 20;

/// Prints blank passes, ten to a sheet, and fetches the sheets again and again.
pub(super) async fn passes(subject: &Subject) -> Result<(), Failure> {
    let wish = json!({"kind": "blank", "count": PASSES, "layout": "cards", "paper": "letter"});
    let began = Instant::now();
    let body = wish.to_string().into_bytes();
    let answer = subject.client.post(&subject.community, "passes", body, &[]).await?;
    let prepared = began.elapsed();
    let id = answer.body["id"].as_str().ok_or_else(|| format!("nothing was printed: {}", answer.body))?;
    memory::forget_peak(subject.api.id())?;
    let (mut took, mut length) = (Vec::new(), 0);
    for _ in 0..TIMES {
        let began = Instant::now();
        let (status, _, sheets) =
            subject.client.fetch(&subject.community, &format!("passes/{id}/pdf")).await?;
        took.push(began.elapsed());
        length = sheets.len();
        if status != 200 {
            return Err(format!("no sheets came: {status}").into());
        }
    }
    took.sort_unstable();
    report(
        "passes",
        &json!({
            "passes": PASSES, "prepared_ms": round(prepared.as_secs_f64() * 1e3), "count": took.len(),
            "p50_ms": percentile(&took, 50), "p99_ms": percentile(&took, 99), "bytes": length,
            "api_peak_mb": memory::peak_mb(subject.api.id())?,
        }),
    );
    Ok(())
}

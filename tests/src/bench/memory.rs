//! How much memory a process has (Linux only), in megabytes of 10⁶ bytes.

use std::{fs, io, pin::pin, time::Duration};

/// Between two looks at processes while they work.
const LOOK: Duration = Duration::from_millis(250);

/// What process `id` holds now, shared pages counted by their share.
pub(super) fn pss_mb(id: u32) -> io::Result<f64> {
    megabytes(&format!("/proc/{id}/smaps_rollup"), "Pss:")
}

/// The most that process `id` held since its start, or since its peak was forgotten.
pub(super) fn peak_mb(id: u32) -> io::Result<f64> {
    megabytes(&format!("/proc/{id}/status"), "VmHWM:")
}

/// Begins to take the peak of process `id` anew.
pub(super) fn forget_peak(id: u32) -> io::Result<()> {
    fs::write(format!("/proc/{id}/clear_refs"), "5")
}

/// Does `work`, and says beside it the most that the processes held together meanwhile, shared pages by their share.
pub(super) async fn peak_pss_mb<T>(ids: &[u32], work: impl Future<Output = T>) -> io::Result<(T, f64)> {
    let (mut work, mut looks, mut peak) = (pin!(work), tokio::time::interval(LOOK), 0.0_f64);
    loop {
        tokio::select! {
            done = &mut work => return Ok((done, peak)),
            _ = looks.tick() => {
                let held = ids.iter().map(|id| pss_mb(*id)).sum::<io::Result<f64>>()?;
                peak = peak.max((held * 10.0).round() / 10.0);
            }
        }
    }
}

fn megabytes(file: &str, field: &'static str) -> io::Result<f64> {
    let text = fs::read_to_string(file)?;
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<f64>().ok());
    let kibibytes = kibibytes.ok_or_else(|| io::Error::other(format!("{file} has no {field}")))?;
    Ok((kibibytes * 1.024 / 100.0).round() / 10.0)
}

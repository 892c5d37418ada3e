//! How much memory a process has (Linux only), in megabytes of 10⁶ bytes.

use std::{fs, io};

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

fn megabytes(file: &str, field: &'static str) -> io::Result<f64> {
    let text = fs::read_to_string(file)?;
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<f64>().ok());
    let kibibytes = kibibytes.ok_or_else(|| io::Error::other(format!("{file} has no {field}")))?;
    Ok((kibibytes * 1.024 / 100.0).round() / 10.0)
}

//! How much memory a process has, shared pages counted by their share (Linux only).

use std::{fs, io};

/// Proportional set size of process `id`, in megabytes of 10⁶ bytes.
pub(super) fn pss_mb(id: u32) -> io::Result<f64> {
    let rollup = fs::read_to_string(format!("/proc/{id}/smaps_rollup"))?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<f64>().ok());
    let kibibytes = kibibytes.ok_or_else(|| io::Error::other("no Pss in smaps_rollup"))?;
    Ok((kibibytes * 1.024 / 100.0).round() / 10.0)
}

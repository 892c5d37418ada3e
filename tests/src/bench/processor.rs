//! How much of the processors' time processes have used (Linux only), children included, ended ones too.

use std::{collections::HashMap, fs, io, time::Duration};

/// The unit of `/proc/*/stat`: `USER_HZ` is 100 on every architecture that a Linux of today has.
const TICK: Duration = Duration::from_millis(10);
/// Between two looks at whether something rests.
const LOOK: Duration = Duration::from_millis(200);
/// It rests when it used no more than so much from one look to the next: a tenth of one core.
const REST: Duration = Duration::from_millis(20);
/// So many looks, and it is taken as it is.
const LOOKS: u32 = 50;

/// What the processes `roots` and all below them have used since they began.
pub(super) fn used(roots: &[u32]) -> io::Result<Duration> {
    let mut all = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let Some(id) = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // One that has ended since is counted with its parent.
        let Ok(text) = fs::read_to_string(format!("/proc/{id}/stat")) else { continue };
        all.extend(stat(&text).map(|stat| (id, stat)));
    }
    let is_below = |id: u32| {
        let mut above = std::iter::successors(Some(id), |id| all.get(id).map(|stat| stat.parent));
        above.any(|id| roots.contains(&id))
    };
    Ok(TICK * all.iter().filter(|(id, _)| is_below(**id)).map(|(_, stat)| stat.ticks).sum())
}

/// Waits until the processes have next to nothing to do, and says what they have used by then.
pub(super) async fn until_resting(roots: &[u32]) -> io::Result<Duration> {
    let mut before = used(roots)?;
    for _ in 0..LOOKS {
        tokio::time::sleep(LOOK).await;
        let now = used(roots)?;
        if now.saturating_sub(before) <= REST {
            return Ok(now);
        }
        before = now;
    }
    Ok(before)
}

#[derive(Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    /// In user and in system mode, its own and that of children who have ended.
    ticks: u32,
}

/// Reads `/proc/ID/stat`. The name stands in parentheses, and may hold anything.
fn stat(text: &str) -> Option<Stat> {
    let (_, fields) = text.rsplit_once(')')?;
    let fields: Vec<_> = fields.split_ascii_whitespace().collect();
    let ticks = fields.get(11..15)?.iter().map(|field| field.parse::<u32>().ok()).sum::<Option<u32>>()?;
    Some(Stat { parent: fields.get(1)?.parse().ok()?, ticks })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read() {
        let line = "42 (a (b) c) S 7 42 42 0 -1 4194560 100 200 0 0 1 2 3 4 20 0 1 0 5 6 7";
        assert_eq!(stat(line), Some(Stat { parent: 7, ticks: 10 }));
        assert_eq!(stat("42 (short) S 7"), None);
    }

    #[test]
    fn our_own_time_is_seen() {
        let began = used(&[std::process::id()]).unwrap();
        while used(&[std::process::id()]).unwrap() == began {}
    }
}

//! When texts may go, as leaders read it.

use porchlight_shared::domain::TextWindow;

/// A window in words: `Monday to Saturday 09:00–20:00, Sunday 12:00–20:00`.
pub(super) fn told(window: &TextWindow) -> String {
    let Some(week) = window.hours() else { return say!("settings-hours-always").to_owned() };
    let mut parts: Vec<((String, String), Vec<usize>)> = Vec::new();
    for (day, from, to) in week {
        let hours = (from, to);
        match parts.iter_mut().find(|part| part.0 == hours) {
            Some((_, days)) => days.push(day),
            None => parts.push((hours, vec![day])),
        }
    }
    let parts = parts
        .into_iter()
        .map(|((from, to), days)| say!("settings-hours", days = list(&days), from = from, to = to));
    parts.collect::<Vec<_>>().join(", ")
}

/// Days in the order of the week, neighbours drawn together: `Monday, Wednesday to Friday`.
fn list(days: &[usize]) -> String {
    let runs = days.chunk_by(|day, next| day + 1 == *next).map(|run| match run {
        [first, .., last] => say!("settings-hours-run", first = name(*first), last = name(*last)),
        alone => alone.iter().copied().map(name).collect(),
    });
    runs.collect::<Vec<_>>().join(", ")
}

/// A day, counted from Monday, 0.
fn name(day: usize) -> &'static str {
    match day {
        0 => say!("settings-monday"),
        1 => say!("settings-tuesday"),
        2 => say!("settings-wednesday"),
        3 => say!("settings-thursday"),
        4 => say!("settings-friday"),
        5 => say!("settings-saturday"),
        _ => say!("settings-sunday"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_words() {
        for (window, words) in [
            ("always", "at any time"),
            ("Mon-Sat 09:00-20:00; Sun 12:00-20:00", "Monday to Saturday 09:00–20:00, Sunday 12:00–20:00"),
            ("Mon,Wed-Fri 10:00-11:30", "Monday, Wednesday to Friday 10:00–11:30"),
            ("Mon 09:00-12:00; Mon 13:00-20:00", "Monday 09:00–12:00, Monday 13:00–20:00"),
        ] {
            assert_eq!(told(&window.parse().unwrap()), words, "{window}");
        }
    }
}

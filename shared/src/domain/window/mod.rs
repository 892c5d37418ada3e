//! The text window: when text messages may go out in a community.
//!
//! Nobody is written to outside the window, as the clocks of the community's time zone show the time. Where a change
//! of the clocks leaves a doubt, an interval is shortened or left out, never lengthened. Apart from `always`, no
//! window is wider than 08:00-21:00.

use std::{fmt, iter, str::FromStr};

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};

#[cfg(test)]
mod tests;

/// What residents are promised: no text message before the first of these times or from the second on.
const WIDEST: Hours = Hours { opens: Time::constant(8, 0, 0, 0), closes: Time::constant(21, 0, 0, 0) };
const DEFAULT: &str = "Mon-Sat 09:00-20:00; Sun 12:00-20:00";
const EXAMPLE: &str = "Mon-Sat 09:00-20:00; Sun 12:00-20:00, or always";
/// A day is its place here; its short name is the first three letters.
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// How far ahead the next interval is looked for. A day that the clocks leave out costs a week at most.
const DAYS_AHEAD: usize = 15;
/// How long before its end `always` is renewed.
const RENEWED: SignedDuration = SignedDuration::from_hours(1);

/// When text messages may go out, in civil time: `Mon-Sat 09:00-20:00; Sun 12:00-20:00`, or `always`.
///
/// Two windows are equal when they have the same ranges on the same days, however they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextWindow(
    /// Days with a range each: at least one, in order, none overlapping. `None`: always open.
    Option<Vec<(usize, Hours)>>,
);

/// One interval in which text messages may go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The first moment of the interval.
    pub opens_at: Timestamp,
    /// The first moment after the interval.
    pub closes_at: Timestamp,
}

/// Why a text is not a window: which part of it, what is wrong there, and what it should look like.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{part:?} does not fit: {problem}; it should look like {}", EXAMPLE)]
pub struct TextWindowError {
    part: String,
    problem: String,
}

/// A range of one day's civil times, the closing left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Hours {
    opens: Time,
    closes: Time,
}

impl Opening {
    /// Whether a moment lies in the interval.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.opens_at <= at && at < self.closes_at
    }
}

impl TextWindow {
    /// The interval that `now` lies in, or else the next one after it, in a community's time zone.
    ///
    /// An opening that the clocks show twice counts the second time, a closing the first time. An opening that they
    /// leave out is moved behind the gap, a closing before it. What is empty then is passed over.
    ///
    /// `always` is open from `now` for 24 hours; ask again after that. Should there be no interval in the next
    /// 15 days, as at the end of time, the answer is an empty one in 7 days: never open, and the time to ask again.
    #[must_use]
    pub fn opening(&self, now: Timestamp, zone: &TimeZone) -> Opening {
        let after = |hours| now.checked_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX);
        let Some(week) = &self.0 else {
            return Opening { opens_at: now, closes_at: after(24) };
        };
        // Nothing of yesterday can be left, even where the clocks come to it again: its closings counted before.
        iter::successors(Some(zone.to_datetime(now).date()), |date| date.tomorrow().ok())
            .take(1 + DAYS_AHEAD)
            .flat_map(|date| week.iter().filter_map(move |&(day, hours)| hours.on(day, date, zone)))
            .find(|opening| now < opening.closes_at)
            .unwrap_or_else(|| Opening { opens_at: after(7 * 24), closes_at: after(7 * 24) })
    }

    /// Its ranges, each with its day from Monday, 0, and its times as `09:00`; `None`: always open.
    #[must_use]
    pub fn hours(&self) -> Option<Vec<(usize, String, String)>> {
        let told = |time: Time| format!("{:02}:{:02}", time.hour(), time.minute());
        let week = self.0.as_ref()?;
        Some(week.iter().map(|(day, hours)| (*day, told(hours.opens), told(hours.closes))).collect())
    }

    /// The opening that is to take the place of the one that was worked out `before`; `None` while that one will do.
    /// An `always` is renewed an hour before its end, any other window as soon as it says something else.
    #[must_use]
    pub fn renewed(&self, before: Option<Opening>, now: Timestamp, zone: &TimeZone) -> Option<Opening> {
        let opening = self.opening(now, zone);
        let lasts = |before: Opening| {
            self.0.is_none() && before.is_open(now) && before.closes_at.duration_since(now) > RENEWED
        };
        (!before.is_some_and(|before| before == opening || lasts(before))).then_some(opening)
    }
}

impl Default for TextWindow {
    /// `Mon-Sat 09:00-20:00; Sun 12:00-20:00`.
    fn default() -> Self {
        DEFAULT.parse().expect("a test reads it")
    }
}

impl FromStr for TextWindow {
    type Err = TextWindowError;

    /// Reads parts separated by `;`, each of them days and one range of times, or the word `always`.
    ///
    /// Days are names such as `Mon` or `Monday` in any case, ranges of them such as `Sat-Mon`, or lists of both such
    /// as `Mon,Wed-Fri`. Times are `HH:MM` from 08:00 to 21:00. Spaces may stand between all of these.
    ///
    /// # Errors
    /// When a part does not fit, or when two ranges of a day overlap.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().eq_ignore_ascii_case("always") {
            return Ok(Self(None));
        }
        let mut week: Vec<(usize, Hours)> = Vec::new();
        for part in text.split(';').map(str::trim) {
            let wrong = |problem| TextWindowError { part: part.to_owned(), problem };
            let (days, hours) = read_part(part).map_err(wrong)?;
            for day in days {
                let overlaps = |on: &Hours| on.opens < hours.closes && hours.opens < on.closes;
                if let Some((_, other)) = week.iter().find(|(on, other)| *on == day && overlaps(other)) {
                    return Err(wrong(format!("its times overlap with {other} on {}", short(day))));
                }
                week.push((day, hours));
            }
        }
        week.sort_unstable();
        Ok(Self(Some(week)))
    }
}

impl fmt::Display for TextWindow {
    /// The canonical form: every range of times once, after all its days. It parses back to an equal window.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(week) = &self.0 else {
            return f.write_str("always");
        };
        let mut parts: Vec<(Hours, Vec<usize>)> = Vec::new();
        for &(day, hours) in week {
            match parts.iter_mut().find(|part| part.0 == hours) {
                Some((_, days)) => days.push(day),
                None => parts.push((hours, vec![day])),
            }
        }
        let parts: Vec<_> = parts.iter().map(|(hours, days)| format!("{} {hours}", list(days))).collect();
        f.write_str(&parts.join("; "))
    }
}

impl Hours {
    /// The interval on a date. `None` on another day, when the clocks leave nothing of it, and past the end of time.
    fn on(self, day: usize, date: Date, zone: &TimeZone) -> Option<Opening> {
        if usize::try_from(date.weekday().to_monday_zero_offset()) != Ok(day) {
            return None;
        }
        let opens_at = zone.to_ambiguous_timestamp(date.to_datetime(self.opens)).later().ok()?;
        let closes_at = zone.to_ambiguous_timestamp(date.to_datetime(self.closes)).earlier().ok()?;
        (opens_at < closes_at).then_some(Opening { opens_at, closes_at })
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { opens, closes } = self;
        write!(f, "{:02}:{:02}-{:02}:{:02}", opens.hour(), opens.minute(), closes.hour(), closes.minute())
    }
}

fn read_part(part: &str) -> Result<(Vec<usize>, Hours), String> {
    const NO_TIMES: &str = "there is no opening and closing time such as 09:00-20:00";
    let (days, times) = part.split_at(part.find(|c: char| c.is_ascii_digit()).ok_or(NO_TIMES)?);
    if days.is_empty() {
        return Err("there is no day in front of the times".to_owned());
    }
    let days = read_days(days)?;
    let (opens, closes) = times.split_once('-').ok_or(NO_TIMES)?;
    let hours = Hours { opens: read_time(opens)?, closes: read_time(closes)? };
    if hours.opens >= hours.closes {
        return Err("the opening has to be before the closing, on the same day".to_owned());
    }
    if hours.opens < WIDEST.opens || hours.closes > WIDEST.closes {
        return Err(format!("residents are promised no text message outside {WIDEST}, and this is wider"));
    }
    Ok((days, hours))
}

fn read_days(text: &str) -> Result<Vec<usize>, String> {
    let place = |text: &str| {
        let same = |name: &str| name.eq_ignore_ascii_case(text);
        let found = (0..7).find(|&day| same(DAYS[day]) || same(short(day)));
        found.ok_or_else(|| format!("{text:?} is not a day of the week"))
    };
    let mut days = Vec::new();
    for item in text.split(',') {
        let (first, last) = item.split_once('-').unwrap_or((item, item));
        let (first, last) = (place(first.trim())?, place(last.trim())?);
        days.extend((first..=first + (last + 7 - first) % 7).map(|day| day % 7));
    }
    Ok(days)
}

fn read_time(text: &str) -> Result<Time, String> {
    let text = text.trim();
    let digits = text.bytes().map(|byte| byte.is_ascii_digit());
    let has_form = text.as_bytes().get(2) == Some(&b':') && digits.eq([true, true, false, true, true]);
    let time = if has_form { text.parse().ok() } else { None };
    time.ok_or_else(|| format!("{text:?} is not a time of day such as 09:00"))
}

/// Days in the order of the week, neighbours drawn together: `Mon,Wed-Fri`.
fn list(days: &[usize]) -> String {
    let runs = days.chunk_by(|day, next| day + 1 == *next).map(|run| match run {
        [first, .., last] => format!("{}-{}", short(*first), short(*last)),
        alone => alone.iter().copied().map(short).collect(),
    });
    runs.collect::<Vec<_>>().join(",")
}

fn short(day: usize) -> &'static str {
    &DAYS[day][..3]
}

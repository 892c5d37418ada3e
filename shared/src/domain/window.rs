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

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::DateTime;
    use proptest::prelude::*;

    const USUAL: &str = DEFAULT;
    const WIDE: &str = "Mon-Sun 08:00-21:00";
    const NEW_YORK: &str = "America/New_York";
    const SAMOA: &str = "Pacific/Apia";
    /// Its clocks leave out 10:00-11:00 on 2027-03-14 and show 09:00-10:00 twice on 2026-11-01.
    const BY_DAY: &str = "AAA0BBB,M3.2.0/10,M11.1.0/10";
    const WINDOWS: [&str; 3] = [USUAL, WIDE, "Fri 20:40-21:00; Sat-Mon 08:00-09:10; Sun 09:10-10:30"];
    /// In all but the last, clocks change between 21:00 and 08:00.
    const ZONES: [&str; 5] = [NEW_YORK, SAMOA, "Australia/Lord_Howe", "Asia/Kathmandu", BY_DAY];

    fn zone(name: &str) -> TimeZone {
        if name == BY_DAY { TimeZone::posix(name).unwrap() } else { TimeZone::get(name).unwrap() }
    }

    #[test]
    fn what_is_written_in_other_ways_prints_the_same() {
        for (given, canonical) in [
            (" ALWAYS\n", "always"),
            ("sun 12:00-20:00;MON - saturday  09:00 - 20:00 ", USUAL),
            ("Sat-Mon 08:00-21:00", "Mon,Sat-Sun 08:00-21:00"),
            ("Wed-Tue 10:00-11:30", "Mon-Sun 10:00-11:30"),
            ("Fri , Mon,wed-Thu 10:00-11:30", "Mon,Wed-Fri 10:00-11:30"),
            ("Mon-Mon 10:00-10:01", "Mon 10:00-10:01"),
            ("Mon 13:00-20:00; Mon-Tue 09:00-13:00", "Mon-Tue 09:00-13:00; Mon 13:00-20:00"),
        ] {
            let window: TextWindow = given.parse().unwrap();
            assert_eq!(window.to_string(), canonical, "{given:?}");
            assert_eq!(canonical.parse(), Ok(window), "{given:?}");
        }
        assert_eq!(TextWindow::default().to_string(), USUAL);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_part() {
        for (given, problem) in [
            ("", "no opening and closing time"),
            ("Mon 09:00-20:00; always", "no opening and closing time"),
            ("Mon 09:00", "no opening and closing time"),
            ("09:00-20:00", "no day"),
            ("Mon-Fun 09:00-20:00", r#""Fun" is not a day"#),
            ("Mon,,Tue 09:00-20:00", r#""" is not a day"#),
            ("Mon-Wed-Fri 09:00-20:00", r#""Wed-Fri" is not a day"#),
            ("Mon 9:00-20:00", r#""9:00" is not a time"#),
            ("Mon 09:00-24:00", r#""24:00" is not a time"#),
            ("Mon 09:00-12:00 13:00-20:00", r#""12:00 13:00-20:00" is not a time"#),
            ("Mon 20:00-09:00", "before the closing"),
            ("Mon 09:00-09:00", "before the closing"),
            ("Mon 07:59-20:00", "promised no text message outside 08:00-21:00"),
            ("Mon 09:00-21:01", "promised no text message outside 08:00-21:00"),
            ("Sat-Mon 09:00-13:00; Sun 12:59-20:00", "overlap with 09:00-13:00 on Sun"),
            ("Mon,Mon 09:00-20:00", "overlap with 09:00-20:00 on Mon"),
        ] {
            let part = given.rsplit(';').next().unwrap().trim();
            let error = given.parse::<TextWindow>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("{part:?} does not fit: ")), "{error}");
            assert!(error.contains(problem) && error.ends_with(EXAMPLE), "{error}");
        }
    }

    #[test]
    fn openings_are_exact_instants() {
        for (window, zone_name, now, opens, closes) in [
            // An ordinary week: before, at and in an interval, at its end, in the night, on Saturday evening.
            (USUAL, NEW_YORK, "2026-06-01T04:00Z", "2026-06-01T13:00Z", "2026-06-02T00:00Z"),
            (USUAL, NEW_YORK, "2026-06-01T13:00Z", "2026-06-01T13:00Z", "2026-06-02T00:00Z"),
            (USUAL, NEW_YORK, "2026-06-01T23:59:59Z", "2026-06-01T13:00Z", "2026-06-02T00:00Z"),
            (USUAL, NEW_YORK, "2026-06-02T00:00Z", "2026-06-02T13:00Z", "2026-06-03T00:00Z"),
            (USUAL, NEW_YORK, "2026-06-02T03:30Z", "2026-06-02T13:00Z", "2026-06-03T00:00Z"),
            (USUAL, NEW_YORK, "2026-06-07T01:00Z", "2026-06-07T16:00Z", "2026-06-08T00:00Z"),
            ("always", NEW_YORK, "2026-06-07T01:00Z", "2026-06-07T01:00Z", "2026-06-08T01:00Z"),
            // The clocks change at night: it has 10 hours or 12, not 11.
            (WIDE, NEW_YORK, "2027-03-14T01:59:59Z", "2027-03-13T13:00Z", "2027-03-14T02:00Z"),
            (WIDE, NEW_YORK, "2027-03-14T02:00Z", "2027-03-14T12:00Z", "2027-03-15T01:00Z"),
            (WIDE, NEW_YORK, "2026-11-01T00:59:59Z", "2026-10-31T12:00Z", "2026-11-01T01:00Z"),
            (WIDE, NEW_YORK, "2026-11-01T01:00Z", "2026-11-01T13:00Z", "2026-11-02T02:00Z"),
            // An hour of the day is left out.
            (WIDE, BY_DAY, "2027-03-14T00:00Z", "2027-03-14T08:00Z", "2027-03-14T20:00Z"),
            ("Sun 10:30-20:00", BY_DAY, "2027-03-14T00:00Z", "2027-03-14T10:30Z", "2027-03-14T19:00Z"),
            ("Sun 08:00-10:30", BY_DAY, "2027-03-14T00:00Z", "2027-03-14T08:00Z", "2027-03-14T09:30Z"),
            ("Sun 10:45-11:30", BY_DAY, "2027-03-14T00:00Z", "2027-03-21T09:45Z", "2027-03-21T10:30Z"),
            ("Sun 10:00-11:00", BY_DAY, "2027-03-14T00:00Z", "2027-03-21T09:00Z", "2027-03-21T10:00Z"),
            // An hour of the day comes twice.
            (WIDE, BY_DAY, "2026-11-01T00:00Z", "2026-11-01T07:00Z", "2026-11-01T21:00Z"),
            ("Sun 08:00-10:00", BY_DAY, "2026-11-01T00:00Z", "2026-11-01T07:00Z", "2026-11-01T10:00Z"),
            ("Sun 08:00-09:30", BY_DAY, "2026-11-01T00:00Z", "2026-11-01T07:00Z", "2026-11-01T08:30Z"),
            ("Sun 09:30-20:00", BY_DAY, "2026-11-01T00:00Z", "2026-11-01T09:30Z", "2026-11-01T20:00Z"),
            ("Sun 09:15-09:45", BY_DAY, "2026-11-01T00:00Z", "2026-11-08T09:15Z", "2026-11-08T09:45Z"),
            // There was no Friday 2011-12-30.
            (USUAL, SAMOA, "2011-12-30T06:00Z", "2011-12-30T19:00Z", "2011-12-31T06:00Z"),
            ("Fri 09:00-20:00", SAMOA, "2011-12-24T06:00Z", "2012-01-05T19:00Z", "2012-01-06T06:00Z"),
        ] {
            let [now, opens_at, closes_at] = [now, opens, closes].map(|text| text.parse().unwrap());
            let opening = window.parse::<TextWindow>().unwrap().opening(now, &zone(zone_name));
            assert_eq!(opening, Opening { opens_at, closes_at }, "{window} at {now} in {zone_name}");
            assert_eq!(opening.is_open(now), opens_at <= now);
            assert!(opening.is_open(opens_at) && !opening.is_open(closes_at));
        }
    }

    #[test]
    fn the_ends_of_time_are_answered() {
        let (usual, closes_at) = (TextWindow::default(), Timestamp::MAX);
        let now = closes_at - SignedDuration::from_hours(1);
        for zone in ZONES.map(zone) {
            assert!(Timestamp::MIN < usual.opening(Timestamp::MIN, &zone).opens_at);
            assert_eq!(usual.opening(closes_at, &zone), Opening { opens_at: closes_at, closes_at });
            assert_eq!(usual.opening(now, &zone), Opening { opens_at: closes_at, closes_at });
            assert_eq!(TextWindow(None).opening(now, &zone), Opening { opens_at: now, closes_at });
        }
    }

    #[test]
    fn an_opening_is_renewed_when_it_has_passed_or_the_window_says_something_else() {
        let zone = TimeZone::UTC;
        let monday: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let later = |hours| monday + SignedDuration::from_hours(hours);
        let usual = TextWindow::default();
        let opening = usual.opening(monday, &zone);
        assert_eq!(usual.renewed(None, monday, &zone), Some(opening));
        assert_eq!(usual.renewed(Some(opening), later(9), &zone), None);
        assert_eq!(usual.renewed(Some(opening), later(10), &zone), Some(usual.opening(later(10), &zone)));
        let always: TextWindow = "always".parse().unwrap();
        let open = always.opening(monday, &zone);
        assert_eq!(always.renewed(Some(open), later(22), &zone), None);
        assert_eq!(always.renewed(Some(open), later(23), &zone), Some(always.opening(later(23), &zone)));
        assert_eq!(usual.renewed(Some(open), monday, &zone), Some(opening));
    }

    proptest! {
        #[test]
        fn an_opening_keeps_to_the_window_and_is_the_first(
            second in 946_684_800_i64..4_102_444_800, // The years 2000 to 2099.
            window in prop::sample::select(&WINDOWS),
            zone_name in prop::sample::select(&ZONES),
        ) {
            let (window, zone) = (window.parse::<TextWindow>().unwrap(), zone(zone_name));
            let now = Timestamp::from_second(second).unwrap();
            let Opening { opens_at, closes_at } = window.opening(now, &zone);
            prop_assert!(opens_at < closes_at && now < closes_at);
            let week = window.0.unwrap();
            let day_of = |civil: DateTime| usize::try_from(civil.weekday().to_monday_zero_offset()).unwrap();
            let inside = |at| {
                let civil = zone.to_datetime(at);
                let mut today = week.iter().filter(|on| on.0 == day_of(civil));
                today.any(|(_, hours)| (hours.opens..hours.closes).contains(&civil.time()))
            };
            let quarters = |from: Timestamp, to: Timestamp| {
                let next = |at: &Timestamp| Some(*at + SignedDuration::from_mins(15));
                iter::successors(Some(from), next).take_while(move |at| *at < to)
            };
            prop_assert!(quarters(opens_at, closes_at).all(inside));
            prop_assert!(inside(closes_at - SignedDuration::from_nanos(1)));
            if zone_name != BY_DAY {
                prop_assert!(!quarters(now, opens_at).any(inside));
                let [opens, closes] = [opens_at, closes_at].map(|at| zone.to_datetime(at));
                let hours = Hours { opens: opens.time(), closes: closes.time() };
                prop_assert!(opens.date() == closes.date() && week.contains(&(day_of(opens), hours)));
            }
        }
    }
}

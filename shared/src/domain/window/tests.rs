//! Openings through the year and around the world.

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

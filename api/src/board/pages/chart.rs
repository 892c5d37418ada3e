//! Adoption by day: how many households have joined by the end of each day, drawn by the server.
//!
//! The picture is an SVG without script or style of its own; the same numbers stand beside it as a table.

use std::fmt::Write as _;

use jiff::{ToSpan, civil::Date};

/// Days that are drawn; older joins are in the first one's height.
const DAYS: i32 = 30;
const WIDE: f64 = 720.0;
const HIGH: f64 = 200.0;
/// Room for the numbers on the left, and for the days below.
const LEFT: f64 = 60.0;
const BELOW: f64 = 34.0;
const ABOVE: f64 = 14.0;

/// A day as the table shows it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) on: String,
    pub(super) joined: i64,
    pub(super) so_far: i64,
}

/// The chart of a community.
#[derive(Debug)]
pub(super) struct Chart {
    /// The picture; nothing in it came from outside.
    pub(super) svg: String,
    /// The days on which somebody joined.
    pub(super) days: Vec<Day>,
    /// What the picture shows, in a sentence.
    pub(super) told: String,
}

/// The chart of `joins` (by day, in order) among `households`; `None` before the first.
#[expect(clippy::cast_precision_loss, reason = "a picture is not that exact")]
pub(super) fn chart(joins: &[(Date, i64)], households: i64, today: Date) -> Option<Chart> {
    let (first, _) = *joins.first()?;
    let last = joins.last().map_or(today, |(day, _)| (*day).max(today));
    let from = first.checked_sub(1.day()).unwrap_or(first).max(last.saturating_sub(DAYS.days()));
    let mut so_far = 0;
    let days: Vec<Day> = joins
        .iter()
        .map(|&(day, joined)| {
            so_far += joined;
            Day { on: day.strftime("%a %-d %b %Y").to_string(), joined, so_far }
        })
        .collect();
    let by =
        |day: Date| -> i64 { joins.iter().take_while(|(on, _)| *on <= day).map(|(_, joined)| joined).sum() };
    let span = f64::from((last - from).get_days().max(1));
    let top = households.max(so_far).max(1);
    let x = |day: Date| LEFT + (WIDE - LEFT) * f64::from((day - from).get_days()) / span;
    let y = |count: i64| ABOVE + (HIGH - BELOW - ABOVE) * (1.0 - count as f64 / top as f64);

    let mut line = format!("M{:.1} {:.1}", x(from), y(by(from)));
    let mut day = from;
    while day < last {
        day = day.saturating_add(1.day());
        let _ = write!(line, "L{:.1} {:.1}", x(day), y(by(day)));
    }
    let area = format!("{line}V{:.1}H{:.1}Z", y(0), x(from));
    let told =
        say!("chart-told", day = last.strftime("%-d %B %Y").to_string(), joined = so_far, all = households);
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 0 {WIDE} {HIGH}\" role=\"img\" aria-labelledby=\"chart-told\">"
    );
    for (count, anchor) in [(top, y(top)), (top / 2, y(top / 2)), (0, y(0))] {
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{WIDE}\" y1=\"{anchor:.1}\" y2=\"{anchor:.1}\"/>\
             <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{count}</text>",
            LEFT - 8.0,
            anchor + 5.0,
        );
    }
    let _ = write!(svg, "<path class=\"area\" d=\"{area}\"/><path class=\"line\" d=\"{line}\"/>");
    for (day, anchor) in [(from, "start"), (last, "end")] {
        let _ = write!(
            svg,
            "<text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
            x(day),
            HIGH - 8.0,
            day.strftime("%-d %b"),
        );
    }
    svg.push_str("</svg>");
    Some(Chart { svg, days, told })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn nobody_has_joined_yet() {
        assert!(chart(&[], 312, day("2026-11-23")).is_none());
    }

    #[test]
    fn each_day_stands_in_the_table_and_the_picture_says_what_it_shows() {
        let joins = [(day("2026-11-20"), 5), (day("2026-11-22"), 7)];
        let chart = chart(&joins, 312, day("2026-11-23")).unwrap();
        assert_eq!(chart.told, "By 23 November 2026, 12 of 312 households joined.");
        let told: Vec<_> = chart.days.iter().map(|day| (day.on.as_str(), day.joined, day.so_far)).collect();
        assert_eq!(told, [("Fri 20 Nov 2026", 5, 5), ("Sun 22 Nov 2026", 7, 12)]);
        assert!(chart.svg.contains("M60.0 166.0L") && !chart.svg.contains("NaN"), "{}", chart.svg);
    }

    #[test]
    fn of_a_long_time_the_last_days_are_drawn() {
        let joins = [(day("2026-01-05"), 100), (day("2026-11-22"), 7)];
        let chart = chart(&joins, 300, day("2026-11-23")).unwrap();
        assert_eq!(chart.told, "By 23 November 2026, 107 of 300 households joined.");
        assert!(chart.svg.contains(">24 Oct<"), "{}", chart.svg);
        assert_eq!(chart.svg.matches('L').count(), 2 * 30, "a line and an area");
    }
}

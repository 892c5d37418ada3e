//! What can be chosen: colours, time zones, times of day.

use std::{collections::BTreeMap, ops::Range};

use jiff::tz;

use super::form::Typed;

/// Colours on which white text can be read.
pub(super) const SWATCHES: [(&str, &str); 8] = [
    ("Blue", "#1a56c4"),
    ("Navy", "#1f3a5f"),
    ("Teal", "#0f6b6b"),
    ("Green", "#2e6b34"),
    ("Olive", "#5c6320"),
    ("Brown", "#7a4a21"),
    ("Red", "#a32121"),
    ("Purple", "#5b3aa8"),
];

/// The days of the form: how its fields begin, what people read, and which of the week they are.
pub(super) const DAYS: [(&str, &str, Range<usize>); 3] =
    [("week", "Monday to Friday", 0..5), ("saturday", "Saturday", 5..6), ("sunday", "Sunday", 6..7)];

/// A colour to choose.
pub(super) struct Swatch {
    pub(super) name: &'static str,
    pub(super) colour: &'static str,
}

pub(super) fn swatches() -> Vec<Swatch> {
    SWATCHES.iter().map(|&(name, colour)| Swatch { name, colour }).collect()
}

/// One of a list.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) told: String,
    pub(super) chosen: bool,
}

/// Time zones by part of the world.
pub(super) type Zones = Vec<(String, Vec<Choice>)>;

/// Parts of the world, those first whose names make sense to people.
const WORLD: [&str; 10] = [
    "America",
    "Europe",
    "Africa",
    "Asia",
    "Australia",
    "Pacific",
    "Atlantic",
    "Indian",
    "Antarctica",
    "Arctic",
];

/// Every time zone that is a place.
pub(super) fn zones(chosen: &str) -> Zones {
    let mut parts: BTreeMap<usize, Vec<Choice>> = BTreeMap::new();
    for name in tz::db().available() {
        let name = name.as_str();
        let Some((part, place)) = name.split_once('/') else { continue };
        let Some(at) = WORLD.iter().position(|known| *known == part) else { continue };
        let told = place.replace('_', " ").replace('/', ", ");
        parts.entry(at).or_default().push(Choice { value: name.to_owned(), told, chosen: name == chosen });
    }
    let mut zones: Zones = parts.into_iter().map(|(at, choices)| (WORLD[at].to_owned(), choices)).collect();
    let found = zones.iter().any(|(_, choices)| choices.iter().any(|choice| choice.chosen));
    let other = if found || chosen.is_empty() { "UTC" } else { chosen };
    let chosen = other == chosen;
    zones
        .push(("Other".to_owned(), vec![Choice { value: other.to_owned(), told: other.to_owned(), chosen }]));
    zones
}

/// A day's times.
pub(super) struct Day {
    pub(super) word: &'static str,
    pub(super) name: &'static str,
    pub(super) from: Vec<Choice>,
    pub(super) to: Vec<Choice>,
}

/// Half hours of the widest window.
fn times(chosen: &str) -> Vec<Choice> {
    let none = Choice { value: String::new(), told: "no texts".to_owned(), chosen: chosen.is_empty() };
    let half_hours = (16..=42).map(|half| {
        let time = format!("{:02}:{}", half / 2, if half % 2 == 0 { "00" } else { "30" });
        Choice { told: time.clone(), chosen: time == chosen, value: time }
    });
    Some(none).into_iter().chain(half_hours).collect()
}

pub(super) fn days(typed: &Typed) -> [Day; 3] {
    let mut hours = typed.hours.iter();
    DAYS.map(|(word, name, _)| {
        let (from, to) = hours.next().map(|(from, to)| (times(from), times(to))).unwrap_or_default();
        Day { word, name, from, to }
    })
}

#[cfg(test)]
mod tests {
    use porchlight_shared::domain::Colour;

    use super::*;

    #[test]
    fn white_text_can_be_read_on_every_colour_that_is_offered() {
        for (name, colour) in SWATCHES {
            let colour: Colour = colour.parse().unwrap();
            assert!(colour.under_white() >= Colour::READABLE, "{name}");
        }
    }

    #[test]
    fn the_zone_that_is_chosen_is_among_them() {
        for chosen in ["America/Chicago", "UTC", "Asia/Kolkata"] {
            let zones = zones(chosen);
            let all = zones.iter().flat_map(|(_, choices)| choices).filter(|choice| choice.chosen);
            assert_eq!(all.map(|choice| choice.value.as_str()).collect::<Vec<_>>(), [chosen]);
        }
    }
}

//! What can be chosen: colours, time zones, times of day.

use std::{collections::BTreeMap, ops::Range};

use jiff::tz;

use super::form::Typed;

/// The days of the form: how its fields begin, and which of the week they are.
pub(super) const DAYS: [(&str, Range<usize>); 3] = [("week", 0..5), ("saturday", 5..6), ("sunday", 6..7)];

/// A colour to choose.
pub(super) struct Swatch {
    pub(super) name: &'static str,
    pub(super) colour: &'static str,
}

/// Colours on which white text can be read.
pub(super) fn swatches() -> [Swatch; 8] {
    let named = [
        (say!("settings-swatch-blue"), "#1a56c4"),
        (say!("settings-swatch-navy"), "#1f3a5f"),
        (say!("settings-swatch-teal"), "#0f6b6b"),
        (say!("settings-swatch-green"), "#2e6b34"),
        (say!("settings-swatch-olive"), "#5c6320"),
        (say!("settings-swatch-brown"), "#7a4a21"),
        (say!("settings-swatch-red"), "#a32121"),
        (say!("settings-swatch-purple"), "#5b3aa8"),
    ];
    named.map(|(name, colour)| Swatch { name, colour })
}

/// One of a list.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) told: String,
    pub(super) chosen: bool,
}

/// Time zones by part of the world.
pub(super) type Zones = Vec<(&'static str, Vec<Choice>)>;

/// Parts of the world, those first whose names make sense to people: how time zones begin, and what people read.
fn world() -> [(&'static str, &'static str); 10] {
    [
        ("America", say!("settings-world-america")),
        ("Europe", say!("settings-world-europe")),
        ("Africa", say!("settings-world-africa")),
        ("Asia", say!("settings-world-asia")),
        ("Australia", say!("settings-world-australia")),
        ("Pacific", say!("settings-world-pacific")),
        ("Atlantic", say!("settings-world-atlantic")),
        ("Indian", say!("settings-world-indian")),
        ("Antarctica", say!("settings-world-antarctica")),
        ("Arctic", say!("settings-world-arctic")),
    ]
}

/// Every time zone that is a place.
pub(super) fn zones(chosen: &str) -> Zones {
    let world = world();
    let mut parts: BTreeMap<usize, Vec<Choice>> = BTreeMap::new();
    for name in tz::db().available() {
        let name = name.as_str();
        let Some((part, place)) = name.split_once('/') else { continue };
        let Some(at) = world.iter().position(|(known, _)| *known == part) else { continue };
        let told = place.replace('_', " ").replace('/', ", ");
        parts.entry(at).or_default().push(Choice { value: name.to_owned(), told, chosen: name == chosen });
    }
    let mut zones: Zones = parts.into_iter().map(|(at, choices)| (world[at].1, choices)).collect();
    let found = zones.iter().any(|(_, choices)| choices.iter().any(|choice| choice.chosen));
    let other = if found || chosen.is_empty() { "UTC" } else { chosen };
    let chosen = other == chosen;
    let other = Choice { value: other.to_owned(), told: other.to_owned(), chosen };
    zones.push((say!("settings-world-other"), vec![other]));
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
    let none = Choice {
        value: String::new(),
        told: say!("settings-day-none").to_owned(),
        chosen: chosen.is_empty(),
    };
    let half_hours = (16..=42).map(|half| {
        let time = format!("{:02}:{}", half / 2, if half % 2 == 0 { "00" } else { "30" });
        Choice { told: time.clone(), chosen: time == chosen, value: time }
    });
    Some(none).into_iter().chain(half_hours).collect()
}

pub(super) fn days(typed: &Typed) -> [Day; 3] {
    let mut hours = typed.hours.iter();
    let mut names =
        [say!("settings-day-week"), say!("settings-saturday"), say!("settings-sunday")].into_iter();
    DAYS.map(|(word, _)| {
        let name = names.next().unwrap_or_default();
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
        for Swatch { name, colour } in swatches() {
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

//! A believable community and its list, the same every time.

use serde_json::{Value, json};

/// What the community is called.
pub(super) const NAME: &str = "Oakridge Homeowners Association";

const FIRST: [&str; 20] = [
    "Ada", "Ben", "Carla", "Dmitri", "Elena", "Farid", "Grace", "Hiro", "Ines", "Jonas", "Keiko", "Luis",
    "Maya", "Noor", "Oscar", "Priya", "Quinn", "Rosa", "Samir", "Tess",
];
const LAST: [&str; 16] = [
    "Abbott", "Bianchi", "Costa", "Duarte", "Eriksen", "Fischer", "Gupta", "Hansen", "Ito", "Jensen",
    "Kowalski", "Lopez", "Müller", "Novak", "O'Brien", "Park",
];
const STREETS: [&str; 6] =
    ["Elm Street", "Oak Lane", "Cedar Court", "Birch Way", "Maple Avenue", "Ridge Road"];

/// The list as a volunteer pastes it: `households` good lines, a few of whose mailboxes misbehave as mailboxes do, and
/// some that went wrong.
pub(super) fn request(households: usize) -> Value {
    let good = (0..households).map(line);
    let wrong = [
        "Tess Park;tess.park@;".to_owned(),
        "Jonas Abbott;jonas abbott@oakridge.example;".to_owned(),
        "Mira Silva;mira.silva@gmial.com;".to_owned(),
        format!("Ada Abbott (again);{};", address(0).to_uppercase()),
        "Nobody's address;;".to_owned(),
    ];
    let lines: Vec<_> = std::iter::once("Name;E-mail;Address".to_owned()).chain(good).chain(wrong).collect();
    json!({
        "channel": "email",
        "note": "We are moving from paper notices to the portal. It takes two minutes.",
        "text": lines.join("\n"),
    })
}

fn line(number: usize) -> String {
    let (first, last) = person(number);
    let unit = format!("{} {}", 100 + number / STREETS.len() * 2, STREETS[number % STREETS.len()]);
    format!("{first} {last};{};{unit}", address(number))
}

fn person(number: usize) -> (&'static str, &'static str) {
    (FIRST[number % FIRST.len()], LAST[number / FIRST.len() % LAST.len()])
}

/// Every so many mailboxes one misbehaves; the sandbox reads from the address how.
fn address(number: usize) -> String {
    let (first, last) = person(number);
    let ascii = last.replace('ü', "u").replace('\'', "");
    let fault = match number % 100 {
        17 => "greylist-1-",
        41 => "refuse-",
        63 => "drop-after-dot-1-",
        88 => "delay-300ms-1-",
        _ => "",
    };
    format!("{fault}{first}.{ascii}.{number}@oakridge.example").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn good_rows_are_different_households() {
        let lines: Vec<_> = (0..300).map(line).collect();
        let cells: Vec<Vec<_>> = lines.iter().map(|line| line.split(';').collect()).collect();
        let units: HashSet<_> = cells.iter().map(|cells| cells[2]).collect();
        let addresses: HashSet<_> = cells.iter().map(|cells| cells[1]).collect();
        assert_eq!((units.len(), addresses.len()), (300, 300));
    }
}

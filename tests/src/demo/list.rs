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

/// Every other household, as a volunteer pastes them: good lines, a few of whose mailboxes misbehave as mailboxes do, and
/// some that went wrong.
#[must_use]
pub fn emails(households: usize) -> Value {
    let good = (0..households).step_by(2).map(|number| line(number, &address(number)));
    let wrong = [
        "Tess Park;tess.park@;".to_owned(),
        "Jonas Abbott;jonas abbott@oakridge.example;".to_owned(),
        "Mira Silva;mira.silva@gmial.com;".to_owned(),
        format!("Ada Abbott (again);{};", address(0).to_uppercase()),
        "Nobody's address;;".to_owned(),
    ];
    json!({
        "channel": "email",
        "note": "We are moving from paper notices to the portal. It takes two minutes.",
        "text": table("Name;E-mail;Address", good.chain(wrong)),
    })
}

/// The households between, who want texts: numbers as people write them, a few of whose phones misbehave as phones do,
/// and some that went wrong.
#[must_use]
pub fn texts(households: usize) -> Value {
    let good = (1..households).step_by(2).map(|number| line(number, &phone(number)));
    let wrong = [
        "Mira Silva;555-0199;".to_owned(),
        format!("Ben Abbott (again);+1 {};", phone(1)),
        "Nobody's number;;".to_owned(),
    ];
    json!({
        "channel": "text",
        "consent": {"statement": "Each of them ticked the box for texts on this year's form."},
        "text": table("Name;Mobile;Address", good.chain(wrong)),
    })
}

/// A list as somebody pasted it from three places, to be looked through: mistakes, doubles, and who is invited already.
#[must_use]
pub fn messy() -> Value {
    let street = |number: usize| format!("{} Maple Court", 2 * number + 1);
    let good = (0..40).map(|number| {
        let (first, last) = person(number * 11 + 5);
        let mailbox = format!("{first}.{last}.{number}@maple.example").to_lowercase();
        format!("{first} {last};{mailbox};{}", street(number))
    });
    let wrong = [
        format!("Mira Silva;mira.silva@gmial.com;{}", street(41)),
        format!("Tess Park;tess.park@;{}", street(42)),
        format!("Jonas Abbott;jonas abbott@maple.example;{}", street(43)),
        format!("The office;info@maple.example;{}", street(44)),
        format!("Kim and Lee Novak;kim@maple.example, lee@maple.example;{}", street(45)),
        format!("Ada Abbott;{};{}", address(0), street(46)),
        format!("Second at the same door;di.ek@maple.example;{}", street(3)),
        "Nobody's address;;".to_owned(),
    ];
    json!({"channel": "email", "text": table("Name;E-mail;Address", good.chain(wrong))})
}

/// The second part of the community, which is invited later.
#[must_use]
pub fn second(households: usize) -> Value {
    let rows = (0..households).map(|number| {
        let (first, last) = person(number * 7 + 3);
        let misbehaves = match number % 100 {
            17 => "refuse-",
            43 | 71 => "defer-",
            _ => "",
        };
        let name = format!("{first} {last}");
        let email = format!("{misbehaves}{}.{number}@harbor.example", first.to_lowercase());
        json!({"email": email, "name": name, "unit": format!("{} Harbor Walk", number + 1)})
    });
    json!({"channel": "email", "rows": rows.collect::<Vec<_>>()})
}

fn table(head: &str, lines: impl Iterator<Item = String>) -> String {
    std::iter::once(head.to_owned()).chain(lines).collect::<Vec<_>>().join("\n")
}

fn line(number: usize, contact: &str) -> String {
    let (first, last) = person(number);
    let unit = format!("{} {}", 100 + number / STREETS.len() * 2, STREETS[number % STREETS.len()]);
    format!("{first} {last};{contact};{unit}")
}

fn person(number: usize) -> (&'static str, &'static str) {
    (FIRST[number % FIRST.len()], LAST[number / FIRST.len() % LAST.len()])
}

/// Every so many mailboxes one misbehaves; the sandbox reads from the address how.
fn address(number: usize) -> String {
    let (first, last) = person(number);
    let ascii = last.replace('ü', "u").replace('\'', "");
    let fault = match number / 2 % 100 {
        17 => "greylist-1-",
        41 => "refuse-",
        63 => "drop-after-dot-1-",
        88 => "delay-300ms-1-",
        _ => "",
    };
    format!("{fault}{first}.{ascii}.{number}@oakridge.example").to_lowercase()
}

/// A number of Chicago's, written in one way or another.
fn phone(number: usize) -> String {
    let (exchange, last) = digits(number);
    match number / 2 % 4 {
        0 => format!("(312) {exchange}-{last:04}"),
        1 => format!("312-{exchange}-{last:04}"),
        2 => format!("+1 312 {exchange} {last:04}"),
        _ => format!("312.{exchange}.{last:04}"),
    }
}

/// What follows the area code. Every so many phones one misbehaves; the sandbox reads from the last four digits how, so
/// that such a phone needs an exchange of its own.
fn digits(number: usize) -> (usize, usize) {
    let rule = match number % 300 {
        // A landline.
        35 => 2,
        // Too many requests, the first time.
        91 => 4,
        // Taken, and the answer says that it failed.
        157 => 7,
        // Taken; nobody has this number.
        203 => 8,
        // Taken; the phone is off.
        269 => 11,
        _ => return (550 + number / 9_000, 1_000 + number % 9_000),
    };
    (600 + number / 300, rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::twilio::Rule;
    use std::collections::HashSet;

    #[test]
    fn good_rows_are_different_households() {
        let emails = (0..300).step_by(2).map(|number| line(number, &address(number)));
        let texts = (1..300).step_by(2).map(|number| line(number, &phone(number)));
        let lines: Vec<_> = emails.chain(texts).collect();
        let cells: Vec<Vec<_>> = lines.iter().map(|line| line.split(';').collect()).collect();
        let units: HashSet<_> = cells.iter().map(|cells| cells[2]).collect();
        let contacts: HashSet<_> = cells.iter().map(|cells| cells[1]).collect();
        assert_eq!((units.len(), contacts.len()), (300, 300));
    }

    #[test]
    fn every_phone_of_the_longest_list_is_another_and_five_of_150_misbehave() {
        let written: Vec<_> = (1..99_000).step_by(2).map(phone).collect();
        let dialled: HashSet<String> = written
            .iter()
            .map(|phone| phone.chars().filter(char::is_ascii_digit).collect::<String>())
            .map(|digits| digits.strip_prefix('1').unwrap_or(&digits).to_owned())
            .collect();
        assert_eq!(dialled.len(), 49_500);
        assert!(dialled.iter().all(|number| number.len() == 10));
        assert_eq!(dialled.iter().filter(|number| Rule::of(number).is_some()).count(), 330 * 5);
        let rules: Vec<_> = (1..300).step_by(2).filter_map(|number| Rule::of(&phone(number))).collect();
        assert_eq!(rules.len(), 5);
    }

    #[test]
    fn the_messy_list_has_something_of_everything() {
        let list = messy();
        let text = list["text"].as_str().unwrap();
        assert_eq!(text.lines().count(), 1 + 40 + 8);
        assert!(text.contains("gmial.com") && text.contains("kim@maple.example, lee@maple.example"));
    }

    #[test]
    fn both_lists_hold_their_half() {
        let lines = |list: &Value| list["text"].as_str().unwrap().lines().count();
        assert_eq!((lines(&emails(301)), lines(&texts(301))), (1 + 151 + 5, 1 + 150 + 3));
    }
}

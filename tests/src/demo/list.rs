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

/// The list: `households` good rows, a few of whose mailboxes misbehave as mailboxes do, and some rows that a
/// volunteer got wrong.
pub(super) fn request(households: usize) -> Value {
    let mut rows: Vec<_> = (0..households).map(row).collect();
    rows.push(json!({"email": "tess.park@", "name": "Tess Park"}));
    rows.push(json!({"email": "jonas abbott@oakridge.example", "name": "Jonas Abbott"}));
    rows.push(json!({"email": address(0), "name": "Ada Abbott (again)"}));
    rows.push(json!({"name": "Nobody's address"}));
    json!({
        "channel": "email",
        "note": "We are moving from paper notices to the portal. It takes two minutes.",
        "rows": rows,
    })
}

fn row(number: usize) -> Value {
    let (first, last) = person(number);
    let unit = format!("{} {}", 100 + number / STREETS.len() * 2, STREETS[number % STREETS.len()]);
    json!({"email": address(number), "name": format!("{first} {last}"), "unit": unit})
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
        let list = request(300);
        let rows = list["rows"].as_array().unwrap();
        let units: HashSet<_> = rows[..300].iter().map(|row| row["unit"].as_str().unwrap()).collect();
        let addresses: HashSet<_> = rows[..300].iter().map(|row| row["email"].as_str().unwrap()).collect();
        assert_eq!((units.len(), addresses.len()), (300, 300));
    }
}

//! The sources are read as text: what they ask of the catalogue, and what the catalogue has.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use fluent_syntax::{
    ast::{Entry, Expression, InlineExpression, Pattern, PatternElement},
    parser,
};

use super::*;

type Names = BTreeSet<String>;

/// The files under a folder of this package whose names end so.
fn files(folder: &str, ending: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_str().unwrap().ends_with(ending) {
                found.push((path.clone(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The sources that may ask: Rust without this room, and all templates.
fn askers() -> Vec<(PathBuf, String)> {
    let room = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/say");
    let mut rust = files("src", ".rs");
    rust.retain(|(path, _)| !path.starts_with(&room));
    rust.extend(files("templates", ".html"));
    rust
}

/// The values that an expression wants.
fn wanted(expression: &Expression<&str>, names: &mut Names) {
    match expression {
        Expression::Inline(inline) => wanted_inline(inline, names),
        Expression::Select { selector, variants } => {
            wanted_inline(selector, names);
            for variant in variants {
                wanted_of(&variant.value, names);
            }
        }
    }
}

fn wanted_inline(inline: &InlineExpression<&str>, names: &mut Names) {
    match inline {
        InlineExpression::VariableReference { id } => {
            names.insert(id.name.to_owned());
        }
        InlineExpression::Placeable { expression } => wanted(expression, names),
        InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } => {}
        other => panic!("the catalogue does without {other:?}"),
    }
}

fn wanted_of(pattern: &Pattern<&str>, names: &mut Names) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            wanted(expression, names);
        }
    }
}

/// Every message, with the values that it wants.
fn catalogue() -> BTreeMap<String, Names> {
    let mut messages = BTreeMap::new();
    for (name, text) in ENGLISH {
        for entry in parser::parse(text).unwrap_or_else(|(_, faults)| panic!("{name}: {faults:?}")).body {
            let Entry::Message(message) = entry else { continue };
            let mut names = Names::new();
            wanted_of(&message.value.expect("a message says something"), &mut names);
            let id = message.id.name.to_owned();
            assert!(messages.insert(id, names).is_none(), "{name}: {} stands there twice", message.id.name);
        }
    }
    messages
}

/// What `text` asks for: each message, with the names of the values that it is given.
fn asked(text: &str) -> Vec<(String, Names)> {
    let mut asked = Vec::new();
    for (at, opening) in ["say!(", "say_marked!("].iter().flat_map(|opening| text.match_indices(opening)) {
        let rest = text[at + opening.len()..].trim_start();
        let Some((id, rest)) = rest.strip_prefix('"').and_then(|rest| rest.split_once('"')) else { continue };
        let (mut depth, mut quoted, mut part, mut parts) = (1, false, String::new(), Vec::new());
        for letter in rest.chars() {
            match letter {
                '"' => quoted = !quoted,
                '(' | '[' | '{' if !quoted => depth += 1,
                ')' | ']' | '}' if !quoted => depth -= 1,
                ',' if !quoted && depth == 1 => parts.push(std::mem::take(&mut part)),
                _ => part.push(letter),
            }
            if depth == 0 {
                break;
            }
        }
        parts.push(part);
        let name = |part: &String| part.split_once('=').map(|(name, _)| name.trim().to_owned());
        asked.push((id.to_owned(), parts.iter().filter_map(name).collect()));
    }
    asked
}

/// What a template says by itself: what is left when expressions and tags are taken out, and what attributes say that are
/// read out.
fn bare(template: &str) -> Vec<String> {
    let (mut text, mut rest) = (String::new(), template);
    while let Some(start) = rest.find('{') {
        let (before, after) = rest.split_at(start);
        text.push_str(before);
        let close =
            [("{{", "}}"), ("{%", "%}"), ("{#", "#}")].into_iter().find(|(open, _)| after.starts_with(open));
        rest = match close {
            Some((_, close)) => after.split_once(close).expect("what opens is closed").1,
            None => &after[1..],
        };
    }
    text.push_str(rest);
    let mut said = Vec::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('<') {
        said.push(before);
        let (tag, after) = after.split_once('>').expect("a tag is closed");
        for attribute in ["aria-label=\"", "placeholder=\"", "title=\"", "alt=\"", "content=\""] {
            said.extend(tag.split_once(attribute).and_then(|(_, value)| value.split('"').next()));
        }
        rest = after;
    }
    said.push(rest);
    let said = said.into_iter().map(|said| said.replace("&nbsp;", " ").trim().to_owned());
    said.filter(|said| said.chars().any(char::is_alphabetic)).collect()
}

#[test]
fn every_message_is_there_with_its_values_and_asked_for() {
    let catalogue = catalogue();
    let mut used = Names::new();
    for (path, text) in askers() {
        for (id, given) in asked(&text) {
            let wanted = catalogue.get(&id).unwrap_or_else(|| panic!("{}: there is no {id}", path.display()));
            assert_eq!(&given, wanted, "{}: the values of {id}", path.display());
            used.insert(id);
        }
    }
    let unused: Vec<_> = catalogue.keys().filter(|id| !used.contains(*id)).collect();
    assert!(unused.is_empty(), "nobody asks for {unused:?}");
}

#[test]
fn no_template_of_the_board_has_words_of_its_own() {
    let speaking = files("templates/board", ".html").into_iter().filter_map(|(path, text)| {
        let bare = bare(&text);
        (!bare.is_empty()).then(|| format!("{}: {bare:?}", path.display()))
    });
    let speaking: Vec<_> = speaking.collect();
    assert!(speaking.is_empty(), "this belongs into api/words/en:\n{}", speaking.join("\n"));
}

#[test]
fn a_template_that_speaks_is_found_out() {
    assert_eq!(
        bare(r#"<p class="a">{{ say!("x") }} · {# why #}</p>{% if a %}<br>{% endif %}"#),
        Vec::<String>::new()
    );
    assert_eq!(bare(r#"<nav aria-label="Pages">{{ a }} of <b>{{ b }}</b></nav>"#), ["Pages", "of"]);
}

#[test]
fn what_is_asked_for_is_read() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Names>();
    assert_eq!(
        asked(r#"say!("a") say!("b", who = f(x, y), n = 2) say_marked!("c", d = e == f)"#),
        [
            ("a".to_owned(), Names::new()),
            ("b".to_owned(), names(&["who", "n"])),
            ("c".to_owned(), names(&["d"])),
        ]
    );
}

#[test]
fn messages_count_and_escape() {
    let catalogue = Catalogue::of(&[(
        "here",
        "households = { $count ->\n    [one] one household\n   *[other] { $count } households\n}\nnamed = <b>{ $name }</b>, { $count }\n",
    )]);
    let count = |count: i64| catalogue.filled("households", &escaped([("count", count.into())]));
    assert_eq!((count(1).as_str(), count(12_345).as_str()), ("one household", "12,345 households"));
    let filled = escaped([("name", "<i>".into()), ("count", 2_000.into())]);
    assert_eq!(catalogue.filled("named", &filled), "<b>&#60;i&#62;</b>, 2,000");
}

#[test]
fn numbers_are_told_in_groups() {
    for (count, told) in
        [(0, "0"), (999, "999"), (1_000, "1,000"), (100_000, "100,000"), (1_234_567, "1,234,567")]
    {
        assert_eq!(number(count), told);
    }
}

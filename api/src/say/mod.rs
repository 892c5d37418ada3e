//! What leaders read stands in one place: the catalogue in `api/words/en`, a [Fluent](https://projectfluent.org) file for
//! each group of pages.
//!
//! `say!` gives a message of it as text, `say_marked!` one that holds HTML of its own. Both are written alike in
//! templates and in Rust; in a template a field of the page is `self.field`. A sentence is one message, whatever it counts
//! or names: how numbers bend words, and where a name stands, is the catalogue's to know. A language more is a folder
//! more (`docs/adr/0015-words-in-one-catalogue.md`).
//!
//! Promises:
//! - **Complete.** Every message that is asked for is there, with the values that it wants; none stands there that nobody
//!   asks for; and no template of the board holds a word of its own. `tests` reads the sources and holds to it.
//! - **Harmless.** What `say_marked!` is given is escaped; what it marks comes from the catalogue alone.

#[cfg(test)]
mod tests;

use std::{collections::HashMap, sync::LazyLock};

use askama::filters::{Html, Safe, escape};
use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use fluent_syntax::ast::Entry;

/// The catalogue's files, each with its name for whoever looks for a fault in it.
const ENGLISH: [(&str, &str); 19] = [
    ("batch.ftl", include_str!("../../words/en/batch.ftl")),
    ("chasing.ftl", include_str!("../../words/en/chasing.ftl")),
    ("delivery.ftl", include_str!("../../words/en/delivery.ftl")),
    ("dictionary.ftl", include_str!("../../words/en/dictionary.ftl")),
    ("frame.ftl", include_str!("../../words/en/frame.ftl")),
    ("household.ftl", include_str!("../../words/en/household.ftl")),
    ("households.ftl", include_str!("../../words/en/households.ftl")),
    ("inviting.ftl", include_str!("../../words/en/inviting.ftl")),
    ("log.ftl", include_str!("../../words/en/log.ftl")),
    ("overview.ftl", include_str!("../../words/en/overview.ftl")),
    ("passes.ftl", include_str!("../../words/en/passes.ftl")),
    ("people.ftl", include_str!("../../words/en/people.ftl")),
    ("problems.ftl", include_str!("../../words/en/problems.ftl")),
    ("report.ftl", include_str!("../../words/en/report.ftl")),
    ("requests.ftl", include_str!("../../words/en/requests.ftl")),
    ("settings.ftl", include_str!("../../words/en/settings.ftl")),
    ("sign-in.ftl", include_str!("../../words/en/sign-in.ftl")),
    ("stopped.ftl", include_str!("../../words/en/stopped.ftl")),
    ("verdicts.ftl", include_str!("../../words/en/verdicts.ftl")),
];

/// A message of the catalogue: `say!("log-empty")`, `say!("people-removed", name = who, count = 3)`.
///
/// Without values it is a `&'static str`, with values a `String`.
macro_rules! say {
    ($id:literal) => { $crate::say::plain($id) };
    ($id:literal, $($name:ident = $value:expr),+ $(,)?) => {
        $crate::say::filled($id, [$((stringify!($name), $value.into())),+])
    };
}

/// A message of the catalogue that holds HTML of its own; the values are escaped.
macro_rules! say_marked {
    ($id:literal) => { askama::filters::Safe($crate::say::plain($id)) };
    ($id:literal, $($name:ident = $value:expr),+ $(,)?) => {
        $crate::say::marked($id, [$((stringify!($name), $value.into())),+])
    };
}

/// A language's messages.
struct Catalogue {
    bundle: FluentBundle<FluentResource>,
    /// Those that want no values, made up once.
    plain: HashMap<String, String>,
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::of(&ENGLISH));

impl Catalogue {
    /// Reads the files; they are part of the program, and `tests` reads them before anybody else does.
    fn of(files: &[(&str, &str)]) -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec![unic_langid::langid!("en")]);
        // Names stand in `<bdi>` where they may run the other way.
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(|value, _| match value {
            #[expect(clippy::cast_possible_truncation, reason = "counts are whole, and small")]
            FluentValue::Number(count) => Some(number(count.value as i64)),
            _ => None,
        }));
        let mut ids = Vec::new();
        for (name, text) in files {
            let file = FluentResource::try_new((*text).to_owned())
                .unwrap_or_else(|(_, faults)| panic!("{name}: {faults:?}"));
            ids.extend(file.entries().filter_map(|entry| match entry {
                Entry::Message(message) => Some(message.id.name.to_owned()),
                _ => None,
            }));
            bundle.add_resource(file).unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
        }
        let plain = ids.into_iter().filter_map(|id| {
            let mut faults = Vec::new();
            let told =
                bundle.format_pattern(bundle.get_message(&id)?.value()?, None, &mut faults).into_owned();
            faults.is_empty().then_some((id, told))
        });
        Self { plain: plain.collect(), bundle }
    }

    fn filled(&self, id: &str, values: &FluentArgs<'_>) -> String {
        let pattern = self.bundle.get_message(id).and_then(|message| message.value());
        debug_assert!(pattern.is_some(), "no message {id}");
        let mut faults = Vec::new();
        let told = pattern.map(|pattern| self.bundle.format_pattern(pattern, Some(values), &mut faults));
        debug_assert!(faults.is_empty(), "{id}: {faults:?}");
        told.map_or_else(|| id.to_owned(), std::borrow::Cow::into_owned)
    }
}

/// What `say!` does without values.
#[doc(hidden)]
pub fn plain(id: &'static str) -> &'static str {
    let told = CATALOGUE.plain.get(id);
    debug_assert!(told.is_some(), "no message {id} without values");
    told.map_or(id, String::as_str)
}

/// What `say!` does with values.
#[doc(hidden)]
pub fn filled<const N: usize>(id: &str, values: [(&'static str, FluentValue<'_>); N]) -> String {
    CATALOGUE.filled(id, &values.into_iter().collect())
}

/// What `say_marked!` does with values.
#[doc(hidden)]
pub fn marked<const N: usize>(id: &str, values: [(&'static str, FluentValue<'_>); N]) -> Safe<String> {
    Safe(CATALOGUE.filled(id, &escaped(values)))
}

fn escaped<'a, const N: usize>(values: [(&'static str, FluentValue<'a>); N]) -> FluentArgs<'a> {
    let values = values.into_iter().map(|(name, value)| match value {
        FluentValue::String(text) => {
            let Ok(text) = escape(text, Html);
            (name, text.to_string().into())
        }
        other => (name, other),
    });
    values.collect()
}

/// A number as people read it: 12,345.
pub(crate) fn number(count: i64) -> String {
    let digits = count.to_string();
    let mut told = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            told.push(',');
        }
        told.push(digit);
    }
    told
}

//! Lists of recipients: `Ada <ada@example.org>; bo@example.org`, one in a line or many, as an address book, a mail
//! program or a person writes them.
//!
//! What stands between separators is a recipient if there is an address in it. Words that can be a name are that of the
//! recipient behind them in their line (`Lovelace, Ada <ada@example.org>`), or of the only one before them; all other
//! words are an entry of their own that says so.

use std::{borrow::Cow, ops::ControlFlow};

use porchlight_shared::domain::Channel;

use super::{Cells, clean::display_name, columns::looks_like_a_number};
use crate::intake::judging::Reason;

/// Reads a list line by line.
pub(super) fn read<'a>(
    text: &'a str,
    channel: Channel,
    header: bool,
    entry: &mut impl FnMut(u32, Cells<'a>, Option<Reason>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    for (line, number) in lines.skip(usize::from(header)) {
        read_line(line, channel, &mut |cells| entry(number, cells, None))?;
    }
    ControlFlow::Continue(())
}

fn read_line<'a>(
    line: &'a str,
    channel: Channel,
    entry: &mut impl FnMut(Cells<'a>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let line = unmarked(line);
    // The recipient before, kept until it is known whether a name follows it; and words that wait for a recipient.
    let mut before: Option<Cells<'a>> = None;
    let mut words: Option<&'a str> = None;
    let mut several = false;
    // Whether names stand behind their addresses: the line begins with an address.
    let mut behind = None;
    for piece in (Pieces { rest: Some(line), quotes: true, brackets: true }) {
        for part in parts(piece) {
            let found = recipient(part, channel);
            let behind = *behind.get_or_insert(found.is_some());
            let Some(mut cells) = found else {
                // From the first word to the last, with what stands between them.
                words = Some(words.map_or(part, |first| spanning(line, first, part)));
                continue;
            };
            let mut name = words.take();
            if let (true, Some(before), Some(_)) = (behind && cells.name.is_none(), &mut before, name)
                && before.name.is_none()
                && name.is_some_and(is_wordy)
            {
                before.name = name.take().and_then(display_name).map(Cow::Owned);
            }
            // Kept apart by a separator it is more surely a name than between spaces.
            let is_name = |words: &&str| if part == piece { is_wordy(words) } else { is_capital_name(words) };
            if let Some(cells) = before.take() {
                several = true;
                entry(cells)?;
            }
            match name.filter(is_name) {
                Some(name) => cells.name = whole_name(name, cells.name.take()),
                None => name.map_or(ControlFlow::Continue(()), |words| entry(nobody(words, channel)))?,
            }
            before = Some(cells);
        }
    }
    match (before, words) {
        (None, None) => ControlFlow::Continue(()),
        (Some(cells), None) => entry(cells),
        (None, Some(words)) => entry(nobody(words, channel)),
        (Some(mut cells), Some(words))
            if (!several || behind == Some(true)) && cells.name.is_none() && is_wordy(words) =>
        {
            cells.name = display_name(words).map(Cow::Owned);
            entry(cells)
        }
        (Some(cells), Some(words)) => {
            entry(cells)?;
            entry(nobody(words, channel))
        }
    }
}

/// A line without what makes it one of a list or of a message's head: `1.`, `-`, `To:`.
fn unmarked(line: &str) -> &str {
    let line = line.trim();
    let line = ["to:", "cc:", "bcc:"]
        .iter()
        .find_map(|head| {
            line.get(..head.len())
                .filter(|start| start.eq_ignore_ascii_case(head))
                .map(|_| &line[head.len()..])
        })
        .unwrap_or(line);
    let (mark, rest) = line.split_once(char::is_whitespace).unwrap_or(("", line));
    let number = mark.strip_suffix(['.', ')']).unwrap_or_default();
    let is_number = (1..=6).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    if is_number || ["-", "*", "•", "·", "–", "—", "‣", "◦", "o"].contains(&mark) {
        rest
    } else {
        line
    }
}

/// `Lovelace` before `Ada` is `Ada Lovelace`.
fn whole_name(words: &str, given: Option<Cow<'_, str>>) -> Option<Cow<'static, str>> {
    let words = display_name(words)?;
    Some(Cow::Owned(match given {
        Some(given) if words.contains(char::is_whitespace) => format!("{words}, {given}"),
        Some(given) => format!("{given} {words}"),
        None => words,
    }))
}

/// Whether words can be a name: a few of them, of letters.
fn is_wordy(words: &str) -> bool {
    let letters = |word: &str| {
        word.chars().all(|c| !c.is_ascii() || c.is_ascii_alphabetic() || "-.'\",()&".contains(c))
    };
    words.split_whitespace().count() <= 6
        && words.split_whitespace().all(letters)
        && words.contains(char::is_alphabetic)
}

/// Whether words can only be a name: two of them at least, or one with a capital, and none in small letters but those
/// that names have.
fn is_capital_name(words: &str) -> bool {
    const SMALL: [&str; 14] =
        ["von", "van", "der", "den", "de", "del", "della", "la", "le", "da", "dos", "bin", "al", "&"];
    let is_capital = |word: &str| !word.starts_with(char::is_lowercase) || SMALL.contains(&word);
    is_wordy(words) && words.split_whitespace().all(is_capital)
}

/// The piece of `line` from the beginning of `first` to the end of `last`, both of which are pieces of it.
fn spanning<'a>(line: &'a str, first: &'a str, last: &'a str) -> &'a str {
    let begin = first.as_ptr() as usize - line.as_ptr() as usize;
    let end = last.as_ptr() as usize - line.as_ptr() as usize + last.len();
    &line[begin..end]
}

/// Words in which no recipient is to be found.
fn nobody(words: &str, channel: Channel) -> Cells<'_> {
    let words = Some(Cow::Borrowed(words));
    match channel {
        Channel::Email => Cells { email: words, ..Cells::default() },
        Channel::Text => Cells { phone: words, ..Cells::default() },
    }
}

/// `a@example.org b@example.org` without anything but spaces between them.
fn parts(piece: &str) -> impl Iterator<Item = &str> {
    let ats = piece.matches('@').count();
    let several = ats > 1
        && !piece.contains(['<', '"'])
        && piece.split_whitespace().filter(|word| word.contains('@')).count() == ats;
    let (whole, words) = if several { (None, Some(piece.split_whitespace())) } else { (Some(piece), None) };
    whole.into_iter().chain(words.into_iter().flatten())
}

/// What a piece says of a recipient, if it speaks of one.
fn recipient(piece: &str, channel: Channel) -> Option<Cells<'_>> {
    if piece.contains('@') {
        let (name, address) = named(piece);
        let name = name.and_then(display_name).map(Cow::Owned);
        return Some(Cells { email: Some(Cow::Borrowed(address)), name, ..Cells::default() });
    }
    if looks_like_a_number(piece) {
        return Some(Cells { phone: Some(Cow::Borrowed(piece)), ..Cells::default() });
    }
    if channel == Channel::Email {
        return None;
    }
    // `Ada Lovelace (202) 555-0143`, `202-555-0143 Ada`
    let is_part = |c: char| c.is_ascii_digit() || "+(".contains(c);
    let begin = piece.find(is_part)?;
    let end = piece.rfind(|c: char| c.is_ascii_digit()).map_or(begin, |end| end + 1);
    let number = piece.get(begin..end)?;
    let name = if begin == 0 { &piece[end..] } else { &piece[..begin] };
    if looks_like_a_number(number) && (begin == 0 || end == piece.len()) && is_wordy(name) {
        let name = display_name(name).map(Cow::Owned);
        return Some(Cells { phone: Some(Cow::Borrowed(number)), name, ..Cells::default() });
    }
    let digits = piece.bytes().filter(u8::is_ascii_digit).count();
    (digits >= 3).then(|| Cells { phone: Some(Cow::Borrowed(piece)), ..Cells::default() })
}

/// `Ada Lovelace <ada@example.org>` and `Ada Lovelace ada@example.org`: the name and the address. One word in small
/// letters is more likely a part of the address than a name, and a wrong address would reach a stranger.
fn named(piece: &str) -> (Option<&str>, &str) {
    let split = if piece.contains('<') {
        piece.rfind('<').filter(|at| piece[*at..].contains('@'))
    } else if piece.contains(['"', '=']) {
        None
    } else {
        let piece = piece.trim_end();
        piece.rfind(char::is_whitespace).filter(|at| {
            let (name, address) = piece.split_at(*at);
            is_capital_name(name) && address.trim_start().find('@').is_some_and(|at| at > 0)
        })
    };
    match split {
        Some(at) => (Some(&piece[..at]), piece[at..].trim()),
        None => (None, piece),
    }
}

/// A line taken apart at commas, semicolons, tabs and bars, but for those inside quotes and angle brackets. A quote or
/// bracket that is never closed surrounds nothing, and is looked for once, however often it is opened.
struct Pieces<'a> {
    rest: Option<&'a str>,
    /// Whether there may be another closing quote.
    quotes: bool,
    /// Whether there may be another closing bracket.
    brackets: bool,
}

impl Pieces<'_> {
    /// Where the first piece of `rest` ends.
    fn end(&mut self, rest: &str) -> usize {
        let bytes = rest.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let (closing, there) = match bytes[at] {
                b',' | b';' | b'\t' | b'|' => return at,
                b'"' if self.quotes => (b'"', &mut self.quotes),
                b'<' if self.brackets => (b'>', &mut self.brackets),
                _ => {
                    at += 1;
                    continue;
                }
            };
            let inside = bytes[at + 1..].iter().position(|byte| *byte == closing);
            *there = inside.is_some();
            let begin = at;
            at += inside.map_or(1, |inside| inside + 2);
            // Behind an address in brackets the next recipient begins, with or without a comma.
            if closing == b'>' && bytes[begin..at].contains(&b'@') {
                return at;
            }
        }
        rest.len()
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            let rest = self.rest?;
            let end = self.end(rest);
            let piece = rest[..end].trim();
            let separator = usize::from(rest[end..].starts_with([',', ';', '\t', '|']));
            self.rest = Some(&rest[end + separator..]).filter(|rest| !rest.is_empty());
            if !piece.is_empty() {
                return Some(piece);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entries(line: &str, channel: Channel) -> Vec<String> {
        let mut entries = Vec::new();
        let _ = read_line(line, channel, &mut |cells| {
            let cell = |cell: Option<Cow<'_, str>>| cell.unwrap_or_default().into_owned();
            entries.push(format!("{}{}|{}", cell(cells.email), cell(cells.phone), cell(cells.name)));
            ControlFlow::Continue(())
        });
        entries
    }

    #[test]
    fn recipients_are_found_however_they_stand_in_a_line() {
        for (line, found) in [
            ("ada@example.org", vec!["ada@example.org|"]),
            ("a@x.org, b@x.org; c@x.org\td@x.org", vec!["a@x.org|", "b@x.org|", "c@x.org|", "d@x.org|"]),
            ("a@x.org b@x.org", vec!["a@x.org|", "b@x.org|"]),
            ("Ada <a@x.org>, Bo <b@x.org>", vec!["<a@x.org>|Ada", "<b@x.org>|Bo"]),
            ("Lovelace, Ada <a@x.org>; Ek, Bo <b@x.org>", vec!["<a@x.org>|Ada Lovelace", "<b@x.org>|Bo Ek"]),
            ("\"Lovelace, Ada\" <a@x.org>, b@x.org", vec!["<a@x.org>|Lovelace, Ada", "b@x.org|"]),
            ("Ada Lovelace a@x.org", vec!["a@x.org|Ada Lovelace"]),
            ("Ada Lovelace, a@x.org", vec!["a@x.org|Ada Lovelace"]),
            ("a@x.org, Ada Lovelace", vec!["a@x.org|Ada Lovelace"]),
            ("jonas abbott@x.org", vec!["jonas abbott@x.org|"]),
            ("a@x.org, b@x.org, the rest", vec!["a@x.org|", "b@x.org|the rest"]),
            ("a@x.org, Ada; b@x.org, Bo", vec!["a@x.org|Ada", "b@x.org|Bo"]),
            ("Ada, a@x.org; Bo, b@x.org", vec!["a@x.org|Ada", "b@x.org|Bo"]),
            ("Ada <a@x.org> Bo <b@x.org>", vec!["<a@x.org>|Ada", "<b@x.org>|Bo"]),
            ("Ada <a@x.org> b@x.org", vec!["<a@x.org>|Ada", "b@x.org|"]),
            ("Residents of Oakridge:", vec!["Residents of Oakridge:|"]),
            ("please add a@x.org and b@x.org", vec!["please add|", "a@x.org|", "and|", "b@x.org|"]),
            ("12 Elm St, a@x.org", vec!["12 Elm St|", "a@x.org|"]),
            ("To: Ada <a@x.org>", vec!["<a@x.org>|Ada"]),
            ("1. a@x.org", vec!["a@x.org|"]),
            ("• Ada von Stein a@x.org", vec!["a@x.org|Ada von Stein"]),
            (" ,; ,", vec![]),
            ("\"Ada <a@x.org>, b@x.org", vec!["<a@x.org>|Ada", "b@x.org|"]),
        ] {
            assert_eq!(entries(line, Channel::Email), found, "{line:?}");
        }
        for (line, found) in [
            ("202-555-0143, +1 202 555 0144", vec!["202-555-0143|", "+1 202 555 0144|"]),
            ("Ada Lovelace (202) 555-0143", vec!["(202) 555-0143|Ada Lovelace"]),
            ("Ada, 202.555.0143", vec!["202.555.0143|Ada"]),
            ("202-555-0143 Ada", vec!["202-555-0143|Ada"]),
            ("call 911", vec!["call 911|"]),
            ("nobody", vec!["nobody|"]),
        ] {
            assert_eq!(entries(line, Channel::Text), found, "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn every_address_becomes_an_entry(lines in proptest::collection::vec("[a-z]{1,6}@[a-z]{1,6}\\.org", 1..6), glue in "[,;\t|] ?| ") {
            let line = lines.join(&glue);
            let found = entries(&line, Channel::Email);
            prop_assert_eq!(found, lines.iter().map(|address| format!("{address}|")).collect::<Vec<_>>());
        }

        #[test]
        fn no_line_breaks_it(line in "[a@<>\",; \t|.0-9+é]{0,60}") {
            for channel in Channel::ALL {
                let found = entries(&line, channel);
                prop_assert!(found.len() <= line.len());
                prop_assert_eq!(line.contains('@'), found.iter().any(|entry| entry.contains('@')));
            }
        }
    }
}

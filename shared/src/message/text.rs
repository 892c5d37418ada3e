//! What a text says: who writes, why, the link, and how to stop.
//!
//! One part is one price and arrives whole, so a shorter sentence is taken when the first does not fit. The brand, the
//! link and the way to stop are in every one of them: nothing is ever cut.

use std::fmt;

use super::{Guest, transliterate};
use crate::domain::segments::Segments;

/// What stands between the brand and the link, and after the link; each form is shorter than the one before.
const TO_HOUSEHOLDS: [(&str, &str); 5] = [
    (": your household is invited to our resident portal. Join: ", " Reply HELP for help, STOP to opt out."),
    (": your household is invited to our portal. Join: ", " Reply HELP for help, STOP to opt out."),
    (": your household is invited. Join: ", " HELP for help, STOP to opt out."),
    (": you are invited. Join: ", " Reply STOP to opt out."),
    (": join at ", " STOP to opt out."),
];
/// The same for somebody of a household that joined.
const TO_MEMBERS: [(&str, &str); 5] = [
    (
        ": the head of your household invites you to our resident portal. Join: ",
        " Reply HELP for help, STOP to opt out.",
    ),
    (": your household invites you to our portal. Join: ", " Reply HELP for help, STOP to opt out."),
    (": your household invites you. Join: ", " HELP for help, STOP to opt out."),
    (": you are invited. Join: ", " Reply STOP to opt out."),
    (": join at ", " STOP to opt out."),
];

/// The same for whoever asked for a link to sign in; what they asked for has no reason to be given.
const TO_SIGN_IN: [(&str, &str); 5] = [
    (
        ": sign in with this link: ",
        " It holds for 15 minutes. You did not ask for it? Ignore it. STOP to opt out.",
    ),
    (": sign in with ", " Good once, for 15 minutes. Not you? Ignore it. STOP to opt out."),
    (": sign in with ", " Good once, for 15 minutes. STOP to opt out."),
    (": sign in: ", " Good for 15 minutes. STOP to opt out."),
    (": sign in: ", " STOP to opt out."),
];

/// A text that is ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Composed {
    /// What it says. Secret: the link holds the code.
    pub text: String,
    /// What it comes to.
    pub segments: Segments,
}

/// Shows what it comes to, not what it says.
impl fmt::Debug for Composed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Composed").field("segments", &self.segments).finish_non_exhaustive()
    }
}

/// Why there is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// Nobody would be named.
    #[error("the community has no short name")]
    Name,
    /// The link cannot be put into a text.
    #[error("the link must be an http(s) URL of printable ASCII, at most 500 characters")]
    Link,
}

/// The invitation of the community with this short name: in one part if any form fits, else in the first form.
///
/// # Errors
/// When nobody would be named, or the link cannot be put into a text.
pub fn invitation(guest: Guest, short_name: &str, join_link: &str) -> Result<Composed, ComposeError> {
    match guest {
        Guest::Household => fitting(&TO_HOUSEHOLDS, short_name, join_link),
        Guest::Member => fitting(&TO_MEMBERS, short_name, join_link),
    }
}

/// The link with which somebody signs in: in one part if any form fits, else in the first form.
///
/// # Errors
/// When nobody would be named, or the link cannot be put into a text.
pub fn sign_in(short_name: &str, link: &str) -> Result<Composed, ComposeError> {
    fitting(&TO_SIGN_IN, short_name, link)
}

fn fitting(forms: &[(&str, &str); 5], short_name: &str, link: &str) -> Result<Composed, ComposeError> {
    let name = one_line(short_name);
    let name = transliterate(&name);
    if name.trim().is_empty() {
        return Err(ComposeError::Name);
    }
    let has_scheme = link.starts_with("https://") || link.starts_with("http://");
    if !has_scheme || link.len() > 500 || !link.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(ComposeError::Link);
    }
    let written = |&(why, ending): &(&str, &str)| {
        let text = format!("{name}{why}{link}{ending}");
        Composed { segments: Segments::of(&text), text }
    };
    let fitting = forms.iter().map(written).find(|composed| composed.segments.count == 1);
    Ok(fitting.unwrap_or_else(|| written(&forms[0])))
}

/// `text` on one line: control characters, marks that turn the direction of others, and runs of spaces become a space.
fn one_line(text: &str) -> String {
    let is_gap = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.split(is_gap).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use crate::domain::segments::Encoding;
    use proptest::prelude::*;

    use super::*;

    const LINK: &str = "https://join.oakridgehoa.org/j/7KWM3RTX9CHR";

    fn household(short_name: &str, join_link: &str) -> Result<Composed, ComposeError> {
        invitation(Guest::Household, short_name, join_link)
    }

    #[test]
    fn a_member_reads_who_invites_them() {
        let composed = |link| invitation(Guest::Member, "Oakridge HOA", link).unwrap();
        let (short, long) = (composed("https://oak.example/j/7KWM3RTX9CHR"), composed(LINK));
        assert!(
            short.text.starts_with("Oakridge HOA: the head of your household invites you"),
            "{}",
            short.text
        );
        assert!(long.text.starts_with("Oakridge HOA: your household invites you"), "{}", long.text);
        assert_eq!((short.segments.count, long.segments.count), (1, 1));
    }

    #[test]
    fn whoever_asked_for_a_link_gets_it_in_one_part_under_the_longest_name() {
        let link = |site: &str| format!("https://{site}/sign-in/{}", "x".repeat(43));
        for (name, site, says) in [
            ("Oakridge", "oak.example", "Not you? Ignore it."),
            ("Twenty letters, yes.", "join.oakridgehoa.org", "Good once, for 15 minutes. STOP"),
            ("Twenty letters, yes.", "invitations.oakridgehoa.org", "Good for 15 minutes"),
        ] {
            let link = link(site);
            let composed = sign_in(name, &link).unwrap();
            assert_eq!(composed.segments.count, 1, "{}", composed.text);
            assert!(composed.text.starts_with(&format!("{name}: sign in")), "{}", composed.text);
            assert!(composed.text.contains(&link) && composed.text.contains(says), "{}", composed.text);
            assert!(composed.text.ends_with("STOP to opt out."), "{}", composed.text);
        }
        assert_eq!(sign_in(" ", &link("oak.example")), Err(ComposeError::Name));
    }

    /// A link of so many characters.
    fn link(length: usize) -> String {
        format!("https://{}/j/7KWM3RTX9CHR", "h".repeat(length - 23))
    }

    #[test]
    fn says_who_why_where_and_how_to_stop() {
        let composed = household("Oakridge HOA", LINK).unwrap();
        assert_eq!(
            composed.text,
            "Oakridge HOA: your household is invited to our resident portal. Join: \
             https://join.oakridgehoa.org/j/7KWM3RTX9CHR Reply HELP for help, STOP to opt out."
        );
        assert_eq!(composed.segments, Segments { encoding: Encoding::Gsm7, count: 1, units: 151 });
        assert!(!format!("{composed:?}").contains("7KWM"));
    }

    #[test]
    fn a_shorter_sentence_is_taken_when_the_first_does_not_fit() {
        let name = "Twenty letters, yes.";
        let lengths = TO_HOUSEHOLDS.map(|(invitation, ending)| name.len() + invitation.len() + ending.len());
        for (form, length) in lengths.into_iter().enumerate() {
            let longest = household(name, &link(160 - length)).unwrap();
            assert_eq!((longest.segments.count, longest.segments.units), (1, 160));
            assert!(longest.text.contains(TO_HOUSEHOLDS[form].0), "{}", longest.text);
            let too_long = household(name, &link(161 - length)).unwrap();
            let next = TO_HOUSEHOLDS.get(form + 1).copied();
            assert_eq!(too_long.segments.count, if next.is_some() { 1 } else { 2 });
            assert!(too_long.text.contains(next.unwrap_or(TO_HOUSEHOLDS[0]).0), "{}", too_long.text);
        }
    }

    #[test]
    fn the_name_is_brought_into_the_alphabet_on_one_line() {
        for (name, begins) in [
            (" Łąka \u{a0} HOA\r\n", "Laka HOA: your"),
            ("O’Hara’s – Court", "O'Hara's - Court: your"),
            ("\u{202e}Elm\u{202c} Court", "Elm Court: your"),
        ] {
            let composed = household(name, LINK).unwrap();
            assert!(composed.text.starts_with(begins), "{}", composed.text);
            assert_eq!(composed.segments.encoding, Encoding::Gsm7);
        }
    }

    #[test]
    fn what_has_no_latin_form_goes_whole_in_several_parts() {
        let composed = household("ТСЖ Дубрава", LINK).unwrap();
        assert!(composed.text.contains(TO_HOUSEHOLDS[0].0));
        assert_eq!(composed.segments, Segments { encoding: Encoding::Ucs2, count: 3, units: 150 });
    }

    #[test]
    fn without_a_name_or_a_link_there_is_nothing_to_say() {
        assert_eq!(household(" \u{200b}\n", LINK), Err(ComposeError::Name));
        for link in ["", "join.example.org/j/X", "https://join.example.org/j/X Y", "https://jöin.example/j/X"]
        {
            assert_eq!(household("Oakridge HOA", link), Err(ComposeError::Link), "{link}");
        }
        assert_eq!(household("Oakridge HOA", &link(501)), Err(ComposeError::Link));
    }

    proptest! {
        #[test]
        fn brand_link_and_the_way_to_stop_are_always_there(name in "[a-zA-Z0-9][a-zA-Z0-9 &'€]{0,19}", length in 24..300_usize) {
            let (name, link) = (one_line(&name), link(length));
            let composed = household(&name, &link).unwrap();
            let brand = format!("{name}: ");
            prop_assert!(composed.text.starts_with(&brand), "{}", composed.text);
            let linked = format!(" {link} ");
            prop_assert!(composed.text.contains(&linked), "{}", composed.text);
            prop_assert!(composed.text.ends_with("STOP to opt out."), "{}", composed.text);
            prop_assert_eq!(composed.segments, Segments::of(&composed.text));
        }
    }
}

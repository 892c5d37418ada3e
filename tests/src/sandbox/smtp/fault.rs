//! The fault that an address carries in its local part. The grammar is in the head of [`super`].

use std::time::Duration;

use super::parse_duration;

/// What goes wrong for a recipient, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What goes wrong.
    pub act: Act,
    /// At which tries.
    pub when: When,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// The answer after the dot comes later.
    Delay(Duration),
    /// 451 4.7.1 at RCPT.
    Greylist,
    /// 451 4.7.1 after the dot.
    GreylistData,
    /// 451 4.3.0 at RCPT.
    Tempfail,
    /// 451 4.3.0 after the dot.
    TempfailData,
    /// 550 5.1.1 at RCPT.
    Refuse,
    /// 554 5.7.1 after the dot.
    RefuseData,
    /// Closed in mid-body, not recorded.
    DropBeforeDot,
    /// Recorded, closed without an answer.
    DropAfterDot,
    /// Recorded, never answered.
    Silent,
}

/// At which tries of an address its fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At each.
    Always,
    /// At the first so many.
    First(u32),
    /// Until so long after the first.
    Until(Duration),
}

/// A longer name comes before the shorter one that it begins with.
const NAMES: [(&str, Act); 9] = [
    ("greylist-data", Act::GreylistData),
    ("greylist", Act::Greylist),
    ("tempfail-data", Act::TempfailData),
    ("tempfail", Act::Tempfail),
    ("refuse-data", Act::RefuseData),
    ("refuse", Act::Refuse),
    ("drop-before-dot", Act::DropBeforeDot),
    ("drop-after-dot", Act::DropAfterDot),
    ("silent", Act::Silent),
];

impl Fault {
    /// The fault of an address, if it carries one.
    #[must_use]
    pub fn of_address(address: &str) -> Option<Self> {
        Self::of_local_part(address.rsplit_once('@').map_or(address, |(local, _)| local))
    }

    /// The fault of a local part, if it carries one.
    #[must_use]
    pub fn of_local_part(local: &str) -> Option<Self> {
        let local = local.to_ascii_lowercase();
        let (act, rest) = NAMES
            .iter()
            .find_map(|(name, act)| Some((*act, after_word(&local, name)?)))
            .or_else(|| delay(&local))?;
        let usual = match act {
            Act::Greylist | Act::GreylistData => When::First(1),
            _ => When::Always,
        };
        Some(Self { act, when: limit(rest).unwrap_or(usual) })
    }

    /// Does it strike at this try, the first being 1, so long after the first?
    #[must_use]
    pub fn strikes(&self, attempt: u32, since_first: Duration) -> bool {
        match self.when {
            When::Always => true,
            When::First(count) => attempt <= count,
            When::Until(duration) => since_first < duration,
        }
    }
}

fn delay(local: &str) -> Option<(Act, &str)> {
    let (word, rest) = first_word(local.strip_prefix("delay-")?);
    Some((Act::Delay(parse_duration(word)?), rest))
}

/// `-2` or `-30s`, and nothing longer that only begins so.
fn limit(rest: &str) -> Option<When> {
    let (word, _) = first_word(rest.strip_prefix('-')?);
    word.parse().map(When::First).ok().or_else(|| parse_duration(word).map(When::Until))
}

/// What follows `name`, if `name` ends there: `refuse` is not in `refused`.
fn after_word<'a>(local: &'a str, name: &str) -> Option<&'a str> {
    local.strip_prefix(name).filter(|rest| rest.is_empty() || rest.starts_with(is_separator))
}

fn first_word(text: &str) -> (&str, &str) {
    text.split_at(text.find(is_separator).unwrap_or(text.len()))
}

fn is_separator(c: char) -> bool {
    matches!(c, '-' | '.' | '+' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(act: Act, when: When) -> Fault {
        Fault { act, when }
    }

    #[test]
    fn addresses_carry_faults() {
        let ms = Duration::from_millis;
        for (address, expected) in [
            ("anna@example.org", None),
            ("refused@example.org", None),
            ("delay@example.org", None),
            ("delay-soon@example.org", None),
            ("refuse@example.org", Some(fault(Act::Refuse, When::Always))),
            ("Refuse.Anna@example.org", Some(fault(Act::Refuse, When::Always))),
            ("refuse-2fast@example.org", Some(fault(Act::Refuse, When::Always))),
            ("refuse-data+anna@example.org", Some(fault(Act::RefuseData, When::Always))),
            ("refuse-database@example.org", Some(fault(Act::Refuse, When::Always))),
            ("greylist@example.org", Some(fault(Act::Greylist, When::First(1)))),
            ("greylist-2-anna@example.org", Some(fault(Act::Greylist, When::First(2)))),
            ("greylist-30s.anna@example.org", Some(fault(Act::Greylist, When::Until(ms(30_000))))),
            ("greylist-data-3@example.org", Some(fault(Act::GreylistData, When::First(3)))),
            ("tempfail_anna@example.org", Some(fault(Act::Tempfail, When::Always))),
            ("tempfail-data-1@example.org", Some(fault(Act::TempfailData, When::First(1)))),
            ("delay-500ms.anna@example.org", Some(fault(Act::Delay(ms(500)), When::Always))),
            ("delay-2s-1-anna@example.org", Some(fault(Act::Delay(ms(2_000)), When::First(1)))),
            ("drop-after-dot-1.bo@example.org", Some(fault(Act::DropAfterDot, When::First(1)))),
            ("drop-before-dot@example.org", Some(fault(Act::DropBeforeDot, When::Always))),
            ("silent-1m@example.org", Some(fault(Act::Silent, When::Until(ms(60_000))))),
        ] {
            assert_eq!(Fault::of_address(address), expected, "{address}");
        }
    }

    #[test]
    fn strikes_end() {
        let at = |when, attempt, seconds| {
            Fault { act: Act::Greylist, when }.strikes(attempt, Duration::from_secs(seconds))
        };
        assert!(at(When::Always, 900, 900));
        assert!(at(When::First(2), 2, 900));
        assert!(!at(When::First(2), 3, 0));
        assert!(at(When::Until(Duration::from_secs(30)), 900, 29));
        assert!(!at(When::Until(Duration::from_secs(30)), 2, 30));
    }
}

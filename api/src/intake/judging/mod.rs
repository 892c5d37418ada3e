//! Judging: each entry gets one verdict, a reason, and where it helps a suggestion.
//!
//! [`Judging`] sees the list alone: what [`address`] finds in each entry, what [`domains`] gives reason to ask, what came
//! before. The ledger's word (`super::facts`) comes on top of it; then [`neighbours`], because an entry that does not go is
//! nobody's neighbour. What is promised:
//!
//! * An entry's verdict depends on itself, on earlier entries that share its contact or home, on how often its domain
//!   stands in the list, and on the ledger; never on what else is wrong elsewhere.
//! * An entry has one reason. What has to be mended in it goes before what the ledger says, and that before what only
//!   calls for a second look.

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry as Slot},
};

use porchlight_shared::domain::{Channel, Keyring};
use unicode_normalization::UnicodeNormalization;

use super::{
    reading::{Cells, Entry, Place, clean::tidy},
    request::AlreadyInvited,
};

pub mod address;
pub mod domains;
pub mod neighbours;
pub mod phone;
mod reason;
mod report;
mod said;

pub use address::Address;
pub use reason::{Field, Reason, Verdict};
pub use report::{Counts, EntryReport, all};

/// Characters of a name, a unit or a household's name.
const MOST_CHARACTERS: usize = 200;

/// A property as the leader names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// As it was written.
    pub label: String,
    /// As it is compared.
    pub key: String,
}

impl Unit {
    /// A unit by its label; none, if that only says that there is none.
    #[must_use]
    pub fn new(label: String) -> Option<Self> {
        let key = comparable(&label);
        let says_nothing = !key.contains(char::is_alphanumeric)
            || ["n/a", "na", "none", "null", "tbd", "unknown", "ask"].contains(&key.as_str());
        (!says_nothing).then_some(Self { label, key })
    }
}

/// Whom an entry reaches.
#[derive(Debug)]
pub struct Contact {
    /// Where the message goes.
    pub address: Address,
    /// The keyed hash by which the address is compared.
    pub hash: [u8; 32],
}

/// An entry with its verdict.
#[derive(Debug)]
pub struct Judged {
    /// Where it stands.
    pub place: Place,
    /// What is said of it; its verdict follows.
    pub reason: Reason,
    /// How it may have been meant.
    pub suggestion: Option<String>,
    /// Whether the leader wants it sent although it calls for a second look.
    pub accept: bool,
    /// Whether the leader wants it sent once more where its household is invited already; nothing: as the list as a whole.
    pub again: Option<bool>,
    /// Whom it reaches; nobody, if that could not be read.
    pub contact: Option<Contact>,
    /// How the message greets the reader.
    pub name: Option<String>,
    /// Where they live.
    pub unit: Option<Unit>,
    /// What the household is called.
    pub household: Option<String>,
    /// What was written, if that was asked to be kept.
    pub written: Option<Box<Cells<'static>>>,
}

impl Judged {
    /// An entry of which nothing is known but whether it has a shape.
    #[must_use]
    pub fn of(entry: &Entry<'_>) -> Self {
        Self {
            place: entry.place,
            reason: entry.fault.clone().unwrap_or(Reason::Ready),
            suggestion: None,
            accept: entry.accept,
            again: None,
            contact: None,
            name: None,
            unit: None,
            household: None,
            written: None,
        }
    }

    /// What is to be done about it.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.reason.verdict()
    }

    /// Whether it is sent once more where its household is invited already; `list`: what holds for the list as a whole.
    #[must_use]
    pub fn goes_again(&self, list: AlreadyInvited) -> bool {
        self.again.unwrap_or(list == AlreadyInvited::Resend)
    }

    /// Whether it may go, at once or after a second look.
    #[must_use]
    pub const fn may_go(&self) -> bool {
        matches!(self.verdict(), Verdict::Ready | Verdict::Check)
    }

    /// Whether it goes, as far as is known; `accept_checks`: whether the leader accepts all that call for a second look.
    #[must_use]
    pub fn goes(&self, accept_checks: bool) -> bool {
        match self.verdict() {
            Verdict::Ready => true,
            Verdict::Check => self.accept || accept_checks,
            Verdict::Fix | Verdict::Skip => false,
        }
    }
}

/// What a list is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// How it is to be sent.
    pub channel: Channel,
    /// The country whose numbers are written without a country code.
    pub country: &'a str,
    /// For the hashes by which addresses are compared.
    pub keyring: &'a Keyring,
    /// Whether what was written is kept, for a draft.
    pub keep: bool,
}

/// A list on its way through the judges.
#[derive(Debug)]
pub struct Judging<'a> {
    rules: Rules<'a>,
    judged: Vec<Judged>,
    seen: HashMap<[u8; 32], Place>,
}

impl<'a> Judging<'a> {
    /// Nothing judged yet.
    #[must_use]
    pub fn new(rules: Rules<'a>) -> Self {
        Self { rules, judged: Vec::new(), seen: HashMap::new() }
    }

    /// How many were judged.
    #[must_use]
    pub fn len(&self) -> usize {
        self.judged.len()
    }

    /// Whether none was judged.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.judged.is_empty()
    }

    /// Judges an entry by itself, and by whether its contact came before.
    pub fn add(&mut self, entry: Entry<'_>) {
        let mut judged = judge(&entry, &self.rules);
        if judged.verdict() != Verdict::Fix
            && let Some(contact) = &judged.contact
        {
            match self.seen.entry(contact.hash) {
                Slot::Occupied(first) => judged.reason = Reason::Duplicate(*first.get()),
                Slot::Vacant(slot) => {
                    slot.insert(judged.place);
                }
            }
        }
        // What was read of an entry says all of it, unless it is out of shape or reaches the other channel, too.
        let plain =
            judged.reason == Reason::Ready && (entry.cells.email.is_none() || entry.cells.phone.is_none());
        if self.rules.keep && !plain {
            judged.written = Some(Box::new(entry.cells.into_owned()));
        }
        self.judged.push(judged);
    }

    /// Looks at the domains of the whole list, and hands the entries over.
    #[must_use]
    pub fn finish(mut self) -> Vec<Judged> {
        self.seen = HashMap::new();
        let remarks = self.remarks();
        for (at, reason, suggestion) in remarks {
            let judged = &mut self.judged[at];
            judged.reason = reason;
            judged.suggestion = suggestion;
        }
        self.judged
    }

    fn remarks(&self) -> Vec<(usize, Reason, Option<String>)> {
        let ready = || {
            let ready = self.judged.iter().enumerate().filter(|(_, judged)| judged.reason == Reason::Ready);
            ready.filter_map(|(at, judged)| match &judged.contact {
                Some(Contact { address: Address::Email(address), .. }) => Some((at, address)),
                _ => None,
            })
        };
        let mut domains = domains::Domains::of(ready().map(|(_, address)| address.domain()));
        let mut remarks = Vec::new();
        for (at, address) in ready() {
            let moved = |domain: &String| format!("{}@{domain}", address.local_part());
            match domains.remark(address.domain()) {
                Some(domains::Remark::Typo(domain)) => remarks.push((at, Reason::Typo, Some(moved(domain)))),
                Some(domains::Remark::Lookalike(domain)) => {
                    remarks.push((at, Reason::Lookalike, domain.as_ref().map(moved)));
                }
                Some(domains::Remark::Disposable) => remarks.push((at, Reason::Disposable, None)),
                None if domains::is_role(address.local_part()) && !domains::is_large(address.domain()) => {
                    remarks.push((at, Reason::Role, None));
                }
                None => {}
            }
        }
        remarks
    }
}

/// The verdict on an entry by itself.
fn judge(entry: &Entry<'_>, rules: &Rules<'_>) -> Judged {
    let mut judged = Judged::of(entry);
    if entry.fault.is_some() {
        return judged;
    }
    let found = address::find(&entry.cells, rules.channel, rules.country);
    judged.suggestion = found.suggestion;
    let fault = match found.address {
        Ok((address, remark)) => {
            let hash = address.hash(rules.keyring);
            judged.contact = Some(Contact { address, hash });
            if let Some(remark) = remark {
                judged.reason = remark;
            }
            None
        }
        Err(fault) => Some(fault),
    };
    let fault = fault.or_else(|| details(&mut judged, &entry.cells, found.name.as_deref()).err());
    if let Some(fault) = fault {
        judged.reason = fault;
    }
    judged
}

/// Name, home and household of an entry.
fn details(judged: &mut Judged, cells: &Cells<'_>, beside: Option<&str>) -> Result<(), Reason> {
    let name = cells.name.as_deref().or(beside);
    judged.name = line(name, Field::Name)?;
    judged.household = line(cells.household.as_deref(), Field::Household)?;
    judged.unit = line(cells.unit.as_deref(), Field::Unit)?.and_then(Unit::new);
    Ok(())
}

/// A text that must fit one line of a header or an envelope window.
///
/// # Errors
/// When it does not.
pub fn line(cell: Option<&str>, field: Field) -> Result<Option<String>, Reason> {
    let Some(cell) = cell else { return Ok(None) };
    let trimmed = cell.trim();
    if trimmed.contains(char::REPLACEMENT_CHARACTER) {
        return Err(Reason::Unreadable(field));
    }
    if trimmed.contains(|c: char| c.is_control() && c != '\t' || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(Reason::ControlCharacter(field));
    }
    let text = tidy(trimmed);
    let found = text.chars().count();
    if found > MOST_CHARACTERS {
        return Err(Reason::TooLong { field, found, most: MOST_CHARACTERS });
    }
    if text.starts_with('=') {
        return Err(Reason::Formula(field));
    }
    Ok((!text.is_empty()).then(|| text.into_owned()))
}

/// How names of properties and households are compared: NFKC, lower case, single spaces, no final dot.
#[must_use]
pub fn comparable(label: &str) -> String {
    // Most are plain already.
    let label: Cow<'_, str> =
        if label.is_ascii() { Cow::Borrowed(label) } else { Cow::Owned(label.nfkc().collect()) };
    let words: Vec<_> = label.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ").trim_end_matches('.').to_owned()
}

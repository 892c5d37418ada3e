//! How one entry of a list is told, and what can be done about it on the spot.

use jiff::{Timestamp, tz::TimeZone};
use porchlight_shared::domain::{Channel, DraftId};

use super::seen::{Typed, seen, which};
use crate::{
    access::Role,
    audit::By,
    board::session::Leader,
    intake::{
        drafts::verdicts::{Standing, Told},
        judging::Reason,
        ledger::{drafts::DraftEntry, invitations::Inviter},
    },
};

/// The words of how entries stand.
pub(super) const STANDINGS: [&str; 5] = ["ready", "check", "fix", "skip", "removed"];

pub(super) const fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Ready => STANDINGS[0],
        Standing::Check => STANDINGS[1],
        Standing::Fix => STANDINGS[2],
        Standing::Skip => STANDINGS[3],
        Standing::Removed => STANDINGS[4],
    }
}

/// What a word means.
pub(super) fn standing_of(said: &str) -> Option<Standing> {
    Standing::ALL.into_iter().find(|standing| word(*standing) == said)
}

pub(super) fn title(standing: Standing) -> &'static str {
    match standing {
        Standing::Ready => say!("invite-look-ready"),
        Standing::Check => say!("invite-look-check"),
        Standing::Fix => say!("invite-look-fix"),
        Standing::Skip => say!("invite-look-skip"),
        Standing::Removed => say!("invite-look-removed"),
    }
}

fn day(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%-d %B %Y").to_string()
}

/// What is said of an entry, where its reason's words are for programs.
pub(super) fn reason_words(reason: &Reason, zone: &TimeZone) -> String {
    match reason {
        Reason::AlreadyInvited { at, by: _ } => say!("invite-said-invited", day = day(*at, zone)),
        Reason::NotAnObject | Reason::UnknownField | Reason::NotText(_) => {
            sentence(&Reason::Incomplete.words())
        }
        reason => sentence(&reason.words()),
    }
}

/// Words as a sentence.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if words.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// A field of the form that mends an entry.
pub(super) struct FieldView {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) value: String,
}

/// One entry as it is shown.
#[expect(clippy::struct_excessive_bools, reason = "each is asked by itself")]
pub(super) struct Row {
    pub(super) position: i32,
    pub(super) place: String,
    pub(super) word: &'static str,
    pub(super) title: &'static str,
    /// As what it is shown here: what is done to it leaves it where it is.
    pub(super) was: &'static str,
    pub(super) contact: String,
    pub(super) beside: String,
    pub(super) said: String,
    /// How it may have been meant, and the field that it is put into.
    pub(super) suggestion: Option<(&'static str, String)>,
    /// What stood in it before it was changed.
    pub(super) pasted: Option<String>,
    /// What a leader may say of it as it is: each button's act, and its words.
    pub(super) decisions: Vec<(&'static str, &'static str)>,
    pub(super) can_remove: bool,
    pub(super) can_edit: bool,
    /// Whether the fields stand open.
    pub(super) is_open: bool,
    /// Whether something stands in them that was written and is not saved.
    pub(super) is_typed: bool,
    /// What is seen of it.
    pub(super) seen: String,
    pub(super) fields: Vec<FieldView>,
}

/// Where an entry is found in what the leader has.
pub(super) fn place(told: &Told) -> String {
    sentence(&told.place.words()).trim_end_matches('.').to_owned()
}

/// What entries of a page share.
pub(super) struct Shelf<'a> {
    pub(super) channel: Channel,
    /// Who looks at it.
    pub(super) leader: &'a Leader,
    pub(super) inviters: &'a [Inviter],
}

impl Shelf<'_> {
    /// Who invited the household of an entry, as the catalogue tells them apart; their name, and when.
    fn invited(&self, told: &Told) -> Option<(&'static str, &str, String)> {
        let inviter = self.inviters.iter().find(|inviter| Some(inviter.invitation) == told.invited)?;
        let is_own = matches!(self.leader.by, By::Leader(leader) if Some(leader) == inviter.leader);
        let (by, name) = match (inviter.name.as_deref(), inviter.role) {
            _ if is_own => ("you", ""),
            (Some(name), _) => ("named", name),
            (None, Some(Role::Service)) => ("service", ""),
            (None, Some(Role::Owner)) => ("owner", ""),
            (None, Some(Role::Leader) | None) => ("leader", ""),
        };
        Some((by, name, day(inviter.at, &self.leader.zone)))
    }

    /// What is said of an entry.
    fn said(&self, told: &Told) -> String {
        let words = || reason_words(&told.reason, &self.leader.zone);
        match (told.stands, &told.reason) {
            (Standing::Removed, _) => say!("invite-said-removed").to_owned(),
            (Standing::Ready, _) if told.is_again => match self.invited(told) {
                Some((by, name, day)) => say!("invite-said-again-by", by = by, name = name, day = day),
                None => say!("invite-said-again").to_owned(),
            },
            (Standing::Ready, Reason::Ready) => say!("invite-said-ready").to_owned(),
            (Standing::Ready, _) => format!("{} {}", say!("invite-said-all-the-same"), words()),
            (Standing::Skip, Reason::AlreadyInvited { .. }) => match self.invited(told) {
                Some((by, name, day)) => say!("invite-said-invited-by", by = by, name = name, day = day),
                None => words(),
            },
            _ => words(),
        }
    }
}

/// What a leader may say of an entry as it is: acts, and their words.
fn decisions(told: &Told, is_changed: bool) -> Vec<(&'static str, &'static str)> {
    let mut decisions = Vec::new();
    match (told.stands, &told.reason) {
        (Standing::Removed, _) => return vec![("put_back", say!("invite-entry-put-back"))],
        (Standing::Check, _) => decisions.push(("accept", say!("invite-entry-accept"))),
        (Standing::Skip, Reason::AlreadyInvited { .. }) if told.is_addition => {
            decisions.push(("accept", say!("invite-entry-accept-too")));
        }
        (Standing::Skip, Reason::AlreadyInvited { .. }) => {
            decisions.push(("again", say!("invite-entry-again")));
        }
        (Standing::Ready, _) if told.is_again => {
            decisions.push(("leave_out", say!("invite-entry-leave-out")));
        }
        (Standing::Skip, _) if told.again == Some(true) => {
            decisions.push(("leave_out", say!("invite-entry-leave-out")));
        }
        (Standing::Ready, reason) if *reason != Reason::Ready || told.accept => {
            decisions.push(("take_back", say!("invite-entry-take-back")));
        }
        _ => {}
    }
    if is_changed {
        decisions.push(("undo", say!("invite-entry-undo")));
    }
    decisions
}

/// Cells that have something in them, side by side.
fn beside(cells: &[&Option<String>]) -> String {
    let cells = cells.iter().filter_map(|cell| cell.as_deref()).filter(|cell| !cell.trim().is_empty());
    cells.collect::<Vec<_>>().join(" · ")
}

impl Row {
    pub(super) fn of(shelf: &Shelf<'_>, told: &Told, was: Standing, entry: &DraftEntry) -> Self {
        let (contact_field, contact_label, contact) = match shelf.channel {
            Channel::Email => ("email", say!("invite-entry-email"), &entry.email),
            Channel::Text => ("phone", say!("invite-entry-phone"), &entry.phone),
        };
        let fields = [
            (contact_field, contact_label, contact),
            ("name", say!("invite-entry-name"), &entry.name),
            ("unit", say!("invite-entry-unit"), &entry.unit),
            ("household", say!("invite-entry-household"), &entry.household),
        ];
        let is_here = told.stands != Standing::Removed;
        let into = if told.reason == Reason::UnknownUnit { "unit" } else { contact_field };
        let pasted = entry.pasted.as_ref().filter(|_| is_here).map(|pasted| {
            let contact = match shelf.channel {
                Channel::Email => &pasted.email,
                Channel::Text => &pasted.phone,
            };
            let pasted = beside(&[contact, &pasted.name, &pasted.unit, &pasted.household]);
            if pasted.is_empty() { say!("invite-nothing").to_owned() } else { pasted }
        });
        Self {
            position: entry.position,
            place: place(told),
            word: word(told.stands),
            title: title(told.stands),
            was: word(was),
            contact: contact.clone().unwrap_or_default(),
            beside: beside(&[&entry.name, &entry.unit, &entry.household]),
            said: shelf.said(told),
            suggestion: told
                .suggestion
                .as_deref()
                .filter(|_| told.stands != Standing::Skip)
                .map(|meant| (into, meant.to_owned())),
            decisions: decisions(told, pasted.is_some()),
            pasted,
            can_remove: is_here,
            can_edit: is_here
                && (told.stands != Standing::Skip || matches!(told.reason, Reason::Duplicate(_))),
            is_open: told.stands == Standing::Fix && told.suggestion.is_none(),
            is_typed: false,
            seen: seen(entry),
            fields: fields
                .map(|(name, label, value)| FieldView {
                    name,
                    label,
                    value: value.clone().unwrap_or_default(),
                })
                .into(),
        }
    }

    /// Puts into its fields what was written and not saved.
    pub(super) fn put(&mut self, mut typed: Typed) {
        for field in &mut self.fields {
            if let Some(text) = typed.take(field.name) {
                field.value = text;
            }
        }
        (self.can_edit, self.is_typed) = (true, true);
    }
}

/// A button that does the same to several entries.
pub(super) struct Several {
    pub(super) act: &'static str,
    pub(super) reason: &'static str,
    pub(super) label: String,
    /// Which entries it is about, in short; empty where it is about the whole list.
    pub(super) seen: String,
}

/// What a button says that does something to so many.
type Label = fn(usize) -> String;

/// What may be odd about several entries alike: a reason's code, and the button that sends all of them anyway.
const ODDITIES: [(&str, Label); 8] = [
    ("same_unit", |count| say!("invite-several-same-unit", count = count)),
    ("same_household", |count| say!("invite-several-same-household", count = count)),
    ("same_person", |count| say!("invite-several-same-person", count = count)),
    ("likely_typo", |count| say!("invite-several-typo", count = count)),
    ("role_address", |count| say!("invite-several-role", count = count)),
    ("disposable_domain", |count| say!("invite-several-disposable", count = count)),
    ("landline", |count| say!("invite-several-landline", count = count)),
    ("unlikely_number", |count| say!("invite-several-unlikely", count = count)),
];

/// What can be done at once to those that are shown.
pub(super) fn several(shown: &[&Told], show: &str, is_resend: bool) -> Vec<Several> {
    // An entry to which something was just done is shown where it stood before.
    let positions_of = |standing: Standing, is_meant: &dyn Fn(&Told) -> bool| -> Vec<_> {
        let those = shown.iter().filter(|told| told.stands == standing && is_meant(told));
        those.map(|told| told.position).collect()
    };
    let whole = |act, label| Several { act, reason: "", label, seen: String::new() };
    let these = |act, reason, label: Label, positions: &[i32]| Several {
        act,
        reason,
        label: label(positions.len()),
        seen: which(positions),
    };
    let mut buttons = Vec::new();
    if show == "skip" {
        let skipped = positions_of(Standing::Skip, &|_| true);
        let invited = positions_of(Standing::Skip, &|told| told.reason.code() == "already_invited").len();
        if invited > 0 {
            buttons.push(whole("resend", say!("invite-several-again", count = invited)));
        }
        if !skipped.is_empty() {
            buttons.push(these("remove", "", |count| say!("invite-several-remove", count = count), &skipped));
        }
    }
    let removed = positions_of(Standing::Removed, &|_| true);
    if show == "removed" && removed.len() > 1 {
        buttons.push(these("put_back", "", |count| say!("invite-several-put-back", count = count), &removed));
    }
    let is_some_again = is_resend || shown.iter().any(|told| told.again == Some(true));
    if is_some_again && matches!(show, "skip" | "ready") {
        buttons.push(whole("no_resend", say!("invite-several-not-again").to_owned()));
    }
    for (code, send_all) in ODDITIES {
        let found = positions_of(Standing::Check, &|told| told.reason.code() == code);
        if matches!(show, "check" | "") && found.len() > 1 {
            buttons.push(these("accept", code, send_all, &found));
        }
    }
    buttons
}

/// Where the form of an entry leads.
pub(super) fn entries_path(draft: DraftId) -> String {
    super::path(draft, "/entries/")
}

//! How one entry of a list is told, and what can be done about it on the spot.

use jiff::{Timestamp, tz::TimeZone};
use porchlight_shared::domain::{Channel, DraftId};

use super::{
    counted,
    seen::{Typed, seen},
};
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

pub(super) const fn title(standing: Standing) -> &'static str {
    match standing {
        Standing::Ready => "Ready",
        Standing::Check => "Check",
        Standing::Fix => "Fix",
        Standing::Skip => "Skip",
        Standing::Removed => "Removed",
    }
}

fn day(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%-d %B %Y").to_string()
}

/// What is said of an entry, where its reason's words are for programs.
pub(super) fn reason_words(reason: &Reason, zone: &TimeZone) -> String {
    match reason {
        Reason::AlreadyInvited { at, by: _ } => {
            format!("This household was invited on {}.", day(*at, zone))
        }
        Reason::Incomplete | Reason::NotAnObject | Reason::UnknownField | Reason::NotText(_) => {
            "A part of this entry could not be kept; write it anew.".to_owned()
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
    /// Who invited the household of an entry, and when.
    fn invited(&self, told: &Told) -> Option<String> {
        let inviter = self.inviters.iter().find(|inviter| Some(inviter.invitation) == told.invited)?;
        let is_own = matches!(self.leader.by, By::Leader(leader) if Some(leader) == inviter.leader);
        let who = match (&inviter.name, inviter.role) {
            _ if is_own => "you",
            (Some(name), _) => name,
            (None, Some(Role::Service)) => "a program",
            (None, Some(Role::Owner)) => "an owner",
            (None, Some(Role::Leader) | None) => "a leader",
        };
        Some(format!("by {who} on {}", day(inviter.at, &self.leader.zone)))
    }

    /// What is said of an entry.
    fn said(&self, told: &Told) -> String {
        let words = || reason_words(&told.reason, &self.leader.zone);
        let invited = || self.invited(told);
        match (told.stands, &told.reason) {
            (Standing::Removed, _) => "It is not sent.".to_owned(),
            (Standing::Ready, _) if told.is_again => invited().map_or_else(
                || "Invited before: it goes again, with the same code.".to_owned(),
                |invited| format!("Invited {invited}. It goes again, with the same code."),
            ),
            (Standing::Ready, Reason::Ready) => "It goes.".to_owned(),
            (Standing::Ready, _) => format!("It goes as it is. {}", words()),
            (Standing::Skip, Reason::AlreadyInvited { .. }) => {
                invited().map_or_else(words, |invited| format!("This household was invited {invited}."))
            }
            _ => words(),
        }
    }
}

/// What a leader may say of an entry as it is: acts, and their words.
fn decisions(told: &Told, is_changed: bool) -> Vec<(&'static str, &'static str)> {
    let mut decisions = Vec::new();
    match (told.stands, &told.reason) {
        (Standing::Removed, _) => return vec![("put_back", "Put it back")],
        (Standing::Check, _) => decisions.push(("accept", "Send anyway")),
        (Standing::Skip, Reason::AlreadyInvited { .. }) if told.is_addition => {
            decisions.push(("accept", "Send the same code here, too"));
        }
        (Standing::Skip, Reason::AlreadyInvited { .. }) => decisions.push(("again", "Send it again")),
        (Standing::Ready, _) if told.is_again => decisions.push(("leave_out", "Leave it out")),
        (Standing::Skip, _) if told.again == Some(true) => decisions.push(("leave_out", "Leave it out")),
        (Standing::Ready, reason) if *reason != Reason::Ready || told.accept => {
            decisions.push(("take_back", "Do not send it yet"));
        }
        _ => {}
    }
    if is_changed {
        decisions.push(("undo", "Undo the change"));
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
            Channel::Email => ("email", "E-mail", &entry.email),
            Channel::Text => ("phone", "Mobile", &entry.phone),
        };
        let fields = [
            (contact_field, contact_label, contact),
            ("name", "Name", &entry.name),
            ("unit", "Unit", &entry.unit),
            ("household", "Household", &entry.household),
        ];
        let is_here = told.stands != Standing::Removed;
        let into = if told.reason == Reason::UnknownUnit { "unit" } else { contact_field };
        let pasted = entry.pasted.as_ref().filter(|_| is_here).map(|pasted| {
            let contact = match shelf.channel {
                Channel::Email => &pasted.email,
                Channel::Text => &pasted.phone,
            };
            let pasted = beside(&[contact, &pasted.name, &pasted.unit, &pasted.household]);
            if pasted.is_empty() { "(nothing)".to_owned() } else { pasted }
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
}

/// What can be done at once to those that are shown.
pub(super) fn several(shown: &[&Told], show: &str, is_resend: bool) -> Vec<Several> {
    let count = |code: &str, standing: Standing| {
        let counted = shown.iter().filter(|told| told.stands == standing && told.reason.code() == code);
        i64::try_from(counted.count()).unwrap_or(i64::MAX)
    };
    let all = i64::try_from(shown.len()).unwrap_or(i64::MAX);
    let mut buttons = Vec::new();
    if show == "skip" {
        let invited = count("already_invited", Standing::Skip);
        if invited > 0 {
            let label =
                format!("Send {} again, with the same code", counted(invited, "invitation", "invitations"));
            buttons.push(Several { act: "resend", reason: "", label });
        }
        if all > 0 {
            let label = format!("Remove {} from the list", counted(all, "skipped entry", "skipped entries"));
            buttons.push(Several { act: "remove", reason: "", label });
        }
    }
    if show == "removed" && all > 1 {
        let label = format!("Put {} back on the list", counted(all, "removed entry", "removed entries"));
        buttons.push(Several { act: "put_back", reason: "", label });
    }
    let is_some_again = is_resend || shown.iter().any(|told| told.again == Some(true));
    if is_some_again && matches!(show, "skip" | "ready") {
        buttons.push(Several {
            act: "no_resend",
            reason: "",
            label: "Do not send anything again".to_owned(),
        });
    }
    for (code, what) in [
        ("same_unit", "of the same unit"),
        ("same_household", "of the same household"),
        ("same_person", "written in two ways"),
        ("likely_typo", "as they are written"),
        ("role_address", "to offices"),
        ("disposable_domain", "at short-lived mailboxes"),
        ("landline", "to landlines"),
        ("unlikely_number", "with unlikely numbers"),
    ] {
        let found = count(code, Standing::Check);
        if matches!(show, "check" | "") && found > 1 {
            let label = format!("Send all {found} {what} anyway");
            buttons.push(Several { act: "accept", reason: code, label });
        }
    }
    buttons
}

/// Where the form of an entry leads.
pub(super) fn entries_path(draft: DraftId) -> String {
    super::path(draft, "/entries/")
}

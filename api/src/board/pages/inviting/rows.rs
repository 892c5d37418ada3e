//! How one entry of a list is told, and what can be done about it on the spot.

use porchlight_shared::domain::{Channel, DraftId};

use super::counted;
use crate::intake::{
    drafts::look::Looked,
    judging::{Reason, Verdict},
};

/// How an entry stands: its verdict, and ready where a leader took a second look.
pub(super) fn standing(looked: &Looked, at: usize) -> Verdict {
    let judged = &looked.judged[at];
    if judged.goes(false) { Verdict::Ready } else { judged.verdict() }
}

pub(super) const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ready => "ready",
        Verdict::Check => "check",
        Verdict::Fix => "fix",
        Verdict::Skip => "skip",
    }
}

pub(super) const fn title(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ready => "Ready",
        Verdict::Check => "Check",
        Verdict::Fix => "Fix",
        Verdict::Skip => "Skip",
    }
}

/// What is said of an entry, where its reason's words are for programs.
pub(super) fn reason_words(reason: &Reason) -> String {
    match reason {
        Reason::AlreadyInvited { at, by: _ } => {
            format!("This household was invited on {}.", at.strftime("%-d %B %Y"))
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
pub(super) struct Row {
    pub(super) position: i32,
    pub(super) place: String,
    pub(super) word: &'static str,
    pub(super) title: &'static str,
    pub(super) contact: String,
    pub(super) beside: String,
    pub(super) said: String,
    /// How it may have been meant, and the field that it is put into.
    pub(super) suggestion: Option<(&'static str, String)>,
    /// What a leader may say of it as it is: the button's act, and its words.
    pub(super) decision: Option<(&'static str, &'static str)>,
    pub(super) can_edit: bool,
    /// Whether the fields stand open.
    pub(super) is_open: bool,
    pub(super) fields: Vec<FieldView>,
}

/// Where an entry is found in what the leader has.
pub(super) fn place(looked: &Looked, at: usize) -> String {
    sentence(&looked.judged[at].place.words()).trim_end_matches('.').to_owned()
}

impl Row {
    pub(super) fn of(looked: &Looked, at: usize) -> Self {
        let (entry, judged) = (&looked.entries[at], &looked.judged[at]);
        let standing = standing(looked, at);
        let is_again = looked.foreseen.again.contains(&at);
        let (contact_field, contact_label, contact) = match looked.draft.channel {
            Channel::Email => ("email", "E-mail", &entry.email),
            Channel::Text => ("phone", "Mobile", &entry.phone),
        };
        let fields = [
            (contact_field, contact_label, contact),
            ("name", "Name", &entry.name),
            ("unit", "Unit", &entry.unit),
            ("household", "Household", &entry.household),
        ];
        let words = reason_words(&judged.reason);
        let is_accepted = standing == Verdict::Ready && judged.verdict() == Verdict::Check;
        let said = match standing {
            Verdict::Ready if is_again => "Invited before: it goes once more, with the same code.".to_owned(),
            Verdict::Ready if is_accepted => format!("It goes as it is. {words}"),
            Verdict::Ready => "It goes.".to_owned(),
            _ => words,
        };
        let beside = [&entry.name, &entry.unit, &entry.household];
        let beside: Vec<_> =
            beside.into_iter().flatten().map(String::as_str).filter(|cell| !cell.trim().is_empty()).collect();
        let into = if judged.reason == Reason::UnknownUnit { "unit" } else { contact_field };
        Self {
            position: entry.position,
            place: place(looked, at),
            word: word(standing),
            title: title(standing),
            contact: contact.clone().unwrap_or_default(),
            beside: beside.join(" · "),
            said,
            suggestion: judged
                .suggestion
                .clone()
                .filter(|_| standing != Verdict::Skip)
                .map(|meant| (into, meant)),
            decision: match standing {
                Verdict::Check => Some(("accept", "Send anyway")),
                Verdict::Skip if looked.foreseen.additions.contains(&at) => {
                    Some(("accept", "Send the same code here, too"))
                }
                Verdict::Ready if is_accepted || judged.accept => Some(("take_back", "Do not send it yet")),
                _ => None,
            },
            can_edit: standing != Verdict::Skip || matches!(judged.reason, Reason::Duplicate(_)),
            is_open: standing == Verdict::Fix && judged.suggestion.is_none(),
            fields: fields
                .map(|(name, label, value)| FieldView {
                    name,
                    label,
                    value: value.clone().unwrap_or_default(),
                })
                .into(),
        }
    }
}

/// A button that does the same to several entries.
pub(super) struct Several {
    pub(super) act: &'static str,
    pub(super) reason: &'static str,
    pub(super) label: String,
}

/// What can be done at once to those that are shown.
pub(super) fn several(looked: &Looked, shown: &[usize], show: &str, is_resend: bool) -> Vec<Several> {
    let count = |code: &str, verdict: Verdict| {
        let counted = shown
            .iter()
            .filter(|at| standing(looked, **at) == verdict && looked.judged[**at].reason.code() == code);
        i64::try_from(counted.count()).unwrap_or(i64::MAX)
    };
    let mut buttons = Vec::new();
    if show == "skip" {
        let invited = count("already_invited", Verdict::Skip);
        if invited > 0 && !is_resend {
            let label =
                format!("Send {} again, with the same code", counted(invited, "invitation", "invitations"));
            buttons.push(Several { act: "resend", reason: "", label });
        }
        if !shown.is_empty() {
            let all = i64::try_from(shown.len()).unwrap_or(i64::MAX);
            let label = format!("Remove {} from the list", counted(all, "skipped entry", "skipped entries"));
            buttons.push(Several { act: "remove", reason: "", label });
        }
    }
    if is_resend && matches!(show, "skip" | "ready") {
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
        let found = count(code, Verdict::Check);
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

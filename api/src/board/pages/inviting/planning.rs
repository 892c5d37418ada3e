//! The form that says how a list is sent: read, checked, and given back as it was typed where it does not fit.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use porchlight_shared::domain::Channel;
use serde::Deserialize;

use crate::{
    board::session::Leader,
    intake::{
        ledger::plans::Plan,
        request::{CONSENT_CHARACTERS, NOTE_CHARACTERS},
    },
};

/// How moments are typed: as browsers write them into such fields.
const MOMENT: &str = "%Y-%m-%dT%H:%M";

/// The form, as it was sent.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    pub(super) note: String,
    /// `later`, or at once.
    #[serde(default)]
    pub(super) when: String,
    #[serde(default)]
    pub(super) send_at: String,
    #[serde(default)]
    pub(super) not_after: String,
    #[serde(default)]
    pub(super) consent: String,
    /// `on`: to the next page; else back to this one.
    #[serde(default)]
    pub(super) go: String,
}

/// What is wrong with which field.
pub(super) type Fault = (&'static str, String);

impl Asked {
    /// The form as a plan fills it.
    pub(super) fn of(plan: &Plan, zone: &TimeZone) -> Self {
        let written = |at: Option<Timestamp>| {
            at.map(|at| at.to_zoned(zone.clone()).strftime(MOMENT).to_string()).unwrap_or_default()
        };
        Self {
            note: plan.note.clone().unwrap_or_default(),
            when: if plan.send_at.is_some() { "later" } else { "now" }.to_owned(),
            send_at: written(plan.send_at),
            not_after: written(plan.not_after),
            consent: plan.consent.clone().unwrap_or_default(),
            go: String::new(),
        }
    }

    /// The plan that it asks for.
    ///
    /// # Errors
    /// When a field does not fit. To go on, consent must be there where texts need it.
    pub(super) fn plan(&self, leader: &Leader, channel: Channel) -> Result<Plan, Fault> {
        let is_text = channel == Channel::Text;
        let note = Some(lines(&self.note)).filter(|note| !note.is_empty() && !is_text);
        if let Some(note) = &note {
            check("note", note, NOTE_CHARACTERS)?;
        }
        let consent = Some(lines(&self.consent)).filter(|consent| !consent.is_empty() && is_text);
        match &consent {
            Some(consent) => check("consent", consent, CONSENT_CHARACTERS)?,
            None if is_text && self.go == "on" => {
                return Err(("consent", say!("invite-no-consent").to_owned()));
            }
            None => {}
        }
        if consent.as_ref().is_some_and(|consent| consent.chars().count() < 3) {
            return Err(("consent", say!("invite-message-consent-short").to_owned()));
        }
        let send_at = if self.when == "later" { read("send_at", &self.send_at, leader)? } else { None };
        if self.when != "later" && !self.send_at.trim().is_empty() {
            return Err(("send_at", say!("invite-when-not-chosen").to_owned()));
        }
        if self.when == "later" && send_at.is_none() {
            return Err(("send_at", say!("invite-when-missing").to_owned()));
        }
        if send_at.is_some_and(|at| at <= leader.now) {
            return Err(("send_at", say!("invite-when-passed").to_owned()));
        }
        let not_after = read("not_after", &self.not_after, leader)?;
        if not_after.is_some_and(|until| until <= send_at.unwrap_or(leader.now)) {
            return Err(("not_after", say!("invite-when-too-early").to_owned()));
        }
        Ok(Plan { note, send_at, not_after, consent, ..Plan::default() })
    }
}

/// A text with our line ends, and none at its ends.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").trim().to_owned()
}

fn check(field: &'static str, text: &str, most: usize) -> Result<(), Fault> {
    let found = text.chars().count();
    if found > most {
        return Err((field, say!("invite-message-too-long", found = found, most = most)));
    }
    if text.contains(|c: char| c.is_control() && c != '\n') {
        return Err((field, say!("invite-message-unprintable").to_owned()));
    }
    Ok(())
}

/// A moment on the community's clocks.
fn read(field: &'static str, typed: &str, leader: &Leader) -> Result<Option<Timestamp>, Fault> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let at = typed.parse::<DateTime>().ok();
    let at = at.and_then(|at| leader.zone.to_ambiguous_timestamp(at).later().ok());
    at.map(Some).ok_or_else(|| (field, say!("invite-when-unread").to_owned()))
}

//! What is said of a community, parsed at the door: the page, the HTTP API and the command line take the same.

use jiff::tz::TimeZone;
use porchlight_shared::domain::{
    Colour, TextWindow,
    segments::{Encoding, Segments},
};
use url::Url;

use super::{Logo, Settings};
use crate::join::newcomer::{self, Unreadable};

/// The longest name, in characters.
pub const NAME_CHARACTERS: usize = 120;
/// The longest short name, in characters of GSM-7.
pub const SHORT_NAME_UNITS: usize = 20;
const POSTAL_ADDRESS_CHARACTERS: usize = 300;
const CONTACT_CHARACTERS: usize = 200;
const PORTAL_CHARACTERS: usize = 300;

/// A field that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Which.
    pub field: &'static str,
    /// What is wrong, and what to do.
    pub mend: String,
}

impl Misfit {
    /// What is wrong with a field.
    #[must_use]
    pub fn new(field: &'static str, mend: &str) -> Self {
        Self { field, mend: mend.to_owned() }
    }
}

/// What is to be changed, as it was typed. `None`: nothing is said of it.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Full name.
    pub name: Option<String>,
    /// Name in texts.
    pub short_name: Option<String>,
    /// `#rrggbb`.
    pub colour: Option<String>,
    /// In one line or several.
    pub postal_address: Option<String>,
    /// An e-mail address or a phone number.
    pub contact: Option<String>,
    /// IANA name.
    pub time_zone: Option<String>,
    /// In the syntax of `PORCHLIGHT_TEXT_WINDOW`; empty: the installation's.
    pub text_window: Option<String>,
    /// A web address; empty: none.
    pub portal_url: Option<String>,
    /// Whether there is no logo.
    pub no_logo: Option<bool>,
    /// A new picture, in the ledger already.
    pub logo: Option<[u8; 32]>,
}

impl Change {
    /// The settings once it is made. What is said again as it stands is not looked at.
    ///
    /// # Errors
    /// Every field that does not fit, or would be emptied although it is needed.
    pub fn apply(&self, old: &Settings) -> Result<Settings, Vec<Misfit>> {
        let mut new = old.clone();
        let mut misfits = Vec::new();
        let mut refuse = |field, mend: String| misfits.push(Misfit { field, mend });
        if let Some(said) = differs(self.name.as_deref(), &old.name) {
            match name(said) {
                Ok(name) => new.name = name,
                Err(mend) => refuse("name", mend),
            }
        }
        if let Some(said) = self.short_name.as_deref() {
            match said.trim() {
                "" if old.open.short_name => {}
                same if same == old.short_name && !old.open.short_name => {}
                said => match short_name(said) {
                    Ok(name) => (new.short_name, new.open.short_name) = (name, false),
                    Err(mend) => refuse("short_name", mend),
                },
            }
        }
        let before = old.colour.map(|colour| colour.to_string());
        match needed(self.colour.as_deref(), before.as_deref(), colour) {
            Ok(Some(colour)) => new.colour = Some(colour),
            Ok(None) => {}
            Err(mend) => refuse("colour", mend),
        }
        match needed(self.postal_address.as_deref(), old.postal_address.as_deref(), postal_address) {
            Ok(Some(address)) => new.postal_address = Some(address),
            Ok(None) => {}
            Err(mend) => refuse("postal_address", mend),
        }
        match needed(self.contact.as_deref(), old.contact.as_deref(), |said| contact(said, &old.country)) {
            Ok(Some(contact)) => new.contact = Some(contact),
            Ok(None) => {}
            Err(mend) => refuse("contact", mend),
        }
        if let Some(said) = self.time_zone.as_deref().map(str::trim) {
            match said {
                "" if old.open.time_zone => {}
                same if same == old.time_zone => new.open.time_zone = false,
                said => match time_zone(said) {
                    Ok(zone) => (new.time_zone, new.open.time_zone) = (zone, false),
                    Err(mend) => refuse("time_zone", mend),
                },
            }
        }
        if let Some(said) = self.text_window.as_deref().map(str::trim) {
            match text_window(said, old.text_window.as_ref()) {
                Ok(window) => (new.text_window, new.open.text_window) = (window, false),
                Err(mend) => refuse("text_window", mend),
            }
        }
        if let Some(said) = differs(self.portal_url.as_deref(), old.portal_url.as_deref().unwrap_or_default())
        {
            match portal_url(said) {
                Ok(portal) => new.portal_url = portal,
                Err(mend) => refuse("portal_url", mend),
            }
        }
        match (self.logo, self.no_logo, old.logo) {
            (Some(logo), ..) => new.logo = Logo::Some(logo),
            (None, Some(true), _) => new.logo = Logo::None,
            (None, Some(false), Logo::None) => {
                refuse("logo", say!("settings-misfit-logo").to_owned());
            }
            (None, Some(false) | None, _) => {}
        }
        if misfits.is_empty() { Ok(new) } else { Err(misfits) }
    }
}

/// What was said, if it is anything new.
fn differs<'a>(said: Option<&'a str>, old: &str) -> Option<&'a str> {
    said.map(str::trim).filter(|said| *said != old)
}

/// Reads a field that may be missing, but not be emptied. `None`: it stays as it is.
fn needed<T>(
    said: Option<&str>,
    old: Option<&str>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    let same = |said: &str| said.replace("\r\n", "\n") == old.unwrap_or_default();
    match said.map(str::trim) {
        None => Ok(None),
        Some(said) if same(said) => Ok(None),
        Some("") => Err(say!("settings-misfit-emptied").to_owned()),
        Some(said) => read(said).map(Some),
    }
}

fn bounded(said: &str, longest: usize) -> Result<(), String> {
    let found = said.chars().count();
    if found > longest {
        return Err(say!("settings-misfit-long", count = found, most = longest));
    }
    Ok(())
}

fn one_line(said: &str, longest: usize) -> Result<String, String> {
    if said.contains(char::is_control) {
        return Err(say!("settings-misfit-lines").to_owned());
    }
    bounded(said, longest)?;
    Ok(said.to_owned())
}

/// A community's name.
///
/// # Errors
/// Says what is wrong.
pub fn name(said: &str) -> Result<String, String> {
    if said.is_empty() {
        return Err(say!("settings-misfit-name").to_owned());
    }
    one_line(said, NAME_CHARACTERS)
}

/// A name in texts: in the alphabet of text messages, because any other would make them dearer.
///
/// # Errors
/// Says what is wrong.
pub fn short_name(said: &str) -> Result<String, String> {
    let said = one_line(said.trim(), SHORT_NAME_UNITS * 4)?;
    let Segments { encoding, units, .. } = Segments::of(&said);
    if said.is_empty() {
        return Err(say!("settings-misfit-short-name").to_owned());
    }
    if encoding != Encoding::Gsm7 {
        let odd = said.chars().find(|c| porchlight_shared::domain::segments::septets(*c).is_none());
        let odd = odd.map(String::from).unwrap_or_default();
        return Err(say!("settings-misfit-short-name-letter", letter = odd));
    }
    if units > SHORT_NAME_UNITS {
        return Err(say!("settings-misfit-short-name-long", count = units, most = SHORT_NAME_UNITS));
    }
    Ok(said)
}

/// A colour on which white text can be read.
///
/// # Errors
/// Says what is wrong, and which colour would do.
pub fn colour(said: &str) -> Result<Colour, String> {
    let lower = said.to_ascii_lowercase();
    let colour: Colour = lower.parse().map_err(|_| say!("settings-misfit-colour").to_owned())?;
    if colour.under_white() < Colour::READABLE {
        return Err(say!(
            "settings-misfit-colour-light",
            contrast = format!("{:.1}", colour.under_white()),
            darker = colour.for_white().to_string(),
        ));
    }
    Ok(colour)
}

/// A postal address, in one line or several.
///
/// # Errors
/// Says what is wrong.
pub fn postal_address(said: &str) -> Result<String, String> {
    let lines: Vec<_> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let said = lines.join("\n");
    if said.is_empty() {
        return Err(say!("settings-misfit-postal-address").to_owned());
    }
    if said.contains(|c: char| c.is_control() && c != '\n') || lines.len() > 8 {
        return Err(say!("settings-misfit-postal-address-lines").to_owned());
    }
    bounded(&said, POSTAL_ADDRESS_CHARACTERS)?;
    Ok(said)
}

/// Whom residents ask: an address that can be written to, or a number that can be called.
///
/// # Errors
/// Says what is wrong.
pub fn contact(said: &str, country: &str) -> Result<String, String> {
    let said = one_line(said, CONTACT_CHARACTERS)?;
    match newcomer::reached(&said, country) {
        Ok(_) => Ok(said),
        Err(Unreadable::Email) => Err(say!("settings-misfit-contact-email").to_owned()),
        Err(Unreadable::Neither) => Err(say!("settings-misfit-contact").to_owned()),
    }
}

/// Whom residents ask, as the operator may put it: in any words.
///
/// # Errors
/// Says what is wrong.
pub fn contact_in_words(said: &str) -> Result<String, String> {
    if said.is_empty() {
        return Err("It is empty.".to_owned());
    }
    one_line(said, CONTACT_CHARACTERS)
}

/// An IANA time zone.
///
/// # Errors
/// Says what is wrong.
pub fn time_zone(said: &str) -> Result<String, String> {
    match TimeZone::get(said).ok().as_ref().and_then(TimeZone::iana_name) {
        Some(name) => Ok(name.to_owned()),
        None => Err(say!("settings-misfit-time-zone").to_owned()),
    }
}

fn text_window(said: &str, old: Option<&TextWindow>) -> Result<Option<TextWindow>, String> {
    if said.is_empty() {
        return Ok(None);
    }
    let window: TextWindow = said.parse().map_err(|error| format!("{error}."))?;
    if window.hours().is_none() && old != Some(&window) {
        return Err(say!("settings-misfit-text-window-wide").to_owned());
    }
    Ok(Some(window))
}

/// Where residents go once they have joined; `None` when nothing is said.
///
/// # Errors
/// Says what is wrong.
pub fn portal_url(said: &str) -> Result<Option<String>, String> {
    if said.is_empty() {
        return Ok(None);
    }
    bounded(said, PORTAL_CHARACTERS)?;
    let fits = Url::parse(said).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
        && (said.starts_with("https://") || said.starts_with("http://"))
        && !said.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>'));
    if fits { Ok(Some(said.to_owned())) } else { Err(say!("settings-misfit-portal-url").to_owned()) }
}

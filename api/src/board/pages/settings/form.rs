//! The form as it was typed, and what it asks for.

use std::collections::HashMap;

use axum::extract::Multipart;

use super::choices::{DAYS, SWATCHES};
use crate::settings::{
    Logo, Settings,
    fields::{Change, Misfit},
    logo::{MAX_BYTES, Picture},
};

/// The order of the page.
const ORDER: [&str; 9] = [
    "name",
    "short_name",
    "logo",
    "colour",
    "postal_address",
    "contact",
    "time_zone",
    "text_window",
    "portal_url",
];
/// The longest value that is looked at, in bytes.
const LONGEST: usize = 4_000;

/// What stands in the form.
#[derive(Debug, Default)]
pub(super) struct Typed {
    pub(super) name: String,
    pub(super) short_name: String,
    pub(super) no_logo: bool,
    /// A swatch, `own`, or nothing.
    pub(super) pick: String,
    /// A colour of one's own.
    pub(super) own_colour: String,
    pub(super) postal_address: String,
    pub(super) contact: String,
    pub(super) time_zone: String,
    /// `usual`, `own`, `keep`, or nothing.
    pub(super) times: String,
    /// From and to, for each of the page's days; empty: no texts.
    pub(super) hours: [(String, String); 3],
    pub(super) portal_url: String,
}

/// The hours of each of the page's days. `None`: they cannot be shown so.
fn hours(settings: &Settings) -> Option<[(String, String); 3]> {
    let week = settings.text_window.as_ref()?.hours()?;
    let mut all: [(String, String); 3] = std::array::from_fn(|_| (String::new(), String::new()));
    for (place, (_, _, days)) in DAYS.iter().enumerate() {
        let of = |day: usize| -> Vec<_> {
            week.iter().filter(|on| on.0 == day).map(|on| (&on.1, &on.2)).collect()
        };
        let first = of(days.start);
        if days.clone().any(|day| of(day) != first) || first.len() > 1 {
            return None;
        }
        if let Some((from, to)) = first.first() {
            if !from.ends_with(":00") && !from.ends_with(":30")
                || !to.ends_with(":00") && !to.ends_with(":30")
            {
                return None;
            }
            all[place] = ((*from).clone(), (*to).clone());
        }
    }
    Some(all)
}

/// Whether the window cannot be shown in the form, only kept.
pub(super) fn is_special(settings: &Settings) -> bool {
    settings.text_window.is_some() && hours(settings).is_none()
}

/// As they stand on the page.
pub(super) fn in_order(misfits: &mut [Misfit]) {
    misfits.sort_by_key(|misfit| ORDER.iter().position(|field| *field == misfit.field));
}

impl Typed {
    /// The form as it is filled in from the ledger.
    pub(super) fn of(settings: &Settings) -> Self {
        let colour = settings.colour.map(|colour| colour.to_string()).unwrap_or_default();
        let picked = SWATCHES.iter().any(|(_, swatch)| *swatch == colour);
        let usual = [("09:00", "20:00"), ("09:00", "20:00"), ("12:00", "20:00")];
        let usual = usual.map(|(from, to)| (from.to_owned(), to.to_owned()));
        Self {
            name: settings.name.clone(),
            short_name: settings.short_name.clone(),
            no_logo: settings.logo == Logo::None,
            pick: match colour.as_str() {
                "" => String::new(),
                colour if picked => colour.to_owned(),
                _ => "own".to_owned(),
            },
            own_colour: if picked { String::new() } else { colour },
            postal_address: settings.postal_address.clone().unwrap_or_default(),
            contact: settings.contact.clone().unwrap_or_default(),
            time_zone: if settings.open.time_zone { String::new() } else { settings.time_zone.clone() },
            times: match &settings.text_window {
                _ if settings.open.text_window => "",
                None => "usual",
                Some(_) if is_special(settings) => "keep",
                Some(_) => "own",
            }
            .to_owned(),
            hours: hours(settings).unwrap_or(usual),
            portal_url: settings.portal_url.clone().unwrap_or_default(),
        }
    }

    /// Reads a form, and the file in it. A file that is larger than it may be is not kept, but told.
    pub(super) async fn read(mut form: Multipart) -> (Self, Option<Vec<u8>>) {
        let (mut values, mut file) = (HashMap::new(), None);
        while let Ok(Some(mut field)) = form.next_field().await {
            let name = field.name().unwrap_or_default().to_owned();
            let longest = if name == "logo" { MAX_BYTES } else { LONGEST };
            let mut bytes = Vec::new();
            while let Ok(Some(chunk)) = field.chunk().await {
                // One more than may be is enough to say so.
                let room = (longest + 1).saturating_sub(bytes.len());
                bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
            }
            if name == "logo" {
                file = Some(bytes).filter(|bytes| !bytes.is_empty());
            } else {
                values.insert(name, String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        let mut take = |name: &str| values.remove(name).unwrap_or_default();
        let suggested = take("suggested");
        let (pick, own_colour) = (take("pick"), take("own_colour"));
        let typed = Self {
            name: take("name"),
            short_name: take("short_name"),
            no_logo: take("no_logo") == "yes",
            pick: if suggested.is_empty() { pick } else { "own".to_owned() },
            own_colour: if suggested.is_empty() { own_colour } else { suggested },
            postal_address: take("postal_address"),
            contact: take("contact"),
            time_zone: take("time_zone"),
            times: take("times"),
            hours: DAYS.map(|(word, ..)| (take(&format!("{word}_from")), take(&format!("{word}_to")))),
            portal_url: take("portal_url"),
        };
        (typed, file)
    }

    /// The colour that is chosen.
    pub(super) fn colour(&self) -> String {
        if self.pick == "own" { self.own_colour.trim().to_owned() } else { self.pick.clone() }
    }

    /// What is asked for: the change, the new picture, and what does not fit of the form itself.
    pub(super) fn change(&self, file: Option<Vec<u8>>) -> (Change, Option<Picture>, Vec<Misfit>) {
        let mut misfits = Vec::new();
        let picture = file.and_then(|file| match Picture::read(&file) {
            Ok(picture) => Some(picture),
            Err(mend) => {
                misfits.push(Misfit { field: "logo", mend });
                None
            }
        });
        let text_window = match self.times.as_str() {
            "usual" => Some(String::new()),
            "own" => match self.window() {
                Ok(window) => Some(window),
                Err(mend) => {
                    misfits.push(Misfit { field: "text_window", mend: mend.to_owned() });
                    None
                }
            },
            _ => None,
        };
        let said = |value: &str| Some(value.to_owned());
        let change = Change {
            name: said(&self.name),
            short_name: said(&self.short_name),
            colour: said(&self.colour()),
            postal_address: said(&self.postal_address),
            contact: said(&self.contact),
            time_zone: said(&self.time_zone),
            text_window,
            portal_url: said(&self.portal_url),
            no_logo: Some(self.no_logo),
            logo: picture.as_ref().map(|picture| picture.sha256),
        };
        (change, picture, misfits)
    }

    /// The window that the days' times make.
    fn window(&self) -> Result<String, &'static str> {
        let mut parts = Vec::new();
        for ((_, _, days), (from, to)) in DAYS.iter().zip(&self.hours) {
            match (from.is_empty(), to.is_empty()) {
                (true, true) => continue,
                (false, false) if from < to => {}
                (false, false) => return Err("Each day’s first time has to be before its last."),
                _ => return Err("Choose both times of a day, or “no texts” twice."),
            }
            let range = match days.start {
                0 => "Mon-Fri",
                5 => "Sat",
                _ => "Sun",
            };
            parts.push(format!("{range} {from}-{to}"));
        }
        if parts.is_empty() { Err("Choose times for at least one day.") } else { Ok(parts.join("; ")) }
    }
}

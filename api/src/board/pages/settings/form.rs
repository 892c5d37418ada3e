//! The form as it was typed, and what it asks for.

use std::collections::HashMap;

use axum::extract::{Multipart, multipart::MultipartError};

use super::choices::{DAYS, swatches};
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
/// What a form sends beside the file.
const FIELDS: [&str; 20] = [
    "name",
    "short_name",
    "no_logo",
    "pick",
    "own_colour",
    "suggested",
    "postal_address",
    "contact",
    "time_zone",
    "times",
    "portal_url",
    "seen",
    "shown_colour",
    "shown_hours",
    "week_from",
    "week_to",
    "saturday_from",
    "saturday_to",
    "sunday_from",
    "sunday_to",
];
/// The times of the page's days.
const DAYS_SENT: [(&str, &str); 3] =
    [("week_from", "week_to"), ("saturday_from", "saturday_to"), ("sunday_from", "sunday_to")];
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
    /// The mark of the settings that it was filled from.
    pub(super) seen: String,
    /// What stood in the fields that count only where they are ticked, when it was shown.
    shown: Option<(String, String)>,
    /// Fields that were not sent.
    unsaid: Vec<&'static str>,
}

/// The hours of each of the page's days. `None`: they cannot be shown so.
fn hours(settings: &Settings) -> Option<[(String, String); 3]> {
    let week = settings.text_window.as_ref()?.hours()?;
    let mut all: [(String, String); 3] = std::array::from_fn(|_| (String::new(), String::new()));
    for (place, (_, days)) in DAYS.iter().enumerate() {
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
        let picked = swatches().iter().any(|swatch| swatch.colour == colour);
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
            seen: settings.mark(),
            ..Self::default()
        }
    }

    /// Reads a form, and the file in it. A file that is larger than it may be is not kept, but told; what was not sent stands as
    /// it did.
    ///
    /// # Errors
    /// When the form does not arrive whole.
    pub(super) async fn read(
        mut form: Multipart,
        settings: &Settings,
    ) -> Result<(Self, Option<Vec<u8>>), MultipartError> {
        let (mut values, mut file, mut has_file) = (HashMap::new(), None, false);
        while let Some(mut field) = form.next_field().await? {
            let name = field.name().unwrap_or_default().to_owned();
            if name != "logo" && !FIELDS.contains(&&*name) {
                continue;
            }
            let longest = if name == "logo" { MAX_BYTES } else { LONGEST };
            let mut bytes = Vec::new();
            while let Some(chunk) = field.chunk().await? {
                // One more than may be is enough to say so.
                let room = (longest + 1).saturating_sub(bytes.len());
                bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
            }
            if name == "logo" {
                has_file = true;
                file = Some(bytes).filter(|bytes| !bytes.is_empty());
            } else {
                values.insert(name, String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        let before = Self::of(settings);
        let mut unsaid = Vec::new();
        let mut take = |name: &'static str, before: String| {
            values.remove(name).unwrap_or_else(|| {
                unsaid.push(name);
                before
            })
        };
        let suggested = take("suggested", String::new());
        // Nothing is ticked where nothing is sent, and what is not there cannot be ticked.
        let (pick, own_colour) = (take("pick", before.pick), take("own_colour", before.own_colour));
        let shown = (take("shown_colour", String::new()), take("shown_hours", String::new()));
        let mut hours = before.hours.into_iter();
        let typed = Self {
            name: take("name", before.name),
            short_name: take("short_name", before.short_name),
            no_logo: take("no_logo", String::new()) == "yes" || !has_file && before.no_logo,
            pick: if suggested.is_empty() { pick } else { "own".to_owned() },
            own_colour: if suggested.is_empty() { own_colour } else { suggested },
            postal_address: take("postal_address", before.postal_address),
            contact: take("contact", before.contact),
            time_zone: take("time_zone", before.time_zone),
            times: take("times", before.times),
            hours: DAYS_SENT.map(|(from, to)| {
                let (open, close) = hours.next().unwrap_or_default();
                (take(from, open), take(to, close))
            }),
            portal_url: take("portal_url", before.portal_url),
            seen: take("seen", String::new()),
            ..Self::default()
        };
        let is_shown = !unsaid.contains(&"shown_colour") && !unsaid.contains(&"shown_hours");
        let shown = is_shown.then_some(shown);
        Ok((Self { shown, unsaid, ..typed }, file))
    }

    /// The colour that is chosen.
    pub(super) fn colour(&self) -> String {
        if self.pick == "own" { self.own_colour.trim().to_owned() } else { self.pick.clone() }
    }

    /// The times of the days, as the form remembers that it showed them.
    pub(super) fn hours_in_one(&self) -> String {
        self.hours.iter().fold(String::new(), |all, (from, to)| all + from + "-" + to + ";")
    }

    /// Ticks what was written but not ticked, and says so: which of both is meant, only the leader knows.
    fn tick(&mut self, misfits: &mut Vec<Misfit>) {
        let Some((colour, hours)) = self.shown.take() else { return };
        let is_written = !self.own_colour.trim().is_empty() && self.own_colour.trim() != colour.trim();
        if self.pick != "own" && is_written {
            if !self.pick.is_empty() {
                misfits.push(Misfit::new("colour", say!("settings-misfit-colour-ticked")));
            }
            "own".clone_into(&mut self.pick);
        }
        if self.times != "own" && self.hours_in_one() != hours {
            misfits.push(Misfit::new("text_window", say!("settings-misfit-text-window-ticked")));
            "own".clone_into(&mut self.times);
        }
    }

    /// What is asked for: the change, the new picture, and what does not fit of the form itself.
    pub(super) fn change(&mut self, file: Option<Vec<u8>>) -> (Change, Option<Picture>, Vec<Misfit>) {
        let mut misfits = Vec::new();
        self.tick(&mut misfits);
        let picture = file.and_then(|file| match Picture::read(&file) {
            Ok(picture) => Some(picture),
            Err(mend) => {
                misfits.push(Misfit::new("logo", mend));
                None
            }
        });
        let text_window = match self.times.as_str() {
            "usual" => Some(String::new()),
            "own" => match self.window() {
                Ok(window) => Some(window),
                Err(mend) => {
                    misfits.push(Misfit::new("text_window", mend));
                    None
                }
            },
            _ => None,
        };
        let said = |name, value: &str| (!self.unsaid.contains(&name)).then(|| value.to_owned());
        let is_coloured = ["pick", "own_colour", "suggested"].iter().any(|name| !self.unsaid.contains(name));
        let change = Change {
            name: said("name", &self.name),
            short_name: said("short_name", &self.short_name),
            colour: is_coloured.then(|| self.colour()),
            postal_address: said("postal_address", &self.postal_address),
            contact: said("contact", &self.contact),
            time_zone: said("time_zone", &self.time_zone),
            text_window,
            portal_url: said("portal_url", &self.portal_url),
            no_logo: Some(self.no_logo),
            logo: picture.as_ref().map(|picture| picture.sha256),
        };
        (change, picture, misfits)
    }

    /// The window that the days' times make.
    fn window(&self) -> Result<String, &'static str> {
        let mut parts = Vec::new();
        for ((_, days), (from, to)) in DAYS.iter().zip(&self.hours) {
            match (from.is_empty(), to.is_empty()) {
                (true, true) => continue,
                (false, false) if from < to => {}
                (false, false) => return Err(say!("settings-misfit-text-window-order")),
                _ => return Err(say!("settings-misfit-text-window-half")),
            }
            let range = match days.start {
                0 => "Mon-Fri",
                5 => "Sat",
                _ => "Sun",
            };
            parts.push(format!("{range} {from}-{to}"));
        }
        if parts.is_empty() { Err(say!("settings-misfit-text-window-none")) } else { Ok(parts.join("; ")) }
    }
}

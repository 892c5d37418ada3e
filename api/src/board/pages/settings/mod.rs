//! `/settings`: the checklist, and everything that is on it. One form, so that nothing that was typed is lost; its faults stand
//! beside their fields. [`form`] reads it, [`choices`] is what can be chosen, [`hours`] tells times, [`channels`] says which ways
//! out there are.

mod channels;
mod choices;
mod form;
mod hours;

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{DefaultBodyLimit, Multipart, Query as Parameters, State, multipart::MultipartRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use porchlight_shared::domain::{Colour, segments::Segments};
use serde::Deserialize;

use self::{
    channels::Way,
    choices::{Day, Swatch, Zones},
    form::Typed,
};
use super::{Frame, Place, astray, board_with};
use crate::{
    access::Role,
    board::session::{Leader, SameOrigin, Turned},
    pages::leaders,
    settings::{
        Needed, Settings,
        fields::{Misfit, SHORT_NAME_UNITS},
        ledger::{self, Saved},
    },
    state::AppState,
};

/// A picture that is too large is told so, and not cut off.
const LARGEST_FORM: usize = 16 * 1024 * 1024;

/// How much the form may hold.
pub(super) fn body() -> DefaultBodyLimit {
    DefaultBodyLimit::max(LARGEST_FORM)
}

#[derive(Template)]
#[template(path = "board/settings.html")]
struct SettingsPage<'a> {
    frame: Frame<'a>,
    section: &'static str,
    owner: bool,
    ready: bool,
    missing: Vec<Needed>,
    told: Option<&'static str>,
    /// Whether somebody changed them since they were shown.
    is_overtaken: bool,
    misfits: &'a [Misfit],
    typed: &'a Typed,
    /// The colour that the preview shows.
    shown: Colour,
    contrast: String,
    /// What would do in place of a colour that is too light.
    suggestion: Option<String>,
    swatches: [Swatch; 8],
    logo: Option<String>,
    /// The name with which a text begins, and how much room it takes.
    short: &'a str,
    places: usize,
    most_places: usize,
    /// How an invitation looks on light paper and on dark: what it says, the paper, the ink.
    previews: [(&'static str, &'static str, &'static str); 2],
    zones: Zones,
    usual: String,
    /// A window that the form cannot show.
    special: Option<String>,
    days: [Day; 3],
    ways: Vec<Way>,
}

impl SettingsPage<'_> {
    fn fault(&self, field: &str) -> Option<&str> {
        self.misfits.iter().find(|misfit| misfit.field == field).map(|misfit| misfit.mend.as_str())
    }

    /// What marks a field that is at fault; the first of them has the focus.
    fn marks(&self, field: &str) -> String {
        let Some(place) = self.misfits.iter().position(|misfit| misfit.field == field) else {
            return String::new();
        };
        let focus = if place == 0 { " autofocus" } else { "" };
        format!(" aria-invalid=\"true\"{focus}")
    }

    /// What describes a field: its fault, if it has one, then its explanation.
    fn described(&self, field: &str) -> String {
        if self.fault(field).is_some() {
            format!("{field}-fault {field}-means")
        } else {
            format!("{field}-means")
        }
    }

    /// As much of the name as the preview has room for.
    fn brief_name(&self) -> String {
        let mut letters = self.typed.name.chars();
        let begin: String = letters.by_ref().take(24).collect();
        if letters.next().is_some() { format!("{}…", begin.trim_end()) } else { begin }
    }
}

/// What was just done.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Parameters(done): Parameters<Done>,
) -> Result<Response, Turned> {
    let settings = ledger::read(&mut *state.pool.acquire().await?, leader.community).await?;
    let typed = Typed::of(&settings);
    let told = match done.done.as_deref() {
        Some("saved") => Some(say!("settings-saved")),
        Some("ready") => Some(say!("settings-saved-ready")),
        Some("test") => Some(say!("settings-sample-sent")),
        _ => None,
    };
    settings_page(&state, &leader, &settings, &typed, told, &[], false).await
}

async fn settings_page(
    state: &AppState,
    leader: &Leader,
    settings: &Settings,
    typed: &Typed,
    told: Option<&'static str>,
    misfits: &[Misfit],
    is_overtaken: bool,
) -> Result<Response, Turned> {
    let said: Option<Colour> = typed.colour().to_ascii_lowercase().parse().ok();
    let shown = said.or(settings.colour).unwrap_or(Colour::DEFAULT);
    let readable = shown.under_white() >= Colour::READABLE;
    let short = if typed.short_name.trim().is_empty() { &settings.short_name } else { &typed.short_name };
    let special = form::is_special(settings)
        .then(|| settings.text_window.as_ref().map_or_else(String::new, hours::told));
    let status = match (is_overtaken, misfits.is_empty()) {
        (true, _) => StatusCode::CONFLICT,
        (false, true) => StatusCode::OK,
        (false, false) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let page = SettingsPage {
        frame: Frame::of(leader, Place::Settings),
        section: "settings",
        owner: leader.role == Role::Owner,
        ready: settings.ready,
        missing: settings.missing(),
        told,
        is_overtaken,
        misfits,
        shown,
        contrast: format!("{:.1}", shown.under_white()),
        suggestion: (!readable).then(|| shown.for_white().to_string()),
        swatches: choices::swatches(),
        logo: settings.logo.path(),
        short: short.trim(),
        places: Segments::of(typed.short_name.trim()).units,
        most_places: SHORT_NAME_UNITS,
        previews: [
            (say!("settings-preview-light"), "#ffffff", "#1d2127"),
            (say!("settings-preview-dark"), "#212429", "#f1f2f4"),
        ],
        zones: choices::zones(&typed.time_zone),
        usual: hours::told(&state.text_window),
        special,
        days: choices::days(typed),
        ways: channels::ways(state).await?,
        typed,
    };
    Ok(board_with(status, &page))
}

/// Saves what was typed; where something does not fit the page comes back with all of it.
pub(super) async fn save(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response, Turned> {
    if leader.role != Role::Owner {
        let lines = [say!("settings-owners-only-ask")];
        return Ok(astray(StatusCode::FORBIDDEN, say!("settings-not-changed"), &lines));
    }
    let Ok(form) = form else { return Ok(leaders(Redirect::to("/settings"))) };
    let settings = ledger::read(&mut *state.pool.acquire().await?, leader.community).await?;
    let (mut typed, file) = match Typed::read(form, &settings).await {
        Ok(read) => read,
        Err(error) => {
            let lines = [say!("settings-not-whole"), say!("settings-not-whole-next")];
            return Ok(astray(error.status(), say!("settings-not-changed"), &lines));
        }
    };
    let (change, picture, mut misfits) = typed.change(file);
    if let Err(more) = change.apply(&settings) {
        misfits.extend(
            more.into_iter()
                .filter(|misfit| misfits.iter().all(|known| known.field != misfit.field))
                .collect::<Vec<_>>(),
        );
    }
    if misfits.is_empty() {
        let seen = Some(typed.seen.clone()).filter(|seen| !seen.is_empty());
        match ledger::save(&state, leader.actor(), &change, picture.as_ref(), seen.as_deref()).await? {
            Saved::Done(saved) => {
                let word = if saved.ready && !settings.ready { "ready" } else { "saved" };
                return Ok(leaders(Redirect::to(&format!("/settings?done={word}"))).into_response());
            }
            Saved::Meanwhile(now) => {
                typed.seen = now.mark();
                return settings_page(&state, &leader, &now, &typed, None, &[], true).await;
            }
            Saved::Unfit(unfit) => misfits = unfit,
        }
    }
    form::in_order(&mut misfits);
    settings_page(&state, &leader, &settings, &typed, None, &misfits, false).await
}

//! The board's pages: rendered by the server, whole without script, live with it.
//!
//! [`overview`] is where a leader arrives: all households, adoption by day, the newest batches. [`batch`] is a batch filling
//! up, [`delivery`] one message's story, [`deciding`] its buttons, [`households`] everybody, [`choosing`] something for many of them, [`household`] one of them and [`chasing`] its buttons, [`problems`] who needs somebody, [`inviting`] how they are invited, [`passes`] what is
//! printed, [`report`] all of it on paper or as a file, [`requests`] what residents ask for, [`people`] who may act, [`log`] who did what, [`settings`] what the community says of itself, [`stopped`] who must not be written to, [`sample`] an invitation to oneself; [`search`] is what lists have in common. What all have in common is here: the frame, the style sheet, the script, and how moments are told.

pub mod batch;
mod chart;
mod chasing;
mod choosing;
mod deciding;
mod delivery;
mod household;
mod households;
mod inviting;
mod log;
mod overview;
mod passes;
mod people;
mod problems;
mod report;
mod requests;
mod sample;
pub mod search;
mod settings;
mod stopped;
mod story;

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::{Timestamp, Zoned};

use super::{session::Leader, stream};
pub(super) use crate::say::number;
use crate::{
    pages::{TOKENS, leaders, page},
    state::AppState,
};

/// The style sheet: the tokens that all pages share, and what the board adds.
const STYLE: [&str; 7] = [
    include_str!("../../../static/board.css"),
    include_str!("../../../static/board-chase.css"),
    include_str!("../../../static/board-choose.css"),
    include_str!("../../../static/board-invite.css"),
    include_str!("../../../static/board-people.css"),
    include_str!("../../../static/board-report.css"),
    include_str!("../../../static/board-settings.css"),
];
const SCRIPT: [&str; 4] = [
    include_str!("../../../static/board.js"),
    include_str!("../../../static/board-choose.js"),
    include_str!("../../../static/board-invite.js"),
    include_str!("../../../static/board-settings.js"),
];
/// Our own script, and nothing from elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";
/// Part of the address of what is kept by browsers: another build is another address.
const BUILD: &str = env!("PORCHLIGHT_BUILD_ID");
const KEPT: &str = "public, max-age=31536000, immutable";

/// The board's pages.
pub fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/", get(overview::show))
        .route("/households", get(households::show))
        .route("/households/chosen", get(choosing::back).post(choosing::ask).layer(choosing::body()))
        .route(
            "/households/chosen/{deed}",
            get(choosing::back).post(choosing::carry_out).layer(choosing::body()),
        )
        .route("/households/{household}", get(household::show))
        .route("/households/{household}/merge", post(household::merge_into))
        .route("/households/{household}/address", post(chasing::address))
        .route("/households/{household}/link", post(chasing::link))
        .route("/households/{household}/pass", post(chasing::pass))
        .route("/households/{household}/{step}", post(chasing::step))
        .route("/problems", get(problems::show))
        .route("/problems/again", post(problems::again))
        .route("/problems/leave", post(problems::leave))
        .route("/problems/passes", post(problems::passes))
        .route("/batches/{batch}", get(batch::show))
        .route("/batches/{batch}/stream", get(stream::stream_page))
        .route("/batches/{batch}/cancel", get(batch::ask_cancel).post(batch::cancel))
        .route("/batches/{batch}/pause", post(batch::pause))
        .route("/batches/{batch}/resume", post(batch::resume))
        .route("/deliveries/{delivery}", get(delivery::show))
        .route("/deliveries/{delivery}/send-again", post(deciding::send_again))
        .route("/deliveries/{delivery}/leave", post(deciding::leave))
        .route("/passes", get(passes::show).post(passes::create))
        .route("/passes/hand-over", post(passes::hand_over))
        .route("/passes/void", get(passes::ask_void).post(passes::void))
        .route("/passes/test/{layout}", get(passes::test_sheet))
        .route("/passes/{printing}", get(passes::show_printing))
        .route("/passes/{printing}/pdf", get(passes::sheets))
        .route("/report", get(report::show))
        .route("/report.csv", get(report::file::download))
        .route("/requests", get(requests::show))
        .route("/requests/{request}", post(requests::say))
        .route("/settings/people", get(people::show).post(people::add))
        .route("/settings/people/{person}/role", post(people::change_role))
        .route("/settings/people/{person}/remove", get(people::ask_remove).post(people::remove))
        .route("/settings/log", get(log::show))
        .route("/settings/test", post(sample::send))
        .route("/settings", get(settings::show).post(settings::save).layer(settings::body()))
        .route("/settings/stopped", get(stopped::show).post(stopped::find))
        .route("/settings/stopped/add", post(stopped::add))
        .route("/settings/stopped/{suppression}/lift", post(stopped::lift))
        .route("/static/board.css", get(style))
        .route("/static/board.js", get(script))
        .merge(inviting::routes())
}

async fn style() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, KEPT)];
    (headers, [&[TOKENS][..], &STYLE].concat().concat()).into_response()
}

async fn script() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, KEPT)];
    (headers, SCRIPT.concat()).into_response()
}

/// Where in the board a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Overview,
    Invite,
    Households,
    Passes,
    Requests,
    Settings,
    Elsewhere,
}

/// What stands around every page.
struct Frame<'a> {
    community: &'a str,
    place: Place,
    build: &'static str,
}

impl<'a> Frame<'a> {
    fn of(leader: &'a Leader, place: Place) -> Self {
        Self { community: &leader.name, place, build: BUILD }
    }

    /// The entries of the menu, each with its address and whether the page belongs there.
    fn menu(&self) -> [(&'static str, &'static str, bool); 6] {
        [
            ("/", say!("menu-overview"), Place::Overview),
            ("/invite", say!("menu-invite"), Place::Invite),
            ("/households", say!("menu-households"), Place::Households),
            ("/passes", say!("menu-passes"), Place::Passes),
            ("/requests", say!("menu-requests"), Place::Requests),
            ("/settings", say!("menu-settings"), Place::Settings),
        ]
        .map(|(path, name, place)| (path, name, place == self.place))
    }
}

/// A page of the board as it is answered.
fn board(template: &impl Template) -> Response {
    board_with(StatusCode::OK, template)
}

fn board_with(status: StatusCode, template: &impl Template) -> Response {
    let html = template.render().expect("a template renders");
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    leaders((status, headers, html))
}

/// What a leader reads who went astray, with the way back.
#[derive(Template)]
#[template(path = "board/astray.html")]
struct Astray<'a> {
    heading: &'a str,
    lines: &'a [&'a str],
}

/// A page that leads back to the board.
pub(super) fn astray(status: StatusCode, heading: &str, lines: &[&str]) -> Response {
    page(status, &Astray { heading, lines })
}

/// There is no such thing in this community.
fn nothing_here() -> Response {
    let lines = [say!("nothing-here-why")];
    astray(StatusCode::NOT_FOUND, say!("nothing-here"), &lines)
}

/// How a moment is told: the time alone on the day of `now`, else with the day.
fn moment(at: Timestamp, now: &Zoned) -> String {
    let at = at.to_zoned(now.time_zone().clone());
    if at.date() == now.date() {
        at.strftime("%H:%M").to_string()
    } else if at.year() == now.year() {
        at.strftime("%a %-d %b, %H:%M").to_string()
    } else {
        at.strftime("%-d %b %Y, %H:%M").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_as_shortly_as_is_clear() {
        let now = "2026-11-23T09:30:00-06:00[America/Chicago]".parse().unwrap();
        for (at, told) in [
            ("2026-11-23T15:02:59Z", "09:02"),
            ("2026-11-23T03:00:00Z", "Sun 22 Nov, 21:00"),
            ("2025-12-31T18:00:00Z", "31 Dec 2025, 12:00"),
        ] {
            assert_eq!(moment(at.parse().unwrap(), &now), told);
        }
    }
}

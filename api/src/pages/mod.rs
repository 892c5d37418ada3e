//! What all pages for residents have in common: one look, and answers that no cache, index or other site keeps.

pub mod cookie;
pub mod qr;

use askama::Template;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::problem::{Kind, Problem};

/// The design system, on which every page's style sheet builds.
pub const TOKENS: &str = include_str!("../../static/tokens.css");
/// What residents' pages add to it.
const STYLE: &str = include_str!("../../static/page.css");
/// No script, no frame, nothing from elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What a stranger may send at most: a form of a few fields.
pub fn small_body() -> DefaultBodyLimit {
    DefaultBodyLimit::max(8 * 1024)
}

/// A page as it is answered.
///
/// # Panics
/// Never: our templates write into memory.
pub fn page(status: StatusCode, template: &impl Template) -> Response {
    private(plain(status, template))
}

/// A page with a form of a leader's: the browser says in the form that it comes from here.
///
/// # Panics
/// Never: our templates write into memory.
pub fn leaders_page(status: StatusCode, template: &impl Template) -> Response {
    leaders(plain(status, template))
}

fn plain<T: Template>(status: StatusCode, template: &T) -> impl IntoResponse + use<T> {
    let html = template.render().expect("a template renders");
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, html)
}

/// An answer whose address, or content, is a household's own: nobody keeps it, and no other site learns of it.
pub fn private(answer: impl IntoResponse) -> Response {
    unkept("no-referrer", answer)
}

/// The same for leaders' pages. With no referrer at all, browsers would not tell us either where a form comes from.
pub fn leaders(answer: impl IntoResponse) -> Response {
    unkept("same-origin", answer)
}

fn unkept(referrer: &'static str, answer: impl IntoResponse) -> Response {
    let headers: [(HeaderName, &str); 3] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, referrer),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ];
    (headers, answer).into_response()
}

/// A page with a heading, a few sentences, and nothing to do but read.
#[derive(Debug, Template)]
#[template(path = "notice.html")]
pub struct Notice<'a> {
    /// Whose page it is, if that is known.
    pub brand: Option<&'a str>,
    /// What happened.
    pub heading: &'a str,
    /// What that means, and the next step.
    pub lines: &'a [&'a str],
    /// Whom to ask.
    pub contact: Option<&'a str>,
    /// Whether the box for a code is offered.
    pub offer_code: bool,
}

/// The page that says whether a message from here is genuine.
async fn genuine() -> Response {
    page(
        StatusCode::OK,
        &Notice {
            brand: None,
            heading: "Is this message genuine?",
            lines: &[
                "This site delivers invitations for communities: homeowners associations, clubs, schools. Each household \
                 gets one access code, in a message that names the community and gives somebody to ask.",
                "A genuine message links to this very site, asks for your name and how you are reached, and never for a \
                 password or money.",
                "If you are not sure, do not answer the message: ask your community in a way that you know already.",
            ],
            contact: None,
            offer_code: true,
        },
    )
}

/// What is told where nothing is: a page for browsers, a [`Problem`] for programs.
pub async fn nowhere(asked: HeaderMap) -> Response {
    if !reads_pages(&asked) {
        return Problem::not_found().into_response();
    }
    let lines = ["Check the address: perhaps a part of it got lost on the way here."];
    let heading = "There is nothing here";
    page(
        StatusCode::NOT_FOUND,
        &Notice { brand: None, heading, lines: &lines, contact: None, offer_code: true },
    )
}

/// The same where a page is asked for in a way in which it cannot be had: as a form's address that was opened by itself.
pub async fn not_like_this(asked: HeaderMap) -> Response {
    if !reads_pages(&asked) {
        return Problem::new(Kind::MethodNotAllowed, "Look at /openapi.json for what can.").into_response();
    }
    let lines = ["This address works from a button alone. Go back to the page that has it."];
    let heading = "There is nothing to see here";
    let notice = Notice { brand: None, heading, lines: &lines, contact: None, offer_code: false };
    page(StatusCode::METHOD_NOT_ALLOWED, &notice)
}

/// Whether whoever asks is a browser that shows a page. Programs, `curl` too, ask for anything.
fn reads_pages(asked: &HeaderMap) -> bool {
    let accept = asked.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.contains("text/html")
}

async fn style() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=3600")];
    (headers, [TOKENS, STYLE].concat()).into_response()
}

/// Browsers ask for a sign of the site's own beside its name. There is none, and they need not ask again.
async fn no_icon() -> impl IntoResponse {
    (StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "public, max-age=86400")])
}

/// The pages that belong to no room.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/genuine", get(genuine))
        .route("/static/page.css", get(style))
        .route("/favicon.ico", get(no_icon))
}

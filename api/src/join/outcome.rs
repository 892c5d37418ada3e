//! The page of each way in which a code opens nothing: what is so, what to do next, and whom to ask. Nobody is named.

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use porchlight_shared::domain::{AccessCodeError, InvitationKind};

use super::{Brand, Closed};
use crate::pages::page;

/// What a reader can do on the spot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Ask the leaders for a new code.
    AskForNew,
    /// Have the newest invitation sent once more.
    SendAgain,
    /// Go to the household's page.
    Home,
    /// Type another code.
    Type,
}

/// What was written into the form of a pass whose household has joined: a leader can be asked all the same.
#[derive(Clone, Copy)]
pub(super) struct Asks<'a> {
    pub(super) name: &'a str,
    pub(super) contact: &'a str,
    pub(super) place: &'a str,
}

#[derive(Template)]
#[template(path = "outcome.html")]
struct Outcome<'a> {
    brand: Option<&'a Brand>,
    heading: &'a str,
    lines: &'a [&'a str],
    /// As it stands in a link.
    code: &'a str,
    steps: &'a [Step],
    asks: Option<Asks<'a>>,
}

impl Outcome<'_> {
    fn offers(&self, step: Step) -> bool {
        self.steps.contains(&step)
    }

    fn portal(&self) -> Option<&str> {
        self.brand?.portal.as_deref()
    }

    fn contact(&self) -> Option<&str> {
        self.brand?.contact.as_deref()
    }
}

/// The box, with what was typed and what is wrong with it.
#[derive(Default, Template)]
#[template(path = "code.html")]
pub(super) struct CodeBox<'a> {
    pub(super) typed: &'a str,
    pub(super) fault: Option<&'a str>,
}

pub(super) fn mistyped(typed: &str, error: AccessCodeError) -> Response {
    let fault = match error {
        AccessCodeError::Length(0) => "Type the code from your invitation.".to_owned(),
        AccessCodeError::Length(found) => {
            format!("An access code has 12 letters and digits; this has {found}.")
        }
        AccessCodeError::Character { position } => format!(
            "There is a typing mistake: character {position} never occurs in an access code. Compare it with your invitation."
        ),
        AccessCodeError::Check => {
            "There is a typing mistake in this code. Compare it with your invitation, letter by letter."
                .to_owned()
        }
    };
    page(StatusCode::UNPROCESSABLE_ENTITY, &CodeBox { typed, fault: Some(&fault) })
}

/// A page with a heading, sentences, and steps.
pub(super) fn outcome(
    status: StatusCode,
    brand: Option<&Brand>,
    code: &str,
    heading: &str,
    lines: &[&str],
    steps: &[Step],
) -> Response {
    page(status, &Outcome { brand, heading, lines, code, steps, asks: None })
}

/// Whoever presses twice, or has just joined.
pub(super) fn welcome(brand: &Brand, kind: InvitationKind) -> Response {
    let (heading, line) = match kind {
        InvitationKind::Household | InvitationKind::Blank => (
            "Welcome! Your household has joined",
            "You are its Head of Household. The access code is used up; nobody else can join with it. Invite your family \
             next: each of them gets a code of their own.",
        ),
        InvitationKind::Member => {
            ("Welcome! You have joined your household", "Your code is used up; nobody else can join with it.")
        }
    };
    outcome(StatusCode::OK, Some(brand), "", heading, &[line], &[Step::Home])
}

/// Whom a leader is asked about.
pub(super) fn waiting(status: StatusCode, brand: &Brand) -> Response {
    let lines = [
        "Your community was asked to let you in, because the address alone does not say which household you are. \
         You need do nothing: open your household's page later in this browser.",
        "The code on your pass is kept for you meanwhile; nobody else can join with it.",
    ];
    outcome(status, Some(brand), "", "Waiting for your community", &lines, &[Step::Home])
}

/// Who lives there has joined.
pub(super) fn exists(brand: &Brand, code: &str, asks: Option<Asks<'_>>) -> Response {
    let lines = &[
        "Ask whoever joined there to invite you: each member of a household gets a code of their own. Your pass was not \
         used up.",
        "If it was none of you, or you cannot get into your household's page any more, ask your community to let you in.",
    ];
    let heading = "The household at this address has joined already";
    page(StatusCode::CONFLICT, &Outcome { brand: Some(brand), heading, lines, code, steps: &[], asks })
}

/// Each way in which a code opens nothing.
pub(super) fn tell(closed: Closed, code: &str) -> Response {
    let told = |status, brand: &Brand, heading: &str, lines: &[&str], steps: &[Step]| {
        outcome(status, Some(brand), code, heading, lines, steps)
    };
    match closed {
        Closed::Typing(error) => mistyped(code, error),
        Closed::Sample => outcome(
            StatusCode::OK,
            None,
            code,
            "This was a sample",
            &[
                "The message that led here shows a leader what an invitation looks like. In a household's own message this \
                 link lets it join; here it opens nothing.",
            ],
            &[Step::Type],
        ),
        Closed::Unknown => outcome(
            StatusCode::NOT_FOUND,
            None,
            code,
            "This access code is not known",
            &[
                "Compare it with your invitation. If it is the same there, ask whoever invited you for a new one.",
            ],
            &[Step::Type],
        ),
        Closed::Used(brand) => told(
            StatusCode::CONFLICT,
            &brand,
            "This access code was used",
            &[
                "A household joins once. If it was you, go on to your household's page in the browser in which you joined.",
                "If it was somebody at home, ask them to add you there; if it was none of you, tell your community.",
            ],
            &[Step::Home],
        ),
        Closed::Expired(brand, InvitationKind::Household) => told(
            StatusCode::GONE,
            &brand,
            "This access code has expired",
            &["Your household can still join: ask your community for a new invitation."],
            &[Step::AskForNew, Step::Type],
        ),
        Closed::Expired(brand, InvitationKind::Blank) => told(
            StatusCode::GONE,
            &brand,
            "This access pass has expired",
            &["Your household can still join: ask whoever gave you the pass for a new one."],
            &[Step::Type],
        ),
        Closed::Expired(brand, InvitationKind::Member) => told(
            StatusCode::GONE,
            &brand,
            "This code has expired",
            &["Ask the head of your household to invite you once more."],
            &[Step::Type],
        ),
        Closed::Revoked(brand) => told(
            StatusCode::GONE,
            &brand,
            "This invitation was cancelled",
            &["It was taken back. If that surprises you, ask whoever invited you."],
            &[Step::Type],
        ),
        Closed::Replaced(brand) => told(
            StatusCode::GONE,
            &brand,
            "There is a newer invitation",
            &["This code was replaced by another. Use the newest message or pass that your household got."],
            &[Step::SendAgain, Step::Type],
        ),
        Closed::Waiting(brand) => waiting(StatusCode::CONFLICT, &brand),
        Closed::HouseholdExists(brand) => exists(&brand, code, None),
        Closed::Member(brand) => told(
            StatusCode::CONFLICT,
            &brand,
            "You belong to this household already",
            &["The code was not used up: it is still there for whom it was meant."],
            &[Step::Home],
        ),
        Closed::TooManyTries(seconds) => {
            let wait = format!("Wait {} minutes, then try again.", seconds.div_ceil(60));
            let lines = ["Several wrong access codes came from your address.", wait.as_str()];
            let page = outcome(StatusCode::TOO_MANY_REQUESTS, None, code, "Too many tries", &lines, &[]);
            ([(header::RETRY_AFTER, seconds.to_string())], page).into_response()
        }
        Closed::Unavailable(_) => outcome(
            StatusCode::SERVICE_UNAVAILABLE,
            None,
            code,
            "This does not work right now",
            &[
                "Try again in a few minutes. If you were just joining, it may have worked: doing it again is safe.",
            ],
            &[],
        ),
    }
}

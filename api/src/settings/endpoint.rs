//! `GET` and `PATCH /v1/communities/{community}`.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::HeaderMap,
};
use porchlight_shared::domain::CommunityId;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{
    Settings,
    fields::{Change, Misfit},
    ledger::{self, Saved},
};
use crate::{
    access::{Caller, Role},
    intake::{body::require_json, request},
    problem::{Kind, Problem, ProblemBody},
    refusals::{LedgerAway, LedgerAwayRepeat, NoToken, NotJson, NotJsonType, NotTheirs},
    state::AppState,
};

/// What a community says of itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommunityShown {
    /// The community.
    #[schema(value_type = Uuid)]
    id: CommunityId,
    /// Full name, as residents read it.
    name: String,
    /// Name in texts: at most 20 characters of GSM-7.
    short_name: String,
    /// How phone numbers without a country code are read.
    country: String,
    /// The path of the logo, if there is one.
    logo: Option<String>,
    /// Whether a leader said that there is none.
    no_logo: bool,
    /// Brand colour, as `#1a56c4`.
    colour: Option<String>,
    /// Foot of every message, in one line or several.
    postal_address: Option<String>,
    /// Whom residents ask.
    contact: Option<String>,
    /// IANA name.
    time_zone: String,
    /// When texts go; null: when the installation says.
    text_window: Option<String>,
    /// Where residents go once they have joined.
    portal_url: Option<String>,
    /// Whether it may send.
    ready: bool,
    /// What nobody has chosen yet, by the names of fields (`logo` for the picture, or for `no_logo`).
    missing: Vec<&'static str>,
}

impl CommunityShown {
    fn of(id: CommunityId, settings: Settings) -> Self {
        let missing = settings.missing().into_iter().map(super::Needed::as_str).collect();
        Self {
            id,
            logo: settings.logo.path(),
            no_logo: settings.logo == super::Logo::None,
            name: settings.name,
            short_name: settings.short_name,
            country: settings.country,
            colour: settings.colour.map(|colour| colour.to_string()),
            postal_address: settings.postal_address,
            contact: settings.contact,
            time_zone: settings.time_zone,
            text_window: settings.text_window.map(|window| window.to_string()),
            portal_url: settings.portal_url,
            ready: settings.ready,
            missing,
        }
    }
}

/// What is to be changed. What is left out stays; null empties what may be empty.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CommunityChange {
    /// Full name: at most 120 characters.
    #[serde(deserialize_with = "said")]
    name: Option<String>,
    /// Name in texts: at most 20 characters of GSM-7.
    #[serde(deserialize_with = "said")]
    short_name: Option<String>,
    /// Brand colour, as `#1a56c4`, on which white text can be read (4.5 to 1).
    #[serde(deserialize_with = "said")]
    colour: Option<String>,
    /// Foot of every message, in at most eight lines.
    #[serde(deserialize_with = "said")]
    postal_address: Option<String>,
    /// Whom residents ask: an e-mail address or a phone number.
    #[serde(deserialize_with = "said")]
    contact: Option<String>,
    /// IANA name, such as `America/Chicago`.
    #[serde(deserialize_with = "said")]
    time_zone: Option<String>,
    /// When texts go, as `Mon-Sat 09:00-20:00; Sun 12:00-20:00`, within 08:00 and 21:00; null: when the installation says.
    #[serde(deserialize_with = "said")]
    text_window: Option<String>,
    /// Where residents go once they have joined; null: nowhere else.
    #[serde(deserialize_with = "said")]
    portal_url: Option<String>,
    /// True: there is no logo, and one that there was is removed. A picture is uploaded on the board.
    no_logo: Option<bool>,
}

/// Null is said as well: nothing.
fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::<String>::deserialize(deserializer).map(|said| Some(said.unwrap_or_default()))
}

const FIELDS: [&str; 9] = [
    "name",
    "short_name",
    "colour",
    "postal_address",
    "contact",
    "time_zone",
    "text_window",
    "portal_url",
    "no_logo",
];

/// Show a community
///
/// Its settings, whether it may send, and what is missing until it may.
#[utoipa::path(
    get, path = "/v1/communities/{community}", tag = "Community",
    params(("community" = String, Path, format = Uuid, description = "The community")),
    responses(
        (status = 200, description = "The settings", body = CommunityShown),
        NoToken, NotTheirs, LedgerAway,
    ),
    security(("bearer" = [])),
)]
pub async fn show_community(
    State(state): State<Arc<AppState>>,
    caller: Caller,
) -> Result<Json<CommunityShown>, Problem> {
    let settings = ledger::read(&mut *state.pool.acquire().await?, caller.community).await?;
    Ok(Json(CommunityShown::of(caller.community, settings)))
}

/// Change a community's settings
///
/// Owners only. With the last of what is missing the community may send, and stays so: what is needed can be changed, and not
/// be emptied.
#[utoipa::path(
    patch, path = "/v1/communities/{community}", tag = "Community",
    params(("community" = String, Path, format = Uuid, description = "The community")),
    request_body = CommunityChange,
    responses(
        (status = 200, description = "The settings as they are now", body = CommunityShown),
        NotJson, NoToken,
        (status = 403, description = "Not an owner's token", body = ProblemBody, content_type = "application/problem+json"),
        NotTheirs, NotJsonType,
        (status = 422, description = "Fields do not fit; nothing was changed", body = ProblemBody, content_type = "application/problem+json"),
        LedgerAwayRepeat,
    ),
    security(("bearer" = [])),
)]
pub async fn change_community(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<CommunityShown>, Problem> {
    if caller.role != Role::Owner {
        return Err(Problem::new(Kind::Forbidden, "Only owners change settings. Use an owner's token."));
    }
    let bytes = body.map_err(|_| Problem::new(Kind::BodyTooLarge, "At most 16 MiB are read."))?;
    require_json(&headers, "what is to be changed")?;
    let said: CommunityChange = request::parse(&bytes, &FIELDS, "names what is to be changed")?;
    match ledger::save(&state, caller.actor(), &said.into(), None, None).await? {
        // Nothing is said of how they stood, so nobody else's change is in the way.
        Saved::Done(settings) | Saved::Meanwhile(settings) => {
            Ok(Json(CommunityShown::of(caller.community, *settings)))
        }
        Saved::Unfit(misfits) => Err(unfit(misfits)),
    }
}

fn unfit(misfits: Vec<Misfit>) -> Problem {
    let problem = Problem::new(Kind::InvalidField, "Nothing was changed. Mend the fields and send it again.");
    misfits.into_iter().fold(problem, |problem, misfit| {
        let field = if misfit.field == "logo" { "no_logo" } else { misfit.field };
        problem.at(format!("/{field}"), misfit.mend)
    })
}

impl From<CommunityChange> for Change {
    fn from(said: CommunityChange) -> Self {
        Self {
            name: said.name,
            short_name: said.short_name,
            colour: said.colour,
            postal_address: said.postal_address,
            contact: said.contact,
            time_zone: said.time_zone,
            text_window: said.text_window,
            portal_url: said.portal_url,
            no_logo: said.no_logo,
            logo: None,
        }
    }
}

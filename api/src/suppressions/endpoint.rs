//! `GET` and `POST …/suppressions`, `DELETE …/suppressions/{suppression}`.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{
        Path, Query, State,
        rejection::{BytesRejection, QueryRejection},
    },
    http::{HeaderMap, StatusCode},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use porchlight_shared::domain::{Channel, EmailAddress, SuppressionId, SuppressionReason};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    ledger::{self, Lifted, Suppression, Wanted},
    may_be_lifted, way_back,
};
use crate::{
    access::{Caller, Role},
    intake::{
        body::require_json,
        judging::{Address, phone::PhoneNumber},
        request,
    },
    problem::{Kind, Problem, ProblemBody},
    refusals::{LedgerAway, LedgerAwayRepeat, NoToken, NotJson, NotJsonType, NotTheirs, ServiceToken},
    state::AppState,
};

const DEFAULT: i64 = 100;
const MOST: i64 = 1_000;

/// An address that must not be written to.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuppressionShown {
    /// Which.
    #[schema(value_type = Uuid)]
    id: SuppressionId,
    /// What kind of address it is.
    #[schema(value_type = String)]
    channel: Channel,
    /// The address as it is shown: `j•••@e•••.org`.
    masked: String,
    /// Why: `unsubscribed`, `opted_out`, `complained`, `hard_bounced`, `not_me` or `leader`.
    #[schema(value_type = String)]
    reason: SuppressionReason,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Whether leaders may lift it.
    may_be_lifted: bool,
}

impl From<Suppression> for SuppressionShown {
    fn from(row: Suppression) -> Self {
        let Suppression { id, channel, masked, reason, since } = row;
        Self { id, channel, masked, reason, since, may_be_lifted: may_be_lifted(reason) }
    }
}

/// A page of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuppressionsListed {
    /// The newest first.
    items: Vec<SuppressionShown>,
    /// Where the next page begins; left out on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SuppressionsPage {
    /// `next_cursor` of the page before; left out for the first.
    cursor: Option<String>,
    /// Items on a page: 1 to 1,000, 100 if left out.
    limit: Option<i64>,
}

/// Whom nobody is to write to: an `email` or a `phone`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSuppression {
    /// An e-mail address.
    email: Option<String>,
    /// A phone number; without a country code, one of the community's country.
    phone: Option<String>,
}

fn refuse(detail: &str) -> Problem {
    Problem::new(Kind::InvalidParameter, detail)
}

fn read_cursor(cursor: &str) -> Result<SuppressionId, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| bytes.try_into().ok());
    bytes
        .map(SuppressionId::from_bytes)
        .ok_or_else(|| refuse("cursor must be the next_cursor of the page before."))
}

fn may_change(caller: &Caller) -> Result<(), Problem> {
    if caller.role == Role::Service {
        let detail =
            "A service's token may read who must not be written to, and not change it. Use a leader's.";
        return Err(Problem::new(Kind::Forbidden, detail));
    }
    Ok(())
}

/// List whom nobody writes to
///
/// Who asked not to be contacted, and addresses that came back for good. Addresses are masked.
#[utoipa::path(
    get, path = "/v1/communities/{community}/suppressions", tag = "Suppressions",
    params(("community" = String, Path, format = Uuid, description = "The community"), SuppressionsPage),
    responses(
        (status = 200, description = "A page of them", body = SuppressionsListed),
        (status = 400, description = "A made-up cursor or limit", body = ProblemBody, content_type = "application/problem+json"),
        NoToken, NotTheirs, LedgerAway,
    ),
    security(("bearer" = [])),
)]
pub async fn list_suppressions(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    page: Result<Query<SuppressionsPage>, QueryRejection>,
) -> Result<Json<SuppressionsListed>, Problem> {
    let Query(page) = page.map_err(|_| refuse("limit must be 1 to 1000."))?;
    let limit = page.limit.unwrap_or(DEFAULT);
    if !(1..=MOST).contains(&limit) {
        return Err(refuse("limit must be 1 to 1000."));
    }
    let before = page.cursor.as_deref().map(read_cursor).transpose()?;
    let wanted = Wanted { hash: None, before, most: limit + 1 };
    let mut rows = ledger::list(&state.pool, caller.community, wanted).await?;
    let fits = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > fits;
    rows.truncate(fits);
    let next_cursor = rows.last().filter(|_| more).map(|last| URL_SAFE_NO_PAD.encode(last.id.as_bytes()));
    Ok(Json(SuppressionsListed { items: rows.into_iter().map(Into::into).collect(), next_cursor }))
}

/// Keep an address back
///
/// Nobody of this community writes there any more; what waits ends as `suppressed`. Repeating the request changes nothing.
#[utoipa::path(
    post, path = "/v1/communities/{community}/suppressions", tag = "Suppressions",
    params(("community" = String, Path, format = Uuid, description = "The community")),
    request_body = NewSuppression,
    responses(
        (status = 200, description = "It was kept back before", body = SuppressionShown),
        (status = 201, description = "It is kept back", body = SuppressionShown),
        NotJson, NoToken, ServiceToken, NotTheirs, NotJsonType,
        (status = 422, description = "No address, or not one", body = ProblemBody, content_type = "application/problem+json"),
        LedgerAwayRepeat,
    ),
    security(("bearer" = [])),
)]
pub async fn add_suppression(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<SuppressionShown>), Problem> {
    may_change(&caller)?;
    let bytes = body.map_err(|_| Problem::new(Kind::BodyTooLarge, "At most 16 MiB are read."))?;
    require_json(&headers, "the address")?;
    let new: NewSuppression = request::parse(&bytes, &["email", "phone"], "needs one of email and phone")?;
    let country = ledger::country(&state.pool, caller.community).await?;
    let (channel, address) = address(&new, &country)?;
    let id = SuppressionId::new(state.clock.now(), &mut AppState::rng());
    let (kept, is_new) =
        ledger::add(&state.pool, &state.keyring, caller.actor(), id, (channel, &address)).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(kept.ok_or_else(Problem::internal)?.into())))
}

fn address(new: &NewSuppression, country: &str) -> Result<(Channel, Address), Problem> {
    let unfit = |pointer: &str, detail: &str| {
        request::invalid(pointer, detail).because("Nothing was stored. Mend the field and send it again.")
    };
    match (new.email.as_deref(), new.phone.as_deref()) {
        (Some(email), None) => {
            let address: Result<EmailAddress, _> = email.trim().parse();
            let address = address.map_err(|error| unfit("/email", &error.to_string()))?;
            Ok((Channel::Email, Address::Email(address)))
        }
        (None, Some(phone)) => {
            let number = PhoneNumber::parse(phone.trim(), country);
            let (number, _) = number.map_err(|_| unfit("/phone", "is not a phone number"))?;
            Ok((Channel::Text, Address::Phone(number)))
        }
        _ => Err(unfit("", "needs one of email and phone")),
    }
}

/// Write there again
///
/// Only where a leader kept the address back, or a message came back for good. Whoever asked not to be contacted can only take
/// that back themselves.
#[utoipa::path(
    delete, path = "/v1/communities/{community}/suppressions/{suppression}", tag = "Suppressions",
    params(
        ("community" = String, Path, format = Uuid, description = "The community"),
        ("suppression" = String, Path, format = Uuid, description = "Which"),
    ),
    responses(
        (status = 204, description = "It may be written to again, unless something else keeps it back"),
        NoToken, ServiceToken,
        (status = 404, description = "None such in force in this token's community", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "They asked for it themselves", body = ProblemBody, content_type = "application/problem+json"),
        LedgerAwayRepeat,
    ),
    security(("bearer" = [])),
)]
pub async fn lift_suppression(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path((_, suppression)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    may_change(&caller)?;
    let id: SuppressionId = suppression.parse().map_err(|_| Problem::not_found())?;
    match ledger::lift(&state.pool, caller.actor(), id).await? {
        Lifted::Done | Lifted::Still => Ok(StatusCode::NO_CONTENT),
        Lifted::Nothing => Err(Problem::not_found()),
        Lifted::Theirs(reason, channel) => Err(Problem::new(Kind::NotOursToLift, way_back(reason, channel))),
    }
}

//! Who is looking: a browser in which a leader signed in.
//!
//! The cookie holds 256 random bits, the ledger their hash. It is sent along from our own pages only (`SameSite=Lax`), and
//! a form counts only when the browser says that it comes from one of them: [`SameOrigin`]. The HTTP API under `/v1` knows
//! no cookies.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use jiff::{Timestamp, tz::TimeZone};
use porchlight_shared::{
    domain::{CommunityId, LeaderId},
    runtime::site::Site,
};
use sqlx::PgConnection;

use crate::{
    access::Role,
    audit::{Actor, By},
    pages::{Notice, cookie, page},
    secret::Secret,
    state::AppState,
};

/// How long a browser stays signed in, in seconds: two weeks.
const HOLDS: i32 = 14 * 24 * 3600;

/// A leader who is signed in, and what every page of theirs shows of the community.
#[derive(Clone, Debug)]
pub struct Leader {
    /// Which community.
    pub community: CommunityId,
    /// Its name.
    pub name: String,
    /// Where it is: what times are shown in.
    pub zone: TimeZone,
    /// The ledger's clock.
    pub now: Timestamp,
    /// Who: a leader by name, or whoever the operator gave a link to.
    pub by: By,
    /// What they may do.
    pub role: Role,
    session: [u8; 32],
}

impl Leader {
    /// Who acts for which community.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        Actor { community: self.community, by: self.by }
    }

    /// The session in which they act.
    #[must_use]
    pub const fn session(&self) -> &[u8; 32] {
        &self.session
    }

    /// Ends the session.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn sign_out(&self, state: &AppState) -> sqlx::Result<()> {
        let ended = sqlx::query!("DELETE FROM sessions WHERE sha256 = $1", &self.session[..]);
        ended.execute(&state.pool).await.map(drop)
    }
}

/// Begins a session, and answers the cookie that proves it.
///
/// # Errors
/// When the ledger does not answer.
pub async fn begin(
    tx: &mut PgConnection,
    community: CommunityId,
    leader: Option<LeaderId>,
    secret: &Secret,
    site: Option<&Site>,
) -> sqlx::Result<HeaderValue> {
    sqlx::query!(
        "INSERT INTO sessions (sha256, community_id, leader_id, expires_at)
         VALUES ($1, $2, $3, app_now() + make_interval(secs => $4))",
        &secret.sha256()[..],
        community.uuid(),
        leader.map(LeaderId::uuid),
        f64::from(HOLDS),
    )
    .execute(tx)
    .await?;
    Ok(cookie::LEADER.set(secret, HOLDS, site))
}

async fn find(state: &AppState, session: [u8; 32]) -> sqlx::Result<Option<Leader>> {
    let row = sqlx::query!(
        r#"SELECT c.id, c.name, c.time_zone, app_now() AS "now!", s.leader_id,
                  coalesce(l.role, 'owner') AS "role!: Role"
           FROM sessions s JOIN communities c ON c.id = s.community_id LEFT JOIN leaders l ON l.id = s.leader_id
           WHERE s.sha256 = $1 AND s.expires_at > app_now() AND l.removed_at IS NULL"#,
        &session[..],
    )
    .fetch_optional(&state.pool)
    .await?;
    Ok(row.map(|row| Leader {
        community: row.id.into(),
        name: row.name,
        zone: TimeZone::get(&row.time_zone).unwrap_or(TimeZone::UTC),
        now: row.now.to_jiff(),
        by: row.leader_id.map_or(By::Operator, |leader| By::Leader(leader.into())),
        role: row.role,
        session,
    }))
}

/// Why a page is not shown.
#[derive(Debug)]
pub enum Turned {
    /// Nobody is signed in in this browser.
    Away,
    /// The ledger does not answer.
    Later,
}

impl From<sqlx::Error> for Turned {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(error = %porchlight_shared::store::Unquoted(&error), "a page could not be read");
        Self::Later
    }
}

impl IntoResponse for Turned {
    fn into_response(self) -> Response {
        match self {
            Self::Away => Redirect::to("/sign-in").into_response(),
            Self::Later => {
                let notice = Notice {
                    brand: None,
                    heading: say!("sign-in-later"),
                    lines: &[say!("sign-in-later-why")],
                    contact: None,
                    offer_code: false,
                };
                page(StatusCode::SERVICE_UNAVAILABLE, &notice)
            }
        }
    }
}

impl OptionalFromRequestParts<Arc<AppState>> for Leader {
    type Rejection = Turned;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Option<Self>, Turned> {
        match cookie::LEADER.read(&parts.headers, state.site.as_ref()) {
            Some(secret) => Ok(find(state, secret.sha256()).await?),
            None => Ok(None),
        }
    }
}

impl FromRequestParts<Arc<AppState>> for Leader {
    type Rejection = Turned;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Turned> {
        let found: Option<Self> =
            <Self as OptionalFromRequestParts<_>>::from_request_parts(parts, state).await?;
        found.ok_or(Turned::Away)
    }
}

/// A request that changes something and comes from one of our own pages, by the browser's own word: `Sec-Fetch-Site`, or
/// `Origin` from browsers that do not know that.
#[derive(Clone, Copy, Debug)]
pub struct SameOrigin;

impl SameOrigin {
    /// Whether the browser itself says that it comes from our own page, or from nobody's.
    #[must_use]
    pub fn is_said(headers: &HeaderMap) -> bool {
        let said = headers.get(header::HeaderName::from_static("sec-fetch-site"));
        said.is_some_and(|said| said == "same-origin" || said == "none")
    }

    fn is(headers: &HeaderMap, site: Option<&Site>) -> bool {
        let word = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(relation) = word(header::HeaderName::from_static("sec-fetch-site")) {
            return relation == "same-origin";
        }
        let Some(origin) = word(header::ORIGIN) else { return false };
        let host = origin.split_once("://").map(|(_, host)| host);
        site.is_some_and(|site| site.as_str() == origin) || host.is_some() && host == word(header::HOST)
    }
}

fn not_ours() -> Response {
    let notice = Notice {
        brand: None,
        heading: say!("sign-in-foreign"),
        lines: &[say!("sign-in-foreign-why")],
        contact: None,
        offer_code: false,
    };
    page(StatusCode::FORBIDDEN, &notice)
}

impl FromRequestParts<Arc<AppState>> for SameOrigin {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Response> {
        if Self::is(&parts.headers, state.site.as_ref()) {
            return Ok(Self);
        }
        Err(not_ours())
    }
}

/// A form that may come from anywhere but another site's page: from ours, which say nothing of where they are, from a
/// typed address, or from a browser that says nothing at all. Else another site could make a browser somebody else's.
#[derive(Clone, Copy, Debug)]
pub struct NotForeign;

impl NotForeign {
    fn is(headers: &HeaderMap, site: Option<&Site>) -> bool {
        let word = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        match (word(header::HeaderName::from_static("sec-fetch-site")), word(header::ORIGIN)) {
            (Some(relation), _) => matches!(relation, "same-origin" | "none"),
            (None, None | Some("null")) => true,
            (None, Some(_)) => SameOrigin::is(headers, site),
        }
    }
}

impl FromRequestParts<Arc<AppState>> for NotForeign {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Response> {
        if Self::is(&parts.headers, state.site.as_ref()) { Ok(Self) } else { Err(not_ours()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let named = pairs
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value)));
        named.collect()
    }

    #[test]
    fn only_our_own_pages_change_anything() {
        let site: Site = "https://join.example.org".parse().unwrap();
        for (pairs, is_ours) in [
            (&[("sec-fetch-site", "same-origin"), ("host", "x")][..], true),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://join.example.org")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("origin", "https://join.example.org"), ("host", "10.0.0.1:8080")], true),
            (&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")], true),
            (&[("origin", "https://evil.example"), ("host", "join.example.org")], false),
            (&[("origin", "null"), ("host", "null")], false),
            (&[("host", "join.example.org")], false),
            (&[], false),
        ] {
            assert_eq!(SameOrigin::is(&headers(pairs), Some(&site)), is_ours, "{pairs:?}");
        }
        for (pairs, may) in [
            (&[][..], true),
            (&[("origin", "null")], true),
            (&[("sec-fetch-site", "same-origin"), ("origin", "null")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "null")], false),
            (&[("origin", "https://join.example.org")], true),
            (&[("origin", "https://evil.example"), ("host", "join.example.org")], false),
        ] {
            assert_eq!(NotForeign::is(&headers(pairs), Some(&site)), may, "{pairs:?}");
        }
    }
}

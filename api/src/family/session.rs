//! Who is there: a browser in which somebody joined.
//!
//! The cookie holds 256 random bits, the ledger their hash. It proves an account, which joins a second community without
//! being asked again who they are.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{HeaderValue, StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use porchlight_shared::{domain::AccountId, runtime::site::Site};
use sqlx::PgConnection;

use crate::{
    board::session::{SameOrigin, Turned},
    pages::{cookie, page},
    secret::Secret,
    state::AppState,
};

/// How long a browser is known, in seconds: a year, because whoever joined with what nobody confirmed has no other way back
/// in than the head's or the leader's.
const HOLDS: i32 = 365 * 24 * 3600;

/// How long what a browser was shown the door with is good for, in seconds: a day, for whoever never saw the answer. It may
/// have been somebody else's browser before.
const PASSES: i32 = 24 * 3600;
/// 256 bits in text.
const SECRET_LENGTH: usize = 43;

/// Somebody who joined, in a browser that knows them.
#[derive(Clone, Copy, Debug)]
pub struct Resident {
    /// Who.
    pub account: AccountId,
    /// Whether it is by what they were shown the door with, which does not last.
    pub passing: bool,
    session: [u8; 32],
}

impl Resident {
    /// Ends the session.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn sign_out(&self, state: &AppState) -> sqlx::Result<()> {
        let ended = sqlx::query!("DELETE FROM resident_sessions WHERE sha256 = $1", &self.session[..]);
        ended.execute(&state.pool).await.map(drop)
    }

    /// Ends every session of theirs, and takes back the links that were not used.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn sign_out_everywhere(&self, state: &AppState) -> sqlx::Result<()> {
        let mut tx = state.pool.begin().await?;
        // Whoever is just signing in with one of them comes first, or too late.
        sqlx::query!(
            "SELECT id FROM members WHERE account_id = $1 ORDER BY id FOR NO KEY UPDATE",
            self.account.uuid(),
        )
        .fetch_all(&mut *tx)
        .await?;
        sqlx::query!(
            "UPDATE letters SET used_at = app_now()
             WHERE member_id IN (SELECT id FROM members WHERE account_id = $1) AND expires_at IS NOT NULL AND used_at IS NULL",
            self.account.uuid(),
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!("DELETE FROM resident_sessions WHERE account_id = $1", self.account.uuid())
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }
}

/// A browser on its way through a door: who is known in it, and what it will be known by.
///
/// It gets a cookie for a day when it is shown the door, and sends it along with the form. So whoever joined, and never saw
/// the answer, is known all the same; the answer brings one that lasts.
#[derive(Debug)]
pub struct Browser {
    /// Who is known.
    pub resident: Option<Resident>,
    secret: Option<Secret>,
    /// Whether it says that its form is ours.
    says_so: bool,
}

impl Browser {
    /// The cookie for a browser that has none.
    #[must_use]
    pub fn greet(&self, site: Option<&Site>) -> Option<HeaderValue> {
        let new = || cookie::RESIDENT.set(&Secret::draw("", &mut AppState::rng()), PASSES, site);
        self.secret.is_none().then(new)
    }

    /// It is an account's from now on; answers the cookie that proves it. A form of which nobody can tell where it came
    /// from gets none, and takes none away.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn remember(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
        site: Option<&Site>,
    ) -> sqlx::Result<Option<HeaderValue>> {
        if self.resident.is_some() {
            return Ok(None);
        }
        if let Some(secret) = &self.secret {
            store(tx, secret, account, PASSES).await?;
        } else if !self.says_so {
            return Ok(None);
        }
        begin(tx, account, site).await.map(Some)
    }
}

/// Begins a session that lasts, and answers the cookie that proves it.
///
/// # Errors
/// When the ledger does not answer.
pub async fn begin(
    tx: &mut PgConnection,
    account: AccountId,
    site: Option<&Site>,
) -> sqlx::Result<HeaderValue> {
    let secret = Secret::draw("", &mut AppState::rng());
    store(tx, &secret, account, HOLDS).await?;
    Ok(cookie::RESIDENT.set(&secret, HOLDS, site))
}

/// Whoever was known by it before stays so.
async fn store(tx: &mut PgConnection, secret: &Secret, account: AccountId, seconds: i32) -> sqlx::Result<()> {
    let stored = sqlx::query!(
        "INSERT INTO resident_sessions (sha256, account_id, expires_at)
         VALUES ($1, $2, app_now() + make_interval(secs => $3)) ON CONFLICT DO NOTHING",
        &secret.sha256()[..],
        account.uuid(),
        f64::from(seconds),
    );
    stored.execute(tx).await.map(drop)
}

impl FromRequestParts<Arc<AppState>> for Browser {
    type Rejection = Closed;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Closed> {
        let secret = cookie::RESIDENT.read(&parts.headers, state.site.as_ref());
        // What we did not draw is nobody's proof.
        let secret = secret.filter(|secret| secret.as_str().len() == SECRET_LENGTH);
        let resident = match &secret {
            Some(secret) => find(state, secret.sha256()).await?,
            None => None,
        };
        let says_so = SameOrigin::is_said(&parts.headers);
        Ok(Self { resident, secret, says_so })
    }
}

async fn find(state: &AppState, session: [u8; 32]) -> sqlx::Result<Option<Resident>> {
    let row = sqlx::query!(
        r#"SELECT account_id, expires_at <= app_now() + make_interval(secs => $2) AS "passing!"
           FROM resident_sessions WHERE sha256 = $1 AND expires_at > app_now()"#,
        &session[..],
        f64::from(PASSES),
    )
    .fetch_optional(&state.pool)
    .await?;
    Ok(row.map(|row| Resident { account: row.account_id.into(), passing: row.passing, session }))
}

/// Why a household's page is not shown.
#[derive(Debug)]
pub enum Closed {
    /// Nobody is known in this browser.
    Stranger,
    /// The ledger does not answer.
    Later(Turned),
}

impl From<sqlx::Error> for Closed {
    fn from(error: sqlx::Error) -> Self {
        Self::Later(error.into())
    }
}

/// The way back in.
#[derive(Template)]
#[template(path = "stranger.html")]
struct StrangerPage;

impl IntoResponse for Closed {
    fn into_response(self) -> Response {
        match self {
            Self::Stranger => page(StatusCode::UNAUTHORIZED, &StrangerPage),
            Self::Later(turned) => turned.into_response(),
        }
    }
}

impl OptionalFromRequestParts<Arc<AppState>> for Resident {
    type Rejection = Closed;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Option<Self>, Closed> {
        match cookie::RESIDENT.read(&parts.headers, state.site.as_ref()) {
            Some(secret) => Ok(find(state, secret.sha256()).await?),
            None => Ok(None),
        }
    }
}

impl FromRequestParts<Arc<AppState>> for Resident {
    type Rejection = Closed;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Closed> {
        let found: Option<Self> =
            <Self as OptionalFromRequestParts<_>>::from_request_parts(parts, state).await?;
        found.ok_or(Closed::Stranger)
    }
}

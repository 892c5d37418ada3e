//! Who is calling: a bearer token opens one community, in one role, at a bounded rate.
//!
//! Another community's things are 404, never 403: a token cannot even learn that they exist.

use std::{num::NonZeroU32, sync::Arc};

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::{header, request::Parts},
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _, clock::DefaultClock};
use porchlight_shared::domain::{CommunityId, TokenId};
use sqlx::PgPool;

use crate::{
    audit::{Actor, By},
    problem::{Kind, Problem},
    secret::Secret,
    state::AppState,
};

/// How a token begins, which makes a leaked one easy to find for the scanners that look for such words.
pub const PREFIX: &str = "porchlight_";
/// Requests a second and token, and how many may come at once.
const RATE: NonZeroU32 = NonZeroU32::new(100).unwrap();
const BURST: NonZeroU32 = NonZeroU32::new(200).unwrap();
/// Tokens whose buckets are kept before full ones are swept out.
const SWEEP_AT: usize = 10_000;

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type, clap::ValueEnum)]
#[sqlx(type_name = "token_role", rename_all = "snake_case")]
pub enum Role {
    /// Everything, settings and leaders too
    Owner,
    /// Everything but settings and leaders
    Leader,
    /// Send and read; no settings, no codes
    Service,
}

/// Bounds how often each token may call.
#[derive(Debug)]
pub struct CallerLimit(DefaultKeyedRateLimiter<TokenId>);

impl Default for CallerLimit {
    fn default() -> Self {
        Self(RateLimiter::keyed(Quota::per_second(RATE).allow_burst(BURST)))
    }
}

impl CallerLimit {
    fn admit(&self, token: TokenId) -> Result<(), Problem> {
        if self.0.len() > SWEEP_AT {
            self.0.retain_recent();
        }
        self.0.check_key(&token).map_err(|early| {
            let wait = early.wait_time_from(DefaultClock::default().now());
            let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
            let detail = format!("A token may call {RATE} times a second. Wait {seconds} s.");
            Problem::new(Kind::TooManyRequests, detail).retry_after(seconds)
        })
    }
}

/// A caller whose token opens the community of the path.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// The community that both token and path name.
    pub community: CommunityId,
    /// Which token.
    pub token: TokenId,
    /// What it may do.
    pub role: Role,
}

impl Caller {
    /// Who acts.
    #[must_use]
    pub const fn by(&self) -> By {
        By::Token(self.token)
    }

    /// Who acts for which community.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        Actor { community: self.community, by: self.by() }
    }
}

impl FromRequestParts<Arc<AppState>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Problem> {
        let caller = find(&state.pool, bearer(parts)?)
            .await?
            .ok_or_else(|| Problem::new(Kind::Unauthorized, "This token is not known, or it was revoked."))?;
        state.caller_limit.admit(caller.token)?;
        let path = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Problem::not_found())?;
        let named = path.iter().find(|(name, _)| *name == "community").and_then(|(_, id)| id.parse().ok());
        if named != Some(caller.community) {
            return Err(Problem::not_found());
        }
        Ok(caller)
    }
}

fn bearer(parts: &Parts) -> Result<Secret, Problem> {
    let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    token.map(|(_, token)| Secret::of(token.trim())).ok_or_else(|| {
        let detail = "Send `Authorization: Bearer <token>`; `porchlight-api admin create-token` makes one.";
        Problem::new(Kind::Unauthorized, detail)
    })
}

async fn find(pool: &PgPool, token: Secret) -> Result<Option<Caller>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT id, community_id, role FROM tokens WHERE sha256 = $1 AND revoked_at IS NULL",
        &token.sha256()[..],
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| Caller { community: row.community_id.into(), token: row.id.into(), role: row.role }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_per_token_and_says_when() {
        let limit = CallerLimit::default();
        let (eager, calm) = (TokenId::from_bytes([1; 16]), TokenId::from_bytes([2; 16]));
        let refused = (0..=BURST.get() * 2).filter(|_| limit.admit(eager).is_err()).count();
        assert!(refused > 0);
        assert!(limit.admit(calm).is_ok());
    }
}

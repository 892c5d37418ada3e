//! Using a link up: what pressing the button does.
//!
//! A letter's link is the letter's id and our signature of it; one that the operator made is 256 random bits. Both work
//! once: whoever comes second finds the row used, in the same transaction that begins a session.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Redirect, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use porchlight_shared::domain::{AccountId, CommunityId, Keyring, LeaderId, LetterId, MemberId};
use sqlx::PgConnection;

use crate::{
    audit::{Act, By, Entry},
    board::session::{self, SameOrigin, Turned},
    family,
    pages::{cookie, page, private},
    secret::Secret,
    state::AppState,
};

pub(super) type Typed = Result<Path<String>, PathRejection>;

/// The letter that a link names, if the link is ours.
pub(super) fn letter(keyring: &Keyring, link: &str) -> Option<LetterId> {
    let bytes = URL_SAFE_NO_PAD.decode(link).ok()?;
    let (id, signature) = bytes.split_first_chunk::<16>()?;
    let signature: &[u8; 16] = signature.try_into().ok()?;
    keyring.is_link_signature("sign-in", id, signature).then(|| LetterId::from_bytes(*id))
}

#[derive(Template)]
#[template(path = "sign_in_over.html")]
struct Over;

/// Whom a link lets in.
enum Guest {
    Leader(CommunityId, Option<LeaderId>),
    Member(MemberId),
}

/// Uses the link up. The browser is theirs from now on, whoever was signed in there.
pub(super) async fn sign_in(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    headers: HeaderMap,
    link: Typed,
) -> Result<Response, Turned> {
    let link = Secret::of(&link.map(|Path(link)| link).unwrap_or_default());
    let mut tx = state.pool.begin().await?;
    let guest = match letter(&state.keyring, link.as_str()) {
        Some(letter) => use_letter(&mut tx, letter).await?,
        None => use_link(&mut tx, &link).await?,
    };
    let entered = match guest {
        Some(Guest::Leader(community, leader)) => {
            let cookie = admit_leader(&mut tx, &state, &headers, community, leader).await?;
            cookie.map(|cookie| (cookie, "/"))
        }
        Some(Guest::Member(member)) => {
            let cookie = admit_member(&mut tx, &state, &headers, member).await?;
            cookie.map(|cookie| (cookie, "/home"))
        }
        None => None,
    };
    // What was used by whoever may come no more stays as it was.
    let Some((cookie, to)) = entered else { return Ok(over()) };
    tx.commit().await?;
    Ok(private(([(header::SET_COOKIE, cookie)], Redirect::to(to))))
}

async fn use_letter(tx: &mut PgConnection, letter: LetterId) -> sqlx::Result<Option<Guest>> {
    // Whom it is for comes first, as for whoever removes them or signs them out.
    sqlx::query!(
        "SELECT id FROM leaders WHERE id = (SELECT leader_id FROM letters WHERE id = $1) FOR NO KEY UPDATE",
        letter.uuid(),
    )
    .fetch_optional(&mut *tx)
    .await?;
    sqlx::query!(
        "SELECT m.id FROM members m JOIN letters l ON l.member_id = m.id WHERE l.id = $1 FOR NO KEY UPDATE OF m",
        letter.uuid(),
    )
    .fetch_optional(&mut *tx)
    .await?;
    let used = sqlx::query!(
        "UPDATE letters SET used_at = app_now() WHERE id = $1 AND used_at IS NULL AND expires_at > app_now()
         RETURNING community_id, leader_id, member_id",
        letter.uuid(),
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(used) = used else { return Ok(None) };
    // Whoever is in needs none of the others that they asked for.
    sqlx::query!(
        "UPDATE letters SET used_at = app_now()
         WHERE (leader_id = $1 OR member_id = $2) AND expires_at IS NOT NULL AND used_at IS NULL",
        used.leader_id,
        used.member_id,
    )
    .execute(tx)
    .await?;
    Ok(match (used.leader_id, used.member_id) {
        (Some(leader), _) => Some(Guest::Leader(used.community_id.into(), Some(leader.into()))),
        (None, member) => member.map(|member| Guest::Member(member.into())),
    })
}

async fn use_link(tx: &mut PgConnection, link: &Secret) -> sqlx::Result<Option<Guest>> {
    let used = sqlx::query!(
        "UPDATE sign_in_links SET used_at = app_now()
         WHERE sha256 = $1 AND used_at IS NULL AND expires_at > app_now() RETURNING community_id, leader_id",
        &link.sha256()[..],
    )
    .fetch_optional(tx)
    .await?;
    Ok(used.map(|used| Guest::Leader(used.community_id.into(), used.leader_id.map(Into::into))))
}

/// Begins a leader's session; `None`: they are a leader no more. Their row is locked, so that whoever removes them in this
/// moment ends this session, too.
async fn admit_leader(
    tx: &mut PgConnection,
    state: &AppState,
    headers: &HeaderMap,
    community: CommunityId,
    leader: Option<LeaderId>,
) -> sqlx::Result<Option<HeaderValue>> {
    if let Some(leader) = leader {
        let known = sqlx::query!(
            "UPDATE leaders SET signed_in_at = app_now() WHERE id = $1 AND removed_at IS NULL",
            leader.uuid(),
        );
        if known.execute(&mut *tx).await?.rows_affected() == 0 {
            return Ok(None);
        }
    }
    if let Some(before) = cookie::LEADER.read(headers, state.site.as_ref()) {
        let ended = sqlx::query!("DELETE FROM sessions WHERE sha256 = $1", &before.sha256()[..]);
        ended.execute(&mut *tx).await?;
    }
    let secret = Secret::draw("", &mut AppState::rng());
    let cookie = session::begin(&mut *tx, community, leader, &secret, state.site.as_ref()).await?;
    let by = leader.map_or(By::Operator, By::Leader);
    Entry::whole(by, Act::SignedIn).write(tx, community).await?;
    tracing::info!(%community, "a leader signed in");
    Ok(Some(cookie))
}

/// Begins a resident's session; `None`: they left meanwhile, or nobody has shown that the address is theirs. That they read
/// the letter proves it for whatever else they joined with it.
async fn admit_member(
    tx: &mut PgConnection,
    state: &AppState,
    headers: &HeaderMap,
    member: MemberId,
) -> sqlx::Result<Option<HeaderValue>> {
    let known = sqlx::query!(
        "SELECT account_id, community_id FROM members
         WHERE id = $1 AND verified_at IS NOT NULL FOR NO KEY UPDATE",
        member.uuid()
    );
    let Some(known) = known.fetch_optional(&mut *tx).await? else { return Ok(None) };
    let account = match known.account_id {
        Some(account) => account.into(),
        None => new_account(&mut *tx, state, member).await?,
    };
    sqlx::query!(
        "UPDATE members SET verified_at = app_now()
         WHERE account_id = $1 AND verified_at IS NULL
             AND (channel, address_hash) = (SELECT channel, address_hash FROM members WHERE id = $2)",
        account.uuid(),
        member.uuid(),
    )
    .execute(&mut *tx)
    .await?;
    if let Some(before) = cookie::RESIDENT.read(headers, state.site.as_ref()) {
        let ended = sqlx::query!("DELETE FROM resident_sessions WHERE sha256 = $1", &before.sha256()[..]);
        ended.execute(&mut *tx).await?;
    }
    let cookie = family::session::begin(tx, account, state.site.as_ref()).await?;
    tracing::info!(community = %CommunityId::from(known.community_id), "a resident signed in");
    Ok(Some(cookie))
}

/// Who joined before there were accounts gets one.
async fn new_account(tx: &mut PgConnection, state: &AppState, member: MemberId) -> sqlx::Result<AccountId> {
    let account = AccountId::new(state.clock.now(), &mut AppState::rng());
    sqlx::query!("INSERT INTO accounts (id) VALUES ($1)", account.uuid()).execute(&mut *tx).await?;
    sqlx::query!("UPDATE members SET account_id = $2 WHERE id = $1", member.uuid(), account.uuid())
        .execute(tx)
        .await?;
    Ok(account)
}

pub(super) fn over() -> Response {
    page(StatusCode::GONE, &Over)
}

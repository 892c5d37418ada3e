//! Signing out: in this browser, or everywhere.

use std::sync::Arc;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use porchlight_shared::domain::{CommunityId, LeaderId};
use sqlx::PgConnection;

use crate::{
    audit::{Act, By, Entry},
    board::session::{Leader, SameOrigin, Turned},
    pages::{cookie, private},
    state::AppState,
};

/// Ends the session of this browser.
pub(super) async fn sign_out(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Option<Leader>,
) -> Result<Response, Turned> {
    if let Some(leader) = leader {
        leader.sign_out(&state).await?;
    }
    Ok(signed_out(&state))
}

/// Ends every session of the leader, and takes back the links that were not used. Whoever came with an operator's link has
/// no name, and ends those of all who came so.
pub(super) async fn sign_out_everywhere(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Option<Leader>,
) -> Result<Response, Turned> {
    let Some(leader) = leader else { return Ok(signed_out(&state)) };
    let mut tx = state.pool.begin().await?;
    match leader.by {
        By::Leader(id) => end_all(&mut tx, id).await?,
        By::Operator | By::Token(_) => end_nameless(&mut tx, leader.community, None).await?,
    }
    Entry::whole(leader.by, Act::SignedOutEverywhere).write(&mut tx, leader.community).await?;
    tx.commit().await?;
    tracing::info!(community = %leader.community, "a leader signed out everywhere");
    Ok(signed_out(&state))
}

fn signed_out(state: &AppState) -> Response {
    let cookie = cookie::LEADER.drop(state.site.as_ref());
    private(([(header::SET_COOKIE, cookie)], Redirect::to("/sign-in"))).into_response()
}

/// Ends a leader's sessions and open links.
///
/// # Errors
/// When the ledger does not answer.
pub(crate) async fn end_all(tx: &mut PgConnection, leader: LeaderId) -> sqlx::Result<()> {
    // In line with whoever is just signing in.
    sqlx::query!("SELECT id FROM leaders WHERE id = $1 FOR NO KEY UPDATE", leader.uuid())
        .fetch_optional(&mut *tx)
        .await?;
    sqlx::query!("DELETE FROM sessions WHERE leader_id = $1", leader.uuid()).execute(&mut *tx).await?;
    sqlx::query!("DELETE FROM sign_in_links WHERE leader_id = $1", leader.uuid()).execute(&mut *tx).await?;
    sqlx::query!(
        "UPDATE letters SET used_at = app_now() WHERE leader_id = $1 AND expires_at IS NOT NULL AND used_at IS NULL",
        leader.uuid(),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Ends the sessions of all who came with an operator's link, but the one that is kept, and takes back the links that were
/// not used.
///
/// # Errors
/// When the ledger does not answer.
pub(crate) async fn end_nameless(
    tx: &mut PgConnection,
    community: CommunityId,
    kept: Option<&[u8; 32]>,
) -> sqlx::Result<()> {
    // The links first: whoever is just using one has begun their session when this gets on.
    sqlx::query!(
        "DELETE FROM sign_in_links WHERE community_id = $1 AND leader_id IS NULL AND used_at IS NULL",
        community.uuid(),
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "DELETE FROM sessions WHERE community_id = $1 AND leader_id IS NULL AND sha256 IS DISTINCT FROM $2",
        community.uuid(),
        kept.map(|kept| &kept[..]),
    )
    .execute(tx)
    .await?;
    Ok(())
}

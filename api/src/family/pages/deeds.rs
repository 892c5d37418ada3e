//! What the head does to a household's rows, and a member who leaves.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use porchlight_shared::domain::{InvitationId, MemberId};

use super::{Written, back, household_page, membership, nothing_here};
use crate::{
    board::session::SameOrigin,
    family::{
        ledger,
        session::{Closed, Resident},
    },
    pages::{Notice, page},
    state::AppState,
};

/// What the head does to one of a household's rows.
#[derive(Clone, Copy)]
enum Deed {
    Withdraw(InvitationId),
    Remove(MemberId),
    MakeHead(MemberId),
}

/// Does it, if it is the head who asks; the household's page shows what is so then.
async fn does(
    state: &AppState,
    resident: Resident,
    household: &str,
    deed: Option<Deed>,
) -> Result<Response, Closed> {
    let Some(membership) = membership(state, resident, household).await? else { return Ok(nothing_here()) };
    let Some(deed) = deed else { return Ok(nothing_here()) };
    let of = membership.household;
    let mut tx = state.pool.begin().await?;
    sqlx::query("SET LOCAL lock_timeout = '3s'").execute(&mut *tx).await?;
    if !ledger::lock_as_head(&mut tx, &membership).await? {
        let message = Some("Only the Head of Household does that.");
        let form = Written::default();
        drop(tx);
        return household_page(state, &membership, StatusCode::FORBIDDEN, &form, None, message).await;
    }
    let done = match deed {
        Deed::Withdraw(invite) => ledger::withdraw(&mut tx, of, invite).await?,
        Deed::Remove(member) => ledger::remove(&mut tx, of, member).await?,
        Deed::MakeHead(member) => ledger::hand_over(&mut tx, of, membership.member, member).await?,
    };
    if done {
        tx.commit().await?;
        let what = match deed {
            Deed::Withdraw(_) => "an invite was taken back",
            Deed::Remove(_) => "a member was removed",
            Deed::MakeHead(_) => "the role of the head was handed over",
        };
        tracing::info!(community = %membership.community, household = %of, what, "a head changed their household");
    }
    Ok(back(&membership))
}

pub(super) async fn withdraw(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    resident: Resident,
    Path((household, invite)): Path<(String, String)>,
) -> Result<Response, Closed> {
    does(&state, resident, &household, invite.parse().ok().map(Deed::Withdraw)).await
}

pub(super) async fn remove(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    resident: Resident,
    Path((household, member)): Path<(String, String)>,
) -> Result<Response, Closed> {
    does(&state, resident, &household, member.parse().ok().map(Deed::Remove)).await
}

pub(super) async fn make_head(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    resident: Resident,
    Path((household, member)): Path<(String, String)>,
) -> Result<Response, Closed> {
    does(&state, resident, &household, member.parse().ok().map(Deed::MakeHead)).await
}

/// A member leaves, and what is known of them goes with them. The head hands the role over first.
pub(super) async fn leave(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    resident: Resident,
    Path(household): Path<String>,
) -> Result<Response, Closed> {
    let Some(membership) = membership(&state, resident, &household).await? else { return Ok(nothing_here()) };
    let mut tx = state.pool.begin().await?;
    sqlx::query("SET LOCAL lock_timeout = '3s'").execute(&mut *tx).await?;
    crate::join::ledger::lock_household(&mut tx, membership.community, membership.household).await?;
    if !ledger::remove(&mut tx, membership.household, membership.member).await? {
        drop(tx);
        let message =
            Some("Make somebody else the Head of Household first; if you are alone, ask your community.");
        let form = Written::default();
        return household_page(&state, &membership, StatusCode::CONFLICT, &form, None, message).await;
    }
    tx.commit().await?;
    tracing::info!(community = %membership.community, household = %membership.household, "a member left");
    let lines =
        ["You do not belong to this household any more, and your name and address are deleted from it."];
    let heading = "You have left";
    let brand = Some(membership.brand.name.as_str());
    Ok(page(StatusCode::OK, &Notice { brand, heading, lines: &lines, contact: None, offer_code: false }))
}

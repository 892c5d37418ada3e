//! `/sign-in`: a link signs a leader in, once.
//!
//! Opening it shows a button and uses nothing up, because mail scanners open every link; pressing the button does.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{Path, State, rejection::PathRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use porchlight_shared::domain::{CommunityId, LeaderId};

use super::{
    pages::astray,
    session::{self, Leader, SameOrigin, Turned},
};
use crate::{
    audit::{Act, By, Entry},
    pages::{Notice, cookie, leaders_page, page, private},
    secret::Secret,
    state::AppState,
};

/// Signing in and out.
pub fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/sign-in", get(ask_for_link))
        .route("/sign-in/{link}", get(show).post(sign_in))
        .route("/sign-out", post(sign_out))
}

async fn ask_for_link(leader: Option<Leader>) -> Response {
    if leader.is_some() {
        return private(Redirect::to("/"));
    }
    let notice = Notice {
        brand: None,
        heading: "Sign in",
        lines: &[
            "Leaders sign in with a link. Ask whoever runs this installation for one; it works once, in one browser.",
            "You are a resident with an access code? You need no account here.",
        ],
        contact: None,
        offer_code: true,
    };
    page(StatusCode::OK, &notice)
}

#[derive(Template)]
#[template(path = "board/sign_in.html")]
struct SignIn<'a> {
    community: &'a str,
    link: &'a str,
}

async fn show(
    State(state): State<Arc<AppState>>,
    link: Result<Path<String>, PathRejection>,
) -> Result<Response, Turned> {
    let link = Secret::of(&link.map(|Path(link)| link).unwrap_or_default());
    let community = sqlx::query_scalar!(
        "SELECT c.name FROM sign_in_links l JOIN communities c ON c.id = l.community_id
         WHERE l.sha256 = $1 AND l.used_at IS NULL AND l.expires_at > app_now()",
        &link.sha256()[..],
    )
    .fetch_optional(&state.pool)
    .await?;
    Ok(match community {
        Some(community) => {
            leaders_page(StatusCode::OK, &SignIn { community: &community, link: link.as_str() })
        }
        None => used_up(),
    })
}

async fn sign_in(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    link: Result<Path<String>, PathRejection>,
) -> Result<Response, Turned> {
    let link = Secret::of(&link.map(|Path(link)| link).unwrap_or_default());
    let mut tx = state.pool.begin().await?;
    let used = sqlx::query!(
        "UPDATE sign_in_links SET used_at = app_now()
         WHERE sha256 = $1 AND used_at IS NULL AND expires_at > app_now() RETURNING community_id, leader_id",
        &link.sha256()[..],
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(used) = used else { return Ok(used_up()) };
    let (community, leader) = (CommunityId::from(used.community_id), used.leader_id.map(LeaderId::from));
    let secret = Secret::draw("", &mut AppState::rng());
    let cookie = session::begin(&mut tx, community, leader, &secret, state.site.as_ref()).await?;
    let by = leader.map_or(By::Operator, By::Leader);
    Entry::whole(by, Act::SignedIn).write(&mut tx, community).await?;
    tx.commit().await?;
    tracing::info!(%community, "a leader signed in");
    Ok(private(([(header::SET_COOKIE, cookie)], Redirect::to("/"))))
}

fn used_up() -> Response {
    let lines = [
        "It was used already, or its time is over. If you used it yourself in this browser, you are signed in.",
        "Otherwise ask whoever runs this installation for a new one.",
    ];
    astray(StatusCode::GONE, "This link does not sign anybody in any more", &lines)
}

async fn sign_out(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Option<Leader>,
) -> Result<Response, Turned> {
    if let Some(leader) = leader {
        leader.sign_out(&state).await?;
    }
    let cookie = cookie::LEADER.drop(state.site.as_ref());
    Ok(private(([(header::SET_COOKIE, cookie)], Redirect::to("/sign-in"))).into_response())
}

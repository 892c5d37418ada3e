//! `/v1/communities/{community}/drafts` and what is below.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use porchlight_shared::domain::{CommunityId, DraftId};
use serde::Deserialize;
use sqlx::PgConnection;

use super::{
    change::Changes,
    look::{look, mend, save},
    view::{DraftSummary, DraftView, Drafts},
};
use crate::{
    access::Caller,
    audit::{Act, Entry},
    intake::{
        body::{ListBody, json, require_json},
        judging::Rules,
        ledger::{batches, drafts},
        request::{self, AlreadyInvited, ListQuery, ListRequest},
    },
    problem::{Problem, ProblemBody, commit_unclear},
    refusals::{
        LedgerAwayOrBusy, NoDraft, NoListType, NoToken, NotApplicationJson, NotJson, NotJsonOrParameter,
        NotTheirs, TooLarge, TooMany, TooSlow, UnfitList,
    },
    state::AppState,
};

/// Drafts in one answer.
const MOST_DRAFTS: i64 = 100;

/// A draft of this community as it is judged now, as JSON.
async fn view(
    state: &AppState,
    tx: &mut PgConnection,
    community: CommunityId,
    draft: DraftId,
) -> Result<Vec<u8>, Problem> {
    let looked =
        look(state, tx, community, draft, AlreadyInvited::Skip).await?.ok_or_else(Problem::not_found)?;
    let view = DraftView::new(looked.draft, &looked.entries, &looked.judged);
    Ok(tokio::task::block_in_place(|| serde_json::to_vec(&view).expect("a draft serialises")))
}

/// Path of a draft.
#[derive(Debug, Deserialize)]
pub struct DraftPath {
    draft: DraftId,
}

/// A path in which no draft can be meant is one that is not there.
type DraftOf = Result<Path<DraftPath>, axum::extract::rejection::PathRejection>;

fn named(path: DraftOf) -> Result<DraftId, Problem> {
    path.map(|Path(path)| path.draft).map_err(|_| Problem::not_found())
}

/// Save a list
///
/// Keeps a list as a draft for 30 days without sending anything, and judges it.
#[utoipa::path(
    post, path = "/v1/communities/{community}/drafts", tag = "Lists",
    params(("community" = String, Path, format = Uuid, description = "The community"), ListQuery),
    request_body(content(
        (ListRequest = "application/json"),
        (String = "text/csv"),
        (String = "text/tab-separated-values"),
        (String = "text/plain"),
    )),
    responses(
        (status = 201, description = "Kept", body = DraftView<'_>),
        NotJsonOrParameter, NoToken, NotTheirs, TooSlow, TooLarge, NoListType, UnfitList, TooMany, LedgerAwayOrBusy,
    ),
    security(("bearer" = [])),
)]
pub async fn create_draft(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    query: ListQuery,
    body: ListBody,
) -> Result<Response, Problem> {
    let (bytes, headers, _room) = body.into_parts();
    let mut tx = state.pool.begin().await?;
    let country = batches::sender(&mut tx, caller.community).await?.country;
    let (channel, judged) = tokio::task::block_in_place(|| {
        let (channel, source, _) = ListRequest::parse(&headers, &query, &bytes)?;
        let rules = Rules { channel, country: &country, keyring: &state.keyring, keep: true };
        Ok::<_, Problem>((channel, request::judge(source, rules)?.0))
    })?;
    let draft = save(&state, &mut tx, caller.actor(), channel, &judged).await?;
    let answer = view(&state, &mut tx, caller.community, draft).await?;
    tx.commit().await.map_err(commit_unclear)?;
    Ok(json(StatusCode::CREATED, answer))
}

/// The drafts
#[utoipa::path(
    get, path = "/v1/communities/{community}/drafts", tag = "Lists",
    params(("community" = String, Path, format = Uuid, description = "The community")),
    responses(
        (status = 200, description = "The newest 100", body = Drafts),
        NoToken, NotTheirs,
    ),
    security(("bearer" = [])),
)]
pub async fn list_drafts(
    State(state): State<Arc<AppState>>,
    caller: Caller,
) -> Result<Json<Drafts>, Problem> {
    let mut connection = state.pool.acquire().await?;
    let drafts = drafts::drafts(&mut connection, caller.community, None, MOST_DRAFTS).await?;
    Ok(Json(Drafts { drafts: drafts.into_iter().map(DraftSummary::from).collect() }))
}

/// A draft
///
/// Its entries as they were written, and what is to be said of them now.
#[utoipa::path(
    get, path = "/v1/communities/{community}/drafts/{draft}", tag = "Lists",
    params(
        ("community" = String, Path, format = Uuid, description = "The community"),
        ("draft" = String, Path, format = Uuid, description = "The draft"),
    ),
    responses(
        (status = 200, description = "The draft", body = DraftView<'_>),
        NoToken, NoDraft,
    ),
    security(("bearer" = [])),
)]
pub async fn show_draft(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    path: DraftOf,
) -> Result<Response, Problem> {
    let draft = named(path)?;
    let mut connection = state.pool.acquire().await?;
    Ok(json(StatusCode::OK, view(&state, &mut connection, caller.community, draft).await?))
}

/// Mend a draft
///
/// Changes, accepts or removes entries, and judges the draft anew.
#[utoipa::path(
    patch, path = "/v1/communities/{community}/drafts/{draft}", tag = "Lists",
    params(
        ("community" = String, Path, format = Uuid, description = "The community"),
        ("draft" = String, Path, format = Uuid, description = "The draft"),
    ),
    request_body = Changes,
    responses(
        (status = 200, description = "The draft as it is now", body = DraftView<'_>),
        NotJson, NoToken, NoDraft, NotApplicationJson,
        (status = 422, description = "A change does not fit; none was made", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("bearer" = [])),
)]
pub async fn mend_draft(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    path: DraftOf,
    body: ListBody,
) -> Result<Response, Problem> {
    let draft = named(path)?;
    require_json(&body.headers, "the changes")?;
    let changes = Changes::parse(&body.bytes)?;
    let mut tx = state.pool.begin().await?;
    if !drafts::lock_draft(&mut tx, caller.community, draft).await? {
        return Err(Problem::not_found());
    }
    mend(&mut tx, draft, changes.entries).await?;
    let answer = view(&state, &mut tx, caller.community, draft).await?;
    tx.commit().await.map_err(commit_unclear)?;
    Ok(json(StatusCode::OK, answer))
}

/// Drop a draft
#[utoipa::path(
    delete, path = "/v1/communities/{community}/drafts/{draft}", tag = "Lists",
    params(
        ("community" = String, Path, format = Uuid, description = "The community"),
        ("draft" = String, Path, format = Uuid, description = "The draft"),
    ),
    responses(
        (status = 204, description = "Dropped"),
        NoToken, NoDraft,
    ),
    security(("bearer" = [])),
)]
pub async fn delete_draft(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    path: DraftOf,
) -> Result<StatusCode, Problem> {
    let draft = named(path)?;
    let mut tx = state.pool.begin().await?;
    if drafts::delete_draft(&mut tx, caller.community, draft).await? {
        Entry::of(caller.by(), Act::DraftDropped, draft.uuid()).write(&mut tx, caller.community).await?;
        tx.commit().await?;
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}

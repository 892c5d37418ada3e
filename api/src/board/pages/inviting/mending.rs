//! What is done about entries, one or several at once. Each answer leads back to where the button was.

use std::sync::Arc;

use axum::{
    Form,
    extract::{Path, Query as Parameters, State, rejection::FormRejection},
    response::Response,
};
use porchlight_shared::domain::DraftId;
use serde::Deserialize;

use super::{
    gone, lead_to, nothing_here, open, ours, path, room,
    rows::{standing, word},
    sent_as,
    verify::Query,
};
use crate::{
    audit::{Act, Entry},
    board::session::{Leader, SameOrigin, Turned},
    intake::{
        drafts::{
            change::{Change, Fields},
            look::mend,
        },
        judging::Verdict,
        ledger::{drafts, plans},
    },
    problem::{Problem, commit_unclear},
    state::AppState,
};

/// The form of an entry. What it has not stays as it is.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    act: String,
    email: Option<String>,
    phone: Option<String>,
    name: Option<String>,
    unit: Option<String>,
    household: Option<String>,
}

/// Writes, accepts or removes one entry.
pub(super) async fn one(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    Path((draft, position)): Path<(String, String)>,
    Parameters(query): Parameters<Query>,
    form: Result<Form<Asked>, FormRejection>,
) -> Result<Response, Turned> {
    let asked = form.map(|Form(asked)| asked).unwrap_or_default();
    let (Ok(id), Ok(position)) = (draft.parse::<DraftId>(), position.parse::<i32>()) else {
        return Ok(nothing_here());
    };
    let Ok(number) = u32::try_from(position) else { return Ok(nothing_here()) };
    let mut tx = state.pool.begin().await?;
    if !drafts::lock_draft(&mut tx, leader.community, id).await? {
        return Ok(gone(&mut tx, &leader, &draft).await?);
    }
    let entry = drafts::entries(&mut tx, id, Some(&[position])).await?.into_iter().next();
    let Some(entry) = entry else {
        // Somebody removed it a moment ago; twice is once.
        return Ok(lead_to(&format!("{}?{}&done=removed", path(id, ""), query.same())));
    };
    let fields = Fields {
        email: asked.email,
        phone: asked.phone,
        name: asked.name,
        unit: asked.unit,
        household: asked.household,
    };
    let (change, done) = match asked.act.as_str() {
        "remove" => (Change::removal(number), "removed"),
        "accept" => (Change::of(number, fields, Some(true)), "accepted"),
        "take_back" => (Change::of(number, fields, Some(false)), "taken_back"),
        _ => (Change::of(number, fields, None), "mended"),
    };
    let changed = async {
        mend(&mut tx, id, vec![change]).await?;
        drafts::touch(&mut tx, id, None).await?;
        tx.commit().await.map_err(commit_unclear)
    };
    if let Err(problem) = changed.await {
        return Ok(ours(&problem).unwrap_or_else(nothing_here));
    }
    let (at, was) = if done == "removed" {
        (entry.line, if entry.by_line { "line" } else { "entry" })
    } else {
        let stood = ["ready", "check", "fix", "skip"].into_iter().find(|word| *word == query.was);
        (position, stood.unwrap_or("fix"))
    };
    let here = if done == "removed" { "list".to_owned() } else { format!("e-{position}") };
    Ok(lead_to(&format!("{}?{}&done={done}&at={at}&was={was}#{here}", path(id, ""), query.same())))
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct AskedOfSeveral {
    #[serde(default)]
    act: String,
    #[serde(default)]
    reason: String,
}

/// Does the same to all entries of one sort.
pub(super) async fn several(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    Path(draft): Path<String>,
    Parameters(query): Parameters<Query>,
    form: Result<Form<AskedOfSeveral>, FormRejection>,
) -> Result<Response, Turned> {
    let asked = form.map(|Form(asked)| asked).unwrap_or_default();
    let Ok(id) = draft.parse::<DraftId>() else { return Ok(nothing_here()) };
    let _room = room(&state, &leader, &draft).await.map_err(|_| Turned::Later)?;
    let mut tx = state.pool.begin().await?;
    if !drafts::lock_draft(&mut tx, leader.community, id).await? {
        return Ok(gone(&mut tx, &leader, &draft).await?);
    }
    match change(&state, tx, &leader, id, &asked).await {
        Ok((done, count)) => {
            let show = query.shown();
            Ok(lead_to(&format!("{}?show={show}&done={done}&at={count}#list", path(id, ""))))
        }
        Err(problem) => Ok(ours(&problem).unwrap_or_else(nothing_here)),
    }
}

/// Carries it out. Returns its word, and how many entries changed.
async fn change(
    state: &AppState,
    mut tx: sqlx::Transaction<'static, sqlx::Postgres>,
    leader: &Leader,
    draft: DraftId,
    asked: &AskedOfSeveral,
) -> Result<(&'static str, usize), Problem> {
    let (mut done, mut count) = ("several", 0);
    match asked.act.as_str() {
        "resend" | "no_resend" => {
            done = if asked.act == "resend" { "resend" } else { "no_resend" };
            plans::put_resend(&mut tx, draft, done == "resend").await?;
        }
        "accept" | "remove" => {
            let looked = open(state, &mut tx, leader, &draft.to_string()).await?;
            let (looked, _) = looked.ok_or_else(Problem::not_found)?;
            let is_meant = |at: &usize| match asked.act.as_str() {
                "accept" => {
                    standing(&looked, *at) == Verdict::Check
                        && looked.judged[*at].reason.code() == asked.reason
                }
                _ => word(standing(&looked, *at)) == "skip",
            };
            let positions: Vec<_> =
                (0..looked.judged.len()).filter(is_meant).map(|at| looked.entries[at].position).collect();
            count = positions.len();
            if asked.act == "accept" {
                drafts::accept_entries(&mut tx, draft, &positions).await?;
            } else {
                drafts::remove_entries(&mut tx, draft, &positions).await?;
            }
        }
        _ => {}
    }
    drafts::touch(&mut tx, draft, None).await?;
    tx.commit().await.map_err(commit_unclear)?;
    Ok((done, count))
}

/// Throws a list away. What is told is what became of it: a part may be sent, and all of it may be.
pub(super) async fn throw_away(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    Path(draft): Path<String>,
) -> Result<Response, Turned> {
    let Ok(id) = draft.parse::<DraftId>() else { return Ok(nothing_here()) };
    let mut tx = state.pool.begin().await?;
    if !drafts::lock_draft(&mut tx, leader.community, id).await? {
        let batch = sent_as(&mut tx, &leader, id).await?;
        let place = batch.map(|batch| format!("/batches/{batch}"));
        return Ok(lead_to(place.as_deref().unwrap_or("/invite?done=gone")));
    }
    let draft = drafts::drafts(&mut tx, leader.community, Some(id), 1).await?;
    let rest = draft.first().is_some_and(|draft| draft.batch.is_some());
    drafts::delete_draft(&mut tx, leader.community, id).await?;
    Entry::of(leader.by, Act::DraftDropped, id.uuid()).write(&mut tx, leader.community).await?;
    tx.commit().await?;
    Ok(lead_to(if rest { "/invite?done=rest" } else { "/invite?done=dropped" }))
}

//! What is done about entries, one or several at once. Each answer leads back to where the button was.

use std::sync::Arc;

use axum::{
    Form,
    extract::{Path, Query as Parameters, State, rejection::FormRejection},
    response::Response,
};
use porchlight_shared::domain::DraftId;
use serde::Deserialize;
use sqlx::PgConnection;

use super::{
    gone, lead_to, nothing_here, open, ours, path, room,
    rows::{standing_of, word},
    seen::{Typed, is_stale, which},
    sent_as,
    verify::{self, Late, Query},
};
use crate::{
    audit::{Act, Entry},
    board::session::{Leader, SameOrigin, Turned},
    intake::{
        drafts::{
            change::{Change, Fields},
            look::mend,
            verdicts::{Standing, Told, Verdicts},
        },
        ledger::{
            drafts::{self, DraftEntry},
            plans,
        },
    },
    problem::{Problem, commit_unclear},
    state::AppState,
};

/// The form of an entry. What it has not stays as it is.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    pub(super) act: String,
    /// What was seen of it.
    pub(super) seen: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    pub(super) name: Option<String>,
    unit: Option<String>,
    household: Option<String>,
}

impl Asked {
    pub(super) fn fields(&self) -> Fields {
        let Self { email, phone, name, unit, household, .. } = self.clone();
        Fields { email, phone, name, unit, household }
    }

    /// Whether anything is to be written.
    pub(super) const fn has_fields(&self) -> bool {
        self.email.is_some()
            || self.phone.is_some()
            || self.name.is_some()
            || self.unit.is_some()
            || self.household.is_some()
    }
}

/// Writes one entry, decides about it, or takes back what was done to it.
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
        // The list was read anew in another tab.
        return Ok(lead_to(&format!("{}?{}#list", path(id, ""), query.same())));
    };
    if is_stale(&entry, &asked) {
        tx.rollback().await?;
        let late = Late { position, typed: Typed::of(&asked) };
        return verify::page(&state, &leader, &draft, &query, Some(late)).await;
    }
    let changed = async {
        let done = decide(&mut tx, id, entry, number, asked).await?;
        drafts::touch(&mut tx, id, None).await?;
        tx.commit().await.map_err(commit_unclear)?;
        Ok::<_, Problem>(done)
    };
    let done = match changed.await {
        Ok(done) => done,
        Err(problem) => return Ok(ours(&problem).unwrap_or_else(nothing_here)),
    };
    let was = standing_of(&query.was).unwrap_or(Standing::Fix);
    let (at, was) = (position, word(was));
    Ok(lead_to(&format!("{}?{}&done={done}&at={at}&was={was}#e-{position}", path(id, ""), query.same())))
}

/// Carries out what is asked of one entry. Returns its word.
async fn decide(
    tx: &mut PgConnection,
    draft: DraftId,
    mut entry: DraftEntry,
    number: u32,
    asked: Asked,
) -> Result<&'static str, Problem> {
    let position = entry.position;
    match asked.act.as_str() {
        "remove" => {
            drafts::remove_entries(tx, draft, &[position], true).await?;
            return Ok("removed");
        }
        "put_back" => {
            drafts::remove_entries(tx, draft, &[position], false).await?;
            return Ok("put_back");
        }
        "again" | "leave_out" => {
            let again = asked.act == "again";
            drafts::choose_again(tx, draft, position, again).await?;
            return Ok(if again { "again" } else { "left_out" });
        }
        "undo" => {
            entry.undo();
            drafts::put_entries(tx, draft, vec![entry]).await?;
            return Ok("undone");
        }
        _ => {}
    }
    if entry.removed {
        // Who writes in it, or wants it sent, wants it on the list.
        drafts::remove_entries(tx, draft, &[position], false).await?;
    }
    let fields = asked.fields();
    let (accept, done) = match asked.act.as_str() {
        "accept" => (Some(true), "accepted"),
        "take_back" => (Some(false), "taken_back"),
        _ => (None, "mended"),
    };
    mend(tx, draft, vec![Change::of(number, fields, accept)]).await?;
    Ok(done)
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct AskedOfSeveral {
    #[serde(default)]
    act: String,
    #[serde(default)]
    reason: String,
    /// Which entries were seen.
    seen: Option<String>,
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
            // What is said of the whole list is the last word on each entry of it.
            drafts::forget_again(&mut tx, draft).await?;
        }
        "accept" | "remove" | "put_back" => {
            let looked = open(state, &mut tx, leader, &draft.to_string()).await?;
            let (looked, _) = looked.ok_or_else(Problem::not_found)?;
            let verdicts = Verdicts::of(&looked);
            let is_meant = |told: &&Told| match asked.act.as_str() {
                "accept" => told.stands == Standing::Check && told.reason.code() == asked.reason,
                "remove" => told.stands == Standing::Skip,
                _ => told.stands == Standing::Removed,
            };
            let positions: Vec<_> = verdicts.iter().filter(is_meant).map(|told| told.position).collect();
            count = positions.len();
            if count > 0 && asked.seen.as_ref().is_some_and(|seen| *seen != which(&positions)) {
                return Ok(("several_late", count));
            }
            match asked.act.as_str() {
                "accept" => drafts::accept_entries(&mut tx, draft, &positions).await?,
                act => {
                    let removed = act == "remove";
                    done = if removed { "several_removed" } else { "several_back" };
                    drafts::remove_entries(&mut tx, draft, &positions, removed).await?;
                }
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

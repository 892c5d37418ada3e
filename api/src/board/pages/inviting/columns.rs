//! `/invite/lists/{draft}/columns`: what the columns of a pasted table hold, as it was understood, and as a leader knows better.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{Path, State, rejection::FormRejection},
    http::StatusCode,
    response::Response,
};
use porchlight_shared::domain::{Channel, DraftId};

use super::{Frame, Place, board_with, gone, lead_to, list_title, nothing_here, ours, path};
use crate::{
    board::session::{Leader, SameOrigin, Turned},
    intake::{
        drafts::as_written,
        judging::Rules,
        ledger::{
            batches,
            drafts::{self, Draft},
            plans,
        },
        reading::{Column, sample::Sample},
        request::{self, Source},
    },
    problem::{Problem, commit_unclear},
    state::AppState,
};

/// What a column may hold, and what that is called.
fn choices() -> [(&'static str, &'static str); 8] {
    [
        ("email", say!("invite-column-is-email")),
        ("phone", say!("invite-column-is-phone")),
        ("unit", say!("invite-column-is-unit")),
        ("household", say!("invite-column-is-household")),
        ("name", say!("invite-column-is-name")),
        ("first", say!("invite-column-is-first")),
        ("last", say!("invite-column-is-last")),
        ("ignore", say!("invite-column-is-ignore")),
    ]
}

struct ColumnView {
    number: usize,
    head: Option<String>,
    choices: Vec<(&'static str, &'static str, bool)>,
    samples: Vec<String>,
}

#[derive(Template)]
#[template(path = "board/invite/columns.html")]
struct ColumnsPage<'a> {
    frame: Frame<'a>,
    id: DraftId,
    title: &'static str,
    fault: Option<&'static str>,
    columns: Vec<ColumnView>,
}

fn read(word: &str) -> Option<Column> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}

fn word(column: Column) -> String {
    match serde_json::to_value(column) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn page(leader: &Leader, draft: &Draft, sample: &Sample, fault: Option<&'static str>) -> Response {
    let columns = sample.columns.iter().enumerate().map(|(at, column)| {
        let chosen = word(*column);
        ColumnView {
            number: at + 1,
            head: sample.head.as_ref().map(|head| head[at].clone()).filter(|head| !head.is_empty()),
            choices: choices().map(|(word, name)| (word, name, word == chosen)).to_vec(),
            samples: sample
                .rows
                .iter()
                .map(|row| row[at].clone())
                .filter(|cell| !cell.is_empty())
                .take(3)
                .collect(),
        }
    });
    let page = ColumnsPage {
        frame: Frame::of(leader, Place::Invite),
        id: draft.id,
        title: list_title(draft.channel),
        fault,
        columns: columns.collect(),
    };
    board_with(if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, &page)
}

/// The draft, its text, and what was said of its columns before.
type Found = (Draft, String, Option<Vec<Column>>);

async fn find(
    tx: &mut sqlx::PgConnection,
    leader: &Leader,
    draft: &str,
) -> sqlx::Result<Result<Found, Response>> {
    let Ok(id) = draft.parse::<DraftId>() else { return Ok(Err(nothing_here())) };
    let Some(found) = drafts::drafts(tx, leader.community, Some(id), 1).await?.into_iter().next() else {
        return Ok(Err(gone(tx, leader, draft).await?));
    };
    Ok(match plans::source(tx, id).await? {
        Some((text, columns)) => {
            let columns = columns.and_then(|columns| columns.iter().map(|column| read(column)).collect());
            Ok((found, text, columns))
        }
        // A list of recipients has no columns.
        None => Err(lead_to(&path(id, ""))),
    })
}

pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Path(draft): Path<String>,
) -> Result<Response, Turned> {
    let mut connection = state.pool.acquire().await?;
    let (draft, text, columns) = match find(&mut connection, &leader, &draft).await? {
        Ok(found) => found,
        Err(answer) => return Ok(answer),
    };
    let sample = Sample::of(&text, draft.channel, columns.as_deref());
    Ok(sample.map_or_else(|| lead_to(&path(draft.id, "")), |sample| page(&leader, &draft, &sample, None)))
}

/// Reads the text anew, its columns as the leader says.
pub(super) async fn read_again(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    Path(draft): Path<String>,
    form: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Result<Response, Turned> {
    let said = form.map(|Form(fields)| fields).unwrap_or_default();
    let words: Vec<_> = said.into_iter().filter(|(name, _)| name == "column").map(|(_, word)| word).collect();
    let mut tx = state.pool.begin().await?;
    // Before it is read what the columns are read from: somebody may be sending it.
    if let Ok(id) = draft.parse() {
        drafts::lock_draft(&mut tx, leader.community, id).await?;
    }
    let (draft, text, before) = match find(&mut tx, &leader, &draft).await? {
        Ok(found) => found,
        Err(answer) => return Ok(answer),
    };
    let columns: Option<Vec<_>> = words.iter().map(|word| read(word)).collect();
    let Some(sample) = Sample::of(&text, draft.channel, before.as_deref()) else {
        return Ok(lead_to(&path(draft.id, "")));
    };
    let (wanted, missing) = match draft.channel {
        Channel::Email => (Column::Email, say!("invite-columns-no-email")),
        Channel::Text => (Column::Phone, say!("invite-columns-no-phone")),
    };
    let Some(columns) = columns.filter(|columns| columns.len() == sample.columns.len()) else {
        return Ok(page(&leader, &draft, &sample, Some(say!("invite-columns-missing"))));
    };
    if !columns.contains(&wanted) {
        return Ok(page(&leader, &draft, &Sample { columns, ..sample }, Some(missing)));
    }
    match put(&state, tx, &leader, &draft, text, columns, &words).await {
        Ok(()) => Ok(lead_to(&format!("{}?done=read", path(draft.id, "")))),
        Err(problem) => Ok(ours(&problem)
            .unwrap_or_else(|| page(&leader, &draft, &sample, Some(say!("invite-columns-no-entry"))))),
    }
}

/// Puts what is read now in the place of what was read before.
async fn put(
    state: &AppState,
    mut tx: sqlx::Transaction<'static, sqlx::Postgres>,
    leader: &Leader,
    draft: &Draft,
    text: String,
    columns: Vec<Column>,
    words: &[String],
) -> Result<(), Problem> {
    let country = batches::sender(&mut tx, leader.community).await?.country;
    let rules = Rules { channel: draft.channel, country: &country, keyring: &state.keyring, keep: true };
    let judged = tokio::task::block_in_place(|| request::judge(Source::Text(text, Some(columns)), rules))?.0;
    drafts::clear(&mut tx, draft.id).await?;
    drafts::put_entries(&mut tx, draft.id, judged.iter().map(as_written).collect()).await?;
    plans::put_columns(&mut tx, draft.id, words).await?;
    drafts::touch(&mut tx, draft.id, None).await?;
    tx.commit().await.map_err(commit_unclear)
}

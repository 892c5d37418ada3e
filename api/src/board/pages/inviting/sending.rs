//! The button that sends. It says what was confirmed; were it something else by now, nothing goes.
//!
//! Pressed twice, reloaded, or pressed by two leaders at once: what was confirmed is the key under which the answer is
//! kept, in the transaction that sends. Whoever comes second is led to the batch.

use std::sync::Arc;

use axum::{
    Form,
    extract::{Path, State, rejection::FormRejection},
    http::StatusCode,
    response::Response,
};
use porchlight_shared::{
    domain::{BatchId, Channel, DraftId},
    store::window,
};
use serde::Deserialize;

use super::{
    astray,
    confirm::{self, Again, Why, digest},
    find, gone, lead_to, nothing_here, path, room,
};
use crate::{
    board::session::{Leader, SameOrigin, Turned},
    intake::{
        batch::{self, Asked, List, Wish},
        drafts::look::{Looked, read},
        idempotency::{Claim, IdempotencyKey},
        ledger::{batches, drafts, plans},
        request::Consent,
    },
    problem::{Kind, Problem},
    state::AppState,
};

/// What was confirmed.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Confirmed {
    #[serde(default)]
    number: String,
    #[serde(default)]
    digest: String,
    /// Whether the same list may go twice in a day.
    #[serde(default)]
    again: String,
}

/// What became of it.
enum Outcome {
    Sent(BatchId),
    /// Nothing: so many would go now, where that is known.
    Changed(Option<usize>),
    /// Nothing: nobody has said yet who agreed to be texted.
    NoConsent,
    Gone,
}

/// The key of what was confirmed of a draft.
pub(super) fn key(draft: DraftId, digest: &str) -> String {
    format!("invite-{draft}-{digest}")
}

/// The batch that an answer is about.
pub(super) fn batch_of(answer: &str) -> Option<BatchId> {
    let answer: serde_json::Value = serde_json::from_str(answer).ok()?;
    answer.get("id")?.as_str()?.parse().ok()
}

pub(super) async fn send(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Result<Leader, Turned>,
    Path(draft): Path<String>,
    form: Result<Form<Confirmed>, FormRejection>,
) -> Result<Response, Turned> {
    let confirmed = form.map(|Form(confirmed)| confirmed).unwrap_or_default();
    let answer = match leader {
        Ok(leader) => answer(&state, &leader, &draft, &confirmed).await,
        Err(turned) => Err(turned),
    };
    match answer {
        Err(Turned::Later) => Ok(unknown()),
        answer => answer,
    }
}

/// What is ours may come after the commit as well as before: what was confirmed is the key, so pressing again does no harm.
fn unknown() -> Response {
    let lines = [say!("invite-refused-unknown-why"), say!("invite-refused-unknown-next")];
    astray(StatusCode::SERVICE_UNAVAILABLE, say!("invite-refused-unknown"), &lines)
}

async fn answer(
    state: &Arc<AppState>,
    leader: &Leader,
    draft: &str,
    confirmed: &Confirmed,
) -> Result<Response, Turned> {
    let Ok(id) = draft.parse::<DraftId>() else { return Ok(nothing_here()) };
    let is_again = confirmed.again == "yes";
    match accept(state, leader, id, confirmed).await {
        Ok(Outcome::Sent(batch)) => Ok(lead_to(&format!("/batches/{batch}?done=accepted"))),
        Ok(Outcome::Changed(number)) => {
            // Said of one list, it is not said of another.
            let is_again = is_again && number.is_some();
            let again = Again { why: Why::Changed, number, all_the_same: is_again };
            confirm::page(state, leader, draft, Some(again)).await
        }
        Ok(Outcome::NoConsent) => Ok(lead_to(&path(id, "/message?done=consent"))),
        Ok(Outcome::Gone) => Ok(gone(&mut *state.pool.acquire().await?, leader, draft).await?),
        Err(problem) if problem.is_ours() => Err(Turned::Later),
        Err(problem) => {
            let again = match problem.kind() {
                // The number that was confirmed is kept, or the two questions would be asked in turn for ever.
                Kind::SameList => {
                    Again { why: Why::SameList, number: confirmed.number.parse().ok(), all_the_same: true }
                }
                Kind::NothingToSend | Kind::EmptyList => {
                    Again { why: Why::Changed, number: Some(0), all_the_same: false }
                }
                _ => Again { why: Why::Refused(told(&problem)), number: None, all_the_same: is_again },
            };
            confirm::page(state, leader, draft, Some(again)).await
        }
    }
}

/// What is wrong, in a leader's words.
fn told(problem: &Problem) -> String {
    match (problem.kind(), problem.field()) {
        (Kind::NotReady, _) => say!("invite-refused-not-ready").to_owned(),
        (Kind::TwinInFlight, _) => say!("invite-refused-under-way").to_owned(),
        (Kind::ChannelNotSetUp, _) => say!("invite-refused-no-texts").to_owned(),
        (_, Some(("/send_at", fault))) => say!("invite-refused-send-at", fault = fault),
        (_, Some(("/not_after", fault))) => say!("invite-refused-not-after", fault = fault),
        _ => problem.told(),
    }
}

async fn accept(
    state: &Arc<AppState>,
    leader: &Leader,
    id: DraftId,
    confirmed: &Confirmed,
) -> Result<Outcome, Problem> {
    let _room = room(state, leader, &id.to_string()).await?;
    let mut connection = state.pool.acquire().await?;
    let found = find(&mut connection, leader, id).await?;
    if found.is_some_and(|draft| draft.channel == Channel::Text) {
        let sender = batches::sender(&mut connection, leader.community).await?;
        drop(connection);
        window::renew(&state.pool, &sender.window, &state.text_window).await?;
    } else {
        drop(connection);
    }
    let mut tx = state.pool.begin().await?;
    sqlx::query("SET LOCAL lock_timeout = '10s'").execute(&mut *tx).await?;
    let key = IdempotencyKey::of_form(key(id, &confirmed.digest), &confirmed.digest);
    if let Claim::Replay(_, answer) = key.claim(&mut tx, leader.community).await? {
        return Ok(batch_of(&answer).map_or(Outcome::Gone, Outcome::Sent));
    }
    if !drafts::lock_draft(&mut tx, leader.community, id).await? {
        return Ok(Outcome::Gone);
    }
    let Some(found) = find(&mut tx, leader, id).await? else { return Ok(Outcome::Gone) };
    let plan = plans::plan(&mut tx, id).await?;
    let already_invited = plan.already_invited();
    let read = read(state, &mut tx, leader.community, found).await?;
    let hash = batch::list_hash(&state.keyring, &read.judged, false);
    let looked = read.ask(&mut tx, leader.community, already_invited).await?;
    let sender = batches::sender(&mut tx, leader.community).await?;
    let letterhead = batches::letterhead(&mut tx, leader.community).await?;
    let channel = looked.draft.channel;
    let number = confirmed.number.parse().unwrap_or(0);
    let start = confirm::start(channel, &plan, &sender, &state.text_window);
    if digest(&looked, &plan, (&sender.name, &letterhead), start, number) != confirmed.digest {
        return Ok(Outcome::Changed(None));
    }
    let Looked { judged, known, entries, removed, .. } = looked;
    // What was written is not needed any more, and a long list has much of it.
    drop((entries, removed));
    if channel == Channel::Text && plan.consent.is_none() {
        return Ok(Outcome::NoConsent);
    }
    if channel == Channel::Text && state.texts.is_none() {
        return Err(Problem::new(Kind::ChannelNotSetUp, "Texts are not set up on this installation."));
    }
    let start = plan.send_at.map_or(sender.now, |at| at.max(sender.now));
    let opening = (channel == Channel::Text).then(|| sender.window.opening_at(start, &state.text_window));
    let wish = Wish {
        accept_checks: false,
        already_invited,
        note: plan.note,
        send_at: plan.send_at,
        not_after: plan.not_after,
        consent: plan.consent.map(|statement| Consent { statement, obtained_at: None }),
        again: confirmed.again == "yes",
    };
    let asked = Some(Asked { known, hash });
    let list = List { judged, draft: Some(id), channel, opening, asked };
    let now = state.clock.now();
    let (answer, jobs) =
        batch::accept(&mut tx, leader.actor(), &state.keyring, now, &sender, wish, list).await?;
    if answer.accepted != number {
        // Dropped, the transaction leaves nothing behind.
        return Ok(Outcome::Changed(Some(answer.accepted)));
    }
    let response = serde_json::to_string(&answer).expect("an answer serialises");
    key.remember(&mut tx, leader.community, StatusCode::ACCEPTED, &response).await?;
    tx.commit().await.map_err(|error| {
        Problem::from(error)
            .because("It is not known whether the list was sent. Reload this page: it will not go twice.")
    })?;
    batch::announce(state, leader.community, channel, &answer, jobs);
    Ok(Outcome::Sent(answer.id))
}

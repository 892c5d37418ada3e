//! `POST /v1/communities/{community}/lists:verify`: what would become of a list, entry by entry, and nothing stored.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    body::{ListBody, json},
    facts,
    judging::{self, Counts, EntryReport, Judged, Rules},
    ledger::batches,
    reading::ReadAs,
    request::{self, ListQuery, ListRequest},
};
use crate::{
    access::Caller,
    problem::Problem,
    refusals::{
        LedgerAwayOrBusy, NoListType, NoToken, NotJsonOrParameter, NotTheirs, TooLarge, TooMany, TooSlow,
        UnfitList,
    },
    state::AppState,
};

/// What would become of a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ListVerdicts)]
struct Verified<'a> {
    /// How many entries there are.
    total: usize,
    /// How many of them got each verdict.
    counts: Counts,
    /// How the text was understood, if the list came as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    read_as: Option<&'a ReadAs>,
    /// The encoding of the text, if it came as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    /// Every entry, in the order of the list.
    #[serde(serialize_with = "serialize_all")]
    #[schema(value_type = Vec<EntryReport<'_>>)]
    entries: &'a [Judged],
}

fn serialize_all<S: serde::Serializer>(judged: &&[Judged], serializer: S) -> Result<S::Ok, S::Error> {
    judging::all(judged, serializer)
}

/// Look at a list
///
/// Gives every entry a verdict: ready, check (a second look), fix (mend it) or skip (nothing to do), with a reason and,
/// where it helps, a suggestion. Nothing is stored and nothing is sent. The list comes as JSON (`rows`, or `text` as it
/// was pasted), or itself as text/csv or text/plain in any encoding.
#[utoipa::path(
    post, path = "/v1/communities/{community}/lists:verify", tag = "Lists",
    params(("community" = String, Path, format = Uuid, description = "The community"), ListQuery),
    request_body(content(
        (ListRequest = "application/json"),
        (String = "text/csv"),
        (String = "text/tab-separated-values"),
        (String = "text/plain"),
    )),
    responses(
        (status = 200, description = "A verdict for every entry", body = Verified<'_>),
        NotJsonOrParameter, NoToken, NotTheirs, TooSlow, TooLarge, NoListType, UnfitList, TooMany, LedgerAwayOrBusy,
    ),
    security(("bearer" = [])),
)]
pub async fn verify_list(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    query: ListQuery,
    body: ListBody,
) -> Result<Response, Problem> {
    let (bytes, headers, _room) = body.into_parts();
    let mut connection = state.pool.acquire().await?;
    let country = batches::sender(&mut connection, caller.community).await?.country;
    let keyring = Arc::clone(&state.keyring);
    let read = tokio::task::spawn_blocking(move || {
        let (channel, source, encoding) = ListRequest::parse(&headers, &query, &bytes)?;
        drop(bytes);
        let rules = Rules { channel, country: &country, keyring: &keyring, keep: false };
        let (judged, read_as) = request::judge(source, rules)?;
        Ok::<_, Problem>((channel, judged, read_as, encoding))
    });
    let (channel, mut judged, read_as, encoding) = read.await.map_err(|_| Problem::internal())??;
    facts::add_all(&mut connection, caller.community, channel, &mut judged).await?;
    drop(connection);
    let answer = tokio::task::spawn_blocking(move || {
        let counts = Counts::of(judged.iter().map(Judged::verdict));
        let answer =
            Verified { total: judged.len(), counts, read_as: read_as.as_ref(), encoding, entries: &judged };
        // Room enough for most: growing by doubling would hold the answer twice.
        let mut json = Vec::with_capacity(answer.total * 256);
        serde_json::to_writer(&mut json, &answer).expect("an answer serialises");
        json
    });
    let answer = answer.await.map_err(|_| Problem::internal())?;
    Ok(json(StatusCode::OK, answer))
}

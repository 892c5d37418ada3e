//! `POST /v1/communities/{community}/households:import`: the community's homes, without inviting anybody, so that "187 of
//! 312 households" has its 312. Importing the same list again changes nothing.

use std::{collections::HashSet, ops::ControlFlow, sync::Arc};

use axum::{Json, extract::State};
use jiff::Timestamp;
use porchlight_shared::domain::{HouseholdId, PropertyId};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::{
    body::ListBody,
    homes::{Homes, Moves},
    judging::{Counts, EntryReport, Field, Judged, Reason, Unit, Verdict, comparable, line},
    ledger::homes,
    reading::{self, Entry, MOST_ENTRIES, ReadAs},
    request::{ImportRequest, ListQuery, Source, too_many},
};
use crate::{
    access::Caller,
    audit::{Act, Entry as Written},
    problem::{Kind, Problem, commit_unclear},
    refusals::{
        LedgerAwayOrBusy, NoListType, NoToken, NotJsonOrParameter, NotTheirs, TooLarge, TooMany, TooSlow,
        UnfitList,
    },
    state::AppState,
};

/// How many of the entries that were not taken in an answer shows.
const MOST_SHOWN: usize = 1_000;

/// What became of an import.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportResult)]
pub struct Imported {
    /// Properties that were not known before.
    properties: usize,
    /// Households that were not known before.
    households: usize,
    /// Households that were known and had no name yet.
    named: usize,
    /// Entries that name what was listed already.
    skipped: usize,
    /// Entries that have to be mended.
    rejected: usize,
    /// How the text was understood, if the list came as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    read_as: Option<ReadAs>,
    /// The entries that were not taken in: the first 1,000.
    #[schema(value_type = Vec<EntryReport<'_>>)]
    rows: serde_json::Value,
}

/// Take in homes
///
/// Stores the community's properties and households without inviting anybody. A row names a unit, a household, or both;
/// other columns are not looked at. From then on a unit that is not among them calls for mending when a list names it.
#[utoipa::path(
    post, path = "/v1/communities/{community}/households:import", tag = "Lists",
    params(("community" = String, Path, format = Uuid, description = "The community"), ListQuery),
    request_body(content(
        (ImportRequest = "application/json"),
        (String = "text/csv"),
        (String = "text/tab-separated-values"),
        (String = "text/plain"),
    )),
    responses(
        (status = 200, description = "Stored", body = Imported),
        NotJsonOrParameter, NoToken, NotTheirs, TooSlow, TooLarge, NoListType, UnfitList, TooMany, LedgerAwayOrBusy,
    ),
    security(("bearer" = [])),
)]
pub async fn import_households(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    query: ListQuery,
    body: ListBody,
) -> Result<Json<Imported>, Problem> {
    let (bytes, headers, _room) = body.into_parts();
    let read = tokio::task::spawn_blocking(move || read(ImportRequest::parse(&headers, &query, &bytes)?));
    let (mut judged, read_as) = read.await.map_err(|_| Problem::internal())??;

    let mut tx = state.pool.begin().await?;
    let (properties, moves) = settle(&mut tx, &caller, state.clock.now(), &mut judged).await?;
    let (households, named) = moves.counts();
    moves.store(&mut tx, caller.community).await?;
    let imported = Written::whole(caller.by(), Act::HomesImported);
    let imported = imported.many(i64::try_from(properties.max(households)).unwrap_or(i64::MAX));
    imported.write(&mut tx, caller.community).await?;
    tx.commit().await.map_err(commit_unclear)?;

    let counts = Counts::of(judged.iter().map(Judged::verdict));
    tracing::info!(community = %caller.community, properties, households, named, "homes imported");
    let rows: Vec<_> = judged
        .iter()
        .filter(|entry| entry.verdict() != Verdict::Ready)
        .take(MOST_SHOWN)
        .map(EntryReport::of)
        .collect();
    let rows = serde_json::to_value(&rows).expect("reports serialise");
    Ok(Json(Imported {
        properties,
        households,
        named,
        skipped: counts.skip,
        rejected: counts.fix,
        read_as,
        rows,
    }))
}

/// Reads a list of homes and judges its entries by themselves.
///
/// # Errors
/// When it has no entry, or too many.
pub fn read(source: Source) -> Result<(Vec<Judged>, Option<ReadAs>), Problem> {
    let mut judged = Vec::new();
    let mut add = |entry: Entry<'_>| {
        if judged.len() == MOST_ENTRIES {
            return ControlFlow::Break(());
        }
        judged.push(judge(&entry));
        ControlFlow::Continue(())
    };
    let (read_as, pointer) = match source {
        Source::Rows(rows) => {
            if rows.found > MOST_ENTRIES {
                return Err(too_many(&rows.found.to_string(), "/rows"));
            }
            let _ =
                rows.kept.into_iter().zip(1..).try_for_each(|(row, position)| add(row.into_entry(position)));
            (None, "/rows")
        }
        Source::Text(text, columns) => {
            let text = reading::plain_lines(text);
            (Some(reading::read_homes(&text, columns.as_deref(), add)), "/text")
        }
        Source::Draft(_) => (None, "/draft"),
    };
    if read_as.as_ref().is_some_and(|read_as| read_as.broken_off) {
        return Err(too_many("more", pointer));
    }
    if judged.is_empty() {
        return Err(Problem::new(Kind::EmptyList, "Send at least one entry.").at(pointer, "has no entry"));
    }
    Ok((judged, read_as))
}

fn judge(entry: &Entry<'_>) -> Judged {
    let mut judged = Judged::of(entry);
    if judged.verdict() == Verdict::Ready
        && let Err(fault) = home(&mut judged, entry)
    {
        judged.reason = fault;
    }
    judged
}

fn home(judged: &mut Judged, entry: &Entry<'_>) -> Result<(), Reason> {
    judged.household = line(entry.cells.household.as_deref(), Field::Household)?;
    judged.unit = line(entry.cells.unit.as_deref(), Field::Unit)?.and_then(Unit::new);
    if judged.unit.as_ref().is_some_and(|unit| unit.label.contains('@')) {
        return Err(Reason::NotAHome);
    }
    if judged.household.is_none() && judged.unit.is_none() { Err(Reason::NoHousehold) } else { Ok(()) }
}

/// Finds out which homes are new. Returns how many properties are, and what is to be written down.
async fn settle(
    tx: &mut PgConnection,
    caller: &Caller,
    now: Timestamp,
    judged: &mut [Judged],
) -> Result<(usize, Moves), Problem> {
    let community = caller.community;
    let mut rng = AppState::rng();
    // Two imports of one community come one after the other.
    homes::lock_community(tx, community).await?;
    let units = judged.iter().filter(|entry| entry.verdict() == Verdict::Ready);
    let units: Vec<_> = units.filter_map(|entry| entry.unit.as_ref()).collect();
    if !units.is_empty() {
        homes::note_property_list(tx, community).await?;
    }
    let (mut homes, new) = Homes::locked(tx, community, units, || PropertyId::new(now, &mut rng)).await?;
    let mut names: HashSet<String> = if judged.iter().any(|entry| entry.unit.is_none()) {
        let names = homes::names_without_unit(tx, community).await?;
        names.iter().map(|name| comparable(name)).collect()
    } else {
        HashSet::new()
    };
    let mut moves = Moves::default();
    for entry in judged.iter_mut().filter(|entry| entry.verdict() == Verdict::Ready) {
        let (unit, name) = (entry.unit.as_ref(), entry.household.as_deref());
        let listed = match unit {
            Some(_) => match homes.claim(unit, name) {
                Some((home, true)) => {
                    moves.name(home.household, name.unwrap_or_default());
                    continue;
                }
                Some((_, false)) => true,
                None => false,
            },
            None => !names.insert(name.map(comparable).unwrap_or_default()),
        };
        if listed {
            entry.reason = Reason::AlreadyListed;
        } else {
            let household = HouseholdId::new(now, &mut rng);
            moves.add(household, homes.property(unit), name);
            homes.add(unit, name, household);
        }
    }
    Ok((new, moves))
}

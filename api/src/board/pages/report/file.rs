//! `/report.csv`: a row for each household. It is written a part at a time while it is sent, and holds no code.

use std::{future, sync::Arc};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderName, Method, header},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use jiff::{Timestamp, tz::TimeZone};
use porchlight_shared::{
    domain::{Channel, CommunityId, HouseholdId},
    store::Unquoted,
};
use sqlx::PgPool;

use super::cells::{MARK, line};
use crate::{
    audit::{Act, Entry},
    board::{
        households::{self, Household},
        report,
        session::{Leader, Turned},
    },
    pages::leaders,
    state::AppState,
};

/// Households that are read at a time.
const PART: usize = 1_000;

/// The names of the columns.
fn head() -> [&'static str; 8] {
    [
        say!("report-file-household"),
        say!("report-file-unit"),
        say!("report-file-stands-at"),
        say!("report-file-since"),
        say!("report-file-joined-at"),
        say!("report-file-channel"),
        say!("report-file-contact"),
        say!("report-file-means"),
    ]
}

pub(in crate::board::pages) async fn download(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    method: Method,
) -> Result<Response, Turned> {
    if method == Method::HEAD {
        // Nothing leaves.
        return Ok(leaders((headers(&leader), Body::empty()).into_response()));
    }
    // Written down before the first of them leaves, even should the last never arrive.
    let mut tx = state.pool.begin().await?;
    let everybody = report::everybody(&mut tx, leader.community).await?;
    let count = i64::try_from(everybody.len()).unwrap_or(i64::MAX);
    Entry::whole(leader.by, Act::ReportExported).many(count).write(&mut tx, leader.community).await?;
    tx.commit().await?;

    let mut first = MARK.to_owned();
    line(&mut first, head());
    let headers = headers(&leader);
    let parts: Vec<_> = everybody.chunks(PART).map(<[HouseholdId]>::to_vec).collect();
    let (community, zone) = (leader.community, leader.zone);
    let rest = stream::iter(parts).then(move |part| {
        let (pool, zone) = (state.pool.clone(), zone.clone());
        async move { lines(&pool, community, &zone, &part).await }
    });
    let file = stream::once(future::ready(Ok(first))).chain(rest);
    Ok(leaders((headers, Body::from_stream(file)).into_response()))
}

fn headers(leader: &Leader) -> [(HeaderName, String); 3] {
    let day = leader.now.to_zoned(leader.zone.clone()).date();
    [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"porchlight-households-{day}.csv\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ]
}

/// The lines of a part. When it cannot be read the answer breaks off, and the browser says that the file is not whole.
async fn lines(
    pool: &PgPool,
    community: CommunityId,
    zone: &TimeZone,
    part: &[HouseholdId],
) -> sqlx::Result<String> {
    let found = households::some(pool, community, part).await.inspect_err(|error| {
        tracing::error!(error = %Unquoted(error), "a list of households breaks off: it could not be read");
    })?;
    let mut lines = String::with_capacity(found.len() * 100);
    for household in &found {
        add(&mut lines, household, zone);
    }
    Ok(lines)
}

fn add(lines: &mut String, household: &Household, zone: &TimeZone) {
    let moment = |at: Option<Timestamp>| at.map(|at| iso(at, zone)).unwrap_or_default();
    let handed_over_at = household.pass.and_then(|(_, at)| at);
    let channel = match (household.channel, household.pass) {
        (Some(Channel::Email), _) => say!("report-file-email"),
        (Some(Channel::Text), _) => say!("report-file-text"),
        (None, Some(_)) => say!("report-file-paper"),
        (None, None) => "",
    };
    let cells = [
        household.name.as_deref().unwrap_or_default(),
        household.unit.as_deref().unwrap_or_default(),
        household.standing.title(),
        &moment(household.joined_at.or(household.since).or(handed_over_at)),
        &moment(household.joined_at),
        channel,
        household.to.as_deref().unwrap_or_default(),
        household.words.map_or_else(|| household.standing.means(), |words| words.what),
    ];
    line(lines, cells);
}

/// A moment as ISO 8601 has it, in the community's zone.
fn iso(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

#[cfg(test)]
mod tests {
    use porchlight_shared::domain::{AttemptReason, DeliveryState};

    use super::*;
    use crate::board::{households::Standing, words};

    #[test]
    fn a_row_says_where_a_household_stands() {
        let zone = TimeZone::get("America/Chicago").unwrap();
        let id = HouseholdId::from(uuid::Uuid::nil());
        let failed =
            words::of(Channel::Text, DeliveryState::Failed, None, Some(AttemptReason::NumberNotMobile));
        let household = Household {
            id,
            after: (String::new(), id),
            name: Some("=Ek, Ada".to_owned()),
            unit: Some("12 Elm Street".to_owned()),
            standing: Standing::Invited(words::Bucket::Problem),
            joined_at: None,
            pass: None,
            to: Some("+13125550143".to_owned()),
            channel: Some(Channel::Text),
            since: Some("2026-07-01T15:00:00Z".parse().unwrap()),
            words: failed,
        };
        let mut told = String::new();
        add(&mut told, &household, &zone);
        let joined = Household {
            name: None,
            unit: None,
            standing: Standing::Joined,
            joined_at: Some("2026-11-24T15:00:00.5Z".parse().unwrap()),
            pass: Some((7, None)),
            to: None,
            channel: None,
            since: None,
            words: None,
            ..household
        };
        add(&mut told, &joined, &zone);
        assert_eq!(
            told,
            "\"'=Ek, Ada\",12 Elm Street,Problem,2026-07-01T10:00:00-05:00,,text,'+13125550143,\"It takes no texts; perhaps it is a landline.\"\r\n\
             ,,Joined,2026-11-24T09:00:00-06:00,2026-11-24T09:00:00-06:00,paper,,They have used their code.\r\n"
        );
    }
}

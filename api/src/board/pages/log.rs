//! `/settings/log`: who did what, the newest first.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Query as Parameters, State},
    response::Response,
};
use porchlight_shared::domain::CommunityId;
use serde::Deserialize;
use sqlx::PgPool;
use uuid::Uuid;

use super::{Frame, Place, board, moment, number};
use crate::{
    audit::Act,
    board::{
        cursor,
        session::{Leader, Turned},
    },
    state::AppState,
};

/// Entries on a page.
const PAGE: i64 = 50;

/// An entry, as it is told.
struct Line {
    what: &'static str,
    count: Option<String>,
    who: String,
    /// Whose right it was about.
    whom: Option<String>,
    at: String,
    /// Where what it was done to is shown, if it is.
    link: Option<String>,
}

#[derive(Template)]
#[template(path = "board/log.html")]
struct LogPage<'a> {
    frame: Frame<'a>,
    lines: Vec<Line>,
    first: bool,
    next: Option<String>,
}

/// Which page.
#[derive(Default, Deserialize)]
pub(super) struct From {
    from: Option<String>,
}

pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Parameters(from): Parameters<From>,
) -> Result<Response, Turned> {
    // One that was made up begins anew.
    let before = from.from.as_deref().and_then(cursor::read_entry);
    let now = leader.now.to_zoned(leader.zone.clone());
    let (lines, next) = read(&state.pool, leader.community, before, &now).await?;
    let frame = Frame::of(&leader, Place::Settings);
    Ok(board(&LogPage { frame, lines, first: before.is_none(), next }))
}

/// Reads the entries before one, and the cursor of the page after them. What an entry is about is looked up wherever it
/// may stand: ids are drawn once for all tables.
async fn read(
    pool: &PgPool,
    community: CommunityId,
    before: Option<i64>,
    now: &jiff::Zoned,
) -> sqlx::Result<(Vec<Line>, Option<String>)> {
    let rows = sqlx::query!(
        r#"SELECT a.id, a.at, a.act AS "act: Act", a.subject, a.count, a.leader_id, a.token_id,
                  coalesce(l.name, l.email) AS who, coalesce(w.name, w.email) AS whom,
                  b.id AS "batch?", d.id AS "delivery?", p.id AS "printing?", coalesce(h.id, i.household_id) AS household
           FROM (SELECT * FROM audit_log WHERE community_id = $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3) AS a
           LEFT JOIN leaders l ON l.id = a.leader_id
           LEFT JOIN leaders w ON w.id = a.subject AND w.community_id = $1
           LEFT JOIN batches b ON b.id = a.subject AND b.community_id = $1 AND b.purpose = 'list'
           LEFT JOIN deliveries d ON d.id = a.subject AND d.community_id = $1 AND d.letter_id IS NULL
           LEFT JOIN printings p ON p.id = a.subject AND p.community_id = $1
           LEFT JOIN households h ON h.id = a.subject AND h.community_id = $1
           LEFT JOIN invitations i ON i.id = a.subject AND i.community_id = $1
           ORDER BY a.id DESC"#,
        community.uuid(),
        before,
        PAGE + 1,
    )
    .fetch_all(pool)
    .await?;
    let on_page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let next = (rows.len() > on_page)
        .then(|| rows.get(on_page - 1).map(|row| cursor::after_entry(row.id)))
        .flatten();
    let link = |room: &str, id: Option<Uuid>| id.map(|id| format!("/{room}/{id}"));
    let lines = rows.into_iter().take(on_page).map(|row| Line {
        what: told(row.act),
        count: row.count.map(number),
        who: match (row.who, row.token_id) {
            (Some(who), _) => who,
            (None, Some(token)) => {
                format!("A program (token {})", token.simple().to_string().get(24..).unwrap_or_default())
            }
            (None, None) => "The operator".to_owned(),
        },
        whom: row.whom,
        at: moment(row.at.to_jiff(), now),
        link: link("batches", row.batch)
            .or_else(|| link("deliveries", row.delivery))
            .or_else(|| link("passes", row.printing))
            .or_else(|| link("households", row.household)),
    });
    Ok((lines.collect(), next))
}

/// An act in words.
const fn told(act: Act) -> &'static str {
    match act {
        Act::SignedIn => "Signed in",
        Act::SignedOutEverywhere => "Signed out everywhere",
        Act::LeaderAdded => "Added a leader",
        Act::LeaderRemoved => "Removed a leader",
        Act::LeaderRoleChanged => "Changed a leader’s role",
        Act::SettingsChanged => "Changed the settings",
        Act::TestSent => "Had a sample sent to themselves",
        Act::ListSent => "Sent a list",
        Act::HomesImported => "Imported homes",
        Act::DraftDropped => "Dropped a draft",
        Act::BatchPaused => "Paused a list",
        Act::BatchResumed => "Resumed a list",
        Act::BatchCancelled => "Cancelled the rest of a list",
        Act::ProblemsRetried => "Tried problems again",
        Act::MessageSentAgain => "Sent a message again whose end nobody knew",
        Act::MessageLeft => "Left a message whose end nobody knew",
        Act::InvitationResent => "Sent an invitation again",
        Act::InvitationExtended => "Extended an invitation",
        Act::InvitationReplaced => "Replaced an invitation’s code",
        Act::InvitationRevoked => "Took an invitation back",
        Act::AddressFixed => "Mended an address",
        Act::ChannelSwitched => "Sent an invitation another way",
        Act::SuppressionAdded => "Stopped messages to an address",
        Act::SuppressionLifted => "Allowed messages to an address again",
        Act::HouseholdsMerged => "Merged two households",
        Act::RequestGranted => "Granted a request",
        Act::RequestDeclined => "Declined a request",
        Act::PassesPrinted => "Printed passes",
        Act::PassesHandedOver => "Handed passes over",
        Act::PassesVoided => "Made passes void",
        Act::ReportExported => "Exported the list of households",
        Act::CodeShown => "Was shown a household’s link",
        Act::KeysRotated => "Changed the keys",
        Act::LinkCreated => "Made a link to sign in",
        Act::TokenCreated => "Made a token for a program",
        Act::TokenRevoked => "Ended a program’s token",
    }
}

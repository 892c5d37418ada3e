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
                say!("log-by-program", token = token.simple().to_string().get(24..))
            }
            (None, None) => say!("log-by-operator").to_owned(),
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
fn told(act: Act) -> &'static str {
    match act {
        Act::SignedIn => say!("log-signed-in"),
        Act::SignedOutEverywhere => say!("log-signed-out-everywhere"),
        Act::LeaderAdded => say!("log-leader-added"),
        Act::LeaderRemoved => say!("log-leader-removed"),
        Act::LeaderRoleChanged => say!("log-leader-role-changed"),
        Act::SettingsChanged => say!("log-settings-changed"),
        Act::TestSent => say!("log-test-sent"),
        Act::ListSent => say!("log-list-sent"),
        Act::HomesImported => say!("log-homes-imported"),
        Act::DraftDropped => say!("log-draft-dropped"),
        Act::BatchPaused => say!("log-batch-paused"),
        Act::BatchResumed => say!("log-batch-resumed"),
        Act::BatchCancelled => say!("log-batch-cancelled"),
        Act::ProblemsRetried => say!("log-problems-retried"),
        Act::MessageSentAgain => say!("log-message-sent-again"),
        Act::MessageLeft => say!("log-message-left"),
        Act::InvitationResent => say!("log-invitation-resent"),
        Act::InvitationExtended => say!("log-invitation-extended"),
        Act::InvitationReplaced => say!("log-invitation-replaced"),
        Act::InvitationRevoked => say!("log-invitation-revoked"),
        Act::AddressFixed => say!("log-address-fixed"),
        Act::ChannelSwitched => say!("log-channel-switched"),
        Act::SuppressionAdded => say!("log-suppression-added"),
        Act::SuppressionLifted => say!("log-suppression-lifted"),
        Act::HouseholdsMerged => say!("log-households-merged"),
        Act::RequestGranted => say!("log-request-granted"),
        Act::RequestDeclined => say!("log-request-declined"),
        Act::PassesPrinted => say!("log-passes-printed"),
        Act::PassesHandedOver => say!("log-passes-handed-over"),
        Act::PassesVoided => say!("log-passes-voided"),
        Act::ReportExported => say!("log-report-exported"),
        Act::CodeShown => say!("log-code-shown"),
        Act::KeysRotated => say!("log-keys-rotated"),
        Act::LinkCreated => say!("log-link-created"),
        Act::TokenCreated => say!("log-token-created"),
        Act::TokenRevoked => say!("log-token-revoked"),
    }
}

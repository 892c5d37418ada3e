//! An act of printing: every household gets its live invitation, and what is printed is written down.
//!
//! Locks are taken in the order community, household, invitation: as an import and a list on their way into the ledger take
//! theirs.

use std::collections::{HashMap, HashSet};

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use porchlight_shared::{
    domain::{CommunityId, HouseholdId, InvitationId, InvitationKind, PrintingId},
    runtime::site::Site,
};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::{
    ledger,
    paper::{Layout, order::MAX_PASSES},
    request::{For, Sort, Wish},
    sheets,
};
use crate::{
    audit::{Act, By, Entry},
    intake::{
        batch::drawing::Drawing,
        ledger::{homes, invitations},
        request,
    },
    problem::{Kind, Problem},
    state::AppState,
};

/// How long a pass can be used at least, from the day on which it was printed.
const DAYS: i32 = 90;

/// What was printed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Printing {
    /// Which act of printing.
    #[schema(value_type = uuid::Uuid)]
    pub id: PrintingId,
    /// How passes lie on paper.
    #[schema(value_type = String)]
    pub layout: Layout,
    /// How many passes.
    pub passes: i32,
    /// Their serials, from the first
    pub first_serial: i32,
    /// to the last.
    pub last_serial: i32,
    /// Until when they can be used at least.
    #[schema(value_type = String, format = DateTime)]
    pub valid_until: Timestamp,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Prints: the passes stand in the ledger afterwards, and can be rendered.
///
/// # Errors
/// When the community may not send yet, nobody is left to print for, there are too many, or the ledger does not answer.
pub async fn print(
    state: &AppState,
    community: CommunityId,
    requested_by: By,
    wish: &Wish,
) -> Result<Printing, Problem> {
    print_as(state, community, requested_by, wish, None).await
}

/// The same under an id that was given out beforehand: whoever asks twice gets what was printed the first time.
/// An id stands for one wish.
///
/// # Errors
/// As [`print()`] does.
pub async fn print_as(
    state: &AppState,
    community: CommunityId,
    requested_by: By,
    wish: &Wish,
    given: Option<PrintingId>,
) -> Result<Printing, Problem> {
    let Some(site) = &state.site else {
        return Err(Problem::new(Kind::ChannelNotSetUp, say!("passes-fault-address")));
    };
    let (now, mut rng) = (state.clock.now(), AppState::rng());
    let mut tx = state.pool.begin().await?;
    sqlx::query("SET LOCAL lock_timeout = '10s'").execute(&mut *tx).await?;
    homes::lock_community(&mut tx, community).await?;
    if let Some(id) = given
        && let Some(before) = ledger::printing(&mut *tx, community, id).await?
    {
        return Ok(before);
    }
    let invitations = match &wish.whom {
        For::Blank(count) => {
            let drawing = Drawing { keyring: &state.keyring, community, days: DAYS, from: None, now };
            drawing.draw_loose(&mut tx, &mut rng, InvitationKind::Blank, None, *count).await?
        }
        For::Everybody { .. } | For::These(_) | For::Seen(_) => {
            addressed(&mut tx, state, community, &wish.whom).await?
        }
    };
    let ids: Vec<_> = invitations.iter().map(|invitation| invitation.uuid()).collect();
    let valid_until = last_moment(&mut tx, community).await?;
    extend(&mut tx, &ids, valid_until).await?;
    let id = given.unwrap_or_else(|| PrintingId::new(now, &mut rng));
    let printing =
        store(&mut tx, &New { id, community, requested_by, site, valid_until }, wish, &ids).await?;
    let printed =
        Entry::of(requested_by, Act::PassesPrinted, printing.id.uuid()).many(i64::from(printing.passes));
    printed.write(&mut tx, community).await?;
    // What cannot be drawn is found out now, and not when somebody stands at the printer.
    let sheets = sheets::read(&mut tx, community, printing.id).await?.ok_or_else(Problem::internal)?;
    sheets.order(&state.keyring)?;
    tx.commit().await.map_err(crate::problem::commit_unclear)?;
    tracing::info!(%community, printing = %printing.id, passes = printing.passes, "passes printed");
    Ok(printing)
}

/// The live invitations of the households that passes are for, new where there is none.
async fn addressed(
    tx: &mut PgConnection,
    state: &AppState,
    community: CommunityId,
    whom: &For,
) -> Result<Vec<InvitationId>, Problem> {
    check_known(tx, community, whom).await?;
    let mut households = lock_households(tx, community, whom).await?;
    let ids: Vec<_> = households.iter().map(|household| household.uuid()).collect();
    let live = invitations::live_invitations(tx, &ids).await?.into_iter();
    let live: HashMap<_, _> = live.map(|live| (live.household, live.id)).collect();
    if let For::Seen(seen) = whom {
        households.retain(|household| seen.get(household) == Some(&live.get(household).copied()));
    }
    match households.len() {
        0 => return Err(Problem::new(Kind::NothingToPrint, say!("passes-fault-nobody"))),
        found if found > MAX_PASSES => {
            let most = format!("must name the households: {MAX_PASSES} passes at most are printed at once");
            return Err(request::invalid("/households", most).because("Nothing was printed."));
        }
        _ => {}
    }
    let (has, missing): (Vec<_>, Vec<_>) =
        households.into_iter().partition(|household| live.contains_key(household));
    let (keyring, now) = (&state.keyring, state.clock.now());
    let drawing = Drawing { keyring, community, days: DAYS, from: None, now };
    let drawn = drawing.draw(tx, &mut AppState::rng(), missing).await?;
    Ok(has.iter().map(|household| live[household]).chain(drawn.into_values()).collect())
}

/// Whoever is named is there: a slip in an id must not be found out at somebody's door.
async fn check_known(tx: &mut PgConnection, community: CommunityId, whom: &For) -> Result<(), Problem> {
    let Some(ids) = whom.named() else { return Ok(()) };
    let known = sqlx::query_scalar!(
        "SELECT id FROM households WHERE community_id = $1 AND id = ANY ($2)",
        community.uuid(),
        &ids,
    );
    let known: HashSet<_> = known.fetch_all(tx).await?.into_iter().collect();
    match ids.iter().position(|id| !known.contains(id)) {
        Some(place) => {
            let pointer = format!("/households/{place}");
            Err(request::invalid(&pointer, "is no household of this community")
                .because("Nothing was printed."))
        }
        None => Ok(()),
    }
}

/// Households that have not joined, one more than can be printed for at most, or those first that have no pass.
async fn lock_households(
    tx: &mut PgConnection,
    community: CommunityId,
    whom: &For,
) -> sqlx::Result<Vec<HouseholdId>> {
    let one_more = i64::from(*whom != For::Everybody { as_many_as_fit: true });
    let most = i64::try_from(MAX_PASSES).unwrap_or(i64::MAX) + one_more;
    let rows = sqlx::query_scalar!(
        "SELECT id FROM households WHERE joined_at IS NULL AND id IN (
             SELECT h.id FROM households h
             WHERE h.community_id = $1 AND h.joined_at IS NULL AND ($2::uuid[] IS NULL OR h.id = ANY ($2))
             ORDER BY EXISTS (
                 SELECT FROM invitations i JOIN passes p ON p.invitation_id = i.id
                 WHERE i.household_id = h.id AND i.kind = 'household' AND i.ended_at IS NULL
             ), h.id LIMIT $3
         ) ORDER BY id FOR NO KEY UPDATE",
        community.uuid(),
        whom.named() as Option<Vec<uuid::Uuid>>,
        most,
    );
    Ok(rows.fetch_all(tx).await?.into_iter().map(HouseholdId::from).collect())
}

/// Until when a pass of today can be used: to the end of a day, as it is where the community is.
async fn last_moment(tx: &mut PgConnection, community: CommunityId) -> Result<Timestamp, Problem> {
    let row = sqlx::query!(
        r#"SELECT app_now() AS "now!", time_zone FROM communities WHERE id = $1"#,
        community.uuid()
    )
    .fetch_one(tx)
    .await?;
    let zone = TimeZone::get(&row.time_zone).unwrap_or(TimeZone::UTC);
    let last_day = row.now.to_jiff().to_zoned(zone).saturating_add(DAYS.days());
    // In whole seconds, as the ledger and whoever reads it keep it alike.
    let end = last_day.end_of_day().map_err(|_| Problem::internal())?;
    Timestamp::from_second(end.timestamp().as_second()).map_err(|_| Problem::internal())
}

/// A code on paper is used later than one in a message.
async fn extend(tx: &mut PgConnection, invitations: &[uuid::Uuid], until: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE invitations SET expires_at = greatest(expires_at, $2) WHERE id = ANY ($1) AND ended_at IS NULL",
        invitations,
        jiff_sqlx::Timestamp::from(until) as jiff_sqlx::Timestamp,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// An act of printing, before it has serials.
struct New<'a> {
    id: PrintingId,
    community: CommunityId,
    requested_by: By,
    site: &'a Site,
    valid_until: Timestamp,
}

/// Writes down what is printed, in the order in which it is.
async fn store(
    tx: &mut PgConnection,
    new: &New<'_>,
    wish: &Wish,
    invitations: &[uuid::Uuid],
) -> Result<Printing, Problem> {
    let New { id, community, requested_by, site, valid_until } = *new;
    let total = i32::try_from(invitations.len()).map_err(|_| Problem::internal())?;
    let start = i16::try_from(wish.start).map_err(|_| Problem::internal())?;
    let letterhead = sqlx::query!(
        r#"UPDATE communities SET last_pass = last_pass + $2 WHERE id = $1
           RETURNING last_pass, ready_at IS NOT NULL AS "ready!""#,
        community.uuid(),
        total,
    )
    .fetch_one(&mut *tx)
    .await?;
    if !letterhead.ready {
        return Err(Problem::new(Kind::NotReady, say!("passes-fault-not-ready")));
    }
    let row = sqlx::query!(
        r#"INSERT INTO printings (id, community_id, layout, start, name, contact, colour, logo, time_zone, site, valid_until, total, requested_by, requested_by_leader)
           SELECT $2, id, $3, $4, name, contact, colour, logo, time_zone, $5, $6, $7, $8, $9 FROM communities WHERE id = $1
           RETURNING created_at"#,
        community.uuid(),
        id.uuid(),
        wish.layout as Layout,
        start,
        site.as_str(),
        jiff_sqlx::Timestamp::from(valid_until) as jiff_sqlx::Timestamp,
        total,
        requested_by.token(),
        requested_by.leader(),
    )
    .fetch_one(&mut *tx)
    .await?;
    sqlx::query!(
        r"INSERT INTO passes (printing_id, position, community_id, serial, invitation_id)
          SELECT $1, row_number() OVER whole, $2, $3 + row_number() OVER whole, i.id
          FROM invitations i
          LEFT JOIN households h ON h.id = i.household_id
          LEFT JOIN properties p ON p.id = h.property_id
          CROSS JOIN LATERAL (SELECT in_order(p.label_key) AS unit OFFSET 0) AS sorted
          CROSS JOIN LATERAL called(h) AS k
          WHERE i.id = ANY ($4)
          WINDOW whole AS (
              ORDER BY CASE WHEN $5 THEN lower(k.name) END, sorted.unit, lower(k.name), i.id
          )",
        id.uuid(),
        community.uuid(),
        i64::from(letterhead.last_pass - total),
        invitations,
        wish.sort == Sort::Name,
    )
    .execute(&mut *tx)
    .await?;
    Ok(Printing {
        id,
        layout: wish.layout,
        passes: total,
        first_serial: letterhead.last_pass - total + 1,
        last_serial: letterhead.last_pass,
        valid_until,
        created_at: row.created_at.to_jiff(),
    })
}

//! What was printed, and what became of each pass.

use std::collections::HashSet;

use jiff::Timestamp;
use porchlight_shared::domain::{CommunityId, HouseholdId, InvitationId, PrintingId};
use serde::Serialize;
use sqlx::{PgExecutor, PgPool};
use utoipa::ToSchema;

use super::{paper::Layout, printing::Printing};
use crate::intake::ledger::endings::InvitationEnd;

/// How many acts of printing are listed.
const LISTED: i64 = 100;

/// What became of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PassState {
    /// It is on paper.
    Printed,
    /// A leader said that it was handed over.
    HandedOver,
    /// Its household joined.
    Joined,
    /// Its time is over.
    Expired,
    /// It was taken back, or another code took its place.
    Void,
}

impl PassState {
    /// What a leader reads.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Printed => say!("passes-state-printed"),
            Self::HandedOver => say!("passes-state-handed-over"),
            Self::Joined => say!("passes-state-joined"),
            Self::Expired => say!("passes-state-expired"),
            Self::Void => say!("passes-state-void"),
        }
    }

    /// The word in style sheets.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Printed => "printed",
            Self::HandedOver => "handed_over",
            Self::Joined => "joined",
            Self::Expired => "expired",
            Self::Void => "void",
        }
    }

    /// Whether somebody may still join with it.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Printed | Self::HandedOver)
    }

    /// What became of a pass whose invitation stands so.
    #[must_use]
    pub fn of(ended_as: Option<InvitationEnd>, joined: bool, late: bool, handed_over: bool) -> Self {
        match ended_as {
            Some(InvitationEnd::Joined) => Self::Joined,
            _ if joined => Self::Joined,
            Some(InvitationEnd::Revoked | InvitationEnd::Replaced) => Self::Void,
            Some(InvitationEnd::Expired) => Self::Expired,
            None if late => Self::Expired,
            None if handed_over => Self::HandedOver,
            None => Self::Printed,
        }
    }
}

/// A pass.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PassRow {
    /// Its number in the community.
    pub serial: i32,
    /// What became of it.
    pub state: PassState,
    /// Whose code it carries; a blank pass is nobody's until somebody joins with it.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub household: Option<HouseholdId>,
    /// That household's name, or a contact's.
    pub name: Option<String>,
    /// Where it lives.
    pub unit: Option<String>,
    /// When it was handed over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub handed_over_at: Option<Timestamp>,
}

/// One act of printing. `None`: the community has no such.
///
/// # Errors
/// When the ledger does not answer.
pub async fn printing(
    ledger: impl PgExecutor<'_>,
    community: CommunityId,
    id: PrintingId,
) -> sqlx::Result<Option<Printing>> {
    Ok(list(ledger, community, Some(id)).await?.into_iter().next())
}

/// The invitations that are on the passes of some acts of printing.
///
/// # Errors
/// When the ledger does not answer.
pub async fn invitations(
    pool: &PgPool,
    community: CommunityId,
    printings: &[PrintingId],
) -> sqlx::Result<HashSet<InvitationId>> {
    let printings: Vec<_> = printings.iter().map(|printing| printing.uuid()).collect();
    let rows = sqlx::query_scalar!(
        "SELECT invitation_id FROM passes WHERE community_id = $1 AND printing_id = ANY ($2)",
        community.uuid(),
        &printings,
    );
    Ok(rows.fetch_all(pool).await?.into_iter().map(InvitationId::from).collect())
}

/// The newest acts of printing, at most a hundred.
///
/// # Errors
/// When the ledger does not answer.
pub async fn printings(pool: &PgPool, community: CommunityId) -> sqlx::Result<Vec<Printing>> {
    list(pool, community, None).await
}

async fn list(
    ledger: impl PgExecutor<'_>,
    community: CommunityId,
    only: Option<PrintingId>,
) -> sqlx::Result<Vec<Printing>> {
    let rows = sqlx::query!(
        r#"SELECT p.id, p.layout AS "layout: Layout", p.total, p.valid_until, p.created_at, first.serial
           FROM printings p JOIN passes first ON first.printing_id = p.id AND first.position = 1
           WHERE p.community_id = $1 AND ($2::uuid IS NULL OR p.id = $2)
           ORDER BY p.id DESC LIMIT $3"#,
        community.uuid(),
        only.map(PrintingId::uuid),
        LISTED,
    );
    let rows = rows.fetch_all(ledger).await?.into_iter();
    Ok(rows
        .map(|row| Printing {
            id: row.id.into(),
            layout: row.layout,
            passes: row.total,
            first_serial: row.serial,
            last_serial: row.serial + row.total - 1,
            valid_until: row.valid_until.to_jiff(),
            created_at: row.created_at.to_jiff(),
        })
        .collect())
}

/// The passes of an act of printing, in their order: at most `most` of those after `after`.
///
/// # Errors
/// When the ledger does not answer.
pub async fn passes(
    pool: &PgPool,
    printing: PrintingId,
    after: i32,
    most: i64,
) -> sqlx::Result<Vec<PassRow>> {
    let rows = sqlx::query!(
        r#"SELECT p.serial, p.handed_over_at, i.ended_as AS "ended_as: InvitationEnd",
                  i.expires_at <= app_now() AS "late!", h.joined_at IS NOT NULL AS "joined!", h.id AS "household?",
                  k.name, u.label AS "unit?"
           FROM passes p
           JOIN invitations i ON i.id = p.invitation_id
           LEFT JOIN households h ON h.id = i.household_id
           LEFT JOIN properties u ON u.id = h.property_id
           CROSS JOIN LATERAL called(h) AS k
           WHERE p.printing_id = $1 AND p.serial > $2 ORDER BY p.position LIMIT $3"#,
        printing.uuid(),
        after,
        most,
    );
    let rows = rows.fetch_all(pool).await?.into_iter();
    Ok(rows
        .map(|row| PassRow {
            serial: row.serial,
            state: PassState::of(row.ended_as, row.joined, row.late, row.handed_over_at.is_some()),
            household: row.household.map(Into::into),
            name: row.name,
            unit: row.unit,
            handed_over_at: row.handed_over_at.map(jiff_sqlx::Timestamp::to_jiff),
        })
        .collect())
}

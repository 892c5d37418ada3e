//! `GET …/invitations`: every household's invitations, and where each stands. Codes are never among what is told.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use jiff::Timestamp;
use porchlight_shared::domain::{CommunityId, HouseholdId, InvitationId};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use utoipa::{IntoParams, ToSchema};

use crate::{
    access::Caller,
    problem::{Kind, Problem},
    refusals::{NoToken, NotTheirs, UnfitParameter},
    state::AppState,
};

const DEFAULT: i64 = 100;
const MOST: i64 = 1_000;

macro_rules! stands {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)+) => {
        /// Where an invitation stands.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum InvitationState { $($(#[$doc])* $name,)+ }

        impl InvitationState {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word in statements and in the API.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

stands! {
    /// It is on its way, or on paper.
    Waiting = "waiting";
    /// A provider took it.
    Reached = "reached";
    /// No message of it got through.
    Unreachable = "unreachable";
    /// The household joined with it.
    Joined = "joined";
    /// A leader took it back.
    Revoked = "revoked";
    /// Another took its place.
    Replaced = "replaced";
    /// Its time ran out.
    Expired = "expired";
}

/// Which invitations.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Only those that stand there.
    #[param(value_type = Option<String>)]
    state: Option<InvitationState>,
    /// `next_cursor` of the page before; left out for the first.
    #[param(value_type = Option<String>)]
    cursor: Option<InvitationId>,
    /// Items on a page: 1 to 1,000, 100 if left out.
    limit: Option<i64>,
}

/// An invitation.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationRow {
    /// Which.
    #[schema(value_type = uuid::Uuid)]
    pub id: InvitationId,
    /// Whose.
    #[schema(value_type = uuid::Uuid)]
    pub household: HouseholdId,
    /// Where it stands.
    pub state: InvitationState,
    /// Since when it is there.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Until when its code can be used.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
}

/// A page of invitations.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationPage {
    /// In the order in which they were made.
    pub items: Vec<InvitationRow>,
    /// Where the next page begins; null on the last.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub next_cursor: Option<InvitationId>,
}

/// List invitations
///
/// Of every household, the ended ones as well; never a code.
#[utoipa::path(
    get, path = "/v1/communities/{community}/invitations", tag = "Watching",
    params(("community" = String, Path, format = Uuid, description = "The community"), Filter),
    responses(
        (status = 200, description = "A page", body = InvitationPage),
        UnfitParameter, NoToken, NotTheirs,
    ),
    security(("bearer" = [])),
)]
pub async fn list_invitations(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<InvitationPage>, Problem> {
    let refuse = |detail: String| Problem::new(Kind::InvalidParameter, detail);
    let Query(filter) = filter.map_err(|_| {
        let words: Vec<_> = InvitationState::ALL.iter().map(|state| state.as_str()).collect();
        refuse(format!("state is one of {}, cursor the next_cursor of the page before.", words.join(", ")))
    })?;
    let limit = filter.limit.unwrap_or(DEFAULT);
    if !(1..=MOST).contains(&limit) {
        return Err(refuse("limit must be 1 to 1000.".to_owned()));
    }
    Ok(Json(read(&state.pool, caller.community, &filter, limit).await?))
}

async fn read(
    pool: &PgPool,
    community: CommunityId,
    filter: &Filter,
    limit: i64,
) -> sqlx::Result<InvitationPage> {
    let rows = sqlx::query!(
        r#"SELECT i.id, i.household_id AS "household!", stands.word AS "word!", i.created_at, i.expires_at, i.ended_at
           FROM invitations i
           CROSS JOIN LATERAL (
               SELECT CASE
                   WHEN i.ended_as IS NOT NULL THEN i.ended_as::text
                   WHEN i.expires_at <= app_now() THEN 'expired'
                   WHEN bool_or(d.state IN ('accepted', 'delivered')) THEN 'reached'
                   WHEN bool_and(d.state IN ('failed', 'bounced', 'complained', 'suppressed', 'cancelled', 'expired')) THEN 'unreachable'
                   ELSE 'waiting'
               END AS word
               FROM (SELECT state, newest FROM deliveries WHERE invitation_id = i.id OFFSET 0) AS d
               WHERE d.newest OR d.state IN ('accepted', 'delivered')
           ) AS stands
           WHERE i.community_id = $1 AND i.kind = 'household' AND ($2::uuid IS NULL OR i.id > $2)
               AND ($3::text IS NULL OR stands.word = $3)
           ORDER BY i.id LIMIT $4"#,
        community.uuid(),
        filter.cursor.map(InvitationId::uuid),
        filter.state.map(InvitationState::as_str),
        limit + 1,
    )
    .fetch_all(pool)
    .await?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > most;
    let items: Vec<_> = rows
        .into_iter()
        .take(most)
        .filter_map(|row| {
            Some(InvitationRow {
                id: row.id.into(),
                household: row.household.into(),
                state: *InvitationState::ALL.iter().find(|state| state.as_str() == row.word)?,
                created_at: row.created_at.to_jiff(),
                expires_at: row.expires_at.to_jiff(),
                ended_at: row.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
            })
        })
        .collect();
    Ok(InvitationPage { next_cursor: items.last().filter(|_| more).map(|last| last.id), items })
}

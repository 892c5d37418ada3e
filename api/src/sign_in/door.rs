//! Where a link leads: a button, and beside it whom it signs in, and who is signed out by it.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use porchlight_shared::domain::{AccountId, Channel, CommunityId, LeaderId, LetterId, masked};
use sqlx::PgPool;

use super::link::{Typed, letter, over};
use crate::{
    audit::By,
    board::session::{Leader, Turned},
    family::session::{Closed, Resident},
    pages::leaders_page,
    secret::Secret,
    state::AppState,
};

/// Whom a link lets in.
enum Opens {
    /// The board, to a leader, or to whoever the operator gave a link.
    Board(CommunityId, Option<LeaderId>),
    /// A household, to whoever joined it.
    Home(Option<AccountId>),
}

/// What a link opens.
struct Door {
    community: String,
    /// Where the link was sent, masked.
    to: Option<String>,
    opens: Opens,
}

impl Door {
    /// Whether somebody else is signed in in this browser, who will not be any more.
    fn turns_out(&self, leader: Option<&Leader>, resident: Option<&Resident>) -> bool {
        match self.opens {
            Opens::Board(community, to) => leader.is_some_and(|leader| {
                leader.community != community || to.is_none_or(|to| leader.by != By::Leader(to))
            }),
            Opens::Home(account) => resident.is_some_and(|resident| Some(resident.account) != account),
        }
    }
}

#[derive(Template)]
#[template(path = "board/sign_in.html")]
struct SignIn<'a> {
    community: &'a str,
    to: Option<&'a str>,
    home: bool,
    /// The community in which somebody is signed in in this browser, who will not be any more; empty: a household.
    turned_out: Option<&'a str>,
    link: &'a str,
}

/// Shows the button.
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    leader: Option<Leader>,
    resident: Result<Option<Resident>, Closed>,
    link: Typed,
) -> Result<Response, Turned> {
    let resident = resident.unwrap_or_default();
    let link = Secret::of(&link.map(|Path(link)| link).unwrap_or_default());
    let door = match letter(&state.keyring, link.as_str()) {
        Some(letter) => door_of_letter(&state.pool, letter).await?,
        None => door_of_link(&state.pool, &link).await?,
    };
    let Some(door) = door else { return Ok(over()) };
    let home = matches!(door.opens, Opens::Home(_));
    let other = leader.as_ref().filter(|_| !home).map_or("", |leader| &leader.name);
    let turned_out = door.turns_out(leader.as_ref(), resident.as_ref()).then_some(other);
    let page =
        SignIn { community: &door.community, to: door.to.as_deref(), home, turned_out, link: link.as_str() };
    Ok(leaders_page(StatusCode::OK, &page))
}

async fn door_of_letter(pool: &PgPool, letter: LetterId) -> sqlx::Result<Option<Door>> {
    let row = sqlx::query!(
        r#"SELECT c.id, c.name, l.leader_id, m.account_id, coalesce(p.email, m.address) AS "address!",
                  coalesce(m.channel, 'email') AS "channel!: Channel"
           FROM letters l JOIN communities c ON c.id = l.community_id
               LEFT JOIN leaders p ON p.id = l.leader_id AND p.removed_at IS NULL
               LEFT JOIN members m ON m.id = l.member_id AND m.verified_at IS NOT NULL
           WHERE l.id = $1 AND l.used_at IS NULL AND l.expires_at > app_now() AND num_nonnulls(p.id, m.id) = 1"#,
        letter.uuid(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| Door {
        community: row.name,
        to: Some(masked(row.channel, &row.address)),
        opens: match row.leader_id {
            Some(leader) => Opens::Board(row.id.into(), Some(leader.into())),
            None => Opens::Home(row.account_id.map(Into::into)),
        },
    }))
}

async fn door_of_link(pool: &PgPool, link: &Secret) -> sqlx::Result<Option<Door>> {
    let row = sqlx::query!(
        r#"SELECT c.id, c.name, l.leader_id, (SELECT email FROM leaders WHERE id = l.leader_id) AS "email?"
           FROM sign_in_links l JOIN communities c ON c.id = l.community_id
           WHERE l.sha256 = $1 AND l.used_at IS NULL AND l.expires_at > app_now()"#,
        &link.sha256()[..],
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| Door {
        community: row.name,
        to: row.email.map(|email| masked(Channel::Email, &email)),
        opens: Opens::Board(row.id.into(), row.leader_id.map(Into::into)),
    }))
}

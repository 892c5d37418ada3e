//! Who may act for a community: leaders by name, added, changed and removed by its owners.
//!
//! Each act locks all leaders of the community first, so that of two owners who demote each other one comes second, and
//! the last owner stays.

use jiff::Timestamp;
use porchlight_shared::{
    domain::{EmailAddress, LeaderId, LetterKind},
    store::letters::{About, Letter, Reader},
};
use sqlx::{PgConnection, PgPool};

use crate::{
    access::Role,
    audit::{Act, Actor, By, Entry},
    board::session::Leader,
    letters::{self, Posted},
    sign_in::out,
    state::AppState,
};

/// The longest name, in characters.
pub const LONGEST_NAME: usize = 120;

/// A leader, as leaders of the same community see them.
#[derive(Clone)]
pub struct Person {
    /// Which.
    pub id: LeaderId,
    /// Where their letters go.
    pub email: String,
    /// How they are called, if that is known.
    pub name: Option<String>,
    /// What they may do.
    pub role: Role,
    /// Since when.
    pub since: Timestamp,
    /// When they last signed in, if they ever did.
    pub signed_in_at: Option<Timestamp>,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Person {
    /// How others call them.
    #[must_use]
    pub fn called(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.email)
    }
}

/// Why somebody was not added, changed or removed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// They are a leader already.
    #[error("somebody with this address is a leader already")]
    AlreadyThere,
    /// The community has no such leader.
    #[error("there is no such leader")]
    NoSuchLeader,
    /// Somebody has to own the community.
    #[error("the last owner stays")]
    LastOwner,
    /// Only owners do that.
    #[error("only owners do that")]
    NotOwner,
    /// The ledger did not take it.
    #[error("it could not be stored")]
    Store(#[from] sqlx::Error),
}

/// The leaders of a community, owners first.
///
/// # Errors
/// When the ledger does not answer.
pub async fn list(pool: &PgPool, actor: Actor) -> sqlx::Result<Vec<Person>> {
    let rows = sqlx::query!(
        r#"SELECT id, email, name, role AS "role: Role", created_at, signed_in_at FROM leaders
           WHERE community_id = $1 AND removed_at IS NULL ORDER BY role, id"#,
        actor.community.uuid(),
    )
    .fetch_all(pool)
    .await?;
    let people = rows.into_iter().map(|row| Person {
        id: row.id.into(),
        email: row.email,
        name: row.name,
        role: row.role,
        since: row.created_at.to_jiff(),
        signed_in_at: row.signed_in_at.map(jiff_sqlx::Timestamp::to_jiff),
    });
    Ok(people.collect())
}

/// Locks the community's leaders; refuses who is no owner any more.
async fn lock(tx: &mut PgConnection, actor: Actor) -> Result<Vec<(LeaderId, Role)>, Refused> {
    // A second adding of the first owner waits here.
    sqlx::query!("SELECT id FROM communities WHERE id = $1 FOR NO KEY UPDATE", actor.community.uuid())
        .fetch_optional(&mut *tx)
        .await?;
    let rows = sqlx::query!(
        r#"SELECT id, role AS "role: Role" FROM leaders
           WHERE community_id = $1 AND removed_at IS NULL ORDER BY id FOR NO KEY UPDATE"#,
        actor.community.uuid(),
    )
    .fetch_all(tx)
    .await?;
    let all: Vec<(LeaderId, Role)> = rows.into_iter().map(|row| (row.id.into(), row.role)).collect();
    match actor.by {
        By::Leader(id) if !all.contains(&(id, Role::Owner)) => Err(Refused::NotOwner),
        _ => Ok(all),
    }
}

fn is_last_owner(all: &[(LeaderId, Role)], leader: LeaderId) -> bool {
    all.contains(&(leader, Role::Owner)) && all.iter().filter(|(_, role)| *role == Role::Owner).count() == 1
}

/// Writes to the owners but the one who acts that somebody else is an owner now, or is none any more.
async fn tell_owners(
    tx: &mut PgConnection,
    now: Timestamp,
    actor: Actor,
    all: &[(LeaderId, Role)],
    kind: LetterKind,
    whom: LeaderId,
) -> sqlx::Result<Vec<Posted>> {
    let mut posted = Vec::new();
    for &(owner, role) in all {
        if role == Role::Owner && owner != whom && actor.by != By::Leader(owner) {
            let letter = Letter::of(actor.community, kind, Reader::Leader(owner)).about(About::Leader(whom));
            posted.push(letters::write(&mut *tx, now, letter).await?);
        }
    }
    Ok(posted)
}

/// Adds a leader, and writes to them that they are one, and to the other owners if they are an owner.
///
/// # Errors
/// When they are one already, or the ledger does not take it.
pub async fn add(
    pool: &PgPool,
    now: Timestamp,
    actor: Actor,
    email: &EmailAddress,
    name: Option<&str>,
    role: Role,
) -> Result<(LeaderId, Vec<Posted>), Refused> {
    let id = LeaderId::new(now, &mut AppState::rng());
    let mut tx = pool.begin().await?;
    let all = lock(&mut tx, actor).await?;
    let added = sqlx::query!(
        "INSERT INTO leaders (id, community_id, email, name, role) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (community_id, email) WHERE removed_at IS NULL DO NOTHING",
        id.uuid(),
        actor.community.uuid(),
        email.key(),
        name,
        role as Role,
    );
    if added.execute(&mut *tx).await?.rows_affected() == 0 {
        return Err(Refused::AlreadyThere);
    }
    let mut posted = match role {
        Role::Owner => tell_owners(&mut tx, now, actor, &all, LetterKind::OwnerAdded, id).await?,
        Role::Leader | Role::Service => Vec::new(),
    };
    let letter = Letter::of(actor.community, LetterKind::Added, Reader::Leader(id));
    posted.push(letters::write(&mut tx, now, letter).await?);
    Entry::of(actor.by, Act::LeaderAdded, id.uuid()).write(&mut tx, actor.community).await?;
    tx.commit().await?;
    tracing::info!(community = %actor.community, leader = %id, ?role, "a leader was added");
    Ok((id, posted))
}

/// Makes a leader an owner, or an owner a leader. Who is an owner no more keeps no operator's link, nor what one opened:
/// whoever acts is known by their session, which stays. It is written to them, and to the other owners.
///
/// # Errors
/// When there is no such leader, it is the last owner, or the ledger does not take it.
pub async fn change_role(
    pool: &PgPool,
    now: Timestamp,
    acting: &Leader,
    leader: LeaderId,
    role: Role,
) -> Result<Vec<Posted>, Refused> {
    let actor = acting.actor();
    let mut tx = pool.begin().await?;
    let all = lock(&mut tx, actor).await?;
    let (_, before) = all.iter().find(|(id, _)| *id == leader).ok_or(Refused::NoSuchLeader)?;
    if *before == role {
        return Ok(Vec::new());
    }
    if is_last_owner(&all, leader) {
        return Err(Refused::LastOwner);
    }
    sqlx::query!("UPDATE leaders SET role = $2 WHERE id = $1", leader.uuid(), role as Role)
        .execute(&mut *tx)
        .await?;
    if *before == Role::Owner {
        out::end_nameless(&mut tx, actor.community, Some(acting.session())).await?;
    }
    let (theirs, others) = match role {
        Role::Owner => (LetterKind::MadeOwner, LetterKind::OwnerAdded),
        Role::Leader | Role::Service => (LetterKind::MadeLeader, LetterKind::OwnerRemoved),
    };
    let mut posted = tell_owners(&mut tx, now, actor, &all, others, leader).await?;
    let letter = Letter::of(actor.community, theirs, Reader::Leader(leader));
    posted.push(letters::write(&mut tx, now, letter).await?);
    Entry::of(actor.by, Act::LeaderRoleChanged, leader.uuid()).write(&mut tx, actor.community).await?;
    tx.commit().await?;
    tracing::info!(community = %actor.community, %leader, ?role, "a leader's role was changed");
    Ok(posted)
}

/// Takes the right away: sessions and open links end in the same transaction, those without a name, too, which may be
/// theirs. The session in which somebody acts stays, if it is not the removed leader's. It is written to them, and to the
/// other owners if they were an owner.
///
/// # Errors
/// When there is no such leader, it is the last owner, or the ledger does not take it.
pub async fn remove(
    pool: &PgPool,
    now: Timestamp,
    acting: &Leader,
    leader: LeaderId,
) -> Result<Vec<Posted>, Refused> {
    let actor = acting.actor();
    let mut tx = pool.begin().await?;
    let all = lock(&mut tx, actor).await?;
    if !all.iter().any(|(id, _)| *id == leader) {
        return Err(Refused::NoSuchLeader);
    }
    if is_last_owner(&all, leader) {
        return Err(Refused::LastOwner);
    }
    sqlx::query!("UPDATE leaders SET removed_at = app_now() WHERE id = $1", leader.uuid())
        .execute(&mut *tx)
        .await?;
    out::end_all(&mut tx, leader).await?;
    out::end_nameless(&mut tx, actor.community, Some(acting.session())).await?;
    let mut posted = if all.contains(&(leader, Role::Owner)) {
        tell_owners(&mut tx, now, actor, &all, LetterKind::OwnerRemoved, leader).await?
    } else {
        Vec::new()
    };
    let letter = Letter::of(actor.community, LetterKind::Removed, Reader::Leader(leader));
    posted.push(letters::write(&mut tx, now, letter).await?);
    Entry::of(actor.by, Act::LeaderRemoved, leader.uuid()).write(&mut tx, actor.community).await?;
    tx.commit().await?;
    tracing::info!(community = %actor.community, %leader, "a leader was removed");
    Ok(posted)
}

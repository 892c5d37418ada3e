//! Reading and saving what a community says of itself.

use porchlight_shared::{
    domain::{Colour, CommunityId, TextWindow},
    store::{Unquoted, window},
};
use sqlx::{PgConnection, PgPool};

use super::{
    Logo, Open, Settings,
    fields::{Change, Misfit},
    logo::Picture,
};
use crate::{
    audit::{Act, Actor, Entry},
    intake::ledger::batches,
    state::AppState,
};

/// Reads the settings.
///
/// # Errors
/// When the ledger does not answer.
pub async fn read(connection: &mut PgConnection, community: CommunityId) -> sqlx::Result<Settings> {
    let row = sqlx::query!(
        r#"SELECT name, short_name, country, logo, no_logo, colour, postal_address, contact, time_zone, text_window, portal_url,
                  short_name_open, time_zone_open, text_window_open, ready_at IS NOT NULL AS "ready!"
           FROM communities WHERE id = $1"#,
        community.uuid(),
    )
    .fetch_one(connection)
    .await?;
    let logo = match row.logo.and_then(|sha256| sha256.try_into().ok()) {
        Some(sha256) => Logo::Some(sha256),
        None if row.no_logo => Logo::None,
        None => Logo::Open,
    };
    Ok(Settings {
        name: row.name,
        short_name: row.short_name,
        country: row.country,
        logo,
        colour: row.colour.and_then(|colour| colour.parse::<Colour>().ok()),
        postal_address: row.postal_address,
        contact: row.contact,
        time_zone: row.time_zone,
        text_window: row.text_window.and_then(|window| window.parse::<TextWindow>().ok()),
        portal_url: row.portal_url,
        open: Open {
            short_name: row.short_name_open,
            time_zone: row.time_zone_open,
            text_window: row.text_window_open,
        },
        ready: row.ready,
    })
}

/// What became of a change.
#[derive(Debug)]
pub enum Saved {
    /// It is made.
    Done(Box<Settings>),
    /// Nothing is changed: somebody else changed it since it was shown; so it stands now.
    Meanwhile(Box<Settings>),
    /// Nothing is changed: fields do not fit.
    Unfit(Vec<Misfit>),
}

/// Makes a change, and opens the gate if nothing is missing any more, in one transaction. `seen` is the mark of the settings
/// that the change was made to; with none it counts whatever they are. Texts that wait are told when they may go now.
///
/// # Errors
/// When the ledger does not answer.
pub async fn save(
    state: &AppState,
    actor: Actor,
    change: &Change,
    picture: Option<&Picture>,
    seen: Option<&str>,
) -> sqlx::Result<Saved> {
    let mut tx = state.pool.begin().await?;
    sqlx::query!("SELECT id FROM communities WHERE id = $1 FOR NO KEY UPDATE", actor.community.uuid())
        .fetch_one(&mut *tx)
        .await?;
    let old = read(&mut tx, actor.community).await?;
    let new = match change.apply(&old) {
        Ok(new) => new,
        Err(misfits) => return Ok(Saved::Unfit(misfits)),
    };
    // Pressed twice, a form asks for what stands there already.
    if seen.is_some_and(|seen| seen != old.mark() && new.mark() != old.mark()) {
        return Ok(Saved::Meanwhile(Box::new(old)));
    }
    if let Some(picture) = picture {
        sqlx::query!(
            "INSERT INTO logos (sha256, png, shown) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            &picture.sha256[..],
            picture.png,
            picture.shown,
        )
        .execute(&mut *tx)
        .await?;
    }
    let ready = sqlx::query_scalar!(
        r#"UPDATE communities SET name = $2, short_name = $3, logo = $4, no_logo = $5, colour = $6, postal_address = $7, contact = $8,
               time_zone = $9, text_window = $10, portal_url = $11, short_name_open = $12, time_zone_open = $13,
               text_window_open = $14, ready_at = CASE WHEN $15 THEN coalesce(ready_at, app_now()) ELSE ready_at END
           WHERE id = $1 RETURNING ready_at IS NOT NULL AS "ready!""#,
        actor.community.uuid(),
        new.name,
        new.short_name,
        new.logo.sha256().map(|sha256| &sha256[..]),
        new.logo == Logo::None,
        new.colour.map(|colour| colour.to_string()),
        new.postal_address,
        new.contact,
        new.time_zone,
        new.text_window.as_ref().map(ToString::to_string),
        new.portal_url,
        new.open.short_name,
        new.open.time_zone,
        new.open.text_window,
        new.missing().is_empty(),
    )
    .fetch_one(&mut *tx)
    .await?;
    Entry::whole(actor.by, Act::SettingsChanged).write(&mut tx, actor.community).await?;
    tx.commit().await?;
    tracing::info!(community = %actor.community, ready, "settings changed");
    if (&new.time_zone, &new.text_window) != (&old.time_zone, &old.text_window)
        && let Err(error) = renew(state, actor.community).await
    {
        // What is saved is saved; the workers look at every window as well.
        tracing::error!(community = %actor.community, error = %Unquoted(&error), "the window for texts is not renewed yet");
    }
    Ok(Saved::Done(Box::new(Settings { ready, ..new })))
}

/// Tells the texts that wait when the window opens now.
async fn renew(state: &AppState, community: CommunityId) -> sqlx::Result<()> {
    let sender = batches::sender(&mut *state.pool.acquire().await?, community).await?;
    window::renew(&state.pool, &sender.window, &state.text_window).await.map(drop)
}

/// A picture as pages show it.
///
/// # Errors
/// When the ledger does not answer.
pub async fn shown(pool: &PgPool, sha256: &[u8]) -> sqlx::Result<Option<Vec<u8>>> {
    sqlx::query_scalar!("SELECT shown FROM logos WHERE sha256 = $1", sha256).fetch_optional(pool).await
}

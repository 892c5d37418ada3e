//! A community's window for texts: worked out anew and stored, by whoever needs it first.

use std::borrow::Cow;

use jiff::{Timestamp, tz::TimeZone};
use sqlx::{PgPool, Result};

use crate::domain::{CommunityId, Opening, TextWindow};

/// What is known of a community's window.
#[derive(Clone, Debug)]
pub struct Known {
    /// Whose.
    pub community: CommunityId,
    /// Its time zone: an IANA name.
    pub time_zone: String,
    /// What it says itself; `None`: the installation's counts.
    pub own: Option<String>,
    /// The opening that was worked out last.
    pub opening: Option<Opening>,
    /// The ledger's clock.
    pub now: Timestamp,
}

impl Known {
    /// What the ledger says of it: the columns of `communities`.
    #[must_use]
    pub fn new(
        community: CommunityId,
        time_zone: String,
        own: Option<String>,
        (opens_at, closes_at): (Option<jiff_sqlx::Timestamp>, Option<jiff_sqlx::Timestamp>),
        now: jiff_sqlx::Timestamp,
    ) -> Self {
        let opening = opens_at
            .zip(closes_at)
            .map(|(opens, closes)| Opening { opens_at: opens.to_jiff(), closes_at: closes.to_jiff() });
        Self { community, time_zone, own, opening, now: now.to_jiff() }
    }

    /// The window that counts, and where.
    fn window<'a>(&self, installation: &'a TextWindow) -> (Cow<'a, TextWindow>, TimeZone) {
        let own = self.own.as_deref().map(str::parse::<TextWindow>).transpose().unwrap_or_else(|error| {
            tracing::error!(community = %self.community, %error, "the community's window cannot be read; the installation's counts");
            None
        });
        let zone = TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC);
        (own.map_or(Cow::Borrowed(installation), Cow::Owned), zone)
    }

    /// When texts may go that are to go at `at`: then, or from the next opening on.
    #[must_use]
    pub fn opening_at(&self, at: Timestamp, installation: &TextWindow) -> Opening {
        let (window, zone) = self.window(installation);
        window.opening(at, &zone)
    }
}

/// Works out the opening and stores it, in a transaction of its own; what is held for it is told. Answers the new opening,
/// or `None` while the old one will do.
///
/// # Errors
/// When the ledger does not answer.
pub async fn renew(pool: &PgPool, known: &Known, installation: &TextWindow) -> Result<Option<Opening>> {
    let (window, zone) = known.window(installation);
    let Some(opening) = window.renewed(known.opening, known.now, &zone) else { return Ok(None) };
    let mut tx = pool.begin().await?;
    let (opens_at, closes_at) =
        (jiff_sqlx::Timestamp::from(opening.opens_at), jiff_sqlx::Timestamp::from(opening.closes_at));
    sqlx::query!(
        "UPDATE communities SET text_opens_at = $2, text_closes_at = $3 WHERE id = $1",
        known.community.uuid(),
        opens_at as jiff_sqlx::Timestamp,
        closes_at as jiff_sqlx::Timestamp,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "WITH waiting AS MATERIALIZED (
             SELECT d.id FROM batches b JOIN deliveries d ON d.batch_id = b.id
             WHERE b.community_id = $1 AND b.channel = 'text' AND b.finished_at IS NULL
                 AND d.newest AND d.state = 'held' AND d.held_reason = 'window'
             ORDER BY d.id FOR NO KEY UPDATE OF d
         )
         UPDATE deliveries AS d SET due_at = $2 FROM waiting
         WHERE d.id = waiting.id AND d.state = 'held' AND d.held_reason = 'window' AND d.due_at IS DISTINCT FROM $2",
        known.community.uuid(),
        opens_at as jiff_sqlx::Timestamp,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    tracing::info!(community = %known.community, opens_at = %opening.opens_at, closes_at = %opening.closes_at, "the window for texts");
    Ok(Some(opening))
}

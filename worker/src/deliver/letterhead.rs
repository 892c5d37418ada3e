//! What the messages of a batch have in common: read once, kept for a while.

use std::{borrow::Cow, collections::HashMap, sync::Arc, time::Duration};

use jiff::{Timestamp, tz::TimeZone};
use porchlight_shared::{
    domain::{BatchId, Colour, EmailAddress},
    message::{self, Guest, Sender},
};
use sqlx::PgPool;
use tokio::{sync::Mutex, time::Instant};

/// A community that changes its postal address sees it on messages that are written after this.
const FRESH: Duration = Duration::from_secs(30);
const MOST: usize = 1_000;

/// The common part of a batch's messages.
#[derive(Debug)]
pub struct Letterhead {
    community: String,
    /// Name in texts.
    pub short_name: String,
    contact: Option<String>,
    reply_to: Option<String>,
    postal_address: Option<String>,
    colour: Option<Colour>,
    time_zone: TimeZone,
    subject: String,
    /// The leader's note, pinned on the batch.
    pub note: Option<String>,
}

impl Letterhead {
    /// On whose behalf.
    #[must_use]
    pub fn sender(&self) -> Sender<'_> {
        Sender {
            name: &self.community,
            contact: self.contact.as_deref(),
            reply_to: self.reply_to.as_deref(),
            postal_address: self.postal_address.as_deref(),
            colour: self.colour,
        }
    }

    /// The subject line: a household's is pinned on the batch.
    #[must_use]
    pub fn subject_for(&self, guest: Guest) -> Cow<'_, str> {
        match guest {
            Guest::Household => Cow::Borrowed(&self.subject),
            Guest::Member => Cow::Owned(format!("Join your household in {}", self.community)),
        }
    }

    /// A day in the community's time zone: `22 December 2026`.
    #[must_use]
    pub fn day(&self, instant: Timestamp) -> String {
        message::day(instant, &self.time_zone)
    }
}

/// The letterheads in use.
#[derive(Debug)]
pub struct Letterheads {
    pool: PgPool,
    kept: Mutex<HashMap<BatchId, (Instant, Arc<Letterhead>)>>,
}

impl Letterheads {
    /// None yet.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool, kept: Mutex::default() }
    }

    /// A batch's letterhead. Reading it for the first time notes that the batch has started.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn of(&self, batch: BatchId) -> sqlx::Result<Arc<Letterhead>> {
        // Held while reading, so that a batch's first messages read it once together.
        let mut kept = self.kept.lock().await;
        let now = Instant::now();
        if let Some((read_at, letterhead)) = kept.get(&batch)
            && now.duration_since(*read_at) < FRESH
        {
            return Ok(Arc::clone(letterhead));
        }
        let letterhead = match (self.read(batch).await, kept.get(&batch)) {
            (Ok(letterhead), _) => Arc::new(letterhead),
            // An older one says what it said when the batch began; better than no message.
            (Err(_), Some((_, letterhead))) => Arc::clone(letterhead),
            (Err(error), None) => return Err(error),
        };
        if kept.len() >= MOST {
            kept.retain(|_, (read_at, _)| now.duration_since(*read_at) < FRESH);
        }
        kept.insert(batch, (now, Arc::clone(&letterhead)));
        Ok(letterhead)
    }

    async fn read(&self, batch: BatchId) -> sqlx::Result<Letterhead> {
        sqlx::query!(
            "UPDATE batches SET started_at = app_now() WHERE id = $1 AND started_at IS NULL",
            batch.uuid()
        )
        .execute(&self.pool)
        .await?;
        let row = sqlx::query!(
            "SELECT c.name, c.short_name, c.contact, c.postal_address, c.colour, c.time_zone, b.subject, b.note
             FROM batches b JOIN communities c ON c.id = b.community_id WHERE b.id = $1",
            batch.uuid(),
        )
        .fetch_one(&self.pool)
        .await?;
        let reply_to = row.contact.as_deref().and_then(|contact| contact.parse::<EmailAddress>().ok());
        Ok(Letterhead {
            community: row.name,
            short_name: row.short_name,
            reply_to: reply_to.map(|address| address.as_str().to_owned()),
            contact: row.contact,
            postal_address: row.postal_address,
            colour: row.colour.and_then(|colour| colour.parse().ok()),
            time_zone: TimeZone::get(&row.time_zone).unwrap_or(TimeZone::UTC),
            subject: row.subject,
            note: row.note,
        })
    }
}

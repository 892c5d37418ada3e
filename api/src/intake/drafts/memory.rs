//! Verdicts on long drafts, kept for a minute: judging 100,000 entries takes a second, and turning a page asks for it anew.
//!
//! What is kept here decides nothing. It is shown on the page that lists the entries; what is confirmed and what is sent is
//! judged when it is. When a verdict grows old:
//!
//! * The draft changed, or how it is sent: [`Version`] has the moment of its last change, and nothing else is taken for it.
//! * A leader or a program did something: sent another list, imported properties, stopped an address, changed the settings.
//!   Each such act has its line in the audit log, written in the same transaction, and [`Version`] counts the newest lines.
//! * A resident joined or opted out, a message came back, a day went by: nothing tells, so nothing is kept longer than
//!   [`LONGEST`]. A page that stands open on a screen is as old.
//!
//! Lists of fewer than [`FEWEST`] entries are judged whenever they are looked at.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use porchlight_shared::domain::{CommunityId, DraftId};
use sqlx::PgConnection;

use super::verdicts::Verdicts;

/// How long verdicts are kept.
const LONGEST: SignedDuration = SignedDuration::from_secs(60);
/// Entries of a list that is worth it.
const FEWEST: usize = 5_000;
/// Entries of all lists together: about 100 bytes each.
const MOST: usize = 200_000;
/// Lines of the audit log that are counted: as many acts at once would have to overtake one that commits late.
const ACTS: i64 = 100;

/// What verdicts depend on, as far as it can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    changed_at: Timestamp,
    acts: i64,
}

impl Version {
    /// The version of a draft that the ledger has now; nothing, if there is no such draft.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn of(
        tx: &mut PgConnection,
        community: CommunityId,
        draft: DraftId,
    ) -> sqlx::Result<Option<Self>> {
        let row = sqlx::query!(
            r#"SELECT changed_at,
                      (SELECT coalesce(sum(id), 0)::bigint FROM (
                           SELECT id FROM audit_log WHERE community_id = $1 ORDER BY id DESC LIMIT $3
                       ) newest) AS "acts!"
               FROM drafts WHERE community_id = $1 AND id = $2 AND expires_at > app_now()"#,
            community.uuid(),
            draft.uuid(),
            ACTS,
        );
        let row = row.fetch_optional(tx).await?;
        Ok(row.map(|row| Self { changed_at: row.changed_at.to_jiff(), acts: row.acts }))
    }
}

#[derive(Debug)]
struct Kept {
    version: Version,
    at: Timestamp,
    verdicts: Arc<Verdicts>,
}

/// The verdicts that this process keeps.
#[derive(Debug, Default)]
pub struct Memory(Mutex<HashMap<DraftId, Kept>>);

impl Memory {
    /// The verdicts of a version, if they are kept and young.
    pub fn get(&self, draft: DraftId, version: Version, now: Timestamp) -> Option<Arc<Verdicts>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get(&draft).filter(|kept| kept.version == version && kept.is_young(now))?;
        Some(Arc::clone(&kept.verdicts))
    }

    /// Keeps the verdicts of a version, if that is worth it; the oldest make room.
    pub fn keep(&self, draft: DraftId, version: Version, now: Timestamp, verdicts: &Arc<Verdicts>) {
        if verdicts.len() < FEWEST {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, kept| kept.is_young(now));
        kept.insert(draft, Kept { version, at: now, verdicts: Arc::clone(verdicts) });
        while kept.len() > 1 && kept.values().map(|kept| kept.verdicts.len()).sum::<usize>() > MOST {
            let Some(oldest) = kept.iter().min_by_key(|(_, kept)| kept.at).map(|(draft, _)| *draft) else {
                return;
            };
            kept.remove(&oldest);
        }
    }
}

impl Kept {
    fn is_young(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.at);
        age >= SignedDuration::ZERO && age < LONGEST
    }
}

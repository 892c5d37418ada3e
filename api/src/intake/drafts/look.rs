//! What all do with a draft who look at one: save it, judge it as it is now, mend it.

use porchlight_shared::domain::{Channel, CommunityId, DraftId};
use sqlx::PgConnection;

use super::{as_written, change::Change, judge, position};
use crate::{
    audit::Actor,
    intake::{
        facts::{self, Foreseen, Known},
        judging::{Judged, Rules},
        ledger::{
            batches,
            drafts::{self, Draft, DraftEntry},
        },
        request::{self, AlreadyInvited},
    },
    problem::Problem,
    state::AppState,
};

/// A draft as it was read, its entries judged by themselves.
#[derive(Debug)]
pub struct Read {
    /// What it is.
    pub draft: Draft,
    /// Its entries, as they were written.
    pub entries: Vec<DraftEntry>,
    /// Entries that the leader took out.
    pub removed: Vec<DraftEntry>,
    /// What is to be said of each entry by itself.
    pub judged: Vec<Judged>,
}

/// A draft as it is judged now.
#[derive(Debug)]
pub struct Looked {
    /// What it is.
    pub draft: Draft,
    /// Its entries, as they were written.
    pub entries: Vec<DraftEntry>,
    /// Entries that the leader took out.
    pub removed: Vec<DraftEntry>,
    /// What is to be said of each.
    pub judged: Vec<Judged>,
    /// The contacts of entries that the ledger knows.
    pub known: Known,
    /// What sending would do.
    pub foreseen: Foreseen,
}

impl Read {
    /// Asks the ledger about the entries.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn ask(
        self,
        tx: &mut PgConnection,
        community: CommunityId,
        already_invited: AlreadyInvited,
    ) -> sqlx::Result<Looked> {
        let Self { draft, entries, removed, mut judged } = self;
        let (known, foreseen) =
            facts::foresee_all(tx, community, draft.channel, &mut judged, already_invited).await?;
        Ok(Looked { draft, entries, removed, judged, known, foreseen })
    }
}

/// Keeps a judged list as a draft.
///
/// # Errors
/// When the ledger does not answer.
pub async fn save(
    state: &AppState,
    tx: &mut PgConnection,
    actor: Actor,
    channel: Channel,
    judged: &[Judged],
) -> sqlx::Result<DraftId> {
    let draft = DraftId::new(state.clock.now(), &mut AppState::rng());
    drafts::insert_draft(tx, actor.community, draft, channel, None, actor.by).await?;
    drafts::put_entries(tx, draft, judged.iter().map(as_written).collect()).await?;
    Ok(draft)
}

/// Reads the entries of a draft, and judges them by themselves.
///
/// # Errors
/// When the ledger does not answer.
pub async fn read(
    state: &AppState,
    tx: &mut PgConnection,
    community: CommunityId,
    draft: Draft,
) -> sqlx::Result<Read> {
    let entries = drafts::entries(tx, draft.id, None).await?;
    let country = batches::sender(tx, community).await?.country;
    let rules = Rules { channel: draft.channel, country: &country, keyring: &state.keyring, keep: false };
    let (removed, entries): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| entry.removed);
    let judged = tokio::task::block_in_place(|| judge(&entries, rules));
    Ok(Read { draft, entries, removed, judged })
}

/// Judges a draft of this community; nothing, if there is none.
///
/// # Errors
/// When the ledger does not answer.
pub async fn look(
    state: &AppState,
    tx: &mut PgConnection,
    community: CommunityId,
    draft: DraftId,
    already_invited: AlreadyInvited,
) -> sqlx::Result<Option<Looked>> {
    let Some(found) = drafts::drafts(tx, community, Some(draft), 1).await?.into_iter().next() else {
        return Ok(None);
    };
    let read = read(state, tx, community, found).await?;
    Ok(Some(read.ask(tx, community, already_invited).await?))
}

/// Carries changes to a locked draft out: all, or none.
///
/// # Errors
/// When one is about an entry that is not there, or the ledger does not answer.
pub async fn mend(tx: &mut PgConnection, draft: DraftId, changes: Vec<Change>) -> Result<(), Problem> {
    let positions: Vec<i32> = changes.iter().map(|change| position(change.position)).collect();
    let mut entries = drafts::entries(tx, draft, Some(&positions)).await?;
    entries.retain(|entry| !entry.removed);
    let mut removed = Vec::new();
    for (index, change) in changes.into_iter().enumerate() {
        let at = position(change.position);
        let Ok(place) = entries.binary_search_by_key(&at, |entry| entry.position) else {
            let pointer = format!("/entries/{index}/position");
            return Err(request::invalid(&pointer, "is not an entry of this draft"));
        };
        if change.remove {
            removed.push(at);
        } else {
            change.mend(&mut entries[place]);
        }
    }
    entries.retain(|entry| !removed.contains(&entry.position));
    drafts::put_entries(tx, draft, entries).await?;
    drafts::remove_entries(tx, draft, &removed, true).await?;
    drafts::touch(tx, draft, None).await?;
    Ok(())
}

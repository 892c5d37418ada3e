//! The story of one list: from judged entries to a batch of deliveries, in one transaction.
//!
//! The order matters. What the ledger knows of the addresses first (suppressed and joined ones drop out), then the
//! contacts and households behind them ([`settle`]), then each household's one live invitation ([`invite`]), then the
//! deliveries; what has to be looked at or mended stays as a draft. Where another list gets in first, the database says so by
//! not returning a row, and the entry is skipped instead of doubled.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use porchlight_shared::{
    domain::{
        BatchId, Channel, CommunityId, ContactId, DeliveryId, DraftId, HouseholdId, InvitationId, Keyring,
        Opening,
    },
    message,
    queue::Job,
};
use rand::rngs::StdRng;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::{
    drafts, facts,
    judging::{Counts, EntryReport, Judged, Reason},
    ledger::{
        ROWS_AT_ONCE,
        batches::{self, Hold, NewBatch, NewDeliveries, Sender},
    },
    request::{AlreadyInvited, Consent},
};
use crate::{
    audit::{Act, Actor, Entry},
    problem::{Kind, Problem},
    state::AppState,
};

pub mod drawing;
mod invite;
mod settle;

pub(crate) use invite::{INVITATION_DAYS, MOST_MESSAGES};

/// How many of the entries that do not go an answer shows.
const MOST_SHOWN: usize = 1_000;
/// How far ahead a batch may be scheduled.
const LATEST_START: SignedDuration = SignedDuration::from_hours(90 * 24);
/// The message template that new batches are pinned to.
const TEMPLATE: i16 = 1;

/// The answer to an accepted list.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchAccepted {
    /// The batch; watch it at `…/batches/{id}`.
    #[schema(value_type = Uuid)]
    pub id: BatchId,
    /// Entries that go.
    pub accepted: usize,
    /// Entries that call for a second look and were not accepted as they are.
    pub to_check: usize,
    /// Entries that need not, or must not, be written to.
    pub skipped: usize,
    /// Entries that cannot be written to as they stand.
    pub rejected: usize,
    /// When the first of them may go: at `send_at`, or when the window for texts opens. Left out if that is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub held_until: Option<Timestamp>,
    /// Where the entries to check and to mend are kept: `…/drafts/{draft}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    pub draft: Option<DraftId>,
    /// The entries that do not go: the first 1,000.
    #[schema(value_type = Vec<EntryReport<'_>>)]
    pub rows: serde_json::Value,
}

/// What a request asks for beside its entries.
#[derive(Debug)]
pub struct Wish {
    /// Send entries that call for a second look, too.
    pub accept_checks: bool,
    /// What to do with households that were invited before.
    pub already_invited: AlreadyInvited,
    /// Personal note.
    pub note: Option<String>,
    /// Not before.
    pub send_at: Option<Timestamp>,
    /// Not after.
    pub not_after: Option<Timestamp>,
    /// Who agreed to be texted.
    pub consent: Option<Consent>,
    /// Whether the same list may go twice in a day.
    pub again: bool,
}

impl Wish {
    /// A batch goes out within three months, and its last moment is still to come.
    fn check(&self, now: Timestamp) -> Result<(), Problem> {
        let refuse = |pointer: &str, detail: &str| {
            let mend = "Nothing was stored. Mend the field and send the list again.";
            Err(Problem::new(Kind::InvalidField, mend).at(pointer, detail))
        };
        let latest = now + LATEST_START;
        if self.send_at.is_some_and(|at| at > latest || at < now - LATEST_START) {
            return refuse("/send_at", say!("invite-moment-too-far"));
        }
        if self.not_after.is_some_and(|at| at <= now) {
            return refuse("/not_after", say!("invite-moment-passed"));
        }
        if self.not_after.is_some_and(|at| at > latest + LATEST_START) {
            return refuse("/not_after", say!("invite-moment-too-late"));
        }
        Ok(())
    }
}

/// A judged list, and where it came from.
#[derive(Debug)]
pub struct List {
    /// Its entries.
    pub judged: Vec<Judged>,
    /// The draft that it was, if it was one.
    pub draft: Option<DraftId>,
    /// How it travels.
    pub channel: Channel,
    /// When it may go, if it has a window.
    pub opening: Option<Opening>,
    /// What was found out about it in this very transaction, if anybody asked.
    pub asked: Option<Asked>,
}

/// What was found out about a list in the transaction that sends it: its entries need not be judged once more.
#[derive(Debug)]
pub struct Asked {
    /// The contacts of entries that the ledger knows.
    pub known: facts::Known,
    /// By what it is recognised: [`list_hash`] of what was said of its entries by themselves.
    pub hash: [u8; 32],
}

/// One list on its way into the ledger.
struct Intake<'a> {
    tx: &'a mut PgConnection,
    actor: Actor,
    keyring: &'a Keyring,
    now: Timestamp,
    rng: StdRng,
    channel: Channel,
    send_at: Option<Timestamp>,
    judged: Vec<Judged>,
}

/// An entry whose contact and household stand.
#[derive(Clone, Copy, Debug)]
struct Addressed {
    /// Its index in the list.
    at: usize,
    contact: ContactId,
    household: HouseholdId,
    /// Whether this list made the household, so that nobody else can know it yet.
    fresh: bool,
    /// Whether the contact is new to the community.
    stranger: bool,
}

/// An entry that goes.
#[derive(Clone, Copy, Debug)]
struct Invited {
    at: usize,
    contact: ContactId,
    invitation: InvitationId,
}

impl Intake<'_> {
    fn skip(&mut self, at: usize, reason: Reason) {
        self.judged[at].reason = reason;
    }

    const fn community(&self) -> CommunityId {
        self.actor.community
    }
}

/// Stores a list. Returns the answer and the jobs to push after the commit: none for a batch that is held.
///
/// # Errors
/// When the community may not send, the list was just sent, nothing of it can go, or the ledger does not answer.
pub async fn accept(
    tx: &mut PgConnection,
    actor: Actor,
    keyring: &Keyring,
    now: Timestamp,
    sender: &Sender,
    wish: Wish,
    mut list: List,
) -> Result<(BatchAccepted, Vec<Job>), Problem> {
    wish.check(sender.now)?;
    if let (Some(opening), Some(not_after)) = (list.opening, wish.not_after)
        && opening.opens_at >= not_after
    {
        let detail = format!("The window for texts opens at {}. Nothing was stored.", opening.opens_at);
        let problem = Problem::new(Kind::InvalidField, &detail);
        return Err(problem.at("/not_after", say!("invite-moment-window-closed")));
    }
    if !sender.ready {
        return Err(Problem::new(Kind::NotReady, "Its leaders have to finish the checklist first."));
    }
    let channel = list.channel;
    let asked = list.asked.take();
    let list_hash = match &asked {
        Some(asked) => asked.hash,
        None => list_hash(keyring, &list.judged, wish.accept_checks),
    };
    if batches::sent_lately(tx, actor.community, &list_hash).await? && !wish.again {
        let detail = "Nothing was sent a second time. If you mean it, send the list with \"again\": true.";
        return Err(Problem::new(Kind::SameList, detail));
    }
    let known = if let Some(asked) = asked {
        asked.known
    } else {
        let known = facts::add(tx, actor.community, channel, &mut list.judged).await?;
        // What waits for a second look is told what the others find out under their locks.
        let waits = |entry: &Judged| !entry.goes(wish.accept_checks);
        facts::foresee(tx, actor.community, &mut list.judged, &known, AlreadyInvited::Skip, waits).await?;
        known
    };
    let rng = AppState::rng();
    let mut intake =
        Intake { tx, actor, keyring, now, rng, channel, send_at: wish.send_at, judged: list.judged };
    let addressed = intake.settle(&known, wish.accept_checks).await?;
    let invited = intake.invite(addressed, wish.already_invited).await?;
    intake.bring_back(&known, &invited).await?;
    let Intake { tx, mut rng, judged, .. } = intake;

    let left = left_over(&judged, &invited);
    let counts = Counts::of(left.iter().map(|entry| entry.verdict()));
    let shown: Vec<_> = left.iter().take(MOST_SHOWN).map(|entry| EntryReport::of(entry)).collect();
    let rows = serde_json::to_value(&shown).expect("reports serialise");
    if invited.is_empty() {
        return Err(nothing_to_send(counts, rows));
    }
    let id = BatchId::new(now, &mut rng);
    let new = NewBatch {
        id,
        community: actor.community,
        channel,
        requested_by: actor.by,
        list_hash: &list_hash,
        subject: &message::subject(&sender.name),
        note: wish.note.as_deref().map(str::trim).filter(|note| !note.is_empty()),
        template: TEMPLATE,
        total: i32::try_from(invited.len()).expect("a list fits"),
        send_at: wish.send_at,
        not_after: wish.not_after,
        consent: wish.consent.as_ref().map(|consent| (consent.statement.trim(), consent.obtained_at)),
    };
    let later = batches::insert_batch(tx, &new).await?;
    let hold = Hold::of(wish.send_at.filter(|_| later), list.opening, sender.now);
    let mut jobs = Vec::with_capacity(if hold.is_some() { 0 } else { invited.len() });
    for invited in invited.chunks(ROWS_AT_ONCE) {
        let mut new = NewDeliveries::default();
        for entry in invited {
            let row = i32::try_from(judged[entry.at].place.position).expect("a list fits");
            let delivery = DeliveryId::new(now, &mut rng);
            new.push(delivery, entry.invitation, entry.contact, row);
            if hold.is_none() {
                jobs.push(Job { community: actor.community, delivery });
            }
        }
        batches::insert_deliveries(tx, actor.community, channel, id, hold, &new).await?;
    }
    let kept = drafts::Kept { channel, from: list.draft, batch: Some(id), by: actor.by };
    let draft = drafts::keep(tx, actor.community, now, &mut rng, &kept, &left).await?;

    let sent = Entry::of(actor.by, Act::ListSent, id.uuid()).many(i64::from(new.total));
    sent.write(tx, actor.community).await?;

    let answer = BatchAccepted {
        id,
        accepted: invited.len(),
        to_check: counts.check,
        skipped: counts.skip,
        rejected: counts.fix,
        held_until: hold.map(|hold| hold.until),
        draft,
        rows,
    };
    Ok((answer, jobs))
}

/// Counts and tells what was accepted, once it is committed, and puts its jobs on the conveyor.
pub fn announce(
    state: &Arc<AppState>,
    community: CommunityId,
    channel: Channel,
    answer: &BatchAccepted,
    jobs: Vec<Job>,
) {
    let declined = answer.skipped + answer.rejected + answer.to_check;
    state.metrics.entries_accepted.inc_by(answer.accepted as u64);
    state.metrics.entries_declined.inc_by(declined as u64);
    tracing::info!(%community, batch = %answer.id, accepted = answer.accepted, declined, "batch accepted");
    state.push_afterwards(channel, jobs);
}

/// The entries that do not go.
fn left_over<'a>(judged: &'a [Judged], invited: &[Invited]) -> Vec<&'a Judged> {
    let mut goes = vec![false; judged.len()];
    for entry in invited {
        goes[entry.at] = true;
    }
    judged.iter().zip(goes).filter(|(_, goes)| !goes).map(|(entry, _)| entry).collect()
}

fn nothing_to_send(counts: Counts, rows: serde_json::Value) -> Problem {
    let Counts { check, fix, skip, .. } = counts;
    let detail = format!(
        "{skip} entries are skipped, {fix} need mending and {check} a second look (\"accept\": true sends those); `rows` \
         says why. Nothing was stored."
    );
    Problem::new(Kind::NothingToSend, detail).with_rows(rows)
}

/// Recognises the same addresses in any order. What the ledger says of them does not count: it goes on.
pub fn list_hash(keyring: &Keyring, judged: &[Judged], accept_checks: bool) -> [u8; 32] {
    let going = judged.iter().filter(|entry| entry.goes(accept_checks));
    let mut hashes: Vec<_> = going.filter_map(|entry| Some(&entry.contact.as_ref()?.hash)).collect();
    hashes.sort_unstable();
    keyring.list_hash(hashes)
}

//! The story of one list: from drafts to a batch of deliveries, in one transaction.
//!
//! The order matters. Addresses first (suppressed and joined ones drop out), then the households behind them, then
//! each household's one live invitation, then the deliveries. Where another list gets in first, the database says so
//! by not returning a row, and the entry is declined instead of doubled.

use std::collections::{HashMap, HashSet};

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use porchlight_shared::{
    domain::{
        AccessCode, BatchId, Channel, CommunityId, ContactId, DeliveryId, HouseholdId, InvitationId, Keyring,
        PropertyId,
    },
    queue::Job,
};
use rand::{
    SeedableRng,
    rand_core::UnwrapErr,
    rngs::{StdRng, SysRng},
};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    entry::{Declined, Draft, Verdict, comparable},
    ledger::{self, NewBatch, NewContacts, NewDeliveries, NewHouseholds, NewInvitations},
    request::AlreadyInvited,
};
use crate::{
    access::Caller,
    problem::{Kind, Problem},
};

/// How many of the declined entries an answer shows.
const MOST_SHOWN: usize = 1_000;
/// How long a message's invitation can be used.
const INVITATION_DAYS: i32 = 30;
/// How far ahead a batch may be scheduled.
const LATEST_START: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Messages to one contact in an invitation's life.
const MOST_MESSAGES: i64 = 5;
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
    /// The entries that do not go: the first 1,000.
    pub rows: Vec<Declined>,
}

/// What a request asks for beside its rows.
#[derive(Debug)]
pub struct Wish {
    /// What to do with households that were invited before.
    pub already_invited: AlreadyInvited,
    /// Personal note.
    pub note: Option<String>,
    /// Not before.
    pub send_at: Option<Timestamp>,
    /// Not after.
    pub not_after: Option<Timestamp>,
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
            return refuse("/send_at", "is not within the next 90 days");
        }
        if self.not_after.is_some_and(|at| at <= now) {
            return refuse("/not_after", "has passed already");
        }
        if self.not_after.is_some_and(|at| at > latest + LATEST_START) {
            return refuse("/not_after", "is more than 180 days ahead");
        }
        Ok(())
    }
}

/// One list on its way into the ledger.
struct Intake<'a> {
    tx: &'a mut PgConnection,
    caller: Caller,
    keyring: &'a Keyring,
    now: Timestamp,
    rng: StdRng,
    send_at: Option<Timestamp>,
    declined: Vec<Declined>,
}

/// An entry whose contact and household stand.
struct Addressed {
    position: i32,
    contact: ContactId,
    household: HouseholdId,
    /// Whether this list made the household, so that nobody else can know it yet.
    fresh: bool,
}

/// Stores a list. Returns the answer and the jobs to push after the commit (none for a batch that starts later).
///
/// # Errors
/// When the community may not send, the list was just sent, nothing of it can go, or the ledger does not answer.
pub async fn accept(
    tx: &mut PgConnection,
    caller: Caller,
    keyring: &Keyring,
    now: Timestamp,
    wish: Wish,
    (drafts, declined): (Vec<Draft>, Vec<Declined>),
) -> Result<(BatchAccepted, Vec<Job>), Problem> {
    let channel = Channel::Email;
    wish.check(now)?;
    let sender = ledger::sender(tx, caller.community).await?;
    if !sender.ready {
        return Err(Problem::new(Kind::NotReady, "Its leaders have to finish the checklist first."));
    }
    let list_hash = list_hash(keyring, &drafts);
    if ledger::sent_lately(tx, caller.community, &list_hash).await? && !wish.again {
        let detail = "Nothing was sent a second time. If you mean it, send the list with \"again\": true.";
        return Err(Problem::new(Kind::SameList, detail));
    }
    let rng = StdRng::from_rng(&mut UnwrapErr(SysRng));
    let mut intake = Intake { tx, caller, keyring, now, rng, send_at: wish.send_at, declined };
    let addressed = intake.address(channel, drafts).await?;
    let invited = intake.invite(addressed, wish.already_invited).await?;
    let Intake { tx, mut rng, mut declined, .. } = intake;

    declined.sort_by_key(|no| no.position);
    let skipped = declined.iter().filter(|no| no.verdict == Verdict::Skip).count();
    let rejected = declined.len() - skipped;
    declined.truncate(MOST_SHOWN);
    if invited.is_empty() {
        let detail = format!(
            "{skipped} entries are skipped and {rejected} need mending; `rows` says why. Nothing was stored."
        );
        let rows = serde_json::to_value(&declined).expect("verdicts serialise");
        return Err(Problem::new(Kind::NothingToSend, detail).with_rows(rows));
    }
    let id = BatchId::new(now, &mut rng);
    let new = NewBatch {
        id,
        community: caller.community,
        channel,
        requested_by: caller.token,
        list_hash: &list_hash,
        subject: &format!("Your household is invited to {}", sender.name),
        note: wish.note.as_deref().map(str::trim).filter(|note| !note.is_empty()),
        template: TEMPLATE,
        total: i32::try_from(invited.len()).expect("a list fits"),
        send_at: wish.send_at,
        not_after: wish.not_after,
    };
    let later = ledger::insert_batch(tx, &new).await?;
    let mut deliveries = NewDeliveries::default();
    for (position, contact, invitation) in invited {
        deliveries.push(DeliveryId::new(now, &mut rng), invitation, contact, position);
    }
    ledger::insert_deliveries(tx, caller.community, channel, id, wish.send_at.filter(|_| later), &deliveries)
        .await?;
    let job = |id: &Uuid| Job { community: caller.community, delivery: (*id).into() };
    let jobs = if later { Vec::new() } else { deliveries.ids.iter().map(job).collect() };
    let accepted = deliveries.ids.len();
    Ok((BatchAccepted { id, accepted, to_check: 0, skipped, rejected, rows: declined }, jobs))
}

/// Recognises the same addresses in any order.
fn list_hash(keyring: &Keyring, drafts: &[Draft]) -> [u8; 32] {
    let mut hashes: Vec<_> = drafts.iter().map(|draft| &draft.hash).collect();
    hashes.sort_unstable();
    keyring.list_hash(hashes)
}

impl Intake<'_> {
    /// Gives every draft its contact and household, old or new.
    async fn address(&mut self, channel: Channel, drafts: Vec<Draft>) -> Result<Vec<Addressed>, Problem> {
        let community = self.caller.community;
        let hashes: Vec<Vec<u8>> = drafts.iter().map(|draft| draft.hash.to_vec()).collect();
        let known = ledger::known_addresses(self.tx, community, channel, &hashes).await?;
        let known: HashMap<_, _> = known.into_iter().map(|known| (known.index, known)).collect();

        let (mut addressed, mut strangers) = (Vec::with_capacity(drafts.len()), Vec::new());
        for (index, draft) in drafts.into_iter().enumerate() {
            let position = draft.position;
            match known.get(&index) {
                Some(known) if known.suppressed.is_some() => {
                    self.declined
                        .extend(known.suppressed.map(|reason| Declined::suppressed(position, reason)));
                }
                Some(known) if known.erased => self.declined.push(Declined::erased(position)),
                Some(known) if known.joined => self.declined.push(Declined::joined(position)),
                known => match known.and_then(|known| known.contact) {
                    Some((contact, household)) => {
                        addressed.push(Addressed { position, contact, household, fresh: false });
                    }
                    None => strangers.push(draft),
                },
            }
        }
        if !strangers.is_empty() {
            addressed.extend(self.settle(channel, strangers).await?);
            addressed.sort_by_key(|entry| entry.position);
        }
        Ok(addressed)
    }

    /// Stores contacts that the community does not know yet, and the households that they need.
    async fn settle(&mut self, channel: Channel, strangers: Vec<Draft>) -> Result<Vec<Addressed>, Problem> {
        let community = self.caller.community;
        let mut homes = self.homes(&strangers).await?;
        let (mut households, mut rows) = (NewHouseholds::default(), Vec::with_capacity(strangers.len()));
        for draft in strangers {
            let home = draft.unit.as_ref().map(|unit| &unit.key);
            let (household, fresh) = match homes.of(home, draft.household.as_deref()) {
                Some((_, joined, _)) if joined => {
                    self.declined.push(Declined::joined(draft.position));
                    continue;
                }
                Some((household, _, fresh)) => (household, fresh),
                None => {
                    let household = HouseholdId::new(self.now, &mut self.rng);
                    households.ids.push(household.uuid());
                    households
                        .properties
                        .push(home.and_then(|home| homes.property(home)).map(PropertyId::uuid));
                    households.names.push(draft.household.clone());
                    homes.add(home, draft.household.as_deref(), household);
                    (household, true)
                }
            };
            let contact = ContactId::new(self.now, &mut self.rng);
            rows.push((draft, Addressed { position: 0, contact, household, fresh }));
        }
        if !households.ids.is_empty() {
            ledger::insert_households(self.tx, community, &households).await?;
        }
        rows.sort_unstable_by_key(|(draft, _)| draft.hash);
        let mut contacts = NewContacts::default();
        let mut addressed = Vec::with_capacity(rows.len());
        for (draft, entry) in rows {
            contacts.ids.push(entry.contact.uuid());
            contacts.households.push(entry.household.uuid());
            contacts.addresses.push(draft.address.as_str().to_owned());
            contacts.hashes.push(draft.hash.to_vec());
            contacts.names.push(draft.name);
            addressed.push(Addressed { position: draft.position, ..entry });
        }
        let stored: HashSet<_> =
            ledger::insert_contacts(self.tx, community, channel, &contacts).await?.into_iter().collect();
        if stored.len() < addressed.len() {
            let (kept, overtaken): (Vec<_>, Vec<_>) =
                addressed.into_iter().partition(|entry| stored.contains(&entry.contact.uuid()));
            self.declined.extend(overtaken.iter().map(|entry| Declined::overtaken(entry.position)));
            let empty: Vec<_> =
                overtaken.iter().filter(|entry| entry.fresh).map(|entry| entry.household.uuid()).collect();
            ledger::delete_households(self.tx, &empty).await?;
            addressed = kept;
        }
        Ok(addressed)
    }

    /// The properties that the list names, locked, and who lives there.
    async fn homes(&mut self, drafts: &[Draft]) -> Result<Homes, Problem> {
        let mut units: Vec<_> = drafts.iter().filter_map(|draft| draft.unit.as_ref()).collect();
        if units.is_empty() {
            return Ok(Homes::default());
        }
        units.sort_by(|a, b| a.key.cmp(&b.key));
        units.dedup_by(|a, b| a.key == b.key);
        let units: Vec<_> =
            units.into_iter().map(|unit| (PropertyId::new(self.now, &mut self.rng), unit)).collect();
        let properties = ledger::lock_properties(self.tx, self.caller.community, &units).await?;
        let ids: Vec<_> = properties.iter().map(|(_, id)| id.uuid()).collect();
        let residents = ledger::residents(self.tx, &ids).await?;
        let mut homes = Homes { properties: properties.into_iter().collect(), residents: HashMap::new() };
        for resident in residents {
            let lives = (resident.household, resident.joined, false);
            homes
                .residents
                .entry(resident.property)
                .or_default()
                .push((resident.name.as_deref().map(comparable), lives));
        }
        Ok(homes)
    }

    /// Gives every entry the live invitation of its household, new where there is none.
    async fn invite(
        &mut self,
        addressed: Vec<Addressed>,
        already_invited: AlreadyInvited,
    ) -> Result<Vec<(i32, ContactId, InvitationId)>, Problem> {
        let mut settled: Vec<_> =
            addressed.iter().filter(|entry| !entry.fresh).map(|entry| entry.household.uuid()).collect();
        settled.sort_unstable();
        settled.dedup();
        let live =
            if settled.is_empty() { Vec::new() } else { ledger::live_invitations(self.tx, &settled).await? };
        let live: HashMap<_, _> = live.into_iter().map(|live| (live.household, live)).collect();
        let (again, first): (Vec<_>, Vec<_>) =
            addressed.into_iter().partition(|entry| live.contains_key(&entry.household));

        let mut invited = Vec::with_capacity(first.len());
        if already_invited == AlreadyInvited::Skip {
            self.declined.extend(
                again
                    .iter()
                    .map(|entry| Declined::invited(entry.position, live[&entry.household].created_at)),
            );
        } else {
            let ids: Vec<_> = live.values().map(|live| live.id.uuid()).collect();
            let written = ledger::written(self.tx, &ids).await?;
            let written: HashMap<_, _> =
                written.iter().map(|row| ((row.invitation, row.contact), row)).collect();
            for entry in again {
                let invitation = live[&entry.household].id;
                match written.get(&(invitation, entry.contact)) {
                    Some(row) if row.under_way => self.declined.push(Declined::under_way(entry.position)),
                    Some(row) if row.lately => self.declined.push(Declined::too_soon(entry.position)),
                    Some(row) if row.messages >= MOST_MESSAGES => {
                        self.declined.push(Declined::too_often(entry.position));
                    }
                    _ => invited.push((entry.position, entry.contact, invitation)),
                }
            }
        }
        let fresh = self.draw_invitations(&first).await?;
        for entry in first {
            match fresh.get(&entry.household) {
                Some(invitation) => invited.push((entry.position, entry.contact, *invitation)),
                None => self.declined.push(Declined::overtaken(entry.position)),
            }
        }
        invited.sort_unstable_by_key(|(position, ..)| *position);
        Ok(invited)
    }

    /// Draws one invitation for each household. A household that is missing in the answer was invited by another list
    /// in the same moment; a code that was drawn before is drawn again.
    async fn draw_invitations(
        &mut self,
        entries: &[Addressed],
    ) -> Result<HashMap<HouseholdId, InvitationId>, Problem> {
        let community = self.caller.community;
        let mut missing: Vec<_> = entries.iter().map(|entry| entry.household).collect();
        missing.sort_unstable();
        missing.dedup();
        let mut drawn = HashMap::with_capacity(missing.len());
        while !missing.is_empty() {
            let households = std::mem::take(&mut missing);
            let new = tokio::task::block_in_place(|| self.seal(community, &households));
            let stored: HashSet<_> =
                ledger::insert_invitations(self.tx, community, INVITATION_DAYS, self.send_at, &new)
                    .await?
                    .into_iter()
                    .collect();
            for (id, household) in new.ids.iter().zip(households) {
                if stored.contains(id) {
                    drawn.insert(household, InvitationId::from(*id));
                } else {
                    missing.push(household);
                }
            }
            if !missing.is_empty() {
                let taken: Vec<_> = missing.iter().map(|household| household.uuid()).collect();
                let live = ledger::live_invitations(self.tx, &taken).await?;
                missing.retain(|household| live.iter().all(|live| live.household != *household));
            }
        }
        Ok(drawn)
    }

    fn seal(&mut self, community: CommunityId, households: &[HouseholdId]) -> NewInvitations {
        let mut new = NewInvitations::default();
        for household in households {
            let id = InvitationId::new(self.now, &mut self.rng);
            let code = AccessCode::draw(&mut UnwrapErr(SysRng));
            let sealed = self.keyring.seal(&code, community, id, &mut self.rng);
            let (lookup_key, lookup) = self.keyring.lookup(&code);
            new.ids.push(id.uuid());
            new.households.push(household.uuid());
            new.lookups.push(lookup.to_vec());
            new.lookup_keys.push(lookup_key);
            new.sealed.push(sealed.bytes);
            new.sealed_keys.push(sealed.key);
        }
        new
    }
}

/// A household, whether it joined, and whether this list made it.
type Lives = (HouseholdId, bool, bool);

/// Who lives where, as far as a list names places.
#[derive(Default)]
struct Homes {
    properties: HashMap<String, PropertyId>,
    residents: HashMap<PropertyId, Vec<(Option<String>, Lives)>>,
}

impl Homes {
    fn property(&self, unit: &str) -> Option<PropertyId> {
        self.properties.get(unit).copied()
    }

    /// The household that an entry means: the one of that name, or, where the entry gives no name, the oldest.
    fn of(&self, unit: Option<&String>, name: Option<&str>) -> Option<Lives> {
        let residents = self.residents.get(&self.property(unit?)?)?;
        let name = name.map(comparable);
        let meant = residents.iter().find(|(known, _)| name.is_none() || *known == name);
        meant.map(|(_, lives)| *lives)
    }

    fn add(&mut self, unit: Option<&String>, name: Option<&str>, household: HouseholdId) {
        if let Some(property) = unit.and_then(|unit| self.property(unit)) {
            self.residents
                .entry(property)
                .or_default()
                .push((name.map(comparable), (household, false, true)));
        }
    }
}

/// The status of an accepted list.
pub const ACCEPTED: StatusCode = StatusCode::ACCEPTED;

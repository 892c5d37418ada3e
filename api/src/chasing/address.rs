//! Where an invitation goes: another address instead of a wrong one, or beside it.

use std::sync::Arc;

use porchlight_shared::domain::{Channel, ContactId, HouseholdId, InvitationId};

use super::{Chase, nobody_to_write_to};
use crate::{
    asked::{ledger::contacts_of, sending::Reachable},
    audit::{Act, Actor},
    intake::{
        judging::Address,
        ledger::{
            batches,
            contacts::{self, NewContacts},
            endings::{self, InvitationEnd},
        },
    },
    join::newcomer,
    problem::{Kind, Problem},
    state::AppState,
};

/// An address for a household.
#[derive(Clone, Copy)]
pub struct NewAddress<'a> {
    /// An e-mail address or a phone number, as it was typed.
    pub typed: &'a str,
    /// The contact that it takes the place of; `None`: it goes there as well, with the same code.
    pub instead_of: Option<ContactId>,
    /// Whether whoever reads a number agreed to be texted.
    pub may_text: bool,
}

/// Shows nothing of the address.
impl std::fmt::Debug for NewAddress<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewAddress").field("instead_of", &self.instead_of).finish_non_exhaustive()
    }
}

/// What became of it.
#[derive(Clone, Copy, Debug)]
pub struct Addressed {
    /// The invitation that goes there: a new one where a wrong address had the old.
    pub invitation: InvitationId,
    /// Messages that are on their way.
    pub messages: usize,
}

/// Takes an address for a household, and sends the invitation there. Where it takes the place of a wrong one, the code
/// that went to that ends, and every contact gets the new one.
///
/// # Errors
/// When the address does not fit, is somebody else's or must not be written to, the household is not there or has joined,
/// or the ledger does not answer.
pub async fn take(
    state: &Arc<AppState>,
    actor: Actor,
    household: HouseholdId,
    new: NewAddress<'_>,
) -> Result<Addressed, Problem> {
    let mut chase = Chase::begin(state, actor, household).await?;
    let country = batches::sender(chase.connection(), actor.community).await?.country;
    let (channel, address) = newcomer::address(new.typed, &country).map_err(|misfit| refuse(misfit.mend))?;
    if channel == Channel::Text && state.texts.is_none() {
        return Err(refuse(say!("chasing-address-no-texts")));
    }
    if channel == Channel::Text && !new.may_text {
        return Err(refuse(say!("chasing-address-not-agreed")));
    }
    if let Some(wrong) = new.instead_of {
        chase.is_wrong(wrong).await?;
    }
    let reachable = Reachable { contact: chase.contact(channel, &address, new.instead_of).await?, channel };
    let live = chase.live().await?;
    let mut to = Vec::new();
    let invitation = if new.instead_of.is_some() {
        if let Some(live) = live {
            endings::end(chase.connection(), live, InvitationEnd::Replaced).await?;
        }
        to = contacts_of(chase.connection(), household, None).await?;
        chase.draw().await?
    } else {
        match live {
            Some(live) => live,
            None => chase.draw().await?,
        }
    };
    to.retain(|other| other.contact != reachable.contact);
    to.push(reachable);
    let messages = chase.send(invitation, &to).await?;
    if messages == 0 {
        return Err(nobody_to_write_to());
    }
    let act = if new.instead_of.is_some() { Act::AddressFixed } else { Act::ChannelSwitched };
    chase.note(act, household.uuid()).await?;
    chase.finish().await?;
    Ok(Addressed { invitation, messages })
}

impl Chase<'_> {
    /// The household's contact at an address, new where nobody is known there.
    async fn contact(
        &mut self,
        channel: Channel,
        address: &Address,
        instead_of: Option<ContactId>,
    ) -> Result<ContactId, Problem> {
        let (community, household) = (self.actor.community, self.household);
        let hash = address.hash(&self.state.keyring);
        let known = contacts::known_addresses(&mut self.tx, community, channel, &[&hash]).await?;
        if let Some(known) = known.first() {
            if known.erased {
                return Err(refuse(say!("chasing-address-erased")));
            }
            if known.suppressed.is_some() {
                return Err(refuse(say!("chasing-address-suppressed")));
            }
            match known.contact {
                Some((contact, of)) if of == household => {
                    contacts::bring_back(&mut self.tx, &[contact.uuid()], &[address.as_str()], &[None])
                        .await?;
                    return Ok(contact);
                }
                Some(_) if !known.lapsed => return Err(refuse(say!("chasing-address-of-another"))),
                _ => {}
            }
        }
        let id = ContactId::new(self.state.clock.now(), &mut AppState::rng());
        let new = NewContacts {
            ids: vec![id.uuid()],
            households: vec![household.uuid()],
            addresses: vec![address.as_str()],
            hashes: vec![&hash],
            names: vec![None],
        };
        let stored = contacts::insert_contacts(&mut self.tx, community, channel, &new).await?;
        let (contact, _) =
            stored.into_iter().next().ok_or_else(|| refuse(say!("chasing-address-just-entered")))?;
        if Some(ContactId::from(contact)) == instead_of {
            return Err(refuse(say!("chasing-address-same")));
        }
        Ok(contact.into())
    }

    /// Nothing goes to this contact of the household any more.
    async fn is_wrong(&mut self, contact: ContactId) -> Result<(), Problem> {
        let marked = sqlx::query!(
            "UPDATE contacts SET wrong_at = app_now() WHERE id = $1 AND household_id = $2 AND wrong_at IS NULL",
            contact.uuid(),
            self.household.uuid(),
        )
        .execute(&mut *self.tx)
        .await?;
        if marked.rows_affected() == 0 {
            return Err(Problem::new(Kind::NothingToDecide, say!("chasing-address-mended")));
        }
        Ok(())
    }
}

fn refuse(detail: &str) -> Problem {
    Problem::new(Kind::InvalidField, say!("chasing-address-unchanged")).at("/address", detail)
}

//! New invitations: a code is drawn, sealed, and stored for each household that has none.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use porchlight_shared::domain::{
    AccessCode, CommunityId, HouseholdId, InvitationId, InvitationKind, Keyring,
};
use rand::{
    rand_core::UnwrapErr,
    rngs::{StdRng, SysRng},
};
use sqlx::PgConnection;

use crate::intake::ledger::{
    ROWS_AT_ONCE,
    invitations::{self, NewInvitations},
};

/// For whom invitations are drawn, and how long they can be used.
#[derive(Debug)]
pub struct Drawing<'a> {
    /// The keys that seal codes.
    pub keyring: &'a Keyring,
    /// Whose households.
    pub community: CommunityId,
    /// How long they can be used.
    pub days: i32,
    /// Since when, if not since now.
    pub from: Option<Timestamp>,
    /// For ids.
    pub now: Timestamp,
}

impl Drawing<'_> {
    /// Draws one invitation for each household; sorts them. A household that is missing in the answer was invited by
    /// somebody else in the same moment; a code that was drawn before is drawn again.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn draw(
        &self,
        tx: &mut PgConnection,
        rng: &mut StdRng,
        mut missing: Vec<HouseholdId>,
    ) -> sqlx::Result<HashMap<HouseholdId, InvitationId>> {
        missing.sort_unstable();
        missing.dedup();
        let mut drawn = HashMap::with_capacity(missing.len());
        while !missing.is_empty() {
            for households in std::mem::take(&mut missing).chunks(ROWS_AT_ONCE) {
                let whose = households.iter().copied().map(Some).collect();
                let stored = self.store(tx, rng, InvitationKind::Household, whose).await?;
                for (id, household) in stored.into_iter().zip(households) {
                    match id {
                        Some(id) => drop(drawn.insert(*household, id)),
                        None => missing.push(*household),
                    }
                }
            }
            if !missing.is_empty() {
                let taken: Vec<_> = missing.iter().map(|household| household.uuid()).collect();
                let live = invitations::live_invitations(tx, &taken).await?;
                missing.retain(|household| live.iter().all(|live| live.household != *household));
            }
        }
        Ok(drawn)
    }

    /// Draws so many invitations that a household may have beside its own: blank ones, which are nobody's yet, or a
    /// member's.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn draw_loose(
        &self,
        tx: &mut PgConnection,
        rng: &mut StdRng,
        kind: InvitationKind,
        whose: Option<HouseholdId>,
        count: usize,
    ) -> sqlx::Result<Vec<InvitationId>> {
        let mut drawn = Vec::with_capacity(count);
        while drawn.len() < count {
            let some = (count - drawn.len()).min(ROWS_AT_ONCE);
            let stored = self.store(tx, rng, kind, vec![whose; some]).await?;
            drawn.extend(stored.into_iter().flatten());
        }
        Ok(drawn)
    }

    /// Stores one for each of these; `None` where there is a live one, or the code was drawn before.
    async fn store(
        &self,
        tx: &mut PgConnection,
        rng: &mut StdRng,
        kind: InvitationKind,
        whose: Vec<Option<HouseholdId>>,
    ) -> sqlx::Result<Vec<Option<InvitationId>>> {
        let new = tokio::task::block_in_place(|| self.seal(rng, kind, &whose));
        let stored: HashSet<_> =
            invitations::insert_invitations(tx, self.community, self.days, self.from, &new)
                .await?
                .into_iter()
                .collect();
        Ok(new.ids.into_iter().map(|id| stored.contains(&id).then(|| id.into())).collect())
    }

    fn seal(&self, rng: &mut StdRng, kind: InvitationKind, whose: &[Option<HouseholdId>]) -> NewInvitations {
        let mut new = NewInvitations::none(kind);
        for household in whose {
            let id = InvitationId::new(self.now, rng);
            let code = AccessCode::draw(&mut UnwrapErr(SysRng));
            let sealed = self.keyring.seal(&code, self.community, id, self.now, rng);
            let (lookup_key, lookup) = self.keyring.lookup(&code, self.now);
            new.ids.push(id.uuid());
            new.households.push(household.map(HouseholdId::uuid));
            new.lookups.push(lookup.to_vec());
            new.lookup_keys.push(lookup_key);
            new.sealed.push(sealed.bytes);
            new.sealed_keys.push(sealed.key);
        }
        new
    }
}

//! Every household of a list gets its one live invitation, new where there is none.

use std::collections::{HashMap, HashSet};

use porchlight_shared::domain::{HouseholdId, InvitationId};

use super::{Addressed, Intake, Invited, drawing::Drawing};
use crate::{
    intake::{
        judging::Reason,
        ledger::{
            homes,
            invitations::{self, LiveInvitation},
        },
        request::AlreadyInvited,
    },
    problem::Problem,
};

/// How long a message's invitation can be used.
pub(crate) const INVITATION_DAYS: i32 = 30;
/// Messages to one contact in an invitation's life.
pub(crate) const MOST_MESSAGES: i64 = 5;

impl Intake<'_> {
    /// Gives every entry the live invitation of its household. Those that were invited before are skipped, or sent the
    /// same code once more.
    pub(super) async fn invite(
        &mut self,
        addressed: Vec<Addressed>,
        already_invited: AlreadyInvited,
    ) -> Result<Vec<Invited>, Problem> {
        let mut settled: Vec<_> =
            addressed.iter().filter(|entry| !entry.fresh).map(|entry| entry.household.uuid()).collect();
        settled.sort_unstable();
        settled.dedup();
        let live = if settled.is_empty() {
            Vec::new()
        } else {
            invitations::live_invitations(self.tx, &settled).await?
        };
        let live: HashMap<_, _> = live.into_iter().map(|live| (live.household, live)).collect();
        // Whoever joined since they were looked up has no live invitation any more, and is not drawn another.
        let joined =
            if settled.is_empty() { HashSet::new() } else { homes::joined(self.tx, &settled).await? };
        let (addressed, late): (Vec<_>, Vec<_>) =
            addressed.into_iter().partition(|entry| !joined.contains(&entry.household.uuid()));
        for entry in late {
            self.skip(entry.at, Reason::AlreadyJoined);
        }
        let (again, first): (Vec<_>, Vec<_>) =
            addressed.into_iter().partition(|entry| live.contains_key(&entry.household));

        // Added to its household's invitation: the first message of one that is on paper alone, and a contact that nobody
        // wrote to yet where the leader accepts it.
        let (added, again): (Vec<_>, Vec<_>) = again.into_iter().partition(|entry| {
            !live[&entry.household].written || entry.stranger && self.judged[entry.at].accept
        });
        let on_paper: Vec<_> =
            live.values().filter(|live| !live.written).map(|live| live.id.uuid()).collect();
        invitations::extend(self.tx, &on_paper, self.send_at, INVITATION_DAYS).await?;
        let (again, skipped): (Vec<_>, Vec<_>) =
            again.into_iter().partition(|entry| self.judged[entry.at].goes_again(already_invited));
        for entry in skipped {
            let live = &live[&entry.household];
            self.skip(entry.at, Reason::AlreadyInvited { at: live.created_at, by: live.asked_by });
        }
        let mut invited = self.resend(again, &live).await?;
        invited.reserve(first.len());
        invited.extend(added.into_iter().map(|Addressed { at, contact, household, .. }| Invited {
            at,
            contact,
            invitation: live[&household].id,
        }));
        let fresh = self.draw_invitations(&first).await?;
        for Addressed { at, contact, household, .. } in first {
            match fresh.get(&household) {
                Some(invitation) => invited.push(Invited { at, contact, invitation: *invitation }),
                None => self.skip(at, Reason::Overtaken),
            }
        }
        invited.sort_unstable_by_key(|entry| entry.at);
        Ok(invited)
    }

    /// The entries whose invitation may be sent once more.
    async fn resend(
        &mut self,
        again: Vec<Addressed>,
        live: &HashMap<HouseholdId, LiveInvitation>,
    ) -> Result<Vec<Invited>, Problem> {
        if again.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<_> = again.iter().map(|entry| live[&entry.household].id.uuid()).collect();
        let written = invitations::written(self.tx, &ids).await?;
        let written: HashMap<_, _> = written.iter().map(|row| ((row.invitation, row.contact), row)).collect();
        let mut invited = Vec::with_capacity(again.len());
        for Addressed { at, contact, household, .. } in again {
            let invitation = live[&household].id;
            match written.get(&(invitation, contact)) {
                Some(row) if row.under_way => self.skip(at, Reason::UnderWay),
                Some(row) if row.lately => self.skip(at, Reason::TooSoon),
                Some(row) if row.messages >= MOST_MESSAGES => self.skip(at, Reason::TooOften),
                _ => invited.push(Invited { at, contact, invitation }),
            }
        }
        Ok(invited)
    }

    /// Draws an invitation for the household of each entry.
    async fn draw_invitations(
        &mut self,
        entries: &[Addressed],
    ) -> sqlx::Result<HashMap<HouseholdId, InvitationId>> {
        let drawing = Drawing {
            keyring: self.keyring,
            community: self.community(),
            days: INVITATION_DAYS,
            from: self.send_at,
            now: self.now,
        };
        let households = entries.iter().map(|entry| entry.household).collect();
        drawing.draw(self.tx, &mut self.rng, households).await
    }
}

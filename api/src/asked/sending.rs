//! One message at a time: what a resident, or a leader for them, asked for.
//!
//! Each channel of a community has one batch for all of that, so that reconcilers, windows and the breaker treat these
//! messages like any other. No leader sees it; what became of a message stands with its household.

use std::sync::Arc;

use porchlight_shared::{
    domain::{BatchId, Channel, CommunityId, ContactId, DeliveryId, DeliveryKind, InvitationId},
    queue::Job,
    store::letters,
};
use sqlx::PgConnection;

use crate::{
    intake::{batch::MOST_MESSAGES, ledger::invitations},
    state::AppState,
};

/// Messages that carry an invitation.
#[derive(Clone, Copy, Debug)]
pub struct Sending {
    /// Who sends.
    pub community: CommunityId,
    /// Whose code.
    pub invitation: InvitationId,
}

/// A contact that can be written to.
#[derive(Clone, Copy, Debug)]
pub struct Reachable {
    /// Which.
    pub contact: ContactId,
    /// How.
    pub channel: Channel,
}

impl Sending {
    /// Sends a household's invitation to each of these, but to nobody twice a day or more often than an invitation may be
    /// sent; returns what has to be pushed after the commit.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn invitation(
        &self,
        tx: &mut PgConnection,
        state: &AppState,
        to: &[Reachable],
    ) -> sqlx::Result<Vec<(Channel, DeliveryId)>> {
        let written = invitations::written(tx, &[self.invitation.uuid()]).await?;
        // Channel by channel, as everybody takes the batches' locks.
        let mut to = to.to_vec();
        to.sort_unstable_by_key(|reachable| (reachable.channel, reachable.contact));
        let mut sent = Vec::with_capacity(to.len());
        for reachable in &to {
            let before = written.iter().find(|row| row.contact == reachable.contact);
            let enough =
                |row: &invitations::Written| row.under_way || row.lately || row.messages >= MOST_MESSAGES;
            if before.is_some_and(enough) || reachable.channel == Channel::Text && state.texts.is_none() {
                continue;
            }
            let delivery = self.one(tx, state, DeliveryKind::Invitation, *reachable).await?;
            sent.push((reachable.channel, delivery));
        }
        Ok(sent)
    }

    /// Sends one message.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn one(
        &self,
        tx: &mut PgConnection,
        state: &AppState,
        kind: DeliveryKind,
        Reachable { contact, channel }: Reachable,
    ) -> sqlx::Result<DeliveryId> {
        let (now, mut rng) = (state.clock.now(), AppState::rng());
        let batch = BatchId::new(now, &mut rng);
        let delivery = DeliveryId::new(now, &mut rng);
        let (batch, row) = letters::asked(&mut *tx, self.community, channel, batch).await?;
        sqlx::query!(
            "INSERT INTO deliveries (id, community_id, kind, channel, invitation_id, contact_id, batch_id, batch_row,
                                     state, due_at, changed_at, created_at)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, 'queued', now, now, now FROM (SELECT app_now() AS now) AS clock",
            delivery.uuid(),
            self.community.uuid(),
            kind as DeliveryKind,
            channel as Channel,
            self.invitation.uuid(),
            contact.uuid(),
            batch.uuid(),
            row,
        )
        .execute(tx)
        .await?;
        Ok(delivery)
    }
}

/// Puts what was committed on the conveyor.
pub fn push(state: &Arc<AppState>, community: CommunityId, sent: Vec<(Channel, DeliveryId)>) {
    for (channel, delivery) in sent {
        state.push_afterwards(channel, vec![Job { community, delivery }]);
    }
}

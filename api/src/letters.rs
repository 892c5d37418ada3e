//! Letters to people by name: a link to sign in, a word to a leader, a sample. The worker says what stands in them.

use std::sync::Arc;

use jiff::Timestamp;
use porchlight_shared::{
    domain::{BatchId, Channel, CommunityId, DeliveryId, LetterId, LetterKind},
    queue::Job,
    store::letters::{Ids, Letter},
};
use sqlx::PgConnection;

use crate::state::AppState;

/// How long a link that signs in holds, in seconds.
const LINK_HOLDS: f64 = 15.0 * 60.0;

/// What was written, to be pushed once it is committed.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Posted {
    channel: Channel,
    community: CommunityId,
    delivery: DeliveryId,
}

impl Posted {
    /// Puts it on the conveyor, where it waits behind no list.
    pub fn push(self, state: &Arc<AppState>) {
        state.push_afterwards(self.channel, vec![Job::of(self.community, self.delivery, true)]);
    }
}

/// Writes a letter in the caller's transaction.
///
/// # Errors
/// When the ledger does not take it.
pub async fn write(tx: &mut PgConnection, now: Timestamp, letter: Letter) -> sqlx::Result<Posted> {
    let mut rng = AppState::rng();
    let ids = Ids {
        letter: LetterId::new(now, &mut rng),
        delivery: DeliveryId::new(now, &mut rng),
        batch: BatchId::new(now, &mut rng),
    };
    let signs_in = matches!(letter.kind, LetterKind::SignIn | LetterKind::ResidentSignIn);
    let letter = Letter { holds: signs_in.then_some(LINK_HOLDS), ..letter };
    letter.write(tx, ids).await?;
    Ok(Posted { channel: letter.channel, community: letter.community, delivery: ids.delivery })
}

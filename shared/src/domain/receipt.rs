//! What a provider tells us after an attempt, and what that makes of a delivery.

use serde::Serialize;

use super::DeliveryState;

/// What a receipt says became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "receipt_kind", rename_all = "snake_case")]
pub enum ReceiptKind {
    /// The provider has it.
    Accepted,
    /// It arrived.
    Delivered,
    /// It came back, or never got there.
    Bounced,
    /// It arrived and was reported as unwanted.
    Complained,
}

impl ReceiptKind {
    /// What this receipt makes of a delivery in `state`; `None`: nothing more, because it says what is known or comes too
    /// late to matter. A running attempt is recorded before its receipts are heeded. Whatever the order in which receipts come, and however often,
    /// a delivery ends in the same state: one that came back stays so.
    #[must_use]
    pub const fn heed(self, state: DeliveryState) -> Option<DeliveryState> {
        use DeliveryState::{
            Accepted, Bounced, Checking, Complained, Delivered, Held, NeedsDecision, Queued, RetryWait,
        };
        match (self, state) {
            // An attempt that we took for refused was not; the rest of the story is heeded next.
            (Self::Accepted | Self::Delivered | Self::Complained, Held | Queued | RetryWait)
            | (Self::Accepted | Self::Complained, Checking | NeedsDecision) => Some(Accepted),
            (Self::Delivered, Accepted | Checking | NeedsDecision) => Some(Delivered),
            (Self::Bounced, Accepted | Delivered | Checking | NeedsDecision) => Some(Bounced),
            (Self::Complained, Accepted | Delivered) => Some(Complained),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [ReceiptKind; 4] =
        [ReceiptKind::Accepted, ReceiptKind::Delivered, ReceiptKind::Bounced, ReceiptKind::Complained];

    #[test]
    fn no_receipt_asks_for_an_illegal_way() {
        for kind in KINDS {
            for &state in DeliveryState::ALL {
                if let Some(next) = kind.heed(state) {
                    assert!(state.may_become(next), "{kind:?}: {state} to {next}");
                    // What it becomes is settled or goes on: nothing goes round.
                    assert_ne!(kind.heed(next), Some(state));
                }
            }
        }
    }

    #[test]
    fn receipts_end_alike_in_any_order_and_however_often() {
        use ReceiptKind::{Accepted, Bounced, Delivered};
        let end = |order: &[ReceiptKind], from| {
            let mut state = from;
            for kind in order {
                while let Some(next) = kind.heed(state) {
                    state = next;
                }
            }
            state
        };
        for from in [DeliveryState::Accepted, DeliveryState::Checking, DeliveryState::NeedsDecision] {
            for order in [[Accepted, Delivered], [Delivered, Accepted], [Delivered, Delivered]] {
                assert_eq!(end(&order, from), DeliveryState::Delivered);
            }
            for order in
                [[Accepted, Bounced], [Bounced, Accepted], [Bounced, Delivered], [Delivered, Bounced]]
            {
                assert_eq!(end(&order, from), DeliveryState::Bounced);
            }
        }
    }

    #[test]
    fn a_running_attempt_is_recorded_first() {
        assert!(KINDS.iter().all(|kind| kind.heed(DeliveryState::Sending).is_none()));
    }
}

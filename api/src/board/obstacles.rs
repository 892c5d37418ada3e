//! Why a leader's decision about a message was not carried out, and what to do.

use porchlight_shared::domain::DeliveryState;

use crate::problem::{Kind, Problem};

macro_rules! obstacles {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $kind:ident, $said:expr;)+) => {
        /// Why nothing was done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Obstacle { $($(#[$doc])* $name,)+ }

        impl Obstacle {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word in the ledger's answer, and in addresses of pages.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// What sort of problem that is.
            const fn kind(self) -> Kind {
                match self { $(Self::$name => Kind::$kind,)+ }
            }

            /// What is so, and what to do.
            #[must_use]
            pub fn said(self) -> &'static str {
                match self { $(Self::$name => $said,)+ }
            }
        }
    };
}

obstacles! {
    /// Nobody asks, or nobody asks any more.
    Settled = "settled", NothingToDecide, say!("obstacle-settled");
    /// It was said otherwise before.
    Repeated = "repeated", NothingToDecide, say!("obstacle-repeated");
    /// Its batch was cancelled.
    BatchCancelled = "batch_cancelled", CannotBeSent, say!("obstacle-batch-cancelled");
    /// Its batch has a last moment.
    TooLate = "too_late", CannotBeSent, say!("obstacle-too-late");
    /// Its invitation was taken back.
    Revoked = "revoked", CannotBeSent, say!("obstacle-revoked");
    /// Its invitation's code was replaced.
    Replaced = "replaced", CannotBeSent, say!("obstacle-replaced");
    /// Its invitation ran out.
    Expired = "expired", CannotBeSent, say!("obstacle-expired");
    /// The address is not kept any more.
    Erased = "erased", CannotBeSent, say!("obstacle-erased");
    /// The address must not be written to.
    Suppressed = "suppressed", CannotBeSent, say!("obstacle-suppressed");
    /// Another message of the invitation is on its way there, or went within a day.
    AnotherGoes = "another_goes", CannotBeSent, say!("obstacle-another-goes");
    /// An invitation's messages are bounded.
    TooOften = "too_often", CannotBeSent, say!("obstacle-too-often");
    /// There is no provider.
    NotSetUp = "not_set_up", ChannelNotSetUp, say!("obstacle-not-set-up");
}

impl Obstacle {
    /// The one of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|obstacle| obstacle.as_str() == word)
    }
}

/// Nothing was done, and why.
#[derive(Clone, Copy, Debug)]
pub struct Refused {
    /// Why.
    pub obstacle: Obstacle,
    /// Where the delivery stands.
    pub state: DeliveryState,
    /// What a leader reads about that, if it needs words.
    pub what: Option<&'static str>,
}

impl From<Refused> for Problem {
    fn from(Refused { obstacle, state, what }: Refused) -> Self {
        let detail = match obstacle {
            Obstacle::Settled => {
                format!(
                    "It is `{state}`, not `needs_decision`. {} Nothing was changed.",
                    what.unwrap_or("It arrived.")
                )
            }
            other => other.said().to_owned(),
        };
        Self::new(obstacle.kind(), detail)
    }
}

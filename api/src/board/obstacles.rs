//! Why a leader's decision about a message was not carried out, and what to do.

use porchlight_shared::domain::DeliveryState;

use crate::problem::{Kind, Problem};

macro_rules! obstacles {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $kind:ident, $said:literal;)+) => {
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
            pub const fn said(self) -> &'static str {
                match self { $(Self::$name => $said,)+ }
            }
        }
    };
}

obstacles! {
    /// Nobody asks, or nobody asks any more.
    Settled = "settled", NothingToDecide, "There is nothing to decide here any more. Nothing was changed.";
    /// It was said otherwise before.
    Repeated = "repeated", NothingToDecide, "It was sent again already, and that stays so. Nothing was changed.";
    /// Its batch was cancelled.
    BatchCancelled = "batch_cancelled", CannotBeSent, "The rest of its batch was cancelled: nothing more of it is sent. Nothing was sent; leave it, or invite the household with another list.";
    /// Its batch has a last moment.
    TooLate = "too_late", CannotBeSent, "Its batch was not to send anything after a time that has passed. Nothing was sent; leave it, or invite the household with another list.";
    /// Its invitation was taken back.
    Revoked = "revoked", CannotBeSent, "Its invitation was cancelled. Nothing was sent; leave it.";
    /// Its invitation's code was replaced.
    Replaced = "replaced", CannotBeSent, "Its access code was replaced by another. Nothing was sent; leave it.";
    /// Its invitation ran out.
    Expired = "expired", CannotBeSent, "Its invitation has expired. Nothing was sent; leave it, and invite the household with another list.";
    /// The address is not kept any more.
    Erased = "erased", CannotBeSent, "The address was deleted, as its owner wished. Nothing was sent; leave it.";
    /// The address must not be written to.
    Suppressed = "suppressed", CannotBeSent, "We were asked not to write there any more. Nothing was sent; leave it, and talk to the household in person.";
    /// Another message of the invitation is on its way there, or went within a day.
    AnotherGoes = "another_goes", CannotBeSent, "Another list has written there within a day, or is about to. Nothing was sent; look what becomes of that one, or leave this.";
    /// An invitation's messages are bounded.
    TooOften = "too_often", CannotBeSent, "Five messages of this invitation went there already, which is the most. Nothing was sent; leave it.";
    /// There is no provider.
    NotSetUp = "not_set_up", ChannelNotSetUp, "Texts are not set up on this installation. Nothing was sent.";
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

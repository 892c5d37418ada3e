//! What a leader reads of a state: seven buckets, which part the states.

use porchlight_shared::domain::DeliveryState::{
    self, Accepted, Bounced, Cancelled, Checking, Complained, Delivered, Expired, Failed, Held,
    NeedsDecision, NotNeeded, Queued, RetryWait, Sending, Suppressed,
};
use serde::Serialize;
use utoipa::ToSchema;

macro_rules! buckets {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $($state:ident)|+, $title:expr;)+) => {
        /// What a leader reads of a state.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Bucket {
            $($(#[$doc])* $name,)+
        }

        impl Bucket {
            /// Every bucket, in the order in which they are shown.
            pub const ALL: [Self; 7] = [$(Self::$name),+];

            /// Where a state belongs.
            #[must_use]
            pub const fn of(state: DeliveryState) -> Self {
                match state { $($($state)|+ => Self::$name,)+ }
            }

            /// The word used in the API, in addresses of pages and in style sheets.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// What a leader reads.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }
        }
    };
}

buckets! {
    /// It has not gone yet.
    Waiting = "waiting", Held | Queued | RetryWait, say!("bucket-waiting");
    /// It is going.
    Sending = "sending", Sending, say!("bucket-sending");
    /// The provider took it.
    Sent = "sent", Accepted, say!("bucket-sent");
    /// It arrived.
    Delivered = "delivered", Delivered, say!("bucket-delivered");
    /// It may have gone; we are finding out.
    Checking = "checking", Checking, say!("bucket-checking");
    /// Somebody has to act.
    Problem = "problem", Failed | Bounced | Complained | NeedsDecision, say!("bucket-problem");
    /// It does not go any more.
    NotSent = "not_sent", Cancelled | Suppressed | Expired | NotNeeded, say!("bucket-not-sent");
}

impl Bucket {
    /// The bucket of a word, as [`as_str`](Self::as_str) gives it.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bucket| bucket.as_str() == word)
    }

    /// The states in it.
    pub fn states(self) -> impl Iterator<Item = DeliveryState> {
        DeliveryState::ALL.iter().copied().filter(move |state| Self::of(*state) == self)
    }
}

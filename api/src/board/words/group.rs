//! How a leader chases problems: by what helps.

use DeliveryState::{Complained, NeedsDecision};
use porchlight_shared::domain::{AttemptReason, Channel, DeliveryState};

use super::{Remedy, entry};

macro_rules! groups {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $title:expr, $said:expr;)+) => {
        /// Problems that the same thing helps against: how a leader chases them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Group { $($(#[$doc])* $name,)+ }

        impl Group {
            /// Every group, in the order in which they are shown.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word in addresses.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// What a leader reads above it.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// What is so, and what to do.
            #[must_use]
            pub fn said(self) -> &'static str {
                match self { $(Self::$name => $said,)+ }
            }
        }
    };
}

groups! {
    /// Nobody can say whether it arrived.
    Decide = "decide", say!("group-decide"), say!("group-decide-said");
    /// There is no such address or number.
    FixAddress = "fix_address", say!("group-fix-address"), say!("group-fix-address-said");
    /// The number takes no texts.
    OtherChannel = "other_channel", say!("group-other-channel"), say!("group-other-channel-said");
    /// Time, or the household, helps.
    TryAgain = "try_again", say!("group-try-again"), say!("group-try-again-said");
    /// The operator has to mend something first.
    Operator = "operator", say!("group-operator"), say!("group-operator-said");
    /// Not to be written to.
    LeaveAlone = "leave_alone", say!("group-leave-alone"), say!("group-leave-alone-said");
}

impl Group {
    /// Where a delivery in the bucket of problems belongs.
    #[must_use]
    pub fn of(channel: Channel, state: DeliveryState, reason: Option<AttemptReason>) -> Self {
        match (state, reason.map(|reason| entry(channel, reason).0)) {
            (NeedsDecision, _) => Self::Decide,
            (Complained, _) | (_, Some(Remedy::LeaveAlone)) => Self::LeaveAlone,
            (_, Some(Remedy::FixAddress | Remedy::NothingKnown) | None) => Self::FixAddress,
            (_, Some(Remedy::OtherChannel)) => Self::OtherChannel,
            (_, Some(Remedy::AskHousehold | Remedy::Later | Remedy::Unclear)) => Self::TryAgain,
            (_, Some(Remedy::Operator | Remedy::Ours)) => Self::Operator,
        }
    }

    /// The group of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|group| group.as_str() == word)
    }

    /// Whether its messages can be sent again as they are.
    #[must_use]
    pub const fn is_tried_again(self) -> bool {
        matches!(self, Self::Decide | Self::TryAgain | Self::Operator)
    }

    /// Whether another address is what helps.
    #[must_use]
    pub const fn wants_address(self) -> bool {
        matches!(self, Self::FixAddress | Self::OtherChannel)
    }
}

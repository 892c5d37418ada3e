//! One type for each id, all of them UUIDv7: sortable by the time they were drawn, unguessable enough to travel in
//! a URL, and never interchangeable with one another.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use rand::Rng;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Draws a UUIDv7 for `now`, its 74 random bits from `rng`.
fn draw(now: Timestamp, rng: &mut impl Rng) -> Uuid {
    let mut random = [0_u8; 10];
    rng.fill_bytes(&mut random);
    // An instant before 1970 has no place in a UUIDv7; no clock of ours shows one.
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Draws a new id for the instant `now`.
            #[must_use]
            pub fn new(now: Timestamp, rng: &mut impl Rng) -> Self {
                Self(draw(now, rng))
            }

            /// The sixteen bytes as they travel through Redis and into keyed hashes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// Takes sixteen bytes back.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The plain UUID, for statements that take arrays of ids.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// A person of a household that joined.
    MemberId;
    /// A person, across communities.
    AccountId;
    /// Something that a resident asks a leader for.
    RequestId;
    /// An address that must not be written to.
    SuppressionId;
    /// A tenant: everything else belongs to one.
    CommunityId;
    /// A street address, lot or unit.
    PropertyId;
    /// Who lives at a property: the unit that is invited and that joins.
    HouseholdId;
    /// An e-mail address or phone number of a household.
    ContactId;
    /// A household's single right to join.
    InvitationId;
    /// One act of sending.
    BatchId;
    /// A list, or what was left of one, that is kept to be mended.
    DraftId;
    /// An act of printing access passes.
    PrintingId;
    /// One message to one contact on one channel for one invitation.
    DeliveryId;
    /// A message to a leader or a member by name.
    LetterId;
    /// A person who may act for a community.
    LeaderId;
    /// A bearer token of the HTTP API.
    TokenId;
}

//! What an invitation lets in, what a message says, and what a resident asks for.

use serde::Serialize;

/// Whom a code lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "invitation_kind", rename_all = "snake_case")]
pub enum InvitationKind {
    /// One household, known beforehand.
    Household,
    /// Whichever household holds the pass.
    Blank,
    /// One more member of a household that joined.
    Member,
}

/// What a delivery says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "delivery_kind", rename_all = "snake_case")]
pub enum DeliveryKind {
    /// A household may join.
    Invitation,
    /// A leader may sign in.
    SignInLink,
    /// Somebody may join their household.
    MemberInvite,
    /// A one-time code.
    OneTimeCode,
    /// An opt-out was heard.
    OptOutConfirmation,
    /// Something for leaders.
    LeaderNotice,
}

/// What a letter to somebody by name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "letter_kind", rename_all = "snake_case")]
pub enum LetterKind {
    /// A leader may sign in.
    SignIn,
    /// A resident may sign in.
    ResidentSignIn,
    /// Somebody is a leader now.
    Added,
    /// Households of a batch need somebody.
    BatchDone,
    /// What an invitation looks like.
    Sample,
    /// Somebody is a leader no more.
    Removed,
    /// A leader is an owner now.
    MadeOwner,
    /// An owner is a leader now.
    MadeLeader,
    /// Somebody else is an owner now.
    OwnerAdded,
    /// Somebody else is no owner any more.
    OwnerRemoved,
}

impl LetterKind {
    /// What its delivery is.
    #[must_use]
    pub const fn delivery(self) -> DeliveryKind {
        match self {
            Self::SignIn | Self::ResidentSignIn => DeliveryKind::SignInLink,
            Self::Added
            | Self::BatchDone
            | Self::Sample
            | Self::Removed
            | Self::MadeOwner
            | Self::MadeLeader
            | Self::OwnerAdded
            | Self::OwnerRemoved => DeliveryKind::LeaderNotice,
        }
    }
}

/// What a resident asks a leader for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "request_kind", rename_all = "snake_case")]
pub enum RequestKind {
    /// To be let in with a blank pass.
    Join,
    /// A new code for one that ended.
    NewCode,
    /// Not to be meant.
    NotMe,
}

/// What a leader made of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "request_end", rename_all = "snake_case")]
pub enum RequestEnd {
    /// It was done.
    Granted,
    /// It was not.
    Declined,
}

impl RequestEnd {
    /// Every way.
    pub const ALL: [Self; 2] = [Self::Granted, Self::Declined];
}

//! Verdicts and the reasons for them: stable codes for programs. What people read is said in `said`.

use jiff::Timestamp;
use porchlight_shared::domain::{EmailAddressError, SuppressionReason};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::phone::PhoneNumberError;
use crate::{access::Role, intake::reading::Place};

/// What is to be done about an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It goes.
    Ready,
    /// It goes if the leader, after a second look, says so.
    Check,
    /// It cannot be written to as it stands.
    Fix,
    /// It must not, or need not, be written to.
    Skip,
}

/// A field of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `email`
    Email,
    /// `phone`
    Phone,
    /// `name`
    Name,
    /// `unit`
    Unit,
    /// `household`
    Household,
}

impl Field {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Name => "name",
            Self::Unit => "unit",
            Self::Household => "household",
        }
    }
}

/// Why an entry got its verdict. Each reason belongs to one verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nothing is to be said.
    Ready,

    /// The domain is nearly that of a large provider, or of most of the list.
    Typo,
    /// The domain looks like another and is written in other letters.
    Lookalike,
    /// Whoever reads it is no single person.
    Role,
    /// A mailbox for an hour.
    Disposable,
    /// The same unit as another entry's; `shared`: they would share one invitation.
    SameUnit {
        /// The entry before.
        of: Place,
        /// Whether both mean one household.
        shared: bool,
    },
    /// The same household's name as another entry's, and no unit to tell.
    SameHousehold(Place),
    /// Another way to write another entry's mailbox.
    SamePerson(Place),
    /// Texts do not arrive there.
    Landline,
    /// A number for calls at somebody's cost.
    NotAMobile,
    /// No carrier is known to use such numbers.
    UnlikelyNumber,

    /// The entry is no JSON object.
    NotAnObject,
    /// It has a field that no entry has.
    UnknownField,
    /// A field is no text.
    NotText(Field),
    /// `accept` is neither true nor false.
    NotAFlag,
    /// More cells than columns.
    TooManyCells {
        /// Cells of the row.
        found: usize,
        /// Columns of the table.
        expected: usize,
    },
    /// Nothing to write an e-mail to.
    NoEmail {
        /// Whether there is a phone number.
        phone: bool,
    },
    /// Nothing to text to.
    NoPhone {
        /// Whether there is an e-mail address.
        email: bool,
    },
    /// The e-mail address does not fit.
    Email(EmailAddressError),
    /// The phone number does not fit.
    Phone(PhoneNumberError),
    /// A field holds what cannot be printed.
    ControlCharacter(Field),
    /// A field is too long.
    TooLong {
        /// Which.
        field: Field,
        /// Its characters.
        found: usize,
        /// How many fit.
        most: usize,
    },
    /// A field would be computed by a spreadsheet.
    Formula(Field),
    /// The unit is not in the community's list of properties.
    UnknownUnit,
    /// A letter of a field got lost before the list came here.
    Unreadable(Field),
    /// Kept in a draft, and a part of it could not be kept.
    Incomplete,
    /// An import's entry names neither unit nor household.
    NoHousehold,
    /// An import's entry names an address instead of a home.
    NotAHome,

    /// The same contact as an earlier entry's.
    Duplicate(Place),
    /// The household joined.
    AlreadyJoined,
    /// The household has a live invitation.
    AlreadyInvited {
        /// Since when.
        at: Timestamp,
        /// Who asked for it, if that is known.
        by: Option<Role>,
    },
    /// Another list invited the household in this very moment.
    Overtaken,
    /// A message of the invitation is on its way to the same contact.
    UnderWay,
    /// The contact was written to a short while ago.
    TooSoon,
    /// The contact was written to often enough.
    TooOften,
    /// Whoever reads it asked to be forgotten.
    Erased,
    /// It must not be written to.
    Suppressed(SuppressionReason),
    /// An import's entry names what is in the ledger already.
    AlreadyListed,
}

impl Reason {
    /// What is to be done.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Ready => Verdict::Ready,
            Self::Typo
            | Self::Lookalike
            | Self::Role
            | Self::Disposable
            | Self::SameUnit { .. }
            | Self::SameHousehold(_)
            | Self::SamePerson(_)
            | Self::Landline
            | Self::NotAMobile
            | Self::UnlikelyNumber => Verdict::Check,
            Self::NotAnObject
            | Self::UnknownField
            | Self::NotText(_)
            | Self::NotAFlag
            | Self::TooManyCells { .. }
            | Self::NoEmail { .. }
            | Self::NoPhone { .. }
            | Self::Email(_)
            | Self::Phone(_)
            | Self::ControlCharacter(_)
            | Self::TooLong { .. }
            | Self::Formula(_)
            | Self::UnknownUnit
            | Self::Unreadable(_)
            | Self::Incomplete
            | Self::NoHousehold
            | Self::NotAHome => Verdict::Fix,
            Self::Duplicate(_)
            | Self::AlreadyJoined
            | Self::AlreadyInvited { .. }
            | Self::Overtaken
            | Self::UnderWay
            | Self::TooSoon
            | Self::TooOften
            | Self::Erased
            | Self::Suppressed(_)
            | Self::AlreadyListed => Verdict::Skip,
        }
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Typo => "likely_typo",
            Self::Lookalike => "lookalike_domain",
            Self::Role => "role_address",
            Self::Disposable => "disposable_domain",
            Self::SameUnit { .. } => "same_unit",
            Self::SameHousehold(_) => "same_household",
            Self::SamePerson(_) => "same_person",
            Self::Landline => "landline",
            Self::NotAMobile => "not_a_mobile",
            Self::UnlikelyNumber => "unlikely_number",
            Self::NotAnObject => "not_an_object",
            Self::UnknownField => "unknown_field",
            Self::NotText(_) => "not_text",
            Self::NotAFlag => "not_a_flag",
            Self::TooManyCells { .. } => "too_many_cells",
            Self::NoEmail { .. } => "no_email",
            Self::NoPhone { .. } => "no_phone",
            Self::Email(error) => error.code(),
            Self::Phone(error) => error.code(),
            Self::ControlCharacter(_) => "control_character",
            Self::TooLong { .. } => "too_long",
            Self::Formula(_) => "formula",
            Self::UnknownUnit => "unknown_unit",
            Self::Unreadable(_) => "unreadable",
            Self::Incomplete => "incomplete",
            Self::NoHousehold => "no_household",
            Self::NotAHome => "not_a_home",
            Self::Duplicate(_) => "duplicate",
            Self::AlreadyJoined => "already_joined",
            Self::AlreadyInvited { .. } | Self::Overtaken => "already_invited",
            Self::UnderWay => "under_way",
            Self::TooSoon => "too_soon",
            Self::TooOften => "too_often",
            Self::Erased => "erased",
            Self::Suppressed(reason) => match reason {
                SuppressionReason::Unsubscribed | SuppressionReason::OptedOut => "opted_out",
                SuppressionReason::Complained => "complained",
                SuppressionReason::HardBounced => "hard_bounced",
                SuppressionReason::NotMe => "not_me",
                SuppressionReason::Leader => "suppressed",
            },
            Self::AlreadyListed => "already_listed",
        }
    }

    /// The earlier entry that it is about.
    #[must_use]
    pub const fn other(&self) -> Option<Place> {
        match self {
            Self::Duplicate(of)
            | Self::SameUnit { of, .. }
            | Self::SameHousehold(of)
            | Self::SamePerson(of) => Some(*of),
            _ => None,
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

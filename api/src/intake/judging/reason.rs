//! Verdicts and the reasons for them: stable codes for programs, words for people.

use std::borrow::Cow;

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
    const fn as_str(self) -> &'static str {
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

    /// The same in words: what is so, and, where it helps, what to do.
    #[must_use]
    pub fn words(&self) -> Cow<'static, str> {
        match self {
            Self::Ready => "ready to send".into(),
            Self::Typo => "the part after the @ looks like a typing mistake".into(),
            Self::Lookalike => {
                "the part after the @ looks like another one and is written in other letters; type it anew".into()
            }
            Self::Role => "this mailbox is usually read by an office, not by a household".into(),
            Self::Disposable => "this provider's mailboxes last an hour or a day".into(),
            Self::SameUnit { of, shared: true } => {
                format!("the same unit as {of}; sent to both, they share one invitation and one code").into()
            }
            Self::SameUnit { of, shared: false } => {
                format!("the same unit as {of} with another household; it gets an invitation of its own").into()
            }
            Self::SameHousehold(of) => format!(
                "the same household as {of}; without a unit it gets an invitation of its own"
            )
            .into(),
            Self::SamePerson(of) => {
                format!("the same mailbox as {of}, written in another way; it would get two invitations").into()
            }
            Self::Landline => "this is a landline; texts do not arrive there".into(),
            Self::NotAMobile => "this is a service number, not a mobile phone".into(),
            Self::UnlikelyNumber => "no carrier is known to have numbers like this one; look for a wrong digit".into(),
            Self::NotAnObject => "an entry is an object such as {\"email\": \"…\"}".into(),
            Self::UnknownField => {
                "an entry has email, phone, name, unit, household and accept, and nothing else".into()
            }
            Self::NotText(field) => format!("{} must be a text", field.as_str()).into(),
            Self::NotAFlag => "accept must be true or false".into(),
            Self::TooManyCells { found, expected } => format!(
                "this row has {found} cells and the table {expected} columns; put quotes around a cell that holds a separator"
            )
            .into(),
            Self::NoEmail { phone: false } => "this entry has no e-mail address".into(),
            Self::NoEmail { phone: true } => "this entry has a phone number and no e-mail address".into(),
            Self::NoPhone { email: false } => "this entry has no phone number".into(),
            Self::NoPhone { email: true } => "this entry has an e-mail address and no phone number".into(),
            Self::Email(error) => error.to_string().into(),
            Self::Phone(error) => error.to_string().into(),
            Self::ControlCharacter(field) => {
                let field = field.as_str();
                format!("{field} holds a line break or another control character; write it on one line").into()
            }
            Self::TooLong { field, found, most } => {
                format!("{} has {found} characters; at most {most} fit", field.as_str()).into()
            }
            Self::Formula(field) => {
                format!("{} begins like a spreadsheet formula; write what it shows", field.as_str()).into()
            }
            Self::UnknownUnit => "this unit is not in the community's list of properties".into(),
            Self::Unreadable(field) => {
                format!("a letter of {} got lost on the way here; type it anew", field.as_str()).into()
            }
            Self::Incomplete => "a part of this entry could not be kept; write it anew".into(),
            Self::NotAHome => "this is an e-mail address, not a unit".into(),
            Self::NoHousehold => "this entry names neither a unit nor a household".into(),
            Self::Duplicate(of) => format!("the same address as {of}").into(),
            Self::AlreadyJoined => "this household has joined already".into(),
            Self::AlreadyInvited { at, by } => {
                let (day, by) = (at.strftime("%Y-%m-%d"), by.map_or("", invited_by));
                format!("this household was invited{by} on {day}; send with already_invited \"resend\" to write again").into()
            }
            Self::Overtaken => "another list invited this household a moment ago".into(),
            Self::UnderWay => "a message to this address is on its way".into(),
            Self::TooSoon => "this address was written to within the last 24 hours".into(),
            Self::TooOften => "this address was written to five times for this invitation".into(),
            Self::Erased => "whoever reads this address asked to be forgotten".into(),
            Self::Suppressed(reason) => match reason {
                SuppressionReason::Unsubscribed | SuppressionReason::OptedOut => {
                    "whoever reads this address asked not to be written to"
                }
                SuppressionReason::Complained => "an earlier message to this address was reported as unwanted",
                SuppressionReason::HardBounced => "an earlier message to this address came back for good",
                SuppressionReason::NotMe => "whoever reads this address said that it is not this household's",
                SuppressionReason::Leader => "a leader asked not to write to this address",
            }
            .into(),
            Self::AlreadyListed => "this household is listed already".into(),
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

const fn invited_by(role: Role) -> &'static str {
    match role {
        Role::Owner => " by an owner",
        Role::Leader => " by a leader",
        Role::Service => " by a program",
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

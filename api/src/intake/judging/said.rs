//! Reasons in words, from the catalogue (`verdicts.ftl`).

use std::borrow::Cow;

use porchlight_shared::domain::{EmailAddressError, SuppressionReason};

use super::{Reason, phone::PhoneNumberError};
use crate::access::Role;

impl Reason {
    /// The same in words: what is so, and, where it helps, what to do.
    #[must_use]
    pub fn words(&self) -> Cow<'static, str> {
        match self {
            Self::Ready => say!("verdict-ready").into(),
            Self::Typo => say!("verdict-typo").into(),
            Self::Lookalike => say!("verdict-lookalike").into(),
            Self::Role => say!("verdict-role").into(),
            Self::Disposable => say!("verdict-disposable").into(),
            Self::SameUnit { of, shared: true } => {
                say!("verdict-same-unit-shared", place = of.words()).into()
            }
            Self::SameUnit { of, shared: false } => say!("verdict-same-unit", place = of.words()).into(),
            Self::SameHousehold(of) => say!("verdict-same-household", place = of.words()).into(),
            Self::SamePerson(of) => say!("verdict-same-person", place = of.words()).into(),
            Self::Landline => say!("verdict-landline").into(),
            Self::NotAMobile => say!("verdict-not-a-mobile").into(),
            Self::UnlikelyNumber => say!("verdict-unlikely-number").into(),
            Self::NotAnObject => say!("verdict-not-an-object").into(),
            Self::UnknownField => say!("verdict-unknown-field").into(),
            Self::NotText(field) => say!("verdict-not-text", field = field.as_str()).into(),
            Self::NotAFlag => say!("verdict-not-a-flag").into(),
            Self::TooManyCells { found, expected } => {
                say!("verdict-too-many-cells", found = *found, expected = *expected).into()
            }
            Self::NoEmail { phone: false } => say!("verdict-no-email").into(),
            Self::NoEmail { phone: true } => say!("verdict-no-email-but-phone").into(),
            Self::NoPhone { email: false } => say!("verdict-no-phone").into(),
            Self::NoPhone { email: true } => say!("verdict-no-phone-but-email").into(),
            Self::Email(error) => email_words(*error).into(),
            Self::Phone(error) => phone_words(*error).into(),
            Self::ControlCharacter(field) => say!("verdict-control-character", field = field.as_str()).into(),
            Self::TooLong { field, found, most } => {
                say!("verdict-too-long", field = field.as_str(), found = *found, most = *most).into()
            }
            Self::Formula(field) => say!("verdict-formula", field = field.as_str()).into(),
            Self::UnknownUnit => say!("verdict-unknown-unit").into(),
            Self::Unreadable(field) => say!("verdict-unreadable", field = field.as_str()).into(),
            Self::Incomplete => say!("verdict-incomplete").into(),
            Self::NotAHome => say!("verdict-not-a-home").into(),
            Self::NoHousehold => say!("verdict-no-household").into(),
            Self::Duplicate(of) => say!("verdict-duplicate", place = of.words()).into(),
            Self::AlreadyJoined => say!("verdict-already-joined").into(),
            Self::AlreadyInvited { at, by } => {
                let by = match by {
                    Some(Role::Owner) => "owner",
                    Some(Role::Leader) => "leader",
                    Some(Role::Service) => "service",
                    None => "nobody",
                };
                say!("verdict-already-invited", by = by, day = at.strftime("%Y-%m-%d").to_string()).into()
            }
            Self::Overtaken => say!("verdict-overtaken").into(),
            Self::UnderWay => say!("verdict-under-way").into(),
            Self::TooSoon => say!("verdict-too-soon").into(),
            Self::TooOften => say!("verdict-too-often").into(),
            Self::Erased => say!("verdict-erased").into(),
            Self::Suppressed(reason) => match reason {
                SuppressionReason::Unsubscribed | SuppressionReason::OptedOut => {
                    say!("verdict-opted-out")
                }
                SuppressionReason::Complained => say!("verdict-complained"),
                SuppressionReason::HardBounced => say!("verdict-hard-bounced"),
                SuppressionReason::NotMe => say!("verdict-not-me"),
                SuppressionReason::Leader => say!("verdict-suppressed"),
            }
            .into(),
            Self::AlreadyListed => say!("verdict-already-listed").into(),
        }
    }
}

/// What does not fit about an e-mail address.
fn email_words(error: EmailAddressError) -> &'static str {
    match error {
        EmailAddressError::Empty => say!("verdict-email-empty"),
        EmailAddressError::NoAt => say!("verdict-email-no-at"),
        EmailAddressError::NotOne => say!("verdict-email-not-one"),
        EmailAddressError::TooLong => say!("verdict-email-too-long"),
        EmailAddressError::LocalPartNotAscii => say!("verdict-email-local-part-not-ascii"),
        EmailAddressError::LocalPart => say!("verdict-email-local-part"),
        EmailAddressError::Domain => say!("verdict-email-domain"),
    }
}

/// What does not fit about a phone number.
fn phone_words(error: PhoneNumberError) -> &'static str {
    match error {
        PhoneNumberError::NotANumber => say!("verdict-phone-not-a-number"),
        PhoneNumberError::NotOne => say!("verdict-phone-not-one"),
        PhoneNumberError::Extension => say!("verdict-phone-extension"),
        PhoneNumberError::Country => say!("verdict-phone-country"),
        PhoneNumberError::TooShort => say!("verdict-phone-too-short"),
        PhoneNumberError::TooLong => say!("verdict-phone-too-long"),
    }
}

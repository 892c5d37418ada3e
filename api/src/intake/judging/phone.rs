//! Phone numbers: read by libphonenumber's rules in the community's country, kept in E.164.

use std::fmt;

use rlibphonenumber::{
    NotANumberError, PHONE_NUMBER_UTIL, ParseError, PhoneNumberFormat, PhoneNumberType, Region,
    ValidationError,
};

/// Longer texts are not looked at.
const MOST_CHARACTERS: usize = 64;

/// A phone number in E.164: `+` and at most 15 digits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber(Box<str>);

/// What sort of number it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A mobile, or what may be one.
    Mobile,
    /// Surely a landline.
    Landline,
    /// A service number.
    Service,
    /// Of the right length, and in nobody's range.
    Unlikely,
}

/// Why a text is no number that we can text to. The text itself is never repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneNumberError {
    /// No number.
    #[error("this is not a phone number")]
    NotANumber,
    /// Two numbers.
    #[error("this holds more than one phone number")]
    NotOne,
    /// A number behind a switchboard.
    #[error("a number with an extension cannot be texted to")]
    Extension,
    /// No country has this calling code, or none was given and the community has none.
    #[error("this number has no country; begin it with + and the country's calling code")]
    Country,
    /// Digits are missing.
    #[error("this number is too short; perhaps the area code is missing")]
    TooShort,
    /// There are too many digits.
    #[error("this number is too long; a number of another country begins with + and its calling code")]
    TooLong,
}

impl PhoneNumberError {
    /// The stable code that the API reports.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotANumber => "phone_not_a_number",
            Self::NotOne => "phone_not_one",
            Self::Extension => "phone_extension",
            Self::Country => "phone_no_country",
            Self::TooShort => "phone_too_short",
            Self::TooLong => "phone_too_long",
        }
    }
}

impl PhoneNumber {
    /// The number in E.164.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads a number as it is dialled in `country` (ISO 3166-1 alpha-2).
    ///
    /// # Errors
    /// When it is no number, or not one that could exist.
    pub fn parse(text: &str, country: &str) -> Result<(Self, Sort), PhoneNumberError> {
        let digits = text.chars().filter(char::is_ascii_digit).count();
        if text.chars().count() > MOST_CHARACTERS {
            return Err(PhoneNumberError::NotANumber);
        }
        let count = |part: &str| part.chars().filter(char::is_ascii_digit).count();
        // `0170/1234567` is one number; `0170 1234567/8` and `202 555 0143 / 202 555 0144` are two.
        let two =
            |(before, behind): (&str, &str)| count(behind) <= 3 || (count(before) >= 6 && count(behind) >= 6);
        if text.split_once(['/', '&', ';', ',']).is_some_and(two) {
            return Err(PhoneNumberError::NotOne);
        }
        // What a spreadsheet makes of a number that it took for one.
        let text = text.strip_suffix(".0").unwrap_or(text);
        if let Some(letter) = text.find(char::is_alphabetic) {
            let marks = ["x", "ext", "ext.", "extension", "app", "apt"];
            let word = text[letter..].split(|c: char| c.is_ascii_digit() || c.is_whitespace()).next();
            let is_extension =
                letter > 6 && word.is_some_and(|word| marks.contains(&word.to_lowercase().as_str()));
            return Err(if is_extension {
                PhoneNumberError::Extension
            } else {
                PhoneNumberError::NotANumber
            });
        }
        let region = country.parse::<Region>().ok();
        let number = PHONE_NUMBER_UTIL.parse(text, region).map_err(|error| match error {
            ParseError::InvalidCountryCode => PhoneNumberError::Country,
            ParseError::NotANumber(NotANumberError::FailedToParseNumberAsInt(_)) | ParseError::TooLongNsn => {
                PhoneNumberError::TooLong
            }
            ParseError::TooShortAfterIdd | ParseError::TooShortNsn => PhoneNumberError::TooShort,
            ParseError::NotANumber(_) if digits >= 13 => PhoneNumberError::TooLong,
            ParseError::NotANumber(_) => PhoneNumberError::NotANumber,
        })?;
        if number.extension.as_deref().is_some_and(|extension| !extension.is_empty()) {
            return Err(PhoneNumberError::Extension);
        }
        match number.is_possible_with_reason() {
            Ok(rlibphonenumber::NumberLengthType::IsPossible) => {}
            Ok(rlibphonenumber::NumberLengthType::IsPossibleLocalOnly) | Err(ValidationError::TooShort) => {
                return Err(PhoneNumberError::TooShort);
            }
            Err(ValidationError::InvalidCountryCode) => return Err(PhoneNumberError::Country),
            Err(ValidationError::TooLong | ValidationError::InvalidLength) => {
                return Err(PhoneNumberError::TooLong);
            }
        }
        let sort = if number.is_valid() {
            match number.get_type() {
                PhoneNumberType::FixedLine => Sort::Landline,
                PhoneNumberType::TollFree
                | PhoneNumberType::PremiumRate
                | PhoneNumberType::SharedCost
                | PhoneNumberType::UAN
                | PhoneNumberType::VoiceMail => Sort::Service,
                _ => Sort::Mobile,
            }
        } else {
            Sort::Unlikely
        };
        Ok((Self(number.format_as(PhoneNumberFormat::E164).into()), sort))
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_read_as_they_are_dialled_in_the_country() {
        for (text, country, number, sort) in [
            ("(202) 555-0143", "US", "+12025550143", Sort::Mobile),
            ("1-202-555-0143", "US", "+12025550143", Sort::Mobile),
            ("202.555.0143", "US", "+12025550143", Sort::Mobile),
            ("+1 202 555 0143", "DE", "+12025550143", Sort::Mobile),
            ("07911 123456", "GB", "+447911123456", Sort::Mobile),
            ("0044 7911 123456", "DE", "+447911123456", Sort::Mobile),
            ("011 44 7911 123456", "US", "+447911123456", Sort::Mobile),
            ("0151 23456789", "DE", "+4915123456789", Sort::Mobile),
            ("030 901820", "DE", "+4930901820", Sort::Landline),
            ("800 234 5678", "US", "+18002345678", Sort::Service),
            ("555 555 0100", "US", "+15555550100", Sort::Unlikely),
        ] {
            let read = PhoneNumber::parse(text, country);
            assert_eq!(
                read.map(|(number, sort)| (number.as_str().to_owned(), sort)),
                Ok((number.to_owned(), sort)),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        use PhoneNumberError::*;
        for (text, wrong) in [
            ("", NotANumber),
            ("ask Ada", NotANumber),
            ("12345", TooShort),
            ("555-0143", TooShort),
            ("202 555 01431", TooLong),
            ("+999 123 4567", Country),
            ("202-555-0143 ext. 7", Extension),
            ("202-555-0143 / 202-555-0144", NotOne),
            ("202 555 0143/4", NotOne),
            ("20255501432025550144", TooLong),
        ] {
            assert_eq!(PhoneNumber::parse(text, "US").map(|_| ()), Err(wrong), "{text:?}");
        }
        assert_eq!(PhoneNumber::parse("0151 23456789", "AQ").map(|_| ()), Err(Country));
    }

    proptest! {
        #[test]
        fn what_passes_is_e164_and_reads_again(text in "[+0-9 ()./a-z-]{0,24}") {
            for country in ["US", "DE", "BR"] {
                if let Ok((number, sort)) = PhoneNumber::parse(&text, country) {
                    let digits = number.as_str().strip_prefix('+').unwrap();
                    prop_assert!(digits.bytes().all(|b| b.is_ascii_digit()));
                    // What is surely a number is one everywhere.
                    if sort != Sort::Unlikely {
                        prop_assert!(digits.len() <= 15);
                        prop_assert_eq!(PhoneNumber::parse(number.as_str(), "FR"), Ok((number, sort)));
                    }
                }
            }
        }
    }
}

//! E-mail addresses, as mail servers live RFC 5321: strict where a message would be lost, silent about taste.

use std::{fmt, str::FromStr};

use email_address::Options;

/// The longest address that fits an SMTP path, in octets (RFC 5321, 4.5.3.1.3 less the brackets).
const MAX_OCTETS: usize = 254;
const MAX_LOCAL_OCTETS: usize = 64;

/// An address that SMTP can carry everywhere: ASCII local part, domain in lower-case A-labels.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress {
    text: String,
    at: usize,
}

/// Why a text is not an address that we can write to. The text itself is never repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailAddressError {
    /// Nothing there.
    #[error("there is no e-mail address here")]
    Empty,
    /// No `@`.
    #[error("an e-mail address needs an @ sign")]
    NoAt,
    /// A space, comma or second address in it.
    #[error("this holds more than one e-mail address, or a space or comma inside one")]
    NotOne,
    /// Over the limits of SMTP.
    #[error("an e-mail address has at most 64 characters before the @ and 254 in all")]
    TooLong,
    /// Letters outside ASCII before the `@`.
    #[error("letters with accents before the @ cannot be delivered to by every mail server")]
    LocalPartNotAscii,
    /// What stands before the `@` is not a mailbox name.
    #[error("the part before the @ is not a valid mailbox name")]
    LocalPart,
    /// What stands after the `@` is not a domain with a dot.
    #[error("the part after the @ is not a valid domain name")]
    Domain,
}

impl EmailAddressError {
    /// The stable code that the API reports.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "email_empty",
            Self::NoAt => "email_no_at",
            Self::NotOne => "email_not_one",
            Self::TooLong => "email_too_long",
            Self::LocalPartNotAscii => "email_local_part_not_ascii",
            Self::LocalPart => "email_local_part",
            Self::Domain => "email_domain",
        }
    }
}

impl EmailAddress {
    /// The address as it is written to.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands after the `@`: lower-case A-labels.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// What stands before the `@`, as it was given.
    #[must_use]
    pub fn local_part(&self) -> &str {
        &self.text[..self.at]
    }

    /// The address as it is compared: all lower case, as every large provider does.
    #[must_use]
    pub fn key(&self) -> String {
        self.text.to_ascii_lowercase()
    }
}

impl FromStr for EmailAddress {
    type Err = EmailAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() {
            return Err(EmailAddressError::Empty);
        }
        let at = text.rfind('@').ok_or(EmailAddressError::NoAt)?;
        let (local, domain) = (&text[..at], &text[at + 1..]);
        if text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | ';' | '<' | '>'))
            || local.contains('@')
        {
            return Err(EmailAddressError::NotOne);
        }
        if !local.is_ascii() {
            return Err(EmailAddressError::LocalPartNotAscii);
        }
        if local.len() > MAX_LOCAL_OCTETS {
            return Err(EmailAddressError::TooLong);
        }
        // A quoted local part is legal and lost on most of the way; nobody has one.
        if local.is_empty() || local.contains('"') {
            return Err(EmailAddressError::LocalPart);
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| EmailAddressError::Domain)?;
        let top_level = domain.rsplit('.').next().unwrap_or_default();
        if !domain.contains('.') || top_level.len() < 2 || top_level.bytes().all(|b| b.is_ascii_digit()) {
            return Err(EmailAddressError::Domain);
        }
        let text = format!("{local}@{domain}");
        if text.len() > MAX_OCTETS {
            return Err(EmailAddressError::TooLong);
        }
        let options = Options::default().with_required_tld().without_domain_literal().without_display_text();
        match email_address::EmailAddress::parse_with_options(&text, options) {
            Ok(_) => Ok(Self { text, at }),
            Err(_) => Err(EmailAddressError::LocalPart),
        }
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress(***@{})", self.domain())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ordinary_addresses_pass_with_the_domain_normalised() {
        for (given, kept) in [
            ("ada@example.org", "ada@example.org"),
            (" Ada.Lovelace+hoa@Example.ORG ", "Ada.Lovelace+hoa@example.org"),
            ("o'brien@mail.example.co.uk", "o'brien@mail.example.co.uk"),
            ("info@münchen.example", "info@xn--mnchen-3ya.example"),
            ("x_y-z=1@sub.example.museum", "x_y-z=1@sub.example.museum"),
        ] {
            assert_eq!(given.parse::<EmailAddress>().unwrap().as_str(), kept);
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        use EmailAddressError::*;
        for (given, wrong) in [
            ("", Empty),
            ("   ", Empty),
            ("ada", NoAt),
            ("ada at example.org", NoAt),
            ("a@b.org, c@d.org", NotOne),
            ("a@b@example.org", NotOne),
            ("ada lovelace@example.org", NotOne),
            ("ada@exam ple.org", NotOne),
            ("ada\n@example.org", NotOne),
            ("jörg@example.org", LocalPartNotAscii),
            ("@example.org", LocalPart),
            (".ada@example.org", LocalPart),
            ("a..b@example.org", LocalPart),
            ("\"ada\"@example.org", LocalPart),
            ("ada@", Domain),
            ("ada@localhost", Domain),
            ("ada@example..org", Domain),
            ("ada@-example.org", Domain),
            ("ada@127.0.0.1", Domain),
            ("ada@[127.0.0.1]", Domain),
            ("ada@example.o", Domain),
            ("ada@exam_ple.org", Domain),
        ] {
            assert_eq!(given.parse::<EmailAddress>(), Err(wrong), "{given:?}");
        }
        let long = format!("{}@example.org", "a".repeat(65));
        assert_eq!(long.parse::<EmailAddress>(), Err(TooLong));
        let long = format!("long.mailbox@{}.org", vec!["b".repeat(60); 4].join("."));
        assert_eq!(long.parse::<EmailAddress>(), Err(TooLong));
    }

    #[test]
    fn debug_shows_no_mailbox() {
        assert_eq!(
            format!("{:?}", "ada@example.org".parse::<EmailAddress>().unwrap()),
            "EmailAddress(***@example.org)"
        );
    }

    proptest! {
        #[test]
        fn what_passes_is_safe_in_a_header_and_parses_again(text in "\\PC{0,20}@\\PC{0,20}") {
            if let Ok(address) = text.parse::<EmailAddress>() {
                prop_assert!(address.as_str().is_ascii());
                prop_assert!(!address.as_str().contains(|c: char| c.is_ascii_control() || " <>,;\"".contains(c)));
                prop_assert_eq!(address.as_str().parse::<EmailAddress>().unwrap(), address);
            }
        }
    }
}

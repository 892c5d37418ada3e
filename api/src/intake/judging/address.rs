//! The contact of an entry: one address of the channel, and what the address alone gives reason to ask.

use porchlight_shared::domain::{Channel, EmailAddress, EmailAddressError, Keyring};

use super::{
    domains::completed,
    phone::{PhoneNumber, PhoneNumberError, Sort},
    reason::Reason,
};
use crate::intake::reading::{Cells, clean};

/// An address of either channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// For e-mail.
    Email(EmailAddress),
    /// For texts.
    Phone(PhoneNumber),
}

impl Address {
    /// As it is written to.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(address) => address.as_str(),
            Self::Phone(number) => number.as_str(),
        }
    }

    /// The keyed hash by which it is compared.
    #[must_use]
    pub fn hash(&self, keyring: &Keyring) -> [u8; 32] {
        match self {
            Self::Email(address) => keyring.address_hash(Channel::Email, &address.key()),
            Self::Phone(number) => keyring.address_hash(Channel::Text, number.as_str()),
        }
    }
}

/// What an entry's address cell says.
#[derive(Debug)]
pub struct Found {
    /// The address, and what it alone gives reason to ask.
    pub address: Result<(Address, Option<Reason>), Reason>,
    /// The name beside it.
    pub name: Option<String>,
    /// How it may have been meant.
    pub suggestion: Option<String>,
}

/// Finds the address of the channel in an entry.
#[must_use]
pub fn find(cells: &Cells<'_>, channel: Channel, country: &str) -> Found {
    let wrong = |reason| Found { address: Err(reason), name: None, suggestion: None };
    match channel {
        Channel::Email => match &cells.email {
            Some(cell) => email(cell),
            None => wrong(Reason::NoEmail { phone: cells.phone.is_some() }),
        },
        Channel::Text => match &cells.phone {
            Some(cell) => phone(cell, country),
            None => wrong(Reason::NoPhone { email: cells.email.is_some() }),
        },
    }
}

/// Bytes of a cell that are looked at; no address is nearly as long.
const MOST_BYTES: usize = 2_000;

fn email(cell: &str) -> Found {
    if cell.len() > MOST_BYTES {
        let address = Err(Reason::Email(EmailAddressError::TooLong));
        return Found { address, name: None, suggestion: None };
    }
    let (text, name) = clean::address(cell);
    match text.parse::<EmailAddress>() {
        Ok(address) => Found { address: Ok((Address::Email(address), None)), name, suggestion: None },
        Err(error) => {
            let suggestion = meant(&text, error);
            Found { address: Err(Reason::Email(error)), name, suggestion }
        }
    }
}

fn phone(cell: &str, country: &str) -> Found {
    if cell.len() > MOST_BYTES {
        let address = Err(Reason::Phone(PhoneNumberError::TooLong));
        return Found { address, name: None, suggestion: None };
    }
    let (text, name) = clean::address(cell);
    match PhoneNumber::parse(&text, country) {
        Ok((number, sort)) => {
            let remark = match sort {
                Sort::Mobile => None,
                Sort::Landline => Some(Reason::Landline),
                Sort::Service => Some(Reason::NotAMobile),
                Sort::Unlikely => Some(Reason::UnlikelyNumber),
            };
            Found { address: Ok((Address::Phone(number), remark)), name, suggestion: None }
        }
        Err(error) => {
            // `44 7911 123456` and `0044 7911 123456`, written without their plus.
            let international = format!("+{}", text.strip_prefix("00").unwrap_or(&text));
            let likely =
                PhoneNumber::parse(&international, country).ok().filter(|(_, sort)| *sort == Sort::Mobile);
            let suggestion = likely.map(|(number, _)| number.as_str().to_owned());
            Found { address: Err(Reason::Phone(error)), name, suggestion }
        }
    }
}

/// How an address that does not fit may have been meant, if a small change makes it fit.
fn meant(text: &str, error: EmailAddressError) -> Option<String> {
    if text.len() > 320 {
        return None;
    }
    let changed = match error {
        EmailAddressError::NoAt => {
            [" at ", "(at)", "[at]", " AT "].iter().find(|at| text.matches(**at).count() == 1).map(|at| {
                text.replace(at, "@").replace(" dot ", ".").replace("(dot)", ".").replace("[dot]", ".")
            })?
        }
        EmailAddressError::NotOne if text.matches('@').count() == 1 || text.contains("@@") => {
            let (local, domain) = text.rsplit_once('@')?;
            // What stands apart from the domain is something else: `ada@gmail.com, Bo`.
            if domain.trim().contains(char::is_whitespace) {
                return None;
            }
            let domain = domain.trim().replace([',', ';'], ".");
            // A space before the @ may stand between a name and an address: only one right beside it is a slip.
            format!("{}@{domain}", local.trim().trim_end_matches('@'))
        }
        EmailAddressError::Domain => {
            let (local, domain) = text.rsplit_once('@')?;
            let domain =
                completed(domain).map_or_else(|| domain.replace("..", ".").replace('_', "-"), str::to_owned);
            format!("{local}@{domain}")
        }
        EmailAddressError::LocalPart => text.replace("..", ".").trim_start_matches('.').replace(".@", "@"),
        _ => return None,
    };
    // A space inside the mailbox is only taken out where nothing else could have been meant.
    let inside = text.split('@').next().is_some_and(|local| local.trim().contains(' '));
    if inside && error != EmailAddressError::NoAt {
        return None;
    }
    let changed = changed.replace(' ', "");
    (changed != text && changed.parse::<EmailAddress>().is_ok()).then_some(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_change_is_offered_where_it_makes_the_address_fit() {
        for (given, offered) in [
            ("ada@gmailcom", Some("ada@gmail.com")),
            ("ada@gmail", Some("ada@gmail.com")),
            ("ada@gmail,com", Some("ada@gmail.com")),
            ("ada@@example.org", Some("ada@example.org")),
            ("ada @example.org", Some("ada@example.org")),
            ("ada@ example.org", Some("ada@example.org")),
            ("ada@example..org", Some("ada@example.org")),
            ("ada..l@example.org", Some("ada.l@example.org")),
            ("ada at example.org", Some("ada@example.org")),
            ("ada [at] example [dot] org", Some("ada@example.org")),
            ("jonas abbott@example.org", None),
            ("ada@gmail.com, Bo", None),
            ("a@example.org b@example.org", None),
            ("ada@localhost", None),
            ("ada", None),
            ("jörg@example.org", None),
        ] {
            let found = email(given);
            assert!(found.address.is_err(), "{given}");
            assert_eq!(found.suggestion.as_deref(), offered, "{given}");
        }
        assert_eq!(phone("44 7911 123456", "US").suggestion.as_deref(), Some("+447911123456"));
    }
}

//! Who joins: a name, and one address of either kind.

use porchlight_shared::domain::{Channel, EmailAddress, Keyring};

use crate::intake::judging::{Address, Field, line, phone::PhoneNumber};

/// Somebody who joins.
pub struct Newcomer {
    /// As they wrote it.
    pub name: String,
    /// What kind of address they gave.
    pub channel: Channel,
    /// Where they are reached.
    pub address: Address,
    /// Its keyed hash.
    pub hash: [u8; 32],
}

impl std::fmt::Debug for Newcomer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Newcomer(***)")
    }
}

/// What does not fit: the field, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// `name` or `contact`.
    pub field: &'static str,
    /// What to do.
    pub mend: &'static str,
}

impl Newcomer {
    /// Reads a name and an address of which one is an e-mail address or a phone number; a number without a country code
    /// is one of `country`.
    ///
    /// # Errors
    /// Every field that does not fit.
    pub fn read(name: &str, contact: &str, country: &str, keyring: &Keyring) -> Result<Self, Vec<Misfit>> {
        let name = line(Some(name), Field::Name).ok().flatten();
        let name = name
            .ok_or(Misfit { field: "name", mend: "Write your name, at most 200 characters on one line." });
        match (name, address(contact, country)) {
            (Ok(name), Ok((channel, address))) => {
                let hash = address.hash(keyring);
                Ok(Self { name, channel, address, hash })
            }
            (name, address) => Err(name.err().into_iter().chain(address.err()).collect()),
        }
    }
}

fn address(contact: &str, country: &str) -> Result<(Channel, Address), Misfit> {
    let contact = contact.trim();
    let misfit = |mend| Misfit { field: "contact", mend };
    if contact.contains('@') {
        let address: Result<EmailAddress, _> = contact.parse();
        return match address {
            Ok(address) => Ok((Channel::Email, Address::Email(address))),
            Err(_) => {
                Err(misfit("There is a mistake in this e-mail address. It looks like name@example.org."))
            }
        };
    }
    match PhoneNumber::parse(contact, country) {
        Ok((number, _)) => Ok((Channel::Text, Address::Phone(number))),
        Err(_) => Err(misfit("Write an e-mail address or a phone number, so that you can be reached.")),
    }
}

#[cfg(test)]
mod tests {
    use porchlight_shared::domain::KeyFile;

    use super::*;

    #[test]
    fn one_field_takes_either_kind_of_address() {
        let rng = &mut rand::rand_core::UnwrapErr(rand::rngs::SysRng);
        let keyring = Keyring::parse(&KeyFile::generate(rng).to_text()).unwrap();
        let read = |name: &str, contact: &str| Newcomer::read(name, contact, "US", &keyring);
        let ada = read(" Ada  Lovelace ", " Ada@Example.org ").unwrap();
        assert_eq!((ada.name.as_str(), ada.channel), ("Ada Lovelace", Channel::Email));
        let bo = read("Bo", "(202) 555-0143").unwrap();
        assert_eq!((bo.address.as_str(), bo.channel), ("+12025550143", Channel::Text));
        for (name, contact, fields) in [
            ("", "", &["name", "contact"][..]),
            ("Ada", "ada@", &["contact"]),
            ("Ada", "12", &["contact"]),
            ("a\u{7}b", "ada@example.org", &["name"]),
        ] {
            let misfits = read(name, contact).unwrap_err();
            assert_eq!(
                misfits.iter().map(|misfit| misfit.field).collect::<Vec<_>>(),
                fields,
                "{name} {contact}"
            );
        }
    }
}

//! Who joins: a name, one address of either kind, and with a blank pass where they live.

use porchlight_shared::domain::{AccountId, Channel, EmailAddress, Keyring};

use crate::intake::judging::{Address, Field, Unit, line, phone::PhoneNumber};

/// Somebody who joins.
pub struct Newcomer {
    /// As they wrote it.
    pub name: String,
    /// What kind of address they gave.
    pub channel: Channel,
    /// Where they are reached.
    pub address: String,
    /// Its keyed hash.
    pub hash: [u8; 32],
    /// Where they say that they live.
    pub place: Option<Unit>,
    /// Who they have proved to be, if they have.
    pub account: Option<AccountId>,
    /// Whether a leader is to be asked where who lives there has joined already.
    pub asks: bool,
}

/// What somebody says of themselves.
#[derive(Clone, Copy, Default)]
pub struct Said<'a> {
    /// Their name.
    pub name: &'a str,
    /// How they are reached.
    pub contact: &'a str,
    /// Where they live; `None`: that is known.
    pub place: Option<&'a str>,
}

impl std::fmt::Debug for Said<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Said(***)")
    }
}

impl std::fmt::Debug for Newcomer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Newcomer(***)")
    }
}

/// What does not fit: the field, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// `name`, `contact` or `place`.
    pub field: &'static str,
    /// What to do.
    pub mend: &'static str,
}

/// Why what somebody wrote reaches nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is meant as an e-mail address.
    Email,
    /// It is neither an e-mail address nor a phone number.
    Neither,
}

impl Newcomer {
    /// Reads a name and an address of which one is an e-mail address or a phone number; a number without a country code
    /// is one of `country`.
    ///
    /// # Errors
    /// Every field that does not fit.
    pub fn read(said: Said<'_>, country: &str, keyring: &Keyring) -> Result<Self, Vec<Misfit>> {
        let mut misfits = Vec::new();
        let name = line(Some(said.name), Field::Name).ok().flatten();
        if name.is_none() {
            let mend = "Write your name, at most 200 characters on one line.";
            misfits.push(Misfit { field: "name", mend });
        }
        let address = address(said.contact, country).map_err(|misfit| misfits.push(misfit)).ok();
        let place = said.place.map(|place| line(Some(place), Field::Unit).ok().flatten().and_then(Unit::new));
        if place == Some(None) {
            let mend =
                "Write your address as it stands on your door or your letters, at most 200 characters.";
            misfits.push(Misfit { field: "place", mend });
        }
        let (Some(name), Some((channel, address)), []) = (name, address, &misfits[..]) else {
            return Err(misfits);
        };
        let hash = address.hash(keyring);
        let address = address.as_str().to_owned();
        Ok(Self { name, channel, address, hash, place: place.flatten(), account: None, asks: false })
    }
}

/// Reads an e-mail address or a phone number.
///
/// # Errors
/// When it is neither.
pub fn address(contact: &str, country: &str) -> Result<(Channel, Address), Misfit> {
    reached(contact, country).map_err(|unreadable| {
        let mend = match unreadable {
            Unreadable::Email => "There is a mistake in this e-mail address. It looks like name@example.org.",
            Unreadable::Neither => "Write an e-mail address or a phone number, so that you can be reached.",
        };
        Misfit { field: "contact", mend }
    })
}

/// The same, for whoever tells in words of their own what is wrong.
///
/// # Errors
/// When it is neither.
pub fn reached(contact: &str, country: &str) -> Result<(Channel, Address), Unreadable> {
    let contact = contact.trim();
    if contact.contains('@') {
        let address: Result<EmailAddress, _> = contact.parse();
        return address
            .map(|address| (Channel::Email, Address::Email(address)))
            .map_err(|_| Unreadable::Email);
    }
    let number = PhoneNumber::parse(contact, country);
    number.map(|(number, _)| (Channel::Text, Address::Phone(number))).map_err(|_| Unreadable::Neither)
}

#[cfg(test)]
mod tests {
    use porchlight_shared::domain::KeyFile;

    use super::*;

    #[test]
    fn one_field_takes_either_kind_of_address() {
        let rng = &mut rand::rand_core::UnwrapErr(rand::rngs::SysRng);
        let keyring = Keyring::parse(&KeyFile::generate(rng).to_text()).unwrap();
        let read =
            |name: &str, contact: &str| Newcomer::read(Said { name, contact, place: None }, "US", &keyring);
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

    #[test]
    fn a_place_is_asked_for_with_a_blank_pass_alone() {
        let rng = &mut rand::rand_core::UnwrapErr(rand::rngs::SysRng);
        let keyring = Keyring::parse(&KeyFile::generate(rng).to_text()).unwrap();
        let read = |place| {
            let said = Said { name: "Ada", contact: "ada@example.org", place };
            Newcomer::read(said, "US", &keyring)
        };
        assert_eq!(read(Some(" 12  Elm St. ")).unwrap().place.unwrap().key, "12 elm st");
        assert_eq!(read(None).unwrap().place, None);
        for place in ["", "  ", "n/a", "?"] {
            assert_eq!(read(Some(place)).unwrap_err()[0].field, "place", "{place}");
        }
    }
}

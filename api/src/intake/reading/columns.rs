//! What a column holds: by the words at its head in the languages of our communities, or by what stands in it.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;

/// What a column of a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// E-mail address.
    Email,
    /// Phone number.
    Phone,
    /// Street address, lot or unit; several are read as one, from left to right.
    Unit,
    /// What the household is called.
    Household,
    /// Whole name.
    Name,
    /// First name.
    First,
    /// Last name.
    Last,
    /// Nothing that matters here.
    Ignore,
}

/// Heads of columns, without accents, punctuation and capitals.
const HEADS: &[(Column, &[&str])] = &[
    (
        Column::Email,
        &[
            "email",
            "e mail",
            "mail",
            "email address",
            "e mail address",
            "emails",
            "primary email",
            "contact email",
            "owner email",
            "resident email",
            "correo",
            "correo electronico",
            "correo e",
            "direccion de correo",
            "direccion de correo electronico",
            "courriel",
            "adresse mail",
            "adresse email",
            "adresse e mail",
            "adresse courriel",
            "adresse electronique",
            "e mail adresse",
            "email adresse",
            "mailadresse",
            "emailadresse",
            "e mailadresse",
            "posta elettronica",
            "indirizzo email",
            "indirizzo e mail",
            "indirizzo mail",
            "endereco de email",
            "endereco de e mail",
            "endereco eletronico",
            "correio eletronico",
            "emailadres",
            "e mailadres",
            "mailadres",
            "epost",
            "e post",
            "epostadress",
            "e postadress",
            "sahkoposti",
            "adres e mail",
            "adres email",
            "poczta",
            "e mailova adresa",
            "имеил",
            "почта",
            "электронная почта",
            "メール",
            "メールアドレス",
            "邮箱",
            "电子邮件",
            "電子郵件",
        ],
    ),
    (
        Column::Phone,
        &[
            "phone",
            "phone number",
            "phone no",
            "mobile",
            "mobile phone",
            "mobile number",
            "cell",
            "cell phone",
            "cellphone",
            "cell number",
            "telephone",
            "telephone number",
            "tel",
            "tel no",
            "sms",
            "text",
            "whatsapp",
            "primary phone",
            "telefono",
            "telefono movil",
            "movil",
            "celular",
            "numero de telefono",
            "portable",
            "mobile telephone",
            "numero de telephone",
            "tel portable",
            "telefon",
            "telefonnummer",
            "handy",
            "handynummer",
            "mobil",
            "mobilnummer",
            "mobiltelefon",
            "rufnummer",
            "cellulare",
            "numero di telefono",
            "telefone",
            "telemovel",
            "numero de telefone",
            "telefoon",
            "telefoonnummer",
            "mobiel",
            "gsm",
            "puhelin",
            "numer telefonu",
            "komorka",
            "телефон",
            "電話",
            "電話番号",
            "电话",
            "手机",
        ],
    ),
    (
        Column::Unit,
        &[
            "unit",
            "unit number",
            "unit no",
            "unit address",
            "lot",
            "lot number",
            "lot no",
            "address",
            "street",
            "street address",
            "home address",
            "property",
            "property address",
            "house",
            "house number",
            "apartment",
            "apartment number",
            "apt",
            "apt no",
            "flat",
            "suite",
            "door",
            "direccion",
            "domicilio",
            "calle",
            "unidad",
            "casa",
            "lote",
            "departamento",
            "depto",
            "piso",
            "vivienda",
            "parcela",
            "adresse",
            "adresse postale",
            "rue",
            "logement",
            "appartement",
            "lot numero",
            "numero de lot",
            "numero d appartement",
            "wohnung",
            "wohnungsnummer",
            "anschrift",
            "strasse",
            "hausnummer",
            "wohneinheit",
            "einheit",
            "parzelle",
            "indirizzo",
            "via",
            "appartamento",
            "interno",
            "unita",
            "endereco",
            "rua",
            "morada",
            "apartamento",
            "unidade",
            "fracao",
            "adres",
            "straat",
            "woning",
            "huisnummer",
            "adress",
            "gatuadress",
            "lagenhet",
            "bostad",
            "mieszkanie",
            "ulica",
            "lokal",
            "адрес",
            "квартира",
            "住所",
            "地址",
        ],
    ),
    (
        Column::Household,
        &[
            "household",
            "household name",
            "family",
            "hogar",
            "familia",
            "nombre de la familia",
            "foyer",
            "menage",
            "famille",
            "haushalt",
            "familie",
            "famiglia",
            "nucleo familiare",
            "agregado",
            "agregado familiar",
            "huishouden",
            "gezin",
            "hushall",
            "rodzina",
            "семья",
            "世帯",
            "家庭",
        ],
    ),
    (
        Column::First,
        &[
            "first",
            "first name",
            "firstname",
            "given name",
            "forename",
            "fname",
            "nombre de pila",
            "primer nombre",
            "prenom",
            "vorname",
            "nome proprio",
            "primeiro nome",
            "voornaam",
            "fornamn",
            "etunimi",
            "imie",
            "имя",
            "名",
        ],
    ),
    (
        Column::Last,
        &[
            "last",
            "last name",
            "lastname",
            "surname",
            "family name",
            "lname",
            "apellido",
            "apellidos",
            "nom de famille",
            "nachname",
            "familienname",
            "cognome",
            "sobrenome",
            "apelido",
            "ultimo nome",
            "achternaam",
            "familienaam",
            "efternamn",
            "sukunimi",
            "nazwisko",
            "фамилия",
            "姓",
        ],
    ),
    (
        Column::Name,
        &[
            "name",
            "full name",
            "fullname",
            "resident",
            "resident name",
            "owner",
            "owner name",
            "homeowner",
            "member",
            "member name",
            "contact",
            "contact name",
            "occupant",
            "tenant",
            "nombre",
            "nombre completo",
            "nombre y apellidos",
            "propietario",
            "residente",
            "titular",
            "nom",
            "nom complet",
            "nom et prenom",
            "nom prenom",
            "proprietaire",
            "resident e",
            "vollstandiger name",
            "eigentumer",
            "bewohner",
            "nome",
            "nome completo",
            "nome e cognome",
            "proprietario",
            "naam",
            "volledige naam",
            "bewoner",
            "eigenaar",
            "namn",
            "nimi",
            "imie i nazwisko",
            "фио",
            "氏名",
            "名前",
            "姓名",
        ],
    ),
];

/// A head as it is compared: lower case, no accents, words with single spaces.
fn comparable(head: &str) -> String {
    let plain: String = head
        .nfkd()
        .filter(|c| !matches!(c, '\u{300}'..='\u{36f}'))
        .nfc()
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .flat_map(char::to_lowercase)
        .collect();
    let plain = plain.replace('ß', "ss").replace('ł', "l");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a column with this head holds, if the head is one that we know. `Email 2` and `Phone (home)` are not.
#[must_use]
pub fn of_head(head: &str) -> Option<Column> {
    // Nothing that long is the head of a column.
    if head.len() > 80 {
        return None;
    }
    let head = comparable(head);
    let numbered = head.strip_suffix(" 1").unwrap_or(&head);
    HEADS.iter().find(|(_, heads)| heads.contains(&numbered)).map(|(column, _)| *column)
}

/// What the columns of a header hold: nothing, if this is no header. A second column of a sort that makes sense only
/// once is left out.
#[must_use]
pub fn of_header<'a>(cells: impl Iterator<Item = &'a str>) -> Option<Vec<Column>> {
    let mut bare = false;
    let mut columns = Vec::new();
    for cell in cells {
        if cell.contains('@') {
            return None;
        }
        let column = of_head(cell).unwrap_or(Column::Ignore);
        bare |= column == Column::Name && BARE_NAMES.contains(&comparable(cell).as_str());
        columns.push(column);
    }
    let says = columns.iter().filter(|column| **column != Column::Ignore).count();
    // One word may stand anywhere, unless it is the whole row or names what a list is about.
    let sure =
        columns.iter().any(|column| matches!(column, Column::Email | Column::Phone)) || columns.len() == 1;
    if says < 2 && !(says == 1 && sure) {
        return None;
    }
    settle(&mut columns, bare);
    Some(columns)
}

/// Heads that mean a part of the name where the other part has a column of its own.
const BARE_NAMES: [&str; 7] = ["name", "nom", "nome", "naam", "namn", "nimi", "nombre"];

/// Settles what a column means beside the others: a `bare` *Name* beside *Vorname* is the last name, beside *Apellidos* the
/// first; any other goes before its parts. Only units come in several columns.
pub fn settle(columns: &mut [Column], bare: bool) {
    let has = |columns: &[Column], column| columns.contains(&column);
    if let Some(name) = columns.iter().position(|column| *column == Column::Name) {
        match (has(columns, Column::First), has(columns, Column::Last)) {
            (true, false) if bare => columns[name] = Column::Last,
            (false, true) if bare => columns[name] = Column::First,
            (true, false) | (false, true) => {
                let part = |column: &&mut Column| matches!(column, Column::First | Column::Last);
                columns.iter_mut().filter(part).for_each(|column| *column = Column::Ignore);
            }
            // Both parts are there; the whole is theirs.
            (true, true) => columns[name] = Column::Ignore,
            (false, false) => {}
        }
    }
    for at in 0..columns.len() {
        if columns[at] != Column::Unit && columns[..at].contains(&columns[at]) {
            columns[at] = Column::Ignore;
        }
    }
}

/// What columns without heads hold, by the cells of some rows: one e-mail or phone column at least, or nothing.
#[must_use]
pub fn of_content(rows: &[Vec<String>]) -> Option<Vec<Column>> {
    let width = rows.first()?.len();
    let most = |at: usize, is_so: fn(&str) -> bool| {
        let cells = rows.iter().filter_map(|row| row.get(at)).filter(|cell| !cell.trim().is_empty());
        let (all, so) = cells.fold((0, 0), |(all, so), cell| (all + 1, so + usize::from(is_so(cell))));
        so * 2 > all
    };
    let mut words = Vec::new();
    let mut columns = vec![Column::Ignore; width];
    for (at, column) in columns.iter_mut().enumerate() {
        *column = if most(at, |cell| cell.contains('@')) {
            Column::Email
        } else if most(at, looks_like_a_number) {
            Column::Phone
        } else if most(at, |cell| cell.contains(|c: char| c.is_ascii_digit())) {
            Column::Unit
        } else if most(at, |cell| cell.contains(char::is_alphabetic)) {
            // What is the same in every row is nobody's name.
            if rows.iter().any(|row| row.get(at) != rows[0].get(at)) {
                words.push(at);
            }
            Column::Ignore
        } else {
            Column::Ignore
        };
    }
    let single = |at: usize| most(at, |cell| !cell.trim().contains(' '));
    match words[..] {
        [first, last, ..] if last == first + 1 && single(first) && single(last) => {
            columns[first] = Column::First;
            columns[last] = Column::Last;
        }
        [name, ..] => columns[name] = Column::Name,
        [] => {}
    }
    settle(&mut columns, false);
    (columns.contains(&Column::Email) || columns.contains(&Column::Phone)).then_some(columns)
}

/// Whether a cell looks like a phone number: digits and what is written between them, seven at least.
#[must_use]
pub fn looks_like_a_number(cell: &str) -> bool {
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    digits >= 7
        && cell.chars().all(|c| {
            c.is_ascii_digit()
                || c.is_whitespace()
                || "+()-./·–‑\u{ad}\u{200b}\u{202a}\u{202c}\u{feff}'".contains(c)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Column::{Email, First, Household, Ignore, Last, Name, Phone, Unit};
    use std::collections::HashMap;

    fn header(line: &str) -> Option<Vec<Column>> {
        of_header(line.split(';'))
    }

    #[test]
    fn heads_are_known_in_several_languages_and_orders() {
        for (line, columns) in [
            ("Name;Email;Unit", vec![Name, Email, Unit]),
            ("E-Mail Address;First Name;Last Name;Lot #", vec![Email, First, Last, Unit]),
            ("Vorname;Name;E-Mail-Adresse;Straße", vec![First, Last, Email, Unit]),
            ("Nombre;Apellidos;Correo electrónico;Dirección", vec![First, Last, Email, Unit]),
            ("Nom;Prénom;Courriel;Téléphone", vec![Last, First, Email, Phone]),
            ("Nome;Cognome;Indirizzo e-mail;Cellulare", vec![First, Last, Email, Phone]),
            ("Endereço de e-mail;Família;Telemóvel", vec![Email, Household, Phone]),
            ("Naam;E-mailadres;Huisnummer", vec![Name, Email, Unit]),
            ("Address;Unit;Resident;EMAIL", vec![Unit, Unit, Name, Email]),
            ("Timestamp;Email 1;Email 2;Notes", vec![Ignore, Email, Ignore, Ignore]),
            ("メールアドレス;氏名", vec![Email, Name]),
        ] {
            assert_eq!(header(line), Some(columns), "{line}");
        }
        assert_eq!(header("Full Name;First Name;Email"), Some(vec![Name, Ignore, Email]));
        assert_eq!(header("Greg;House;"), None);
        assert_eq!(header("Ada Lovelace;12 Elm St"), None);
        assert_eq!(header("Name;ada@example.org"), None);
    }

    #[test]
    fn no_head_means_two_things() {
        let mut meanings = HashMap::new();
        for (column, heads) in HEADS {
            for head in *heads {
                assert_eq!(comparable(head), **head, "as it is compared");
                assert_eq!(meanings.insert(head, column), None, "{head}");
            }
        }
    }

    #[test]
    fn columns_without_heads_are_told_by_what_stands_in_them() {
        let rows = |text: &str| -> Vec<Vec<String>> {
            text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
        };
        let told = |text| of_content(&rows(text));
        assert_eq!(told("Ada Lovelace,ada@example.org\nBo Ek,bo@example.org"), Some(vec![Name, Email]));
        assert_eq!(
            told("ada@example.org,Ada,Lovelace\nbo@example.org,Bo,Ek"),
            Some(vec![Email, First, Last])
        );
        assert_eq!(
            told("12 Elm St,Ada Lovelace,(202) 555-0143\n14 Elm St,Bo Ek,202 555 0144"),
            Some(vec![Unit, Name, Phone])
        );
        assert_eq!(told("Owner,Ada Ek,a@x.org\nOwner,Bo Ek,b@x.org"), Some(vec![Ignore, Name, Email]));
        assert_eq!(told("Ada,Lovelace\nBo,Ek"), None);
    }
}

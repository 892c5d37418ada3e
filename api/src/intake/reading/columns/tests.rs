//! What heads and contents say of columns.

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
    assert_eq!(told("ada@example.org,Ada,Lovelace\nbo@example.org,Bo,Ek"), Some(vec![Email, First, Last]));
    assert_eq!(
        told("12 Elm St,Ada Lovelace,(202) 555-0143\n14 Elm St,Bo Ek,202 555 0144"),
        Some(vec![Unit, Name, Phone])
    );
    assert_eq!(told("Owner,Ada Ek,a@x.org\nOwner,Bo Ek,b@x.org"), Some(vec![Ignore, Name, Email]));
    assert_eq!(told("Ada,Lovelace\nBo,Ek"), None);
}

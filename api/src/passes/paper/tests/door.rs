//! What is refused, and in which words.

use super::*;

#[test]
fn what_the_fonts_lack_is_written_in_latin_letters() {
    for (given, printed) in [
        ("  Oakridge\r\n  HOA\u{200b} ", "Oakridge HOA"),
        ("Nguye\u{302}\u{303}n", "Nguyễn"),
        ("Дубрава Ελαιώνας Łódź", "Дубрава Ελαιώνας Łódź"),
        ("東京", "Dong Jing"),
        ("\u{202e}evil\u{202c}", "evil"),
        ("a\u{e0fff}b\u{10ffff}", "ab?"),
    ] {
        assert_eq!(text(given).as_str(), printed);
    }
    assert_eq!(Text::new(" \u{feff}\n").unwrap_err(), Error::TextEmpty);
    assert_eq!(Text::new(&"x".repeat(301)).unwrap_err(), Error::TextTooLong { found: 301, limit: 300 });
}

#[test]
fn codes_links_addresses_and_colours_are_parsed() {
    assert!("7KWM-3RTX-9CHR".parse::<Code>().is_ok());
    for wrong in ["", "7KWM3RTX9CHR", "7kwm-3rtx-9chr", "7KWM-3RTX-9CHR-", "7KWM-3RTX-9CH\u{e9}"] {
        assert_eq!(wrong.parse::<Code>().unwrap_err(), Error::Code);
    }
    let link: Link = "https://join.oakridgehoa.org/j/7KWM3RTX9CHR".parse().unwrap();
    assert_eq!(link.as_str(), "HTTPS://JOIN.OAKRIDGEHOA.ORG/J/7KWM3RTX9CHR");
    for wrong in ["ftp://join.org/j/7", "https://", "https://join.org/j?c=7", "https://jöin.org/j/7"] {
        assert_eq!(wrong.parse::<Link>().unwrap_err(), Error::Link);
    }
    let long = format!("https://{}/j/7", "a".repeat(150));
    let error = long.parse::<Link>().unwrap_err();
    assert_eq!(error, Error::LinkTooLong { found: 162, limit: 157 });
    assert_eq!(
        error.to_string(),
        "the link has 162 characters, a QR of 25 mm that is easy to read holds 157: use a shorter host name"
    );
    assert!("localhost:8080/join".parse::<ShortAddress>().is_ok());
    for wrong in ["", "https://join.org", "join.org/\u{e9}", "join org"] {
        assert_eq!(wrong.parse::<ShortAddress>().unwrap_err(), Error::Address);
    }
    assert_eq!(
        "a".repeat(49).parse::<ShortAddress>().unwrap_err(),
        Error::AddressTooLong { found: 49, limit: 48 }
    );
    assert_eq!("#2F6f4e".parse(), Ok(Accent([0x2f, 0x6f, 0x4e])));
    for wrong in ["", "2f6f4e", "#2f6f4", "#2f6f4g", "#+12345"] {
        assert_eq!(wrong.parse::<Accent>(), Err(Error::Accent));
    }
}

#[test]
fn a_logo_is_a_whole_image_of_a_sane_size() {
    let file = look::png(40, 20);
    assert_eq!(format!("{:?}", Logo::decode(&file).unwrap()), "Logo(40 × 20)");
    for wrong in [&[][..], b"GIF89a", &file[..40], &file[..file.len() - 30], &[0xff, 0xd8, 0xff, 0xe0, 0, 2]]
    {
        assert_eq!(Logo::decode(wrong).unwrap_err(), Error::Logo);
    }
    let too_large = |result: Result<Logo, Error>| matches!(result, Err(Error::LogoTooLarge { .. }));
    assert!(too_large(Logo::decode(&look::png(2_001, 1))));
    assert!(too_large(Logo::decode(&vec![0; logo::MAX_BYTES + 1])));
}

#[test]
fn orders_have_bounds() {
    let of = |start, count| {
        Order::new(community(), Layout::CardsA4, start, (0..count).map(pass).map(Some).collect()).map(drop)
    };
    assert_eq!(of(10, 1), Ok(()));
    assert_eq!(of(0, 1), Err(Error::Start { found: 0, last: 10 }));
    assert_eq!(of(11, 1), Err(Error::Start { found: 11, last: 10 }));
    assert_eq!(of(1, 0), Err(Error::Passes { found: 0, limit: 2_000 }));
    assert_eq!(of(1, 2_001), Err(Error::Passes { found: 2_001, limit: 2_000 }));
    let lines = vec![text("x"); 4];
    let error = Addressee::new(Some(text("y")), lines).unwrap_err();
    assert_eq!(error, Error::AddresseeTooLong { found: 5, limit: 4 });
}

#[test]
fn nothing_personal_is_shown_by_debug() {
    let shown = format!("{:?}", order(Layout::CardsA4, 1, [pass(0)]));
    for secret in ["7KWM", "Nguy", "Maple", "Lopez", "Oakridge", "oakridge"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

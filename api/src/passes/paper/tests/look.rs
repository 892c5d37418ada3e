//! What stands on a pass, and what the document says of itself.

use super::*;

/// A small PNG: 40 × 40 pixels, green.
pub(super) fn logo() -> Logo {
    Logo::decode(&png(40, 40)).unwrap()
}

pub(super) fn png(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let pixels = [47, 111, 78].repeat((width * height) as usize);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    file
}

#[test]
fn each_pass_says_all_it_must() {
    if nobody_can_look() {
        return;
    }
    let wanted = [
        "Oakridge Homeowners Association",
        "Access pass: one per household, single use",
        "7KWM-3RTX-0000",
        "or type it at join.oakridgehoa.org/join",
        "February 21, 2027",
        "No. 000001",
        "Maria Lopez, (503) 555-0134,",
        "board@oakridgehoa.org",
        "Add your family after joining",
        "100 Maple Street",
        "Nguyễn family",
    ];
    for layout in Layout::ALL {
        let printed = Printed::new(&render(&order(layout, 1, [pass(0)])).unwrap());
        // Word by word: columns are read across.
        let words = printed.words();
        for wanted in wanted.iter().flat_map(|line| line.split(' ')) {
            assert!(words.contains(wanted), "{layout:?} lacks {wanted:?}: {words}");
        }
        assert!(!words.contains('…'), "{layout:?}: {words}");
    }
}

#[test]
fn codes_are_large_enough_and_in_one_piece() {
    if nobody_can_look() {
        return;
    }
    for layout in Layout::ALL {
        let printed = Printed::new(&render(&order(layout, 1, [pass(0)])).unwrap());
        let boxes = printed.boxes();
        let (_, code) =
            boxes.iter().find(|(word, _)| word == "7KWM-3RTX-0000").expect("the code is one word");
        // Hack advances 0.602 em a character.
        let size = code.width / (14.0 * 0.602) * fit::POINT;
        assert!(size >= 12.99, "{layout:?}: {size} pt");
    }
}

#[test]
fn the_same_order_gives_the_same_bytes() {
    for layout in Layout::ALL {
        let again = || {
            let community = Community { logo: Some(logo()), ..community() };
            render(&Order::new(community, layout, 1, (0..12).map(pass).map(Some).collect()).unwrap()).unwrap()
        };
        assert!(again() == again(), "{layout:?}");
        assert!(calibration(layout) == calibration(layout), "{layout:?}");
    }
}

#[test]
fn the_document_names_nobody_and_embeds_its_fonts() {
    if nobody_can_look() {
        return;
    }
    let printed = Printed::new(&render(&order(Layout::CardsA4, 1, (0..3).map(pass))).unwrap());
    let said = run("pdfinfo", &[], std::slice::from_ref(&printed.file));
    let field = |name: &str| said.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    assert_eq!(field("Title:"), Some("Access passes"));
    assert_eq!(field("Tagged:"), Some("yes"));
    for absent in ["Author:", "Subject:", "Keywords:", "CreationDate:", "ModDate:"] {
        assert_eq!(field(absent), None, "{absent}");
    }
    let meta = run("pdfinfo", &["-meta"], std::slice::from_ref(&printed.file));
    for secret in ["Oakridge", "Maple", "7KWM", "Nguy", "Lopez"] {
        assert!(!meta.contains(secret) && !said.contains(secret), "{secret}");
    }
    let fonts = run("pdffonts", &[], std::slice::from_ref(&printed.file));
    assert_eq!(fonts.lines().skip(2).count(), 3, "{fonts}");
    for font in fonts.lines().skip(2) {
        assert!(font.contains("yes yes yes"), "embedded, subset, with Unicode: {font}");
    }
}

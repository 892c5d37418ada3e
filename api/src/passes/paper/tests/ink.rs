//! No ink where none may be.

use super::super::layout::{ADDRESS_LINES, Area, WINDOW};
use super::*;

fn naughty() -> Vec<String> {
    [
        "W".repeat(300),
        "The Very Long and Rather Winding Association of the Homeowners of Upper and Lower Oakridge "
            .repeat(3),
        "東京都オークリッジ住宅管理組合".repeat(8),
        "جمعية ملاك أوكريدج السكنية ".repeat(6),
        "Товарищество собственников недвижимости «Дубрава» ".repeat(5),
        "\u{202e}drawkcab\u{202c} Z\u{351}\u{36b}\u{343}\u{36a}\u{302}a\u{346}\u{310}l\u{30d}\u{35b}go"
            .repeat(9),
        "👩‍👩‍👧‍👦🏡 ﷽ ꧅ 𒐫 ".repeat(12),
        "a-b.c@d/e_f\\g\r\n\tÅÉÎÕÜỄǺ ".repeat(9),
    ]
    .map(|text| text.chars().take(words::MAX_TEXT).collect())
    .into()
}

fn naughty_order(layout: Layout, naughty: &str) -> Order {
    let long = text(naughty);
    let community = Community {
        name: long.clone(),
        contact: long.clone(),
        address: "m".repeat(words::MAX_ADDRESS).parse().unwrap(),
        sentence: Some(long.clone()),
        logo: Some(look::logo()),
        accent: "#000000".parse().unwrap(),
    };
    let positions = layout.sheet().positions() as usize;
    let passes = (0..positions).map(|number| Pass {
        serial: long.clone(),
        valid_until: long.clone(),
        addressee: Some(Addressee::new(Some(long.clone()), vec![long.clone(); 3]).unwrap()),
        ..pass(number)
    });
    Order::new(community, layout, 1, passes.map(Some).collect()).unwrap()
}

#[test]
fn no_text_leaves_its_position_or_enters_a_quiet_zone() {
    if nobody_can_look() {
        return;
    }
    for layout in Layout::ALL {
        let sheet = layout.sheet();
        for naughty in naughty() {
            let mut page =
                Printed::new(&render(&naughty_order(layout, &naughty)).unwrap()).pages(150).remove(0);
            for index in 0..sheet.positions() {
                let position = sheet.position(index);
                let qr = designs::qr_area(layout, position);
                page.wipe(qr.inset(-0.2));
                assert_eq!(page.ink(qr.inset(-3.4)), None, "quiet zone of {layout:?}");
                page.wipe(position.inset(3.0));
            }
            assert_eq!(page.ink(page.paper()), None, "{layout:?}, {} characters", naughty.chars().count());
        }
    }
}

/// Boxes of neighbouring lines touch; words that stand on each other share the middle of their boxes.
fn collide(a: Area, b: Area) -> bool {
    let apart = |a: f32, a_end: f32, b: f32, b_end: f32| a_end <= b + 0.05 || b_end <= a + 0.05;
    let (a_quarter, b_quarter) = (a.height / 4.0, b.height / 4.0);
    !apart(a.x, a.right(), b.x, b.right())
        && !apart(a.y + a_quarter, a.bottom() - a_quarter, b.y + b_quarter, b.bottom() - b_quarter)
}

#[test]
fn no_word_stands_on_another_or_on_a_qr() {
    if nobody_can_look() {
        return;
    }
    for layout in Layout::ALL {
        let sheet = layout.sheet();
        let naughty = naughty();
        let orders = naughty.iter().map(|naughty| naughty_order(layout, naughty));
        for order in orders.chain([order(layout, 1, [pass(0), pass(1)])]) {
            let boxes = Printed::new(&render(&order).unwrap()).boxes();
            assert!(boxes.len() > 20);
            for (index, (word, area)) in boxes.iter().enumerate() {
                let other = boxes[..index].iter().find(|(_, other)| collide(*area, *other));
                assert!(other.is_none(), "{layout:?}: {word:?} {area:?} and {other:?}");
                let qr = (0..sheet.positions())
                    .any(|index| collide(*area, designs::qr_area(layout, sheet.position(index))));
                assert!(!qr, "{layout:?}: {word:?} {area:?} and a QR");
            }
        }
    }
}

#[test]
fn the_longest_address_is_printed_whole() {
    if nobody_can_look() {
        return;
    }
    let address = "m".repeat(words::MAX_ADDRESS);
    for layout in Layout::ALL {
        let community = Community { address: address.parse().unwrap(), ..community() };
        let pdf = render(&Order::new(community, layout, 1, vec![Some(pass(0))]).unwrap()).unwrap();
        let words: String = Printed::new(&pdf).words();
        assert!(words.matches('m').count() >= address.len(), "{layout:?}: {words}");
        assert!(!words.contains('…'), "{layout:?}: {words}");
    }
}

/// Below the first fold of a letter folded in three.
const INSIDE: f32 = 279.4 / 3.0;

#[test]
fn the_window_shows_the_address_and_nothing_else() {
    if nobody_can_look() {
        return;
    }
    let addressed = Printed::new(&render(&order(Layout::WindowLetter, 1, [pass(0)])).unwrap());
    let mut page = addressed.pages(300).remove(0);
    let ink = page.ink(WINDOW).expect("an address");
    assert!(ink.x >= ADDRESS_LINES.x - 0.1 && ink.y >= ADDRESS_LINES.y - 0.2, "{ink:?}");
    assert!(ink.bottom() <= ADDRESS_LINES.bottom() + 0.1, "{ink:?}");
    let pixels = |mm: f32| format!("{:.0}", mm * 300.0 / 25.4);
    let [x, y, width, height] = [WINDOW.x, WINDOW.y, WINDOW.width, WINDOW.height].map(pixels);
    let region = ["-r", "300", "-x", &x, "-y", &y, "-W", &width, "-H", &height];
    let words = run("pdftotext", &region, &[addressed.file.clone(), "-".into()]);
    let lines: Vec<&str> = words.lines().filter(|line| !line.trim().is_empty()).collect();
    assert_eq!(
        lines.join("|").trim_end_matches('\u{c}'),
        "Nguyễn family|100 Maple Street|Unit 4B|Portland, OR 97201"
    );

    // Everything around it that could slide into the window is white too, and the code lies inside the fold.
    page.wipe(WINDOW);
    assert_eq!(
        page.ink(Area { x: 0.0, y: WINDOW.y - 12.0, width: 140.0, height: WINDOW.height + 18.0 }),
        None
    );
    assert!(designs::qr_area(Layout::WindowLetter, page.paper()).y > INSIDE);

    let blank = Printed::new(&render(&order(Layout::WindowLetter, 1, [pass(1)])).unwrap());
    assert_eq!(blank.pages(300)[0].ink(WINDOW), None);
}

//! The table of sheets against the figures of PRODUCT.md, once more in millimetres, and against what is printed.

use super::super::layout::{ADDRESS_LINES, Area, WINDOW};
use super::*;

/// Half a tenth of a millimetre.
fn near(found: f32, wanted: f32) -> bool {
    (found - wanted).abs() < 0.005
}

#[test]
fn sheets_are_as_the_product_says() {
    use Layout::*;
    let ten = [
        (CardsLetter, [19.05, 12.7], [88.9, 50.8], [88.9, 50.8], [215.9, 279.4]),
        (CardsA4, [15.0, 13.5], [95.0, 54.0], [85.0, 54.0], [210.0, 297.0]),
        (LabelsLetter, [4.1275, 12.7], [106.3625, 50.8], [101.6, 50.8], [215.9, 279.4]),
    ];
    for (layout, origin, pitch, size, paper) in ten {
        let sheet = layout.sheet();
        assert_eq!((sheet.columns, sheet.rows), (2, 5), "{layout:?}");
        for axis in 0..2 {
            assert!(near(sheet.origin[axis], origin[axis]), "{layout:?}");
            assert!(near(sheet.pitch[axis], pitch[axis]), "{layout:?}");
            assert!(near(sheet.size[axis], size[axis]), "{layout:?}");
            assert!(near(sheet.paper.size()[axis], paper[axis]), "{layout:?}");
        }
    }
    let halves = [
        (DoorHangerLetter, [107.95, 279.4]),
        (DoorHangerA4, [105.0, 297.0]),
        (FoldOverLetter, [215.9, 139.7]),
        (FoldOverA4, [210.0, 148.5]),
    ];
    for (layout, size) in halves {
        let sheet = layout.sheet();
        assert_eq!(sheet.positions(), 2, "{layout:?}");
        assert!(near(sheet.size[0], size[0]) && near(sheet.size[1], size[1]), "{layout:?}");
    }
    for (area, edges) in
        [(WINDOW, [22.225, 63.5, 111.125, 80.518]), (ADDRESS_LINES, [25.4, 64.77, 111.125, 79.248])]
    {
        for (found, wanted) in [area.x, area.y, area.right(), area.bottom()].into_iter().zip(edges) {
            assert!(near(found, wanted));
        }
    }
}

#[test]
fn positions_lie_on_the_paper_and_words_are_stable() {
    let words = [
        "cards_letter",
        "cards_a4",
        "labels_letter",
        "window_letter",
        "door_hanger_letter",
        "door_hanger_a4",
        "fold_over_letter",
        "fold_over_a4",
    ];
    assert_eq!(Layout::ALL.map(Layout::word), words);
    for (index, layout) in Layout::ALL.into_iter().enumerate() {
        assert_eq!(layout as usize, index);
        assert_eq!(layout.word().parse(), Ok(layout));
        let sheet = layout.sheet();
        let [width, height] = sheet.paper.size();
        let last = sheet.position(sheet.positions() - 1);
        assert!(last.right() <= width + 0.01 && last.bottom() <= height + 0.01, "{layout:?}");
    }
    assert_eq!("cards".parse::<Layout>(), Err(Error::Layout));
}

/// Three tenths of a millimetre, as measured in the rendered page.
const TOLERANCE: f32 = 0.3;

#[test]
fn every_qr_is_printed_where_the_table_says() {
    if nobody_can_look() {
        return;
    }
    for layout in Layout::ALL {
        let sheet = layout.sheet();
        let pdf = render(&order(layout, 1, (0..sheet.positions() as usize).map(pass))).unwrap();
        let page = &Printed::new(&pdf).pages(300)[0];
        for index in 0..sheet.positions() {
            let wanted = designs::qr_area(layout, sheet.position(index));
            let found = page.ink(wanted.inset(-3.2)).expect("a QR is black");
            for (found, wanted) in [
                (found.x, wanted.x),
                (found.y, wanted.y),
                (found.right(), wanted.right()),
                (found.bottom(), wanted.bottom()),
            ] {
                assert!(
                    (found - wanted).abs() < TOLERANCE,
                    "{layout:?} {index}: {found} instead of {wanted} mm"
                );
            }
            assert!(found.width > 20.0);
        }
    }
}

#[test]
fn every_outline_of_the_test_sheet_is_where_the_table_says() {
    if nobody_can_look() {
        return;
    }
    for layout in Layout::ALL {
        let sheet = layout.sheet();
        let page = &Printed::new(&calibration(layout).unwrap()).pages(300)[0];
        let [width, height] = sheet.paper.size();
        for index in 0..sheet.positions() {
            let area = sheet.position(index);
            let row = area.y + area.height * 0.87;
            for x in [area.x, area.right()].into_iter().filter(|x| *x > 0.1 && *x < width - 0.1) {
                let found = page.ink(Area { x: x - 1.5, y: row, width: 3.0, height: 0.5 }).expect("an edge");
                assert!((found.x + found.width / 2.0 - x).abs() < TOLERANCE, "{layout:?} {index} {x}");
            }
            let column = area.x + area.width * 0.87;
            for y in [area.y, area.bottom()].into_iter().filter(|y| *y > 0.1 && *y < height - 0.1) {
                let found =
                    page.ink(Area { x: column, y: y - 1.5, width: 0.5, height: 3.0 }).expect("an edge");
                assert!((found.y + found.height / 2.0 - y).abs() < TOLERANCE, "{layout:?} {index} {y}");
            }
        }
    }
}

#[test]
fn a_part_used_sheet_is_continued() {
    if nobody_can_look() {
        return;
    }
    let layout = Layout::LabelsLetter;
    let sheet = layout.sheet();
    let pages = Printed::new(&render(&order(layout, 4, (0..9).map(pass))).unwrap()).pages(150);
    assert_eq!(pages.len(), 2);
    let used = |page: &Page| {
        (0..sheet.positions()).filter(|index| page.ink(sheet.position(*index)).is_some()).collect::<Vec<_>>()
    };
    assert_eq!(used(&pages[0]), [3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(used(&pages[1]), [0, 1]);
}

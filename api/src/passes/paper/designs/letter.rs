//! The letter for a #10 window envelope, folded in three with the address outside. Above the first fold stand the
//! sender and the address lines only; everything secret lies inside.

use super::super::{
    canvas::{Align, Canvas, Ink},
    fit::{Frame, fit},
    fonts::Style,
    layout::{ADDRESS_LINES, Area},
};

use super::{FAMILY, Place, TITLE, panel};

/// From the left and right edge of the paper, in mm; the address lines begin there too.
const MARGIN: f32 = ADDRESS_LINES.x;
/// From the top of the paper to the salutation, in mm: well below the first fold at 93.1.
const TOP: f32 = 101.0;
/// The panel ends above the second fold at 186.3.
const PANEL_Y: f32 = 141.0;

fn panel_area(area: Area) -> Area {
    let inner = area.inset(MARGIN);
    Area { y: area.y + PANEL_Y, height: panel::HEIGHT, ..inner }
}

pub(super) fn qr(area: Area) -> [f32; 2] {
    panel::qr(panel_area(area))
}

pub(super) fn draw(canvas: &mut Canvas<'_>, place: &Place<'_>) {
    let inner = place.area.inset(MARGIN);
    place.letterhead(canvas, Area { y: 14.0, height: 16.0, ..inner }, 17.0);
    canvas.bar(Area { y: 33.5, height: 0.7, ..inner }, Ink::Accent(place.community.accent));

    if let Some(addressee) = &place.pass.addressee {
        // A line begins with room for accented capitals, which need not stand within the lines' bounds.
        let mut y = ADDRESS_LINES.y - 0.4;
        for line in addressee.lines() {
            let line = fit(Style::Regular, line, Frame::new(ADDRESS_LINES.width - 2.0, 1, 9.5));
            canvas.text(&line, ADDRESS_LINES.x, y, Align::Left);
            y += ADDRESS_LINES.height / 4.0;
        }
    }

    let paragraph = |text: &str, lines| fit(Style::Regular, text, Frame::new(inner.width, lines, 11.0));
    let heading = fit(Style::Bold, "Your household is invited to join", Frame::new(inner.width, 1, 19.0));
    let mut y = canvas.text(&heading, inner.x, TOP, Align::Left) + 1.0;
    let title = fit(Style::Regular, TITLE, Frame::new(inner.width, 1, 12.0));
    y = canvas.text(&title, inner.x, y, Align::Left) + 4.0;
    if let Some(sentence) = &place.community.sentence {
        canvas.text(&paragraph(sentence.as_str(), 3), inner.x, y, Align::Left);
    }

    let area = panel_area(place.area);
    panel::draw(canvas, place, area);

    y = area.bottom() + 12.0;
    let steps = [
        "The first of your household to join becomes Head of Household. The code is then used up.",
        FAMILY,
        "Keep the code to yourselves until then: whoever has it can join in your place.",
    ];
    for step in steps {
        y = canvas.text(&paragraph(step, 2), inner.x, y, Align::Left) + 1.6;
    }
    let contact = fit(Style::Bold, &place.questions(), Frame::new(inner.width, 2, 11.0));
    canvas.text(&contact, inner.x, y + 2.4, Align::Left);
}

//! The fold-over slip: half a sheet, printed on one side, folded once. The strip at the top stays outside and says for
//! whom it is; the lower third folds up over the code.

use super::super::{
    canvas::{Align, Canvas},
    fit::{Frame, fit},
    fonts::Style,
    layout::Area,
};

use super::{FAMILY, Place, TITLE, panel};

const MARGIN: f32 = 12.0;
/// From the contact line to the lower edge, and from the fold to the words below it.
const FOOT: f32 = 8.0;
/// How much of the slip stays outside when it is folded.
const STRIP: f32 = 36.0;

/// Where the slip folds: the flap below reaches up to the strip.
pub(super) fn fold(area: Area) -> f32 {
    area.y + STRIP + (area.height - STRIP) / 2.0
}

fn panel_area(area: Area) -> Area {
    let inner = area.inset(MARGIN);
    let room = fold(area) - area.y - STRIP;
    Area { y: area.y + STRIP + (room - panel::HEIGHT) / 2.0, height: panel::HEIGHT, ..inner }
}

pub(super) fn qr(area: Area) -> [f32; 2] {
    panel::qr(panel_area(area))
}

pub(super) fn draw(canvas: &mut Canvas<'_>, place: &Place<'_>) {
    let inner = place.area.inset(MARGIN);
    let half = inner.width / 2.0 - 4.0;
    let head = Area { y: place.area.y + 9.0, width: half, height: 16.0, ..inner };
    place.letterhead(canvas, head, 15.0);
    let title = fit(Style::Regular, TITLE, Frame::new(half, 1, 8.5));
    canvas.text(&title, inner.x, head.bottom() + 2.5, Align::Left);
    let right = inner.right();
    if let Some(addressee) = &place.pass.addressee {
        let mut y = head.y + 1.0;
        for (i, line) in addressee.lines().enumerate() {
            let style = if i == 0 { Style::Bold } else { Style::Regular };
            let line = fit(style, line, Frame::new(half, 1, 11.0));
            y = canvas.text(&line, right, y, Align::Right);
        }
    }
    panel::draw(canvas, place, panel_area(place.area));

    let fold = fold(place.area);
    let steps = [
        "Scan the square with your phone, or type the code.",
        "The first of your household to join becomes Head of Household. The code is then used up.",
        FAMILY,
    ];
    let mut y = fold + FOOT - 1.0;
    if let Some(sentence) = &place.community.sentence {
        let sentence = fit(Style::Regular, sentence.as_str(), Frame::new(inner.width, 2, 10.0));
        y = canvas.text(&sentence, inner.x, y, Align::Left) + 2.0;
    }
    for (number, step) in (1..).zip(steps) {
        let number = fit(Style::Bold, &format!("{number}"), Frame::new(8.0, 1, 10.0));
        canvas.text(&number, inner.x, y, Align::Left);
        let step = fit(Style::Regular, step, Frame::new(inner.width - 6.0, 1, 10.0));
        y = canvas.text(&step, inner.x + 6.0, y, Align::Left) + 0.8;
    }
    let contact = fit(Style::Bold, &place.questions(), Frame::new(inner.width, 2, 10.0));
    canvas.text(&contact, inner.x, place.area.bottom() - FOOT - contact.height(), Align::Left);
}

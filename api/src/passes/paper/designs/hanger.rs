//! The door hanger: half a sheet, upright, with a hole for the knob. Everything is centred below it.

use super::super::{
    canvas::{Align, Canvas, Ink},
    fit::{Block, Frame, fit},
    fonts::Style,
    layout::Area,
    qr,
};

use super::{FAMILY, Place, TITLE};

const MARGIN: f32 = 10.0;
/// The hole's centre from the top edge, and its radius.
pub(super) const HOLE_Y: f32 = 38.0;
pub(super) const HOLE_RADIUS: f32 = 19.0;
const HEAD_Y: f32 = 70.0;
const QR_Y: f32 = 166.0;

pub(super) fn qr(area: Area) -> [f32; 2] {
    [area.x + (area.width - qr::SIDE) / 2.0, area.y + QR_Y]
}

pub(super) fn draw(canvas: &mut Canvas<'_>, place: &Place<'_>) {
    let inner = place.area.inset(MARGIN);
    let centre = inner.x + inner.width / 2.0;
    let set = |style, text: &str, lines, size| fit(style, text, Frame::new(inner.width, lines, size));
    let put = |canvas: &mut Canvas<'_>, block: &Block, y| canvas.text(block, centre, y, Align::Centre);

    let mut y = place.area.y + HEAD_Y;
    if let Some(logo) = &place.community.logo {
        canvas.logo(logo, Area { y, height: 16.0, ..inner }, Align::Centre);
        y += 19.0;
    }
    let name = Frame { floor: 11.0, ..Frame::new(inner.width, 2, 19.0) };
    y = put(canvas, &fit(Style::Bold, place.community.name.as_str(), name), y) + 2.5;
    let rule = Area { x: centre - 9.0, y, width: 18.0, height: 0.9 };
    canvas.bar(rule, Ink::Accent(place.community.accent));
    y += 4.0;
    y = put(canvas, &set(Style::Regular, TITLE, 2, 10.5), y) + 2.5;
    if let Some(sentence) = &place.community.sentence {
        put(canvas, &set(Style::Regular, sentence.as_str(), 3, 10.5), y);
    }

    let mut above = vec![set(Style::Regular, "Scan the square with your phone", 1, 10.5)];
    if let Some(addressee) = &place.pass.addressee {
        let lines = addressee.short();
        above.splice(0..0, lines.iter().map(|line| set(Style::Bold, line, 1, 11.0)));
    }
    y = place.area.y + QR_Y - qr::MAX_QUIET - 1.0 - above.iter().map(Block::height).sum::<f32>();
    for block in &above {
        y = put(canvas, block, y);
    }
    place.draw_qr(canvas);
    y = place.area.y + QR_Y + qr::SIDE + qr::MAX_QUIET + 2.0;
    y = put(canvas, &set(Style::Regular, "or use your access code", 1, 10.5), y) + 1.0;
    y = put(canvas, &place.code(inner.width, 24.0), y) + 1.0;
    y = put(canvas, &set(Style::Regular, &place.type_it(), 2, 10.5), y) + 4.0;
    put(canvas, &set(Style::Bold, FAMILY, 1, 10.5), y);

    let foot = [
        set(Style::Regular, &place.questions(), 2, 9.0),
        set(Style::Regular, &format!("{} · {}", place.valid_until(), place.serial()), 2, 9.0),
    ];
    y = inner.bottom() - foot.iter().map(Block::height).sum::<f32>();
    for block in &foot {
        y = put(canvas, block, y);
    }
}

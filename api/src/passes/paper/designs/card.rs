//! Cards and labels, 85 × 54 mm and up. Two columns: words on the left, the QR on the right above what changes from
//! pass to pass. Both end on the same line.

use super::super::{
    canvas::{Align, Canvas, Ink},
    fit::{Block, Frame, fit},
    fonts::Style,
    layout::Area,
    qr,
};

use super::{FAMILY, Place, TITLE};

/// From the edge of the card to any ink: printers and perforations are off by a millimetre or two.
const MARGIN: f32 = 4.5;
/// Between the rule and the code beside it.
const INDENT: f32 = 2.6;
const SMALL: f32 = 6.5;

pub(super) fn qr(area: Area) -> [f32; 2] {
    let inner = area.inset(MARGIN);
    [inner.right() - qr::SIDE, inner.y]
}

pub(super) fn draw(canvas: &mut Canvas<'_>, place: &Place<'_>) {
    let inner = place.area.inset(MARGIN);
    let [qr_x, qr_y] = qr(place.area);
    let column = Area { width: qr_x - qr::MAX_QUIET - inner.x, ..inner };
    let small = |text: &str, width, lines| fit(Style::Regular, text, Frame::new(width, lines, SMALL));

    // Set from the bottom: what may be long comes last and takes what is left.
    let foot = [small(FAMILY, column.width, 1), small(&place.questions(), column.width, 2)];
    let foot_y = column.bottom() - heights(&foot);
    let inset = column.width - INDENT;
    let mut middle: Vec<Block> = Vec::new();
    if let Some(addressee) = &place.pass.addressee {
        middle.extend(addressee.short().iter().map(|line| fit(Style::Bold, line, Frame::new(inset, 1, 7.5))));
    }
    middle.push(place.code(inset, 16.0));
    middle.push(small(&place.type_it(), inset, 3));
    let title = small(TITLE, column.width, 2);
    let name_room = foot_y - 3.4 - heights(&middle) - title.height() - column.y;

    let mut y = column.y;
    y = name(canvas, place, Area { height: name_room.min(9.4), ..column }, y);
    y = canvas.text(&title, column.x, y, Align::Left);
    debug_assert!(y + heights(&middle) <= foot_y, "the parts of a card overlap");
    let gap = (foot_y - y - heights(&middle)) / 2.0;
    y += gap;
    let bar = Area { x: column.x, y: y + 0.3, width: 0.9, height: heights(&middle) - 0.6 };
    canvas.bar(bar, Ink::Accent(place.community.accent));
    for block in &middle {
        y = canvas.text(block, column.x + INDENT, y, Align::Left);
    }
    y = foot_y;
    for block in &foot {
        y = canvas.text(block, column.x, y, Align::Left);
    }

    place.draw_qr(canvas);
    let until = fit(Style::Bold, place.pass.valid_until.as_str(), Frame::new(qr::SIDE, 1, SMALL));
    let right = [small("Valid until", qr::SIDE, 1), until, small(&place.serial(), qr::SIDE, 1)];
    y = (inner.bottom() - heights(&right)).max(qr_y + qr::SIDE + qr::MAX_QUIET);
    for block in &right {
        y = canvas.text(block, qr_x, y, Align::Left);
    }
}

/// Logo and name at the top of the column; gives back where they end.
fn name(canvas: &mut Canvas<'_>, place: &Place<'_>, room: Area, y: f32) -> f32 {
    const LOGO: f32 = 8.0;
    let (mut left, mut height) = (room.x, 0.0);
    if let Some(logo) = &place.community.logo {
        height = room.height.min(LOGO);
        left += canvas.logo(logo, Area { width: LOGO * 1.5, height, ..room }, Align::Left) + 2.0;
    }
    let frame = Frame { height: room.height, floor: 6.5, ..Frame::new(room.right() - left, 2, 10.5) };
    let name = fit(Style::Bold, place.community.name.as_str(), frame);
    let height = name.height().max(height);
    canvas.text(&name, left, y + (height - name.height()) / 2.0, Align::Left);
    y + height + if left > room.x { 0.6 } else { 0.0 }
}

fn heights(blocks: &[Block]) -> f32 {
    blocks.iter().map(Block::height).sum()
}

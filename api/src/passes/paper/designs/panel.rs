//! Code and QR side by side, framed: the heart of a letter and of a fold-over slip.

use super::super::{
    canvas::{Align, Canvas, Ink, Line},
    fit::{Block, Frame, fit},
    fonts::Style,
    layout::Area,
    qr,
};

use super::Place;

/// The panel's height. The QR with its quiet zone fills it but for the frame.
pub(super) const HEIGHT: f32 = 41.0;
/// From the frame to ink.
const MARGIN: f32 = 8.0;

const _: () =
    assert!(qr::SIDE + 2.0 * qr::MAX_QUIET < HEIGHT && qr::MAX_QUIET < MARGIN, "the frame keeps off the QR");

pub(super) fn qr(panel: Area) -> [f32; 2] {
    [panel.right() - MARGIN - qr::SIDE, panel.y + (HEIGHT - qr::SIDE) / 2.0]
}

/// Draws the panel at the top of `area`.
pub(super) fn draw(canvas: &mut Canvas<'_>, place: &Place<'_>, area: Area) {
    let panel = Area { height: HEIGHT, ..area };
    let accent = Ink::Accent(place.community.accent);
    canvas.outline(panel, Line::Solid(0.3), accent);
    canvas.bar(Area { width: 1.6, ..panel }, accent);
    let left = panel.x + MARGIN;
    let width = qr(panel)[0] - qr::MAX_QUIET - left;
    let blocks = [
        fit(
            Style::Regular,
            "Scan the square with your phone, or use your access code:",
            Frame::new(width, 2, 9.5),
        ),
        place.code(width, 26.0),
        fit(Style::Regular, &place.type_it(), Frame::new(width, 2, 11.0)),
        fit(
            Style::Regular,
            &format!("{} · {}", place.valid_until(), place.serial()),
            Frame::new(width, 2, 8.5),
        ),
    ];
    let gaps = [1.2, 1.2, 2.4, 0.0];
    let height: f32 = blocks.iter().map(Block::height).sum::<f32>() + gaps.iter().sum::<f32>();
    let mut y = panel.y + (HEIGHT - height) / 2.0;
    for (block, gap) in blocks.iter().zip(gaps) {
        y = canvas.text(block, left, y, Align::Left) + gap;
    }
    place.draw_qr(canvas);
}

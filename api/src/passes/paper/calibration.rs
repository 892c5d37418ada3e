//! The test sheet: outlines of every position and two rulers, no pass. Held against the light behind a sheet of labels
//! it shows how far a printer is off.

use super::{
    canvas::{Align, Canvas, Ink, Line},
    designs,
    document::Pages,
    error::Error,
    fit::{Frame, fit},
    fonts::Style,
    layout::{Layout, WINDOW},
};

const HAIR: f32 = 0.2;
/// Where the rulers begin, and how long they are, in mm.
const RULER: [f32; 2] = [10.0, 8.0];
const LENGTH: u8 = 100;

/// Renders the test sheet of a layout as a PDF. The same layout always gives the same bytes.
///
/// # Errors
/// Only where there is a defect in here.
pub fn calibration(layout: Layout) -> Result<Vec<u8>, Error> {
    let mut pages = Pages::new(layout);
    pages.draw(|canvas, tags| {
        designs::marks(canvas, layout);
        outlines(canvas, layout);
        rulers(canvas);
        tags.push(canvas.end_section());
    })?;
    pages.finish(say!("passes-test-name"))
}

fn outlines(canvas: &mut Canvas<'_>, layout: Layout) {
    let sheet = layout.sheet();
    for index in 0..sheet.positions() {
        let area = sheet.position(index);
        canvas.outline(area, Line::Solid(HAIR), Ink::Black);
        let centre = area.x + area.width / 2.0;
        let width = area.width.min(110.0) - 20.0;
        let blocks = [
            fit(Style::Bold, &format!("{}", index + 1), Frame::new(width, 1, 20.0)),
            fit(Style::Regular, layout.name(), Frame::new(width, 2, 8.0)),
            fit(
                Style::Regular,
                if index == 0 { say!("passes-test-how") } else { "" },
                Frame::new(width, 5, 7.0),
            ),
        ];
        let mut y = area.y + area.height / 2.0 - 12.0;
        for block in blocks.iter().filter(|block| !block.lines.is_empty()) {
            y = canvas.text(block, centre, y, Align::Centre) + 1.0;
        }
    }
    if layout == Layout::WindowLetter {
        canvas.outline(WINDOW, Line::Dashed(HAIR), Ink::Black);
    }
}

/// A ruler to the right, and one downwards from the same point, with a tick for every millimetre.
fn rulers(canvas: &mut Canvas<'_>) {
    let [x, y] = RULER;
    let end = f32::from(LENGTH);
    canvas.line([x, y], [x + end, y], Line::Solid(HAIR), Ink::Black);
    canvas.line([x, y], [x, y + end], Line::Solid(HAIR), Ink::Black);
    for mm in 0..=LENGTH {
        let at = f32::from(mm);
        let tick = match mm {
            _ if mm.is_multiple_of(10) => 3.2,
            _ if mm.is_multiple_of(5) => 2.2,
            _ => 1.4,
        };
        canvas.line([x + at, y], [x + at, y + tick], Line::Solid(HAIR), Ink::Black);
        canvas.line([x, y + at], [x + tick, y + at], Line::Solid(HAIR), Ink::Black);
    }
    let word = fit(Style::Regular, "100 mm", Frame::new(20.0, 1, 7.0));
    canvas.text(&word, x + end + 1.5, y - 1.0, Align::Left);
    canvas.text(&word, x + 4.0, y + end - 1.5, Align::Left);
}

//! Where to cut (dashes across the sheet) and where to fold (short marks at its edges). Sheets that are cut already have
//! none.

use super::super::{
    canvas::{Align, Canvas, Ink, Line},
    fit::{Frame, fit},
    fonts::Style,
    layout::{Area, Layout},
};

use super::{fold_over, hanger};

const HAIR: f32 = 0.2;
/// How far a mark reaches into the paper; printers leave out the first four millimetres or so.
const REACH: f32 = 10.0;

/// Draws the marks of a page, as one section of their own.
pub(in super::super) fn marks(canvas: &mut Canvas<'_>, layout: Layout) {
    let sheet = layout.sheet();
    let [width, height] = sheet.paper.size();
    match layout {
        Layout::CardsLetter | Layout::CardsA4 | Layout::LabelsLetter => {}
        Layout::WindowLetter => {
            for third in [height / 3.0, height * 2.0 / 3.0] {
                fold(canvas, third, width);
            }
        }
        Layout::DoorHangerLetter | Layout::DoorHangerA4 => {
            let middle = width / 2.0;
            canvas.line([middle, 0.0], [middle, height], Line::Dashed(HAIR), Ink::Grey);
            for position in 0..sheet.positions() {
                hole(canvas, sheet.position(position));
            }
        }
        Layout::FoldOverLetter | Layout::FoldOverA4 => {
            let middle = height / 2.0;
            canvas.line([0.0, middle], [width, middle], Line::Dashed(HAIR), Ink::Grey);
            for position in 0..sheet.positions() {
                fold(canvas, fold_over::fold(sheet.position(position)), width);
            }
        }
    }
}

/// A short mark at either edge, with the word.
fn fold(canvas: &mut Canvas<'_>, y: f32, width: f32) {
    for (from, to) in [(0.0, REACH), (width - REACH, width)] {
        canvas.line([from, y], [to, y], Line::Solid(HAIR), Ink::Grey);
    }
    let word = fit(Style::Regular, "fold", Frame::new(10.0, 1, 6.0));
    canvas.artifact_text(&word, REACH + 1.0, y - word.height() / 2.0, Align::Left);
}

/// The hole for the knob, with a slit to the right edge of the hanger.
fn hole(canvas: &mut Canvas<'_>, area: Area) {
    let centre = [area.x + area.width / 2.0, area.y + hanger::HOLE_Y];
    canvas.circle(centre, hanger::HOLE_RADIUS, Line::Dashed(HAIR), Ink::Grey);
    let slit = [centre[0] + hanger::HOLE_RADIUS, centre[1]];
    canvas.line(slit, [area.right(), centre[1]], Line::Dashed(HAIR), Ink::Grey);
    let word = fit(Style::Regular, "cut out", Frame::new(30.0, 1, 7.0));
    canvas.artifact_text(&word, centre[0], centre[1] - word.height() / 2.0, Align::Centre);
}

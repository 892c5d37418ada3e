//! What is drawn on a position. Each design stays within its area; measures are in mm, sizes of type in points.

use super::{
    canvas::{Align, Canvas},
    fit::{Block, Frame, fit},
    fonts::Style,
    layout::{Area, Layout},
    order::{Community, Pass},
    qr,
};

mod card;
mod fold_over;
mod hanger;
mod letter;
mod marks;
mod panel;

pub(super) use marks::marks;

/// What every pass says.
const TITLE: &str = "Access pass: one per household, single use";
const FAMILY: &str = "Add your family after joining.";

/// A pass and where it goes.
pub(super) struct Place<'a> {
    pub(super) community: &'a Community,
    pub(super) pass: &'a Pass,
    pub(super) layout: Layout,
    pub(super) area: Area,
}

/// Draws a pass.
pub(super) fn draw(canvas: &mut Canvas<'_>, place: &Place<'_>) {
    match place.layout {
        Layout::CardsLetter | Layout::CardsA4 | Layout::LabelsLetter => card::draw(canvas, place),
        Layout::WindowLetter => letter::draw(canvas, place),
        Layout::DoorHangerLetter | Layout::DoorHangerA4 => hanger::draw(canvas, place),
        Layout::FoldOverLetter | Layout::FoldOverA4 => fold_over::draw(canvas, place),
    }
}

/// Where the QR of a pass lies, without its quiet zone, in a position of a layout.
pub(super) fn qr_area(layout: Layout, area: Area) -> Area {
    let [x, y] = match layout {
        Layout::CardsLetter | Layout::CardsA4 | Layout::LabelsLetter => card::qr(area),
        Layout::WindowLetter => letter::qr(area),
        Layout::DoorHangerLetter | Layout::DoorHangerA4 => hanger::qr(area),
        Layout::FoldOverLetter | Layout::FoldOverA4 => fold_over::qr(area),
    };
    Area { x, y, width: qr::SIDE, height: qr::SIDE }
}

impl Place<'_> {
    fn draw_qr(&self, canvas: &mut Canvas<'_>) {
        let Area { x, y, .. } = qr_area(self.layout, self.area);
        canvas.qr(&self.pass.link, x, y);
    }

    fn valid_until(&self) -> String {
        format!("Valid until {}", self.pass.valid_until.as_str())
    }

    fn serial(&self) -> String {
        format!("No. {}", self.pass.serial.as_str())
    }

    fn type_it(&self) -> String {
        format!("or type it at {}", self.community.address.as_str())
    }

    fn questions(&self) -> String {
        format!("Questions? {}", self.community.contact.as_str())
    }

    /// The code at the greatest whole size that fits, never under 13 pt.
    fn code(&self, width: f32, size: f32) -> Block {
        const LEAST: f32 = 13.0;
        fit(Style::Mono, self.pass.code.as_str(), Frame { floor: LEAST, ..Frame::new(width, 1, size) })
    }

    /// Logo and name, side by side, in a strip. Gives back where the strip ends.
    fn letterhead(&self, canvas: &mut Canvas<'_>, strip: Area, size: f32) {
        let mut left = strip.x;
        if let Some(logo) = &self.community.logo {
            let room = Area { width: strip.height * 2.0, ..strip };
            left += canvas.logo(logo, room, Align::Left) + strip.height * 0.22;
        }
        let frame = Frame { height: strip.height, ..Frame::new(strip.right() - left, 2, size) };
        let name = fit(Style::Bold, self.community.name.as_str(), Frame { floor: size * 0.6, ..frame });
        canvas.text(&name, left, strip.y + (strip.height - name.height()) / 2.0, Align::Left);
    }
}

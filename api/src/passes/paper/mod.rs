//! Access passes on paper: an order goes in, a PDF comes out. Pure: no clock, no randomness, no file, no network.
//!
//! * [`words`] and [`logo`] are the door: what cannot be printed is refused there. [`order`] puts them together.
//! * [`layout`] is the table of sheets, [`designs`] what is drawn on one position, [`document`] walks the positions.
//! * [`canvas`] is the only file that draws, [`fonts`] and [`fit`] the only ones that measure text.
//! * What is promised: the same order gives the same bytes; no ink leaves its position; a QR is 25 mm with its quiet
//!   zone; nothing personal stands in the document's metadata or in an error.
//!
//! To add a layout: a variant and its word in [`layout`], a row in its table, an arm in [`designs`].

mod calibration;
mod canvas;
mod designs;
mod document;
mod error;
mod fit;
mod fonts;
pub mod layout;
pub mod logo;
pub mod order;
mod qr;
#[cfg(test)]
mod tests;
pub mod words;

pub use calibration::calibration;
pub use document::render;
pub use error::Error;
pub use layout::Layout;
pub use logo::Logo;
pub use order::{Addressee, Community, Order, Pass};
pub use words::{Accent, Code, Link, ShortAddress, Text};

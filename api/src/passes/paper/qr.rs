//! A link as a QR code: level Q, alphanumeric mode, 25 mm.

use qrcodegen::{QrCode, QrCodeEcc, QrSegment, Version};

use super::layout::Area;

/// The side of the symbol without its quiet zone, in millimetres, the same on every layout; PRODUCT.md asks for 25 and
/// never under 20.
pub(super) const SIDE: f32 = 25.0;
/// The quiet zone, in modules.
pub(super) const QUIET: f32 = 4.0;
/// The largest quiet zone, in millimetres: that of a version 2 symbol. A link of the shortest host needs no less.
pub(super) const MAX_QUIET: f32 = QUIET * SIDE / 25.0;
/// The most characters of a link. Version 8 at level Q holds them, with modules of 0.51 mm, which a phone still reads at
/// arm's length; one version more would bring them below half a millimetre.
pub(super) const MAX_LINK: usize = 157;

/// Version 2, so that the quiet zone never grows beyond [`MAX_QUIET`].
const SMALLEST: u8 = 2;
const LARGEST: u8 = 8;

/// The dark parts of a link's QR within `area`, as few rectangles as are easily found. They are to be filled as one
/// path: no seam can show between parts of one path.
pub(super) fn dark(link: &super::words::Link, area: Area) -> Vec<Area> {
    let segments = [QrSegment::make_alphanumeric(link.as_str())];
    let (smallest, largest) = (Version::new(SMALLEST), Version::new(LARGEST));
    let qr = QrCode::encode_segments_advanced(&segments, QrCodeEcc::Quartile, smallest, largest, None, false)
        .expect("a link's length is checked where it is parsed");
    let modules = u8::try_from(qr.size()).expect("a symbol of version 8 has 49 modules");
    let at = |edge: u8| f32::from(edge) * area.width / f32::from(modules);
    rectangles(modules, |column, row| qr.get_module(column.into(), row.into()))
        .into_iter()
        .map(|[left, top, right, bottom]| Area {
            x: area.x + at(left),
            y: area.y + at(top),
            width: at(right) - at(left),
            height: at(bottom) - at(top),
        })
        .collect()
}

/// Covers the dark modules: runs within a row, grown downwards while the rows below have the same run. Left, top, right
/// and bottom edges in modules.
fn rectangles(modules: u8, is_dark: impl Fn(u8, u8) -> bool) -> Vec<[u8; 4]> {
    let mut done: Vec<[u8; 4]> = Vec::new();
    for row in 0..modules {
        let mut column = 0;
        while column < modules {
            let start = column;
            while column < modules && is_dark(column, row) {
                column += 1;
            }
            if column == start {
                column += 1;
            } else if let Some(above) = done
                .iter_mut()
                .find(|[left, _, right, bottom]| [*left, *right, *bottom] == [start, column, row])
            {
                above[3] += 1;
            } else {
                done.push([start, row, column, row + 1]);
            }
        }
    }
    done
}

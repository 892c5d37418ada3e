//! The sheets: which there are, and where their positions lie.
//!
//! Everything is in millimetres from the upper left corner of the paper. The figures are the table under *Printed passes*
//! in PRODUCT.md; a figure given there in inches stands here in inches.

use std::str::FromStr;

use super::error::Error;

/// Millimetres in an inch.
const INCH: f32 = 25.4;

/// How passes lie on paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "pass_layout", rename_all = "snake_case")]
pub enum Layout {
    /// Cards, US Letter, 10-up (Avery 5371 and 8371).
    CardsLetter,
    /// Cards, A4, 10-up (C32011).
    CardsA4,
    /// Labels, US Letter, 10-up (Avery 5163).
    LabelsLetter,
    /// A letter for a #10 envelope with a window.
    WindowLetter,
    /// Door hangers, two on US Letter.
    DoorHangerLetter,
    /// Door hangers, two on A4.
    DoorHangerA4,
    /// Slips that fold over their code, two on US Letter.
    FoldOverLetter,
    /// Slips that fold over their code, two on A4.
    FoldOverA4,
}

/// A sheet of equal positions, in reading order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sheet {
    /// What it is printed on.
    pub paper: Paper,
    /// How many positions stand side by side.
    pub columns: u32,
    /// How many stand one below the other.
    pub rows: u32,
    /// Upper left corner of the first position, x and y in mm.
    pub origin: [f32; 2],
    /// From one position to its right and lower neighbour, in mm.
    pub pitch: [f32; 2],
    /// Width and height of a position in mm.
    pub size: [f32; 2],
}

/// A size of paper, upright.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paper {
    /// 8.5 × 11 in.
    Letter,
    /// 210 × 297 mm.
    A4,
}

/// A rectangle on a page, in mm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// From left to right.
    pub width: f32,
    /// From top to bottom.
    pub height: f32,
}

const LETTER: [f32; 2] = [8.5 * INCH, 11.0 * INCH];
const A4: [f32; 2] = [210.0, 297.0];

/// The address lines of the letter: x 1.0 in, y 2.55–3.12 in, up to the window's right edge.
pub const ADDRESS_LINES: Area = inches(1.0, 2.55, 4.375, 3.12);
/// What may show through the window however the letter slides: nothing but address lines.
pub const WINDOW: Area = inches(0.875, 2.50, 4.375, 3.17);

/// Word and geometry of each layout, in the order of the variants.
const TABLE: [(Layout, &str, Sheet); 8] = {
    [
        (
            Layout::CardsLetter,
            "cards_letter",
            Sheet {
                paper: Paper::Letter,
                columns: 2,
                rows: 5,
                origin: [0.75 * INCH, 0.5 * INCH],
                pitch: [3.5 * INCH, 2.0 * INCH],
                size: [3.5 * INCH, 2.0 * INCH],
            },
        ),
        (
            Layout::CardsA4,
            "cards_a4",
            Sheet {
                paper: Paper::A4,
                columns: 2,
                rows: 5,
                origin: [15.0, 13.5],
                pitch: [95.0, 54.0],
                size: [85.0, 54.0],
            },
        ),
        (
            Layout::LabelsLetter,
            "labels_letter",
            Sheet {
                paper: Paper::Letter,
                columns: 2,
                rows: 5,
                origin: [0.1625 * INCH, 0.5 * INCH],
                pitch: [4.1875 * INCH, 2.0 * INCH],
                size: [4.0 * INCH, 2.0 * INCH],
            },
        ),
        (Layout::WindowLetter, "window_letter", parts(Paper::Letter, 1, 1)),
        (Layout::DoorHangerLetter, "door_hanger_letter", parts(Paper::Letter, 2, 1)),
        (Layout::DoorHangerA4, "door_hanger_a4", parts(Paper::A4, 2, 1)),
        (Layout::FoldOverLetter, "fold_over_letter", parts(Paper::Letter, 1, 2)),
        (Layout::FoldOverA4, "fold_over_a4", parts(Paper::A4, 1, 2)),
    ]
};

/// A whole sheet, cut into equal parts without a margin.
#[expect(clippy::cast_precision_loss, reason = "one or two")]
const fn parts(paper: Paper, columns: u32, rows: u32) -> Sheet {
    let [width, height] = paper.size();
    let size = [width / columns as f32, height / rows as f32];
    Sheet { paper, columns, rows, origin: [0.0, 0.0], pitch: size, size }
}

const fn inches(left: f32, top: f32, right: f32, bottom: f32) -> Area {
    Area { x: left * INCH, y: top * INCH, width: (right - left) * INCH, height: (bottom - top) * INCH }
}

impl Layout {
    /// Every layout.
    pub const ALL: [Self; TABLE.len()] = {
        let mut all = [Self::CardsLetter; TABLE.len()];
        let mut i = 0;
        while i < all.len() {
            all[i] = TABLE[i].0;
            i += 1;
        }
        all
    };

    /// The word that stands for it outside; it never changes.
    #[must_use]
    pub const fn word(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// Its name for people, with the products that fit.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CardsLetter => say!("passes-layout-cards-letter"),
            Self::CardsA4 => say!("passes-layout-cards-a4"),
            Self::LabelsLetter => say!("passes-layout-labels-letter"),
            Self::WindowLetter => say!("passes-layout-window-letter"),
            Self::DoorHangerLetter => say!("passes-layout-door-hanger-letter"),
            Self::DoorHangerA4 => say!("passes-layout-door-hanger-a4"),
            Self::FoldOverLetter => say!("passes-layout-fold-over-letter"),
            Self::FoldOverA4 => say!("passes-layout-fold-over-a4"),
        }
    }

    /// Its geometry.
    #[must_use]
    pub const fn sheet(self) -> Sheet {
        TABLE[self as usize].2
    }
}

impl serde::Serialize for Layout {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl FromStr for Layout {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|layout| layout.word() == word).ok_or(Error::Layout)
    }
}

impl Paper {
    /// Width and height in mm.
    #[must_use]
    pub const fn size(self) -> [f32; 2] {
        match self {
            Self::Letter => LETTER,
            Self::A4 => A4,
        }
    }
}

impl Sheet {
    /// How many passes it holds.
    #[must_use]
    pub const fn positions(&self) -> u32 {
        self.columns * self.rows
    }

    /// Where a position lies; counted from 0, row by row.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "at most ten")]
    pub fn position(&self, index: u32) -> Area {
        let (column, row) = (index % self.columns, index / self.columns);
        Area {
            x: self.origin[0] + column as f32 * self.pitch[0],
            y: self.origin[1] + row as f32 * self.pitch[1],
            width: self.size[0],
            height: self.size[1],
        }
    }
}

impl Area {
    /// Its right edge.
    #[must_use]
    pub fn right(&self) -> f32 {
        self.x + self.width
    }

    /// Its lower edge.
    #[must_use]
    pub fn bottom(&self) -> f32 {
        self.y + self.height
    }

    /// Smaller by `margin` on each side.
    #[must_use]
    pub fn inset(&self, margin: f32) -> Self {
        Self {
            x: self.x + margin,
            y: self.y + margin,
            width: self.width - 2.0 * margin,
            height: self.height - 2.0 * margin,
        }
    }
}

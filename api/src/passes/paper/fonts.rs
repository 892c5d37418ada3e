//! The three faces of print, and the shaping of text in them.
//!
//! Noto Sans (SIL Open Font License 1.1) for words, Hack (MIT and Bitstream Vera licences) for codes. Both come from
//! crates; only the glyphs that are used go into a PDF.

use std::sync::LazyLock;

use krilla::text::{Font, GlyphId, KrillaGlyph};
use rustybuzz::UnicodeBuffer;

/// A face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Regular,
    Bold,
    Mono,
}

/// A line of shaped text, measured in ems: the size in points makes points of it.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) text: String,
    pub(super) glyphs: Vec<KrillaGlyph>,
    pub(super) width: f32,
}

struct Face {
    font: Font,
    shaper: rustybuzz::Face<'static>,
}

static FACES: LazyLock<[Face; 3]> = LazyLock::new(|| {
    [notosans::REGULAR_TTF, notosans::BOLD_TTF, epaint_default_fonts::HACK_REGULAR].map(|file| Face {
        font: Font::new(file.into(), 0).expect("a font of the distribution can be read"),
        shaper: rustybuzz::Face::from_slice(file, 0).expect("a font of the distribution can be read"),
    })
});

/// Whether words can hold a character, in regular and in bold.
pub(super) fn have(c: char) -> bool {
    [Style::Regular, Style::Bold].iter().all(|style| style.face().shaper.glyph_index(c).is_some())
}

impl Style {
    fn face(self) -> &'static Face {
        &FACES[self as usize]
    }

    pub(super) fn font(self) -> Font {
        self.face().font.clone()
    }

    /// Shapes a line that runs from left to right.
    #[expect(clippy::cast_precision_loss, reason = "font units are small")]
    pub(super) fn shape(self, text: String) -> Run {
        let face = &self.face().shaper;
        let em = face.units_per_em() as f32;
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(&text);
        buffer.guess_segment_properties();
        buffer.set_direction(rustybuzz::Direction::LeftToRight);
        let shaped = rustybuzz::shape(face, &[], buffer);
        let (infos, positions) = (shaped.glyph_infos(), shaped.glyph_positions());
        let ems = |units: i32| units as f32 / em;
        let glyphs: Vec<KrillaGlyph> = (0..shaped.len())
            .map(|i| {
                let (info, position) = (infos[i], positions[i]);
                let next =
                    infos[i..].iter().map(|later| later.cluster).find(|cluster| *cluster != info.cluster);
                KrillaGlyph::new(
                    GlyphId::new(info.glyph_id),
                    ems(position.x_advance),
                    ems(position.x_offset),
                    ems(position.y_offset),
                    ems(position.y_advance),
                    info.cluster as usize..next.map_or(text.len(), |next| next as usize),
                    None,
                )
            })
            .collect();
        let width = glyphs.iter().map(|glyph| glyph.x_advance).sum();
        Run { text, glyphs, width }
    }
}

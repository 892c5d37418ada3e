//! Drawing on a page, in millimetres from its upper left corner.
//!
//! Text and QR codes are tagged, so that a screen reader finds each pass as a section with its paragraphs in the order
//! they were drawn; lines and fills are marked as artifacts.

use krilla::{
    color::{luma, rgb},
    geom::{PathBuilder, Point, Rect, Size, Transform},
    paint::{Fill, FillRule, LineCap, Paint, Stroke, StrokeDash},
    surface::Surface,
    tagging::{Artifact, ArtifactType, ContentTag, SpanTag, Tag, TagGroup},
};

use super::{
    fit::{ASCENT, Block, POINT},
    fonts::Run,
    layout::Area,
    logo::Logo,
    qr,
    words::{Accent, Link},
};

/// What is drawn with. Text and QR codes are always black.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ink {
    Black,
    Grey,
    Accent(Accent),
}

/// Where a block hangs from its x.
#[derive(Clone, Copy, Debug)]
pub(super) enum Align {
    Left,
    Centre,
    Right,
}

/// How a line is drawn; widths in mm.
#[derive(Clone, Copy, Debug)]
pub(super) enum Line {
    Solid(f32),
    Dashed(f32),
}

/// A page, and the section of it that is being drawn.
pub(super) struct Canvas<'a> {
    surface: Surface<'a>,
    section: TagGroup,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(surface: Surface<'a>) -> Self {
        Self { surface, section: TagGroup::new(Tag::Section) }
    }

    /// Ends a section, for the document's structure.
    pub(super) fn end_section(&mut self) -> TagGroup {
        std::mem::replace(&mut self.section, TagGroup::new(Tag::Section))
    }

    pub(super) fn finish(self) {
        self.surface.finish();
    }

    /// Draws a block whose first line begins at `y`; gives back where the next may begin.
    pub(super) fn text(&mut self, block: &Block, x: f32, y: f32, align: Align) -> f32 {
        let mut paragraph = TagGroup::new(Tag::P);
        for (line, start) in starts(block, x, y, align) {
            paragraph.push(self.surface.start_tagged(ContentTag::Span(SpanTag::empty())));
            self.glyphs(block, line, start, Ink::Black);
            self.surface.end_tagged();
        }
        self.section.push(paragraph);
        y + block.height()
    }

    /// Grey text that belongs to the sheet and not to a pass.
    pub(super) fn artifact_text(&mut self, block: &Block, x: f32, y: f32, align: Align) {
        self.artifact(|canvas| {
            for (line, start) in starts(block, x, y, align) {
                canvas.glyphs(block, line, start, Ink::Grey);
            }
        });
    }

    fn glyphs(&mut self, block: &Block, line: &Run, start: Point, ink: Ink) {
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(fill(ink)));
        self.surface.draw_glyphs(start, &line.glyphs, block.style.font(), &line.text, block.size, false);
    }

    /// A link as a QR.
    pub(super) fn qr(&mut self, link: &Link, x: f32, y: f32) {
        let mut path = PathBuilder::new();
        for part in qr::dark(link, Area { x, y, width: qr::SIDE, height: qr::SIDE }) {
            path.push_rect(rect(part));
        }
        let id = self.surface.start_tagged(ContentTag::Other);
        self.fill_path(path, Ink::Black);
        self.surface.end_tagged();
        let alternative = "QR code that opens the page to join";
        self.section
            .push(TagGroup::with_children(Tag::Figure(Some(alternative.to_owned())), vec![id.into()]));
    }

    /// A logo as large as it can be within `area`, at its left, in the middle of its height. Gives back its width.
    pub(super) fn logo(&mut self, logo: &Logo, area: Area, align: Align) -> f32 {
        let aspect = logo.aspect();
        let width = area.width.min(area.height * aspect);
        let height = width / aspect;
        let x = match align {
            Align::Left => area.x,
            Align::Centre => area.x + (area.width - width) / 2.0,
            Align::Right => area.right() - width,
        };
        let y = area.y + (area.height - height) / 2.0;
        // The community's name stands beside it, so a screen reader need not hear of it.
        self.artifact(|canvas| {
            canvas.surface.push_transform(&Transform::from_translate(x * POINT, y * POINT));
            if let Some(size) = Size::from_wh(width * POINT, height * POINT) {
                canvas.surface.draw_image(logo.image().clone(), size);
            }
            canvas.surface.pop();
        });
        width
    }

    /// A filled rectangle.
    pub(super) fn bar(&mut self, area: Area, ink: Ink) {
        let mut path = PathBuilder::new();
        path.push_rect(rect(area));
        self.artifact(|canvas| canvas.fill_path(path, ink));
    }

    /// The outline of a rectangle, its line centred on the edge.
    pub(super) fn outline(&mut self, area: Area, line: Line, ink: Ink) {
        let mut path = PathBuilder::new();
        path.push_rect(rect(area));
        self.artifact(|canvas| canvas.stroke_path(path, line, ink));
    }

    /// A straight line.
    pub(super) fn line(&mut self, from: [f32; 2], to: [f32; 2], line: Line, ink: Ink) {
        let mut path = PathBuilder::new();
        path.move_to(from[0] * POINT, from[1] * POINT);
        path.line_to(to[0] * POINT, to[1] * POINT);
        self.artifact(|canvas| canvas.stroke_path(path, line, ink));
    }

    /// The outline of a circle.
    pub(super) fn circle(&mut self, centre: [f32; 2], radius: f32, line: Line, ink: Ink) {
        // Where the handles of four Bézier curves must lie to come within 0.03 % of a circle.
        const HANDLE: f32 = 0.552_285;
        let at = |(x, y): (f32, f32)| ((centre[0] + x * radius) * POINT, (centre[1] + y * radius) * POINT);
        let mut path = PathBuilder::new();
        let (mut from_x, mut from_y) = (1.0_f32, 0.0_f32);
        let (x, y) = at((from_x, from_y));
        path.move_to(x, y);
        for _ in 0..4 {
            // A quarter turn.
            let (to_x, to_y) = (-from_y, from_x);
            let (x1, y1) = at((from_x + HANDLE * to_x, from_y + HANDLE * to_y));
            let (x2, y2) = at((to_x + HANDLE * from_x, to_y + HANDLE * from_y));
            let (x, y) = at((to_x, to_y));
            path.cubic_to(x1, y1, x2, y2, x, y);
            (from_x, from_y) = (to_x, to_y);
        }
        path.close();
        self.artifact(|canvas| canvas.stroke_path(path, line, ink));
    }

    fn artifact(&mut self, draw: impl FnOnce(&mut Self)) {
        self.surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Other)));
        draw(self);
        self.surface.end_tagged();
    }

    fn fill_path(&mut self, path: PathBuilder, ink: Ink) {
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(fill(ink)));
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }

    fn stroke_path(&mut self, path: PathBuilder, line: Line, ink: Ink) {
        let (width, dash) = match line {
            Line::Solid(width) => (width, None),
            Line::Dashed(width) => {
                (width, Some(StrokeDash { array: vec![1.5 * POINT, 1.5 * POINT], offset: 0.0 }))
            }
        };
        let paint = colour(ink);
        self.surface.set_fill(None);
        self.surface.set_stroke(Some(Stroke {
            paint,
            width: width * POINT,
            line_cap: LineCap::Butt,
            dash,
            ..Stroke::default()
        }));
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }
}

/// Each line of a block with the point where its baseline begins.
fn starts(block: &Block, x: f32, y: f32, align: Align) -> impl Iterator<Item = (&Run, Point)> {
    let baselines =
        (0_u8..).map(move |i| y * POINT + ASCENT * block.size + f32::from(i) * block.leading() * POINT);
    block.lines.iter().zip(baselines).map(move |(line, baseline)| {
        let width = line.width * block.size;
        let before = match align {
            Align::Left => 0.0,
            Align::Centre => width / 2.0,
            Align::Right => width,
        };
        (line, Point::from_xy(x * POINT - before, baseline))
    })
}

fn rect(area: Area) -> Rect {
    Rect::from_xywh(area.x * POINT, area.y * POINT, area.width * POINT, area.height * POINT)
        .expect("an area has a width and a height")
}

fn fill(ink: Ink) -> Fill {
    Fill { paint: colour(ink), rule: FillRule::NonZero, ..Fill::default() }
}

fn colour(ink: Ink) -> Paint {
    match ink {
        Ink::Black => luma::Color::black().into(),
        Ink::Grey => luma::Color::new(150).into(),
        Ink::Accent(Accent([red, green, blue])) => rgb::Color::new(red, green, blue).into(),
    }
}

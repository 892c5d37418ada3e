//! Text that fits its place: it wraps, then shrinks to a floor, then is elided.

use super::fonts::{Run, Style};

/// Points in a millimetre.
pub(super) const POINT: f32 = 72.0 / 25.4;
/// From one line to the next, in ems.
const LEADING: f32 = 1.25;
/// From the top of a line to its baseline, in ems: an accented capital of Noto Sans.
pub(super) const ASCENT: f32 = 0.98;
const ELLIPSIS: char = '…';

/// How much room a text has, and how it may fill it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// In mm.
    pub(super) width: f32,
    /// In mm; one line is set even where there is less.
    pub(super) height: f32,
    /// At most so many lines.
    pub(super) lines: usize,
    /// The size that is wished for, in points.
    pub(super) size: f32,
    /// The smallest size, in points.
    pub(super) floor: f32,
}

impl Frame {
    /// Room for `lines` lines of `size` points, with a floor at three quarters of it.
    pub(super) fn new(width: f32, lines: usize, size: f32) -> Self {
        Self { width, height: f32::INFINITY, lines, size, floor: size * 0.75 }
    }
}

/// Text that was fitted.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) style: Style,
    /// In points.
    pub(super) size: f32,
    pub(super) lines: Vec<Run>,
}

impl Block {
    /// From one line to the next, in mm.
    pub(super) fn leading(&self) -> f32 {
        leading(self.size)
    }

    /// In mm.
    #[expect(clippy::cast_precision_loss, reason = "a few lines")]
    pub(super) fn height(&self) -> f32 {
        self.leading() * self.lines.len() as f32
    }
}

fn leading(size: f32) -> f32 {
    size * LEADING / POINT
}

/// Sets a text into a frame, at the greatest size at which it fits.
pub(super) fn fit(style: Style, text: &str, frame: Frame) -> Block {
    let words: Vec<Word<'_>> =
        text.split(' ').filter(|word| !word.is_empty()).map(|word| Word::new(style, word)).collect();
    let mut size = frame.size;
    loop {
        let allowed = allowed(frame, size);
        // A hair less than there is: the width of a shaped line may differ from the sum of its words by its kerning.
        let width = (frame.width * POINT - 0.5) / size;
        let is_floor = size <= frame.floor;
        if let Some(mut lines) = wrap(style, &words, width, is_floor)
            && (lines.len() <= allowed || is_floor)
        {
            if lines.len() > allowed {
                lines.truncate(allowed);
                if let Some(last) = lines.last_mut() {
                    *last = elided(style, last, width);
                }
            }
            let lines = lines.into_iter().map(|line| style.shape(line)).collect();
            return Block { style, size, lines };
        }
        size = (size - 0.25).max(frame.floor);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive, and bounded by `lines`"
)]
fn allowed(frame: Frame, size: f32) -> usize {
    ((frame.height / leading(size) + 0.01) as usize).clamp(1, frame.lines)
}

/// A word with its width in ems, and its parts where it may be broken if it is too wide for a line.
struct Word<'a> {
    text: &'a str,
    width: f32,
}

impl<'a> Word<'a> {
    fn new(style: Style, text: &'a str) -> Self {
        Self { text, width: style.shape(text.to_owned()).width }
    }

    /// Parts that end after a mark of an address.
    fn parts(&self, style: Style) -> Vec<Self> {
        self.text.split_inclusive(['.', '/', '-', '@']).map(|part| Word::new(style, part)).collect()
    }

    fn characters(&self, style: Style) -> Vec<Self> {
        self.text.split_inclusive(|_| true).map(|part| Word::new(style, part)).collect()
    }
}

/// Breaks into lines of at most `width` ems. A word wider than a line is broken after marks, or, if `anywhere`, between
/// any two characters; none where that is not enough.
fn wrap(style: Style, words: &[Word<'_>], width: f32, anywhere: bool) -> Option<Vec<String>> {
    let space = style.shape(" ".to_owned()).width;
    let mut lines = Lines { done: Vec::new(), room: 0.0, width };
    for word in words {
        if word.width <= width {
            lines.put(word, space);
            continue;
        }
        for (i, part) in word.parts(style).iter().enumerate() {
            let gap = if i == 0 { space } else { 0.0 };
            if part.width <= width {
                lines.put(part, gap);
            } else if anywhere {
                for (j, character) in part.characters(style).iter().enumerate() {
                    lines.put(character, if j == 0 { gap } else { 0.0 });
                }
            } else {
                return None;
            }
        }
    }
    Some(lines.done)
}

struct Lines {
    done: Vec<String>,
    room: f32,
    width: f32,
}

impl Lines {
    /// Puts a word onto the line, after a gap of so many ems, or onto the next.
    fn put(&mut self, word: &Word<'_>, gap: f32) {
        match self.done.last_mut() {
            Some(line) if gap + word.width <= self.room => {
                if gap > 0.0 {
                    line.push(' ');
                }
                line.push_str(word.text);
                self.room -= gap + word.width;
            }
            _ => {
                self.done.push(word.text.to_owned());
                self.room = self.width - word.width;
            }
        }
    }
}

/// As much of a line as fits with an ellipsis.
fn elided(style: Style, line: &str, width: f32) -> String {
    let mut kept: String = line.to_owned();
    loop {
        let candidate = format!("{}{ELLIPSIS}", kept.trim_end_matches([' ', ',', '.', '-']));
        if kept.is_empty() || style.shape(candidate.clone()).width <= width {
            return candidate;
        }
        kept.pop();
    }
}

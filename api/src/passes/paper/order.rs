//! What is to be printed.

use super::{
    error::Error,
    layout::Layout,
    logo::Logo,
    words::{Accent, Code, Link, ShortAddress, Text},
};

/// The most passes in one order. Each takes some 4 kB of the PDF.
pub const MAX_PASSES: usize = 2_000;
/// The most lines of an addressee, the name included: what the window of an envelope shows.
pub const MAX_LINES: usize = 4;

/// Passes of one community on one kind of sheet.
#[derive(Debug)]
pub struct Order {
    pub(super) community: Community,
    pub(super) layout: Layout,
    /// How many positions of the first sheet are used up.
    pub(super) skip: u32,
    /// `None` leaves its position empty.
    pub(super) passes: Vec<Option<Pass>>,
}

impl Order {
    /// Puts an order together; the position of a pass that is `None` stays empty. `start` is the first free position of the first sheet, counted from 1 in reading order.
    ///
    /// # Errors
    /// When the sheet has no such position, or there are no passes or more than [`MAX_PASSES`].
    pub fn new(
        community: Community,
        layout: Layout,
        start: u32,
        passes: Vec<Option<Pass>>,
    ) -> Result<Self, Error> {
        let last = layout.sheet().positions();
        if !(1..=last).contains(&start) {
            return Err(Error::Start { found: start, last });
        }
        if !(1..=MAX_PASSES).contains(&passes.len()) {
            return Err(Error::Passes { found: passes.len(), limit: MAX_PASSES });
        }
        Ok(Self { community, layout, skip: start - 1, passes })
    }
}

/// What residents read of the community on every pass.
#[derive(Clone, Debug)]
pub struct Community {
    /// Its full name.
    pub name: Text,
    /// Whom residents ask, as one line.
    pub contact: Text,
    /// Where a code is typed.
    pub address: ShortAddress,
    /// What residents are invited to, as one sentence; printed where there is room (letter, door hanger, fold-over).
    pub sentence: Option<Text>,
    /// Its sign.
    pub logo: Option<Logo>,
    /// Its colour.
    pub accent: Accent,
}

/// One access pass.
#[derive(Clone, Debug)]
pub struct Pass {
    /// What is typed.
    pub code: Code,
    /// What is scanned.
    pub link: Link,
    /// Its number, which is no secret.
    pub serial: Text,
    /// The last day, as people of the community write it.
    pub valid_until: Text,
    /// For whom it is; a blank pass is for whoever bears it.
    pub addressee: Option<Addressee>,
}

/// For whom a pass is: at most [`MAX_LINES`] lines in all.
#[derive(Clone, Debug)]
pub struct Addressee {
    name: Option<Text>,
    lines: Vec<Text>,
}

impl Addressee {
    /// `lines` are the street line and what follows it: unit, city.
    ///
    /// # Errors
    /// When there is no line or there are too many.
    pub fn new(name: Option<Text>, lines: Vec<Text>) -> Result<Self, Error> {
        let found = lines.len() + usize::from(name.is_some());
        match found {
            0 => Err(Error::TextEmpty),
            1..=MAX_LINES => Ok(Self { name, lines }),
            _ => Err(Error::AddresseeTooLong { found, limit: MAX_LINES }),
        }
    }

    /// Every line as it stands on an envelope.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.name.iter().chain(&self.lines).map(Text::as_str)
    }

    /// For a card: the name, if there is one, and the street with the unit on one line.
    pub(super) fn short(&self) -> Vec<String> {
        let street = self.lines.iter().take(2).map(Text::as_str).collect::<Vec<_>>().join(", ");
        self.name
            .iter()
            .map(|name| name.as_str().to_owned())
            .chain(Some(street))
            .filter(|line| !line.is_empty())
            .collect()
    }
}

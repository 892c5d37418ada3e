//! From an order to the bytes of a PDF.

use krilla::{Document, SerializeSettings, metadata::Metadata, page::PageSettings, tagging::TagTree};

use super::{
    canvas::Canvas,
    designs::{self, Place},
    error::Error,
    fit::POINT,
    layout::Layout,
    order::Order,
};

/// What every document says of itself, whoever printed it and for whom.
const TITLE: &str = "Access passes";
const LANGUAGE: &str = "en";

/// Renders an order as a PDF with embedded fonts. The same order always gives the same bytes.
///
/// The passes follow each other in reading order from the order's first position.
///
/// # Errors
/// Only where there is a defect in here.
pub fn render(order: &Order) -> Result<Vec<u8>, Error> {
    let sheet = order.layout.sheet();
    let mut pages = Pages::new(order.layout);
    let mut passes = order.passes.iter();
    let mut first = order.skip;
    while passes.len() > 0 {
        pages.draw(|canvas, tags| {
            for (position, pass) in (first..sheet.positions()).zip(&mut passes) {
                let Some(pass) = pass else { continue };
                designs::draw(
                    canvas,
                    &Place {
                        community: &order.community,
                        pass,
                        layout: order.layout,
                        area: sheet.position(position),
                    },
                );
                tags.push(canvas.end_section());
            }
            designs::marks(canvas, order.layout);
        })?;
        first = 0;
    }
    pages.finish(TITLE)
}

/// A document whose pages are all of one layout.
pub(super) struct Pages {
    document: Document,
    tags: TagTree,
    settings: Option<PageSettings>,
}

impl Pages {
    pub(super) fn new(layout: Layout) -> Self {
        let [width, height] = layout.sheet().paper.size();
        Self {
            document: Document::new_with(SerializeSettings::default()),
            tags: TagTree::new().with_lang(Some(LANGUAGE.to_owned())),
            settings: PageSettings::from_wh(width * POINT, height * POINT),
        }
    }

    /// Adds a page.
    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Canvas<'_>, &mut TagTree)) -> Result<(), Error> {
        let mut page = self.document.start_page_with(self.settings.clone().ok_or(Error::Writing)?);
        let mut canvas = Canvas::new(page.surface());
        draw(&mut canvas, &mut self.tags);
        canvas.finish();
        page.finish();
        Ok(())
    }

    /// The document's id follows from its content; it carries no date and no author.
    pub(super) fn finish(mut self, title: &str) -> Result<Vec<u8>, Error> {
        self.document.set_metadata(Metadata::new().title(title.to_owned()).language(LANGUAGE.to_owned()));
        self.document.set_tag_tree(self.tags);
        self.document.finish().map_err(|_| Error::Writing)
    }
}

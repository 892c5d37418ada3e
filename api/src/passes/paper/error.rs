//! Why something cannot be printed. No error repeats what it was given: that may be a name or a code.

/// Why an order, or a part of one, cannot be printed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A text of which nothing is left once invisible characters are dropped.
    #[error("a text to print is empty")]
    TextEmpty,
    /// A text longer than any position could hold, even in part.
    #[error("a text to print has {found} characters, at most {limit} are possible")]
    TextTooLong {
        /// How many it has.
        found: usize,
        /// How many it may have.
        limit: usize,
    },
    /// Not three groups of four capitals or digits.
    #[error("an access code is printed as XXXX-XXXX-XXXX in capitals and digits")]
    Code,
    /// A link that is no web address or has a character that a QR in alphanumeric mode cannot hold.
    #[error(
        "a link must begin with https:// (or http:// where all is tried out) and hold only letters, digits and $ % * + - . / :"
    )]
    Link,
    /// The link's QR would have modules too small to be read. In practice its host name is too long.
    #[error(
        "the link has {found} characters, a QR of 25 mm that is easy to read holds {limit}: use a shorter host name"
    )]
    LinkTooLong {
        /// How many it has.
        found: usize,
        /// How many it may have.
        limit: usize,
    },
    /// An address that nobody could type.
    #[error("the short address must hold only a host and a path in plain letters")]
    Address,
    /// The address would not fit on a card.
    #[error(
        "the short address has {found} characters, at most {limit} fit on a card: use a shorter host name"
    )]
    AddressTooLong {
        /// How many it has.
        found: usize,
        /// How many it may have.
        limit: usize,
    },
    /// Not `#RRGGBB`.
    #[error("a colour is written #RRGGBB")]
    Accent,
    /// Not a whole PNG or JPEG.
    #[error("the logo is not a PNG or JPEG image that can be read")]
    Logo,
    /// An image that would take too much memory.
    #[error("the logo is too large: at most {bytes} bytes and {side} pixels a side")]
    LogoTooLarge {
        /// How many bytes it may have.
        bytes: usize,
        /// How many pixels a side may have.
        side: u32,
    },
    /// More lines than the window of an envelope shows.
    #[error("an addressee has {found} lines, at most {limit} fit in the window of an envelope")]
    AddresseeTooLong {
        /// How many there are, the name included.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A layout's word that names none.
    #[error("there is no such layout")]
    Layout,
    /// A first position that the sheet does not have.
    #[error("the sheet has positions 1 to {last}, {found} is none of them")]
    Start {
        /// What was asked for.
        found: u32,
        /// The last position.
        last: u32,
    },
    /// No pass, or too many of them.
    #[error("an order holds 1 to {limit} passes, this has {found}")]
    Passes {
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// The PDF could not be put together; a defect of ours.
    #[error("the document could not be written")]
    Writing,
}

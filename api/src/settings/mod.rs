//! What a community says of itself: its name, brand, contact, and when its texts go. Until all of it is said it may not send.
//!
//! [`fields`] parses what is said, for the page, the HTTP API and the command line alike; [`ledger`] reads and saves it, and
//! opens the gate with the last field; [`logo`] takes a picture apart and puts it together anew; [`endpoint`] is the HTTP API.
//!
//! The gate opens once and stays open: what is needed can be changed, and not be emptied any more.

pub mod endpoint;
pub mod fields;
pub mod ledger;
pub mod logo;

use porchlight_shared::domain::{Colour, TextWindow};
use sha2::{Digest, Sha256};

/// What a community says of itself.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Full name, as residents read it.
    pub name: String,
    /// Name in texts.
    pub short_name: String,
    /// Two-letter country.
    pub country: String,
    /// The sign.
    pub logo: Logo,
    /// What buttons and rules are painted in.
    pub colour: Option<Colour>,
    /// Foot of every message, in one line or several.
    pub postal_address: Option<String>,
    /// Whom residents ask.
    pub contact: Option<String>,
    /// IANA name.
    pub time_zone: String,
    /// When texts go; `None`: when they go elsewhere on this installation.
    pub text_window: Option<TextWindow>,
    /// Where residents go once they have joined.
    pub portal_url: Option<String>,
    /// What stands there without having been chosen.
    pub open: Open,
    /// Whether it may send.
    pub ready: bool,
}

/// A community's sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logo {
    /// Nobody has said.
    Open,
    /// There is none.
    None,
    /// The picture of this hash.
    Some([u8; 32]),
}

impl Logo {
    /// The hash, if there is a picture.
    #[must_use]
    pub const fn sha256(&self) -> Option<&[u8; 32]> {
        match self {
            Self::Some(sha256) => Some(sha256),
            Self::Open | Self::None => None,
        }
    }

    /// Where the picture is.
    #[must_use]
    pub fn path(&self) -> Option<String> {
        self.sha256().map(|sha256| logo::path(sha256))
    }
}

/// What the operator filled in for want of better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// The beginning of the name.
    pub short_name: bool,
    /// UTC.
    pub time_zone: bool,
    /// The installation's.
    pub text_window: bool,
}

macro_rules! needed {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $title:expr, $lacks:expr;)+) => {
        /// What a community needs before anybody can be invited.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Needed {
            $($(#[$doc])* $name,)+
        }

        impl Needed {
            /// Everything, in the order of the page.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The field's name, in the HTTP API and on the page.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// What a leader reads.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// Whether it is not there yet.
            #[must_use]
            pub fn is_missing(self, settings: &Settings) -> bool {
                let lacks: fn(&Settings) -> bool = match self { $(Self::$name => $lacks,)+ };
                lacks(settings)
            }
        }
    };
}

needed! {
    /// Full name.
    Name = "name", say!("settings-name"), |settings| settings.name.is_empty();
    /// Name in texts.
    ShortName = "short_name", say!("settings-short-name"), |settings| settings.open.short_name;
    /// The sign, or that there is none.
    Logo = "logo", say!("settings-needed-logo"), |settings| settings.logo == Logo::Open;
    /// What buttons and rules are painted in.
    Colour = "colour", say!("settings-colour"), |settings| settings.colour.is_none();
    /// Foot of every message.
    PostalAddress = "postal_address", say!("settings-postal-address"), |settings| settings.postal_address.is_none();
    /// Whom residents ask.
    Contact = "contact", say!("settings-contact"), |settings| settings.contact.is_none();
    /// Where its clocks are.
    TimeZone = "time_zone", say!("settings-time-zone"), |settings| settings.open.time_zone;
    /// When texts go.
    TextWindow = "text_window", say!("settings-needed-text-window"), |settings| settings.open.text_window;
}

impl Settings {
    /// A mark of all that a leader sees of it: another one as soon as anything is another.
    #[must_use]
    pub fn mark(&self) -> String {
        let hash = Sha256::digest(format!("{self:?}"));
        hash.iter().take(16).fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
    }

    /// What is not there yet.
    #[must_use]
    pub fn missing(&self) -> Vec<Needed> {
        Needed::ALL.iter().copied().filter(|needed| needed.is_missing(self)).collect()
    }
}

//! What providers call back: how far a message came, and what residents answer to a text.
//!
//! * [`signature`]: who calls is told by a signature over our own public address and the raw body. Nothing is parsed
//!   before it fits.
//! * [`form`]: what a genuine call says, as a closed type; [`words`]: what residents write when they want no more.
//! * [`endpoint`]: the call from its arrival to its answer; [`ledger`]: its statements; [`replies`]: what residents read.
//!
//! What is promised: a call that is forged, cut off or altered changes nothing. One that comes twice, too early, or in
//! another order changes nothing more: the delivery ends in the same state. One about a message that we do not know is
//! answered kindly and counted. Whoever answers STOP gets nothing more from this installation's number, and what waits
//! for them is taken back in the same transaction.

mod endpoint;
mod form;
mod ledger;
mod replies;
mod signature;
mod words;

use porchlight_shared::runtime::site::Site;

pub use self::endpoint::routes;
use self::signature::Verifier;
use crate::config::TextSettings;

/// The provider of texts, as far as the API meets it.
#[derive(Debug)]
pub struct Texts {
    site: Site,
    verifier: Verifier,
}

impl Texts {
    /// The provider that `settings` tell of.
    #[must_use]
    pub fn new(settings: TextSettings) -> Self {
        let verifier = Verifier::new(settings.site.as_str(), settings.auth_token);
        Self { site: settings.site, verifier }
    }
}

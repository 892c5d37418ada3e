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

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use porchlight_shared::runtime::site::Site;
use tokio::time::Instant;

pub use self::endpoint::routes;
use self::signature::Verifier;
use crate::config::TextSettings;

/// The provider of texts, as far as the API meets it.
#[derive(Debug)]
pub struct Texts {
    site: Site,
    verifier: Verifier,
    complained: Mutex<Option<Instant>>,
}

/// How often a call without a valid signature is worth a line: anybody can make them.
const COMPLAINT: Duration = Duration::from_mins(1);

impl Texts {
    /// The provider that `settings` tell of.
    #[must_use]
    pub fn new(settings: TextSettings) -> Self {
        let verifier = Verifier::new(settings.site.as_str(), settings.auth_token);
        Self { site: settings.site, verifier, complained: Mutex::default() }
    }

    /// Tells the operator that somebody calls without a valid signature, once a minute at most.
    fn complain(&self) {
        let mut complained = self.complained.lock().unwrap_or_else(PoisonError::into_inner);
        if complained.is_none_or(|at| at.elapsed() > COMPLAINT) {
            *complained = Some(Instant::now());
            tracing::warn!(
                "calls to /receipts/twilio without a valid signature; is PORCHLIGHT_TWILIO_AUTH_TOKEN the account's, and PORCHLIGHT_PUBLIC_URL what Twilio calls?"
            );
        }
    }
}

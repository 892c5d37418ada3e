//! The way out of a channel: composes an attempt's message and hands it to the provider.

use std::{sync::Arc, time::Duration};

use porchlight_shared::domain::Channel;

use super::{
    begin::Attempt,
    composer::{Composer, Subject},
    report::Report,
};
use crate::{email::Mailer, text::Twilio};

/// A channel's provider.
#[derive(Debug)]
pub enum Way {
    /// A mail server.
    Email {
        /// Its connections.
        mailer: Mailer,
        /// What it may need from the body's first byte to its answer.
        window: Duration,
    },
    /// Twilio.
    Text(Arc<Twilio>),
}

impl Way {
    /// Which channel it is the way out of.
    #[must_use]
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Email { .. } => Channel::Email,
            Self::Text(_) => Channel::Text,
        }
    }

    /// What the provider may need once the message goes out.
    #[must_use]
    pub fn window(&self) -> Duration {
        match self {
            Self::Email { window, .. } => *window,
            Self::Text(twilio) => twilio.longest(),
        }
    }

    /// Composes and sends. `may_go` is asked immediately before the message goes out.
    pub(super) async fn send(
        &self,
        composer: &Composer,
        attempt: &Attempt,
        may_go: impl FnOnce() -> bool + Send,
    ) -> Report {
        match self {
            Self::Email { mailer, .. } => match composer.email(attempt).await {
                Ok(email) => {
                    mailer.send(attempt.community, &email.envelope, &email.bytes, may_go).await.into()
                }
                Err(report) => report,
            },
            Self::Text(twilio) => match composer.text(Subject::from(attempt)).await {
                Ok(text) => {
                    let tag = (attempt.delivery, attempt.number);
                    twilio.send(&attempt.address, &text.text, tag, attempt.closes_in, may_go).await.into()
                }
                Err(report) => report,
            },
        }
    }

    /// Says goodbye to the provider.
    pub async fn close(&self) {
        // An HTTP connection needs no goodbye.
        if let Self::Email { mailer, .. } = self {
            mailer.close().await;
        }
    }
}

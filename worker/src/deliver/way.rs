//! The way out of a channel: composes an attempt's message and hands it to the provider.

use std::{sync::Arc, time::Duration};

use porchlight_shared::{domain::Channel, runtime::clock::Stopwatch};

use super::{begin::Attempt, composer::Composer, report::Report};
use crate::{email::Mailer, text::Twilio};

/// A channel's provider.
#[derive(Debug)]
pub enum Way {
    /// A mail server.
    Email {
        /// Its connections.
        mailer: Mailer,
        /// What it may need from the body's first byte to its answer.
        longest: Duration,
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
    pub fn longest(&self) -> Duration {
        match self {
            Self::Email { longest, .. } => *longest,
            Self::Text(twilio) => twilio.longest(),
        }
    }

    /// Composes and sends. `may_go` is asked immediately before the message goes out; `watch` was started before the
    /// attempt was asked for.
    pub(super) async fn send(
        &self,
        composer: &Composer,
        attempt: &Attempt,
        watch: Stopwatch,
        may_go: impl FnOnce() -> bool + Send,
    ) -> Report {
        match self {
            Self::Email { mailer, .. } => match composer.email(attempt).await {
                Ok(email) => {
                    mailer.send(attempt.community, &email.envelope, &email.bytes, may_go).await.into()
                }
                Err(report) => report,
            },
            Self::Text(twilio) => match composer.text(attempt).await {
                Ok(text) => {
                    let tag = (attempt.delivery, attempt.number);
                    let valid_for = attempt.closes_in.map(|left| left.saturating_sub(watch.elapsed()));
                    twilio.send(&attempt.address, &text.text, tag, valid_for, may_go).await.into()
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

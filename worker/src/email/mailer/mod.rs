//! The face of this room: a message goes in, an outcome comes out.

#[cfg(test)]
mod tests;

use porchlight_shared::domain::CommunityId;

use super::{
    outcome::{Outcome, accepted, classify},
    pool::{Dial, Pool, TcpDial},
    session::{Envelope, Introduction, TlsError, connector, connector_without_roots},
    settings::{SmtpSettings, Tls},
};

/// Sends messages over a pool of connections to the provider.
#[derive(Debug)]
pub struct Mailer {
    pool: Pool<CommunityId>,
    host: String,
}

impl Mailer {
    /// A mailer for the provider of `settings`, trusting the machine's roots. Opens no connection yet.
    pub fn new(settings: SmtpSettings) -> Result<Self, TlsError> {
        let dial = TcpDial::new(&settings);
        let connector =
            if settings.url.tls() == Tls::None { connector_without_roots()? } else { connector(&[])? };
        Ok(Self::over(Box::new(dial), Introduction::new(settings, connector)))
    }

    /// A mailer that opens its connections by `dial`.
    #[must_use]
    pub fn over(dial: Box<dyn Dial>, introduction: Introduction) -> Self {
        let host = introduction.settings().url.host().to_owned();
        Self { pool: Pool::new(dial, introduction), host }
    }

    /// Sends `message` when it is `community`'s turn, and says what became of it.
    ///
    /// `may_go` is asked immediately before the body is written; when it says no, nothing is sent. When the future is
    /// dropped, the connection is closed: what became of the message then is for the caller to find out.
    pub async fn send(
        &self,
        community: CommunityId,
        envelope: &Envelope,
        message: &[u8],
        may_go: impl FnOnce() -> bool + Send,
    ) -> Outcome {
        match self.pool.send(community, envelope, message, may_go).await {
            Ok(reply) => accepted(&reply, envelope.to()),
            Err(failure) => {
                let outcome = classify(&failure, envelope.to());
                tracing::debug!(
                    host = self.host,
                    stage = failure.stage.as_str(),
                    code = failure.reply().map(super::session::Reply::code),
                    reason = outcome.reason().map(super::Reason::as_str),
                    "a message was not accepted",
                );
                outcome
            }
        }
    }

    /// Sends waiters away and says goodbye to the server.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

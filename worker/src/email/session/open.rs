//! From a fresh connection to a session that is ready for a message.

use std::{fmt, str::FromStr as _};

use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

use super::{
    Offers, Session,
    failure::{Cause, Failure, Stage},
    reply::Reply,
    wire::{Io, Wire, within},
};
use crate::email::settings::{SmtpSettings, Timeouts, Tls};

/// What it takes to begin a session: who we are, whom we expect, how it must be protected.
#[derive(Clone)]
pub struct Introduction {
    pub(super) settings: SmtpSettings,
    connector: TlsConnector,
}

impl Introduction {
    /// An introduction by `settings`; `connector` decides which certificates are trusted.
    #[must_use]
    pub const fn new(settings: SmtpSettings, connector: TlsConnector) -> Self {
        Self { settings, connector }
    }

    /// What it introduces.
    #[must_use]
    pub const fn settings(&self) -> &SmtpSettings {
        &self.settings
    }

    async fn encrypt(&self, io: Box<dyn Io>) -> Result<Box<dyn Io>, Failure> {
        let name = ServerName::try_from(self.settings.url.host().to_owned())
            .map_err(|_| Failure::protocol(Stage::Tls, "the host cannot be named in a certificate"))?;
        let stream = within(Stage::Tls, self.settings.timeouts.tls, self.connector.connect(name, io)).await?;
        Ok(Box::new(stream))
    }
}

impl fmt::Debug for Introduction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introduction").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Session {
    /// Begins a session over `io`: greeting, EHLO, TLS as the settings demand, AUTH.
    pub async fn open(io: Box<dyn Io>, introduction: &Introduction) -> Result<Self, Failure> {
        let settings = &introduction.settings;
        let timeouts = settings.timeouts;
        let protection = settings.url.tls();

        let io = if protection == Tls::Implicit { introduction.encrypt(io).await? } else { io };
        let mut wire = Wire::new(io);
        let greeting = wire.reply(Stage::Greeting, timeouts.greeting).await?;
        if greeting.code() != 220 {
            return Err(refusal(Stage::Greeting, greeting));
        }
        let mut offers = hello(&mut wire, &settings.ehlo_name, &timeouts).await?;
        let mut encrypted = protection == Tls::Implicit;

        let wanted = match protection {
            Tls::Implicit | Tls::None => false,
            Tls::Opportunistic => offers.starttls,
            Tls::Required if offers.starttls => true,
            Tls::Required => return Err(Failure::protocol(Stage::StartTls, "STARTTLS is not offered")),
        };
        if wanted {
            match start_tls(&mut wire, &timeouts).await {
                Ok(()) => {
                    wire = Wire::new(introduction.encrypt(wire.into_io()).await?);
                    offers = hello(&mut wire, &settings.ehlo_name, &timeouts).await?;
                    encrypted = true;
                }
                // Offered and then declined: the conversation goes on in the clear, if that is allowed at all.
                Err(Failure { cause: Cause::Reply(reply), .. })
                    if protection == Tls::Opportunistic && !reply.is_closing() => {}
                Err(failure) => return Err(failure),
            }
        }

        let mut session = Self { wire, offers, timeouts, sent: 0, dirty: false, usable: true };
        if let Some(credentials) = settings.url.credentials() {
            if !encrypted && protection != Tls::None {
                return Err(Failure::protocol(Stage::Auth, "a password is not sent without TLS"));
            }
            session.authenticate(credentials).await?;
        }
        Ok(session)
    }
}

/// The failure that `reply` means where 2yz or 3yz was expected: a refusal, or a server out of step.
pub(super) fn refusal(stage: Stage, reply: Reply) -> Failure {
    if reply.is_transient() || reply.is_permanent() {
        Failure { stage, cause: Cause::Reply(reply) }
    } else {
        Failure::protocol(stage, "an answer that does not belong to the command")
    }
}

/// EHLO, or HELO to a server that does not know it.
async fn hello(wire: &mut Wire, name: &str, timeouts: &Timeouts) -> Result<Offers, Failure> {
    let limit = timeouts.command;
    wire.write(Stage::Ehlo, limit, format!("EHLO {name}\r\n").as_bytes()).await?;
    let reply = wire.reply(Stage::Ehlo, limit).await?;
    if reply.code() == 250 {
        return Ok(Offers::read(&reply));
    }
    if !matches!(reply.code(), 500 | 502 | 504) {
        return Err(refusal(Stage::Ehlo, reply));
    }
    wire.write(Stage::Ehlo, limit, format!("HELO {name}\r\n").as_bytes()).await?;
    let reply = wire.reply(Stage::Ehlo, limit).await?;
    if reply.code() == 250 { Ok(Offers::default()) } else { Err(refusal(Stage::Ehlo, reply)) }
}

async fn start_tls(wire: &mut Wire, timeouts: &Timeouts) -> Result<(), Failure> {
    wire.write(Stage::StartTls, timeouts.command, b"STARTTLS\r\n").await?;
    let reply = wire.reply(Stage::StartTls, timeouts.command).await?;
    if reply.code() != 220 {
        return Err(refusal(Stage::StartTls, reply));
    }
    // Whoever can write between the answer and the handshake would have these words taken for the server's own.
    if wire.has_unread() {
        return Err(Failure::protocol(Stage::StartTls, "words in the clear after the answer to STARTTLS"));
    }
    Ok(())
}

impl Offers {
    fn read(reply: &Reply) -> Self {
        let mut offers = Self::default();
        // The first line is the server's name.
        for line in reply.lines().iter().skip(1) {
            let line = line.to_ascii_uppercase();
            let mut words = line.split([' ', '=']).filter(|word| !word.is_empty());
            match words.next() {
                Some("PIPELINING") => offers.pipelining = true,
                Some("STARTTLS") => offers.starttls = true,
                Some("8BITMIME") => offers.eight_bit = true,
                Some("SIZE") => {
                    offers.size = true;
                    let most = words.next().and_then(|word| usize::from_str(word).ok());
                    // Zero stands for no limit.
                    offers.most = most.filter(|&most| most > 0);
                }
                Some("AUTH") => {
                    for word in words {
                        offers.plain |= word == "PLAIN";
                        offers.login |= word == "LOGIN";
                    }
                }
                _ => {}
            }
        }
        offers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_offered() {
        let reply = Reply::of(
            "250-PIPELINING STARTTLS\r\n250-pipelining\r\n250-SIZE 10240000\r\n250-AUTH=LOGIN\r\n250-AUTH PLAIN XOAUTH2\r\n250 8bitmime",
        );
        let expected = Offers {
            pipelining: true,
            starttls: false,
            eight_bit: true,
            size: true,
            most: Some(10_240_000),
            plain: true,
            login: true,
        };
        assert_eq!(Offers::read(&reply), expected);
        let unlimited = Offers::read(&Reply::of("250-x\r\n250 SIZE 0"));
        assert_eq!((unlimited.size, unlimited.most), (true, None));
    }
}

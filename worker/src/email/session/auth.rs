//! AUTH PLAIN and LOGIN.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret as _, zeroize::Zeroizing};

use super::{
    Session,
    failure::{Failure, Stage},
    open::refusal,
};
use crate::email::settings::Credentials;

impl Session {
    /// Proves who we are. Whether the connection may carry a password was decided before.
    pub(super) async fn authenticate(&mut self, credentials: &Credentials) -> Result<(), Failure> {
        let (user, password) = (&credentials.user, credentials.password.expose_secret());
        if self.offers.plain {
            let secret = Zeroizing::new(format!("\0{user}\0{password}"));
            let line = Zeroizing::new(format!("AUTH PLAIN {}\r\n", *encoded(&secret)));
            self.proof(&line, 235).await
        } else if self.offers.login {
            self.proof("AUTH LOGIN\r\n", 334).await?;
            self.proof(&Zeroizing::new(format!("{}\r\n", *encoded(user))), 334).await?;
            self.proof(&Zeroizing::new(format!("{}\r\n", *encoded(password))), 235).await
        } else {
            Err(Failure::protocol(Stage::Auth, "neither AUTH PLAIN nor AUTH LOGIN is offered"))
        }
    }

    async fn proof(&mut self, line: &str, expected: u16) -> Result<(), Failure> {
        let limit = self.timeouts.command;
        self.wire.write(Stage::Auth, limit, line.as_bytes()).await?;
        let reply = self.wire.reply(Stage::Auth, limit).await?;
        if reply.code() == expected { Ok(()) } else { Err(refusal(Stage::Auth, reply)) }
    }
}

fn encoded(secret: &str) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(secret))
}

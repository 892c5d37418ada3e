//! `AUTH`: PLAIN and LOGIN.

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{Expect, Session};
use crate::sandbox::smtp::Credentials;

impl Session<'_> {
    pub(super) fn auth(&mut self, rest: &str) {
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        match (mechanism.to_ascii_uppercase().as_str(), initial) {
            ("PLAIN", "") => {
                self.expect = Expect::PlainResponse;
                self.reply("334 ");
            }
            ("PLAIN", initial) => self.plain(initial),
            ("LOGIN", "") => {
                self.expect = Expect::LoginUser;
                self.reply("334 VXNlcm5hbWU6");
            }
            ("LOGIN", initial) => self.login_user(initial),
            _ => self.reply("504 5.5.4 PLAIN or LOGIN"),
        }
    }

    /// `authorisation NUL user NUL password`.
    pub(super) fn plain(&mut self, response: &str) {
        let response = decode(response);
        let mut parts = response.as_deref().unwrap_or_default().split('\0').skip(1).map(str::to_owned);
        let (user, password) = (parts.next(), parts.next());
        self.authenticate(user, password);
    }

    pub(super) fn login_user(&mut self, response: &str) {
        match decode(response) {
            Some(user) => {
                self.expect = Expect::LoginPassword(user);
                self.reply("334 UGFzc3dvcmQ6");
            }
            None => self.authenticate(None, None),
        }
    }

    pub(super) fn login_password(&mut self, user: String, response: &str) {
        self.authenticate(Some(user), decode(response));
    }

    fn authenticate(&mut self, user: Option<String>, password: Option<String>) {
        let (Some(user), Some(password)) = (user, password) else {
            return self.reply("501 5.5.2 not understood");
        };
        let given = Credentials { user, password };
        let wanted = self.server.settings.credentials.as_ref();
        if self.server.switches().refuse_auth || wanted.is_some_and(|wanted| *wanted != given) {
            return self.reply("535 5.7.8 not these credentials");
        }
        self.authenticated = true;
        self.reply("235 2.7.0 welcome");
    }
}

fn decode(response: &str) -> Option<String> {
    String::from_utf8(BASE64_STANDARD.decode(response.trim()).ok()?).ok()
}

//! `smtp://user:pass@host:port?tls=required`: the provider in one line.

use std::{fmt, str::FromStr};

use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use url::{Host, Url};

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// TLS from the first byte (`smtps://`).
    Implicit,
    /// STARTTLS, or nothing is sent (`tls=required`, the default of `smtp://`).
    Required,
    /// STARTTLS when it is offered (`tls=opportunistic`); a password never goes out without it.
    Opportunistic,
    /// In the clear, the password too (`tls=none`): a relay on this machine, or a sandbox.
    None,
}

/// User and password for AUTH.
#[derive(Clone)]
pub struct Credentials {
    /// The user.
    pub user: String,
    /// The password.
    pub password: SecretString,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// The provider: host, port, protection and credentials, as `PORCHLIGHT_SMTP_URL` says them.
///
/// `Debug` and `Display` show host, port and protection only.
#[derive(Clone)]
pub struct SmtpUrl {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
}

impl SmtpUrl {
    /// Host name or address; an IPv6 address without its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// TCP port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// How the connection is protected.
    #[must_use]
    pub const fn tls(&self) -> Tls {
        self.tls
    }

    /// User and password, if any were given.
    #[must_use]
    pub const fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }
}

impl fmt::Display for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, query) = match self.tls {
            Tls::Implicit => ("smtps", ""),
            Tls::Required => ("smtp", "?tls=required"),
            Tls::Opportunistic => ("smtp", "?tls=opportunistic"),
            Tls::None => ("smtp", "?tls=none"),
        };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}{query}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}{query}", self.host, self.port)
        }
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpUrl({self})")
    }
}

/// What is wrong with an SMTP URL. The message never repeats the URL: it may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0}; it should look like smtp://user:password@smtp.example.org:587?tls=required or smtps://user:password@smtp.example.org"
)]
pub struct SmtpUrlError(String);

fn wrong<T>(what: impl Into<String>) -> Result<T, SmtpUrlError> {
    Err(SmtpUrlError(what.into()))
}

impl FromStr for SmtpUrl {
    type Err = SmtpUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Ok(url) = Url::parse(text.trim()) else {
            return wrong("this is not a URL (special characters in a password must be percent-encoded)");
        };
        let implicit = match url.scheme() {
            "smtp" => false,
            "smtps" => true,
            _ => return wrong("the scheme must be smtp:// or smtps://"),
        };
        let host = match url.host() {
            // For a scheme it does not know the parser leaves the host as it is written.
            Some(Host::Domain(name)) => match Host::parse(name) {
                Ok(Host::Domain(name)) if !name.is_empty() => name,
                Ok(Host::Ipv4(address)) => address.to_string(),
                Ok(Host::Ipv6(address)) => address.to_string(),
                _ => return wrong("the host is not a host name"),
            },
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return wrong("the host is missing"),
        };
        if !matches!(url.path(), "" | "/") {
            return wrong("nothing may follow the host and port but ?tls=…");
        }
        if url.fragment().is_some() {
            return wrong("a `#` must be written %23");
        }
        let tls = protection(&url, implicit)?;
        let port = match url.port() {
            Some(0) => return wrong("port 0 does not exist"),
            Some(port) => port,
            None if implicit => 465,
            None => 587,
        };
        Ok(Self { host, port, tls, credentials: credentials(&url)? })
    }
}

fn protection(url: &Url, implicit: bool) -> Result<Tls, SmtpUrlError> {
    let mut tls = if implicit { Tls::Implicit } else { Tls::Required };
    for (name, value) in url.query_pairs() {
        if name != "tls" {
            return wrong("the only setting after the `?` is tls");
        }
        tls = match (&*value, implicit) {
            ("required", false) => Tls::Required,
            ("opportunistic", false) => Tls::Opportunistic,
            ("none", false) => Tls::None,
            ("required", true) => Tls::Implicit,
            ("opportunistic" | "none", true) => return wrong("smtps:// is always encrypted"),
            _ => return wrong("tls must be required, opportunistic or none"),
        };
    }
    Ok(tls)
}

fn credentials(url: &Url) -> Result<Option<Credentials>, SmtpUrlError> {
    let decoded = |text: &str, what: &str| match percent_decode_str(text).decode_utf8() {
        // AUTH PLAIN separates its fields by NUL.
        Ok(text) if !text.contains('\0') => Ok(text.into_owned()),
        _ => wrong(format!("the {what} is not percent-encoded UTF-8")),
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) => wrong("there is a password but no user"),
        (_, None | Some("")) => wrong("there is a user but no password"),
        (user, Some(password)) => Ok(Some(Credentials {
            user: decoded(user, "user")?,
            password: decoded(password, "password")?.into(),
        })),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn parsed(text: &str) -> SmtpUrl {
        text.parse().unwrap()
    }

    #[test]
    fn fills_in_port_and_protection() {
        for (text, shown) in [
            ("smtp://mail.example.org", "smtp://mail.example.org:587?tls=required"),
            ("smtp://mail.example.org/", "smtp://mail.example.org:587?tls=required"),
            ("smtps://mail.example.org", "smtps://mail.example.org:465"),
            ("smtp://127.0.0.1:2525?tls=none", "smtp://127.0.0.1:2525?tls=none"),
            ("smtp://[::1]:2525?tls=opportunistic", "smtp://[::1]:2525?tls=opportunistic"),
            ("smtp://MAIL.example.org", "smtp://mail.example.org:587?tls=required"),
        ] {
            assert_eq!(parsed(text).to_string(), shown);
        }
        assert_eq!(parsed("smtp://[::1]").host(), "::1");
    }

    #[test]
    fn decodes_credentials_and_never_shows_them() {
        let url = parsed("smtp://us%40er:p%3Ass%2Fw%25rd%E2%82%AC@mail.example.org");
        let credentials = url.credentials().unwrap();
        assert_eq!(credentials.user, "us@er");
        assert_eq!(credentials.password.expose_secret(), "p:ss/w%rd€");
        let shown = format!("{url} {url:?} {credentials:?}");
        assert!(!shown.contains("us@er") && !shown.contains("p:ss") && !shown.contains("us%40"), "{shown}");
    }

    #[test]
    fn says_what_is_wrong_without_repeating_the_secret() {
        for (text, word) in [
            ("mail.example.org:25", "scheme"),
            ("hunter2", "not a URL"),
            ("http://mail.example.org", "scheme"),
            ("smtp://", "host"),
            ("smtp://u:hunter2@mail.example.org:0", "port 0"),
            ("smtp://u:hunter2@mail.example.org?tls=maybe", "required, opportunistic or none"),
            ("smtp://u:hunter2@mail.example.org?ssl=1", "only setting"),
            ("smtps://u:hunter2@mail.example.org?tls=none", "always encrypted"),
            ("smtp://u@mail.example.org", "no password"),
            ("smtp://:hunter2@mail.example.org", "no user"),
            ("smtp://u:hunter2%00@mail.example.org", "UTF-8"),
            ("smtp://u:hunter2@mail.example.org/inbox", "nothing may follow"),
            ("smtp://u:hunter2@mail.example.org#x", "%23"),
        ] {
            let error = text.parse::<SmtpUrl>().unwrap_err().to_string();
            assert!(error.contains(word) && error.contains("should look like"), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}

//! Where Twilio is, whose account pays, in whose name we write, and how long it may take.
//!
//! Plain values: the layer that reads the environment builds them. An error says what a value should look like and
//! never repeats it.

use std::{fmt, str::FromStr, time::Duration};

use porchlight_shared::{domain::is_sid, runtime::site::Site};
use secrecy::SecretString;
use url::{Host, Url};

/// Everything that [`Twilio`](super::Twilio) needs to know.
#[derive(Clone, Debug)]
pub struct TwilioSettings {
    /// Where the Messages API is.
    pub base_url: BaseUrl,
    /// Whose account.
    pub account_sid: AccountSid,
    /// Its password.
    pub auth_token: SecretString,
    /// In whose name.
    pub from: Sender,
    /// The installation's own address: receipts are called back below it.
    pub site: Site,
    /// How long a request may take.
    pub timeouts: Timeouts,
}

impl TwilioSettings {
    /// Settings with the defaults.
    #[must_use]
    pub fn new(account_sid: AccountSid, auth_token: SecretString, from: Sender, site: Site) -> Self {
        Self {
            base_url: BaseUrl::default(),
            account_sid,
            auth_token,
            from,
            site,
            timeouts: Timeouts::default(),
        }
    }

    /// The same with another address of the API.
    #[must_use]
    pub fn with_base_url(mut self, base_url: BaseUrl) -> Self {
        self.base_url = base_url;
        self
    }
}

/// How long a request may take before it counts as failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Name look-up, TCP connect and TLS handshake.
    pub connect: Duration,
    /// Everything, from the look-up to the last byte of the answer.
    pub request: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), request: Duration::from_secs(30) }
    }
}

/// What is wrong with a value, and what it should look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}; it should look like {example}")]
pub struct ShapeError {
    problem: &'static str,
    example: &'static str,
}

/// Scheme, host and port of the Messages API: encrypted, unless it is on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// Whether the connection is protected by TLS.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Where an account's messages are.
    pub(super) fn messages(&self, account: &AccountSid) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("/2010-04-01/Accounts/{account}/Messages.json"));
        url
    }
}

impl Default for BaseUrl {
    fn default() -> Self {
        "https://api.twilio.com".parse().expect("the default fits")
    }
}

impl FromStr for BaseUrl {
    type Err = ShapeError;

    fn from_str(text: &str) -> Result<Self, ShapeError> {
        let wrong = |problem| Err(ShapeError { problem, example: "https://api.twilio.com" });
        let Ok(url) = Url::parse(text.trim()) else {
            return wrong("it cannot be read as a URL");
        };
        let is_here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return wrong("it has no host"),
        };
        match url.scheme() {
            "https" => {}
            "http" if is_here => {}
            "http" => return wrong("http:// would show codes and numbers to everybody on the way"),
            _ => return wrong("it does not begin with https://"),
        }
        let is_bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if is_bare { Ok(Self(url)) } else { wrong("it has more than scheme, host and port") }
    }
}

/// Whose account: `AC` and 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSid(String);

impl fmt::Display for AccountSid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AccountSid {
    type Err = ShapeError;

    fn from_str(text: &str) -> Result<Self, ShapeError> {
        let text = text.trim();
        if is_sid(text, "AC") {
            return Ok(Self(text.to_owned()));
        }
        let problem = if is_sid(text, "SK") {
            "this is the SID of an API key, not of an account"
        } else {
            "an account SID is AC and 32 hexadecimal digits"
        };
        Err(ShapeError { problem, example: "AC0123456789abcdef0123456789abcdef" })
    }
}

/// In whose name: a number of the account, or a messaging service that chooses one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    parameter: &'static str,
    name: String,
}

impl Sender {
    /// Under which parameter the API takes it.
    pub(super) const fn parameter(&self) -> &'static str {
        self.parameter
    }

    /// The number, or the service's SID.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

impl FromStr for Sender {
    type Err = ShapeError;

    fn from_str(text: &str) -> Result<Self, ShapeError> {
        let text = text.trim();
        let parameter = if is_sid(text, "MG") {
            "MessagingServiceSid"
        } else if is_number(text) {
            "From"
        } else {
            let problem = "this is neither a number with its country code nor the SID of a messaging service";
            return Err(ShapeError {
                problem,
                example: "+15551234567 or MG0123456789abcdef0123456789abcdef",
            });
        };
        Ok(Self { parameter, name: text.to_owned() })
    }
}

/// Whether `text` is in the form of E.164: a plus sign, a country code, 15 digits at most.
fn is_number(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";

    #[test]
    fn an_address_is_encrypted_or_on_this_machine() {
        for (text, problem) in [
            ("https://api.twilio.com", None),
            ("https://api.twilio.com/", None),
            ("https://api.dublin.ie1.twilio.com", None),
            ("http://127.0.0.1:4010", None),
            ("http://[::1]:4010", None),
            ("http://localhost:4010/", None),
            ("https://127.0.0.1:4010", None),
            ("http://api.twilio.com", Some("everybody on the way")),
            ("http://localhost.example.org", Some("everybody on the way")),
            ("http://10.0.0.1:4010", Some("everybody on the way")),
            ("ftp://api.twilio.com", Some("https://")),
            ("api.twilio.com", Some("cannot be read")),
            ("localhost:4010", Some("no host")),
            ("https://api.twilio.com/2010-04-01", Some("more than")),
            ("https://api.twilio.com?x=1", Some("more than")),
            ("https://api.twilio.com#x", Some("more than")),
            ("https://user:hunter2@api.twilio.com", Some("more than")),
            ("", Some("cannot be read")),
        ] {
            match (text.parse::<BaseUrl>(), problem) {
                (Ok(url), None) => assert_eq!(url.is_encrypted(), text.starts_with("https")),
                (Err(error), Some(problem)) => {
                    let error = error.to_string();
                    assert!(error.contains(problem) && error.contains("should look like"), "{text}: {error}");
                    assert!(!error.contains("hunter2"), "{error}");
                }
                (parsed, _) => panic!("{text}: {parsed:?}"),
            }
        }
    }

    #[test]
    fn messages_are_below_the_account() {
        let account = ACCOUNT.parse().unwrap();
        assert_eq!(
            BaseUrl::default().messages(&account).as_str(),
            "https://api.twilio.com/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages.json"
        );
    }

    #[test]
    fn an_account_has_its_shape() {
        assert_eq!(format!(" {ACCOUNT} ").parse::<AccountSid>().unwrap().to_string(), ACCOUNT);
        for (text, problem) in [
            ("", "AC and 32"),
            ("AC0123", "AC and 32"),
            ("AC0123456789abcdef0123456789abcdeg", "AC and 32"),
            ("ac0123456789abcdef0123456789abcdef", "AC and 32"),
            ("AC0123456789abcdef0123456789abcdef0", "AC and 32"),
            ("SK0123456789abcdef0123456789abcdef", "API key"),
        ] {
            let error = text.parse::<AccountSid>().unwrap_err().to_string();
            assert!(error.contains(problem) && error.contains("should look like AC0"), "{text}: {error}");
        }
    }

    #[test]
    fn a_sender_is_a_number_or_a_service() {
        for (text, parameter) in [
            ("+15551234567", Some("From")),
            (" +447700900123 ", Some("From")),
            ("MG0123456789abcdef0123456789abcdef", Some("MessagingServiceSid")),
            ("15551234567", None),
            ("+05551234567", None),
            ("+1 555 123 4567", None),
            ("+1555", None),
            ("+1234567890123456", None),
            ("MG0123", None),
            ("OAKRIDGE", None),
            ("", None),
        ] {
            let sender = text.parse::<Sender>();
            assert_eq!(sender.as_ref().ok().map(Sender::parameter), parameter, "{text}");
            match sender {
                Ok(sender) => assert_eq!(sender.as_str(), text.trim()),
                Err(error) => assert!(error.to_string().contains("should look like +1"), "{error}"),
            }
        }
    }

    #[test]
    fn the_token_is_never_shown() {
        let settings = TwilioSettings::new(
            ACCOUNT.parse().unwrap(),
            "hunter2".into(),
            "+15551234567".parse().unwrap(),
            "https://join.example.org".parse().unwrap(),
        );
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert_eq!(settings.timeouts.request, Duration::from_secs(30));
    }
}

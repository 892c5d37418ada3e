//! The settings of `porchlight-worker run`; `.env.sample` says what each is for.

use std::{net::SocketAddr, path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use porchlight_shared::{
    domain::{EmailAddress, Keyring},
    runtime::env::{Env, SettingError, Span},
    store::StoreSettings,
};
use secrecy::SecretString;

use crate::{
    deliver::retry::Schedule,
    email::{SmtpSettings, SmtpUrl},
};

/// Connections to Postgres of one worker: a lane each for begin and finish, one for letterheads, the rest for
/// reconcilers.
const CONNECTIONS: u32 = 6;
const EMAIL_RETRY: &str = "1m,5m,15m,1h,3h,6h,12h";
/// Providers of free mail refuse, by DMARC, what others send in their name.
const FREE_MAIL: [&str; 16] = [
    "gmail.com",
    "googlemail.com",
    "yahoo.com",
    "ymail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "msn.com",
    "aol.com",
    "icloud.com",
    "me.com",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "web.de",
    "proton.me",
];

/// Everything that `run` needs to know.
#[derive(Debug)]
pub struct WorkerSettings {
    /// `DATABASE_URL`.
    pub store: StoreSettings,
    /// `REDIS_URL`.
    pub redis: SecretString,
    /// `PORCHLIGHT_KEYS_FILE`.
    pub keyring: Arc<Keyring>,
    /// `PORCHLIGHT_PUBLIC_URL`: where links lead.
    pub site: Site,
    /// `PORCHLIGHT_SMTP_FROM`.
    pub from: EmailAddress,
    /// `PORCHLIGHT_SMTP_URL` and `PORCHLIGHT_SMTP_CONNECTIONS`.
    pub smtp: SmtpSettings,
    /// `PORCHLIGHT_SMTP_RATE`: messages a second, all workers together.
    pub email_rate: Rate,
    /// `PORCHLIGHT_EMAIL_RETRY`.
    pub email_retry: Schedule,
    /// `PORCHLIGHT_CHECKING_WAIT`: how long an unknown outcome waits for news before it is acted on.
    pub checking_wait: Duration,
    /// `PORCHLIGHT_ATTEMPT_DEADLINE`.
    pub attempt_deadline: Duration,
    /// `PORCHLIGHT_WORKER_LISTEN`: health and metrics; off without it.
    pub listen: Option<SocketAddr>,
}

/// An installation's own address: scheme and host, without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site(String);

/// Messages a second: more than zero, fractions allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(f64);

impl WorkerSettings {
    /// Reads and checks all of them.
    ///
    /// # Errors
    /// Names the variable that is missing or does not fit.
    pub fn from_env(env: &Env) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let keys: PathBuf = env.required("PORCHLIGHT_KEYS_FILE", "the path of a key file")?;
        let from = sender(env)?;
        let url: SmtpUrl =
            env.required("PORCHLIGHT_SMTP_URL", "smtp://user:password@host:587 or smtps://…")?;
        let connections = env.parsed_or("PORCHLIGHT_SMTP_CONNECTIONS", "a number from 1 to 256", || {
            SmtpSettings::DEFAULT_CONNECTIONS
        })?;
        let smtp = SmtpSettings::new(url, from.domain()).with_connections(connections.clamp(1, 256));
        let attempt_deadline = span(env, "PORCHLIGHT_ATTEMPT_DEADLINE", Duration::from_mins(5))?;
        let needed = smtp.timeouts.body + smtp.timeouts.after_body;
        if attempt_deadline <= needed {
            let problem = format!(
                "it must be longer than {} s, which the provider may take to answer",
                needed.as_secs()
            );
            let expected = "a span of time such as 5m";
            return Err(SettingError::Wrong { name: "PORCHLIGHT_ATTEMPT_DEADLINE", expected, problem }.into());
        }
        Ok(Self {
            store: StoreSettings::from_env(env, CONNECTIONS)?,
            redis: env.secret("REDIS_URL", "redis://host:6379/0")?,
            keyring: Arc::new(Keyring::read(&keys)?),
            site: env.required("PORCHLIGHT_PUBLIC_URL", "https://join.example.org")?,
            from,
            smtp,
            email_rate: env.parsed_or(
                "PORCHLIGHT_SMTP_RATE",
                "messages a second such as 10 or 0.5",
                || Rate(10.0),
            )?,
            email_retry: env.parsed_or("PORCHLIGHT_EMAIL_RETRY", "spans of time such as 1m,5m,1h", || {
                EMAIL_RETRY.parse().expect("the default fits")
            })?,
            checking_wait: span(env, "PORCHLIGHT_CHECKING_WAIT", Duration::ZERO)?,
            attempt_deadline,
            listen: env.parsed("PORCHLIGHT_WORKER_LISTEN", "an address and port such as 127.0.0.1:9090")?,
        })
    }
}

fn span(env: &Env, name: &'static str, default: Duration) -> Result<Duration, SettingError> {
    Ok(env.parsed_or(name, "a span of time such as 5m", || Span(default))?.0)
}

fn sender(env: &Env) -> Result<EmailAddress, SettingError> {
    const NAME: &str = "PORCHLIGHT_SMTP_FROM";
    const EXPECTED: &str = "an address of a domain that you control, such as invitations@example.org";
    let from: EmailAddress = env.required(NAME, EXPECTED)?;
    if FREE_MAIL.contains(&from.domain()) && !env.switch("PORCHLIGHT_SANDBOX")? {
        let problem =
            format!("mail in the name of {} is refused by most receivers when others send it", from.domain());
        return Err(SettingError::Wrong { name: NAME, expected: EXPECTED, problem });
    }
    Ok(from)
}

impl Site {
    /// Scheme and host, no slash at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Site {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = url::Url::parse(text).map_err(|_| "it cannot be read as a URL")?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err("it does not begin with https:// and a host");
        }
        if url.path() != "/"
            || url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
        {
            return Err("it has more than scheme, host and port");
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

impl Rate {
    /// Messages a second.
    #[must_use]
    pub const fn per_second(self) -> f64 {
        self.0
    }
}

impl FromStr for Rate {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rate: f64 = text.parse().map_err(|_| "it is not a number")?;
        if (0.000_1..=100_000.0).contains(&rate) {
            Ok(Self(rate))
        } else {
            Err("it is not between 0.0001 and 100000")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_scheme_and_host() {
        for (text, fits) in [
            ("https://join.example.org", true),
            ("https://join.example.org/", true),
            ("http://127.0.0.1:8080", true),
            ("join.example.org", false),
            ("https://join.example.org/path", false),
            ("https://user@join.example.org", false),
            ("ftp://join.example.org", false),
        ] {
            assert_eq!(text.parse::<Site>().is_ok(), fits, "{text}");
        }
    }

    #[test]
    fn a_rate_is_positive() {
        assert_eq!("0.5".parse(), Ok(Rate(0.5)));
        for text in ["0", "-1", "NaN", "inf", "ten", "1e9"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn free_mail_is_for_sandboxes() {
        let env = Env::from([("PORCHLIGHT_SMTP_FROM", "hoa@gmail.com")]);
        assert!(sender(&env).unwrap_err().to_string().contains("PORCHLIGHT_SMTP_FROM"));
        let env = Env::from([("PORCHLIGHT_SMTP_FROM", "hoa@gmail.com"), ("PORCHLIGHT_SANDBOX", "1")]);
        assert!(sender(&env).is_ok());
    }
}

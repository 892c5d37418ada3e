//! The settings of `porchlight-worker run`; `.env.sample` says what each is for.

use std::{net::SocketAddr, path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use porchlight_shared::{
    domain::{EmailAddress, Keyring, TextWindow},
    runtime::{
        env::{Env, SettingError, Span},
        site::Site,
    },
    store::StoreSettings,
};
use secrecy::SecretString;

use crate::{
    deliver::retry::Schedule,
    email::{SmtpSettings, SmtpUrl},
    reconcile::Looks,
    sabotage::Sabotage,
    text::{TwilioSettings, settings::BaseUrl},
};

/// Connections to Postgres of one worker: a lane each for begin and finish, one for letterheads, the rest for
/// reconcilers, breakers and asking, which can wait for each other.
const CONNECTIONS: u32 = 6;
const EMAIL_RETRY: &str = "1m,5m,15m,1h,3h,6h,12h";
const TEXT_RETRY: &str = "20s,2m,10m,40m";
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
    /// The way out for texts, if there is one.
    pub texts: Option<TextSettings>,
    /// `PORCHLIGHT_TEXT_WINDOW`: when texts go where the community says nothing else.
    pub text_window: TextWindow,
    /// `PORCHLIGHT_CHECKING_WAIT`: how long an e-mail's unknown outcome waits for news before it is acted on.
    pub email_wait: Duration,
    /// The same for a text's, and when it is asked about meanwhile.
    pub text_looks: Looks,
    /// `PORCHLIGHT_ATTEMPT_DEADLINE`.
    pub attempt_deadline: Duration,
    /// `PORCHLIGHT_WORKER_LISTEN`: health and metrics; off without it.
    pub listen: Option<SocketAddr>,
    /// `PORCHLIGHT_SABOTAGE`: for tests of the tests.
    pub sabotage: Option<Sabotage>,
}

/// What sending texts needs to know.
#[derive(Debug)]
pub struct TextSettings {
    /// `PORCHLIGHT_TWILIO_…`.
    pub twilio: TwilioSettings,
    /// `PORCHLIGHT_SMS_RATE`: texts a second, all workers together.
    pub rate: Rate,
    /// `PORCHLIGHT_TEXT_RETRY`.
    pub retry: Schedule,
}

/// `PORCHLIGHT_SMS_PROVIDER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SmsProvider {
    Twilio,
    Off,
}

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
        let site: Site = env.required("PORCHLIGHT_PUBLIC_URL", "https://join.example.org")?;
        let texts = texts(env, &site)?;
        let attempt_deadline = span(env, "PORCHLIGHT_ATTEMPT_DEADLINE", Duration::from_mins(5))?;
        let by_text = texts.as_ref().map_or(Duration::ZERO, |texts| texts.twilio.timeouts.request);
        let needed = by_text.max(smtp.timeouts.body + smtp.timeouts.after_body);
        if attempt_deadline <= needed {
            let problem = format!(
                "it must be longer than {} s, which the provider may take to answer",
                needed.as_secs()
            );
            let expected = "a span of time such as 5m";
            return Err(SettingError::Wrong { name: "PORCHLIGHT_ATTEMPT_DEADLINE", expected, problem }.into());
        }
        let wait: Option<Span> = env.parsed("PORCHLIGHT_CHECKING_WAIT", "a span of time such as 15m")?;
        Ok(Self {
            store: StoreSettings::from_env(env, CONNECTIONS)?,
            redis: env.secret("REDIS_URL", "redis://host:6379/0")?,
            keyring: Arc::new(Keyring::read(&keys)?),
            site,
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
            texts,
            text_window: env.parsed_or("PORCHLIGHT_TEXT_WINDOW", "when texts may go", TextWindow::default)?,
            email_wait: wait.map_or(Duration::ZERO, |wait| wait.0),
            text_looks: Looks::until(wait.map_or(Looks::WAIT, |wait| wait.0)),
            attempt_deadline,
            listen: env.parsed("PORCHLIGHT_WORKER_LISTEN", "an address and port such as 127.0.0.1:9090")?,
            sabotage: Sabotage::from_env(env)?,
        })
    }
}

/// The way out for texts. What is said about a provider that is off is left alone.
fn texts(env: &Env, site: &Site) -> Result<Option<TextSettings>, SettingError> {
    let provider = env.parsed_or("PORCHLIGHT_SMS_PROVIDER", "twilio or off", || SmsProvider::Off)?;
    if provider == SmsProvider::Off {
        return Ok(None);
    }
    let account = env.required("PORCHLIGHT_TWILIO_ACCOUNT_SID", "AC and 32 hexadecimal digits")?;
    let token = env.secret("PORCHLIGHT_TWILIO_AUTH_TOKEN", "the account's auth token")?;
    let from = env.required(
        "PORCHLIGHT_TWILIO_FROM",
        "a number such as +15551234567, or the SID of a messaging service",
    )?;
    let base_url = env.parsed_or("PORCHLIGHT_TWILIO_BASE_URL", "https://api.twilio.com", BaseUrl::default)?;
    Ok(Some(TextSettings {
        twilio: TwilioSettings::new(account, token, from, site.clone()).with_base_url(base_url),
        rate: env.parsed_or("PORCHLIGHT_SMS_RATE", "texts a second such as 1 or 0.2", || Rate(1.0))?,
        retry: env.parsed_or("PORCHLIGHT_TEXT_RETRY", "spans of time such as 20s,2m,10m", || {
            TEXT_RETRY.parse().expect("the default fits")
        })?,
    }))
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

impl FromStr for SmsProvider {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "twilio" => Ok(Self::Twilio),
            "off" => Ok(Self::Off),
            _ => Err("there is no such provider"),
        }
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
    fn a_rate_is_positive() {
        assert_eq!("0.5".parse(), Ok(Rate(0.5)));
        for text in ["0", "-1", "NaN", "inf", "ten", "1e9"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn texts_are_off_unless_a_provider_is_named_and_then_all_of_it_is_needed() {
        let site: Site = "https://join.example.org".parse().unwrap();
        let mut variables = vec![
            ("PORCHLIGHT_TWILIO_ACCOUNT_SID", "AC0123456789abcdef0123456789abcdef"),
            ("PORCHLIGHT_TWILIO_AUTH_TOKEN", "hunter2"),
            ("PORCHLIGHT_TWILIO_FROM", "+15551234567"),
        ];
        let env = |variables: &[(&'static str, &'static str)]| variables.iter().copied().collect::<Env>();
        assert!(texts(&env(&variables), &site).unwrap().is_none());
        variables.push(("PORCHLIGHT_SMS_PROVIDER", "twilio"));
        let settings = texts(&env(&variables), &site).unwrap().unwrap();
        assert_eq!((settings.rate, &settings.retry), (Rate(1.0), &TEXT_RETRY.parse().unwrap()));
        assert!(!format!("{settings:?}").contains("hunter2"));
        for missing in 0..3 {
            let mut fewer = variables.clone();
            let (name, _) = fewer.remove(missing);
            assert!(texts(&env(&fewer), &site).unwrap_err().to_string().contains(name));
        }
        let unknown = texts(&env(&[("PORCHLIGHT_SMS_PROVIDER", "pigeon")]), &site).unwrap_err().to_string();
        assert!(
            unknown.contains("PORCHLIGHT_SMS_PROVIDER") && unknown.contains("twilio or off"),
            "{unknown}"
        );
    }

    #[test]
    fn free_mail_is_for_sandboxes() {
        let env = Env::from([("PORCHLIGHT_SMTP_FROM", "hoa@gmail.com")]);
        assert!(sender(&env).unwrap_err().to_string().contains("PORCHLIGHT_SMTP_FROM"));
        let env = Env::from([("PORCHLIGHT_SMTP_FROM", "hoa@gmail.com"), ("PORCHLIGHT_SANDBOX", "1")]);
        assert!(sender(&env).is_ok());
    }
}

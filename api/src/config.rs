//! The settings of `porchlight-api serve`; `.env.sample` says what each is for.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use porchlight_shared::{
    domain::{Keyring, TextWindow},
    runtime::{
        env::{Env, SettingError},
        site::Site,
    },
    store::StoreSettings,
};
use secrecy::SecretString;

use crate::visitor::TrustedProxies;

/// Connections to Postgres of one API process.
const CONNECTIONS: u32 = 10;

/// Everything that `serve` needs to know.
#[derive(Debug)]
pub struct ServeSettings {
    /// `DATABASE_URL`.
    pub store: StoreSettings,
    /// `REDIS_URL`.
    pub redis: SecretString,
    /// `PORCHLIGHT_LISTEN`, default `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// `PORCHLIGHT_KEYS_FILE`.
    pub keyring: Arc<Keyring>,
    /// `PORCHLIGHT_TRUSTED_PROXIES`, default none.
    pub trusted_proxies: TrustedProxies,
    /// `PORCHLIGHT_PUBLIC_URL`, if it is known: by what name browsers reach us.
    pub site: Option<Site>,
    /// What is known of the provider of texts, if there is one.
    pub texts: Option<TextSettings>,
    /// `PORCHLIGHT_TEXT_WINDOW`: when texts go where the community says nothing else.
    pub text_window: TextWindow,
}

/// What the provider of texts is recognised by.
#[derive(Debug)]
pub struct TextSettings {
    /// `PORCHLIGHT_PUBLIC_URL`: where it calls back.
    pub site: Site,
    /// `PORCHLIGHT_TWILIO_AUTH_TOKEN`: with which it signs.
    pub auth_token: SecretString,
}

impl ServeSettings {
    /// Reads and checks all of them.
    ///
    /// # Errors
    /// Names the variable that is missing or does not fit.
    pub fn from_env(env: &Env) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let keys: PathBuf = env.required("PORCHLIGHT_KEYS_FILE", "the path of a key file")?;
        let listen =
            env.parsed_or("PORCHLIGHT_LISTEN", "an address and port such as 127.0.0.1:8080", || {
                SocketAddr::from(([127, 0, 0, 1], 8080))
            })?;
        Ok(Self {
            store: StoreSettings::from_env(env, CONNECTIONS)?,
            redis: env.secret("REDIS_URL", "redis://host:6379/0")?,
            listen,
            keyring: Arc::new(Keyring::read(&keys)?),
            trusted_proxies: env.parsed_or(
                "PORCHLIGHT_TRUSTED_PROXIES",
                "addresses and networks such as 10.0.0.0/8, 192.0.2.7",
                TrustedProxies::default,
            )?,
            site: env.parsed("PORCHLIGHT_PUBLIC_URL", "https://join.example.org")?,
            texts: texts(env)?,
            text_window: env.parsed_or("PORCHLIGHT_TEXT_WINDOW", "when texts may go", TextWindow::default)?,
        })
    }
}

/// As the worker reads it: what is said about a provider that is off is left alone.
fn texts(env: &Env) -> Result<Option<TextSettings>, SettingError> {
    match env.text("PORCHLIGHT_SMS_PROVIDER") {
        None | Some("off") => Ok(None),
        Some("twilio") => Ok(Some(TextSettings {
            site: env.required("PORCHLIGHT_PUBLIC_URL", "https://join.example.org")?,
            auth_token: env.secret("PORCHLIGHT_TWILIO_AUTH_TOKEN", "the account's auth token")?,
        })),
        Some(_) => Err(SettingError::Wrong {
            name: "PORCHLIGHT_SMS_PROVIDER",
            expected: "twilio or off",
            problem: "there is no such provider".to_owned(),
        }),
    }
}

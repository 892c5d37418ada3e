//! A sandbox of Twilio's Messages API: takes texts, delivers none, misbehaves on request, and shows what it got.
//!
//! On loopback without TLS, under `/2010-04-01/Accounts/{sid}`, with the account's sid and auth token as Basic
//! credentials:
//!
//! | request | |
//! | --- | --- |
//! | `POST /Messages.json` | takes a text: `To`, `From` or `MessagingServiceSid`, `Body`, `StatusCallback` |
//! | `GET /Messages.json` | newest first; `?To=`, `From=`, `DateSent=`, `DateSent>=`, `DateSent<=`, `PageSize=`, `Page=` |
//! | `GET /Messages/{sid}.json` | one of them |
//!
//! # Rules, by number
//!
//! The last four digits of a number may be a rule, so that a list can carry its own mishaps:
//!
//! | number ends in | what happens |
//! | --- | --- |
//! | `0001` | 400, 21211: not a phone number |
//! | `0002` | 400, 21614: a landline |
//! | `0003` | 400, 21610: opted out |
//! | `0004` | 429, 20429, with Retry-After of a second, the first time; then taken |
//! | `0005` | taken, and never answered |
//! | `0006` | taken, and the answer breaks off in the middle |
//! | `0007` | taken, and 500 for an answer |
//! | `0008` | taken; ends undelivered, 30005: unknown number |
//! | `0009` | taken; ends failed, 30008: unknown error |
//! | `0010` | taken; ends undelivered, 30006: a landline after all, or out of reach |
//! | `0011` | taken; ends undelivered, 30003: the phone is off |
//! | `0012` | 500 the first time, and nothing taken; then taken |
//!
//! Any other number is taken and gets its text. See [`Rule`].
//!
//! # Switches, for the whole sandbox
//!
//! [`Switches`] make it absent, slow, throttled or suspicious of a password, refuse or fail every text, and say when
//! and how often status callbacks come. [`TwilioSandbox::inbox`] is a page of the newest texts and sets the switches
//! over HTTP; [`super::inbox`] has the e-mail beside them.
//!
//! # Webhooks
//!
//! A text that names a `StatusCallback` has its status told there, signed as [`sign`] does; so are the texts that
//! [`TwilioSandbox::inbound`] makes up. A test that forges or repeats one uses [`TwilioSandbox::post`]; one whose
//! webhooks have a public name that leads nowhere uses [`TwilioSandbox::proxy`].
//!
//! What was taken is recorded one by one, before its answer.

mod answer;
mod api;
mod door;
mod inbox;
mod life;
mod listing;
mod order;
mod record;
mod refusal;
mod rule;
mod segments;
mod server;
mod signature;
mod switches;
mod webhook;

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, atomic::Ordering},
};

use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

pub(super) use self::inbox::Face;
use self::server::Server;
pub use self::{
    record::{Accepted, Callback, Doubled, Status},
    rule::Rule,
    server::Stage,
    signature::sign,
    switches::Switches,
    webhook::Reply,
};
use crate::barrier::Barrier;

/// How a sandbox is set up; fixed while it runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The account: `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// Its password, with which webhooks are signed, too.
    pub auth_token: String,
    /// The account's only number.
    pub number: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            account_sid: format!("AC{}", "5a".repeat(16)),
            auth_token: "7e".repeat(16),
            number: "+13125550100".into(),
        }
    }
}

/// A running sandbox. Dropping it closes its listener and its connections.
#[derive(Debug)]
pub struct TwilioSandbox {
    address: SocketAddr,
    server: Arc<Server>,
    _running: DropGuard,
}

impl TwilioSandbox {
    /// Listens on a free port of loopback; serves on the current runtime until dropped.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        Self::start_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?, settings)
    }

    /// Serves those who come to `listener`, on the current runtime until dropped.
    pub fn start_on(listener: TcpListener, settings: Settings) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let server = Server::new(settings, stop.clone())?;
        server.spawn(door::serve(listener, address, Arc::clone(&server)));
        Ok(Self { address, server, _running: stop.drop_guard() })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// As `PORCHLIGHT_TWILIO_BASE_URL` wants it.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How it is set up.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.server.settings
    }

    /// What an installation has to be told to send its texts here.
    #[must_use]
    pub fn variables(&self) -> [(&'static str, String); 5] {
        let Settings { account_sid, auth_token, number } = self.settings().clone();
        [
            ("PORCHLIGHT_SMS_PROVIDER", "twilio".to_owned()),
            ("PORCHLIGHT_TWILIO_BASE_URL", self.base_url()),
            ("PORCHLIGHT_TWILIO_ACCOUNT_SID", account_sid),
            ("PORCHLIGHT_TWILIO_AUTH_TOKEN", auth_token),
            ("PORCHLIGHT_TWILIO_FROM", number),
        ]
    }

    /// Every text taken so far, oldest first.
    #[must_use]
    pub fn accepted(&self) -> Vec<Accepted> {
        self.server.with_records(|records| records.accepted().to_vec())
    }

    /// How many have been taken.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.server.with_records(|records| records.total())
    }

    /// How many texts each number was sent.
    #[must_use]
    pub fn counts(&self) -> HashMap<String, u32> {
        self.server.with_records(|records| records.counts())
    }

    /// The numbers that got more than one text.
    #[must_use]
    pub fn doubled(&self) -> Vec<Doubled> {
        self.server.with_records(|records| records.doubled())
    }

    /// Every status callback made so far, in the order in which they were answered.
    #[must_use]
    pub fn callbacks(&self) -> Vec<Callback> {
        self.server.with_records(|records| records.callbacks().to_vec())
    }

    /// Waits until `count` texts have been taken since the start or the last reset.
    ///
    /// # Panics
    /// When that does not happen within two minutes.
    pub async fn wait_for(&self, count: u64) {
        let what = format!("{count} texts");
        self.server.wait_until(&what, |records| records.total() >= count).await;
    }

    /// Waits until `count` status callbacks have been made.
    ///
    /// # Panics
    /// When that does not happen within two minutes.
    pub async fn wait_for_callbacks(&self, count: usize) {
        let what = format!("{count} callbacks");
        self.server.wait_until(&what, |records| records.callbacks().len() >= count).await;
    }

    /// Waits until `is_so` of the texts taken; it must not ask the sandbox anything.
    ///
    /// # Panics
    /// When that does not happen within two minutes.
    pub async fn wait_until(&self, what: &str, is_so: impl Fn(&[Accepted]) -> bool) {
        self.server.wait_until(what, |records| is_so(records.accepted())).await;
    }

    /// Waits until the listener is open, or closed, as [`Switches::away`] wants it.
    pub async fn wait_for_listening(&self, listening: bool) {
        let mut now = self.server.listening.subscribe();
        let _reached = now.wait_for(|now| *now == listening).await;
    }

    /// Where every request to send can be stopped.
    #[must_use]
    pub fn barrier(&self) -> Arc<Barrier<Stage>> {
        Arc::clone(&self.server.barrier)
    }

    /// How often a switch made an answer or a callback other than it would have been.
    #[must_use]
    pub fn switched(&self) -> u64 {
        self.server.switched.load(Ordering::Relaxed)
    }

    /// The switches as they are.
    #[must_use]
    pub fn switches(&self) -> Switches {
        self.server.switches()
    }

    /// Sets all switches; open connections feel it at their next request.
    pub fn set(&self, switches: Switches) {
        self.server.set(switches);
    }

    /// Forgets everything taken, every callback and every try. Switches stay.
    pub fn reset(&self) {
        self.server.reset();
    }

    /// From now on, webhooks whose URL begins with `public` are called at `real` instead, as by a proxy. They are
    /// signed as ever, for the public one.
    pub fn proxy(&self, public: &str, real: &str) {
        self.server.proxy(public, real);
    }

    /// A text from a phone: tells the webhook at `url`, and returns what it answered.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn inbound(&self, from: &str, body: &str, url: &str) -> reqwest::Result<Reply> {
        self.post(url, &self.server.inbound(from, body, None)).await
    }

    /// The same for a text that Twilio understood and answered itself: `opt_out_type` is `START`, `STOP` or `HELP`.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn inbound_opt_out(
        &self,
        from: &str,
        body: &str,
        opt_out_type: &str,
        url: &str,
    ) -> reqwest::Result<Reply> {
        self.post(url, &self.server.inbound(from, body, Some(opt_out_type))).await
    }

    /// Posts parameters to a webhook, signed, and returns what it answered.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn post<N: AsRef<str>, V: AsRef<str>>(
        &self,
        url: &str,
        parameters: &[(N, V)],
    ) -> reqwest::Result<Reply> {
        let signature = sign(&self.server.settings.auth_token, url, parameters);
        self.post_signed(url, parameters, &signature).await
    }

    /// The same with a signature of one's own, as a forger would.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn post_signed<N: AsRef<str>, V: AsRef<str>>(
        &self,
        url: &str,
        parameters: &[(N, V)],
        signature: &str,
    ) -> reqwest::Result<Reply> {
        webhook::post(&self.server, url, parameters, signature).await
    }

    /// The page of the newest texts; see the module's head.
    pub fn inbox(&self) -> axum::Router {
        self.face().router()
    }

    /// What an inbox for several sandboxes shows of it.
    pub(super) fn face(&self) -> Face {
        Face(Arc::clone(&self.server))
    }
}

//! The face of this room: a text goes in, an outcome comes out.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use porchlight_shared::{domain::DeliveryId, runtime::site::Site};
use reqwest::{RequestBuilder, header::CONTENT_TYPE, redirect, retry};
use secrecy::{ExposeSecret as _, SecretString};
use url::{Url, form_urlencoded};

use super::{
    answer::Answer,
    failure::{cause, unanswered},
    listed::{ListError, Listed, listed},
    outcome::{Outcome, Reason, classify},
    settings::{AccountSid, Sender, TwilioSettings},
};
use crate::email::session::{TlsError, connector, connector_without_roots};

/// How long a connection may wait unused. Not long: one that the provider closes just when a request goes out leaves its
/// outcome unknown.
const IDLE: Duration = Duration::from_secs(10);
/// The most bytes of an answer to a message.
const ANSWER: usize = 64 * 1024;
/// The most bytes of a list.
const LIST: usize = 8 * 1024 * 1024;
/// The most messages of a list, the newest first: one number gets few.
const LISTED: &str = "100";
/// By how much the provider's clock may be behind ours.
const CLOCKS_APART: SignedDuration = SignedDuration::from_secs(60);
/// The longest that the provider keeps a text in its queue, in seconds.
const LONGEST_VALIDITY: u64 = 36_000;

/// Sends texts through Twilio's Messages API.
#[derive(Debug)]
pub struct Twilio {
    http: reqwest::Client,
    messages: Url,
    account_sid: AccountSid,
    auth_token: SecretString,
    from: Sender,
    site: Site,
    longest: Duration,
}

/// Why nothing can be sent.
#[derive(Debug, thiserror::Error)]
pub enum TwilioError {
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The library refused the settings.
    #[error("the HTTP client for Twilio cannot be set up")]
    Client(#[source] reqwest::Error),
}

impl Twilio {
    /// A sender for the account of `settings`. Opens no connection yet.
    ///
    /// TLS is the same as for mail: one provider of cryptography, named, and the machine's roots.
    pub fn new(settings: TwilioSettings) -> Result<Self, TwilioError> {
        let tls = if settings.base_url.is_encrypted() { connector(&[])? } else { connector_without_roots()? };
        // Nothing is done twice by itself, and nothing is told to anybody but Twilio.
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(rustls::ClientConfig::clone(tls.config()))
            .retry(retry::never())
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .user_agent(concat!("porchlight/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(settings.timeouts.connect)
            .timeout(settings.timeouts.request)
            .pool_idle_timeout(IDLE)
            .build()
            .map_err(TwilioError::Client)?;
        Ok(Self {
            http,
            messages: settings.base_url.messages(&settings.account_sid),
            account_sid: settings.account_sid,
            auth_token: settings.auth_token,
            from: settings.from,
            site: settings.site,
            longest: settings.timeouts.request,
        })
    }

    /// What a request takes at the very most, from the look-up of the name to the answer's last byte.
    #[must_use]
    pub const fn longest(&self) -> Duration {
        self.longest
    }

    /// Sends `body` to the number `to`, and says what became of it.
    ///
    /// The provider gives it up after `valid_for` (ten hours at most), however long its own queue is.
    /// The receipts that follow are called back at an address that names `delivery` and `attempt`, so that they are
    /// matched even when no answer came. `may_go` is asked immediately before the request goes out, a connection that
    /// is yet to be opened included: from then on it may take as long as [`Timeouts::request`] says. When it says no,
    /// nothing is sent. When the future is dropped, the connection is closed: what became of the text then is for the
    /// caller to find out.
    ///
    /// [`Timeouts::request`]: super::settings::Timeouts::request
    pub async fn send(
        &self,
        to: &str,
        body: &str,
        (delivery, attempt): (DeliveryId, i32),
        valid_for: Option<Duration>,
        may_go: impl FnOnce() -> bool + Send,
    ) -> Outcome {
        let request = self
            .signed(self.http.post(self.messages.clone()))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(self.form(to, body, (delivery, attempt), valid_for));
        if !may_go() {
            return Outcome::NotSent {
                reason: Reason::NoTimeLeft,
                text: "too little time was left".to_owned(),
            };
        }
        let outcome = match request.send().await {
            Ok(response) => classify(&Answer::read(response, ANSWER).await, to),
            Err(error) => unanswered(&error),
        };
        if let Some(reason) = outcome.reason() {
            tracing::debug!(%delivery, attempt, reason = reason.as_str(), "a text was not accepted");
        }
        outcome
    }

    /// The newest that the provider has for the number `to`, created at `after` or later, give or take a minute: for
    /// finding a message whose outcome is unknown. Days are not asked for: a message has none until it leaves the
    /// provider's queue.
    pub async fn list(&self, to: &str, after: Timestamp) -> Result<Vec<Listed>, ListError> {
        let after = after.saturating_sub(CLOCKS_APART).unwrap_or(after);
        let mut url = self.messages.clone();
        url.query_pairs_mut().append_pair("To", to).append_pair("PageSize", LISTED);
        match self.signed(self.http.get(url)).send().await {
            Ok(response) => listed(&Answer::read(response, LIST).await, after),
            Err(error) => Err(ListError::Unreachable(cause(&error))),
        }
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        request.basic_auth(&self.account_sid, Some(self.auth_token.expose_secret()))
    }

    fn form(
        &self,
        to: &str,
        body: &str,
        (delivery, attempt): (DeliveryId, i32),
        valid_for: Option<Duration>,
    ) -> String {
        let callback = format!("{}/receipts/twilio?d={delivery}&a={attempt}", self.site.as_str());
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("To", to)
            .append_pair(self.from.parameter(), self.from.as_str())
            .append_pair("Body", body)
            .append_pair("StatusCallback", &callback);
        if let Some(span) = valid_for {
            form.append_pair("ValidityPeriod", &span.as_secs().clamp(1, LONGEST_VALIDITY).to_string());
        }
        form.finish()
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    use super::*;
    use crate::text::{
        outcome::Refusal,
        peer::{Peer, nowhere},
    };

    const TO: &str = "+15551234567";
    const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
    const CREATED: &str =
        r#"{"sid": "SM00000000000000000000000000000001", "status": "queued", "error_code": null}"#;

    fn settings(base: &str) -> TwilioSettings {
        let settings = TwilioSettings::new(
            ACCOUNT.parse().unwrap(),
            "hunter2".into(),
            "+15557654321".parse().unwrap(),
            "https://join.example.org".parse().unwrap(),
        );
        settings.with_base_url(base.parse().unwrap())
    }

    async fn send(settings: TwilioSettings) -> Outcome {
        let twilio = Twilio::new(settings).unwrap();
        let valid_for = Some(Duration::from_secs(99_999));
        twilio
            .send(TO, "Łąka: join at 50% + 1 €?", (DeliveryId::from_bytes([7; 16]), 3), valid_for, || {
                true
            })
            .await
    }

    async fn outcome_of(peer: Peer) -> Outcome {
        let outcome = send(settings(&peer.base())).await;
        assert!(peer.request().await.contains("Body="));
        outcome
    }

    fn fields(form: &str) -> Vec<(String, String)> {
        form_urlencoded::parse(form.as_bytes()).into_owned().collect()
    }

    #[tokio::test]
    async fn a_text_is_posted_to_the_account_and_its_receipts_are_tagged() {
        let peer = Peer::answering("201 Created", "", CREATED).await;
        let outcome = send(settings(&peer.base())).await;
        assert_eq!(
            outcome,
            Outcome::Accepted { provider_id: "SM00000000000000000000000000000001".to_owned() }
        );
        let request = peer.request().await;
        let (head, form) = request.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with(&format!("POST /2010-04-01/Accounts/{ACCOUNT}/Messages.json HTTP/1.1\r\n")),
            "{head}"
        );
        let password = STANDARD.encode(format!("{ACCOUNT}:hunter2"));
        assert!(head.contains(&format!("authorization: Basic {password}")), "{head}");
        assert!(head.contains("content-type: application/x-www-form-urlencoded"), "{head}");
        let expected = [
            ("To", TO),
            ("From", "+15557654321"),
            ("Body", "Łąka: join at 50% + 1 €?"),
            (
                "StatusCallback",
                "https://join.example.org/receipts/twilio?d=07070707-0707-0707-0707-070707070707&a=3",
            ),
            ("ValidityPeriod", "36000"),
        ];
        assert_eq!(fields(form), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[tokio::test]
    async fn a_messaging_service_is_named_as_one() {
        let peer = Peer::answering("201 Created", "", CREATED).await;
        let mut settings = settings(&peer.base());
        settings.from = "MG0123456789abcdef0123456789abcdef".parse().unwrap();
        assert_eq!(send(settings).await.reason(), None);
        let request = peer.request().await;
        let (_, form) = request.split_once("\r\n\r\n").unwrap();
        assert_eq!(
            fields(form)[1],
            ("MessagingServiceSid".to_owned(), "MG0123456789abcdef0123456789abcdef".to_owned())
        );
    }

    #[tokio::test]
    async fn a_refusal_is_what_its_code_says() {
        for (status, code, refusal, reason) in [
            ("400 Bad Request", 21211, Refusal::Permanent, Reason::AddressInvalid),
            ("400 Bad Request", 21614, Refusal::Permanent, Reason::NumberNotMobile),
            ("400 Bad Request", 21612, Refusal::Permanent, Reason::NumberOutOfReach),
            ("400 Bad Request", 21610, Refusal::Permanent, Reason::OptedOut),
            ("400 Bad Request", 30003, Refusal::Temporary, Reason::PhoneUnreachable),
            ("400 Bad Request", 21606, Refusal::Configuration, Reason::SenderRefused),
            ("401 Unauthorized", 20003, Refusal::Configuration, Reason::AuthRefused),
            ("400 Bad Request", 12345, Refusal::Permanent, Reason::MessageRefused),
        ] {
            let body = format!(r#"{{"code": {code}, "message": "{TO} is wrong", "status": 400}}"#);
            let outcome = outcome_of(Peer::answering(status, "", &body).await).await;
            let expected = Outcome::Refused {
                refusal,
                reason,
                code: status[..3].parse().unwrap(),
                provider_code: Some(code),
                text: "<number> is wrong".to_owned(),
                slow_down: false,
                retry_after: None,
            };
            assert_eq!(outcome, expected);
        }
    }

    #[tokio::test]
    async fn too_many_requests_slow_everybody_down_for_as_long_as_is_asked() {
        for (head, seconds) in [
            ("Retry-After: 42\r\n", Some(42)),
            ("Retry-After: 7200\r\n", Some(900)),
            (
                "Date: Tue, 24 Nov 2026 08:00:00 GMT\r\nRetry-After: Tue, 24 Nov 2026 08:00:09 GMT\r\n",
                Some(9),
            ),
            ("", None),
        ] {
            let body = r#"{"code": 20429, "message": "Too Many Requests"}"#;
            let outcome = outcome_of(Peer::answering("429 Too Many Requests", head, body).await).await;
            assert!(outcome.asks_to_slow_down());
            assert_eq!(outcome.reason(), Some(Reason::Throttled));
            assert_eq!(outcome.retry_after(), seconds.map(Duration::from_secs), "{head}");
        }
    }

    #[tokio::test]
    async fn what_was_handed_over_and_not_clearly_answered_is_unknown() {
        for (answer, reason) in [
            ("", Reason::ClosedAfterBody),
            ("HTTP/1.1 201 Created\r\ncontent-length: 99\r\n\r\n{\"sid\": ", Reason::ClosedAfterBody),
            ("HTTP/1.1 201 Cre", Reason::ClosedAfterBody),
            ("220 mail.example.org ESMTP\r\n", Reason::UnreadableAfterBody),
            ("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>", Reason::UnreadableAfterBody),
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Reason::UnreadableAfterBody),
            ("HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n", Reason::ProviderFailed),
            ("HTTP/1.1 503 Oops\r\ncontent-length: 15\r\n\r\n{\"code\": 20503}", Reason::ProviderFailed),
        ] {
            let outcome = outcome_of(Peer::saying(answer).await).await;
            assert_eq!(outcome, Outcome::Unknown { reason }, "{answer:?}");
        }
    }

    #[tokio::test]
    async fn an_answer_that_does_not_come_in_time_is_unknown() {
        let peer = Peer::silent().await;
        let mut settings = settings(&peer.base());
        settings.timeouts.request = Duration::from_millis(300);
        assert_eq!(send(settings).await, Outcome::Unknown { reason: Reason::TimeoutAfterBody });
        assert!(peer.request().await.contains("Body="));
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let (_held, elsewhere) = nowhere();
        let peer =
            Peer::answering("307 Temporary Redirect", &format!("Location: {elsewhere}/\r\n"), "").await;
        let Outcome::Refused { refusal, reason, code, .. } = outcome_of(peer).await else {
            panic!("refused")
        };
        assert_eq!((refusal, reason, code), (Refusal::Configuration, Reason::RequestRefused, 307));
    }

    #[tokio::test]
    async fn nothing_goes_without_a_connection_or_without_time() {
        let (_held, nowhere) = nowhere();
        let outcome = send(settings(&nowhere)).await;
        let Outcome::NotSent { reason, text } = outcome else { panic!("{outcome:?}") };
        assert_eq!(reason, Reason::ConnectFailed);
        assert!(!text.contains(ACCOUNT) && !text.is_empty(), "{text}");

        let twilio = Twilio::new(settings(&nowhere)).unwrap();
        let outcome = twilio.send(TO, "late", (DeliveryId::from_bytes([7; 16]), 1), None, || false).await;
        assert_eq!(outcome.reason(), Some(Reason::NoTimeLeft));
        assert!(!format!("{twilio:?}").contains("hunter2"));
    }

    #[tokio::test]
    async fn what_the_provider_has_is_asked_for_by_number() {
        let list = r#"{"messages": [{"sid": "SM00000000000000000000000000000001", "status": "sent", "body": "Hello",
            "direction": "outbound-api", "date_created": "Tue, 24 Nov 2026 08:00:06 +0000", "error_code": null}]}"#;
        let peer = Peer::answering("200 OK", "", list).await;
        let twilio = Twilio::new(settings(&peer.base())).unwrap();
        let after = "2026-11-24T08:00:05Z".parse().unwrap();
        let found = twilio.list(TO, after).await.unwrap();
        assert_eq!(found.len(), 1);
        assert!(found[0].says("Hello"));
        let request = peer.request().await;
        let path = format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json");
        let query = "To=%2B15551234567&PageSize=100";
        assert!(request.starts_with(&format!("GET {path}?{query} HTTP/1.1\r\n")), "{request}");

        let (_held, nowhere) = nowhere();
        let twilio = Twilio::new(settings(&nowhere)).unwrap();
        let nobody = twilio.list(TO, after).await;
        assert!(matches!(nobody, Err(ListError::Unreachable(_))));
    }
}

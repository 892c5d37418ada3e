//! Webhooks: statuses and texts that come in.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use porchlight_tests::sandbox::twilio::{Switches, TwilioSandbox, sign};
use reqwest::StatusCode;
use tokio::net::TcpListener;
use url::form_urlencoded;

use super::{ANNA, BODY, OURS, order, over, sandbox};

/// A call that came to a webhook.
#[derive(Clone, Debug)]
struct Call {
    signature: String,
    parameters: Vec<(String, String)>,
}

impl Call {
    fn get(&self, wanted: &str) -> Option<&str> {
        self.parameters.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    }
}

type Calls = Arc<Mutex<Vec<Call>>>;

/// Somebody who is told.
struct Webhook {
    url: String,
    calls: Calls,
}

impl Webhook {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/receipts/twilio?tag=7", listener.local_addr().unwrap());
        let calls = Calls::default();
        let router = Router::new().route("/receipts/twilio", post(take)).with_state(Arc::clone(&calls));
        tokio::spawn(axum::serve(listener, router).into_future());
        Self { url, calls }
    }

    fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    fn statuses(&self) -> Vec<String> {
        self.calls().iter().map(|call| call.get("MessageStatus").unwrap().to_owned()).collect()
    }
}

async fn take(State(calls): State<Calls>, headers: HeaderMap, body: Bytes) -> &'static str {
    let signature = headers["x-twilio-signature"].to_str().unwrap().to_owned();
    let parameters = form_urlencoded::parse(&body).into_owned().collect();
    calls.lock().unwrap().push(Call { signature, parameters });
    "<Response/>"
}

async fn send_telling(sandbox: &TwilioSandbox, to: &str, webhook: &Webhook) -> StatusCode {
    let parameters = [("To", to), ("From", OURS), ("Body", BODY), ("StatusCallback", webhook.url.as_str())];
    order(sandbox, &parameters).send().await.unwrap().status()
}

#[tokio::test]
async fn statuses_are_told_and_signed() {
    let (sandbox, webhook) = (sandbox().await, Webhook::start().await);
    assert_eq!(send_telling(&sandbox, ANNA, &webhook).await, 201);
    sandbox.wait_for_callbacks(2).await;
    assert_eq!(webhook.statuses(), ["sent", "delivered"]);
    let token = &sandbox.settings().auth_token;
    for call in webhook.calls() {
        assert_eq!(call.signature, sign(token, &webhook.url, &call.parameters));
        assert_ne!(call.signature, sign("another", &webhook.url, &call.parameters));
        assert_eq!((call.get("To"), call.get("From")), (Some(ANNA), Some(OURS)));
        assert_eq!(call.get("MessageSid"), Some(&*sandbox.accepted()[0].sid));
        assert_eq!(call.get("AccountSid"), Some(sandbox.settings().account_sid.as_str()));
        assert_eq!(call.get("ErrorCode"), None);
    }
    assert_eq!(sandbox.callbacks()[1].answer, Some(200));

    assert_eq!(send_telling(&sandbox, "+13125550008", &webhook).await, 201);
    sandbox.wait_for_callbacks(4).await;
    assert_eq!(webhook.statuses()[2..], ["sent", "undelivered"]);
    assert_eq!(webhook.calls()[3].get("ErrorCode"), Some("30005"));
}

#[tokio::test]
async fn callbacks_come_as_the_switches_want() {
    let (sandbox, webhook) = (sandbox().await, Webhook::start().await);
    sandbox.set(Switches { callbacks_doubled: true, ..Switches::default() });
    send_telling(&sandbox, ANNA, &webhook).await;
    sandbox.wait_for_callbacks(4).await;
    assert_eq!(webhook.statuses(), ["sent", "sent", "delivered", "delivered"]);

    sandbox.set(Switches { callbacks_reordered: true, ..Switches::default() });
    send_telling(&sandbox, ANNA, &webhook).await;
    sandbox.wait_for_callbacks(6).await;
    assert_eq!(webhook.statuses()[4..], ["delivered", "sent"]);

    sandbox.set(Switches { callbacks_off: true, ..Switches::default() });
    send_telling(&sandbox, ANNA, &webhook).await;
    sandbox.wait_until("delivered", over).await;
    sandbox.set(Switches { callbacks_held: true, ..Switches::default() });
    send_telling(&sandbox, "+13125550102", &webhook).await;
    sandbox.wait_until("delivered", |texts| texts.len() == 4 && over(texts)).await;
    assert_eq!(sandbox.callbacks().len(), 6);
    sandbox.set(Switches::default());
    sandbox.wait_for_callbacks(8).await;
    assert_eq!(webhook.calls()[6].get("To"), Some("+13125550102"));
}

#[tokio::test]
async fn a_public_name_leads_through_a_proxy() {
    let (sandbox, webhook) = (sandbox().await, Webhook::start().await);
    let (real, path) = webhook.url.split_at(webhook.url.find("/receipts").unwrap());
    let public = format!("https://join.example.org{path}");
    sandbox.proxy("https://join.example.org", real);
    let parameters = [("To", ANNA), ("From", OURS), ("Body", BODY), ("StatusCallback", public.as_str())];
    assert_eq!(order(&sandbox, &parameters).send().await.unwrap().status(), 201);
    sandbox.wait_for_callbacks(2).await;
    let calls = webhook.calls();
    let expected = sign(&sandbox.settings().auth_token, &public, &calls[1].parameters);
    assert_eq!((calls.len(), &calls[1].signature), (2, &expected));
}

#[tokio::test]
async fn texts_come_in() {
    let (sandbox, webhook) = (sandbox().await, Webhook::start().await);
    let reply = sandbox.inbound(ANNA, "Stop. Grüße!", &webhook.url).await.unwrap();
    assert_eq!((reply.status, reply.body.as_str()), (200, "<Response/>"));
    sandbox.inbound_opt_out(ANNA, "STOP", "STOP", &webhook.url).await.unwrap();
    let calls = webhook.calls();
    for (call, body, kind) in [(&calls[0], "Stop. Grüße!", None), (&calls[1], "STOP", Some("STOP"))] {
        assert_eq!((call.get("From"), call.get("To")), (Some(ANNA), Some(OURS)));
        assert_eq!((call.get("Body"), call.get("OptOutType")), (Some(body), kind));
        let expected = sign(&sandbox.settings().auth_token, &webhook.url, &call.parameters);
        assert_eq!(call.signature, expected);
    }
    assert_ne!(calls[0].get("MessageSid"), calls[1].get("MessageSid"));

    sandbox.post_signed(&webhook.url, &[("Body", "STOP")], "forged").await.unwrap();
    assert_eq!(webhook.calls()[2].signature, "forged");
}

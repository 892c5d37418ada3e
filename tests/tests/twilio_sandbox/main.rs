//! Each rule and switch of the Twilio sandbox, seen from the wire: `sending` is a text's way in, `telling` what comes
//! back by itself, `showing` what can be looked at.

#![expect(clippy::unwrap_used, reason = "what helps a test is part of it")]

mod sending;
mod showing;
mod telling;

use std::time::Duration;

use porchlight_tests::{
    caller::caller,
    sandbox::twilio::{Accepted, Settings, Status, TwilioSandbox},
};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, header};
use serde_json::Value;
use url::form_urlencoded;

const OURS: &str = "+13125550100";
const ANNA: &str = "+13125550101";
const BODY: &str = "Oakridge HOA: join at https://join.example.org/j/7KWM3RTX9CHR Reply STOP to opt out.";

fn client() -> Client {
    caller(Duration::from_secs(30)).unwrap()
}

async fn sandbox() -> TwilioSandbox {
    TwilioSandbox::start(Settings::default()).await.unwrap()
}

/// A request with the right credentials to a path of the account.
fn request(sandbox: &TwilioSandbox, method: Method, path: &str) -> RequestBuilder {
    let settings = sandbox.settings();
    let url = format!("{}/2010-04-01/Accounts/{}/{path}", sandbox.base_url(), settings.account_sid);
    client().request(method, url).basic_auth(&settings.account_sid, Some(&settings.auth_token))
}

fn form(parameters: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

fn order(sandbox: &TwilioSandbox, parameters: &[(&str, &str)]) -> RequestBuilder {
    request(sandbox, Method::POST, "Messages.json")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form(parameters))
}

async fn try_send(sandbox: &TwilioSandbox, to: &str) -> reqwest::Result<Response> {
    order(sandbox, &[("To", to), ("From", OURS), ("Body", BODY)]).send().await
}

async fn answer(response: Response) -> (StatusCode, Value) {
    (response.status(), response.json().await.unwrap())
}

async fn send(sandbox: &TwilioSandbox, to: &str) -> (StatusCode, Value) {
    answer(try_send(sandbox, to).await.unwrap()).await
}

async fn get(sandbox: &TwilioSandbox, path: &str) -> (StatusCode, Value) {
    answer(request(sandbox, Method::GET, path).send().await.unwrap()).await
}

fn over(texts: &[Accepted]) -> bool {
    texts.iter().all(|text| matches!(text.status, Status::Delivered | Status::Undelivered | Status::Failed))
}

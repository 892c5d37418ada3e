//! What is taken, what is not, and what is said to either.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use porchlight_tests::sandbox::twilio::{Status, Switches};
use reqwest::header;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{ANNA, BODY, OURS, answer, client, form, get, order, over, sandbox, send, try_send};

#[tokio::test]
async fn takes_shows_and_records_a_text() {
    let sandbox = sandbox().await;
    let (status, taken) = send(&sandbox, ANNA).await;
    assert_eq!(status, 201, "{taken}");
    let sid = taken["sid"].as_str().unwrap();
    assert!(sid.len() == 34 && sid.starts_with("SM"), "{sid}");
    for (field, expected) in [
        ("to", json!(ANNA)),
        ("from", json!(OURS)),
        ("body", json!(BODY)),
        ("status", json!("queued")),
        ("num_segments", json!("1")),
        ("error_code", Value::Null),
        ("date_sent", Value::Null),
        ("account_sid", json!(sandbox.settings().account_sid)),
    ] {
        assert_eq!(taken[field], expected, "{field}");
    }
    assert!(taken["date_created"].as_str().unwrap().ends_with(" +0000"), "{taken}");

    sandbox.wait_until("delivered", over).await;
    let (status, shown) = get(&sandbox, &format!("Messages/{sid}.json")).await;
    assert_eq!((status.as_u16(), &shown["status"], &shown["sid"]), (200, &json!("delivered"), &json!(sid)));
    assert!(shown["date_sent"].is_string(), "{shown}");
    let (status, missing) = get(&sandbox, "Messages/SM0.json").await;
    assert_eq!((status.as_u16(), &missing["code"]), (404, &json!(20404)));

    let accepted = sandbox.accepted();
    assert_eq!((&*accepted[0].to, &*accepted[0].from, &*accepted[0].body), (ANNA, OURS, BODY));
    assert!(&*accepted[0].sid == sid && accepted[0].answered);
    assert_eq!(sandbox.counts(), HashMap::from([(ANNA.to_owned(), 1)]));
    assert!(sandbox.doubled().is_empty());
    send(&sandbox, ANNA).await;
    assert_eq!((sandbox.doubled()[0].to.as_str(), sandbox.doubled()[0].times), (ANNA, 2));
    sandbox.reset();
    assert_eq!((sandbox.total(), sandbox.counts().len()), (0, 0));
}

#[tokio::test]
async fn a_messaging_service_chooses_later() {
    let sandbox = sandbox().await;
    let parameters = [("To", ANNA), ("MessagingServiceSid", "MG1"), ("Body", BODY)];
    let (status, taken) = answer(order(&sandbox, &parameters).send().await.unwrap()).await;
    assert_eq!((status.as_u16(), &taken["status"], &taken["from"]), (201, &json!("accepted"), &Value::Null));
    sandbox.wait_until("delivered", over).await;
    let (_, list) = get(&sandbox, "Messages.json").await;
    assert_eq!(list["messages"][0]["from"], OURS);
}

#[tokio::test]
async fn refusals_follow_the_number() {
    let sandbox = sandbox().await;
    for (to, code) in [("+13125550001", 21211), ("+13125550002", 21614), ("+13125550003", 21610)] {
        for _ in 0..2 {
            let (status, body) = send(&sandbox, to).await;
            assert_eq!((status.as_u16(), &body["code"], &body["status"]), (400, &json!(code), &json!(400)));
            assert!(body["more_info"].as_str().unwrap().ends_with(&code.to_string()), "{body}");
        }
    }
    let throttled = try_send(&sandbox, "+13125550004").await.unwrap();
    assert_eq!(throttled.headers()[header::RETRY_AFTER], "1");
    let (status, body) = answer(throttled).await;
    assert_eq!((status.as_u16(), &body["code"]), (429, &json!(20429)));
    assert_eq!(send(&sandbox, "+13125550012").await.0, 500);
    assert_eq!(sandbox.total(), 0);
    for to in ["+13125550004", "+13125550012"] {
        assert_eq!(send(&sandbox, to).await.0, 201);
    }
    assert_eq!(sandbox.total(), 2);

    let nobody = answer(order(&sandbox, &[("Body", BODY)]).send().await.unwrap()).await;
    assert_eq!((nobody.0.as_u16(), &nobody.1["code"]), (400, &json!(21604)));
}

#[tokio::test]
async fn answers_go_astray_where_the_number_says() {
    let sandbox = sandbox().await;
    // Silent is told from slow by nothing but patience; what it recorded says that it was taken.
    let unanswered = try_send(&sandbox, "+13125550005");
    assert!(timeout(Duration::from_millis(200), unanswered).await.is_err());
    sandbox.wait_for(1).await;

    let begun = try_send(&sandbox, "+13125550006").await.unwrap();
    assert_eq!(begun.status(), 201);
    assert!(begun.bytes().await.is_err());

    assert_eq!(send(&sandbox, "+13125550007").await.0, 500);
    assert_eq!(sandbox.total(), 3);
    assert!(sandbox.accepted().iter().all(|text| !text.answered));
    sandbox.wait_until("delivered", over).await;
    assert!(sandbox.accepted().iter().all(|text| text.status == Status::Delivered));
}

#[tokio::test]
async fn ends_follow_the_number() {
    let sandbox = sandbox().await;
    let ends = [
        ("+13125550008", "undelivered", json!(30005)),
        ("+13125550009", "failed", json!(30008)),
        ("+13125550010", "undelivered", json!(30006)),
        ("+13125550011", "undelivered", json!(30003)),
        (ANNA, "delivered", Value::Null),
    ];
    for (to, _, _) in &ends {
        assert_eq!(send(&sandbox, to).await.0, 201);
    }
    sandbox.wait_until("over", over).await;
    for (to, status, code) in &ends {
        let (_, list) = get(&sandbox, &format!("Messages.json?{}", form(&[("To", *to)]))).await;
        assert_eq!(list["messages"].as_array().unwrap().len(), 1, "{to}");
        let text = &list["messages"][0];
        assert_eq!((&text["status"], &text["error_code"]), (&json!(status), code), "{to}");
    }
    sandbox.set(Switches { undelivered_code: Some(30034), ..Switches::default() });
    assert_eq!(send(&sandbox, ANNA).await.0, 201);
    sandbox.wait_until("over", over).await;
    assert_eq!(sandbox.accepted()[5].code, Some(30034));
}

#[tokio::test]
async fn credentials_are_compared() {
    let sandbox = sandbox().await;
    let settings = sandbox.settings();
    let url = |account: &str| format!("{}/2010-04-01/Accounts/{account}/Messages.json", sandbox.base_url());
    let own = url(&settings.account_sid);
    let (sid, token) = (settings.account_sid.as_str(), settings.auth_token.as_str());
    for request in [
        client().get(&own),
        client().get(&own).basic_auth(sid, Some("wrong")),
        client().get(&own).basic_auth("AC1", Some(token)),
        client().get(url("AC1")).basic_auth(sid, Some(token)),
    ] {
        let (status, body) = answer(request.send().await.unwrap()).await;
        assert_eq!((status.as_u16(), &body["code"]), (401, &json!(20003)));
    }
    assert_eq!(get(&sandbox, "Messages.json").await.0, 200);
    sandbox.set(Switches { refuse_auth: true, ..Switches::default() });
    assert_eq!(send(&sandbox, ANNA).await.0, 401);
    assert_eq!(sandbox.total(), 0);
}

#[tokio::test]
async fn switches_refuse_and_slow_down() {
    let sandbox = sandbox().await;
    sandbox.set(Switches { unavailable: true, ..Switches::default() });
    assert_eq!(send(&sandbox, ANNA).await.0, 503);
    sandbox.set(Switches { refuse_code: Some(21608), ..Switches::default() });
    assert_eq!(send(&sandbox, ANNA).await.1["code"], 21608);
    sandbox.set(Switches { throttle_ms: 90_500, ..Switches::default() });
    let throttled = try_send(&sandbox, ANNA).await.unwrap();
    let seconds: u64 = throttled.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!(throttled.status() == 429 && (60..=91).contains(&seconds), "{seconds}");
    assert_eq!(get(&sandbox, "Messages.json").await.0, 429);
    assert_eq!(sandbox.total(), 0);

    // Throttled until then, and not after.
    sandbox.set(Switches { throttle_ms: 50, answer_delay_ms: 80, ..Switches::default() });
    let began = Instant::now();
    while send(&sandbox, ANNA).await.0 == 429 {
        assert!(began.elapsed() < Duration::from_secs(30));
    }
    assert!(began.elapsed() >= Duration::from_millis(80));
    assert_eq!(sandbox.total(), 1);
}

#[tokio::test]
async fn away_is_nobody_there() {
    let sandbox = sandbox().await;
    // A connection that is open when the sandbox goes is closed.
    let unanswered = try_send(&sandbox, "+13125550005");
    let leaving = async {
        sandbox.wait_for(1).await;
        sandbox.set(Switches { away: true, ..Switches::default() });
        sandbox.wait_for_listening(false).await;
    };
    let (unanswered, ()) = tokio::join!(unanswered, leaving);
    assert!(!unanswered.unwrap_err().is_connect());
    assert!(try_send(&sandbox, ANNA).await.unwrap_err().is_connect());
    sandbox.set(Switches::default());
    sandbox.wait_for_listening(true).await;
    assert_eq!(send(&sandbox, ANNA).await.0, 201);
}

//! The list that Twilio gives, and the inbox that a person reads.

use std::time::SystemTime;

use porchlight_tests::sandbox::{
    inbox,
    smtp::{self, SmtpSandbox},
    twilio::Switches,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{ANNA, client, form, get, over, sandbox, send};

#[tokio::test]
async fn the_list_is_filtered_and_paged() {
    let sandbox = sandbox().await;
    let mut sids = Vec::new();
    for to in [ANNA, "+13125550102", ANNA, ANNA] {
        let (_, taken) = send(&sandbox, to).await;
        sids.push(taken["sid"].clone());
    }
    let listed = async |filters: &[(&str, &str)]| {
        let (status, list) = get(&sandbox, &format!("Messages.json?{}", form(filters))).await;
        assert_eq!(status, 200, "{list}");
        let found: Vec<_> =
            list["messages"].as_array().unwrap().iter().map(|text| text["sid"].clone()).collect();
        (found, list)
    };
    let [first, second, third, fourth]: [Value; 4] = sids.try_into().unwrap();
    assert_eq!(listed(&[("To", ANNA)]).await.0, [fourth.clone(), third.clone(), first.clone()]);
    assert!(listed(&[("From", ANNA)]).await.0.is_empty());

    let (found, list) = listed(&[("PageSize", "3")]).await;
    assert_eq!(found, [fourth, third, second]);
    let next = list["next_page_uri"].as_str().unwrap();
    let (_, next) = next.split_once(&format!("{}/", sandbox.settings().account_sid)).unwrap();
    let (_, list) = get(&sandbox, next).await;
    assert_eq!((&list["messages"][0]["sid"], &list["next_page_uri"]), (&first, &Value::Null));

    // Its clock is set, so that midnight cannot come between.
    sandbox.reset();
    let ahead = seconds_to(4_000_000_000);
    sandbox.set(Switches { clock_ahead_s: ahead, ..Switches::default() });
    let (_, taken) = send(&sandbox, ANNA).await;
    assert!(taken["date_created"].as_str().unwrap().starts_with("Tue, 02 Oct 2096 "), "{taken}");
    sandbox.wait_until("delivered", over).await;
    for (filter, day, count) in [
        ("DateSent", "2096-10-02", 1),
        ("DateSent", "2096-10-01", 0),
        ("DateSent>", "2096-10-02", 1),
        ("DateSent>", "2096-10-03", 0),
        ("DateSent<", "2096-10-02", 1),
        ("DateSent<", "2096-10-01", 0),
    ] {
        assert_eq!(listed(&[("To", ANNA), (filter, day)]).await.0.len(), count, "{filter} {day}");
    }
    assert_eq!(get(&sandbox, "Messages.json?DateSent=yesterday").await.0, 400);
}

/// How far a moment, in seconds since 1970, is off.
#[expect(clippy::disallowed_methods, reason = "the sandbox has this machine's clock")]
fn seconds_to(moment: u64) -> u64 {
    moment - SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test]
async fn one_inbox_shows_mail_and_texts() {
    let sandbox = sandbox().await;
    let mail = SmtpSandbox::start(smtp::Settings::default()).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, inbox::router(&mail, &sandbox)).into_future());
    let page =
        async |path: &str| client().get(format!("{base}{path}")).send().await.unwrap().text().await.unwrap();
    let post = async |path: &str, body: Value| {
        client().post(format!("{base}{path}")).json(&body).send().await.unwrap().status()
    };
    assert!(page("/").await.matches("Nothing yet").count() == 2);
    send(&sandbox, "+13125550008").await;
    sandbox.wait_until("over", over).await;

    let list = page("/").await;
    for wanted in ["Text messages", "E-mail", "+13125550008", "Oakridge HOA", "undelivered, 30005"] {
        assert!(list.contains(wanted), "{wanted}: {list}");
    }
    let text = page("/texts/1").await;
    assert!(text.contains("href=\"https://join.example.org/j/7KWM3RTX9CHR\""), "{text}");
    assert!(page("/texts/2").await.contains("is not here"));
    let overview: Value = serde_json::from_str(&page("/texts.json?to=%2B13125550008").await).unwrap();
    assert_eq!((&overview["total"], &overview["messages"][0]["error_code"]), (&json!(1), &json!(30005)));
    let overview: Value = serde_json::from_str(&page("/texts.json?to=%2B13125550009").await).unwrap();
    assert_eq!(overview["messages"], json!([]));
    assert!(page("/inbox.json").await.contains("\"total\":0"));

    assert_eq!(post("/_sandbox/texts/switches", json!({"refuse_auth": true})).await, 200);
    assert!(sandbox.switches().refuse_auth && !mail.switches().refuse_auth);
    assert_eq!(post("/_sandbox/texts/switches", json!({"refuse_oath": true})).await, 422);
    assert_eq!(post("/_sandbox/texts/reset", json!({})).await, 204);
    assert_eq!(sandbox.total(), 0);
}

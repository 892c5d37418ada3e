//! Looking at a list: a verdict for every entry, whatever was pasted, and nothing stored.

use std::{collections::BTreeMap, time::Duration};

use porchlight_tests::installation::{Answer, Method};
use serde_json::{Value, json};

use crate::world::{World, rows, settled};

impl World {
    /// What would become of a list.
    pub(crate) async fn look_at_list(&self, list: &Value) -> Value {
        for _ in 0..30 {
            let body = list.to_string().into_bytes();
            let answer = self.client.post(&self.oakridge, "lists:verify", body, &[]).await.unwrap();
            if answer.status == 429 {
                // As a well-behaved caller does.
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
            assert_eq!(answer.status, 200, "{}", answer.body);
            sums(&answer.body);
            return answer.body;
        }
        panic!("told to wait for half a minute");
    }

    /// Posts a body of some type.
    async fn post_as(&self, path: &str, kind: &str, body: Vec<u8>) -> Answer {
        self.client.send(Method::POST, &self.oakridge, path, body, &[("content-type", kind)]).await.unwrap()
    }
}

/// The counts of verdicts are those of the entries.
fn sums(verified: &Value) {
    let mut counts: BTreeMap<&str, i64> =
        ["ready", "check", "fix", "skip"].map(|verdict| (verdict, 0)).into();
    for entry in verified["entries"].as_array().unwrap() {
        *counts.get_mut(entry["verdict"].as_str().unwrap()).unwrap() += 1;
    }
    assert_eq!(verified["counts"], json!(counts), "{verified}");
    assert_eq!(verified["total"], json!(counts.values().sum::<i64>()));
}

/// Verdict and reason of every entry.
pub(crate) fn reasons(entries: &Value) -> Vec<String> {
    let entries = entries.as_array().unwrap();
    let told = entries.iter().map(|entry| {
        format!(
            "{} {} {}",
            entry["position"],
            entry["verdict"].as_str().unwrap(),
            entry["reason"].as_str().unwrap()
        )
    });
    told.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pasted_list_gets_a_verdict_for_every_entry_and_nothing_is_stored() {
    let world = World::new().await;
    let text =
        "Ada Lovelace <ada@example.org>, bo@gmial.com\n\ncy@example\nADA@example.org\ninfo@example.org";
    let answer = world.look_at_list(&json!({"channel": "email", "text": text})).await;
    assert_eq!(
        reasons(&answer["entries"]),
        [
            "1 ready ready",
            "2 check likely_typo",
            "3 fix email_domain",
            "4 skip duplicate",
            "5 check role_address"
        ]
    );
    let entries = &answer["entries"];
    assert_eq!((&entries[1]["line"], &entries[1]["suggestion"]), (&json!(1), &json!("bo@gmail.com")));
    assert_eq!((&entries[3]["line"], &entries[3]["of"]), (&json!(4), &json!(1)));
    assert_eq!(entries[3]["message"], "the same address as line 1");
    assert_eq!(entries[0]["normalised"], "ada@example.org");
    assert_eq!(answer["read_as"]["shape"], "recipients");

    // The same as rows, and as a file that a spreadsheet wrote.
    let rows = json!([{"email": "ada@example.org"}, {"email": "bo@gmial.com"}, {"email": "cy@example"},
                      {"email": "ADA@example.org"}, {"email": "info@example.org"}]);
    let as_rows = world.look_at_list(&json!({"channel": "email", "rows": rows})).await;
    assert_eq!(reasons(&as_rows["entries"]), reasons(&answer["entries"]));
    let table = "Nom;Courriel\r\nZoé;ada@example.org\r\n;bo@gmial.com\r\n;cy@example\r\n;ADA@example.org\r\n;info@example.org\r\n";
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(table.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let windows: Vec<u8> = table.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    for (kind, body, encoding) in [
        ("text/csv", utf16, "UTF-16LE"),
        ("text/csv; charset=utf-8", table.as_bytes().to_vec(), "UTF-8"),
        ("text/plain", windows, "windows-1252"),
    ] {
        let answer = world.post_as("lists:verify?channel=email", kind, body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(reasons(&answer.body["entries"]), reasons(&as_rows["entries"]));
        assert_eq!(answer.body["encoding"], encoding);
        assert_eq!(answer.body["read_as"]["columns"], json!(["name", "email"]));
        assert_eq!(answer.body["entries"][0]["line"], 2);
    }
    // Texts are judged although this installation does not send them.
    let answer = world.look_at_list(&json!({"channel": "text", "text": "(202) 555-0143\n555-0144"})).await;
    assert_eq!(reasons(&answer["entries"]), ["1 ready ready", "2 fix phone_too_short"]);
    let stored: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM contacts) + (SELECT count(*) FROM households) + (SELECT count(*) FROM properties)
              + (SELECT count(*) FROM drafts)",
    )
    .fetch_one(&world.installation.pool)
    .await
    .unwrap();
    assert_eq!(stored, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_has_its_word_and_sending_agrees_with_what_was_said() {
    let mut world = World::new().await;
    let batch = world.send(&rows(8)).await;
    let _worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, settled).await;
    let reason = |row: usize, reason: &str| {
        format!(
            "INSERT INTO suppressions (id, community_id, channel, address_hash, address_masked, reason)
             SELECT gen_random_uuid(), c.community_id, 'email', c.address_hash, 'r•••@e•••.org', '{reason}'
             FROM contacts c JOIN deliveries d ON d.contact_id = c.id WHERE d.batch_row = {row}"
        )
    };
    for step in [
        reason(1, "unsubscribed"),
        reason(2, "complained"),
        reason(3, "hard_bounced"),
        reason(4, "not_me"),
        "UPDATE households SET joined_at = now() FROM contacts c, deliveries d
         WHERE c.household_id = households.id AND d.contact_id = c.id AND d.batch_row = 5"
            .to_owned(),
        "UPDATE contacts SET address = NULL, name = NULL, erased_at = now()
         WHERE id = (SELECT contact_id FROM deliveries WHERE batch_row = 6)"
            .to_owned(),
        "UPDATE invitations SET expires_at = now() WHERE id = (SELECT invitation_id FROM deliveries WHERE batch_row = 7)"
            .to_owned(),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(step)).execute(&world.installation.pool).await.unwrap();
    }
    let list = json!({"channel": "email", "rows": rows(9)});
    let said = world.look_at_list(&list).await;
    assert_eq!(
        reasons(&said["entries"]),
        [
            "1 skip opted_out",
            "2 skip complained",
            "3 skip hard_bounced",
            "4 skip not_me",
            "5 skip already_joined",
            "6 skip erased",
            "7 ready ready",
            "8 skip already_invited",
            "9 ready ready"
        ]
    );
    let invited = &said["entries"][7];
    assert!(invited["invited_at"].is_string(), "{invited}");
    assert!(invited["message"].as_str().unwrap().starts_with("this household was invited by "), "{invited}");
    let answer = world.client.send_list(&world.oakridge, &list).await.unwrap();
    assert_eq!(answer.status, 202, "{}", answer.body);
    assert_eq!((&answer.body["accepted"], &answer.body["skipped"]), (&json!(2), &json!(7)));
    let skipped: Vec<_> =
        said["entries"].as_array().unwrap().iter().filter(|entry| entry["verdict"] == "skip").collect();
    assert_eq!(answer.body["rows"], json!(skipped), "what was said is what happened");
    assert!(answer.body.get("draft").is_none(), "nothing to mend");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_calls_for_a_second_look_goes_only_when_accepted() {
    let mut world = World::new().await;
    let row = |email: &str, unit: &str, accept: bool| json!({"email": email, "unit": unit, "accept": accept});
    let list = json!({"channel": "email", "rows": [
        row("ada@example.org", "12 Elm St", false), row("bo@example.org", "12 elm st.", true), row("cy@example.org", "12 Elm St", false),
        row("di@gmial.com", "13", true), row("office@example.org", "14", false), row("ed@example.org", "15", false),
    ]});
    let answer = world.client.send_list(&world.oakridge, &list).await.unwrap();
    assert_eq!(answer.status, 202, "{}", answer.body);
    let counts =
        ["accepted", "to_check", "skipped", "rejected"].map(|count| answer.body[count].as_i64().unwrap());
    assert_eq!(counts, [4, 2, 0, 0]);
    assert_eq!(reasons(&answer.body["rows"]), ["3 check same_unit", "5 check role_address"]);
    let (invitations, households): (i64, i64) =
        sqlx::query_as("SELECT (SELECT count(*) FROM invitations), (SELECT count(*) FROM households)")
            .fetch_one(&world.installation.pool)
            .await
            .unwrap();
    assert_eq!((invitations, households), (3, 3), "two rows of one unit share an invitation");
    let _worker = world.installation.start_worker().await.unwrap();
    world.batch_until(answer.body["id"].as_str().unwrap(), settled).await;
    assert_eq!(world.installation.smtp.total(), 4);
    // What is left goes with the flag for all; the unit's invitation is live already.
    let rest = json!({"channel": "email", "accept_checks": true, "rows": [
        row("cy@example.org", "12 Elm St", false), row("office@example.org", "14", false),
    ]});
    let answer = world.client.send_list(&world.oakridge, &rest).await.unwrap();
    assert_eq!(reasons(&answer.body["rows"]), ["1 skip already_invited"], "{}", answer.body);
    assert_eq!(answer.body["accepted"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_list_is_refused_with_what_to_do() {
    let world = World::new().await;
    let lines = |count: usize| "r@example.org\n".repeat(count).into_bytes();
    let json = "application/json";
    let nested = format!("{{\"channel\": \"email\", \"rows\": {}", "[".repeat(5_000));
    let zeros = format!("{{\"channel\": \"email\", \"rows\": [{}0]}}", "0,".repeat(3_000_000));
    let cases: Vec<(&str, &str, Vec<u8>, u16, &str)> = vec![
        ("", "text/csv", b"".to_vec(), 422, "empty-list"),
        ("", "text/csv", b"\xef\xbb\xbf\r\n,,\r\n".to_vec(), 422, "empty-list"),
        ("", "text/csv", b"Name,Email\n".to_vec(), 422, "empty-list"),
        ("", "text/csv", b"PK\x03\x04".to_vec(), 415, "unsupported-media-type"),
        ("", "text/csv", b"%PDF-1.4".to_vec(), 415, "unsupported-media-type"),
        ("", "image/png", b"x".to_vec(), 415, "unsupported-media-type"),
        ("?channel=pigeon", "text/csv", b"x".to_vec(), 400, "invalid-parameter"),
        ("?columns=email,shoes", "text/csv", b"x".to_vec(), 400, "invalid-parameter"),
        ("", "text/plain", lines(100_001), 422, "too-many-entries"),
        ("", "text/plain", vec![b'a'; 17 * 1024 * 1024], 413, "body-too-large"),
        ("", json, nested.into_bytes(), 400, "malformed-json"),
        ("", json, zeros.into_bytes(), 422, "too-many-entries"),
        ("", json, b"{\"channel\": \"email\"}".to_vec(), 422, "invalid-field"),
        ("", json, b"{\"channel\": \"email\", \"text\": \"a\", \"rows\": []}".to_vec(), 422, "invalid-field"),
        (
            "",
            json,
            b"{\"channel\": \"email\", \"rows\": [{}], \"columns\": [\"email\"]}".to_vec(),
            422,
            "invalid-field",
        ),
        (
            "",
            json,
            b"{\"channel\": \"email\", \"text\": \"a\", \"columns\": [\"shoes\"]}".to_vec(),
            422,
            "invalid-field",
        ),
    ];
    for (query, kind, body, status, problem) in cases {
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        let answer = world.post_as(&format!("lists:verify{query}"), kind, body).await;
        let found =
            answer.body["type"].as_str().unwrap_or_default().trim_start_matches("/problems/").to_owned();
        assert_eq!((answer.status.as_u16(), found.as_str()), (status, problem), "{shown}: {}", answer.body);
        assert!(!answer.body["detail"].as_str().unwrap().is_empty());
    }
    // What is merely strange is answered, and quickly.
    for body in [
        format!("a@example.org{}b@example.org\n", ",".repeat(1_000_000)),
        format!("Name,Email\n{}\nAda,a@example.org\n", "\"a\",".repeat(300_000)),
        "\"a,b@example.org\n".repeat(50_000),
        "<,".repeat(2_000_000),
        format!("{}@example.org", "a".repeat(4_000_000)),
    ] {
        let began = tokio::time::Instant::now();
        let answer = world.post_as("lists:verify", "text/csv", body.into_bytes()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        sums(&answer.body);
        assert!(began.elapsed() < Duration::from_secs(30));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn naughty_strings_trouble_nobody_else() {
    let world = World::new().await;
    let naughty: Vec<String> = serde_json::from_str(include_str!("naughty.json")).unwrap();
    assert!(naughty.len() >= 150);
    // As rows: in every field, each between two good ones.
    let mut rows = Vec::new();
    for (number, text) in naughty.iter().enumerate() {
        rows.push(json!({"email": format!("before-{number}@example.org")}));
        rows.push(json!({"email": text, "name": text}));
        rows.push(json!({"email": format!("name-{number}@example.org"), "name": text, "unit": format!("{number} {text}"), "household": text}));
        rows.push(json!({"email": format!("after-{number}@example.org"), "phone": text}));
    }
    let said = world.look_at_list(&json!({"channel": "email", "rows": rows})).await;
    for (entry, at) in said["entries"].as_array().unwrap().iter().zip(0..) {
        if at % 2 == 0 && at % 4 == 0 || at % 4 == 3 {
            assert_eq!(entry["reason"], "ready", "{entry} beside {:?}", naughty[at / 4]);
        }
    }
    // As pasted text: each on a line of its own (with what line breaks it holds), between two good ones.
    for text in &naughty {
        for (before, after) in [
            ("before@example.org", "after@example.org"),
            ("Name,Email\nAda,before@example.org", "Bo,after@example.org"),
        ] {
            let list = format!("{before}\n{text}\n{after}\n");
            for channel in ["email", "text"] {
                let said = world.look_at_list(&json!({"channel": channel, "text": list})).await;
                let found = |address: &str| {
                    said["entries"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .any(|entry| entry["normalised"] == address && entry["verdict"] == "ready")
                };
                assert!(
                    channel == "text" || (found("before@example.org") && found("after@example.org")),
                    "{text:?}: {said}"
                );
            }
        }
    }
    // And sent: what can go goes, what cannot is kept to be mended.
    let answer = world
        .client
        .send_list(&world.oakridge, &json!({"channel": "email", "rows": rows, "accept_checks": true}))
        .await
        .unwrap();
    assert_eq!(answer.status, 202, "{}", answer.body);
    assert!(answer.body["accepted"].as_u64().unwrap() >= 2 * naughty.len() as u64);
    let draft = answer.body["draft"].as_str().unwrap();
    let kept = world.client.get(&world.oakridge, &format!("drafts/{draft}")).await.unwrap();
    assert_eq!(kept.status, 200);
    let to_mend = |entries: &Value| -> Vec<i64> {
        let entries = entries.as_array().unwrap().iter();
        entries
            .filter(|entry| entry["verdict"] == "fix")
            .map(|entry| entry["position"].as_i64().unwrap())
            .collect()
    };
    assert_eq!(kept.body["total"], answer.body["rejected"]);
    assert_eq!(
        to_mend(&kept.body["entries"]),
        to_mend(&answer.body["rows"]),
        "what had to be mended still has to be"
    );
}

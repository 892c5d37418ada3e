//! The other side of the door: looking changes nothing, and a code lets one household in, once.

use std::collections::{HashMap, HashSet};

use porchlight_shared::domain::{AccessCode, Keyring, Sealed};
use porchlight_tests::installation::{Client, Method, Page};
use serde_json::{Value, json};

use crate::world::{World, rows};

/// The journeys say themselves where a visitor comes from.
const PROXIED: [(&str, &str); 1] = [("PORCHLIGHT_TRUSTED_PROXIES", "127.0.0.0/8")];

impl World {
    pub(crate) fn keyring(&self) -> Keyring {
        let (_, variables) = self.installation.worker();
        let (_, path) = variables.iter().find(|(name, _)| name == "PORCHLIGHT_KEYS_FILE").unwrap();
        Keyring::read(path.as_ref()).unwrap()
    }

    /// The codes of all live invitations, by their contacts' addresses.
    pub(crate) async fn codes(&self) -> HashMap<String, AccessCode> {
        let keyring = self.keyring();
        let live: Vec<(String, uuid::Uuid, uuid::Uuid, Vec<u8>, i16)> = sqlx::query_as(
            "SELECT c.address, i.id, i.community_id, i.code_sealed, i.code_sealed_key
             FROM invitations i JOIN contacts c ON c.household_id = i.household_id WHERE i.ended_at IS NULL",
        )
        .fetch_all(&self.installation.pool)
        .await
        .unwrap();
        live.into_iter()
            .map(|(address, id, community, bytes, key)| {
                let code = keyring.unseal(&Sealed { key, bytes }, community.into(), id.into());
                (address, code.unwrap())
            })
            .collect()
    }

    /// The same of households of which nobody knows a contact, too.
    pub(crate) async fn live_codes(&self) -> HashSet<String> {
        let keyring = self.keyring();
        let live: Vec<(uuid::Uuid, uuid::Uuid, Vec<u8>, i16)> = sqlx::query_as(
            "SELECT id, community_id, code_sealed, code_sealed_key FROM invitations WHERE ended_at IS NULL",
        )
        .fetch_all(&self.installation.pool)
        .await
        .unwrap();
        let open = |(id, community, bytes, key): (uuid::Uuid, uuid::Uuid, Vec<u8>, i16)| {
            keyring.unseal(&Sealed { key, bytes }, community.into(), id.into()).unwrap().plain().to_owned()
        };
        live.into_iter().map(open).collect()
    }

    /// Live invitations, households that joined, their heads, and deliveries that are not needed any more.
    async fn doors(&self) -> (i64, i64, i64, i64) {
        sqlx::query_as(
            "SELECT (SELECT count(*) FROM invitations WHERE ended_at IS NULL),
                    (SELECT count(*) FROM households WHERE joined_at IS NOT NULL),
                    (SELECT count(*) FROM members WHERE role = 'head'),
                    (SELECT count(*) FROM deliveries WHERE state = 'not_needed')",
        )
        .fetch_one(&self.installation.pool)
        .await
        .unwrap()
    }

    async fn look(&self, path: &str, from: &str) -> Page {
        self.client.visit(Method::GET, path, None, Some(from)).await.unwrap()
    }

    async fn press(&self, path: &str, form: &str, from: &str) -> Page {
        self.client.visit(Method::POST, path, Some(form), Some(from)).await.unwrap()
    }
}

/// Well-formed, and drawn for nobody.
const UNKNOWN: &str = "7KWM-3RTX-9CHR";

fn is_private(page: &Page) {
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-robots-tag", "noindex"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(page.headers.get(name).unwrap(), value, "{}", page.path);
    }
    assert!(page.headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    assert!(page.text.len() < 100_000 && !page.text.contains("<script"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scanners_use_up_nothing_and_then_the_household_joins() {
    let world = World::with(&PROXIED).await;
    let mut list = rows(2);
    list.push(json!({"email": "second.1@example.org", "unit": "Lot 1"}));
    list.push(json!({"email": "third.1@example.org", "unit": "Lot 1", "accept": true}));
    let batch = world.send(&list).await;
    let codes = world.codes().await;
    let code = &codes["second.1@example.org"];
    assert_eq!(code, &codes["third.1@example.org"]);
    assert_eq!(world.doors().await, (3, 0, 0, 0));

    let grouped = code.grouped();
    let ways =
        [code.plain().to_owned(), grouped.to_lowercase(), format!("%20{}%20", grouped.replace('-', "%20"))];
    for n in 0..100 {
        let path = format!("/j/{}", ways[n % ways.len()]);
        let method = if n % 3 == 0 { Method::HEAD } else { Method::GET };
        let page = world.client.visit(method, &path, None, Some("198.51.100.7")).await.unwrap();
        assert_eq!(page.status, 200, "{path}");
        is_private(&page);
    }
    for form in
        ["", "name=&contact=", "name=Ada", "contact=ada%40example.org", "name=%00&contact=x", "garbage=%ff"]
    {
        let page = world.press(&format!("/j/{}", code.plain()), form, "198.51.100.7").await;
        assert_eq!(page.status, 422, "{form}");
        assert!(page.text.contains("role=\"alert\""), "{form}");
    }
    assert_eq!(world.doors().await, (3, 0, 0, 0), "nobody joined by looking");

    world
        .sql(
            "UPDATE deliveries d SET state = 'accepted', due_at = NULL FROM contacts c
             WHERE c.id = d.contact_id AND c.address = 'second.1@example.org'",
        )
        .await;
    // From the box, as people type, to the page behind the link; what is typed is shown as it is, never as a mark.
    let typed = format!("code={}", grouped.to_lowercase().replace('-', "+"));
    let page = world.press("/join", &typed, "198.51.100.8").await;
    assert_eq!((page.status.as_u16(), page.path.as_str()), (200, format!("/j/{}", code.plain()).as_str()));
    assert!(page.text.contains("Oakridge HOA") && page.text.contains("board@oakridge.example"));
    let page = world.press(&page.path, "name=%3Cb%3EAda&contact=ada%40", "198.51.100.8").await;
    assert!(page.text.contains("&#60;b&#62;Ada") && !page.text.contains("<b>Ada"), "{}", page.text);
    let page =
        world.press(&page.path, "name=Ada+Lovelace&contact=Second.1%40example.org", "198.51.100.8").await;
    assert_eq!(page.status, 200, "{}", page.text);
    is_private(&page);
    assert_eq!(world.doors().await, (2, 1, 1, 1), "the message that still waited is not needed any more");
    let verified: bool = sqlx::query_scalar("SELECT verified_at IS NOT NULL FROM members")
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
    assert!(verified, "a message with the code reached it");
    // Whoever presses twice is told the same.
    let page =
        world.press(&page.path, "name=Ada+Lovelace&contact=second.1%40EXAMPLE.org", "198.51.100.8").await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert_eq!(world.batch(&batch).await["counts"]["not_needed"], 1);

    // The second time it is used, for pages and programs alike; and its household is skipped from now on.
    let page = world
        .press(&format!("/j/{}", code.plain()), "name=Bo&contact=bo%40example.org", "198.51.100.8")
        .await;
    assert_eq!(page.status, 409);
    let who = json!({"code": code.grouped(), "name": "Bo", "email": "bo@example.org"});
    let answer = world.client.join(&who, None).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body["type"]), (409, &json!("/problems/code-used")));
    let seen = world.look_at_list(&json!({"channel": "email", "text": "third.1@example.org\n"})).await;
    assert_eq!(seen["entries"][0]["reason"], "already_joined");
    for log in [world.api.log()] {
        for secret in [code.plain(), code.grouped().as_str(), "Lovelace"] {
            assert!(!log.contains(secret));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_join_at_once_are_one_household_a_thousand_times() {
    let mut world = World::new().await;
    world.send(&rows(1_000)).await;
    let codes = world.codes().await;
    let (_second, other) = world.installation.start_api().await.unwrap();
    let pairs: Vec<_> = codes.values().cloned().collect();
    let lanes = pairs.chunks(125).map(|codes| {
        let (codes, clients) = (codes.to_vec(), [world.client.clone(), other.clone()]);
        tokio::spawn(async move {
            for code in codes {
                let who = |name| json!({"code": code.plain(), "name": name, "phone": "+12025550143"});
                let (ada, bo) = (who("Ada"), who("Bo"));
                let (one, two) = tokio::join!(clients[0].join(&ada, None), clients[1].join(&bo, None));
                let mut statuses = [one.unwrap().status.as_u16(), two.unwrap().status.as_u16()];
                statuses.sort_unstable();
                assert_eq!(statuses, [201, 409]);
            }
        })
    });
    for lane in lanes.collect::<Vec<_>>() {
        lane.await.unwrap();
    }
    assert_eq!(world.doors().await, (0, 1_000, 1_000, 1_000));
}

async fn told(client: &Client, who: &Value, from: &str) -> (u16, String) {
    let answer = client.join(who, Some(from)).await.unwrap();
    (answer.status.as_u16(), answer.body["type"].as_str().unwrap_or("joined").to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_guesses_waits_and_nobody_else() {
    let mut world = World::with(&PROXIED).await;
    world.send(&rows(3)).await;
    let codes = world.codes().await;
    let (_second, other) = world.installation.start_api().await.unwrap();
    let who = |code: &str| json!({"code": code, "name": "Ada", "email": "ada@example.org"});
    let right = &codes["resident.1@example.org"];

    // A typing mistake is told without a look-up, and counts for nothing.
    let mut mistyped = right.plain().to_owned();
    let last = if mistyped.ends_with('2') { "3" } else { "2" };
    mistyped.replace_range(11.., last);
    for _ in 0..20 {
        assert_eq!(
            told(&other, &who(&mistyped), "203.0.113.5").await,
            (422, "/problems/typing-mistake".into())
        );
    }
    for path in ["/j/%ff", "/j/x", "/j/%00", "/j/%F0%9F%98%80"] {
        let page = world.look(path, "203.0.113.5").await;
        assert_eq!(page.status, 422, "{path}");
        is_private(&page);
    }
    // Ten wrong codes, by pages and programs and through both processes; then even a right one waits.
    for n in 0..10 {
        let status = if n % 2 == 0 {
            world.look(&format!("/j/{UNKNOWN}"), "203.0.113.5").await.status.as_u16()
        } else {
            told(&other, &who(UNKNOWN), "203.0.113.5").await.0
        };
        assert_eq!(status, 404);
    }
    for client in [&world.client, &other] {
        let answer = client.join(&who(UNKNOWN), Some("203.0.113.5")).await.unwrap();
        assert_eq!(answer.status, 429);
        let wait: u32 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=600).contains(&wait), "{wait}");
        assert_eq!(told(client, &who(right.plain()), "203.0.113.5").await.0, 429);
    }
    let page = world.look(&format!("/j/{UNKNOWN}"), "203.0.113.5").await;
    assert_eq!(page.status, 429);
    assert!(page.headers.contains_key("retry-after"));
    is_private(&page);
    assert_eq!(world.look("/join", "203.0.113.5").await.status, 200);
    // From next door it works.
    assert_eq!(told(&world.client, &who(right.plain()), "203.0.113.6").await, (201, "joined".into()));

    // What is not JSON, or lacks a field, changes nothing.
    let code = codes["resident.2@example.org"].plain();
    for wrong in [
        json!({"code": code, "name": "Ada"}),
        json!({"code": code, "name": "Ada", "email": "a@b.example", "phone": "+12025550143"}),
        json!({"code": code, "name": "", "email": "a@b.example"}),
        json!({"code": code, "name": "Ada", "email": "nowhere"}),
        json!({"code": code, "name": "Ada", "phone": "nobody"}),
        json!({"code": code, "name": "Ada", "email": "a@b.example", "role": "owner"}),
        json!([code]),
    ] {
        assert_eq!(told(&world.client, &wrong, "203.0.113.7").await.0, 422, "{wrong}");
    }
    // An invitation that ran out, was taken back, or was replaced.
    for (end, kind) in [("revoked", "code-revoked"), ("replaced", "code-replaced")] {
        sqlx::query(
            "UPDATE invitations i SET ended_as = $1::invitation_end, ended_at = app_now(), code_sealed = NULL, code_sealed_key = NULL
             FROM contacts c WHERE c.household_id = i.household_id AND c.address = 'resident.2@example.org'",
        )
        .bind(end)
        .execute(&world.installation.pool)
        .await
        .unwrap();
        assert_eq!(told(&world.client, &who(code), "203.0.113.8").await, (410, format!("/problems/{kind}")));
        assert_eq!(world.look(&format!("/j/{code}"), "203.0.113.8").await.status, 410);
    }
    let code = codes["resident.3@example.org"].plain();
    world.ahead("31 days").await;
    assert_eq!(told(&world.client, &who(code), "203.0.113.8").await, (410, "/problems/code-expired".into()));
    assert_eq!(world.doors().await.1, 1);
}

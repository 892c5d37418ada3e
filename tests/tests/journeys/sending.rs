//! The main job: a list goes out, and every outcome is where it belongs.

use std::collections::HashSet;

use porchlight_shared::domain::{AccessCode, Keyring};
use porchlight_tests::sandbox::smtp::Switches;
use serde_json::json;

use crate::world::{World, rows, settled};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_goes_out_and_every_outcome_is_recorded() {
    let mut world = World::new().await;
    let mut list = rows(20);
    for fault in [
        "greylist-1-",
        "greylist-data-1-",
        "refuse-",
        "refuse-data-",
        "tempfail-",
        "drop-after-dot-1-",
        "drop-before-dot-1-",
    ] {
        list.push(json!({"email": format!("{fault}resident@example.org"), "name": "Zoë “Zed” O'Brien"}));
    }
    let batch = world.send(&list).await;
    let worker = world.installation.start_worker().await.unwrap();
    let status = world.batch_until(&batch, settled).await;
    assert_eq!(status["counts"]["accepted"], 24, "{status}");

    // API, ledger and provider agree.
    assert_eq!(world.ledger().await, [("accepted".to_owned(), 24), ("failed".to_owned(), 3)]);
    let provider = world.installation.smtp.counts();
    let twice: Vec<_> =
        provider.iter().filter(|(_, count)| **count > 1).map(|(recipient, _)| recipient.as_str()).collect();
    assert_eq!(twice, ["drop-after-dot-1-resident@example.org"], "only an unknown outcome is repeated, once");
    assert_eq!(provider.len(), 24);

    // The list, page by page and by state.
    let mut seen = HashSet::new();
    let mut path = format!("batches/{batch}/deliveries?limit=10");
    loop {
        let page = world.client.get(&world.oakridge, &path).await.unwrap().body;
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["position"].as_i64().unwrap()));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("batches/{batch}/deliveries?limit=10&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, (1..=27).collect());
    let failed = world
        .client
        .get(&world.oakridge, &format!("batches/{batch}/deliveries?state=failed"))
        .await
        .unwrap()
        .body;
    let reasons: Vec<_> =
        failed["items"].as_array().unwrap().iter().map(|item| item["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["mailbox_unknown", "blocked_by_policy", "temporarily_refused"]);

    // A story: greylisted once, then accepted; and no address in the provider's words.
    let page = world
        .client
        .get(&world.oakridge, &format!("batches/{batch}/deliveries?cursor=AAAAFA&limit=1"))
        .await
        .unwrap()
        .body;
    let id = page["items"][0]["id"].as_str().unwrap();
    let story = world.client.get(&world.oakridge, &format!("deliveries/{id}")).await.unwrap().body;
    let outcomes: Vec<_> = story["timeline"].as_array().unwrap()[1..]
        .iter()
        .map(|event| event["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["refused_temporary", "accepted"], "{story}");
    assert!(!story["timeline"].to_string().contains("resident@"), "{story}");

    world.until_redis_is_empty().await;
    assert!(worker.stop().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_carries_a_code_that_opens_its_invitation_and_the_ledger_reveals_none() {
    let mut world = World::new().await;
    let list = [
        json!({"email": "Ada.Lovelace@Example.org", "name": "Ada Lovelace", "unit": "Lot 7"}),
        json!({"email": "lovelace@example.net", "unit": "lot  7.", "accept": true}),
    ];
    world.send(&list).await;
    let worker = world.installation.start_worker().await.unwrap();
    world.installation.smtp.wait_for(2).await;
    let accepted = world.installation.smtp.accepted();
    let mut codes = HashSet::new();
    for message in &accepted {
        let source =
            String::from_utf8(world.installation.smtp.source(message.number).unwrap().to_vec()).unwrap();
        let (header, body) = source.split_once("\r\n\r\n").unwrap();
        for line in [
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            "Auto-Submitted: auto-generated",
            "Reply-To: \"Oakridge HOA\" <board@oakridge.example>",
        ] {
            assert!(header.lines().any(|found| found == line), "{line} is missing in {header}");
        }
        assert!(
            header.lines().any(|line| line.starts_with("List-Unsubscribe: <https://join.example.org/u/")
                && line.ends_with('>'))
        );
        let body = body.replace("=\r\n", "");
        let link = body.split("https://join.example.org/j/").nth(1).unwrap();
        codes.insert(link.chars().take_while(char::is_ascii_alphanumeric).collect::<String>());
    }
    assert_eq!(codes.len(), 1, "two contacts of one unit share one invitation");
    let code: AccessCode = codes.iter().next().unwrap().parse().unwrap();

    let keys = world
        .installation
        .worker()
        .1
        .iter()
        .find(|(name, _)| name == "PORCHLIGHT_KEYS_FILE")
        .unwrap()
        .1
        .clone();
    let keyring = Keyring::read(keys.as_ref()).unwrap();
    let found: i64 =
        sqlx::query_scalar("SELECT count(*) FROM invitations WHERE code_lookup = $1 AND ended_at IS NULL")
            .bind(&keyring.lookups(&code)[0][..])
            .fetch_one(&world.installation.pool)
            .await
            .unwrap();
    assert_eq!(found, 1);
    // No table holds the code in any form that the database alone can read; no log of ours does either.
    let dump: Vec<String> = sqlx::query_scalar("SELECT row_to_json(i)::text FROM invitations i UNION ALL SELECT row_to_json(d)::text FROM deliveries d UNION ALL SELECT row_to_json(a)::text FROM attempts a")
        .fetch_all(&world.installation.pool)
        .await
        .unwrap();
    for text in dump.iter().chain([&worker.log(), &world.api.log()]) {
        for secret in [code.plain(), code.grouped().as_str(), &hex(code.plain().as_bytes())] {
            assert!(!text.contains(secret));
        }
    }
    for log in [worker.log(), world.api.log()] {
        assert!(!log.to_lowercase().contains("lovelace"), "{log}");
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_must_not_go_does_not_go() {
    let mut world = World::new().await;
    let batch = world.send(&rows(7)).await;
    let steps = [
        "UPDATE invitations SET ended_as = 'revoked', ended_at = now(), code_sealed = NULL, code_sealed_key = NULL
         WHERE id = (SELECT invitation_id FROM deliveries WHERE batch_row = 1)",
        "UPDATE invitations SET ended_as = 'joined', ended_at = now(), code_sealed = NULL, code_sealed_key = NULL
         WHERE id = (SELECT invitation_id FROM deliveries WHERE batch_row = 2)",
        "UPDATE households SET joined_at = now() FROM contacts c, deliveries d
         WHERE c.household_id = households.id AND d.contact_id = c.id AND d.batch_row = 3",
        "UPDATE invitations SET expires_at = now() WHERE id = (SELECT invitation_id FROM deliveries WHERE batch_row = 4)",
        "INSERT INTO suppressions (id, community_id, channel, address_hash, address_masked, reason)
         SELECT gen_random_uuid(), c.community_id, 'email', c.address_hash, 'r•••@e•••.org', 'unsubscribed'
         FROM contacts c JOIN deliveries d ON d.contact_id = c.id WHERE d.batch_row = 5",
        "UPDATE contacts SET address = NULL, name = NULL, erased_at = now() WHERE id = (SELECT contact_id FROM deliveries WHERE batch_row = 6)",
    ];
    for step in steps {
        world.sql(step).await;
    }
    let _worker = world.installation.start_worker().await.unwrap();
    let status = world.batch_until(&batch, settled).await;
    let counts = &status["counts"];
    let found = ["accepted", "cancelled", "not_needed", "expired", "suppressed"]
        .map(|state| counts[state].as_i64().unwrap());
    assert_eq!(found, [1, 1, 2, 1, 2], "{counts}");
    assert_eq!(world.installation.smtp.total(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_batch_is_held_and_a_scheduled_one_waits_for_its_time() {
    let mut world = World::new().await;
    let paused = world.send(&rows(3)).await;
    world.sql("UPDATE batches SET paused_at = now()").await;
    let send_at: String = sqlx::query_scalar(
        "SELECT to_char(now() AT TIME ZONE 'UTC' + interval '40 days', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
    )
    .fetch_one(&world.installation.pool)
    .await
    .unwrap();
    let later = json!({"channel": "email", "send_at": send_at, "rows": [{"email": "later@example.org"}]});
    let later = world.client.send_list(&world.oakridge, &later).await.unwrap().body["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(world.batch(&later).await["counts"]["held"], 1);
    let _worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&paused, |counts| counts["held"] == 3).await;
    world.until_redis_is_empty().await;
    assert_eq!(world.installation.smtp.total(), 0);
    world.ahead("41 days").await;
    let status = world.batch_until(&later, settled).await;
    assert_eq!(status["counts"]["accepted"], 1, "{status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_refuses_us_blames_nobody_and_uses_up_no_attempt() {
    let mut world = World::new().await;
    world.installation.smtp.set(Switches { refuse_sender: true, ..Switches::default() });
    let batch = world.send(&rows(5)).await;
    let _worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, |counts| counts["queued"] == 0 && counts["sending"] == 0).await;
    let closed: Option<String> =
        sqlx::query_scalar("SELECT reason::text FROM channels WHERE closed_until > app_now()")
            .fetch_optional(&world.installation.pool)
            .await
            .unwrap();
    assert_eq!(closed.as_deref(), Some("sender_refused"));
    world.installation.smtp.set(Switches::default());
    // The operator mends it; the closing passes.
    let mut redis = world.redis().await;
    let _: () = redis::cmd("FLUSHDB").query_async(&mut redis).await.unwrap();
    world.ahead("3 minutes").await;
    let status = world.batch_until(&batch, settled).await;
    assert_eq!(status["counts"]["accepted"], 5);
    let counted: i64 = sqlx::query_scalar("SELECT sum(tries)::bigint FROM deliveries")
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
    assert_eq!(counted, 0);
}

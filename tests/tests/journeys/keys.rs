//! Keys change while everything runs, codes stay, and the ledger alone reveals none.

use std::{collections::HashMap, process::Stdio};

use porchlight_shared::domain::AccessCode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    sending::hex,
    world::{World, rows},
};

impl World {
    /// Rows by what their key is for, and by its number.
    async fn rows_by_key(&self) -> HashMap<(String, i64), i64> {
        let status = self.installation.api_command(&["keys", "status", "--json"]).await.unwrap();
        let status: Value = serde_json::from_str(&status).unwrap();
        let keys = status["keys"].as_array().unwrap().iter();
        keys.map(|key| {
            let of = key["use"].as_str().unwrap().to_owned();
            ((of, key["id"].as_i64().unwrap()), key["rows"].as_i64().unwrap())
        })
        .collect()
    }

    async fn rotate(&self, wait: &str) -> String {
        self.installation.api_command(&["keys", "rotate", "--wait", wait]).await.unwrap()
    }
}

fn by_key(rows: &[(i64, i64)]) -> HashMap<(String, i64), i64> {
    let both = ["seal", "lookup"].into_iter();
    both.flat_map(|of| rows.iter().map(move |(id, rows)| ((of.to_owned(), *id), *rows))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_rotate_during_a_running_send() {
    let mut world = World::with(&[("PORCHLIGHT_SMTP_RATE", "50")]).await;
    let first = world.send(&rows(300)).await;
    let before = world.codes().await;
    let worker = world.installation.start_worker().await.unwrap();
    world.installation.smtp.wait_for(40).await;
    // Programs that run read of new keys within a second.
    let said = world.rotate("2s").await;
    assert!(said.contains("300 codes were sealed anew"), "{said}");
    assert!(world.installation.smtp.total() < 300, "it was over before");
    // The API, which read the file before, seals with the new key; the worker, which read it too, opens it.
    let second = world.send(&[json!({"email": "late@example.org"})]).await;
    world.batch_until(&first, |counts| counts["accepted"] == 300).await;
    world.batch_until(&second, |counts| counts["accepted"] == 1).await;
    assert_eq!(world.rows_by_key().await, by_key(&[(1, 0), (2, 301)]));
    assert!(world.installation.smtp.doubled().is_empty());

    // Codes are what they were, and open the door by either program.
    let after = world.codes().await;
    assert!(before.iter().all(|(address, code)| after[address] == *code));
    let code = before["resident.1@example.org"].plain();
    let who = json!({"code": code, "name": "Ada", "email": "ada@example.org"});
    assert_eq!(world.client.join(&who, None).await.unwrap().status, 201);

    // The old key may go; of the used code only the look-up is left, under the new one.
    let said = world.installation.api_command(&["keys", "prune"]).await.unwrap();
    assert!(said.contains("0 keys"), "somebody may still use it: {said}");
    let prune = ["keys", "prune", "--superseded-for", "0s"];
    assert!(world.installation.api_command(&prune).await.unwrap().contains("2 keys"));
    let left = HashMap::from([(("seal".to_owned(), 2), 300), (("lookup".to_owned(), 2), 301)]);
    assert_eq!(world.rows_by_key().await, left);
    let code = before["resident.2@example.org"].plain();
    let who = json!({"code": code, "name": "Bo", "email": "bo@example.org"});
    assert_eq!(world.client.join(&who, None).await.unwrap().status, 201);
    assert!(worker.stop().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_that_was_broken_off_goes_on() {
    let world = World::new().await;
    world.send(&rows(450)).await;
    let before = world.codes().await;
    // Somebody is at one invitation for a while; all others are sealed anew meanwhile.
    let mut held = world.installation.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM invitations ORDER BY id DESC LIMIT 1 FOR UPDATE")
        .execute(&mut *held)
        .await
        .unwrap();
    let (program, variables) = world.installation.api_program();
    let mut rotating = tokio::process::Command::new(program)
        .args(["keys", "rotate", "--wait", "0s"])
        .env_clear()
        .envs(variables.iter().cloned())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    world
        .until("all others are sealed anew", async || {
            world.rows_by_key().await.get(&("seal".to_owned(), 2)) == Some(&449)
        })
        .await;
    let said = world.installation.api_command(&["keys", "rotate"]).await.unwrap_err().to_string();
    assert!(said.contains("keys are being changed already"), "{said}");
    rotating.kill().await.unwrap();
    held.rollback().await.unwrap();
    assert_eq!(world.rows_by_key().await, by_key(&[(1, 1), (2, 449)]));

    // The ledger learns of the dead one's end by itself; then it is finished, and no third key is added.
    world
        .until("the rotation goes on", async || {
            world.installation.api_command(&["keys", "rotate", "--wait", "0s"]).await.is_ok()
        })
        .await;
    assert_eq!(world.rows_by_key().await, by_key(&[(1, 0), (2, 450)]));
    assert_eq!(world.codes().await, before);
    // Another adds a third.
    let said = world.rotate("0s").await;
    assert!(said.contains("450 codes were sealed anew"), "{said}");
    assert_eq!(world.rows_by_key().await, by_key(&[(1, 0), (2, 0), (3, 450)]));
    assert_eq!(world.codes().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_alone_reveals_no_code_and_forgets_those_that_ended() {
    let mut world = World::new().await;
    world.send(&rows(5)).await;
    let codes = world.codes().await;
    let worker = world.installation.start_worker().await.unwrap();
    world.installation.smtp.wait_for(5).await;
    let dump = dump(&world).await;
    for code in codes.values() {
        for form in forms(code) {
            assert!(!dump.contains(&form));
        }
    }

    // Its time over, the sealed copy goes; the look-up tells for 400 days that there was such a code.
    let code = codes["resident.1@example.org"].plain();
    let who = json!({"code": code, "name": "Ada", "email": "ada@example.org"});
    drop(worker);
    world.ahead("31 days").await;
    // A worker looks for what is over when it starts, and once a minute.
    let worker = world.installation.start_worker().await.unwrap();
    let pool = world.installation.pool.clone();
    let sealed = async || -> (i64, i64) {
        sqlx::query_as("SELECT count(code_sealed), count(code_lookup) FROM invitations")
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    world.until("sealed codes are gone", async || sealed().await == (0, 5)).await;
    assert_eq!(world.client.join(&who, None).await.unwrap().status, 410);
    drop(worker);
    world.ahead("401 days").await;
    let _worker = world.installation.start_worker().await.unwrap();
    world.until("nothing is left of them", async || sealed().await == (0, 0)).await;
    assert_eq!(world.client.join(&who, None).await.unwrap().status, 404);
}

/// What a copy of the database holds, all tables, bytes as hexadecimal digits.
pub(crate) async fn dump(world: &World) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT quote_ident(table_name) FROM information_schema.tables
         WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
    )
    .fetch_all(&world.installation.pool)
    .await
    .unwrap();
    assert!(tables.len() > 15, "{tables:?}");
    let mut dump = String::new();
    for table in tables {
        let rows: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT row_to_json(t)::text FROM {table} AS t")))
                .fetch_all(&world.installation.pool)
                .await
                .unwrap();
        dump.push_str(&rows.join("\n"));
    }
    assert!(dump.contains("resident.1@example.org"), "the dump is empty");
    dump
}

/// What somebody who has only the dump would look for: the code itself, and what anybody could work out of it.
fn forms(code: &AccessCode) -> Vec<String> {
    let (plain, grouped) = (code.plain(), code.grouped());
    let mut forms = vec![plain.to_owned(), grouped.clone(), plain.to_lowercase()];
    for text in [plain, grouped.as_str()] {
        forms.push(hex(text.as_bytes()));
        forms.push(hex(&Sha256::digest(text)));
        forms.push(hex(&Sha256::digest(text.to_lowercase())));
    }
    forms
}

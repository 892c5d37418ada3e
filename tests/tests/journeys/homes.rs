//! Homes are taken in before anybody is invited: the denominator of adoption.

use serde_json::{Value, json};

use crate::{lists::reasons, world::World};

impl World {
    async fn import(&self, homes: &Value) -> Value {
        let body = homes.to_string().into_bytes();
        let answer = self.client.post(&self.oakridge, "households:import", body, &[]).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// Properties, households, and households with a name.
    async fn homes(&self) -> (i64, i64, i64) {
        sqlx::query_as("SELECT (SELECT count(*) FROM properties), count(*), count(name) FROM households")
            .fetch_one(&self.installation.pool)
            .await
            .unwrap()
    }
}

fn counts(answer: &Value) -> [i64; 5] {
    ["properties", "households", "named", "skipped", "rejected"].map(|count| answer[count].as_i64().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn homes_are_taken_in_once_and_lists_find_them() {
    let world = World::new().await;
    let text = "Address;Family\n12 Elm St;Lovelace\n12 Elm St;Ek\n14 Elm St;\n16 Elm St;\n;The Gardeners\n;\n=1+1;x\n12 elm st.;lovelace\n";
    let answer = world.import(&json!({"text": text})).await;
    assert_eq!(counts(&answer), [3, 5, 0, 1, 1], "{answer}");
    assert_eq!(reasons(&answer["rows"]), ["6 fix formula", "7 skip already_listed"]);
    assert_eq!(answer["read_as"]["columns"], json!(["unit", "household"]));
    let again = world.import(&json!({"text": text})).await;
    assert_eq!(counts(&again), [0, 0, 0, 6, 1], "{again}");
    assert_eq!(world.homes().await, (3, 5, 3));
    // A name for a household that had none, and a list of units without a head.
    let named = world.import(&json!({"rows": [{"unit": "14 Elm St", "household": "Om"}]})).await;
    assert_eq!(counts(&named), [0, 0, 1, 0, 0]);
    let units = world.import(&json!({"text": "12 Elm St\n18 Elm St\n"})).await;
    assert_eq!(counts(&units), [1, 1, 0, 1, 0]);

    // From now on a unit that is not among them calls for mending, and those that are make no new homes.
    let before = world.homes().await;
    let list = json!({"channel": "email", "rows": [
        {"email": "a@example.org", "unit": "12 Elm Street", "household": "Lovelace"},
        {"email": "b@example.org", "unit": "99 Oak Lane"},
        {"email": "c@example.org", "unit": "14  elm st", "household": "OM"},
        {"email": "d@example.org", "unit": "16 Elm St", "household": "Pi"},
        {"email": "e@example.org", "unit": "12 Elm St", "household": "Ek"},
    ]});
    let answer = world.client.send_list(&world.oakridge, &list).await.unwrap();
    assert_eq!(
        reasons(&answer.body["rows"]),
        ["1 fix unknown_unit", "2 fix unknown_unit"],
        "{}",
        answer.body
    );
    assert_eq!(answer.body["rows"][0]["suggestion"], "12 Elm St");
    assert!(answer.body["rows"][1].get("suggestion").is_none());
    assert_eq!(world.homes().await, (before.0, before.1, before.2 + 1), "one of them got its name");
    let invited: i64 = sqlx::query_scalar("SELECT count(DISTINCT household_id) FROM invitations")
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
    assert_eq!(invited, 3);
    // Who comes after one that has to be mended is judged by their own home.
    let text = "f@example.org, 99 Oak Lane\nf@example.org, 18 Elm St\nf@example.org, 12 Elm St\n";
    let answer = world.look_at_list(&json!({"channel": "email", "text": text})).await;
    assert_eq!(reasons(&answer["entries"]), ["1 fix unknown_unit", "2 ready ready", "3 skip duplicate"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_imports_at_once_make_every_home_once() {
    let world = World::new().await;
    let homes: Vec<_> = (0..200)
        .map(|n| {
            if n % 2 == 0 {
                json!({"unit": format!("Lot {n}")})
            } else {
                json!({"household": format!("Family {n}")})
            }
        })
        .collect();
    let mut backwards = homes.clone();
    backwards.reverse();
    let (one, other) = (json!({"rows": homes}), json!({"rows": backwards}));
    let (one, other) = tokio::join!(world.import(&one), world.import(&other));
    assert_eq!(counts(&one)[1] + counts(&other)[1], 200);
    assert_eq!(world.homes().await, (100, 200, 100));
}

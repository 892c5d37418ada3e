//! What the database itself refuses, and what it must say about itself.

use porchlight_shared::domain::{AttemptReason, Channel, DeliveryState, RequestEnd};
use sqlx::PgPool;

use crate::world::{World, rows};

async fn refused(pool: &PgPool, statement: &str) -> String {
    let error = sqlx::query(sqlx::AssertSqlSafe(statement)).execute(pool).await.expect_err(statement);
    error
        .as_database_error()
        .and_then(|error| error.constraint().map(str::to_owned))
        .unwrap_or_else(|| error.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_transition_is_legal_in_rust_exactly_if_it_is_in_postgres() {
    let world = World::new().await;
    world.send(&rows(1)).await;
    let pool = &world.installation.pool;
    for from in DeliveryState::ALL {
        for to in DeliveryState::ALL.iter().filter(|to| *to != from) {
            let mut tx = pool.begin().await.unwrap();
            sqlx::query("ALTER TABLE deliveries DISABLE TRIGGER deliveries_legal_transition")
                .execute(&mut *tx)
                .await
                .unwrap();
            put(&mut tx, *from).await.unwrap();
            sqlx::query("ALTER TABLE deliveries ENABLE TRIGGER deliveries_legal_transition")
                .execute(&mut *tx)
                .await
                .unwrap();
            let went = put(&mut tx, *to).await;
            match (from.may_become(*to), &went) {
                (true, Ok(())) => {}
                (false, Err(error)) => {
                    let constraint = error.as_database_error().and_then(|error| error.constraint());
                    assert_eq!(constraint, Some("deliveries_legal_transition"), "{from} to {to}");
                }
                _ => panic!("{from} to {to}: Rust says {}, Postgres {went:?}", from.may_become(*to)),
            }
        }
    }
}

/// Puts the one delivery into a state, with the columns that go with it.
async fn put(tx: &mut sqlx::PgConnection, state: DeliveryState) -> sqlx::Result<()> {
    let sending = state == DeliveryState::Sending;
    let held = state == DeliveryState::Held;
    sqlx::query(
        "UPDATE deliveries SET state = $1, held_reason = CASE WHEN $2 THEN 'paused'::hold_reason END, due_at = now(),
                attempt_began_at = CASE WHEN $3 THEN now() END, attempt_deadline = CASE WHEN $3 THEN now() END",
    )
    .bind(state)
    .bind(held)
    .bind(sending)
    .execute(tx)
    .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closed_sets_are_the_same_in_rust_and_in_postgres() {
    let world = World::new().await;
    let words = async |name: &str| -> Vec<String> {
        sqlx::query_scalar(
            "SELECT enumlabel::text FROM pg_enum WHERE enumtypid = $1::regtype ORDER BY enumlabel",
        )
        .bind(name)
        .fetch_all(&world.installation.pool)
        .await
        .unwrap()
    };
    let sorted = |mut words: Vec<&'static str>| {
        words.sort_unstable();
        words
    };
    let states = DeliveryState::ALL.iter().map(|state| state.as_str()).collect();
    assert_eq!(words("delivery_state").await, sorted(states));
    let reasons = AttemptReason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(words("attempt_reason").await, sorted(reasons));
    let channels = Channel::ALL.iter().map(|channel| channel.as_str()).collect();
    assert_eq!(words("channel").await, sorted(channels));
    for state in DeliveryState::ALL {
        let back: DeliveryState = sqlx::query_scalar("SELECT $1::delivery_state")
            .bind(state)
            .fetch_one(&world.installation.pool)
            .await
            .unwrap();
        assert_eq!(back, *state);
    }
    for reason in AttemptReason::ALL {
        let back: AttemptReason = sqlx::query_scalar("SELECT $1::attempt_reason")
            .bind(reason)
            .fetch_one(&world.installation.pool)
            .await
            .unwrap();
        assert_eq!(back, *reason);
    }
    assert_eq!(words("request_end").await.len(), RequestEnd::ALL.len());
    for end in RequestEnd::ALL {
        let back: RequestEnd = sqlx::query_scalar("SELECT $1::request_end")
            .bind(end)
            .fetch_one(&world.installation.pool)
            .await
            .unwrap();
        assert_eq!(back, end);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_must_never_happen_cannot_be_stored() {
    let world = World::new().await;
    world.send(&rows(2)).await;
    let pool = &world.installation.pool;
    let other = world.installation.create_community("Elm Court", &[]).await.unwrap();
    let cases = [
        (
            "INSERT INTO invitations (id, community_id, household_id, code_lookup, code_lookup_key, code_sealed, code_sealed_key, expires_at)
             SELECT gen_random_uuid(), community_id, household_id, sha256('x'), 1, 'x', 1, now() FROM invitations LIMIT 1".to_owned(),
            "invitations_one_live_per_household",
        ),
        ("UPDATE deliveries SET batch_row = 1".to_owned(), "deliveries_one_newest_per_batch_row"),
        ("UPDATE deliveries SET state = 'sending'".to_owned(), "deliveries_attempt_runs_while_sending"),
        ("UPDATE deliveries SET state = 'held'".to_owned(), "deliveries_held_says_why"),
        ("UPDATE deliveries SET due_at = NULL".to_owned(), "deliveries_waiting_knows_when"),
        ("UPDATE deliveries SET state = 'delivered'".to_owned(), "deliveries_legal_transition"),
        (format!("UPDATE deliveries SET community_id = '{}'", other.id), "deliveries_community_id_batch_id_fkey"),
        ("UPDATE invitations SET ended_at = now(), ended_as = 'joined'".to_owned(), "invitations_sealed_while_live"),
        ("UPDATE contacts SET erased_at = now()".to_owned(), "contacts_erased_has_no_address"),
        (
            "INSERT INTO attempts VALUES ((SELECT id FROM deliveries LIMIT 1), 1, now(), now(), 'unknown')".to_owned(),
            "attempts_failure_says_why",
        ),
    ];
    for (statement, constraint) in cases {
        assert_eq!(refused(pool, &statement).await, constraint, "{statement}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_and_column_is_commented() {
    let world = World::new().await;
    let bare: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname || coalesce('.' || a.attname, '')
         FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> '_sqlx_migrations'
             AND (obj_description(c.oid) IS NULL OR col_description(c.oid, a.attnum) IS NULL)",
    )
    .fetch_all(&world.installation.pool)
    .await
    .unwrap();
    assert_eq!(bare, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn begin_and_finish_stay_heap_only() {
    let mut world = World::new().await;
    let batch = world.send(&rows(200)).await;
    let _worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, |counts| counts["accepted"] == 200).await;
    // No index, and no predicate of one, may name what begin and finish change.
    let named: Vec<String> = sqlx::query_scalar(
        "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'deliveries'::regclass",
    )
    .fetch_all(&world.installation.pool)
    .await
    .unwrap();
    for column in ["state", "due_at", "tries", "attempt_", "reason", "changed_at", "held_reason"] {
        assert!(named.iter().all(|index| !index.contains(column)), "{column} in {named:?}");
    }
}

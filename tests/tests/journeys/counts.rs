//! Counts, late answers, and what reconcilers say.

use std::time::Duration;

use porchlight_shared::{
    domain::{AttemptOutcome, AttemptReason, Channel, DeliveryId, DeliveryState},
    store::reconcilers::ReconcilerName,
};
use porchlight_tests::caller::caller;
use porchlight_worker::deliver::{
    begin::{Ask, Begin, BeginStatement},
    finish::{Ended, FinishStatement, Landing},
    lane::Statement,
};
use serde_json::Value;
use uuid::Uuid;

use crate::world::{World, rows, settled};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tallies_that_disagree_are_put_right_once_by_however_many_workers() {
    let mut world = World::new().await;
    let batch = world.send(&rows(30)).await;
    world.sql("UPDATE tallies SET count = count - 4").await;
    world
        .sql("INSERT INTO tallies (batch_id, state, shard, count) SELECT id, 'bounced', 3, 9 FROM batches")
        .await;
    world.sql("UPDATE batches SET paused_at = now()").await;
    let mut workers = Vec::new();
    for _ in 0..3 {
        workers.push(world.installation.start_worker().await.unwrap());
    }
    world.until("they agree", async || {
        let off: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM (SELECT state, count(*) FROM deliveries WHERE newest GROUP BY 1) AS rows
             FULL JOIN (SELECT state, sum(count) FROM tallies GROUP BY 1 HAVING sum(count) <> 0) AS told USING (state)
             WHERE rows.count IS DISTINCT FROM told.sum",
        )
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
        off == 0
    })
    .await;
    world
        .until("the report is kept", async || {
            sqlx::query_scalar(
                "SELECT EXISTS (SELECT FROM reconcilers WHERE name = 'tallies' AND found IS NOT NULL)",
            )
            .fetch_one(&world.installation.pool)
            .await
            .unwrap()
        })
        .await;
    let found: Value = sqlx::query_scalar("SELECT found FROM reconcilers WHERE name = 'tallies'")
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
    assert_eq!(found, serde_json::json!({"batches": 1, "rows": 13}));
    assert_eq!(world.batch(&batch).await["counts"]["bounced"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_knows_nothing_of_tallies_is_counted() {
    let world = World::new().await;
    let batch = world.send(&rows(10)).await;
    // Whoever it is, and whatever it changes: a resend makes a newer row of the same entry.
    world.sql("UPDATE deliveries SET state = 'cancelled', due_at = NULL WHERE batch_row <= 3").await;
    world.sql("UPDATE deliveries SET newest = false WHERE batch_row = 1").await;
    world.sql(
        "INSERT INTO deliveries (id, community_id, kind, channel, invitation_id, contact_id, batch_id, batch_row, state, due_at, changed_at, created_at)
         SELECT gen_random_uuid(), community_id, kind, channel, invitation_id, contact_id, batch_id, batch_row, 'queued', now(), now(), now()
         FROM deliveries WHERE batch_row = 1",
    )
    .await;
    let counts = world.batch(&batch).await["counts"].clone();
    assert_eq!((&counts["queued"], &counts["cancelled"]), (&8.into(), &2.into()), "{counts}");
}

/// An ended attempt as the courier tells it.
fn ended(delivery: Uuid, number: i32, outcome: AttemptOutcome, next: DeliveryState) -> Ended {
    let reason = (outcome != AttemptOutcome::Accepted).then_some(AttemptReason::Greylisted);
    let wait = (next == DeliveryState::RetryWait).then_some(Duration::from_mins(5));
    let (delivery, reply, provider_id) = (DeliveryId::from(delivery), None, None);
    Ended { delivery, number, outcome, reason, reply, provider_id, probe: false, next, wait }
}

/// A delivery whose first attempt was lost and whose repeat has begun.
async fn repeated(world: &World, row: i32) -> Uuid {
    let pool = &world.installation.pool;
    let id: Uuid = sqlx::query_scalar("SELECT id FROM deliveries WHERE batch_row = $1")
        .bind(row)
        .fetch_one(pool)
        .await
        .unwrap();
    let statement = BeginStatement { pool: pool.clone(), deadline: Duration::from_mins(5) };
    for number in 1..3 {
        let begun = statement
            .run(&[Ask { delivery: DeliveryId::from(id), channel: Channel::Email, token: number.into() }])
            .await
            .unwrap();
        assert!(matches!(&begun[0], Begin::Begun(attempt) if attempt.number == number), "{begun:?}");
        if number == 1 {
            for step in [
                "INSERT INTO attempts (delivery_id, number, began_at, ended_at, outcome, reason)
                 VALUES ($1, 1, now(), now(), 'unknown', 'worker_lost')",
                "UPDATE deliveries SET state = 'checking', attempt_token = NULL, attempt_began_at = NULL, attempt_deadline = NULL,
                                       due_at = now(), tries = 1 WHERE id = $1",
                "UPDATE deliveries SET state = 'retry_wait', repeated = true WHERE id = $1",
            ] {
                sqlx::query(step).bind(id).execute(pool).await.unwrap();
            }
        }
    }
    id
}

async fn state(world: &World, id: Uuid) -> String {
    sqlx::query_scalar("SELECT state::text FROM deliveries WHERE id = $1")
        .bind(id)
        .fetch_one(&world.installation.pool)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_acceptance_settles_a_delivery_whose_repeat_is_refused() {
    use AttemptOutcome::{Accepted, RefusedPermanent, RefusedTemporary, Unknown};
    let world = World::new().await;
    world.send(&rows(6)).await;
    let finish = FinishStatement { pool: world.installation.pool.clone() };
    let run = async |told: Ended| finish.run(&[told]).await.unwrap()[0];

    // The acceptance comes while the repeat runs; then the repeat is refused, or lost.
    let repeats = [
        (RefusedTemporary, DeliveryState::RetryWait),
        (RefusedPermanent, DeliveryState::Failed),
        (Unknown, DeliveryState::NeedsDecision),
    ];
    for (row, (outcome, next)) in (1..).zip(repeats) {
        let id = repeated(&world, row).await;
        assert_eq!(run(ended(id, 1, Accepted, DeliveryState::Accepted)).await, Landing::Stale);
        assert_eq!(state(&world, id).await, "sending", "the repeat runs on");
        assert_eq!(run(ended(id, 2, outcome, next)).await, Landing::Landed);
        assert_eq!(state(&world, id).await, "accepted", "{outcome:?}");
    }
    // It comes after the repeat was refused for now.
    let id = repeated(&world, 4).await;
    run(ended(id, 2, RefusedTemporary, DeliveryState::RetryWait)).await;
    assert_eq!(run(ended(id, 1, Accepted, DeliveryState::Accepted)).await, Landing::Late);
    assert_eq!(state(&world, id).await, "accepted");
    // A late refusal of the first says nothing about the second.
    let id = repeated(&world, 5).await;
    assert_eq!(run(ended(id, 1, RefusedPermanent, DeliveryState::Failed)).await, Landing::Stale);
    assert_eq!(state(&world, id).await, "sending");
    let id = repeated(&world, 6).await;
    run(ended(id, 2, RefusedTemporary, DeliveryState::RetryWait)).await;
    assert_eq!(run(ended(id, 1, RefusedPermanent, DeliveryState::Failed)).await, Landing::Stale);
    assert_eq!(state(&world, id).await, "retry_wait");
    let late: i64 = sqlx::query_scalar("SELECT count(*) FROM attempts WHERE late AND number = 1")
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
    assert_eq!(late, 6, "each late answer is on record");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_comes_while_the_outcome_is_being_found_out_lands() {
    let mut world = World::new().await;
    let batch = world.send(&rows(3)).await;
    let pool = &world.installation.pool;
    let ids: Vec<Uuid> =
        sqlx::query_scalar("SELECT id FROM deliveries ORDER BY id").fetch_all(pool).await.unwrap();
    let begin = BeginStatement { pool: pool.clone(), deadline: Duration::from_mins(5) };
    let asks: Vec<_> = ids
        .iter()
        .map(|&id| Ask { delivery: DeliveryId::from(id), channel: Channel::Email, token: 1 })
        .collect();
    begin.run(&asks).await.unwrap();
    // Their worker is stuck; another finds them overdue.
    world.ahead("6 minutes").await;
    let _worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, |counts| counts["checking"] == 3).await;
    let finish = FinishStatement { pool: world.installation.pool.clone() };
    let answers = finish
        .run(&[
            ended(ids[0], 1, AttemptOutcome::Accepted, DeliveryState::Accepted),
            ended(ids[1], 1, AttemptOutcome::RefusedPermanent, DeliveryState::Failed),
        ])
        .await
        .unwrap();
    assert_eq!(answers, [Landing::Late, Landing::Late]);
    // The third is repeated after its wait, not before.
    world.ahead("1 minute").await;
    let status = world.batch_until(&batch, settled).await;
    assert_eq!(
        (&status["counts"]["accepted"], &status["counts"]["failed"]),
        (&2.into(), &1.into()),
        "{status}"
    );
    assert_eq!(world.installation.smtp.total(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_metric_is_missing_from_a_workers_page() {
    let mut world = World::new().await;
    let batch = world.send(&rows(5)).await;
    let listen = [("PORCHLIGHT_WORKER_LISTEN", "127.0.0.1:0")];
    let worker = world.installation.start_worker_with(&listen).await.unwrap();
    world.batch_until(&batch, settled).await;
    let lines: Vec<Value> = worker.log().lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let address = lines.iter().find_map(|line| line["address"].as_str()).unwrap().to_owned();
    let http = caller(Duration::from_mins(1)).unwrap();
    let page = async |path: &str| {
        http.get(format!("http://{address}{path}")).send().await.unwrap().text().await.unwrap()
    };
    world.until("the reconcilers have looked", async || page("/metrics").await.contains("queue_depth")).await;
    let page = page("/metrics").await;
    for (name, labels) in [
        ("conveyor_claims_total", "{channel=\"email\"}"),
        ("conveyor_admissions_total", "{channel=\"email\"}"),
        ("conveyor_lease_expiries_total", "{channel=\"email\"}"),
        ("queue_depth", "{channel=\"email\",part=\"waiting\"} 0"),
        ("oldest_due_seconds", "{channel=\"email\"} 0"),
        ("reconciler_look_age_seconds", "{reconciler=\"overdue\"} "),
        ("reconciler_look_age_seconds", "{reconciler=\"asking\"} "),
        ("begin_group_size_count", ""),
        ("begin_seconds_count", ""),
        ("finish_seconds_count", ""),
        ("channel_closed", "{channel=\"email\"} 0"),
        ("attempts_total", "{channel=\"email\",outcome=\"accepted\",reason=\"\"} 5"),
    ] {
        let line = format!("porchlight_worker_{name}{labels}");
        assert!(page.contains(&line), "{line} is missing in {page}");
    }
}

impl World {
    /// What the operator is told of the reconcilers, or why the command fails.
    async fn reconcilers(&self) -> Result<Value, String> {
        let told = self.installation.api_command(&["admin", "reconcilers", "--json"]).await;
        told.map(|told| serde_json::from_str(&told).unwrap()).map_err(|failure| failure.to_string())
    }

    async fn until_late(&self, late: &str) {
        let said = format!("porchlight-api: {late} not looked for too long");
        self.until(&format!("the operator reads that {late} not looked"), async || {
            self.reconcilers().await.is_err_and(|failure| failure.contains(&said))
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_sees_what_reconcilers_found_and_which_of_them_does_not_look() {
    let mut world = World::new().await;
    let without_texts = "overdue, receipts, checking, storms, held, due_email, due_text, tallies, forgotten, finished, notices, progress have";
    world.until_late(without_texts).await;
    let batch = world.send(&rows(3)).await;
    world.sql("UPDATE tallies SET count = count + 2").await;
    let worker = world.installation.start_worker().await.unwrap();
    world.until("all have looked", async || world.reconcilers().await.is_ok()).await;
    world.until("the batch is closed", async || world.batch(&batch).await["finished_at"].is_string()).await;
    let told = world.reconcilers().await.unwrap();
    let told = told["reconcilers"].as_array().unwrap();
    let names: Vec<_> = told.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ReconcilerName::ALL.iter().map(|name| name.as_str()).collect::<Vec<_>>());
    for one in told {
        assert!(
            one["looked_seconds_ago"].as_u64().is_some_and(|ago| ago < 60) && one["late"] == false,
            "{one}"
        );
        assert_eq!(one["found"].is_null(), one["found_at"].is_null(), "{one}");
    }
    let tallies = told.iter().find(|one| one["name"] == "tallies").unwrap();
    assert_eq!(tallies["found"], serde_json::json!({"batches": 1, "rows": 2}), "{tallies}");
    let plain = world.installation.api_command(&["admin", "reconcilers"]).await.unwrap();
    for name in ReconcilerName::ALL {
        assert!(plain.contains(&format!("{:<10} {}\n", name.as_str(), name.purpose())), "{plain}");
    }
    assert!(plain.contains("UTC: batches 1, rows 2"), "{plain}");
    let written: Vec<String> = sqlx::query_scalar("SELECT name FROM reconcilers ORDER BY name")
        .fetch_all(&world.installation.pool)
        .await
        .unwrap();
    let mut known: Vec<_> = names.iter().map(ToString::to_string).collect();
    known.sort();
    assert_eq!(written, known, "every name that is written is known");

    // One that cannot look has not looked, however often it tries.
    world.sql("ALTER TABLE receipts RENAME TO receipts_away").await;
    world.ahead("70 seconds").await;
    world.until_late("receipts has").await;
    world.sql("ALTER TABLE receipts_away RENAME TO receipts").await;
    world.until("all look again", async || world.reconcilers().await.is_ok()).await;

    // A worker that has just come looks at everything; then nobody looks any more. Those for texts are missed while there
    // are texts under way.
    assert!(worker.stop().await.unwrap().success());
    world.ahead("5 minutes").await;
    let worker = world.installation.start_worker().await.unwrap();
    world.until("all look again", async || world.reconcilers().await.is_ok()).await;
    assert!(worker.stop().await.unwrap().success());
    world.ahead("70 seconds").await;
    world
        .until_late("overdue, receipts, checking, storms, held, due_email, due_text, finished, notices, progress have")
        .await;
    world.text(&crate::world::numbers(1)).await;
    world
        .until_late("overdue, receipts, checking, storms, asking, windows, held, due_email, due_text, finished, notices, progress have")
        .await;
    world.ahead("60 seconds").await;
    let all: Vec<_> = ReconcilerName::ALL.iter().map(|name| name.as_str()).collect();
    world.until_late(&format!("{} have", all.join(", "))).await;
}

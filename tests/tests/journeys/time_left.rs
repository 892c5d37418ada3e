//! How long a batch is said to take, and how long it takes.

use serde_json::{Value, json};

use crate::world::{World, rows};

fn to_go(counts: &Value) -> u64 {
    ["queued", "sending"].iter().map(|state| counts[state].as_u64().unwrap()).sum()
}

/// Neither the average since the start nor the provider's limit would tell: there was a pause, and another list takes half.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_left_is_what_it_takes_after_a_pause_and_beside_another_list() {
    let mut world = World::with(&[("PORCHLIGHT_SMTP_RATE", "20")]).await;
    let batch = world.send(&rows(220)).await;
    let worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, |counts| to_go(counts) <= 180).await;
    world.steer(&batch, "pause").await;
    let paused = world.batch_until(&batch, |counts| counts["sending"] == 0).await;
    assert_eq!((&paused["rate_per_second"], &paused["eta_seconds"]), (&json!(0.0), &Value::Null));
    world.ahead("30 minutes").await;
    let other = world.installation.create_community("Elm Court", &[]).await.unwrap();
    let list = (1..=220).map(|n| json!({"email": format!("neighbour.{n}@example.org")})).collect::<Vec<_>>();
    let beside = json!({"channel": "email", "rows": list});
    assert_eq!(world.client.send_list(&other, &beside).await.unwrap().status, 202);
    world.steer(&batch, "resume").await;

    world
        .until("it is half through and says how long the rest takes", async || {
            let status = world.batch(&batch).await;
            to_go(&status["counts"]) <= 90 && !status["eta_seconds"].is_null()
        })
        .await;
    let at: String =
        sqlx::query_scalar("SELECT app_now()::text").fetch_one(&world.installation.pool).await.unwrap();
    let status = world.batch(&batch).await;
    assert!(to_go(&status["counts"]) >= 40, "{status}");
    let told = status["eta_seconds"].as_f64().unwrap();
    world.batch_until(&batch, |counts| to_go(counts) == 0).await;
    let took: f64 = sqlx::query_scalar(
        "SELECT extract(epoch FROM max(changed_at) - $1::timestamptz)::float8 FROM deliveries WHERE batch_id = $2::uuid",
    )
    .bind(&at)
    .bind(&batch)
    .fetch_one(&world.installation.pool)
    .await
    .unwrap();
    assert!((told - took).abs() <= took / 4.0, "{told} s were told, it took {took} s; {status}");

    // What is over has no pace, and what was noted of it goes.
    world.until("it is finished", async || !world.batch(&batch).await["finished_at"].is_null()).await;
    let status = world.batch(&batch).await;
    assert_eq!((&status["rate_per_second"], &status["eta_seconds"]), (&json!(0.0), &Value::Null));
    world
        .until("nothing is noted any more", async || {
            sqlx::query_scalar("SELECT NOT EXISTS (SELECT FROM batch_progress WHERE batch_id = $1::uuid)")
                .bind(&batch)
                .fetch_one(&world.installation.pool)
                .await
                .unwrap()
        })
        .await;
    assert!(worker.stop().await.unwrap().success());
}

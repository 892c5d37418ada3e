//! The queue and begin together, under jobs that come too often, workers that die at the wrong moment, and stops.

use std::time::Duration;

use porchlight_shared::{
    domain::{AttemptOutcome, AttemptReason, Channel, CommunityId, DeliveryId, DeliveryState},
    queue::{Job, Part, Queue, push},
};
use porchlight_tests::{
    installation::Process,
    stack::{
        Options, Stack,
        proxy::{Proxy, Upstream},
    },
};
use porchlight_worker::{
    deliver::{
        begin::{Ask, Begin, BeginStatement},
        finish::{Ended, FinishStatement, Landing},
        lane::Lane,
    },
    metrics::LaneMetrics,
};
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::time::Instant;
use uuid::Uuid;

use crate::world::{World, rows, settled};

/// Stops everybody else at a row.
const HOLD: &str = "SELECT FROM deliveries WHERE id = $1 FOR UPDATE";

impl World {
    /// Every delivery's job.
    async fn jobs(&self) -> Vec<Job> {
        let rows: Vec<(Uuid, Uuid)> = sqlx::query_as("SELECT community_id, id FROM deliveries ORDER BY id")
            .fetch_all(&self.installation.pool)
            .await
            .unwrap();
        let job = |(community, delivery)| Job {
            community: CommunityId::from(community),
            delivery: DeliveryId::from(delivery),
        };
        rows.into_iter().map(job).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_jobs_pushed_five_times_each_are_sent_once_each() {
    let mut world = World::new().await;
    let batch = world.send(&rows(1_000)).await;
    let jobs = world.jobs().await;
    let _worker = world.installation.start_worker().await.unwrap();
    let mut pushers = tokio::task::JoinSet::new();
    for pusher in 0..5_usize {
        let (mut redis, mut jobs) = (world.redis().await, jobs.clone());
        jobs.rotate_left(pusher * 200);
        pushers.spawn(async move {
            for some in jobs.chunks(50) {
                push(&mut redis, &Queue::new(Channel::Email), some).await.unwrap();
                tokio::task::yield_now().await;
            }
        });
    }
    pushers.join_all().await;
    let status = world.batch_until(&batch, settled).await;
    assert_eq!(status["counts"]["accepted"], 1_000, "{status}");
    // All of them once more, when there is nothing left to do.
    push(&mut world.redis().await, &Queue::new(Channel::Email), &jobs).await.unwrap();
    world.until_redis_is_empty().await;
    assert_eq!(world.installation.smtp.total(), 1_000);
    let attempts: i64 = sqlx::query_scalar("SELECT count(*) FROM attempts")
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
    assert_eq!(attempts, 1_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_with_256_in_flight_finishes_them_all() {
    let mut world = World::new().await;
    let slow: Vec<_> = (0..300).map(|n| json!({"email": format!("delay-2s-{n}@example.org")})).collect();
    let batch = world.send(&slow).await;
    let worker =
        world.installation.start_worker_with(&[("PORCHLIGHT_SMTP_CONNECTIONS", "64")]).await.unwrap();
    world.batch_until(&batch, |counts| counts["sending"] == 256).await;
    let began = Instant::now();
    assert!(worker.stop().await.unwrap().success());
    assert!(began.elapsed() < Duration::from_secs(30));
    let counts = world.batch(&batch).await["counts"].clone();
    assert_eq!(counts["sending"], 0, "{counts}");
    assert_eq!(counts["accepted"].as_u64().unwrap(), world.installation.smtp.total(), "{counts}");
    assert_eq!(world.count_in(Part::Leases).await, 0, "nothing is left to expire");
    let _another = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, |counts| counts["accepted"] == 300).await;
    assert!(world.installation.smtp.doubled().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_records_what_the_provider_never_answers_as_unknown_and_the_rest_as_not_sent() {
    let mut world = World::new().await;
    let silent: Vec<_> = (0..256).map(|n| json!({"email": format!("silent-1-{n}@example.org")})).collect();
    let batch = world.send(&silent).await;
    let worker =
        world.installation.start_worker_with(&[("PORCHLIGHT_SMTP_CONNECTIONS", "64")]).await.unwrap();
    world.batch_until(&batch, |counts| counts["sending"] == 256).await;
    world.installation.smtp.wait_for(64).await;
    let began = Instant::now();
    assert!(worker.stop().await.unwrap().success());
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    let counts = world.batch(&batch).await["counts"].clone();
    assert_eq!((&counts["checking"], &counts["retry_wait"]), (&64.into(), &192.into()), "{counts}");
    assert_eq!(world.installation.smtp.total(), 64);
}

/// Starts a worker that cannot get past begin, and kills it there. Its lease ends.
async fn killed_before_begin(world: &mut World, delivery: Uuid) {
    let mut held = world.installation.pool.begin().await.unwrap();
    sqlx::query(HOLD).bind(delivery).execute(&mut *held).await.unwrap();
    let worker = world.installation.start_worker().await.unwrap();
    world.until_blocked("porchlight-worker").await;
    assert_eq!(world.count_in(Part::Leases).await, 1);
    worker.kill().await.unwrap();
    // Its statement dies with it, before it gets the row.
    world
        .sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE application_name = 'porchlight-worker' AND datname = current_database()",
        )
        .await;
    world
        .until("its connections are gone", async || {
            sqlx::query_scalar(
                "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
                                    AND application_name = 'porchlight-worker')",
            )
            .fetch_one(&mut *world.installation.pool.acquire().await.unwrap())
            .await
            .unwrap()
        })
        .await;
    held.rollback().await.unwrap();
    world.ripen(Part::Leases).await;
}

fn lost_too_often(worker: &Process) -> bool {
    worker.log().contains("a job lost its lease too often")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_whose_workers_die_after_it_began_is_repeated_once_and_then_put_before_a_person() {
    let mut world = World::new().await;
    let batch = world.send(&[json!({"email": "silent-resident@example.org"})]).await;
    for (times, state) in [(1, "checking"), (2, "needs_decision")] {
        let worker = world.installation.start_worker().await.unwrap();
        world.installation.smtp.wait_for(times).await;
        worker.kill().await.unwrap();
        world.ripen(Part::Leases).await;
        world.ahead("6 minutes").await;
        let undertaker = world.installation.start_worker().await.unwrap();
        world.batch_until(&batch, |counts| counts[state] == 1).await;
        assert!(undertaker.stop().await.unwrap().success());
        world.ahead("1 minute").await;
    }
    assert_eq!(world.installation.smtp.total(), 2, "a job that kills its worker kills two, no more");
    let _last = world.installation.start_worker().await.unwrap();
    world.until_redis_is_empty().await;
    assert_eq!(world.installation.smtp.total(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_die_before_a_job_begins_are_not_held_against_it() {
    let mut world = World::new().await;
    let batch = world.send(&rows(1)).await;
    let delivery = world.jobs().await[0].delivery.uuid();
    for _ in 0..3 {
        killed_before_begin(&mut world, delivery).await;
    }
    let worker = world.installation.start_worker().await.unwrap();
    world.until("it is noticed", async || lost_too_often(&worker)).await;
    world.until("it waits", async || world.count_in(Part::Delayed).await == 1).await;
    world.ripen(Part::Delayed).await;
    let status = world.batch_until(&batch, settled).await;
    assert_eq!(status["counts"]["accepted"], 1, "{status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_was_tried_before_and_keeps_losing_its_workers_has_failed() {
    let mut world = World::new().await;
    let batch = world.send(&rows(1)).await;
    let delivery = world.jobs().await[0].delivery.uuid();
    world.sql("UPDATE deliveries SET attempt_number = 1").await;
    for _ in 0..3 {
        killed_before_begin(&mut world, delivery).await;
    }
    let _worker = world.installation.start_worker().await.unwrap();
    let status = world.batch_until(&batch, settled).await;
    assert_eq!(status["counts"]["failed"], 1, "{status}");
    let reason: String = sqlx::query_scalar("SELECT reason::text FROM deliveries")
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
    assert_eq!(reason, "internal");
    world.until_redis_is_empty().await;
    assert_eq!(world.installation.smtp.total(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_begin_whose_connection_or_server_goes_is_asked_again_and_begins_once() {
    let stack = Stack::start(Options::fast()).await.unwrap();
    let world = World::on(&stack, &[]).await;
    world.send(&rows(2)).await;
    let jobs = world.jobs().await;
    let options = world.installation.variable("DATABASE_URL").parse::<PgConnectOptions>().unwrap();
    let pool = PgPoolOptions::new().connect_lazy_with(options.application_name("begin-under-test"));
    let lane = Lane::start(
        "begin",
        BeginStatement { pool, deadline: Duration::from_mins(5) },
        LaneMetrics::default(),
    );
    let lane = std::sync::Arc::new(lane);
    for (token, job) in (1..).zip(jobs) {
        let mut held = world.installation.pool.begin().await.unwrap();
        sqlx::query(HOLD).bind(job.delivery.uuid()).execute(&mut *held).await.unwrap();
        let asked = tokio::spawn({
            let lane = std::sync::Arc::clone(&lane);
            async move { lane.run(Ask { delivery: job.delivery, channel: Channel::Email, token }).await }
        });
        world.until_blocked("begin-under-test").await;
        if token == 1 {
            world
                .sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'begin-under-test'")
                .await;
            world.until_blocked("begin-under-test").await;
            held.rollback().await.unwrap();
        } else {
            stack.restart_postgres().await.unwrap();
        }
        let begun = asked.await.unwrap().unwrap();
        assert!(matches!(&begun, Begin::Begun(attempt) if attempt.number == 1), "{begun:?}");
    }
}

/// Postgres has committed, and nobody heard.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_begin_and_a_finish_whose_answers_got_lost_count_once() {
    let world = World::new().await;
    let batch = world.send(&rows(1)).await;
    let delivery = world.jobs().await[0].delivery;
    let direct = world.installation.variable("DATABASE_URL").parse::<PgConnectOptions>().unwrap();
    let upstream = format!("{}:{}", direct.get_host(), direct.get_port()).parse().unwrap();
    let proxy = Proxy::start(Upstream::Tcp(upstream)).await.unwrap();
    let options = direct.host("127.0.0.1").port(proxy.address().port());
    let pool = PgPoolOptions::new().connect_lazy_with(options);
    let statement = BeginStatement { pool: pool.clone(), deadline: Duration::from_mins(5) };
    let asking = Lane::start("begin", statement, LaneMetrics::default());
    let telling = Lane::start("finish", FinishStatement { pool }, LaneMetrics::default());

    // The id travels with the statement's execution, not with its text.
    proxy.lose_answer_to(delivery.as_bytes());
    let begun = asking.run(Ask { delivery, channel: Channel::Email, token: 7 }).await.unwrap();
    assert!(matches!(&begun, Begin::Begun(attempt) if attempt.number == 1), "{begun:?}");
    assert_eq!(proxy.lost(), 1);

    proxy.lose_answer_to(delivery.as_bytes());
    let ended = Ended {
        delivery,
        number: 1,
        outcome: AttemptOutcome::RefusedTemporary,
        reason: Some(AttemptReason::Greylisted),
        reply: None,
        provider_id: None,
        probe: false,
        next: DeliveryState::RetryWait,
        wait: Some(Duration::from_mins(5)),
    };
    assert_eq!(telling.run(ended).await.unwrap(), Landing::Stale, "the first time it landed");
    assert_eq!(proxy.lost(), 2);
    let row: (String, i16, i64) =
        sqlx::query_as("SELECT state::text, tries, (SELECT count(*) FROM attempts) FROM deliveries")
            .fetch_one(&world.installation.pool)
            .await
            .unwrap();
    assert_eq!(row, ("retry_wait".to_owned(), 1, 1));
    assert_eq!(world.batch(&batch).await["counts"]["retry_wait"], 1);
}

/// While workers are replaced one by one, old ones run beside new APIs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_worker_leaves_the_jobs_of_a_newer_release_alone() {
    let mut world = World::new().await;
    let batch = world.send(&rows(20)).await;
    // What the next release's API would have pushed: the same keys under the next version, elements that mean nothing to us.
    let queue = Queue::new(Channel::Email);
    let newer = |part| queue.key(part).replace(":v1}", ":v2}");
    let mut redis = world.redis().await;
    redis::cmd("RPUSH").arg(newer(Part::Ring)).arg("oakridge").exec_async(&mut redis).await.unwrap();
    redis::cmd("RPUSH").arg(newer(Part::Ready)).arg("a job").exec_async(&mut redis).await.unwrap();
    redis::cmd("SADD").arg(newer(Part::Waiting)).arg("a job").exec_async(&mut redis).await.unwrap();
    let worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, settled).await;
    assert!(worker.stop().await.unwrap().success());
    let mut left = world.left_in_redis().await;
    left.sort();
    assert_eq!(left, [newer(Part::Ready), newer(Part::Ring), newer(Part::Waiting)]);
}

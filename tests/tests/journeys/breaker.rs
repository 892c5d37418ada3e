//! The provider will have nothing of us: the channel closes for everybody, one message at a time tries it, it opens.

use std::time::Duration;

use porchlight_shared::{
    domain::{AttemptReason, DeliveryId, HoldReason},
    queue::Part,
};
use porchlight_tests::sandbox::smtp::{Settings, SmtpSandbox, Switches};
use porchlight_worker::deliver::{
    begin::{Ask, Begin, BeginStatement},
    lane::Statement,
};
use serde_json::json;
use uuid::Uuid;

use crate::world::{World, rows, settled};

/// The channel's row.
#[derive(Debug, PartialEq, Eq, sqlx::FromRow)]
struct Channel {
    closed: bool,
    reason: Option<String>,
    closings: i16,
    probing: bool,
}

impl World {
    async fn channel(&self) -> Channel {
        sqlx::query_as(
            "SELECT closed_at IS NOT NULL AS closed, reason::text, closings, probe IS NOT NULL AS probing
             FROM channels WHERE channel = 'email'",
        )
        .fetch_one(&self.installation.pool)
        .await
        .unwrap()
    }

    async fn attempts(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM attempts").fetch_one(&self.installation.pool).await.unwrap()
    }

    /// Until nothing is under way any more. What took its view of the ledger before the closing may still begin after
    /// it, so such statements are waited for first.
    async fn until_closed_and_quiet(&self, batch: &str) {
        self.until("the channel is closed", async || self.channel().await.closed).await;
        let seen: String = sqlx::query_scalar("SELECT clock_timestamp()::text")
            .fetch_one(&self.installation.pool)
            .await
            .unwrap();
        self.until("everybody sees it", async || {
            sqlx::query_scalar(
                "SELECT NOT EXISTS (SELECT FROM pg_stat_activity
                                    WHERE datname = current_database() AND application_name = 'porchlight-worker'
                                        AND state = 'active' AND query_start <= $1::timestamptz)",
            )
            .bind(&seen)
            .fetch_one(&self.installation.pool)
            .await
            .unwrap()
        })
        .await;
        self.batch_until(batch, |counts| counts["sending"] == 0).await;
    }

    async fn until_closings(&self, closings: i16) {
        self.until("it was tried again", async || self.channel().await.closings == closings).await;
    }

    async fn sum(&self, column: &'static str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT sum({column})::bigint FROM deliveries")))
            .fetch_one(&self.installation.pool)
            .await
            .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_sender_closes_the_channel_and_one_message_at_a_time_tries_it() {
    let mut world = World::new().await;
    world.installation.smtp.set(Switches { refuse_sender: true, ..Switches::default() });
    let batch = world.send(&rows(40)).await;
    let one = world.installation.start_worker().await.unwrap();
    let two = world.installation.start_worker().await.unwrap();
    world.until_closed_and_quiet(&batch).await;
    let closed = world.channel().await;
    assert_eq!((closed.reason.as_deref(), closed.closings), (Some("sender_refused"), 1));

    // Each time a single message, and each time twice the wait.
    let mut attempts = world.attempts().await;
    for closings in 2..5 {
        world.ahead(&format!("{} seconds", 70 << (closings - 2))).await;
        world.until_closings(closings).await;
        world.batch_until(&batch, |counts| counts["sending"] == 0).await;
        attempts += 1;
        assert_eq!(world.attempts().await, attempts, "one probe and nothing else");
    }
    assert_eq!(world.installation.smtp.total(), 0);

    // The operator mends it.
    world.installation.smtp.set(Switches::default());
    world.ahead("20 minutes").await;
    world.until("it is open", async || !world.channel().await.closed).await;
    world.forget_delays().await;
    world.ahead("2 minutes").await;
    let status = world.batch_until(&batch, settled).await;
    assert_eq!(status["counts"]["accepted"], 40, "{status}");
    assert!(world.installation.smtp.doubled().is_empty());
    assert_eq!((world.sum("tries").await, world.sum("unsent").await), (0, 0), "nothing was used up");
    let alerts = [&one, &two].map(|worker| worker.log().matches("takes nothing from us").count());
    assert_eq!(alerts.iter().sum::<usize>(), 1, "the operator reads it once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_cannot_be_reached_closes_the_channel_and_nothing_has_failed_when_it_is_back() {
    // Bound and not listened on: whoever connects is refused, and nobody else can take the port.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("smtp://{}?tls=none", socket.local_addr().unwrap());
    let mut world = World::with(&[("PORCHLIGHT_SMTP_URL", &url)]).await;
    let batch = world.send(&rows(12)).await;
    let _worker = world.installation.start_worker().await.unwrap();
    world.until_closed_and_quiet(&batch).await;
    assert_eq!(world.channel().await.reason.as_deref(), Some("connect_failed"));
    for closings in 2..6 {
        world.ahead("6 minutes").await;
        world.until_closings(closings).await;
    }
    let back = SmtpSandbox::start_on(socket.listen(128).unwrap(), Settings::default()).unwrap();
    world.ahead("6 minutes").await;
    world.until("it is open", async || !world.channel().await.closed).await;
    world.forget_delays().await;
    world.ahead("2 minutes").await;
    let status = world.batch_until(&batch, settled).await;
    assert_eq!(status["counts"]["accepted"], 12, "{status}");
    assert_eq!(back.total(), 12);
    assert_eq!(world.sum("tries").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_that_refuses_three_communities_is_about_us() {
    let mut world = World::new().await;
    world.installation.smtp.set(Switches { refuse_policy: true, ..Switches::default() });
    let alone = world.send(&rows(3)).await;
    let _worker = world.installation.start_worker().await.unwrap();
    let status = world.batch_until(&alone, settled).await;
    assert_eq!(status["counts"]["failed"], 3, "one community's trouble: {status}");
    assert!(!world.channel().await.closed);

    for name in ["Elm Court", "Harbour Club"] {
        let community = world.installation.create_community(name, &[]).await.unwrap();
        let list = json!({"channel": "email", "rows": [{"email": "resident@example.org"}]});
        let answer = world.client.send_list(&community, &list).await.unwrap();
        assert_eq!(answer.status, 202, "{}", answer.body);
    }
    world.until("the channel is closed", async || world.channel().await.closed).await;
    assert_eq!(world.channel().await.reason.as_deref(), Some("blocked_by_policy"));
    let failed = world.ledger().await.into_iter().find(|(state, _)| state == "failed");
    assert_eq!(failed, Some(("failed".to_owned(), 4)), "the third community's recipient is not blamed");

    world.installation.smtp.set(Switches::default());
    world.ahead("2 minutes").await;
    world.until("it is open", async || !world.channel().await.closed).await;
    world
        .until("the last one is accepted", async || {
            world.ledger().await.contains(&("accepted".to_owned(), 1))
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_probe_whose_worker_died_makes_room_for_another() {
    let mut world = World::new().await;
    world.installation.smtp.set(Switches { refuse_sender: true, ..Switches::default() });
    let batch = world.send(&rows(4)).await;
    let worker = world.installation.start_worker().await.unwrap();
    world.until_closed_and_quiet(&batch).await;
    // The probe gets as far as the dot, and then nothing is heard any more.
    world.installation.smtp.set(Switches { message_latency_ms: 600_000, ..Switches::default() });
    world.ahead("2 minutes").await;
    world.batch_until(&batch, |counts| counts["sending"] == 1).await;
    assert!(world.channel().await.probing);
    worker.kill().await.unwrap();
    world.installation.smtp.set(Switches::default());
    let _another = world.installation.start_worker().await.unwrap();
    world.ahead("6 minutes").await;
    world.until("it is open", async || !world.channel().await.closed).await;
    world.forget_delays().await;
    world.ahead("2 minutes").await;
    let status = world.batch_until(&batch, settled).await;
    assert_eq!(status["counts"]["accepted"], 4, "{status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_channel_is_closed_its_probe_begins_and_nothing_else() {
    let world = World::new().await;
    world.send(&rows(3)).await;
    let pool = &world.installation.pool;
    let ids: Vec<Uuid> =
        sqlx::query_scalar("SELECT id FROM deliveries ORDER BY id").fetch_all(pool).await.unwrap();
    // Time to try it again, and one was chosen for that.
    sqlx::query(
        "UPDATE channels SET closed_at = now(), closed_until = now() - interval '1 second', reason = 'auth_refused',
                             closings = 1, probe = $1, probe_until = now() + interval '5 minutes' WHERE channel = 'email'",
    )
    .bind(ids[1])
    .execute(pool)
    .await
    .unwrap();
    let statement = BeginStatement { pool: pool.clone(), deadline: Duration::from_mins(5) };
    let asks: Vec<_> = ids
        .iter()
        .map(|&id| Ask {
            delivery: DeliveryId::from(id),
            channel: porchlight_shared::domain::Channel::Email,
            token: 1,
        })
        .collect();
    let answers = statement.run(&asks).await.unwrap();
    assert!(
        matches!(&answers[1], Begin::Begun(attempt) if attempt.probe == Some(AttemptReason::AuthRefused)),
        "{answers:?}"
    );
    for answer in [&answers[0], &answers[2]] {
        assert!(matches!(answer, Begin::Held(HoldReason::ChannelClosed)), "{answers:?}");
    }
}

impl World {
    /// Closes the channel, and makes it due to be tried.
    async fn close_for_a_probe(&self) {
        self.sql(
            "UPDATE channels SET closed_at = now(), closed_until = now() - interval '1 second', reason = 'auth_refused', closings = 1
             WHERE channel = 'email'",
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_fails_for_its_own_sake_does_not_keep_the_channel_closed() {
    let mut world = World::new().await;
    // The first of its list: the server hangs up on it, whenever it is tried.
    let mut list = vec![json!({"email": "drop-before-dot-resident@example.org"})];
    list.extend(rows(3));
    let batch = world.send(&list).await;
    // The others are not due yet, so that it is surely the one that is tried first.
    world.sql("UPDATE deliveries SET due_at = due_at + interval '4 minutes' WHERE batch_row > 1").await;
    world.close_for_a_probe().await;
    let _worker = world.installation.start_worker().await.unwrap();
    world.until("it was tried", async || world.attempts().await == 1).await;
    assert!(world.channel().await.closed);
    assert_eq!(world.installation.smtp.total(), 0);
    world.sql("UPDATE deliveries SET due_at = due_at + interval '1 hour' WHERE batch_row = 1").await;
    world.ahead("5 minutes").await;
    // What Redis was told to keep until later is due now, too.
    world
        .until("another got through", async || {
            world.ripen(Part::Delayed).await;
            !world.channel().await.closed
        })
        .await;
    world.batch_until(&batch, |counts| counts["accepted"] == 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_waits_for_a_probes_answer_and_records_it() {
    let mut world = World::new().await;
    let batch = world.send(&[json!({"email": "delay-6s-resident@example.org"})]).await;
    world.close_for_a_probe().await;
    let worker = world.installation.start_worker().await.unwrap();
    world.installation.smtp.wait_for(1).await;
    assert!(worker.stop().await.unwrap().success());
    assert_eq!(world.batch(&batch).await["counts"]["accepted"], 1);
    assert!(!world.channel().await.closed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_behind_a_closed_channel_says_why_it_waits() {
    let world = World::new().await;
    let batch = world.send(&rows(1)).await;
    world.close_for_a_probe().await;
    let path = format!("batches/{batch}/deliveries");
    let page = world.client.get(&world.oakridge, &path).await.unwrap().body;
    assert_eq!(page["items"][0]["state"], "queued");
    assert_eq!(page["items"][0]["held_reason"], "channel_closed", "{page}");
}

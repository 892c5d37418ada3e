//! A journey's world: an installation, a caller, and patience.

use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use porchlight_shared::{
    domain::Channel,
    queue::{Part, Queue},
    runtime::build_id,
};
use porchlight_tests::{
    installation::{Client, Community, Installation, Process, Programs, programs::workspace},
    sandbox::{
        smtp::{Settings, SmtpSandbox},
        twilio::{self, TwilioSandbox},
    },
    stack::{self, Stack},
};
use serde_json::{Value, json};
use tokio::time::Instant;

/// What has not happened by then does not happen.
const PATIENCE: Duration = Duration::from_mins(2);

/// Databases are drawn by number; each test binary has a stack of its own.
static DRAWN: AtomicU32 = AtomicU32::new(1);

/// An installation with an API and one community.
pub(crate) struct World {
    pub(crate) api: Process,
    pub(crate) client: Client,
    pub(crate) oakridge: Community,
    pub(crate) installation: Installation,
}

impl World {
    /// On the shared stack.
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// On the shared stack, with settings.
    pub(crate) async fn with(variables: &[(&str, &str)]) -> Self {
        Self::on(stack::shared().await, variables).await
    }

    /// On a stack that the journey may harm.
    pub(crate) async fn on(stack: &Stack, variables: &[(&str, &str)]) -> Self {
        let number = DRAWN.fetch_add(1, Ordering::Relaxed);
        let database = stack.create_database(&format!("journey_{number}")).await.unwrap();
        let redis = format!("{}/{}", stack.redis_url().trim_end_matches('/'), number % 256);
        let smtp = SmtpSandbox::start(Settings::default()).await.unwrap();
        let twilio = TwilioSandbox::start(twilio::Settings::default()).await.unwrap();
        let mut all = vec![
            ("PORCHLIGHT_SMTP_RATE", "2000"),
            ("PORCHLIGHT_EMAIL_RETRY", "500ms,500ms,500ms"),
            ("PORCHLIGHT_SMS_RATE", "2000"),
            ("PORCHLIGHT_TEXT_RETRY", "500ms,500ms,500ms"),
            ("PORCHLIGHT_TEXT_WINDOW", "always"),
            ("PORCHLIGHT_CHECKING_WAIT", "0"),
        ];
        all.extend_from_slice(variables);
        let mut installation =
            Installation::prepare(programs(), &database, &redis, smtp, twilio, &all).await.unwrap();
        let oakridge = installation
            .create_community("Oakridge HOA", &["--contact", "board@oakridge.example"])
            .await
            .unwrap();
        let (api, client) = installation.start_api().await.unwrap();
        Self { api, client, oakridge, installation }
    }

    /// Sends rows and returns the batch.
    pub(crate) async fn send(&self, rows: &[Value]) -> String {
        let answer =
            self.client.send_list(&self.oakridge, &json!({"channel": "email", "rows": rows})).await.unwrap();
        assert_eq!(answer.status, 202, "{}", answer.body);
        answer.body["id"].as_str().unwrap().to_owned()
    }

    /// Sends texts to numbers and returns the answer.
    pub(crate) async fn text(&self, numbers: &[String]) -> Value {
        let rows: Vec<_> = numbers.iter().map(|number| json!({"phone": number})).collect();
        let consent = json!({"statement": "Everybody ticked the box on the annual form."});
        let list = json!({"channel": "text", "rows": rows, "consent": consent});
        let answer = self.client.send_list(&self.oakridge, &list).await.unwrap();
        assert_eq!(answer.status, 202, "{}", answer.body);
        answer.body
    }

    /// The batch as the API shows it; its counts are checked to sum.
    pub(crate) async fn batch(&self, batch: &str) -> Value {
        let began = Instant::now();
        let answer = loop {
            let answer = self.client.get(&self.oakridge, &format!("batches/{batch}")).await.unwrap();
            if answer.status != 503 {
                break answer;
            }
            assert!(began.elapsed() < PATIENCE, "{}", answer.body);
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        assert_eq!(answer.status, 200, "{}", answer.body);
        let sum: i64 =
            answer.body["counts"].as_object().unwrap().values().map(|count| count.as_i64().unwrap()).sum();
        assert_eq!(sum, answer.body["total"].as_i64().unwrap(), "{}", answer.body);
        answer.body
    }

    /// Waits until the batch is as wanted.
    pub(crate) async fn batch_until(&self, batch: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let status = self.batch(batch).await;
            if wanted(&status["counts"]) {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "still {status}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until something is so.
    pub(crate) async fn until(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        let began = Instant::now();
        while !is_so().await {
            assert!(
                began.elapsed() < PATIENCE,
                "still not so: {what}; the ledger says {:?}",
                self.ledger().await
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// States and their numbers, as the ledger has them.
    pub(crate) async fn ledger(&self) -> Vec<(String, i64)> {
        sqlx::query_as("SELECT state::text, count(*) FROM deliveries GROUP BY state ORDER BY state::text")
            .fetch_all(&self.installation.pool)
            .await
            .unwrap()
    }

    /// Moves the ledger's clock ahead.
    pub(crate) async fn ahead(&self, interval: &str) {
        sqlx::query("UPDATE app_clock SET ahead = ahead + $1::interval")
            .bind(interval)
            .execute(&self.installation.pool)
            .await
            .unwrap();
    }

    /// Retries wait by Redis' clock, which no test moves; the ledger's is ahead, so its reconciler pushes them.
    pub(crate) async fn forget_delays(&self) {
        let mut redis = self.redis().await;
        let _: () = redis::cmd("FLUSHDB").query_async(&mut redis).await.unwrap();
    }

    /// Runs a statement as an operator would.
    pub(crate) async fn sql(&self, statement: &'static str) {
        sqlx::query(statement).execute(&self.installation.pool).await.unwrap();
    }

    /// What is left in Redis, the pace of the provider aside (it expires by itself).
    pub(crate) async fn left_in_redis(&self) -> Vec<String> {
        let mut connection = self.redis().await;
        let keys: Vec<Vec<u8>> = redis::cmd("KEYS").arg("*").query_async(&mut connection).await.unwrap();
        let names = keys.iter().map(|key| String::from_utf8_lossy(key).into_owned());
        names.filter(|key| !key.ends_with(":pace")).collect()
    }

    /// Waits until Redis holds nothing of ours any more.
    pub(crate) async fn until_redis_is_empty(&self) {
        let began = Instant::now();
        loop {
            let left = self.left_in_redis().await;
            if left.is_empty() {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "left in Redis: {left:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends every lease, or makes every delayed job due, as if its time had come.
    pub(crate) async fn ripen(&self, part: Part) {
        let mut redis = self.redis().await;
        for channel in Channel::ALL {
            let key = Queue::new(channel).key(part);
            let members: Vec<Vec<u8>> =
                redis::cmd("ZRANGE").arg(&key).arg(0).arg(-1).query_async(&mut redis).await.unwrap();
            for member in members {
                let ripe = redis::cmd("ZADD").arg(&key).arg("XX").arg(1).arg(member).to_owned();
                ripe.exec_async(&mut redis).await.unwrap();
            }
        }
    }

    /// How many a sorted set of the queue holds.
    pub(crate) async fn count_in(&self, part: Part) -> u64 {
        let mut redis = self.redis().await;
        redis::cmd("ZCARD").arg(Queue::new(Channel::Email).key(part)).query_async(&mut redis).await.unwrap()
    }

    /// Until a program waits for a lock in the ledger.
    pub(crate) async fn until_blocked(&self, program: &str) {
        self.until(&format!("{program} is blocked"), async || {
            sqlx::query_scalar(
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
                                AND application_name = $1 AND wait_event_type = 'Lock')",
            )
            .bind(program)
            .fetch_one(&self.installation.pool)
            .await
            .unwrap()
        })
        .await;
    }

    /// A connection to this journey's Redis database.
    pub(crate) async fn redis(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(self.installation.redis_url.as_str()).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }
}

/// Numbered good rows.
pub(crate) fn rows(count: usize) -> Vec<Value> {
    (1..=count)
        .map(|n| json!({"email": format!("resident.{n}@example.org"), "name": format!("Resident {n}")}))
        .collect()
}

/// Numbers of good phones, which end in four digits from 1000 on: those below are rules of the sandbox.
pub(crate) fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("+1312{}{}", 550 + n / 9_000, 1_000 + n % 9_000)).collect()
}

/// Whether nothing waits, runs or is being found out any more.
pub(crate) fn settled(counts: &Value) -> bool {
    ["held", "queued", "sending", "retry_wait", "checking"].iter().all(|state| counts[state] == 0)
}

/// The programs that `cargo test` built, checked to be of these very sources.
pub(crate) fn programs() -> Programs {
    let programs = Programs::beside(&std::env::current_exe().unwrap()).unwrap();
    for (package, program) in [("api", &programs.api), ("worker", &programs.worker)] {
        assert_current(package, program);
    }
    programs
}

fn assert_current(package: &str, program: &Path) {
    let output = std::process::Command::new(program).arg("--version").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let sources = build_id::fingerprint(&workspace(), package).unwrap();
    assert!(
        said.contains(&sources),
        "{} was built from other sources ({said:?} against {sources}); run `cargo test` for the whole workspace",
        program.display(),
    );
}

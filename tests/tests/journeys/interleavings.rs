//! Begin against whatever ends or holds a delivery in the same instant, in every order that Postgres allows.
//!
//! The statement under test is the worker's own. Row locks that the test holds are the fail points: begin locks rows in
//! the order of their ids, so a lock on an earlier row stops it after it took its view of the ledger, and a lock on a
//! later row stops it while it holds ours. Everybody waits until Postgres says that the others wait.

use std::time::Duration;

use porchlight_shared::domain::{Channel, DeliveryId};
use porchlight_worker::deliver::{
    begin::{Ask, Begin, BeginStatement},
    lane::Statement,
};
use serde_json::{Value, json};
use sqlx::{
    PgPool, Postgres, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::world::World;

const BEGINNER: &str = "begin-under-test";
const STEPPER: &str = "step-under-test";

/// What may come between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Cancel,
    Pause,
    Join,
    Suppress,
    Revoke,
}

impl Step {
    const ALL: [Self; 5] = [Self::Cancel, Self::Pause, Self::Join, Self::Suppress, Self::Revoke];

    /// The state of a row that it got before begin did.
    const fn state(self) -> &'static str {
        match self {
            Self::Cancel | Self::Revoke => "cancelled",
            Self::Pause => "held",
            Self::Join => "not_needed",
            Self::Suppress => "suppressed",
        }
    }
}

/// Three batches, oldest first: one row, two rows, one row.
struct Scene {
    world: World,
    beginner: PgPool,
    stepper: PgPool,
    cases: u32,
}

struct Case {
    before: Uuid,
    batch: String,
    ours: Uuid,
    ours_too: Uuid,
    after: Uuid,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let pool = |name: &str| {
            let url = world.installation.variable("DATABASE_URL");
            let options = url.parse::<PgConnectOptions>().unwrap().application_name(name);
            PgPoolOptions::new().max_connections(2).connect_lazy_with(options)
        };
        let (beginner, stepper) = (pool(BEGINNER), pool(STEPPER));
        Self { world, beginner, stepper, cases: 0 }
    }

    async fn case(&mut self) -> Case {
        self.cases += 1;
        let row = |name: &str| json!({"email": format!("{name}.{}@example.org", self.cases)});
        let first = self.world.send(&[row("before")]).await;
        let batch = self.world.send(&[row("ours"), row("ours-too")]).await;
        let last = self.world.send(&[row("after")]).await;
        let (before, ours, after) =
            (self.rows(&first).await, self.rows(&batch).await, self.rows(&last).await);
        Case { before: before[0], batch, ours: ours[0], ours_too: ours[1], after: after[0] }
    }

    async fn rows(&self, batch: &str) -> Vec<Uuid> {
        sqlx::query_scalar("SELECT id FROM deliveries WHERE batch_id = $1::uuid ORDER BY id")
            .bind(batch)
            .fetch_all(&self.world.installation.pool)
            .await
            .unwrap()
    }

    /// Holds a row, as a fail point.
    async fn hold(&self, row: Uuid) -> Transaction<'static, Postgres> {
        let mut held = self.world.installation.pool.begin().await.unwrap();
        sqlx::query("SELECT FROM deliveries WHERE id = $1 FOR UPDATE")
            .bind(row)
            .execute(&mut *held)
            .await
            .unwrap();
        held
    }

    fn begin(&self, rows: &[Uuid]) -> JoinHandle<Vec<Begin>> {
        let statement = BeginStatement { pool: self.beginner.clone(), deadline: Duration::from_mins(5) };
        let asks: Vec<_> = rows
            .iter()
            .map(|&row| Ask { delivery: DeliveryId::from(row), channel: Channel::Email, token: 7 })
            .collect();
        tokio::spawn(async move { statement.run(&asks).await.unwrap() })
    }

    /// Takes the step, changing waiting rows in the order of their ids as every writer does; answers what the API said,
    /// where there is an endpoint for it.
    fn step(&self, step: Step, case: &Case) -> JoinHandle<Option<Value>> {
        let (client, community) = (self.world.client.clone(), self.world.oakridge.clone());
        let (batch, pool) = (case.batch.clone(), self.stepper.clone());
        tokio::spawn(async move {
            let statements: &[&str] = match step {
                Step::Cancel | Step::Pause => {
                    let path = format!("batches/{batch}/{}", if step == Step::Pause { "pause" } else { "cancel" });
                    let answer = client.post(&community, &path, Vec::new(), &[]).await.unwrap();
                    assert_eq!(answer.status, 200, "{}", answer.body);
                    return Some(answer.body);
                }
                Step::Join => &[
                    "UPDATE households h SET joined_at = app_now() FROM contacts c, deliveries d
                     WHERE c.household_id = h.id AND d.contact_id = c.id AND d.batch_id = $1::uuid",
                    "WITH waiting AS MATERIALIZED (
                         SELECT id FROM deliveries WHERE batch_id = $1::uuid AND state IN ('held', 'queued', 'retry_wait')
                         ORDER BY id FOR NO KEY UPDATE)
                     UPDATE deliveries d SET state = 'not_needed', held_reason = NULL, due_at = NULL, changed_at = app_now()
                     FROM waiting WHERE d.id = waiting.id",
                ],
                Step::Suppress => &[
                    "INSERT INTO suppressions (id, community_id, channel, address_hash, address_masked, reason)
                     SELECT gen_random_uuid(), c.community_id, 'email', c.address_hash, 'r•••@e•••.org', 'unsubscribed'
                     FROM contacts c JOIN deliveries d ON d.contact_id = c.id WHERE d.batch_id = $1::uuid",
                    "WITH waiting AS MATERIALIZED (
                         SELECT id FROM deliveries WHERE batch_id = $1::uuid AND state IN ('held', 'queued', 'retry_wait')
                         ORDER BY id FOR NO KEY UPDATE)
                     UPDATE deliveries d SET state = 'suppressed', held_reason = NULL, due_at = NULL, changed_at = app_now()
                     FROM waiting WHERE d.id = waiting.id",
                ],
                Step::Revoke => &[
                    "UPDATE invitations i SET ended_as = 'revoked', ended_at = app_now(), code_sealed = NULL, code_sealed_key = NULL
                     FROM deliveries d WHERE d.invitation_id = i.id AND d.batch_id = $1::uuid",
                    "WITH waiting AS MATERIALIZED (
                         SELECT id FROM deliveries WHERE batch_id = $1::uuid AND state IN ('held', 'queued', 'retry_wait')
                         ORDER BY id FOR NO KEY UPDATE)
                     UPDATE deliveries d SET state = 'cancelled', held_reason = NULL, due_at = NULL, changed_at = app_now()
                     FROM waiting WHERE d.id = waiting.id",
                ],
            };
            let mut tx = pool.begin().await.unwrap();
            for statement in statements {
                sqlx::query(*statement).bind(&batch).execute(&mut *tx).await.unwrap();
            }
            tx.commit().await.unwrap();
            None
        })
    }

    async fn until_step_is_blocked(&self, step: Step) {
        let through_the_api = matches!(step, Step::Cancel | Step::Pause);
        self.world.until_blocked(if through_the_api { "porchlight-api" } else { STEPPER }).await;
    }

    async fn state(&self, row: Uuid) -> String {
        sqlx::query_scalar("SELECT state::text FROM deliveries WHERE id = $1")
            .bind(row)
            .fetch_one(&self.world.installation.pool)
            .await
            .unwrap()
    }

    /// A row of ours is as begin said, or as the step left it, and the step's answer knew.
    async fn assert_agreed(&self, step: Step, case: &Case, begun: &[(Uuid, &Begin)], said: Option<&Value>) {
        let mut in_flight = 0;
        for (row, answer) in begun {
            let state = self.state(*row).await;
            if matches!(answer, Begin::Begun(_)) {
                in_flight += 1;
                assert_eq!(state, "sending", "{step:?}: begin said that it began");
            } else {
                assert_eq!(state, step.state(), "{step:?}: begin said {answer:?}");
            }
        }
        if let Some(said) = said {
            assert_eq!(said["in_flight"], in_flight, "{step:?}: {said}");
        }
        self.world.batch(&case.batch).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_before_begin_is_obeyed() {
    let mut scene = Scene::new().await;
    for step in Step::ALL {
        let case = scene.case().await;
        let said = scene.step(step, &case).await.unwrap();
        let begun = scene.begin(&[case.ours]).await.unwrap();
        assert!(!matches!(begun[0], Begin::Begun(_)), "{step:?}");
        scene.assert_agreed(step, &case, &[(case.ours, &begun[0])], said.as_ref()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_after_begin_took_its_view_but_not_the_row_is_obeyed() {
    let mut scene = Scene::new().await;
    for step in Step::ALL {
        let case = scene.case().await;
        let held = scene.hold(case.before).await;
        let asked = scene.begin(&[case.before, case.ours]);
        scene.world.until_blocked(BEGINNER).await;
        let said = scene.step(step, &case).await.unwrap();
        held.rollback().await.unwrap();
        let begun = asked.await.unwrap();
        assert!(matches!(begun[0], Begin::Begun(_)), "the other batch goes on");
        assert!(!matches!(begun[1], Begin::Begun(_)), "{step:?} had answered before begin had the row");
        scene.assert_agreed(step, &case, &[(case.ours, &begun[1])], said.as_ref()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_comes_while_begin_has_the_row_waits_and_counts_it_as_in_flight() {
    let mut scene = Scene::new().await;
    for step in Step::ALL {
        let case = scene.case().await;
        let held = scene.hold(case.after).await;
        let asked = scene.begin(&[case.ours, case.after]);
        scene.world.until_blocked(BEGINNER).await;
        let said = scene.step(step, &case);
        scene.until_step_is_blocked(step).await;
        held.rollback().await.unwrap();
        let begun = asked.await.unwrap();
        let said = said.await.unwrap();
        assert!(matches!(begun[0], Begin::Begun(_)), "{step:?}");
        scene.assert_agreed(step, &case, &[(case.ours, &begun[0])], said.as_ref()).await;
        assert_eq!(scene.state(case.ours_too).await, step.state(), "what had not begun is not begun");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn begin_that_comes_in_the_middle_of_a_step_waits_and_obeys() {
    let mut scene = Scene::new().await;
    for step in Step::ALL {
        let case = scene.case().await;
        let held = scene.hold(case.ours_too).await;
        let said = scene.step(step, &case);
        scene.until_step_is_blocked(step).await;
        let asked = scene.begin(&[case.ours]);
        scene.world.until_blocked(BEGINNER).await;
        held.rollback().await.unwrap();
        let said = said.await.unwrap();
        let begun = asked.await.unwrap();
        assert!(!matches!(begun[0], Begin::Begun(_)), "{step:?}");
        scene.assert_agreed(step, &case, &[(case.ours, &begun[0])], said.as_ref()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_begins_of_one_row_begin_it_once_and_a_repeat_gets_the_same_attempt() {
    let mut scene = Scene::new().await;
    let case = scene.case().await;
    let held = scene.hold(case.ours).await;
    let first = scene.begin(&[case.ours]);
    scene.world.until_blocked(BEGINNER).await;
    let other = BeginStatement { pool: scene.stepper.clone(), deadline: Duration::from_mins(5) };
    let ask = Ask { delivery: DeliveryId::from(case.ours), channel: Channel::Email, token: 8 };
    let second = tokio::spawn(async move { other.run(&[ask]).await.unwrap() });
    scene.world.until_blocked(STEPPER).await;
    held.rollback().await.unwrap();
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    let winners = [&first[0], &second[0]].iter().filter(|begun| matches!(begun, Begin::Begun(_))).count();
    assert_eq!(winners, 1, "{first:?} {second:?}");
    let token = if matches!(first[0], Begin::Begun(_)) { 7 } else { 8 };
    let again = BeginStatement { pool: scene.stepper.clone(), deadline: Duration::from_mins(5) };
    let again = again
        .run(&[Ask { delivery: DeliveryId::from(case.ours), channel: Channel::Email, token }])
        .await
        .unwrap();
    assert!(matches!(&again[0], Begin::Begun(attempt) if attempt.number == 1), "{again:?}");
}

/// Begin holds a row because it saw the pause, after resume has let the others go: nobody would let this one go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_held_by_an_older_view_than_the_resume_is_let_go() {
    let mut scene = Scene::new().await;
    let case = scene.case().await;
    scene.step(Step::Pause, &case).await.unwrap();
    // One that came back from an attempt meanwhile.
    sqlx::query("UPDATE deliveries SET state = 'queued', held_reason = NULL WHERE id = $1")
        .bind(case.ours)
        .execute(&scene.world.installation.pool)
        .await
        .unwrap();
    let held = scene.hold(case.before).await;
    let asked = scene.begin(&[case.before, case.ours]);
    scene.world.until_blocked(BEGINNER).await;
    let path = format!("batches/{}/resume", case.batch);
    let answer = scene.world.client.post(&scene.world.oakridge, &path, Vec::new(), &[]).await.unwrap();
    assert_eq!(answer.body["changed"], 1, "{}", answer.body);
    held.rollback().await.unwrap();
    assert!(matches!(asked.await.unwrap()[1], Begin::Held(_)));
    assert_eq!(scene.state(case.ours).await, "held");
    let _worker = scene.world.installation.start_worker().await.unwrap();
    scene.world.batch_until(&case.batch, |counts| counts["accepted"] == 2).await;
}

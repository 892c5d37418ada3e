//! Two worker processes under one pace, watched from Redis itself.

use porchlight_tests::{
    chaos::pace::{admissions, most_in_a_second},
    stack::{Options, Stack},
};

use serde_json::json;

use crate::world::World;

/// A minute's worth, and what two workers need to get going.
const LIMIT: usize = 30;
const MESSAGES: usize = LIMIT * 62;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_keep_one_pace_for_a_minute_and_use_it() {
    let stack = Stack::start(Options::fast()).await.unwrap();
    let rate = LIMIT.to_string();
    let mut world = World::on(&stack, &[("PORCHLIGHT_SMTP_RATE", &rate)]).await;
    let redis = stack.redis_url().trim_start_matches("redis://").parse().unwrap();
    let admissions = admissions(redis).await.unwrap();
    let one = world.installation.start_worker().await.unwrap();
    let two = world.installation.start_worker().await.unwrap();
    // The limit is kept in every minute. A machine that is busy with other things uses less of it: one minute in three
    // has to show what two workers do when they are let.
    let mut used = Vec::new();
    for minute in 0..3 {
        let before = admissions.times().len();
        let list: Vec<_> =
            (0..MESSAGES).map(|n| json!({"email": format!("resident.{minute}.{n}@example.org")})).collect();
        let batch = world.send(&list).await;
        world.until("each was admitted", async || admissions.times().len() >= before + MESSAGES).await;
        world.batch_until(&batch, |counts| counts["accepted"] == MESSAGES).await;
        // One that was pushed again while it was on its way is claimed once more, and its token given back.
        let admitted = &admissions.times()[before..][..MESSAGES];
        assert!(most_in_a_second(admitted) <= LIMIT, "{} in a second", most_in_a_second(admitted));
        let span = admitted[MESSAGES - 1] - admitted[0];
        assert!(span >= 60_000, "a minute's worth took {span} ms");
        // What could have been admitted meanwhile, in thousandths.
        let could = u64::try_from(LIMIT).unwrap() * span;
        used.push(u64::try_from(MESSAGES - 1).unwrap() * 100_000 / could);
        if used[minute] >= 95 {
            break;
        }
    }
    assert!(used.iter().any(|share| *share >= 95), "{used:?} of a hundred");
    assert!(world.installation.smtp.doubled().is_empty());
    for worker in [one, two] {
        assert!(worker.stop().await.unwrap().success());
    }
}

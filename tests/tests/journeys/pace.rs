//! Two worker processes under one pace, watched from Redis itself.

use porchlight_tests::{
    chaos::pace::{admissions, most_in_a_second},
    stack::{Options, Stack},
};

use crate::world::{World, rows};

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
    let batch = world.send(&rows(MESSAGES)).await;
    let one = world.installation.start_worker().await.unwrap();
    let two = world.installation.start_worker().await.unwrap();
    world.until("each was admitted", async || admissions.times().len() >= MESSAGES).await;
    world.batch_until(&batch, |counts| counts["accepted"] == MESSAGES).await;
    let mut admitted = admissions.times();
    // One that was pushed again while it was on its way is claimed once more, and its token given back.
    assert!(admitted.len() >= MESSAGES);
    assert!(most_in_a_second(&admitted) <= LIMIT, "{} in a second", most_in_a_second(&admitted));
    admitted.truncate(MESSAGES);
    let span = admitted[MESSAGES - 1] - admitted[0];
    assert!(span >= 60_000, "a minute's worth took {span} ms");
    // What could have been admitted meanwhile, in thousandths.
    let could = u64::try_from(LIMIT).unwrap() * span;
    let did = u64::try_from(MESSAGES - 1).unwrap() * 1_000;
    assert!(did * 100 >= could * 95, "{did} of {could} thousandths");
    assert!(world.installation.smtp.doubled().is_empty());
    for worker in [one, two] {
        assert!(worker.stop().await.unwrap().success());
    }
}

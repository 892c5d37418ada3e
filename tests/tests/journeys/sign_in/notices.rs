//! Notices: a list that needs a leader is told once, and a sample goes to whoever asks for it.

use serde_json::json;

use crate::world::{World, rows, settled};

const PAT: &str = "pat@oakridge.example";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaders_are_told_once_that_a_list_needs_them() {
    let mut world = World::new().await;
    for email in [PAT, "lee@oakridge.example"] {
        world.add_leader(&world.oakridge, email, "leader").await;
    }
    let mut list = rows(3);
    list.extend((1..=2).map(|n| json!({"email": format!("refuse-{n}@oakridge.example")})));
    let batch = world.send(&list).await;
    // Two workers look at once.
    let (one, two) =
        (world.installation.start_worker().await.unwrap(), world.installation.start_worker().await.unwrap());
    world.batch_until(&batch, settled).await;
    for email in [PAT, "lee@oakridge.example"] {
        let letter = world.letter(email, "2 households need you", 1).await;
        assert!(letter.contains(&format!("/batches/{batch}")) && letter.contains("Oakridge HOA"), "{letter}");
    }
    // All is well with another: nobody hears of it.
    let well = world.send(&[json!({"email": "well@example.org"})]).await;
    let told = async || {
        world.told("SELECT count(*) FROM batches WHERE purpose = 'list' AND told_at IS NOT NULL").await
    };
    world.batch_until(&well, settled).await;
    world.until("both were looked at", async || told().await == 2).await;
    assert_eq!(world.told("SELECT count(*) FROM letters WHERE kind = 'batch_done'").await, 2);
    // It is opened and finished once more, as when one is sent again, after whoever looked was killed.
    one.kill().await.unwrap();
    two.kill().await.unwrap();
    world.sql("UPDATE batches SET finished_at = NULL WHERE purpose = 'list'").await;
    world.ahead("1 minute").await;
    let worker = world.installation.start_worker().await.unwrap();
    world
        .until("it is finished again", async || {
            world.told("SELECT count(*) FROM batches WHERE purpose = 'list' AND finished_at IS NULL").await
                == 0
        })
        .await;
    // The next list's notice comes after anything that was said of these.
    let next = world.send(&[json!({"email": "refuse-3@oakridge.example"})]).await;
    world.batch_until(&next, settled).await;
    world.letter(PAT, "1 household needs you", 1).await;
    assert_eq!(world.letters(PAT, "2 households need you").len(), 1);
    assert_eq!(world.told("SELECT count(*) FROM letters WHERE kind = 'batch_done'").await, 4);
    assert!(worker.stop().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_sent_the_list_is_told_alone() {
    let mut world = World::new().await;
    let pat = world.add_leader(&world.oakridge, PAT, "leader").await;
    world.add_leader(&world.oakridge, "lee@oakridge.example", "leader").await;
    world.send(&[json!({"email": "refuse-1@oakridge.example"})]).await;
    let sent_by = sqlx::query("UPDATE batches SET requested_by_leader = $1 WHERE purpose = 'list'");
    sent_by.bind(uuid::Uuid::parse_str(&pat).unwrap()).execute(&world.installation.pool).await.unwrap();
    let _worker = world.installation.start_worker().await.unwrap();
    world.letter(PAT, "1 household needs you", 1).await;
    assert_eq!(world.told("SELECT count(*) FROM letters WHERE kind = 'batch_done'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_has_a_sample_sent_to_themselves() {
    let mut world = World::new().await;
    let _worker = world.installation.start_worker().await.unwrap();
    let nameless = world.board().await;
    let (status, page) = nameless.submit("/settings/test", "").await;
    assert!(status == 409 && page.contains("Add yourself"), "{page}");
    world.add_leader(&world.oakridge, PAT, "leader").await;
    let pat = world.signed_in(PAT).await;
    assert_eq!(pat.post("/settings/test").await.status(), 303);
    let letter = world.letter(PAT, "Sample: Your household is invited to Oakridge HOA", 1).await;
    for said in ["2345-6789-CDF2", "/j/23456789CDF2", "Join your community", "List-Unsubscribe"] {
        assert!(letter.contains(said), "{said}: {letter}");
    }
    assert_eq!(
        world.told("SELECT count(*) FROM audit_log WHERE act = 'test_sent' AND leader_id IS NOT NULL").await,
        1
    );
    assert!(world.stranger().page("/u/sample").await.contains("This was a sample"));
    for _ in 0..4 {
        assert_eq!(pat.post("/settings/test").await.status(), 303);
    }
    let answer = pat.post("/settings/test").await;
    assert_eq!(answer.status(), 429);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(world.told("SELECT count(*) FROM letters WHERE kind = 'sample'").await, 5);
}

//! Notices: a list that needs a leader is told once, and a sample goes to whoever asks for it.

use porchlight_tests::sandbox::twilio::Switches;
use serde_json::json;

use crate::world::{World, rows, settled};

const PAT: &str = "pat@oakridge.example";

impl World {
    /// Waits until no list is open any more.
    async fn until_lists_are_done(&self) {
        let open = "SELECT count(*) FROM batches WHERE purpose = 'list' AND finished_at IS NULL";
        self.until("the lists are finished", async || self.told(open).await == 0).await;
    }
}

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
async fn a_list_of_texts_is_told_of_once_its_receipts_are_in() {
    let mut world = World::new().await;
    world.add_leader(&world.oakridge, PAT, "leader").await;
    world.installation.twilio.set(Switches { callbacks_held: true, ..Switches::default() });
    let _worker = world.installation.start_worker().await.unwrap();
    // One is taken, and comes back later.
    let batch = world.text(&["+13125501000".to_owned(), "+13125550008".to_owned()]).await;
    world.batch_until(batch["id"].as_str().unwrap(), |counts| counts["accepted"] == 2).await;
    let looked = "SELECT count(*) FROM reconcilers, batches WHERE name = 'notices' AND purpose = 'list' AND looked_at > finished_at";
    world.until("it was looked at", async || world.told(looked).await == 1).await;
    let told = "SELECT count(*) FROM batches WHERE purpose = 'list' AND told_at IS NOT NULL";
    assert_eq!(world.told(told).await, 0);
    world.installation.twilio.set(Switches::default());
    world.letter(PAT, "1 household needs you", 1).await;
    assert_eq!(world.told(told).await, 1);
    // Receipts that never come are not waited for.
    world.installation.twilio.set(Switches { callbacks_off: true, ..Switches::default() });
    let silent = world.text(&["+13125501001".to_owned()]).await;
    world.batch_until(silent["id"].as_str().unwrap(), |counts| counts["accepted"] == 1).await;
    world.until_lists_are_done().await;
    world.ahead("16 minutes").await;
    world.until("both were looked at", async || world.told(told).await == 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_list_keeps_the_notices_of_others_and_none_is_told_to_nobody() {
    let mut world = World::new().await;
    let _worker = world.installation.start_worker().await.unwrap();
    let stuck = world.send(&[json!({"email": "refuse-1@oakridge.example"})]).await;
    world.batch_until(&stuck, settled).await;
    let looked = "SELECT count(*) FROM reconcilers, batches WHERE name = 'notices' AND purpose = 'list' AND looked_at > finished_at";
    world.until("it was looked at", async || world.told(looked).await == 1).await;
    assert_eq!(
        world.told("SELECT count(*) FROM batches WHERE told_at IS NOT NULL").await,
        0,
        "there is nobody yet"
    );
    // It cannot be told of; the next can.
    world.sql("ALTER TABLE batches ADD CONSTRAINT stuck CHECK (told_at IS NULL OR total > 1 OR purpose <> 'list')").await;
    world.add_leader(&world.oakridge, PAT, "leader").await;
    let next = world.send(&[2, 3].map(|n| json!({"email": format!("refuse-{n}@oakridge.example")}))).await;
    world.batch_until(&next, settled).await;
    world.letter(PAT, "2 households need you", 1).await;
    assert!(world.letters(PAT, "1 household needs you").is_empty());
    world.sql("ALTER TABLE batches DROP CONSTRAINT stuck").await;
    world.letter(PAT, "1 household needs you", 1).await;
    // Nobody is waited for for ever.
    world.sql("UPDATE leaders SET removed_at = app_now()").await;
    let late = world.send(&[json!({"email": "refuse-4@oakridge.example"})]).await;
    world.batch_until(&late, settled).await;
    world.until_lists_are_done().await;
    world.ahead("8 days").await;
    let told = "SELECT count(*) FROM batches WHERE purpose = 'list' AND told_at IS NOT NULL";
    world.until("it is let go", async || world.told(told).await == 3).await;
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
    // Whoever follows its code, however often, guesses nothing.
    for _ in 0..12 {
        let page = world.stranger().page("/j/23456789CDF2").await;
        assert!(page.contains("This was a sample") && page.contains("it opens nothing"), "{page}");
    }
    let (status, page) =
        world.stranger().submit("/j/23456789CDF2", "name=Ada&contact=ada%40example.org").await;
    assert!(status == 200 && page.contains("This was a sample"), "{status} {page}");
    assert_eq!(world.stranger().get("/j/7KWM3RTX9CHR").await.0, 404);
    for _ in 0..4 {
        assert_eq!(pat.post("/settings/test").await.status(), 303);
    }
    let answer = pat.post("/settings/test").await;
    assert_eq!(answer.status(), 429);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(world.told("SELECT count(*) FROM letters WHERE kind = 'sample'").await, 5);
}

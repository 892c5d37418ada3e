//! What is told is what happened, also where an answer is lost, two press at once, or somebody else is in the way.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{confirmed, tiles};
use crate::world::World;

impl World {
    async fn count_batches(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM batches").fetch_one(&self.installation.pool).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_nobody_takes_no_room_from_lists() {
    let world = World::new().await;
    let board = world.board().await;
    let address = world.client.base().trim_start_matches("http://").to_owned();
    let mut strangers = Vec::new();
    for _ in 0..4 {
        let mut stranger = TcpStream::connect(&address).await.unwrap();
        let length = 16 * 1024 * 1024;
        let head = format!(
            "POST /invite/email HTTP/1.1\r\nhost: {address}\r\nsec-fetch-site: same-origin\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: {length}\r\n\r\n"
        );
        stranger.write_all(head.as_bytes()).await.unwrap();
        // All but the last byte: who is waited for holds what it takes.
        stranger.write_all(&vec![b'a'; length - 1]).await.unwrap();
        strangers.push(stranger);
    }
    let began = Instant::now();
    let list = "resident@example.org\n".repeat(50_000);
    let draft = board.list("email", &list).await;
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert_eq!(tiles(&board.page(&draft).await)[4], 50_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_lost_is_told_so_and_pressing_again_sends_once() {
    let world = World::new().await;
    let board = world.board().await;
    let draft = board.list("email", "a@example.org\nb@example.org").await;
    let send = format!("{draft}/send");
    let form = confirmed(&board.page(&send).await);
    for table in ["idempotency_keys", "sessions"] {
        let away = format!("ALTER TABLE {table} RENAME TO {table}_away");
        sqlx::query(sqlx::AssertSqlSafe(away)).execute(&world.installation.pool).await.unwrap();
        let (status, page) = board.submit(&send, &form).await;
        let back = format!("ALTER TABLE {table}_away RENAME TO {table}");
        sqlx::query(sqlx::AssertSqlSafe(back)).execute(&world.installation.pool).await.unwrap();
        assert!(
            status == 503 && page.contains("It is not known whether your list was sent"),
            "{table}: {page}"
        );
        assert!(page.contains("it will not go twice"), "{table}: {page}");
    }
    for _ in 0..2 {
        let (_, page) = board.submit(&send, &form).await;
        assert!(page.contains("The list is accepted"), "{page}");
    }
    assert_eq!(world.count_batches().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_and_time_that_is_typed_is_not_passed_over() {
    let world = World::new().await;
    let board = world.board().await;
    let draft = board.list("email", "a@example.org").await;
    let message = format!("{draft}/message");
    let (status, page) = board.submit(&message, "when=now&send_at=2099-03-14T09%3A30&go=on").await;
    assert!(status == 422 && page.contains("You wrote a day and time, but chose"), "{page}");
    assert!(page.contains("value=\"2099-03-14T09:30\""), "nothing typed is lost: {page}");
    let (_, page) = board.submit(&message, "when=now&send_at=&go=on").await;
    assert!(page.contains("It starts at once"), "{page}");

    // What was to go later and would go at once is asked about once more.
    let later: String =
        sqlx::query_scalar(r#"SELECT to_char(app_now() + interval '2 days', 'YYYY-MM-DD"T"HH24"%3A"MI')"#)
            .fetch_one(&world.installation.pool)
            .await
            .unwrap();
    let (_, page) = board.submit(&message, &format!("when=later&send_at={later}&go=on")).await;
    assert!(page.contains("Send 1 e-mail to 1 household") && !page.contains("at once"), "{page}");
    let form = confirmed(&page);
    world.ahead("3 days").await;
    let (status, page) = board.submit(&format!("{draft}/send"), &form).await;
    assert!(status == 409 && page.contains("something changed") && page.contains("at once"), "{page}");
    assert_eq!(world.count_batches().await, 0);
    // And so is another letterhead.
    world.sql("UPDATE communities SET postal_address = '1 Other Street'").await;
    let (status, page) = board.submit(&format!("{draft}/send"), &confirmed(&page)).await;
    assert!(status == 409 && page.contains("something changed"), "{page}");
    let (_, page) = board.submit(&format!("{draft}/send"), &confirmed(&page)).await;
    assert!(page.contains("The list is accepted"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_thrown_away_is_told_as_it_is() {
    let world = World::new().await;
    let board = world.board().await;
    let whole = board.list("email", "a@example.org").await;
    let (_, page) = board.submit(&format!("{whole}/drop"), "").await;
    assert!(page.contains("Nobody on it was written to"), "{page}");
    let (_, page) = board.submit(&format!("{whole}/drop"), "").await;
    assert!(page.contains("is not here any more") && !page.contains("Nobody on it"), "{page}");

    // Another tab sends a part of it, then all of it, while the button waits in this one.
    let part = board.list("email", "b@example.org\nbo at example.org").await;
    let page = board.page(&format!("{part}/send")).await;
    board.submit(&format!("{part}/send"), &confirmed(&page)).await;
    let (_, page) = board.submit(&format!("{part}/drop"), "").await;
    assert!(page.contains("What was sent of it before stays sent"), "{page}");
    let sent = board.list("email", "c@example.org").await;
    let page = board.page(&format!("{sent}/send")).await;
    board.submit(&format!("{sent}/send"), &confirmed(&page)).await;
    let (_, page) = board.submit(&format!("{sent}/drop"), "").await;
    assert!(page.contains("1 e-mail") && !page.contains("thrown away"), "the batch: {page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_twin_whose_number_differs_can_be_sent_in_the_end() {
    let world = World::new().await;
    let board = world.board().await;
    let rows = [json!({"email": "b@example.org"}), json!({"email": "c@example.org"})];
    world.send(&rows).await;
    world.sql("UPDATE deliveries SET state = 'cancelled'").await;
    // One of them is to get a new code, and each time somebody else is quicker: their own is there before ours.
    world
        .sql("UPDATE invitations SET expires_at = app_now() - interval '1 minute' WHERE id = (SELECT min(id::text)::uuid FROM invitations)")
        .await;
    world
        .sql(
            "CREATE FUNCTION quicker() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 UPDATE invitations SET expires_at = app_now() + interval '30 days', ended_at = NULL, ended_as = NULL,
                     code_sealed = new.code_sealed, code_sealed_key = new.code_sealed_key
                 WHERE household_id = new.household_id;
                 RETURN NULL;
             END $$",
        )
        .await;
    world
        .sql("CREATE TRIGGER quicker BEFORE INSERT ON invitations FOR EACH ROW EXECUTE FUNCTION quicker()")
        .await;
    let draft = board.list("email", "c@example.org\nb@example.org").await;
    board.submit(&format!("{draft}/several?show=skip"), "act=resend").await;
    let send = format!("{draft}/send");
    let mut page = board.page(&send).await;
    assert!(page.contains("Send 2 e-mails") && page.contains("One of them goes again"), "{page}");
    assert!(page.contains("Each new access code"), "{page}");
    let mut said = Vec::new();
    while !page.contains("The list is accepted") {
        assert!(said.len() < 4, "{said:?}: {page}");
        page = board.submit(&send, &confirmed(&page)).await.1;
        said.push((page.contains("exactly this list"), page.contains("something changed")));
    }
    assert_eq!(said, [(true, false), (false, true), (false, false)]);
    assert_eq!(world.count_batches().await, 2);
}

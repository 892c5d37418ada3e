//! What stands in the way of a list, and what is said of it.

use porchlight_tests::installation::Method;

use super::{confirmed, tiles};
use crate::world::{World, rows};

async fn batches(world: &World) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM batches").fetch_one(&world.installation.pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_list_comes_back_with_what_was_typed() {
    let world = World::new().await;
    let board = world.board().await;
    let (status, _, page) = board.paste("email", " \n\n", None).await;
    assert!(status == 422 && page.contains("There is nothing in this list yet"), "{page}");
    let (status, _, page) = board.paste("email", "kept@example.org", Some(b"PK\x03\x04 a spreadsheet")).await;
    assert!(status == 415 && page.contains("Save it as CSV") && page.contains("kept@example.org"), "{page}");
    let many = "a@example.org\n".repeat(100_001);
    let (status, _, page) = board.paste("email", "", Some(many.as_bytes())).await;
    assert!(status == 422 && page.contains("at most 100000 entries"), "{page}");
    let (status, _, page) = board.paste("email", "", Some(&vec![b'a'; 17 * 1024 * 1024])).await;
    assert!(status == 413 && page.contains("at most 16 MiB") && page.contains("<form"), "{page}");
    assert_eq!(board.get("/invite/pigeon").await.0, 404);

    // Another community's list is nobody's, and another site's form does nothing.
    let draft = board.list("email", "ada@example.org").await;
    let other = world.installation.create_community("Birchwood", &[]).await.unwrap();
    let other = world.board_of(&other).await;
    for step in ["", "/columns", "/message", "/message/preview", "/send"] {
        assert_eq!(other.get(&format!("{draft}{step}")).await.0, 404, "{step}");
    }
    for step in ["/entries/1", "/several", "/message", "/send", "/columns"] {
        assert_eq!(other.submit(&format!("{draft}{step}"), "act=remove&column=email").await.0, 404, "{step}");
        let forged =
            board.request(Method::POST, &format!("{draft}{step}")).header("origin", "https://evil.example");
        assert_eq!(forged.send().await.unwrap().status(), 403, "{step}");
    }
    other.submit(&format!("{draft}/drop"), "").await;
    assert_eq!(tiles(&board.page(&draft).await), [1, 0, 0, 0, 1]);
    assert!(!board.page("/invite").await.contains("thrown away"));
    let (_, page) = board.submit(&format!("{draft}/drop"), "").await;
    assert!(page.contains("thrown away") && !page.contains("Lists that are not sent yet"), "{page}");
    assert_eq!(board.get(&draft).await.0, 404);
    let log = world.api.log();
    assert!(!log.contains("example.org"), "no address in a log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_goes_that_was_not_confirmed() {
    let world = World::new().await;
    let board = world.board().await;
    let draft = board.list("email", "a@example.org\nb@example.org\nc@example.org").await;
    let send = format!("{draft}/send");
    let page = board.page(&send).await;
    assert!(page.contains("Send 3 e-mails to 3 households"), "{page}");
    let form = confirmed(&page);

    // An entry goes from the list, in another tab.
    board.submit(&format!("{draft}/entries/1"), "act=remove").await;
    let (status, page) = board.submit(&send, &form).await;
    assert!(status == 409 && page.contains("something changed") && page.contains("Send 2 e-mails"), "{page}");
    let form = confirmed(&page);
    // Somebody else invites one of them: the list is as it was, and fewer would go.
    let first = world.send(&[serde_json::json!({"email": "b@example.org"})]).await;
    let (status, page) = board.submit(&send, &form).await;
    assert!(status == 409 && page.contains("Send 1 e-mail to 1 household"), "{page}");
    assert_eq!(batches(&world).await, 1, "{first} alone");
    let (_, page) = board.submit(&send, &confirmed(&page)).await;
    assert!(page.contains("The list is accepted"), "{page}");

    // The same list within a day is asked about.
    let twin = board.list("email", "c@example.org\nb@example.org").await;
    assert_eq!(tiles(&board.page(&twin).await), [0, 0, 0, 2, 2], "invited a moment ago");
    let (_, page) = board.submit(&format!("{twin}/several?show=skip"), "act=resend").await;
    assert!(page.contains("written to within the last 24 hours") || page.contains("on its way"), "{page}");
    world.sql("UPDATE deliveries SET state = 'cancelled'").await;
    let page = board.page(&format!("{twin}/send")).await;
    let (status, page) = board.submit(&format!("{twin}/send"), &confirmed(&page)).await;
    assert!(status == 409 && page.contains("Send it all the same"), "{page}");
    let (_, page) = board.submit(&format!("{twin}/send"), &confirmed(&page)).await;
    assert!(page.contains("The list is accepted"), "{page}");
    let codes: i64 = sqlx::query_scalar("SELECT count(*) FROM invitations")
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
    assert_eq!(codes, 2, "the same code once more");
    world.send(&rows(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_send_is_told_why_and_loses_nothing() {
    let world = World::with(&[("PORCHLIGHT_SMS_PROVIDER", "off")]).await;
    let board = world.board().await;
    assert!(board.page("/invite").await.contains("Texts are not set up on this installation"));
    assert!(board.page("/invite/text").await.contains("Texts are not set up"));
    world.sql("UPDATE communities SET ready_at = NULL").await;
    assert!(board.page("/invite").await.contains("finish the checklist in Settings"));
    let draft = board.list("email", "a@example.org").await;
    let page = board.page(&format!("{draft}/send")).await;
    assert!(page.contains("cannot send yet") && !page.contains("<button class=\"main\""), "{page}");

    let texting = World::new().await;
    let board = texting.board().await;
    let draft = board.list("text", "(312) 555-1234\n312-555-9876").await;
    let page = board.page(&format!("{draft}/message")).await;
    assert!(page.contains("STOP to opt out") && page.contains("1 part"), "{page}");
    let page = board.get(&format!("{draft}/send")).await;
    assert_eq!(page.0, 303, "first who agreed");
    let (status, page) = board.submit(&format!("{draft}/message"), "when=now&go=on&consent=").await;
    assert!(status == 422 && page.contains("Texts go only to people who agreed"), "{page}");
}

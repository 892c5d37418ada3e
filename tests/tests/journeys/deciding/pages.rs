//! Deciding on the board, as a browser without script has it.

use porchlight_tests::installation::Method;

use crate::world::World;

/// Pages as a browser without script has them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_a_message_asks_and_tells_what_became_of_it() {
    let world = World::new().await;
    let board = world.board().await;
    let (batch, delivery) = world.unknown_email("ada").await;
    let path = format!("/deliveries/{delivery}");
    let list = board.page(&format!("/batches/{batch}")).await;
    assert!(list.contains(&format!("<a href=\"{path}#decide\">Decide</a>")), "{list}");
    let page = board.page(&path).await;
    for words in ["id=\"decide\"", ">Send again</button>", "it may arrive twice", ">Leave it</button>"] {
        assert!(page.contains(words), "{words} in {page}");
    }
    // Looking changes nothing, and neither does a form of somebody else's.
    assert_eq!(board.get(&format!("{path}/send-again")).await.0, 405);
    for choice in ["send-again", "leave"] {
        let forged =
            board.request(Method::POST, &format!("{path}/{choice}")).header("origin", "https://evil.example");
        assert_eq!(forged.send().await.unwrap().status(), 403);
        let stranger = world.stranger().post(&format!("{path}/{choice}")).await;
        assert_eq!(
            (stranger.status().as_u16(), &stranger.headers()["location"]),
            (303, &"/sign-in".parse().unwrap())
        );
    }
    let other = world.installation.create_community("Birchwood", &[]).await.unwrap();
    assert_eq!(world.board_of(&other).await.post(&format!("{path}/leave")).await.status(), 404);
    assert_eq!(world.state_at(delivery).await, "needs_decision");

    let page = board.press(&format!("{path}/send-again")).await;
    assert!(page.contains("It is sent again, and this is the newer message."), "{page}");
    assert!(page.contains(&format!("<a href=\"{path}\">The earlier message</a>")), "{page}");
    assert!(page.contains("A leader had it sent again; the message was ready."), "{page}");
    let newer = world.newest(&batch).await;
    assert_eq!(page, board.press(&format!("{path}/send-again")).await, "twice is once");
    let page = board.page(&path).await;
    assert!(page.contains(&format!("<a href=\"/deliveries/{newer}\">The newer message</a>")), "{page}");
    assert!(
        page.contains("class=\"state checking\">Sent again<") && !page.contains("id=\"decide\""),
        "{page}"
    );
    let page = board.press(&format!("{path}/leave")).await;
    assert!(
        page.contains("It was sent again already")
            && !page.contains("<form method=\"post\" action=\"/deliveries")
    );
    let list = board.page(&format!("/batches/{batch}")).await;
    assert!(list.contains(&format!("/deliveries/{newer}")) && !list.contains("Decide"), "{list}");

    let (batch, delivery) = world.unknown_email("bo").await;
    let page = board.press(&format!("/deliveries/{delivery}/leave")).await;
    for words in ["nothing more is sent", "It was left at that.", "may have arrived and was left at that"] {
        assert!(page.contains(words), "{words} in {page}");
    }
    assert_eq!(world.batch(&batch).await["buckets"]["problem"], 0);

    // What keeps it from going is told, and it is still asked about.
    let (_, delivery) = world.unknown_email("cy").await;
    world.sql("UPDATE invitations SET expires_at = app_now() WHERE ended_at IS NULL").await;
    let page = board.press(&format!("/deliveries/{delivery}/send-again")).await;
    assert!(page.contains("has expired") && page.contains("id=\"decide\""), "{page}");
    let page = board.page(&format!("/deliveries/{delivery}?done=%3Cscript%3E")).await;
    assert!(!page.contains("role=\"status\""), "{page}");
}

/// What reached a household counts, even where a leader had it sent again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_household_stands_where_its_best_message_does() {
    let mut world = World::new().await;
    let board = world.board().await;
    let (batch, first) = world.unknown_email("refuse-ada").await;
    let _worker = world.installation.start_worker().await.unwrap();
    world.done(first, "send-again", "sent_again", "needs_decision").await.unwrap();
    world.batch_until(&batch, |counts| counts["failed"] == 1).await;
    assert!(board.page("/households?show=problem").await.contains("refuse-ada@example.org"));
    sqlx::query("UPDATE deliveries SET state = 'delivered' WHERE id = $1")
        .bind(first)
        .execute(&world.installation.pool)
        .await
        .unwrap();
    let arrived = board.page("/households?show=delivered").await;
    assert!(arrived.contains("refuse-ada@example.org"), "{arrived}");
    let household: uuid::Uuid = sqlx::query_scalar("SELECT household_id FROM contacts")
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
    let page = board.page(&format!("/households/{household}")).await;
    assert!(page.contains(&format!("/deliveries/{first}")) && page.contains("Delivered"), "{page}");
    assert_eq!(world.batch(&batch).await["counts"]["failed"], 1, "counts are of the newest");
}

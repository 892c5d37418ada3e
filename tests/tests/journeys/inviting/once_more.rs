//! Households that are invited already: who invited them and when, and the same code once more for one alone.

use super::{confirmed, row, tiles};
use crate::{
    board::Board,
    world::{World, settled},
};

async fn press(board: &Board, draft: &str, position: u32, act: &str) -> String {
    let path = format!("{draft}/entries/{position}?show=skip&after=0&was=skip");
    board.submit(&path, &format!("act={act}")).await.1
}

impl World {
    /// How many messages were written for each address.
    async fn messages(&self) -> Vec<(String, i64)> {
        sqlx::query_as(
            "SELECT c.address, count(*) FROM deliveries d JOIN contacts c ON c.id = d.contact_id GROUP BY c.address ORDER BY c.address",
        )
        .fetch_all(&self.installation.pool)
        .await
        .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_household_is_sent_its_code_again() {
    let mut world = World::new().await;
    let board = world.board().await;
    let invited = ["ada", "bo", "cy"].map(|name| serde_json::json!({"email": format!("{name}@example.org")}));
    let batch = world.send(&invited).await;
    let _worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, settled).await;
    let draft = board.list("email", "ada@example.org\nbo@example.org\ncy@example.org\ndi@example.org").await;
    let skipped = format!("{draft}?show=skip");
    let page = board.page(&skipped).await;
    assert_eq!(tiles(&page), [1, 0, 0, 3, 4]);
    assert_eq!(page.matches("Send it again").count(), 3, "{page}");
    assert!(page.contains("Send 3 invitations again"), "the choice for the whole list stays");

    // Written to within a day: it says so at once, and can be taken back.
    let page = press(&board, &draft, 2, "again").await;
    assert!(page.contains("Line 2 cannot go again now. This address was written to within"), "{page}");
    assert!(row(&page, 2).contains("Leave it out"), "{page}");
    assert_eq!(tiles(&page), [1, 0, 0, 3, 4]);
    world.ahead("2 days").await;

    // Who, and when.
    world
        .sql(
            "WITH pat AS (
                 INSERT INTO leaders (id, community_id, email, name, role)
                 SELECT gen_random_uuid(), id, 'pat@oakridge.example', 'Pat Ek', 'leader' FROM communities RETURNING id
             ), sent AS (UPDATE batches SET requested_by = NULL, requested_by_leader = pat.id FROM pat)
             UPDATE invitations SET created_at = '2026-03-14 23:30:00Z'",
        )
        .await;
    world.sql("UPDATE communities SET time_zone = 'Europe/Berlin'").await;
    let page = board.page(&skipped).await;
    assert!(row(&page, 1).contains("This household was invited by Pat Ek on 15 March 2026."), "{page}");
    assert_eq!(tiles(&page), [2, 0, 0, 2, 4], "line 2 is chosen, and may go by now");
    let page = board.page(&format!("{draft}?show=ready")).await;
    let told = row(&page, 2);
    assert!(
        told.contains("Invited by Pat Ek on 15 March 2026. It goes again, with the same code."),
        "{told}"
    );
    assert!(told.contains("Leave it out"), "{told}");
    world.sql("UPDATE sessions SET leader_id = (SELECT id FROM leaders)").await;
    assert!(row(&board.page(&skipped).await, 1).contains("invited by you on"));

    // Chosen and taken back; it is kept in the draft, counted, and obeyed.
    let page = press(&board, &draft, 1, "again").await;
    assert!(page.contains("Line 1 goes again, with the same code."), "{page}");
    assert_eq!(tiles(&page), [3, 0, 0, 1, 4]);
    let page = board.page(&format!("{draft}/send")).await;
    assert!(page.contains("2 of them go again, with the same code"), "{page}");
    let stale = confirmed(&page);
    let page = press(&board, &draft, 1, "leave_out").await;
    assert!(page.contains("Line 1 is left out: it is not sent again."), "{page}");
    assert!(row(&page, 1).contains("Send it again"), "{page}");
    let (status, page) = board.submit(&format!("{draft}/send"), &stale).await;
    assert!(status == 409 && page.contains("something changed"), "{page}");
    assert!(page.contains("Send 2 e-mails to 2 households"), "{page}");
    assert!(page.contains("One of them goes again, with the same code"), "{page}");
    let (_, page) = board.submit(&format!("{draft}/send"), &confirmed(&page)).await;
    assert!(page.contains("The list is accepted"), "{page}");
    let one = |name: &str, count| (format!("{name}@example.org"), count);
    assert_eq!(world.messages().await, [one("ada", 1), one("bo", 2), one("cy", 1), one("di", 1)]);
    assert_eq!(world.live_codes().await.len(), 4, "the same code once more");
    world.until("both go", async || world.installation.smtp.total() == 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_is_left_out_where_the_whole_list_is_sent_again() {
    let world = World::new().await;
    let board = world.board().await;
    let rows = ["ada", "bo", "cy"].map(|name| serde_json::json!({"email": format!("{name}@example.org")}));
    world.send(&rows).await;
    world.sql("UPDATE deliveries SET state = 'cancelled'").await;
    let draft = board.list("email", "ada@example.org\nbo@example.org\ncy@example.org\nx@gmial.com").await;
    let several = format!("{draft}/several?show=skip");
    let (_, page) = board.submit(&several, "act=resend").await;
    assert_eq!(tiles(&page), [3, 1, 0, 0, 4]);
    let page = press(&board, &draft, 3, "leave_out").await;
    assert_eq!(tiles(&page), [2, 1, 0, 1, 4]);
    // What is said of the whole list is the last word.
    let (_, page) = board.submit(&several, "act=resend").await;
    assert_eq!(tiles(&page), [3, 1, 0, 0, 4]);
    press(&board, &draft, 3, "leave_out").await;
    let (_, page) = board.submit(&several, "act=no_resend").await;
    assert_eq!(tiles(&page), [0, 1, 0, 3, 4]);
    press(&board, &draft, 1, "again").await;
    let (_, page) = board.submit(&several, "act=no_resend").await;
    assert_eq!(tiles(&page), [0, 1, 0, 3, 4]);
    board.submit(&several, "act=resend").await;
    press(&board, &draft, 3, "leave_out").await;

    assert_eq!(tiles(&board.page(&draft).await), [2, 1, 0, 1, 4]);
    // Programs that send the draft find the same.
    let id = draft.rsplit('/').next().unwrap();
    let body =
        serde_json::json!({"channel": "email", "draft": id, "already_invited": "resend", "again": true});
    let answer = world.client.send_list(&world.oakridge, &body).await.unwrap();
    assert_eq!(answer.status, 202, "{}", answer.body);
    assert_eq!(answer.body["accepted"], 2, "{}", answer.body);
}
